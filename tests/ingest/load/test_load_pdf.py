from __future__ import annotations

import bisect
import contextlib
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minimal_pdf import Put, lines, pdf

from tutor.errors import ReadError
from tutor_ingest.load.pdf import read

WRAPPED = (
    "The learning rate controls how far each step of gradient descent moves",
    "the weights. Too high a value makes training diverge; a common starting",
    "point for Adam is 3e-4.",
)


def body(data: bytes) -> str:
    return read(data, "x.pdf").text


def test_a_wrapped_paragraph_becomes_one_line() -> None:
    """A sentence that runs over two lines is whole in the text."""
    assert body(pdf(lines(*WRAPPED))) == " ".join(WRAPPED)


def test_a_wider_gap_starts_a_paragraph() -> None:
    """A larger step between lines becomes a blank line."""
    page = [*lines(*WRAPPED), *lines(*WRAPPED, top=640)]
    assert body(pdf(page)) == " ".join(WRAPPED) + "\n\n" + " ".join(WRAPPED)


def test_a_last_line_that_ends_early_ends_its_paragraph() -> None:
    """Paragraphs set without any gap are told by the short last line."""
    text = body(pdf(lines(*WRAPPED, *WRAPPED)))
    assert text == " ".join(WRAPPED) + "\n\n" + " ".join(WRAPPED)


@pytest.mark.parametrize("style", [{"size": 18}, {"font": "bold"}])
def test_a_heading_stands_alone(style: dict[str, object]) -> None:
    """A line of another size or weight is not run into the text below it."""
    page = [Put("Choosing a learning rate", 713, **style), *lines(*WRAPPED)]  # type: ignore[arg-type]
    assert body(pdf(page)).startswith("Choosing a learning rate\n\nThe learning rate")


def test_list_items_keep_their_lines() -> None:
    """Each bullet starts a line, and an item that wraps stays one item."""
    page = lines(
        "• Linear algebra with vectors, matrices and the meaning of an eigenvalue",
        "in practice",
        "• Probability",
        "• Calculus",
    )
    first = "• Linear algebra with vectors, matrices and the meaning of an eigenvalue in practice"
    assert body(pdf(page)) == f"{first}\n• Probability\n• Calculus"


def test_table_rows_keep_their_lines() -> None:
    """Short lines that do not end a sentence are rows, not a paragraph."""
    page = lines(*WRAPPED, "Phase Weeks", "Maths 6-8", "Projects 10")
    assert body(pdf(page)).endswith("Phase Weeks\nMaths 6-8\nProjects 10")


def test_a_sentence_goes_on_after_a_semicolon_at_the_end_of_a_line() -> None:
    """Also where the line is short, since no paragraph begins with a small letter; after a colon a list may begin."""
    text = ("Clicks reward loud titles, as everybody who has ever sold a newspaper knows;", "good ones last.")
    assert body(pdf(lines(text[0][:60].rstrip(), text[0][60:].lstrip(), text[1]))) == " ".join(text)
    assert body(pdf(lines(WRAPPED[0], "Clicks reward loud titles;", "others do not."))).endswith(
        "; others do not."
    )
    assert body(pdf(lines(WRAPPED[0], "The types are these:", "integer"))).endswith("these:\n\ninteger")


@pytest.mark.parametrize("last", ["In", "by the rule of", "with a", "and"])
def test_a_line_that_ends_in_a_small_word_goes_on(last: str) -> None:
    """However short it is, and though the next one begins with a capital: text wrapped by letters is ragged."""
    page = lines(*WRAPPED[:2], f"point comes {last}", "Bayes and many others.")
    assert f"comes {last} Bayes and" in body(pdf(page))


def test_items_that_are_numbered_keep_their_lines_however_long() -> None:
    """A line that counts on from the one above it is no wrapped line."""
    assert body(pdf(lines("1. Collect the data", "2. Clean it", "3. Train"))) == (
        "1. Collect the data\n2. Clean it\n3. Train"
    )


