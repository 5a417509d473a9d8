"""One set on the bench: what both searches and late interaction score, and how good an order of passages is.

Scores are matrices of (questions, passages). What a way does not find has -inf.
"""

from __future__ import annotations

import math
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from _retrieval_encode import (
    Ints,
    Ragged,
    encode_bodies,
    encode_passages,
    encode_pieces,
    encode_questions,
    similarities,
)
from _retrieval_lexical import Postings, matrix
from _retrieval_sets import PassageSet
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tutor.embedding import HalfVectors, SpanEmbeddings, Vectors
from tutor.index import lexical
from tutor.index.late import rotation
from tutor.index.terms import terms
from tutor.retrieval.fusion import Ranking, blend
from tutor.retrieval.search import DEPTH, searched_terms
from tutor.retrieval.spelling import corrections
from tutor.retrieval.synonyms import expand

Scores = Vectors
Mask = NDArray[np.bool_]

RESCORED = 30


@dataclass(frozen=True, slots=True)
class Form:
    """How the vectors of late interaction are kept: which ones, and what of each."""

    vectors: str = "content words"
    kept: str = "1 bit"

    def __str__(self) -> str:
        return f"{self.vectors}, {self.kept}"


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the questions of a set, or over sets."""

    ndcg: float
    recall5: float
    recall20: float
    mrr: float


class Lab:
    """A set with its vectors and terms, ready to be searched in any way."""

    def __init__(self, passages: PassageSet, embeddings: SpanEmbeddings, cache: Path) -> None:
        self.set, self._embeddings, self._cache = passages, embeddings, cache
        self.passages = encode_passages(passages.passages, embeddings, cache)
        self.questions = encode_questions(passages.questions, embeddings, cache)
        self.gold = np.zeros((len(passages.questions), len(passages.passages)), np.bool_)
        for number, rows in enumerate(passages.gold):
            self.gold[number, list(rows)] = True
        self._late: dict[tuple[Form, int], Scores] = {}

    @cached_property
    def texts(self) -> list[str]:
        """What the lexical search sees."""
        return [f"{passage.title}\n{passage.body}" for passage in self.set.passages]

    @cached_property
    def asked(self) -> list[Counter[str]]:
        """The terms that the tutor searches for each question: misspelt ones read right, synonyms beside."""
        with tempfile.TemporaryDirectory() as folder:
            lexical.build(self.texts, Path(folder) / "lexical")
            index = lexical.LexicalIndex(Path(folder) / "lexical", len(self.texts))
            generation: Any = SimpleNamespace(lexical=index)
            found = []
            for question in self.set.questions:
                meant = corrections(question, generation, self._embeddings)
                read = (meant.get(term, term) for term in searched_terms(question))
                found.append(Counter(expand(read, index.frequency)))
        return found

    @cached_property
    def plainly_asked(self) -> list[Counter[str]]:
        """The same without corrections and synonyms."""
        return [Counter(searched_terms(question)) for question in self.set.questions]

    @cached_property
    def postings(self) -> Postings:
        """The terms of each passage."""
        return Postings([terms(text) for text in self.texts])

    @cached_property
    def lexical(self) -> Scores:
        """BM25 of every passage."""
        return matrix(self.postings, self.asked)

    @cached_property
    def dense(self) -> Scores:
        """Cosine of every passage."""
        return self.passages.similarities(self.questions.vectors)

    @cached_property
    def untitled(self) -> Scores:
        """Cosine of every passage without its title."""
        vectors, rows = encode_bodies(self.set.passages, self._embeddings, self._cache)
        return similarities(self.questions.vectors, vectors, rows)

    @cached_property
    def rankings(self) -> list[tuple[Ranking, Ranking]]:
        """What both searches of the tutor hand on, for each question."""
        pairs = zip(self.dense, self.lexical, strict=True)
        return [(_best(dense), [pair for pair in _best(bm25) if pair[1] > 0]) for dense, bm25 in pairs]

    @cached_property
    def blended(self) -> Scores:
        """The tutor's blend of both searches."""
        return self.fused(blend)

    def fused(self, fuse: Callable[[Ranking, Ranking], Ranking]) -> Scores:
        """The scores that a fusion of two rankings gives."""
        scores = np.full(self.gold.shape, -np.inf, np.float32)
        for number, (dense, bm25) in enumerate(self.rankings):
            for row, score in fuse(dense, bm25):
                scores[number, row] = score
        return scores

    def late(self, form: Form, depth: int = RESCORED) -> Scores:
        """The weighted mean of the best cosines of each question's vectors, for the blend's best passages."""
        if (form, depth) not in self._late:
            self._late[form, depth] = self._late_scores(form, best(self.blended, depth))
        return self._late[form, depth]

    def _late_scores(self, form: Form, chosen: Mask) -> Scores:
        kept, queries, weights = self.kept(form)
        values, turned = _stored(form.kept, kept, queries)
        scores = np.full(self.gold.shape, -np.inf, np.float32)
        with threadpool_limits(1, "blas"):  # the products are too small for a second thread
            for number, mask in enumerate(chosen):
                rows = np.flatnonzero(mask)
                own = slice(queries.starts[number], queries.starts[number + 1])
                scores[number, rows] = max_sim(turned[own], weights[own], values, kept.starts, rows)
        return scores

    def kept(self, form: Form) -> tuple[Ragged, Ragged, Vectors]:
        """The vectors that a form keeps of the passages, those of the questions, and the weights of these."""
        asked, words = self.questions, self.passages.words
        by_piece = asked.pieces, asked.piece_weights
        match form.vectors:
            case "word pieces":
                return self.pieces, *by_piece
            case "word pieces, unweighted":
                return self.pieces, asked.pieces, np.ones_like(asked.piece_weights)
            case "pairs of word pieces":
                return self.pieces.pooled(2), *by_piece
            case "words":
                return words, *by_piece
            case "content words":
                return words.where(self.passages.content), *by_piece
            case "content words, also of the question":
                return words.where(self.passages.content), asked.words, asked.word_weights
            case "sentences":
                return self.passages.sentences, *by_piece
        raise ValueError(form.vectors)

    @cached_property
    def pieces(self) -> Ragged:
        """The vectors of the passages' word pieces."""
        return encode_pieces(self.set.passages, self._embeddings, self._cache)

    def bytes_per_passage(self, form: Form) -> float:
        """What a form takes on disk."""
        kept, _, _ = self.kept(form)
        dimension = kept.values.shape[1]
        return len(kept.values) / len(self.gold[0]) * stored_bytes(form.kept, dimension)

    @cached_property
    def next_follows(self) -> Mask:
        """Of each passage but the last, whether the next is of the same document."""
        documents = [passage.document for passage in self.set.passages]
        return np.array([one == other for one, other in pairwise(documents)])

    def quality(self, scores: Scores) -> dict[str, NDArray[np.float64]]:
        """nDCG@10 (Järvelin and Kekäläinen 2002), recall and reciprocal rank of each question."""
        order = np.argsort(-scores, axis=1, kind="stable")[:, :20]
        hits = np.take_along_axis(self.gold, order, 1) & np.isfinite(np.take_along_axis(scores, order, 1))
        wanted = np.maximum(self.gold.sum(axis=1), 1)
        discounts = 1 / np.log2(np.arange(2, 12))
        ideal = np.cumsum(discounts)[np.minimum(wanted, 10) - 1]
        first = hits.argmax(axis=1)
        return {
            "ndcg": hits[:, :10] @ discounts / ideal,
            "recall5": hits[:, :5].sum(axis=1) / wanted,
            "recall20": hits.sum(axis=1) / wanted,
            "mrr": np.where(hits.any(axis=1), 1 / (first + 1), 0.0),
        }


