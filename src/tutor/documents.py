"""The nouns that every part shares: documents, chunks, spans and passages.

All offsets are character offsets (Unicode code points, not bytes) into `Document.text`, half open:
`document.text[start:end]`. A chunk and a span are always slices of that text, never a rewriting of it, so
that whatever is quoted can be found again and highlighted.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class SpanKind(StrEnum):
    """What a span is in the structure of its document."""

    SENTENCE = "sentence"
    LEAD = "lead"  # a sentence that introduces the list or table after it
    ITEM = "item"  # one entry of a list, without its bullet
    HEADER = "header"  # the header row of a table
    ROW = "row"  # one body row of a table
    CODE = "code"  # a code fence


@dataclass(frozen=True, slots=True)
class Span:
    """The smallest quotable piece: a sentence, a list item, a table row or a code fence.

    `block` numbers the paragraph, list or table within the document, so that all items of one list share it.
    """

    start: int
    end: int
    kind: SpanKind
    block: int


@dataclass(frozen=True, slots=True)
class Document:
    """A source file as text, in the form in which it is stored, quoted and shown.

    `path` is relative to the folder that was ingested, with forward slashes. `pages` holds the offset at which
    each page starts, for paged sources, else it is empty. `marks` does the same for time stamps, sheet rows, cells and chapters, each with its name. `sha256` is that of the source file's bytes, `first_line` the
    line of that file on which `text` begins.
    """

    id: str
    path: str
    title: str
    text: str
    format: Literal["markdown", "text"]
    sha256: str
    pages: tuple[int, ...] = ()
    url: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    first_line: int = 1
    marks: tuple[tuple[int, str], ...] = ()

    def locator(self, start: int) -> str:
        """Where an offset lies, for a person: `page 3` in a paged document, the mark at or before it, else `line 12`."""
        if self.marks and self.marks[0][0] <= start:
            return self.marks[bisect.bisect_right(self.marks, start, key=lambda mark: mark[0]) - 1][1]
        if self.pages:
            return f"page {bisect.bisect_right(self.pages, start)}"
        return f"line {self.text.count(chr(10), 0, start) + self.first_line}"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A slice of one section of a document, small enough for the embedding model to read whole.

    `lead` is repeated context that is embedded and searched but lies elsewhere in the document: the header row of
    a split table, or the sentence that introduces a split list.
    """

    document_id: str
    ordinal: int
    text: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    spans: tuple[Span, ...]
    lead: str = ""

    @property
    def id(self) -> str:
        """A hash of document, heading path and text: the same wherever in its section the chunk stands."""
        key = "\x1f".join((self.document_id, *self.heading_path, self.text))
        return hashlib.sha256(key.encode()).hexdigest()[:20]


def context_line(title: str, heading_path: tuple[str, ...]) -> str:
    """Title and headings in one line, the title not repeated: `The five-stage roadmap > FAQ > Is Python enough?`."""
    headings = heading_path[1:] if heading_path[:1] == (title,) else heading_path
    return " > ".join((title, *headings))


def embedded_text(title: str, chunk: Chunk) -> str:
    """What the embedding model reads: context line, repeated lead if any, then the chunk's own text, which comes last."""
    parts = [context_line(title, chunk.heading_path)]
    if chunk.lead:
        parts.append(chunk.lead)
    return "\n".join((*parts, chunk.text))


def embedded_ranges(text: str, chunk: Chunk) -> list[tuple[int, int]]:
    """Where the spans of a chunk stand in `text`, which is what `embedded_text` makes of it."""
    before = len(text) - len(chunk.text) - chunk.start  # the chunk's own text comes last
    return [(before + span.start, before + span.end) for span in chunk.spans]


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document without its text, for lists; `chunks` and `characters` count what is indexed of it."""

    id: str
    path: str
    title: str
    url: str | None
    chunks: int
    characters: int
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leg:
    """One search's opinion of a passage: its rank (1 is best) and its raw score."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that a search returned, with what is needed to show and to cite it.

    `row` numbers the chunk within its generation.
    """

    chunk_id: str
    document_id: str
    path: str
    title: str
    url: str | None
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int
    score: float
    legs: Mapping[str, Leg]
    row: int = -1


def fold(text: str) -> str:
    """The text with every run of white space as one space: the form in which quotes are compared."""
    return " ".join(text.split())
