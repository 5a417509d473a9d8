"""One published generation, read only: documents, chunks, spans, and the searches over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tutor.embedding import EmbeddingIdentity, HalfVectors, SpanEmbeddings, Vectors
from tutor.errors import IndexDamagedError, IndexMismatchError
from tutor.index import terms
from tutor.index.integrity import damage
from tutor.index.late import WordIndex
from tutor.index.lexical import LexicalIndex
from tutor.index.manifest import REBUILD, REPAIR, Counts, load_manifest
from tutor.index.store import Store
from tutor.index.vectors import VectorIndex

STORE, VECTORS, CHROMA, LEXICAL = "store.sqlite", "vectors.f16", "chroma", "lexical"
SPAN_VECTORS, CANARIES = "spans.f16", "canaries.f16"
WORD_SIGNS, WORD_COUNTS = "words.b1", "words.u32"
EMBEDDED = (VECTORS, SPAN_VECTORS, WORD_SIGNS, WORD_COUNTS)  # what only the embedding model can make

# Texts whose vectors are kept, so that a model which claims to be the same one can be tried.
CANARY_TEXTS = (
    "What does a machine-learning engineer do?",
    "gradient descent",
    "Straße, naïve, 数据, k-NN: 3.14 %",
)
_SAME_MODEL = (
    0.99  # cosine; bfloat16 against float32 gives .9999, another fine-tuning of one model .9 and less
)
_ITSELF = 0.999  # cosine of a vector with itself after rounding
_PART = 8_192  # rows read at a time by an exact search
_REMEMBERED = 16  # conditions on documents whose rows are kept

Rows = NDArray[np.int64]


class Condition(Hashable, Protocol):
    """Which documents may be searched, as `tutor.retrieval.filters.Filters` says it."""

    def allows(self, document_id: str, path: str, metadata: Mapping[str, Any]) -> bool:
        """Whether a document passes."""


class Generation:
    """Open for reading; immutable, so it may be shared between threads and held as long as a request lasts.

    With `manifest_sha256` the manifest must have that hash. Unless it is for `searching`, another version of the text
    analysis does no harm: documents, chunks and vectors do not depend on it. Raises IndexDamagedError if a file is not the one
    published, IndexMismatchError if another version of the tutor wrote it.
    """

    def __init__(self, folder: Path, manifest_sha256: str = "", *, searching: bool = True) -> None:
        self.folder = folder
        if not folder.is_dir():
            raise IndexDamagedError(f"generation {folder.name} is gone from {folder.parent}", help=REPAIR)
        self.manifest = load_manifest(folder, manifest_sha256)
        if problems := damage(folder, self.manifest.files):
            raise IndexDamagedError(f"generation {folder.name} is damaged: {problems[0]}", help=REPAIR)
        if self.manifest.versions.terms != terms.VERSION and searching:
            raise IndexMismatchError(
                f"generation {folder.name} was made by another version of the tutor", help=REBUILD
            )
        counts, dimension = self.manifest.counts, self.manifest.embedding.dimension
        self.store = Store(folder / STORE)
        try:
            if (stored := Counts(**self.store.counts())) != counts:
                raise ValueError(f"its store holds {stored}, its manifest says {counts}")
            self.lexical = LexicalIndex(folder / LEXICAL, counts.chunks)
            self.chunk_vectors = _matrix(folder / VECTORS, counts.chunks, dimension)
            self.span_vectors = _matrix(folder / SPAN_VECTORS, counts.spans, dimension)
            self.words = WordIndex(folder / WORD_SIGNS, folder / WORD_COUNTS, counts.chunks, dimension)
            self.vectors = VectorIndex(folder / CHROMA)
        except Exception as error:
            self.store.close()
            if not _is_damage(error):
                raise
            raise IndexDamagedError(
                f"generation {folder.name} cannot be opened ({error})", help=REPAIR
            ) from error

    @property
    def name(self) -> str:
        """The generation's name, such as `000003`."""
        return self.folder.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the files."""
        self.vectors.close()
        self.store.close()

    def check_model(self, identity: EmbeddingIdentity) -> None:
        """Raise IndexMismatchError unless the model is the one that made the vectors."""
        record = self.manifest.embedding
        if (record.name, record.sha256, record.dimension) != (
            identity.name,
            identity.sha256,
            identity.dimension,
        ):
            raise IndexMismatchError(
                f"the index was built with the embedding model {record.name!r} ({record.dimension} dimensions), "
                f"not with {identity.name!r} ({identity.dimension})"
                + (", whose weights are others" if record.name == identity.name else ""),
                help=_OTHER_MODEL,
            )

    def check_canaries(self, embeddings: SpanEmbeddings) -> None:
        """Raise IndexMismatchError if the model, whatever it is called, no longer makes the vectors that it made."""
        stored = _matrix(self.folder / CANARIES, len(CANARY_TEXTS), self.manifest.embedding.dimension)
        made = canaries(embeddings)
        if (
            made.shape != stored.shape
            or (similar := float((made * stored.astype(np.float32)).sum(1).min())) < _SAME_MODEL
        ):
            told = "" if made.shape != stored.shape else f" (similarity {similar:.2f})"
            raise IndexMismatchError(
                f"the embedding model {embeddings.identity.name!r} gives other vectors than when the index was built{told}",
                help=_OTHER_VECTORS,
            )

    def verify(self) -> None:
        """Raise IndexDamagedError unless every chunk has a vector and stored vectors find themselves."""
        try:
            problem = self._problem()
        except Exception as error:
            if not _is_damage(error):
                raise
            problem = f"cannot be searched ({error})"
        if problem:
            raise IndexDamagedError(f"generation {self.name} {problem}", help=REPAIR)

    def _problem(self) -> str:
        chunks = self.manifest.counts.chunks
        if (vectors := self.vectors.count()) != chunks:
            return f"holds {vectors} vectors for {chunks} chunks"
        for row in self._probes():
            vector = np.asarray(self.chunk_vectors[row], np.float32)
            found = self.vectors.search(vector, 1)  # itself, or one that is equal in the file as well
            if not found or min(found[0][1], self.similarity([found[0][0]], vector)[0]) < _ITSELF:
                return f"does not find its own row {row}"
        return ""

    def _probes(self) -> list[int]:
        """Up to five rows, spread evenly."""
        chunks = self.manifest.counts.chunks
        return sorted({round(i * (chunks - 1) / 4) for i in range(5)}) if chunks else []

    @cached_property
    def _rows_by_document(self) -> dict[str, Rows]:
        ids = np.array(self.store.document_of_rows())
        order = np.argsort(ids, kind="stable")
        names, starts = np.unique(ids[order], return_index=True)
        return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))

    def rows_of(self, document_ids: Sequence[str]) -> Rows:
        """The rows of all chunks of documents, ascending."""
        found = [self._rows_by_document[id_] for id_ in document_ids if id_ in self._rows_by_document]
        return np.sort(np.concatenate(found)) if found else np.array([], np.int64)

    @cached_property
    def chosen(self) -> Callable[[Condition], Rows]:
        """The rows of all chunks of the documents that pass; what the last conditions gave is remembered."""
        return lru_cache(_REMEMBERED)(self._rows_that_pass)

    def _rows_that_pass(self, condition: Condition) -> Rows:
        passing = (one.id for one in self.store.summaries if condition.allows(one.id, one.path, one.metadata))
        return self.rows_of(list(passing))

    def dense(
        self, vector: Sequence[float] | Vectors, k: int, rows: Rows | None = None
    ) -> list[tuple[int, float]]:
        """Rows and cosine similarities of the nearest k chunks, by Chroma; among given rows by exact search."""
        if rows is None:
            k = min(k, self.manifest.counts.chunks)
            return self.vectors.search(vector, k) if k else []
        scores = self.similarity(rows, np.asarray(vector, np.float32))
        best = np.lexsort((rows, -scores))[:k]
        return [(int(rows[i]), float(scores[i])) for i in best]

    def lexical_search(self, terms: list[str], k: int, rows: Rows | None = None) -> list[tuple[int, float]]:
        """Rows and BM25 scores of the best k chunks among the given rows (None: among all)."""
        if rows is None:
            return self.lexical.search(terms, k)
        allowed = np.zeros(self.manifest.counts.chunks, np.bool_)
        allowed[rows] = True
        return self.lexical.search(terms, k, allowed)

    def similarity(self, rows: Sequence[int] | Rows, vector: Vectors) -> Vectors:
        """Cosine similarity of chunk rows to a vector of length 1, exact, shape (len(rows),)."""
        return _similarity(self.chunk_vectors, np.asarray(rows, np.int64), vector)

    def spans_similarity(self, rows: Sequence[int], vector: Vectors) -> Vectors:
        """Cosine similarity of span rows to a vector of length 1, shape (len(rows),)."""
        return _similarity(self.span_vectors, np.asarray(rows, np.int64), vector)


_OTHER_VECTORS = "Run `tutor ingest --reread` to compute them anew, or bring the model back to what it was."
_OTHER_MODEL = "Run `tutor ingest` to rebuild it with this model, or set TUTOR_EMBEDDING_MODEL back."


def canaries(embeddings: SpanEmbeddings) -> Vectors:
    """The vectors of the canary texts, shape (texts, dimension)."""
    return np.array([embeddings.embed_query(text) for text in CANARY_TEXTS], np.float32)


def _similarity(matrix: HalfVectors, rows: Rows, vector: Vectors) -> Vectors:
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _PART):
        part = slice(start, start + _PART)
        found[part] = matrix[rows[part]].astype(np.float32) @ vector
    return found


def _matrix(path: Path, rows: int, dimension: int) -> HalfVectors:
    if path.stat().st_size != rows * dimension * 2:
        raise ValueError(f"{path.name} has not {rows} vectors of {dimension} dimensions")
    return (
        np.memmap(path, np.float16, "r", shape=(rows, dimension))
        if rows
        else np.zeros((0, dimension), np.float16)
    )


def _is_damage(error: Exception) -> bool:
    """Whether this is how SQLite, Chroma or NumPy say that a file is not what it should be."""
    from chromadb.errors import ChromaError  # imported by now, or else not concerned

    return isinstance(error, (OSError, ValueError, KeyError, sqlite3.Error, ChromaError))
