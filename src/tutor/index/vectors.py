"""The dense index: one Chroma collection per generation, cosine distance, keyed by row number.

Chroma writes to its files even when it only reads them. A published generation must not change, so a reader opens a
working copy: the small files copied to a temporary folder, the large ones, which Chroma leaves alone, linked.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tutor.embedding import Vectors

_COLLECTION = "chunks"
# With Chroma's defaults (16, 100, 100) HNSW loses rows that are all equally far from each other: of 380 no search could reach
# 182 any more, nor 10 with (64, 200, 500). (128, 100, 500) loses none, like (128, 500, 500), in a third of the time and less.
# `benchmarks/scale.py` holds recall@10 against an exact scan to .99 (docs/decisions/0010-scale.md).
_HNSW: dict[str, str | int] = {
    "space": "cosine",
    "max_neighbors": 128,
    "ef_construction": 100,
    "ef_search": 500,
}
_BATCH = 2_000  # rows in one call
# Rows after which `build` has Chroma write its graph, whole each time: fewer would make the writing grow with the square of
# the rows, more would make the log larger, which holds them until then.
_PART = 50_000
_LINKED = (
    "data_level0.bin",
    "link_lists.bin",
)  # vectors and graph: only read where the graph is on disk at all
_DATABASE = "chroma.sqlite3"
_ON_DISK = "index_metadata.pickle"  # the file that says so; without it all is in the log
_COPIED_BYTES = 16 * 1024**2  # up to this size a copy costs nothing


class VectorIndex:
    """A Chroma collection in a folder: a new one with `create`, else a working copy of what is there.

    A new one writes its graph after every `logged` rows. Those added since then are in its log alone, from which every reader
    has to insert them anew.

    Chroma keeps a process-wide handle until it is closed: by `close`, or when nobody holds the index any more.
    """

    def __init__(self, folder: Path, *, create: bool = False, logged: int = 1_000) -> None:
        copy = None if create else _working_copy(folder)
        self.folder = copy or folder  # where Chroma works
        client = None
        try:
            client = _client(self.folder)
            hnsw = _HNSW | {"sync_threshold": max(logged, 2)}  # Chroma takes no less
            self._collection: Any = (
                client.create_collection(_COLLECTION, embedding_function=None, configuration={"hnsw": hnsw})
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

    def add(self, first_row: int, vectors: Vectors | NDArray[np.float16]) -> None:
        """Add consecutive rows, each vector of length 1."""
        for start, stop in _evenly(len(vectors), _BATCH):
            ids = [str(row) for row in range(first_row + start, first_row + stop)]
            self._collection.add(ids=ids, embeddings=np.asarray(vectors[start:stop], np.float32))

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


def build(vectors: Vectors | NDArray[np.float16], folder: Path) -> None:
    """A collection of all rows of a matrix in a new folder, with none left in its log; the matrix may be memory-mapped.

    Raises OSError (ENOSPC) if the disk has no room for it: Chroma says of that no more than that it failed.
    """
    try:
        _build(vectors, folder)
    except Exception as error:
        row = np.shape(vectors)[-1] + 2 * int(_HNSW["max_neighbors"])  # numbers of 4 bytes, in graph or log
        needed = 4 * row * len(vectors)
        if shutil.disk_usage(folder.parent).free < 2 * needed + _COPIED_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from error
        raise


def _build(vectors: Vectors | NDArray[np.float16], folder: Path) -> None:
    parts = _evenly(len(vectors), _PART)
    with VectorIndex(
        folder, create=True, logged=min((stop - start for start, stop in parts), default=0)
    ) as index:
        for start, stop in parts:
            index.add(start, vectors[start:stop])
    with closing(sqlite3.connect(folder / _DATABASE)) as database:
        database.execute("VACUUM")  # the log is empty, but its pages are still there


def _evenly(count: int, most: int) -> list[tuple[int, int]]:
    """The fewest ranges of at most `most` that cover `count`, none longer than another by more than one."""
    ranges = -(-count // most)
    ends = [count * i // ranges for i in range(1, ranges + 1)]
    return list(zip([0, *ends], ends, strict=False))


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
