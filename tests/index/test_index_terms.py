"""Terms: one analysis, with identifiers, numbers and spellings folded."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.index.terms import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_estimators", {"nestimators"}),
        ("k-NN", {"knn"}),
        ("kNN", {"knn"}),
        ("C++", {"c++"}),
        ("C#", {"c#"}),
        ("F1", {"f1"}),
        ("L2", {"l2"}),
        ("recall@k", {"recallk"}),
        ("node.js", {"nodejs"}),
        ("scikit-learn's", {"scikitlearn", "scikit", "learn"}),
        ("A/B", {"a", "b"}),
        ("$150,000", {"150000"}),
        ("₹1,50,000", {"150000"}),
        ("£1,234,567.89", {"1234567.89"}),
        ("9.7 out of 10", {"9.7", "10"}),
        ("10k", {"10k", "10"}),
        ("8weeks", {"8", "week"}),
        ("6–8", {"6", "8"}),
        ("6-8", {"6", "8"}),
        ("US", {"usa"}),
        ("the U.S. market", {"usa", "market"}),
        ("U.S.A.", {"usa"}),
        ("USA", {"usa"}),
        ("ﬁne-tuning", {"finetuning"}),
    ],
)
def test_identifiers_and_figures_are_found_as_written(text: str, expected: set[str]) -> None:
    """Names of the trade, money, ranges and countries have terms of their own."""
    assert expected <= set(terms(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("six to eight weeks", "6 to 8 weeks"),
        ("four-phase", "4-phase"),
        ("behaviour", "behavior"),
        ("colours", "colors"),
        ("neighbouring", "neighboring"),
        ("optimise", "optimize"),
        ("optimisation", "optimization"),
        ("organisers", "organizers"),
        ("analyse", "analyze"),
        ("analysing", "analyzing"),
        ("modelling", "modeling"),
        ("labelled", "labeled"),
        ("travellers", "travelers"),
        ("course's", "course"),
        ("courses’", "course"),
        ("Networks", "network"),
        ("$150,000", "150000"),
    ],
)
def test_two_ways_to_write_a_word_are_one_term(one: str, other: str) -> None:
    """Numbers in words, British and American spelling, possessives, case and endings do not matter."""
    assert terms(one) == terms(other)


def test_the_pronoun_is_not_the_country() -> None:
    """`us` in small letters is a word like others."""
    assert "usa" not in terms("tell us more")


@pytest.mark.parametrize("text", ["10,12,14", "weeks 1,2,3", "12,3456"])
def test_a_list_of_numbers_is_not_one_number(text: str) -> None:
    """Commas are thousands marks only where a group of three digits comes last."""
    assert max(len(term) for term in terms(text)) <= 4


def test_order_and_repeats_are_kept() -> None:
    """Term frequency and order survive the analysis."""
    assert terms("data, model, data") == ["data", "model", "data"]


def test_no_words_are_no_terms() -> None:
    """Punctuation and white space alone hold nothing to search for."""
    assert terms("") == terms(" \n\t") == terms("— … !? 😀") == []


@given(st.text())
def test_any_text_has_terms_without_white_space(text: str) -> None:
    """No text fails; a term is never empty and never holds a space or a capital letter."""
    for term in terms(text):
        assert term
        assert not any(map(str.isspace, term))
        assert term == term.lower()


@given(st.text())
def test_terms_do_not_depend_on_the_form_of_the_characters(text: str) -> None:
    """Full-width letters, ligatures and composed accents read as their plain forms."""
    assert terms(unicodedata.normalize("NFKC", text)) == terms(text)
    assert terms(unicodedata.normalize("NFD", text)) == terms(text)


@given(st.text(), st.text())
def test_lines_are_analysed_independently(one: str, other: str) -> None:
    """The terms of two lines are those of the first and then those of the second."""
    assert terms(f"{one}\n{other}") == terms(one) + terms(other)


@pytest.mark.parametrize(
    "text", ["6–8 months", "C++ and C#", "F1, L2", "$150,000", "two models", "US data", "4K"]
)
def test_terms_of_terms_are_the_same_terms(text: str) -> None:
    """What analysis has put in one form it leaves in that form."""
    assert terms(" ".join(terms(text))) == terms(text) or "k" in text.lower()