def best(scores: Scores, depth: int) -> Mask:
    """The best found passages of each question."""
    chosen = np.zeros(scores.shape, np.bool_)
    np.put_along_axis(chosen, np.argsort(-scores, axis=1, kind="stable")[:, :depth], True, axis=1)
    return chosen & np.isfinite(scores)


def max_sim(
    query: Vectors, weights: Vectors, values: Vectors | HalfVectors, starts: Ints, rows: Ints
) -> Vectors:
    """The weighted mean of the query's best products with each row's vectors (Khattab and Zaharia 2020)."""
    lengths = starts[rows + 1] - starts[rows]
    first = np.cumsum(lengths) - lengths
    places = np.repeat(starts[rows] - first, lengths) + np.arange(lengths.sum())
    products = query @ np.asarray(values[places], np.float32).T
    return np.asarray(weights / weights.sum() @ np.maximum.reduceat(products, first, axis=1), np.float32)


def stored_bytes(kept: str, dimension: int) -> float:
    """Bytes of a vector: floats of 16 bits, so many bits a dimension, or so many bytes and a scale."""
    if kept == "16 bits, float":
        return 2 * dimension
    number = _number(kept)
    return number + 2 if kept.startswith(("principal", "random")) else dimension * number / 8


def _number(kept: str) -> int:
    """The first number in a form's name."""
    return int(re.findall(r"\d+", kept)[0])


def _stored(kept: str, passages: Ragged, questions: Ragged) -> tuple[Vectors | HalfVectors, Vectors]:
    """The passages' vectors as a form keeps them, and the questions' turned to match."""
    asked = np.asarray(questions.values, np.float32)
    if kept == "16 bits, float":
        return passages.values, asked
    dimension = asked.shape[1]
    number = _number(kept)
    if kept.startswith("principal"):  # fitted on the set itself
        values = np.asarray(passages.values, np.float32)
        axes = np.linalg.eigh(values.T @ values)[1][:, ::-1][:, :number]
        return _rounded(values @ axes, 8), asked @ axes
    turn = rotation(dimension)
    turned = np.asarray(passages.values, np.float32) @ turn
    if kept.startswith("random"):
        return _rounded(turned[:, :number], 8), asked @ turn[:, :number]
    return _rounded(turned, number), asked @ turn


def _rounded(vectors: Vectors, bits: int) -> Vectors:
    """Vectors as so many bits a dimension leave them, each on its own scale; at 1 bit all on one."""
    if bits == 1:
        return np.where(vectors >= 0, 1, -1).astype(np.float32) * math.sqrt(math.pi / (2 * vectors.shape[1]))
    if bits == 2:  # the best four levels for normally distributed numbers (Max 1960)
        scale = np.maximum(vectors.std(axis=1, keepdims=True), 1e-9)
        levels = np.array([-1.51, -0.4528, 0.4528, 1.51], np.float32)
        return np.asarray(levels[np.digitize(vectors / scale, (-0.9816, 0, 0.9816))] * scale, np.float32)
    top = 2 ** (bits - 1) - 1
    scale = np.abs(vectors).max(axis=1, keepdims=True) / top
    return np.asarray(np.round(vectors / np.where(scale == 0, 1, scale)) * scale, np.float32)


def _best(scores: Vectors) -> list[tuple[int, float]]:
    return [(int(row), float(scores[row])) for row in np.argsort(-scores, kind="stable")[:DEPTH]]


def summed(quality: dict[str, NDArray[np.float64]]) -> Quality:
    """The means over the questions."""
    return Quality(**{name: float(values.mean()) for name, values in quality.items()})
