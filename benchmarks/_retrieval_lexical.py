"""BM25 in its variants over the tutor's search terms: small and exact, for comparing, not for searching."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from tutor.embedding import Vectors

Variant = Literal["lucene", "robertson", "bm25+", "bm25l"]
K1, B = 1.2, 0.75
_DELTA = {"lucene": 0.0, "robertson": 0.0, "bm25+": 1.0, "bm25l": 0.5}  # as their authors set it


class Postings:
    """Which rows hold each term, and how often."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self.counts = [Counter(row) for row in rows]
        lengths = np.array([len(row) for row in rows], np.float32)
        self._relative = lengths / (lengths.mean() or 1)
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, counts in enumerate(self.counts):
            for term, count in counts.items():
                found[term].append((number, count))
        self._rows = {term: np.array(places) for term, places in found.items()}

    def frequency(self, term: str) -> int:
        """In how many rows a term occurs."""
        return len(self._rows.get(term, ()))

    def scores(
        self, query: Mapping[str, float], *, k1: float = K1, b: float = B, variant: Variant = "lucene"
    ) -> Vectors:
        """BM25 of each row for a query's terms and their weights.

        Lucene's form (Robertson and Zaragoza 2009), the first one with its inverse document frequency that
        can be negative (cut at 0), and those of Lv and Zhai (2011) that treat long rows more kindly.
        """
        n = len(self.counts)
        total = np.zeros(n, np.float32)
        for term, weight in query.items():
            places = self._rows.get(term)
            if places is None:
                continue
            at, tf, df = places[:, 0], places[:, 1].astype(np.float32), len(places)
            odds = (n - df + 0.5) / (df + 0.5)
            idf = max(np.log(odds), 0) if variant == "robertson" else np.log(1 + odds)
            norm = 1 - b + b * self._relative[at]
            if variant == "bm25l":
                tf = tf / norm + _DELTA[variant]
                total[at] += weight * idf * (k1 + 1) * tf / (k1 + tf)
            else:
                top = 1 if variant == "lucene" else k1 + 1
                total[at] += weight * idf * (top * tf / (k1 * norm + tf) + _DELTA[variant])
        return total

    def expanded(self, query: Mapping[str, float], *, rows: int = 3, terms: int = 10) -> dict[str, float]:
        """The query half itself, half the terms of its best rows: RM3 (Abdul-Jaleel and others 2004)."""
        scores = self.scores(query)
        best = [row for row in np.argsort(-scores, kind="stable")[:rows] if scores[row] > 0]
        if not best:
            return dict(query)
        model: dict[str, float] = defaultdict(float)
        for row in best:
            for term, count in self.counts[row].items():
                model[term] += scores[row] * count / self.counts[row].total()
        kept = sorted(model.items(), key=lambda pair: (-pair[1], pair[0]))[:terms]
        shares = {term: 0.5 * weight / sum(query.values()) for term, weight in query.items()}
        for term, weight in kept:
            shares[term] = shares.get(term, 0.0) + 0.5 * weight / sum(share for _, share in kept)
        return shares


def matrix(postings: Postings, queries: Iterable[Mapping[str, float]], **options: object) -> Vectors:
    """The scores of many queries, shape (queries, rows)."""
    return np.stack([postings.scores(query, **options) for query in queries])  # type: ignore[arg-type]


def pairs(terms: Sequence[str]) -> list[str]:
    """Neighbouring terms as one."""
    return [f"{one} {other}" for one, other in pairwise(terms)]