def test_code_keeps_its_lines_and_indent() -> None:
    """Lines in a font of fixed pitch are code, indented as on the page."""
    code = [Put("def f(x):", 700, font="mono"), Put("return x + 1", 687, x=72 + 4 * 6.6, font="mono")]
    assert body(pdf(code)) == "def f(x):\n    return x + 1"


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ("The model learns many represen-", "tations of a sentence at once", "representations"),
        ("A very easy case that is well-", "known to every reader of books", "well-known"),
        ("Some call it a state-of-the-", "art system although it is not", "state-of-the-art"),
        ("The authors used a method by Smith-", "Miller which is known to work", "Smith-Miller"),
        ("ELEMENT names the node; an ELE-", "MENT may be empty of all values", "ELEMENT"),
        ("All of them were small pre-", "training runs. We like pre-training", "pre-training"),
    ],
)
def test_a_hyphen_at_a_line_end_goes_only_where_it_broke_a_word(
    above: str, below: str, expected: str
) -> None:
    """A broken word is mended; a compound keeps its hyphen, by the document's own spelling first."""
    assert f" {expected} " in body(pdf(lines(above, below)))


def test_columns_are_read_one_after_the_other() -> None:
    """Text in two columns does not mix, and a sentence goes on at the top of the next column."""
    left = lines(
        "The first column holds this", "sentence, which goes on in", "the second column where it", "meets"
    )
    right = lines("its end. The rest is told", "there as well, in a few", "words.", x=320)
    assert body(pdf([*left, *right])) == (
        "The first column holds this sentence, which goes on in the second column where it meets "
        "its end. The rest is told there as well, in a few words."
    )


def at_angle(angle: int, *texts: str) -> list[Put]:
    """Lines turned counter-clockwise, each beside the one before, as they are read when one turns the page."""
    first = {0: (72, 700), 90: (100, 100), 180: (500, 100), 270: (500, 700)}[angle]
    step = {0: (0, -13), 90: (13, 0), 180: (0, 13), 270: (-13, 0)}[angle]
    return [
        Put(text, x=first[0] + step[0] * number, y=first[1] + step[1] * number, angle=angle)
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_turned_pages_and_turned_text_are_read_as_if_they_were_level(angle: int, rotate: int) -> None:
    """A landscape page is unwrapped like any other, also if somebody has turned it once more."""
    text = body(pdf(at_angle(angle, *WRAPPED, "Phase Weeks", "Maths 6-8"), rotate=rotate))
    assert text == " ".join(WRAPPED) + "\n\nPhase Weeks\nMaths 6-8"


def test_running_heads_of_turned_pages_go() -> None:
    """The margin is that of the page as it is read."""
    pages = [
        [
            Put("Journal of Tests", x=40, y=100, angle=90),
            *at_angle(90, *WRAPPED, *WRAPPED),
            Put(f"Page {number} of 4", x=570, y=300, angle=90),
        ]
        for number in range(1, 5)
    ]
    text = body(pdf(*pages, rotate=90))
    assert "Journal" not in text
    assert "Page" not in text
    assert text.count("learning rate") == 8


def test_a_turned_note_in_the_margin_is_a_paragraph_of_its_own() -> None:
    """Such as the stamp that a preprint server prints up its first page."""
    text = body(pdf([*lines(*WRAPPED), Put("arXiv:1234.5678 12 Mar 2031", x=30, y=300, angle=90)]))
    assert " ".join(WRAPPED) in text.split("\n\n")


def test_pages_start_where_they_are_said_to() -> None:
    """Each page's offset is where its text starts, an empty page in the middle included."""
    content = read(pdf(lines("Alpha is first."), [], lines("Gamma is third.")), "x.pdf")
    assert [content.text[start:][:5] for start in content.pages] == ["Alpha", "\n\nGam", "Gamma"]
    assert bisect.bisect_right(content.pages, content.text.index("Gamma")) == 3


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(WRAPPED), max_size=6), min_size=1, max_size=5).filter(any))
def test_page_offsets_rise_and_lose_no_word(pages: list[list[str]]) -> None:
    """Offsets rise strictly from 0, and every word of a page lies between its offset and the next."""
    content = read(pdf(*(lines(*page, top=600) for page in pages)), "x.pdf")
    ends = [*content.pages[1:], len(content.text)]
    assert content.pages[0] == 0
    assert all(start < end for start, end in zip(content.pages, content.pages[1:], strict=False))
    for page, start, end in zip(pages, content.pages, ends, strict=True):
        assert content.text[start:end].split() == " ".join(page).split()


