"""Numbered citations of places in documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tutor.answering.cite import Citations, Place
from tutor.answering.tutor import Tutor
from tutor.documents import Document, Passage

TEXT = "# Owls\n\nOwls hunt at night.\n\nOwls eat these:\n\n- mice\n- voles\n"


@pytest.fixture(scope="module")
def owls(make_tutor: Callable[..., Tutor]) -> Tutor:
    return make_tutor({"birds/owls.md": TEXT})


@pytest.fixture
def citations(owls: Tutor) -> Citations:
    return Citations(owls.index.current())


def place(tutor: Tutor, words: str) -> Place:
    (passage, *_) = tutor.search("owls", k=1)
    start = TEXT.index(words)
    return Place(passage, start, start + len(words))


def test_citations_are_numbered_from_one_in_order(owls: Tutor, citations: Citations) -> None:
    """The numbers of an answer have no gaps."""
    for n, words in enumerate(("Owls hunt", "mice", "voles"), 1):
        (cited,), (new,) = citations.cite([place(owls, words)], 1.0)
        assert cited is new
        assert cited.n == n
    assert [c.n for c in citations.all] == [1, 2, 3]


def test_the_same_place_keeps_its_number(owls: Tutor, citations: Citations) -> None:
    """A second use cites the first number and brings nothing new."""
    first, _ = citations.cite([place(owls, "mice")], 1.0)
    again, new = citations.cite([place(owls, "voles"), place(owls, "mice")], 1.0)
    assert [c.n for c in again] == [2, 1]
    assert [c.n for c in new] == [2]
    assert again[1] == first[0]


def test_a_place_twice_in_one_statement_is_new_once(owls: Tutor, citations: Citations) -> None:
    """Both mentions have one number."""
    cited, new = citations.cite([place(owls, "mice"), place(owls, "mice")], 1.0)
    assert [c.n for c in cited] == [1, 1]
    assert len(new) == 1


def test_a_citation_tells_where_it_stands(owls: Tutor, citations: Citations) -> None:
    """Path, title, headings, line, offsets and the very words."""
    ((citation,), _) = citations.cite([place(owls, "Owls hunt at night.")], 0.5)
    assert citation.path == "birds/owls.md"
    assert citation.title == "Owls"
    assert citation.heading_path == ("Owls",)
    assert citation.locator == "line 3"
    assert citation.quote == "Owls hunt at night."
    assert owls.document(citation.document_id).text[citation.start : citation.end] == citation.quote
    assert citation.support == 0.5


def test_a_quote_over_several_lines_is_the_slice_at_its_offsets(owls: Tutor, citations: Citations) -> None:
    """The line is the one on which it begins."""
    words = "Owls eat these:\n\n- mice\n- voles"
    ((citation,), _) = citations.cite([place(owls, words)], 1.0)
    assert citation.quote == words
    assert citation.locator == "line 5"


def test_the_locator_of_a_paged_document_is_its_page() -> None:
    """A page begins at its offset, so a quote there is on the new page."""

    class Store:
        def document(self, document_id: str) -> Document:
            return Document(document_id, "a.pdf", "A", "one two three", "text", "", pages=(0, 4, 8))

    class Generation:
        store = Store()

    passage = Passage("c", "d", "a.pdf", "A", None, (), "one two three", 0, 13, 1.0, {})
    citations = Citations(Generation())  # type: ignore[arg-type]  # two methods of one are all that is used
    spots = [Place(passage, 0, 3), Place(passage, 4, 7), Place(passage, 5, 13)]
    cited, _ = citations.cite(spots, 1.0)
    assert [c.locator for c in cited] == ["page 1", "page 2", "page 2"]
    assert [c.quote for c in cited] == ["one", "two", "wo three"]


def test_equal_offsets_of_two_documents_are_two_places(make_tutor: Callable[..., Tutor]) -> None:
    """The document is part of the place."""
    tutor = make_tutor({"a.md": "# A\n\nCats purr loudly.\n", "b.md": "# B\n\nDogs bark loudly.\n"})
    found = tutor.search("loudly", k=2)
    citations = Citations(tutor.index.current())
    cited, _ = citations.cite([Place(passage, 5, 10) for passage in found], 1.0)
    assert {c.n for c in cited} == {1, 2}
    assert len({c.document_id for c in cited}) == 2


def test_a_place_outside_its_passage_is_quoted_from_the_document(owls: Tutor, citations: Citations) -> None:
    """A list may run on beyond the passage that was found."""
    inner = place(owls, "mice")
    short = Place(replace(inner.passage, text="", start=0, end=0), inner.start, len(TEXT))
    assert citations.text(short) == "mice\n- voles"
