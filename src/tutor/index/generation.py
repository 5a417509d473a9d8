"""One published generation, read only: documents, chunks, spans, and the two searches over them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import chromadb.errors
import numpy as np
from numpy.typing import NDArray

from tutor.embedding import EmbeddingIdentity, Vectors
from tutor.errors import IndexDamagedError, IndexMismatchError
from tutor.index.lexical import LexicalIndex
from tutor.index.manifest import REBUILD, Counts, load_manifest
from tutor.index.store import Store
from tutor.index.vectors import VectorIndex

_DAMAGE = (OSError, ValueError, KeyError, sqlite3.Error, chromadb.errors.ChromaError)

STORE, VECTORS, LEXICAL, SPAN_VECTORS = "store.sqlite", "chroma", "lexical", "spans.f16"


class Generation:
    """Open for reading; immutable, so it may be shared between threads and held as long as a request lasts.

    Raises IndexDamagedError if its files do not agree with its manifest.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = load_manifest(folder)
        counts, dimension = self.manifest.counts, self.manifest.embedding.dimension
        self.store = Store(folder / STORE)
        try:
            if (stored := Counts(**self.store.counts())) != counts:
                raise ValueError(f"its store holds {stored}, its manifest says {counts}")
            self.lexical = LexicalIndex(folder / LEXICAL, counts.chunks)
            self.span_vectors: NDArray[np.float16] = (
                np.memmap(folder / SPAN_VECTORS, np.float16, "r", shape=(counts.spans, dimension))
                if counts.spans
                else np.zeros((0, dimension), np.float16)
            )
            self.vectors = VectorIndex(folder / VECTORS)
        except _DAMAGE as error:
            self.store.close()
            raise IndexDamagedError(
                f"generation {folder.name} cannot be opened ({error})", help=REBUILD
            ) from error

    @property
    def name(self) -> str:
        """The generation's name, such as `000003`."""
        return self.folder.name

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
                f"not with {identity.name!r} ({identity.dimension})",
                help="Run `tutor ingest` to rebuild it with this model, or set TUTOR_EMBEDDING_MODEL back.",
            )

    def verify(self) -> None:
        """Raise IndexDamagedError unless every chunk has a vector and stored vectors find themselves."""
        try:
            problem = self._problem()
        except _DAMAGE as error:
            problem = f"cannot be searched ({error})"
        if problem:
            raise IndexDamagedError(f"generation {self.name} {problem}", help=REBUILD)

    def _problem(self) -> str:
        chunks = self.manifest.counts.chunks
        if (vectors := self.vectors.count()) != chunks:
            return f"holds {vectors} vectors for {chunks} chunks"
        probes = self._probes()
        stored = self.vectors.get(probes)
        for row in probes:
            found = self.vectors.search(stored[row].tolist(), 1) if row in stored else []
            if not found or found[0][1] < 0.999:
                return f"does not find its own row {row}"
        return ""

    def _probes(self) -> list[int]:
        """Up to five rows, spread evenly."""
        chunks = self.manifest.counts.chunks
        return sorted({round(i * (chunks - 1) / 4) for i in range(5)}) if chunks else []

    @cached_property
    def _rows_by_document(self) -> dict[str, NDArray[np.int64]]:
        ids = np.array(self.store.document_of_rows())
        return {str(id_): np.flatnonzero(ids == id_) for id_ in np.unique(ids)}

    def dense(
        self, vector: Sequence[float], k: int, document_ids: Sequence[str] | None = None
    ) -> list[tuple[int, float]]:
        """Rows and cosine similarities of the nearest k chunks of the given documents (None: of all)."""
        k = min(k, self.manifest.counts.chunks)
        return self.vectors.search(vector, k, document_ids) if k else []

    def lexical_search(
        self, terms: list[str], k: int, document_ids: Sequence[str] | None = None
    ) -> list[tuple[int, float]]:
        """Rows and BM25 scores of the best k chunks of the given documents (None: of all)."""
        if document_ids is None:
            return self.lexical.search(terms, k)
        allowed = np.zeros(self.manifest.counts.chunks, np.bool_)
        for document_id in document_ids:
            allowed[self._rows_by_document.get(document_id, np.array([], np.int64))] = True
        return self.lexical.search(terms, k, allowed)

    def spans_similarity(self, rows: Sequence[int], vector: Vectors) -> Vectors:
        """Cosine similarity of span rows to a vector of length 1, shape (len(rows),)."""
        return np.asarray(self.span_vectors[list(rows)], np.float32) @ vector
