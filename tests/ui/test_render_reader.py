"""The reader's panel: a document open at a place, or the list of all."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tutor.documents import Document, DocumentSummary
from tutor_ui import reader

TEXT = "# North\n\nFirst line.\n\n## Time\n\nIt takes 6–8 months.\n"
DOCUMENT = Document("north", "n/north.md", "North & co", TEXT, "markdown", "0", url="https://example.org/n")


def test_a_cited_place_shows_title_headings_locator_and_the_marked_sentence():
    start = TEXT.index("It takes")
    html = reader.opened(
        DOCUMENT, reader.Place(document="north", start=start, end=start + 20, heading="Time")
    )
    assert "<h2>North &amp; co</h2>" in html
    assert 'Time <span class="locator">· line 7</span>' in html
    assert ">It takes 6–8 months.</mark>" in html
    assert 'href="https://example.org/n"' in html
    assert f'data-start="{start}" data-end="{start + 20}"' in html


def test_without_a_range_a_document_opens_at_its_beginning():
    html = reader.opened(DOCUMENT, reader.Place(document="north"))
    assert "<mark" not in html
    assert "n/north.md" in html


def test_a_place_is_what_a_citation_names(citation):
    place = reader.Place.of(citation(3))
    assert place == reader.Place(document="north", start=300, end=320, heading="How long it takes")


@pytest.mark.parametrize("wrong", [{}, {"document": "d", "start": -1}, {"document": "x" * 501}, None])
def test_a_place_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        reader.Place.model_validate(wrong)


def test_the_list_names_every_document_and_escapes_what_they_say():
    summary = DocumentSummary('a"b', "x.md", "<b>T</b>", None, 1, 10, {})
    html = reader.library([summary])
    assert 'data-open="a&quot;b"' in html
    assert "&lt;b&gt;T&lt;/b&gt;" in html


def test_many_documents_are_listed_folder_by_folder():
    many = [DocumentSummary(f"d{n}", f"topics/{n % 2}/{n}.md", f"T{n}", None, 1, 10, {}) for n in range(30)]
    html = reader.library([*many, DocumentSummary("a", "a.md", "A", None, 1, 10, {})])
    assert [html.count(f"<summary>{name} <") for name in ("topics/0", "topics/1", "Sources")] == [1, 1, 1]
    assert '<span class="where">15</span>' in html
    assert html.count("data-open=") == 31


def test_an_empty_library_says_so():
    assert "Nothing has been ingested yet." in reader.library([])


def test_a_lost_document_leads_back_to_the_list():
    html = reader.lost("No such document <x>", "Ingest again.")
    assert "No such document &lt;x&gt;" in html
    assert "data-list" in html
