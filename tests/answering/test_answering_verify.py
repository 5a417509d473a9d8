"""The last gate: promise 1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.answering.verify import verify_quote, verify_verbatim

SENTENCE = "You do not need a PhD: 40% of engineers start at $165,000 (or ₹6–8 lakh) after 10 weeks."


def passes(statement: str, *quotes: str) -> bool:
    return verify_verbatim(statement, quotes).passed


def test_a_verbatim_statement_passes_and_says_so() -> None:
    """Word for word is proof."""
    verdict = verify_verbatim(SENTENCE, [SENTENCE])
    assert verdict.passed
    assert verdict.reason == "verbatim"


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("The salary is $165,000.", "The salary is $210,000."),
        ("You do not need a PhD.", "You need a PhD."),
        ("The course takes 10 weeks.", "The course takes 24 weeks."),
    ],
)
def test_the_three_false_evidences_of_a_peer_are_refused(true: str, false: str) -> None:
    """$210,000 for $165,000, a PhD that is not needed, and 24 weeks for 10."""
    assert passes(true, true)
    assert not passes(false, true)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("40%", "41%"),
        ("$165,000", "$165,500"),
        ("$165,000", "$165.000"),
        ("$165,000", "$16,5000"),
        ("10 weeks", "1 0 weeks"),
        ("do not need", "do need"),
        ("You do not need", "You do not not need"),
        ("of engineers", "not of engineers"),
        ("$165,000", "€165,000"),
        ("$165,000", "₹165,000"),
        ("₹6–8", "$6–8"),
        ("₹6–8", "6–8"),
        ("₹6–8", "₹68"),
        ("₹6–8", "₹6 8"),
        ("40%", "40"),
        ("10 weeks", "10 months"),
        ("lakh", "crore"),
        ("start at", "start never at"),
        ("start at", "at start"),
        ("after 10 weeks", "10 weeks after"),
        ("engineers start", "engineers"),
        ("10 weeks", "10 weeks always"),
        ("PhD", "phd"),
        ("You do not need a PhD:", "Do you not need a PhD?"),
        ("weeks.", "weeks?"),
        ("weeks.", "weeks [9]."),
    ],
)
def test_a_changed_word_number_sign_or_order_is_refused(was: str, becomes: str) -> None:
    """Whatever changes the meaning changes the words or the signs."""
    assert was in SENTENCE
    assert not passes(SENTENCE.replace(was, becomes), SENTENCE)


@pytest.mark.parametrize(
    ("true", "false"),
    [
        ("a return of -5", "a return of 5"),
        ("a return of −5", "a return of 5"),
        ("a return of –5", "a return of 5"),
        ("a return of 5", "a return of -5"),
        ("-5 degrees", "- 5 degrees"),
        ("- 5 degrees", "-5 degrees"),
        ("rated 9.7 of 10", "rated 9 7 of 10"),
        ("rated 9.7", "rated 97"),
        ("4.5/5", "4.5 5"),
        ("at 10:30", "at 10 30"),
        ("a loss of .5", "a loss of 5"),
        ("x != y", "x = y"),
        ("x ≠ y", "x y"),
        ("x >= 3", "x > 3"),
        ("10^6 rows", "10 6 rows"),
        ("about ~5 weeks", "about 5 weeks"),
        ("5 ± 2", "5 2"),
        ("30° steps", "30 steps"),
        ("PhD ❌", "PhD"),
        ("PhD ❌", "PhD ✅"),
        ("- [x] PhD", "- [ ] PhD"),
        ("- [ ] PhD", "- [x] PhD"),
        ("C# and C++", "C and C++"),
        ("C++", "C"),
        ("n_estimators", "n estimators"),
        ("re\u0301sume\u0301", "resume"),
        ("कि", "क"),
        ("~~required~~", "required"),
        ("Is it required?", "Is it required."),
    ],
)
def test_a_sign_is_never_lost(true: str, false: str) -> None:
    """Minus, decimal point, comparison, tick and accent carry meaning."""
    assert passes(true, true)
    assert not passes(false, true)


@pytest.mark.parametrize("empty", ["", " \n", "**", "- ", "| --- |"])
def test_an_empty_statement_is_refused(empty: str) -> None:
    """Nothing said proves nothing, whatever is quoted."""
    assert not passes(empty)
    assert not passes(empty, "")
    assert not passes(empty, SENTENCE)


def test_a_statement_without_quotes_is_refused() -> None:
    """No quote, no proof."""
    assert not passes(SENTENCE)
    assert not passes(SENTENCE, "")


@pytest.mark.parametrize(
    ("statement", "quotes"),
    [
        ("Python is **enough**.", ["Python is enough."]),
        ("Python is enough.", ["Python is **enough**."]),
        ("Use `scikit-learn`.", ["Use scikit-learn."]),
        ("Python is\n   enough.", ["Python  is enough."]),
        ("Tools:\n\n- Python\n- R", ["Tools:\n\n* Python\n* R"]),
        ("Tools:\n\n- Python\n- R", ["Tools:\n• Python\n• R"]),
        ("Tools:\n\n- Python\n  - NumPy", ["Tools:\n\n- Python\n    + NumPy"]),
        ("Tools:\n\n- Python\n- R", ["Tools:\n\n- [x] Python\n- [ ] R"]),
        ("Tools:\n\n- Python\n- R", ["> Tools:\n> - Python\n> - R".replace("> Tools", "Tools")]),
        ("- [x] Python\n- [ ] R", ["[x] Python\n- [ ] R"]),
        ("1. Learn\n2. Build", ["1) Learn\n2) Build"]),
        ("1. Learn\n2. Build", ["(1) Learn\n(2) Build"]),
        ("| A | B |\n| --- | --- |\n| 1 | 2 |", ["| A | B |\n|:--|--:|\n| 1 | 2 |"]),
        ("| A | B |\n| --- | --- |\n| 1 | 2 |", ["A | B", "1 | 2"]),
        ("Tools:\n\n- Python", ["Tools:", "Python"]),
    ],
)
def test_mark_up_bullets_and_white_space_do_not_matter(statement: str, quotes: list[str]) -> None:
    """Layout is not content."""
    assert passes(statement, *quotes)


@pytest.mark.parametrize(
    ("statement", "quotes"),
    [
        ("1. Learn\n3. Build", ["1. Learn\n2. Build"]),
        ("1. Build\n2. Learn", ["1. Learn\n2. Build"]),
        ("- Python\n- R", ["- Python\n- Rust\n- R"]),
        ("- Python\n- Rust\n- R", ["- Python\n- R"]),
        ("| A | B |\n| --- | --- |\n| 2 | 1 |", ["| A | B |\n| --- | --- |\n| 1 | 2 |"]),
        ("First. Second.", ["Second.", "First."]),
    ],
)
def test_an_item_or_cell_that_moved_or_went_is_refused(statement: str, quotes: list[str]) -> None:
    """A list and a table are read as a whole, in order."""
    assert not passes(statement, *quotes)


@given(st.text(min_size=1, max_size=200), st.data())
def test_a_slice_of_any_text_proves_itself(text: str, data: st.DataObject) -> None:
    """Verbatim passes whatever the text, unless nothing is in it."""
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start + 1, len(text)))]
    verdict = verify_verbatim(part, [part])
    assert verdict.passed or verdict.reason == "the statement is empty"
    if any(map(str.isalpha, part)):
        assert verdict.passed


WORD = st.text("abcXYZ019%$₹€-+éß", min_size=1, max_size=6).filter(lambda w: any(map(str.isalnum, w)))


@given(st.lists(WORD, min_size=1, max_size=12), st.data())
def test_a_single_changed_word_is_always_refused(words: list[str], data: st.DataObject) -> None:
    """Replace, drop, add or swap one word and the proof is gone."""
    at = data.draw(st.integers(0, len(words) - 1))
    other = data.draw(WORD.filter(lambda word: word != words[at]))
    before, after = words[:at], words[at + 1 :]
    changed = [[*before, other, *after], [*before, *after], [*before, words[at], "not", *after]]
    if at and words[at] + words[at - 1] != words[at - 1] + words[at]:
        changed.append([*words[: at - 1], words[at], words[at - 1], *after])
    for said in changed:
        assert not passes(" ".join(["so", *said]), " ".join(["so", *words]))


def test_a_quote_stands_at_its_offsets_up_to_white_space() -> None:
    """The slice is compared with white space folded."""
    source = "One.\n\nTwo  words\nhere."
    assert verify_quote(source, 6, len(source), "Two words here.").passed
    assert verify_quote(source, 0, 4, "One.").passed


@pytest.mark.parametrize(
    ("start", "end", "quote"),
    [
        (1, 4, "One."),
        (0, 3, "One."),
        (5, 9, "One."),
        (0, 4, "one."),
        (-4, 4, "One."),
        (0, 400, "One."),
        (4, 0, "One."),
        (4, 4, ""),
        (4, 5, " "),
    ],
)
def test_a_quote_at_wrong_offsets_is_refused(start: int, end: int, quote: str) -> None:
    """Offsets that are off, reversed, empty or outside the document prove nothing."""
    assert not verify_quote("One. Two.", start, end, quote).passed


@given(st.text(max_size=80), st.integers(-5, 90), st.integers(-5, 90), st.text(max_size=20))
def test_only_the_text_itself_stands_at_offsets(source: str, start: int, end: int, quote: str) -> None:
    """Any other quote is refused, and nothing raises."""
    if verify_quote(source, start, end, quote).passed:
        assert 0 <= start < end <= len(source)
        assert source[start:end].split() == quote.split() != []
