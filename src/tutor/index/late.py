"""Late interaction: every word piece of a question against every content word of a chunk, at one bit per dimension.

A chunk is scored by the mean, over the question's word pieces, of the best cosine similarity that any of its words
reaches (MaxSim; Khattab and Zaharia 2020, ColBERT). The vectors come from the forward pass that embeds the chunk. They
are kept as signs: a unit vector is turned by a fixed orthogonal matrix, which spreads what it says evenly over its
dimensions, and the sign of each is one bit (as in Gao and Long 2024, RaBitQ). The question's vectors stay as they are.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from tutor.embedding import Vectors

Signs = NDArray[np.uint8]


@lru_cache(maxsize=4)
def rotation(dimension: int) -> Vectors:
    """The orthogonal matrix by which vectors are turned, shape (dimension, dimension): random signs, then a DCT-II."""
    # Bits of a hash, not of NumPy's generator, whose numbers may differ between versions: an index outlives them.
    seed = np.frombuffer(hashlib.shake_128(b"signs").digest(-(-dimension // 8)), np.uint8)
    signs = 1.0 - 2.0 * np.unpackbits(seed, count=dimension)
    n = np.arange(dimension)
    cosine = np.cos(math.pi * (2 * n[:, None] + 1) * n[None, :] / (2 * dimension)) * math.sqrt(2 / dimension)
    cosine[:, 0] /= math.sqrt(2)
    return np.asarray(signs[:, None] * cosine, np.float32)


def encode(vectors: Vectors) -> Signs:
    """Unit vectors as packed signs, shape (vectors, ceil(dimension / 8))."""
    return np.packbits(vectors @ rotation(vectors.shape[1]) >= 0, axis=1)


class WordIndex:
    """The signs of the words of all chunks, in the order of their rows; read by memory map.

    `signs` is a file of packed signs, `counts` one of the number of words of each chunk (32-bit). Raises
    ValueError if the two do not agree.
    """

    def __init__(self, signs: Path, counts: Path, rows: int, dimension: int) -> None:
        each = np.fromfile(counts, np.uint32)
        self._starts = np.concatenate(([0], np.cumsum(each, dtype=np.int64)))
        self._dimension = dimension
        width = -(-dimension // 8)
        if len(each) != rows or signs.stat().st_size != self._starts[-1] * width:
            raise ValueError(f"{signs.name} and {counts.name} do not hold the words of {rows} chunks")
        self._signs: Signs = (
            np.memmap(signs, np.uint8, "r", shape=(int(self._starts[-1]), width))
            if self._starts[-1]
            else np.zeros((0, width), np.uint8)
        )

    def signs(self, row: int) -> Signs:
        """The packed signs of a chunk's words."""
        return np.asarray(self._signs[self._starts[row] : self._starts[row + 1]])

    def scores(self, query: Vectors, weights: Vectors, rows: Sequence[int]) -> Vectors:
        """The weighted mean of the best cosines of the query's vectors (unit rows) in each chunk, shape (len(rows),).

        A cosine is estimated from signs: sqrt(pi / (2 · dimension)) times the product with the turned vector.
        """
        found = np.zeros(len(rows), np.float32)
        if not len(rows) or not weights.sum():
            return found
        with _one_thread():
            return self._scores(query, weights, rows, found)

    def _scores(self, query: Vectors, weights: Vectors, rows: Sequence[int], found: Vectors) -> Vectors:
        turned = query @ rotation(self._dimension)
        offset = turned.sum(axis=1, keepdims=True)
        scale = math.sqrt(math.pi / (2 * self._dimension))
        shares = weights / weights.sum()
        filled = [i for i, row in enumerate(rows) if self._starts[row] < self._starts[row + 1]]
        parts = [self.signs(rows[i]) for i in filled]
        if not parts:
            return found
        bits = np.unpackbits(np.concatenate(parts), axis=1, count=self._dimension).astype(np.float32)
        cosines = scale * (2 * turned @ bits.T - offset)
        starts = np.concatenate(([0], np.cumsum([len(part) for part in parts])[:-1]))
        found[filled] = shares @ np.maximum.reduceat(cosines, starts, axis=1)
        return found


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> AbstractContextManager[object]:
    """Products this small are not worth a second thread: 1.3 ms in one, 16 in two while another process computes."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limited
