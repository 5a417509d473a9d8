"""Documents, chunks and spans of one generation in one SQLite file, written once and then only read.

Chunks are numbered by row from 0, in the order in which they were added; the dense and the lexical index use the
same numbers. Spans are numbered likewise, and their vectors lie in that order in a plain file beside.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tutor.documents import Chunk, Document, DocumentSummary, SpanKind, embedded_text
from tutor.errors import NotFoundError

_SCHEMA = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, title TEXT NOT NULL, format TEXT NOT NULL, sha256 TEXT NOT NULL,
    url TEXT, pages TEXT NOT NULL, metadata TEXT NOT NULL, text TEXT NOT NULL,
    first_line INTEGER NOT NULL, marks TEXT NOT NULL
);
CREATE TABLE chunks (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document_id TEXT NOT NULL REFERENCES documents(id),
    start INTEGER NOT NULL, end INTEGER NOT NULL, heading_path TEXT NOT NULL, text TEXT NOT NULL,
    lead TEXT NOT NULL, content_key TEXT NOT NULL, first_span INTEGER NOT NULL, spans INTEGER NOT NULL
);
CREATE INDEX chunks_by_document ON chunks(document_id);
CREATE TABLE spans (
    row INTEGER PRIMARY KEY, chunk INTEGER NOT NULL REFERENCES chunks(row),
    start INTEGER NOT NULL, end INTEGER NOT NULL, kind TEXT NOT NULL, block INTEGER NOT NULL
);
CREATE INDEX spans_by_chunk ON spans(chunk);
"""


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as it was stored, with its row and the row of its first span."""

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


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """A span as it was stored: its own row, its chunk's row, and where and what it is."""

    row: int
    chunk: int
    start: int
    end: int
    kind: SpanKind
    block: int


def content_key(title: str, chunk: Chunk) -> str:
    """A hash of all that the vectors of a chunk depend on: what is embedded, and where its spans lie in it."""
    spans = ",".join(f"{span.start - chunk.start}:{span.end - chunk.start}" for span in chunk.spans)
    return hashlib.sha256(f"{embedded_text(title, chunk)}\x1f{spans}".encode()).hexdigest()


class StoreWriter:
    """Writes the file; `close` commits it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(_SCHEMA)
        self.chunks = 0
        self.spans = 0

    def add_document(self, document: Document) -> None:
        """Store a document."""
        self._db.execute(
            "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                document.id, document.path, document.title, document.format, document.sha256, document.url,
                json.dumps(document.pages), json.dumps(dict(document.metadata), ensure_ascii=False), document.text,
                document.first_line, json.dumps(document.marks, ensure_ascii=False),
            ),
        )  # fmt: skip

    def add_chunk(self, title: str, chunk: Chunk) -> int:
        """Store a chunk and its spans; returns the chunk's row."""
        row = self.chunks
        self._db.execute(
            "INSERT INTO chunks VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                row, chunk.id, chunk.document_id, chunk.start, chunk.end,
                json.dumps(chunk.heading_path, ensure_ascii=False), chunk.text, chunk.lead,
                content_key(title, chunk), self.spans, len(chunk.spans),
            ),
        )  # fmt: skip
        self._db.executemany(
            "INSERT INTO spans VALUES (?,?,?,?,?,?)",
            [
                (self.spans + i, row, span.start, span.end, span.kind.value, span.block)
                for i, span in enumerate(chunk.spans)
            ],
        )
        self.chunks += 1
        self.spans += len(chunk.spans)
        return row

    def searched_texts(self) -> Iterator[str]:
        """What is searched by term of each chunk, in row order: title, headings, lead and text."""
        query = (
            "SELECT d.title, c.heading_path, c.lead, c.text FROM chunks c JOIN documents d ON d.id = c.document_id "
            "ORDER BY c.row"
        )
        for title, headings, lead, text in self._db.execute(query):
            path = json.loads(headings)
            yield "\n".join((title, *(h for h in path if h != title), lead, text))

    def close(self) -> None:
        """Commit and close; closed even if it cannot be committed."""
        try:
            self._db.commit()
        finally:
            self._db.close()