def test_running_heads_and_page_numbers_go() -> None:
    """What stands in the margin of every page is not part of the text."""
    pages = [
        [Put("Journal of Tests", 810), *lines(*WRAPPED, *WRAPPED), Put(f"Page {number} of 4", 30, x=280)]
        for number in range(1, 5)
    ]
    text = body(pdf(*pages))
    assert "Journal" not in text
    assert "Page" not in text
    assert text.count("learning rate") == 8


def test_numbered_headings_at_the_top_of_a_page_stay() -> None:
    """`Week 1`, `Week 2` in the margin differ from page to page and are content."""
    pages = [[Put(f"Week {number}", 810), *lines(*WRAPPED, *WRAPPED)] for number in range(1, 5)]
    assert all(f"Week {number}" in body(pdf(*pages)) for number in range(1, 5))


def test_a_slide_with_a_number_alone_keeps_it() -> None:
    """A page of few lines loses none of them."""
    assert body(pdf([Put("42", 800)])) == "42"


@pytest.mark.parametrize(
    ("stated", "title"),
    [
        ("Notes on training", "Notes on training"),
        ("", None),
        ("untitled", None),
        ("(anonymous)", None),
        ("Microsoft Word - draft 3.docx", None),
        ("thesis_final.pdf", None),
        ("12", None),
    ],
)
def test_only_a_sensible_title_is_taken(stated: str, title: str | None) -> None:
    """What a program wrote into the title is no title."""
    assert read(pdf(lines("Some text."), title=stated), "x.pdf").title == title


def test_an_encrypted_file_with_a_password_is_refused() -> None:
    """A PDF that needs a password says that it is encrypted."""
    with pytest.raises(ReadError, match=r"^is encrypted$"):
        read(pdf(lines("Secret."), password="hunter2"), "x.pdf")


def test_an_encrypted_file_without_a_password_is_read() -> None:
    """Encryption with the empty password, as publishers use it, is no obstacle."""
    content = read(pdf(lines("Open to all."), title="Public", password=""), "x.pdf")
    assert (content.text, content.title) == ("Open to all.", "Public")


@pytest.mark.parametrize("data", [b"", b"not a PDF", b"%PDF-1.4\n%%EOF", pdf(lines(*WRAPPED))[:200]])
def test_a_broken_file_is_refused(data: bytes) -> None:
    """An empty, foreign or truncated file is not a readable PDF."""
    with pytest.raises(ReadError, match=r"^is not a readable PDF: "):
        read(data, "x.pdf")


@settings(deadline=None)
@given(st.binary(max_size=400), st.integers(min_value=0, max_value=900))
def test_damage_never_crashes_the_reader(noise: bytes, at: int) -> None:
    """Random bytes written over a PDF give text or a ReadError, nothing else."""
    data = pdf(lines(*WRAPPED))
    damaged = data[:at] + noise + data[at + len(noise) :]
    with contextlib.suppress(ReadError):
        assert read(damaged, "x.pdf").text.strip()


def test_a_scan_holds_no_text() -> None:
    """Pages without characters are reported, not stored as an empty document."""
    with pytest.raises(ReadError, match=r"^holds no text \(a scan\?\)$"):
        read(pdf([], []), "x.pdf")


def test_files_are_read_from_several_threads() -> None:
    """PDFium is not thread-safe, the reader is."""
    data, found = pdf(*[lines(*WRAPPED)] * 20), []

    def work() -> None:
        found.append(body(data))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [body(data)] * 4


def test_pdf_typography_is_kept() -> None:
    """Typographic quotes, dashes and accents come out as they are."""
    assert body(pdf(lines("“Quotes” – and café."))) == "“Quotes” – and café."
