"""The nouns: ids, places and what is embedded."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Chunk, Document, Span, SpanKind, context_line, embedded_text, fold

DOCUMENT = Document("d1", "a/b.md", "Title", "one\ntwo\nthree\n", "markdown", "0" * 64)
CHUNK = Chunk("d1", 0, "two", 4, 7, ("Title", "Part"), (Span(4, 7, SpanKind.SENTENCE, 1),))


def test_a_chunk_keeps_its_id_when_it_moves() -> None:
    """Neither the place of a chunk nor its number among the chunks is part of its id."""
    assert replace(CHUNK, start=40, end=43, ordinal=7, spans=(), lead="Lead:").id == CHUNK.id


@pytest.mark.parametrize(
    "change", [{"document_id": "d2"}, {"text": "two."}, {"heading_path": ("Title",)}, {"heading_path": ()}]
)
def test_a_chunk_gets_another_id_with_its_contents(change: dict[str, object]) -> None:
    """Document, heading path and text make the id."""
    assert dataclasses.replace(CHUNK, **change).id != CHUNK.id  # type: ignore[arg-type]


def test_ids_are_the_same_in_every_process() -> None:
    """An id is a hash of contents, not of memory: it can be written down."""
    assert CHUNK.id == "a732514551aacaedcddb"


def test_headings_cannot_flow_into_each_other() -> None:
    """`A` above `B` and a single heading `AB` are two different places."""
    assert replace(CHUNK, heading_path=("A", "B")).id != replace(CHUNK, heading_path=("AB",)).id


@pytest.mark.parametrize(("offset", "line"), [(0, 1), (3, 1), (4, 2), (8, 3), (14, 4)])
def test_a_place_in_an_unpaged_document_is_a_line(offset: int, line: int) -> None:
    """Lines count from 1; the line break belongs to the line that it ends."""
    assert DOCUMENT.locator(offset) == f"line {line}"


@pytest.mark.parametrize(("offset", "page"), [(0, 1), (4, 1), (5, 2), (9, 2), (10, 3), (400, 3)])
def test_a_place_in_a_paged_document_is_a_page(offset: int, page: int) -> None:
    """A page starts with the character at its offset."""
    assert replace(DOCUMENT, pages=(0, 5, 10)).locator(offset) == f"page {page}"


@given(st.text(alphabet="ab\n", max_size=60), st.data())
def test_the_line_of_a_place_holds_its_character(text: str, data: st.DataObject) -> None:
    """The locator's line, cut out of the text, covers the offset."""
    offset = data.draw(st.integers(0, len(text)))
    number = int(replace(DOCUMENT, text=text).locator(offset).removeprefix("line "))
    before = "".join(line + "\n" for line in text.split("\n")[: number - 1])
    assert len(before) <= offset <= len(before) + len(text.split("\n")[number - 1])


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), "T"),
        (("T",), "T"),
        (("T", "A"), "T > A"),
        (("A", "B"), "T > A > B"),
        (("A", "T"), "T > A > T"),
        (("T", "T"), "T > T"),
    ],
)
def test_the_context_line_names_the_title_once_at_its_start(path: tuple[str, ...], line: str) -> None:
    """A first heading that is the title is not repeated; a later one of the same words stays."""
    assert context_line("T", path) == line


def test_what_is_embedded_ends_with_the_text() -> None:
    """Context line, lead, text: so a span's place in it counts from the end."""
    assert embedded_text("Title", CHUNK) == "Title > Part\ntwo"
    assert embedded_text("Title", replace(CHUNK, lead="| a | b |")) == "Title > Part\n| a | b |\ntwo"


def test_nouns_cannot_be_changed() -> None:
    """Documents and chunks are frozen, so they can be shared between threads."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        DOCUMENT.text = ""  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        CHUNK.start = 0  # type: ignore[misc]


@given(st.text())
def test_folding_leaves_single_spaces_and_nothing_more_to_fold(text: str) -> None:
    """Folded text has no double, leading or trailing space, and folds to itself."""
    folded = fold(text)
    assert folded == fold(folded) == folded.strip()
    assert folded.split() == text.split()
    assert "  " not in folded
