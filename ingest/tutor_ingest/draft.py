"""A generation in the making: documents go in one by one, vectors are computed block by block.

Vectors of chunks that the generation before holds unchanged (by content key) are taken over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tutor.documents import Chunk, Document, embedded_text
from tutor.embedding import SpanEmbeddings, Vectors
from tutor.index import lexical
from tutor.index.generation import LEXICAL, SPAN_VECTORS, STORE, VECTORS, Generation
from tutor.index.manifest import Counts, EmbeddingRecord, Manifest, SourceRecord, SplitterRecord
from tutor.index.store import StoreWriter, content_key
from tutor.index.terms import VERSION
from tutor.index.vectors import VectorIndex

BLOCK = (
    256  # chunks embedded in one call: long enough that sorting by length pays, short enough to show progress
)


class Draft:
    """Writes one generation into an empty folder; `finish` completes it, `abandon` closes it half done."""

    def __init__(
        self,
        folder: Path,
        embeddings: SpanEmbeddings,
        previous: Generation | None,
        on_embedded: Callable[[int], None] = lambda done: None,
    ) -> None:
        self.folder = folder
        self.chunks = 0  # added so far, embedded or not
        self.embedded = 0
        self.reused = 0
        self._embeddings = embeddings
        self._previous = previous
        self._on_embedded = on_embedded
        with ExitStack() as files:
            self._store = files.enter_context(closing(StoreWriter(folder / STORE)))
            self._vectors = files.enter_context(VectorIndex(folder / VECTORS, create=True))
            self._span_file = files.enter_context((folder / SPAN_VECTORS).open("wb"))
            self._files = files.pop_all()
        self._pending: list[tuple[str, Chunk]] = []
        self._documents = 0
        self._digest = hashlib.sha256(f"terms {VERSION}".encode())

    def add(self, document: Document, chunks: list[Chunk]) -> None:
        """Add a document and its chunks; of chunks that are equal in place and text the first stays."""
        self._store.add_document(document)
        self._documents += 1
        # Every field is given its length, so that no two different documents can feed the same bytes.
        for part in (
            document.id,
            document.path,
            document.title,
            document.url or "",
            document.sha256,
            document.text,
        ):
            data = part.encode(errors="surrogatepass")
            self._digest.update(f"{len(data)}:".encode() + data)
        unique: dict[str, Chunk] = {}
        for chunk in chunks:
            unique.setdefault(chunk.id, chunk)
            self._digest.update(content_key(document.title, chunk).encode())
        self._pending.extend((document.title, chunk) for chunk in unique.values())
        self.chunks += len(unique)
        while len(self._pending) >= BLOCK:
            block, self._pending = self._pending[:BLOCK], self._pending[BLOCK:]
            self._flush(block)

    def finish(self, splitter: SplitterRecord, sources: tuple[SourceRecord, ...]) -> Manifest:
        """Embed what is left, build the lexical index, write the manifest, and close all files."""
        if self._pending:
            block, self._pending = self._pending, []
            self._flush(block)
        lexical.build(self._store.searched_texts(), self.folder / LEXICAL)
        identity = self._embeddings.identity
        manifest = Manifest(
            generation=self.folder.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            embedding=EmbeddingRecord(
                name=identity.name, sha256=identity.sha256, dimension=identity.dimension
            ),
            splitter=splitter,
            counts=Counts(documents=self._documents, chunks=self._store.chunks, spans=self._store.spans),
            content_sha256=self._digest.hexdigest(),
            sources=sources,
        )
        self.abandon()
        manifest.save(self.folder)
        return manifest

    def abandon(self) -> None:
        """Close all files as they are, each of them even if another cannot be closed; again does nothing."""
        self._files.close()

    def _flush(self, block: list[tuple[str, Chunk]]) -> None:
        if not self._store.chunks:
            self._on_embedded(0)
        known = self._known([content_key(title, chunk) for title, chunk in block])
        fresh = [i for i, vectors in enumerate(known) if vectors is None]
        computed = self._embed([block[i] for i in fresh])
        for i, made in zip(fresh, computed, strict=True):
            known[i] = made
        first_row = self._store.chunks
        rows: list[Vectors] = []
        for (title, chunk), vectors in zip(block, known, strict=True):
            assert vectors is not None
            self._store.add_chunk(title, chunk)
            rows.append(vectors[0])
            self._span_file.write(vectors[1].astype(np.float16).tobytes())
        self._vectors.add(first_row, np.stack(rows), [chunk.document_id for _, chunk in block])
        self.embedded += len(fresh)
        self.reused += len(block) - len(fresh)
        self._on_embedded(self._store.chunks)

    def _embed(self, block: list[tuple[str, Chunk]]) -> list[tuple[Vectors, Vectors]]:
        texts = [embedded_text(title, chunk) for title, chunk in block]
        ranges = [
            [(len(text) - len(chunk.text) + span.start - chunk.start, len(text) - len(chunk.text) + span.end - chunk.start)
             for span in chunk.spans]
            for text, (_, chunk) in zip(texts, block, strict=True)
        ]  # fmt: skip
        vectors, spans = self._embeddings.embed_spans(texts, ranges)
        return list(zip(vectors, spans, strict=True))

    def _known(self, keys: list[str]) -> list[tuple[Vectors, Vectors] | None]:
        """Vectors of chunk and spans from the generation before, for the content keys that it has."""
        if self._previous is None:
            return [None] * len(keys)
        stored = self._previous.store.chunk_rows(keys)
        vectors = self._previous.vectors.get([chunk.row for chunk in stored.values()])
        spans = self._previous.span_vectors
        return [
            (
                vectors[chunk.row],
                np.asarray(spans[chunk.first_span : chunk.first_span + chunk.spans], np.float32),
            )
            if (chunk := stored.get(key)) is not None and chunk.row in vectors
            else None
            for key in keys
        ]
