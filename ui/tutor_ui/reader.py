"""The panel beside the conversation: the list of sources, or one open at a sentence. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from pydantic import BaseModel, ConfigDict, Field

from tutor.answering.answer import Citation
from tutor.documents import Document, DocumentSummary
from tutor_ui import highlight, render

_FLAT = 24  # documents that are listed without folders


class Place(BaseModel):
    """Where to open a document; an empty range opens it at its beginning."""

    model_config = ConfigDict(frozen=True)

    document: str = Field(max_length=500)
    start: int = Field(default=0, ge=0)
    end: int = Field(default=0, ge=0)
    heading: str = Field(default="", max_length=2000)

    @classmethod
    def of(cls, citation: Citation) -> Place:
        """The place that a citation names."""
        heading = render.heading(citation)
        return cls(document=citation.document_id, start=citation.start, end=citation.end, heading=heading)


def opened(document: Document, place: Place) -> str:
    """A document with the cited sentence marked, under a line that says where it stands."""
    cited = place.start < place.end <= len(document.text)
    line = render.located(place.heading, document.locator(place.start)) if cited else escape(document.path)
    return (
        f'<section class="reader" aria-label="Source reader" data-document="{escape(document.id)}" '
        f'data-start="{place.start}" data-end="{place.end}"><header>'
        '<p class="tools"><button type="button" data-list="1">All sources</button>'
        '<button type="button" data-back="1" class="back">Back to the answer</button></p>'
        f"<h2>{escape(document.title)}</h2>"
        f'<p class="where">{line} {render.original(document.url)}</p></header>'
        f'<div class="document" tabindex="0" role="document" aria-label="Text of {escape(document.title)}">'
        f"{highlight.body(document, place.start, place.end)}</div></section>"
    )


def library(documents: Iterable[DocumentSummary]) -> str:
    """All sources as buttons, each of which opens one; many of them folder by folder."""
    every = list(documents)
    if not every:
        listed = "<p>Nothing has been ingested yet.</p>"
    elif len(every) <= _FLAT:
        listed = _listed(every)
    else:
        folders: dict[str, list[DocumentSummary]] = {}
        for each in every:
            folders.setdefault(each.path.rpartition("/")[0], []).append(each)
        listed = "".join(
            f'<details><summary>{escape(folder or "Sources")} <span class="where">{len(own)}</span></summary>{_listed(own)}</details>'
            for folder, own in folders.items()
        )
    return (
        '<section class="reader" aria-label="Source reader"><header><h2>Sources</h2>'
        '<p class="where">All that the tutor knows stands in these. A cited sentence opens here.</p></header>'
        f'<div class="document list">{listed}</div></section>'
    )


def _listed(documents: Iterable[DocumentSummary]) -> str:
    items = "".join(
        f'<li><button type="button" class="open" data-open="{escape(each.id)}">'
        f'<span class="title">{escape(each.title)}</span> '
        f'<span class="where">{escape(each.path)}</span></button></li>'
        for each in documents
    )
    return f"<ul>{items}</ul>"


def lost(message: str, help: str) -> str:
    """The panel where a document cannot be opened."""
    return (
        '<section class="reader" aria-label="Source reader"><header>'
        '<p class="tools"><button type="button" data-list="1">All sources</button></p>'
        "<h2>Not found</h2></header>"
        f'<div class="problem" role="alert"><p>{escape(message)}</p><p>{escape(help)}</p></div></section>'
    )