class Store:
    """Reads the file; safe to share between threads (each has its own connection)."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        weakref.finalize(self, _close_all, self._connections).atexit = False
        self._documents: dict[str, Document] = {}

    @property
    def _db(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._uri, uri=True, check_same_thread=False)
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close every thread's connection."""
        _close_all(self._connections)
        self._local = threading.local()

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        return {
            table: int(self._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - own constants
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
            for id_, path, title, url, chunks, characters, metadata in self._db.execute(query)
        )

    def document(self, document_id: str) -> Document:
        """A document with its text. Raises NotFoundError."""
        document = self._documents.get(document_id)
        if document is None:
            row = self._db.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
            if row is None:
                raise NotFoundError(
                    f"there is no document {document_id!r}", help="GET /documents lists them."
                )
            if len(self._documents) >= 256:
                self._documents.clear()
            self._documents[document_id] = document = _document(row)
        return document

    def chunks(self, rows: Iterable[int]) -> dict[int, StoredChunk]:
        """Chunks by row."""
        return {chunk.row: chunk for chunk in self._select_chunks("row", list(rows))}

    def chunk_rows(self, content_keys: Sequence[str]) -> dict[str, StoredChunk]:
        """Chunks by content key, for those that exist."""
        found: dict[str, StoredChunk] = {}
        for start in range(0, len(content_keys), 500):
            part = content_keys[start : start + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT content_key, row FROM chunks WHERE content_key IN ({marks})"  # noqa: S608 - only marks
            rows = dict(self._db.execute(query, list(part)).fetchall())
            chunks = self.chunks(rows.values())
            found |= {key: chunks[row] for key, row in rows.items()}
        return found

    def all_chunks(self) -> Iterator[StoredChunk]:
        """Every chunk in row order."""
        for row in self._db.execute(f"SELECT {_CHUNK} FROM chunks ORDER BY row"):  # noqa: S608 - own constants
            yield _chunk(row)

    def spans(self, chunk_rows: Sequence[int]) -> list[StoredSpan]:
        """The spans of chunks, in document order within each chunk."""
        marks = ",".join("?" * len(chunk_rows))
        query = f"SELECT * FROM spans WHERE chunk IN ({marks}) ORDER BY row"  # noqa: S608 - only marks
        return [_span(row) for row in self._db.execute(query, list(chunk_rows))]

    def block(self, document_id: str, block: int) -> list[StoredSpan]:
        """All spans of one list, table or paragraph of a document, in order, over all its chunks."""
        query = (
            "SELECT s.* FROM spans s JOIN chunks c ON c.row = s.chunk WHERE c.document_id = ? AND s.block = ? "
            "ORDER BY s.start"
        )
        return [_span(row) for row in self._db.execute(query, (document_id, block))]

    def document_of_rows(self) -> list[str]:
        """The document id of every chunk, in row order."""
        return [row[0] for row in self._db.execute("SELECT document_id FROM chunks ORDER BY row")]

    def _select_chunks(self, column: str, values: list[int]) -> Iterator[StoredChunk]:
        marks = ",".join("?" * len(values))
        query = f"SELECT {_CHUNK} FROM chunks WHERE {column} IN ({marks})"  # noqa: S608 - own constants and marks
        for row in self._db.execute(query, values):
            yield _chunk(row)


def _close_all(connections: list[sqlite3.Connection]) -> None:
    while connections:
        connections.pop().close()


_CHUNK = "row, id, document_id, start, end, heading_path, text, lead, first_span, spans"


def _chunk(row: tuple[Any, ...]) -> StoredChunk:
    number, id_, document_id, start, end, headings, *rest = row
    return StoredChunk(number, id_, document_id, start, end, tuple(json.loads(headings)), *rest)


def _span(row: tuple[Any, ...]) -> StoredSpan:
    number, chunk, start, end, kind, block = row
    return StoredSpan(number, chunk, start, end, SpanKind(kind), block)


def _document(row: tuple[Any, ...]) -> Document:
    id_, path, title, format_, sha256, url, pages, metadata, text, first_line, marks = row
    return Document(
        id=id_, path=path, title=title, text=text, format=format_, sha256=sha256, pages=tuple(json.loads(pages)),
        url=url, metadata=json.loads(metadata), first_line=first_line,
        marks=tuple((at, name) for at, name in json.loads(marks)),
    )  # fmt: skip
