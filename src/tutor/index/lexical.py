"""The lexical index: BM25 over search terms, built once for a generation and read by memory map (bm25s)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from numpy.typing import NDArray

from tutor.index.terms import terms

# Lucene's BM25 with its customary parameters (Robertson and Zaragoza 2009 for k1 and b).
_METHOD, _K1, _B = "lucene", 1.2, 0.75


def build(texts: Iterable[str], folder: Path) -> int:
    """Index texts in order into a new folder; returns how many. A text's position is its row."""
    tokens = [terms(text) for text in texts]
    rows = len(tokens)
    if not any(tokens):  # bm25s needs a term; no text has this one
        tokens[:1] = [["\x00"]]
    index = bm25s.BM25(method=_METHOD, k1=_K1, b=_B)
    index.index(tokens, show_progress=False)
    index.save(str(folder), show_progress=False)
    return rows


class LexicalIndex:
    """A saved index, read by memory map; safe to share between threads. Raises ValueError if it has not `rows` rows."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._index: Any = bm25s.BM25.load(str(folder), load_corpus=False, mmap=True)
        if self._index.scores["num_docs"] != max(rows, 1):
            raise ValueError(f"the lexical index has {self._index.scores['num_docs']} rows, not {rows}")
        # bm25s adds an empty term, which no row has.
        self._vocabulary: dict[str, int] = {t: i for t, i in self._index.vocab_dict.items() if t}
        self._rows = rows

    @property
    def vocabulary(self) -> Iterable[str]:
        """Every term of the index."""
        return self._vocabulary.keys()

    def frequency(self, term: str) -> int:
        """In how many rows a term occurs."""
        token = self._vocabulary.get(term)
        if token is None:
            return 0
        starts = self._index.scores["indptr"]
        return int(starts[token + 1] - starts[token])

    def idf(self, term: str) -> float:
        """Inverse document frequency, ln(1 + (N - n + 0.5) / (n + 0.5)) as in BM25; highest for an unknown term."""
        n = self.frequency(term)
        return math.log(1 + (self._rows - n + 0.5) / (n + 0.5))

    def search(
        self, query_terms: list[str], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> list[tuple[int, float]]:
        """Rows and scores of the best k rows with a score above 0, best first; ties by row."""
        known = [self._vocabulary[term] for term in query_terms if term in self._vocabulary]
        if not known or k < 1:
            return []
        scores = np.asarray(self._index.get_scores_from_ids(known), np.float32)
        if allowed is not None:
            scores = np.where(allowed, scores, 0)
        k = min(k, len(scores))
        kth = np.partition(scores, -k)[-k]
        top = np.flatnonzero((scores >= kth) & (scores > 0))  # with all that tie for the last place
        best = top[np.lexsort((top, -scores[top]))][:k]
        return [(int(row), float(scores[row])) for row in best]
