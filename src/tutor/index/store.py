"""Documents, chunks and spans of one generation in one SQLite file, written once (store_writer.py) and then only read.

Chunks are numbered by row from 0, in the order in which they were added; the dense and the lexical index use the
same numbers. Spans are numbered likewise. Vectors of both lie in that order in plain files beside.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tutor.documents import Chunk, Document, DocumentSummary, Span, SpanKind
from tutor.errors import NotFoundError

SCHEMA = """
CREATE TABLE files (
    document_id TEXT PRIMARY KEY, path TEXT NOT NULL, sha256 TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, format TEXT NOT NULL, sha256 TEXT NOT NULL,
    url TEXT, pages TEXT NOT NULL, metadata TEXT NOT NULL, text TEXT NOT NULL,
    first_line INTEGER NOT NULL, marks TEXT NOT NULL, hidden TEXT NOT NULL
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL REFERENCES documents(id),
    start INTEGER NOT NULL, end INTEGER NOT NULL, heading_path TEXT NOT NULL, text TEXT NOT NULL,
    lead TEXT NOT NULL, content_key TEXT NOT NULL, first_span INTEGER NOT NULL, spans INTEGER NOT NULL
);
CREATE TABLE spans (
    row INTEGER PRIMARY KEY, chunk INTEGER NOT NULL REFERENCES chunks(row),
    start INTEGER NOT NULL, end INTEGER NOT NULL, kind TEXT NOT NULL, block INTEGER NOT NULL
);
"""
INDEXES = """
CREATE INDEX chunks_by_document ON chunks(document_id);
CREATE INDEX chunks_by_content ON chunks(content_key);
CREATE INDEX spans_by_chunk ON spans(chunk);
"""
_PART = 500  # values in one query: SQLite allows 999 in its older builds
_PAGE = 1_000  # rows read at a time when all are
_KEPT = 256  # documents held in memory


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as it was stored, with its row, the row of its first span, and the hash of what was embedded."""

    row: int
    id: str
    document_id: str
    start: int
    end: int
    heading_path: tuple[str, ...]
    text: str
    lead: str
    first_span: int
    spans: int
    content_key: str


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span as it was stored: its own row, its chunk's row, and where and what it is."""

    row: int
    chunk: int
    start: int
    end: int
    kind: SpanKind
    block: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A source file as it was found: the hash of its bytes, and the reason for which it was skipped, if it was."""

    document_id: str
    path: str
    sha256: str
    reason: str = ""


Hidden = tuple[tuple[int, int], ...]
"""The slices of a document's text that are boilerplate and in no chunk."""


