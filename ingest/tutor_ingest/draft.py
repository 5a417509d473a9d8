"""A generation in the making: all documents go in first, then their chunks, whose vectors are computed block by block.

Vectors of chunks that the generation before holds unchanged (by content key) are taken over. Nothing but the block at
hand is kept in memory: documents wait in the new store, vectors go to their files.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tutor.documents import Chunk, Document, embedded_ranges, embedded_text
from tutor.embedding import SpanEmbeddings, Vectors
from tutor.index import lexical, vectors
from tutor.index.generation import (
    CANARIES,
    CHROMA,
    LEXICAL,
    SPAN_VECTORS,
    STORE,
    VECTORS,
    WORD_COUNTS,
    WORD_SIGNS,
    Generation,
    canaries,
)
from tutor.index.integrity import records_of
from tutor.index.late import Signs, encode
from tutor.index.manifest import (
    Counts,
    EmbeddingRecord,
    Manifest,
    SourceRecord,
    SplitterRecord,
    VersionsRecord,
)
from tutor.index.store import Hidden, StoredChunk
from tutor.index.store_writer import StoreWriter, content_key
from tutor.index.words import content_words

BLOCK = (
    256  # chunks embedded in one call: long enough that sorting by length pays, short enough to show progress
)

Made = tuple[Vectors, Vectors, Signs]
"""The vector of a chunk, those of its spans, and the signs of those of its words."""


@dataclass(frozen=True, slots=True)
class _Pending:
    """A chunk that waits for its vectors; `stored` is the same chunk in the generation before, where that is known."""

    title: str
    chunk: Chunk
    key: str
    stored: StoredChunk | None = None


@dataclass(frozen=True, slots=True)
class _Running:
    """A block whose new vectors are being computed; `known` has the others, `fresh` the places of the new ones."""

    block: list[_Pending]
    known: list[Made | None]
    fresh: list[int]
    computed: Future[list[Made]] | None


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
            self.store = files.enter_context(closing(StoreWriter(folder / STORE)))
            self._vector_file = files.enter_context((folder / VECTORS).open("wb"))
            self._span_file = files.enter_context((folder / SPAN_VECTORS).open("wb"))
            self._sign_file = files.enter_context((folder / WORD_SIGNS).open("wb"))
            self._count_file = files.enter_context((folder / WORD_COUNTS).open("wb"))
            self._files = files.pop_all()
        self._pending: list[_Pending] = []
        self._running: _Running | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="draft")
        self._digest = hashlib.sha256()

    def add(self, document: Document, chunks: Sequence[Chunk], hidden: Hidden = ()) -> None:
        """Add the chunks of a stored document; of chunks that are equal in place and text the first stays."""
        unique = {chunk.id: chunk for chunk in reversed(chunks)}
        self._add(
            document,
            [
                _Pending(document.title, chunk, content_key(document.title, chunk))
                for chunk in reversed(unique.values())
            ],
            hidden,
        )

    def copy(self, document: Document, hidden: Hidden = ()) -> None:
        """Add the chunks of a stored document, which is the same as in the generation before, as they were there."""
        assert self._previous is not None
        copied = self._previous.store.chunks_of(document.id)
        self._add(
            document, [_Pending(document.title, chunk, old.content_key, old) for chunk, old in copied], hidden
        )

    def _add(self, document: Document, items: list[_Pending], hidden: Hidden) -> None:
        if hidden:
            self.store.hide(document.id, hidden)
        # Every field is given its length, so that no two different documents can feed the same bytes.
        parts = (
            document.id,
            document.path,
            document.title,
            document.url or "",
            document.sha256,
            document.text,
        )
        for data in (part.encode(errors="surrogatepass") for part in parts):
            self._digest.update(f"{len(data)}:".encode() + data)
        for item in items:
            self._digest.update(item.key.encode())
        self._pending.extend(items)
        self.chunks += len(items)
        while len(self._pending) >= BLOCK:
            block, self._pending = self._pending[:BLOCK], self._pending[BLOCK:]
            self._flush(block)

    def finish(
        self,
        splitter: SplitterRecord,
        versions: VersionsRecord,
        sources: tuple[SourceRecord, ...],
        on_step: Callable[[str], None] = lambda step: None,
    ) -> Manifest:
        """Embed what is left, build both indexes, write the manifest; all files are closed."""
        if self._pending:
            block, self._pending = self._pending, []
            self._flush(block)
        self._settle()
        on_step("terms")
        lexical.build(self.store.searched_texts(), self.folder / LEXICAL)
        identity = self._embeddings.identity
        (self.folder / CANARIES).write_bytes(self._canaries().tobytes())
        counts = Counts(documents=self.store.documents, chunks=self.store.chunks, spans=self.store.spans)
        on_step("close")
        self.abandon()
        on_step("graph")
        self._build_chroma(counts.chunks, identity.dimension)
        on_step("manifest")
        manifest = Manifest(
            generation=self.folder.name,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            embedding=EmbeddingRecord(
                name=identity.name, sha256=identity.sha256, dimension=identity.dimension
            ),
            splitter=splitter,
            versions=versions,
            counts=counts,
            content_sha256=self._digest.hexdigest(),
            sources=sources,
            files=records_of(self.folder),
        )
        manifest.save(self.folder)
        return manifest

    def abandon(self) -> None:
        """Close all files as they are, each of them even if another cannot be closed; again does nothing."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._files.close()

    def _build_chroma(self, rows: int, dimension: int) -> None:
        """From the file of vectors, once all are there: then Chroma can be told to leave none in its log."""
        path = self.folder / VECTORS
        mapped: Any = np.memmap(path, np.float16, "r", shape=(rows, dimension)) if rows else ()
        vectors.build(mapped, self.folder / CHROMA)

    def _canaries(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
        """Taken over where no text had to be embedded, so that the model need not even be loaded."""
        if self._previous is not None and not self.embedded:
            return np.fromfile(self._previous.folder / CANARIES, np.float16)
        return canaries(self._embeddings).astype(np.float16)

    def _flush(self, block: list[_Pending]) -> None:
        """Begin with a block, and write the one before: meanwhile the next is read and divided."""
        if not self.store.chunks and self._running is None:
            self._on_embedded(0)
        known = self._known(block)
        fresh = [i for i, made in enumerate(known) if made is None]
        computed = self._thread.submit(self._embed, [block[i] for i in fresh]) if fresh else None
        self._settle()
        self._running = _Running(block, known, fresh, computed)

    def _settle(self) -> None:
        """Await the vectors of the block that was begun with, and write it."""
        if self._running is None:
            return
        running, self._running = self._running, None
        if running.computed is not None:
            for i, made in zip(running.fresh, running.computed.result(), strict=True):
                running.known[i] = made
        rows: list[Vectors] = []
        for item, made_or_none in zip(running.block, running.known, strict=True):
            assert made_or_none is not None
            self.store.add_chunk(item.key, item.chunk)
            rows.append(made_or_none[0])
            self._span_file.write(made_or_none[1].astype(np.float16).tobytes())
            self._sign_file.write(made_or_none[2].tobytes())
            self._count_file.write(np.uint32(len(made_or_none[2])).tobytes())
        self._vector_file.write(np.stack(rows).astype(np.float16).tobytes())
        self.embedded += len(running.fresh)
        self.reused += len(running.block) - len(running.fresh)
        self._on_embedded(self.store.chunks)

    def _embed(self, block: list[_Pending]) -> list[Made]:
        if not block:
            return []
        texts = [embedded_text(item.title, item.chunk) for item in block]
        spans = [embedded_ranges(text, item.chunk) for text, item in zip(texts, block, strict=True)]
        words = [content_words(text) for text in texts]
        _hand_back()
        vectors, pooled = self._embeddings.embed_spans(
            texts, [a + b for a, b in zip(spans, words, strict=True)]
        )
        # A chunk's signs take 0.6 ms in one thread, in two up to 50 ms while another process computes.
        with threadpool_limits(1, "blas"):
            return [
                (vector, both[: len(own)], encode(both[len(own) :]))
                for vector, both, own in zip(vectors, pooled, spans, strict=True)
            ]

    def _known(self, block: list[_Pending]) -> list[Made | None]:
        """Vectors of chunk and spans from the generation before, for the chunks that it has."""
        previous = self._previous
        if previous is None:
            return [None] * len(block)
        by_key = previous.store.chunk_rows([item.key for item in block if item.stored is None])
        return [
            (
                np.asarray(previous.chunk_vectors[old.row], np.float32),
                np.asarray(previous.span_vectors[old.first_span : old.first_span + old.spans], np.float32),
                previous.words.signs(old.row),
            )
            if (old := item.stored or by_key.get(item.key)) is not None
            else None
            for item in block
        ]


def _hand_back() -> None:
    """Hand what is free back to the system where its allocator, glibc's, would keep it.

    The tensors of a block leave holes that those of the next do not fill: 60 MB more for each of the first blocks.
    """
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
