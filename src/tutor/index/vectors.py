"""The dense index: one Chroma collection per generation, cosine distance, keyed by row number.

Chroma writes to its files even when it only reads them. A published generation must not change, so a reader opens a
working copy: the small files copied to a temporary folder, the large ones, which Chroma leaves alone, linked.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tutor.embedding import Vectors

_COLLECTION = "chunks"
# With Chroma's defaults (16, 100, 100) HNSW lost half of a set of near-duplicates: no search could reach them any more,
# and others in each build. Of (64, 500), (128, 500) and (128, 1000) the latter two lost none, and recall@50 against exact
# search rose from .999 to 1.0 on `course_faq` (MiniLM). The price is about 0.6 s per 1,000 chunks in building.
_HNSW = {"space": "cosine", "max_neighbors": 128, "ef_construction": 500, "ef_search": 500}
_BATCH = 500
_LINKED = ("data_level0.bin", "link_lists.bin")  # vectors and graph: only read where the graph is on disk at all
_ON_DISK = "index_metadata.pickle"  # the file that says so; below 1,000 rows Chroma keeps all in its log
_COPIED_BYTES = 16 * 1024**2  # up to this size a copy costs nothing


class VectorIndex:
    """A Chroma collection in a folder: a new one with `create`, else a working copy of what is there.

    Chroma keeps a process-wide handle until it is closed: by `close`, or when nobody holds the index any more.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        copy = None if create else _working_copy(folder)
        self.folder = copy or folder  # where Chroma works
        client = None
        try:
            client = _client(self.folder)
            self._collection: Any = (
                client.create_collection(_COLLECTION, embedding_function=None, configuration={"hnsw": _HNSW})
                if create
                else client.get_collection(_COLLECTION, None)
            )
        except BaseException:
            _release(client, copy)
            raise
        self._release = weakref.finalize(self, _release, client, copy)

    def __enter__(self) -> VectorIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the files; again does nothing."""
        self._release()

    def add(self, first_row: int, vectors: Vectors) -> None:
        """Add consecutive rows, each vector of length 1."""
        for start in range(0, len(vectors), _BATCH):
            part = vectors[start : start + _BATCH]
            ids = [str(first_row + start + i) for i in range(len(part))]
            self._collection.add(ids=ids, embeddings=part)

    def count(self) -> int:
        """How many rows there are."""
        return int(self._collection.count())

    def search(self, vector: Sequence[float] | Vectors, k: int) -> list[tuple[int, float]]:
        """Rows and cosine similarities of the nearest k rows, nearest first."""
        if k < 1:
            return []
        result = self._collection.query(
            query_embeddings=np.asarray(vector, np.float32)[np.newaxis], n_results=k, include=["distances"]
        )
        distances: Any = result["distances"]
        pairs = [(int(row), 1.0 - float(d)) for row, d in zip(result["ids"][0], distances[0], strict=True)]
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def build(vectors: Vectors, folder: Path) -> None:
    """A collection of all rows of a matrix in a new folder."""
    with VectorIndex(folder, create=True) as index:
        for start in range(0, len(vectors), _BATCH):
            index.add(start, np.asarray(vectors[start : start + _BATCH], np.float32))


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    settings = ChromaSettings(anonymized_telemetry=False, is_persistent=True, persist_directory=str(folder))
    return chromadb.PersistentClient(path=str(folder), settings=settings)


def _working_copy(folder: Path) -> Path:
    copy = Path(tempfile.mkdtemp(prefix="tutor-chroma-"))
    try:
        for path in sorted(folder.rglob("*")):
            target = copy / path.relative_to(folder)
            if path.is_dir():
                target.mkdir()  # not with the modes of the source, which may be read-only
            else:
                _copy_or_link(path, target)
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise
    return copy


def _copy_or_link(file: Path, target: Path) -> None:
    large = file.name in _LINKED and file.stat().st_size > _COPIED_BYTES
    if large and file.with_name(_ON_DISK).is_file():
        with suppress(OSError):  # Windows asks for a privilege
            target.symlink_to(file.resolve())
            return
    shutil.copyfile(file, target)


def _release(client: Any, copy: Path | None) -> None:
    if client is not None:
        client.close()
    if copy is not None:
        shutil.rmtree(copy, ignore_errors=True)