class Store:
    """Reads the file; safe to share between threads, which take turns on one connection.

    One connection, opened at once: a file that is removed while somebody still reads it stays readable.
    """

    def __init__(self, path: Path) -> None:
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._turn = threading.Lock()
        weakref.finalize(self, self._db.close).atexit = False
        self._documents: dict[str, Document] = {}

    def close(self) -> None:
        """Close the file; again does nothing."""
        self._db.close()

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._db.execute(query, values).fetchall()

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        return {
            table: int(self._rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - own constants
            for table in ("documents", "chunks", "spans")
        }

    @cached_property
    def summaries(self) -> tuple[DocumentSummary, ...]:
        """All documents without their texts, by path."""
        query = (
            "SELECT d.id, d.path, d.title, d.url, count(c.row), length(d.text), d.metadata FROM documents d "
            "LEFT JOIN chunks c ON c.document_id = d.id GROUP BY d.id ORDER BY d.path"
        )
        return tuple(
            DocumentSummary(id_, path, title, url, chunks, characters, json.loads(metadata))
            for id_, path, title, url, chunks, characters, metadata in self._rows(query)
        )

    def files(self) -> dict[str, StoredFile]:
        """Every source file that was found, read or skipped, by the id of its document."""
        return {row[0]: StoredFile(*row) for row in self._rows("SELECT * FROM files")}

    def hashes(self) -> dict[str, str]:
        """The hash of each document's source by the document's id."""
        return dict(self._rows("SELECT id, sha256 FROM documents"))

    def document(self, document_id: str) -> Document:
        """A document with its text. Raises NotFoundError."""
        document = self._documents.get(document_id)
        if document is None:
            document = self.read_document(document_id)[0]
            if len(self._documents) >= _KEPT:
                self._documents.clear()
            self._documents[document_id] = document
        return document

    def read_document(self, document_id: str) -> tuple[Document, Hidden]:
        """A document, read anew, with its boilerplate. Raises NotFoundError."""
        rows = self._rows("SELECT * FROM documents WHERE id = ?", (document_id,))
        if not rows:
            raise NotFoundError(f"there is no document {document_id!r}", help="GET /documents lists them.")
        return document_of_row(rows[0])

    def document_ids(self) -> list[str]:
        """The ids of all documents, in the order in which they were added."""
        return [row[0] for row in self._rows("SELECT id FROM documents ORDER BY rowid")]

    def chunks(self, rows: Iterable[int]) -> dict[int, StoredChunk]:
        """Chunks by row."""
        return {chunk.row: chunk for chunk in map(_chunk, self._some(_CHUNK, "row", list(rows)))}

    def chunk_rows(self, content_keys: Sequence[str]) -> dict[str, StoredChunk]:
        """Chunks by content key, for those that exist."""
        return {c.content_key: c for c in map(_chunk, self._some(_CHUNK, "content_key", list(content_keys)))}

    def chunks_of(self, document_id: str) -> list[tuple[Chunk, StoredChunk]]:
        """The chunks of a document in row order, as they were before they were stored and as they are stored."""
        query = f"SELECT {_CHUNK} FROM chunks WHERE document_id = ? ORDER BY row"  # noqa: S608 - own constants
        stored = [_chunk(row) for row in self._rows(query, (document_id,))]
        spans: dict[int, list[Span]] = {}
        for span in self.spans([chunk.row for chunk in stored]):
            spans.setdefault(span.chunk, []).append(Span(span.start, span.end, span.kind, span.block))
        return [
            (
                Chunk(document_id, ordinal, c.text, c.start, c.end, c.heading_path, tuple(spans.get(c.row, ())), c.lead),
                c,
            )
            for ordinal, c in enumerate(stored)
        ]  # fmt: skip

    def all_chunks(self) -> Iterator[StoredChunk]:
        """Every chunk in row order, read in parts."""
        query = f"SELECT {_CHUNK} FROM chunks WHERE row >= ? ORDER BY row LIMIT {_PAGE}"  # noqa: S608 - own constants
        after = 0
        while page := self._rows(query, (after,)):
            yield from map(_chunk, page)
            after = page[-1][0] + 1

    def spans(self, chunk_rows: Sequence[int]) -> list[StoredSpan]:
        """The spans of chunks, in row order."""
        found = [_span(row) for row in self._some("*", "chunk", list(chunk_rows), "spans")]
        return sorted(found, key=lambda span: span.row)

    def block(self, document_id: str, block: int) -> list[StoredSpan]:
        """All spans of one list, table or paragraph of a document, in order, over all its chunks."""
        query = (
            "SELECT s.* FROM spans s JOIN chunks c ON c.row = s.chunk WHERE c.document_id = ? AND s.block = ? "
            "ORDER BY s.start"
        )
        return [_span(row) for row in self._rows(query, (document_id, block))]

    def documents_of(self, rows: Iterable[int]) -> dict[int, str]:
        """The document id of each of these chunks."""
        return dict(self._some("row, document_id", "row", list(rows)))

    def document_of_rows(self) -> list[str]:
        """The document id of every chunk, in row order."""
        return [row[0] for row in self._rows("SELECT document_id FROM chunks ORDER BY row")]

    def _some(
        self, columns: str, column: str, values: list[Any], table: str = "chunks"
    ) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(values), _PART):
            part = values[start : start + _PART]
            marks = ",".join("?" * len(part))
            yield from self._rows(f"SELECT {columns} FROM {table} WHERE {column} IN ({marks})", part)  # noqa: S608 - own constants and marks


_CHUNK = "row, id, document_id, start, end, heading_path, text, lead, first_span, spans, content_key"


def _chunk(row: tuple[Any, ...]) -> StoredChunk:
    number, id_, document_id, start, end, headings, *rest = row
    return StoredChunk(number, id_, document_id, start, end, tuple(json.loads(headings)), *rest)


def _span(row: tuple[Any, ...]) -> StoredSpan:
    number, chunk, start, end, kind, block = row
    return StoredSpan(number, chunk, start, end, SpanKind(kind), block)


def document_of_row(row: tuple[Any, ...]) -> tuple[Document, Hidden]:
    """A row of the table `documents` as the document and its boilerplate."""
    id_, path, title, format_, sha256, url, pages, metadata, text, first_line, marks, hidden = row
    document = Document(
        id=id_, path=path, title=title, text=text, format=format_, sha256=sha256, pages=tuple(json.loads(pages)),
        url=url, metadata=json.loads(metadata), first_line=first_line,
        marks=tuple((at, name) for at, name in json.loads(marks)),
    )  # fmt: skip
    return document, tuple((start, end) for start, end in json.loads(hidden))
