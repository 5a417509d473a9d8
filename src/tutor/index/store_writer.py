"""Writes the SQLite file of one generation: documents as they are read, then their chunks and spans as they are embedded."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from tutor.documents import Chunk, Document, embedded_text
from tutor.index.store import INDEXES, SCHEMA, Hidden, StoredFile, document_of_row


def content_key(title: str, chunk: Chunk) -> str:
    """A hash of all that the vectors of a chunk depend on: what is embedded, and where its spans lie in it."""
    spans = ",".join(f"{span.start - chunk.start}:{span.end - chunk.start}" for span in chunk.spans)
    return hashlib.sha256(f"{embedded_text(title, chunk)}\x1f{spans}".encode()).hexdigest()


class StoreWriter:
    """Writes the file; `close` commits it.

    It keeps no journal: the folder of a generation that was not finished is thrown away whole.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")  # the switch flushes the file before it counts
        self._db.executescript(SCHEMA)
        self.documents = 0
        self.chunks = 0
        self.spans = 0

    def add_file(self, file: StoredFile) -> None:
        """Note a source file, read or skipped."""
        self._db.execute(
            "INSERT INTO files VALUES (?,?,?,?)", (file.document_id, file.path, file.sha256, file.reason)
        )

    def files(self) -> dict[str, StoredFile]:
        """The source files noted so far, by the id of their document, in order."""
        return {row[0]: StoredFile(*row) for row in self._db.execute("SELECT * FROM files ORDER BY rowid")}

    def add_document(self, document: Document) -> None:
        """Store a document."""
        self._db.execute(
            "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                document.id, document.path, document.title, document.format, document.sha256, document.url,
                json.dumps(document.pages), json.dumps(dict(document.metadata), ensure_ascii=False), document.text,
                document.first_line, json.dumps(document.marks, ensure_ascii=False), "[]",
            ),
        )  # fmt: skip
        self.documents += 1

    def document_ids(self) -> list[str]:
        """The ids of the documents stored so far, in order."""
        return [row[0] for row in self._db.execute("SELECT id FROM documents ORDER BY rowid")]

    def document(self, document_id: str) -> Document:
        """A document stored before."""
        row = self._db.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
        return document_of_row(row)[0]

    def hide(self, document_id: str, hidden: Hidden) -> None:
        """Note which slices of a document are boilerplate."""
        self._db.execute("UPDATE documents SET hidden = ? WHERE id = ?", (json.dumps(hidden), document_id))

    def remove_document(self, document_id: str, reason: str) -> None:
        """Take back a document that holds nothing to quote; its file is noted as skipped for that reason."""
        self._db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
        self._db.execute("UPDATE files SET reason = ? WHERE document_id = ?", (reason, document_id))
        self.documents -= 1

    def add_chunk(self, key: str, chunk: Chunk) -> int:
        """Store a chunk, whose content key is `key`, and its spans; returns the chunk's row."""
        row = self.chunks
        self._db.execute(
            "INSERT INTO chunks VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                row, chunk.id, chunk.document_id, chunk.start, chunk.end,
                json.dumps(chunk.heading_path, ensure_ascii=False), chunk.text, chunk.lead,
                key, self.spans, len(chunk.spans),
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
            yield searched_text(title, tuple(json.loads(headings)), lead, text)

    def close(self) -> None:
        """Commit and close; closed even if it cannot be committed."""
        try:
            self._db.executescript(INDEXES)
            self._db.commit()
        finally:
            self._db.close()


def searched_text(title: str, heading_path: tuple[str, ...], lead: str, text: str) -> str:
    """What is searched by term of one chunk."""
    return "\n".join((title, *(heading for heading in heading_path if heading != title), lead, text))
