"""One question through one generation: dense and lexical search, fused, near-duplicates collapsed, the top k kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tutor.documents import Leg, Passage
from tutor.embedding import CharRange, EmbeddedQuestion, Vectors
from tutor.index.generation import Generation
from tutor.index.store import StoredChunk
from tutor.index.terms import terms
from tutor.index.words import FUNCTION_WORDS, WORD
from tutor.retrieval.filters import Filters
from tutor.retrieval.fusion import (
    Ranking,
    blend,
    feedback,
    followed_by,
    ranked,
    rescore,
    with_neighbours,
)
from tutor.retrieval.synonyms import expand

DEPTH = 50  # rows that each leg contributes; the fusion was measured at this depth
RESCORED = 30  # rows that late interaction orders anew; more of them change nothing
_LIGHT = 0.3  # weight of special tokens, punctuation and function words in late interaction
# Leaving these out of the lexical search raised mean nDCG@10 on the development sets from .762 to .766.
_FUNCTION_TERMS = frozenset(terms(" ".join(FUNCTION_WORDS)))
_SAME = 0.9  # Jaccard similarity of term sets above which two passages are one


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought: the query's terms and vector, slips that were read as other terms, passages best first."""

    query_terms: tuple[str, ...]
    query_vector: Vectors
    passages: tuple[Passage, ...]
    corrections: Mapping[str, str] = field(default_factory=dict)


def search(
    generation: Generation,
    query: str,
    embedded: EmbeddedQuestion,
    *,
    k: int,
    filters: Filters | None = None,
    corrections: Mapping[str, str] | None = None,
) -> Found:
    """The best k passages of a generation for a query with its vectors; `corrections` maps misspelt terms."""
    meant = corrections or {}
    query_terms = expand(
        (meant.get(term, term) for term in searched_terms(query)), generation.lexical.frequency
    )
    allowed = None if filters is None or filters.empty else generation.chosen(filters)
    depth = max(DEPTH, k)
    dense = generation.dense(embedded.vector, depth, allowed)
    lexical = generation.lexical_search(query_terms, depth, allowed)
    fused = blend(dense, lexical)
    late = _late(generation, query, embedded, [row for row, _ in fused[: max(RESCORED, 2 * k)]])
    first = rescore(_cosine(generation, late, embedded.vector), dict(lexical), late)
    if first:
        best = np.asarray(generation.chunk_vectors[first[0][0]], np.float32)
        first = feedback(first, _cosine(generation, late, best))
        first = with_neighbours(first, generation.store.documents_of(late))
    fused = followed_by(first, fused)
    legs = {"dense": _legs(dense), "lexical": _legs(lexical), "late": _legs(ranked(late))}
    passages = _passages(generation, fused, legs, k)
    return Found(tuple(query_terms), embedded.vector, tuple(passages), meant)


def searched_terms(query: str) -> list[str]:
    """The terms of a query without those that carry its grammar only; all of them if nothing else is there."""
    every = terms(query)
    return [term for term in every if term not in _FUNCTION_TERMS] or every


def _cosine(generation: Generation, rows: Iterable[int], vector: Vectors) -> dict[int, float]:
    wanted = list(rows)
    return dict(zip(wanted, generation.similarity(wanted, vector).tolist(), strict=True))


def _late(
    generation: Generation, query: str, embedded: EmbeddedQuestion, rows: list[int]
) -> dict[int, float]:
    weights = piece_weights(query, embedded.pieces)
    return dict(zip(rows, generation.words.scores(embedded.tokens, weights, rows).tolist(), strict=True))


def piece_weights(query: str, pieces: Sequence[CharRange]) -> Vectors:
    """What each word piece of a query counts in late interaction: those of words that carry only its grammar, little."""
    heavy = [match.span() for match in WORD.finditer(query) if match.group().lower() not in FUNCTION_WORDS]
    inside = [any(start <= left < right <= end for start, end in heavy) for left, right in pieces]
    return np.where(inside, np.float32(1), np.float32(_LIGHT))


def _legs(ranking: Ranking) -> dict[int, Leg]:
    return {row: Leg(rank, score) for rank, (row, score) in enumerate(ranking, start=1)}


def _passages(
    generation: Generation, fused: Ranking, legs: dict[str, dict[int, Leg]], k: int
) -> list[Passage]:
    """The first k rows as passages, leaving out those that say the same as a better one."""
    kept: list[Passage] = []
    kept_terms: list[frozenset[str]] = []
    for chunk, score in _chunks(generation, fused, 2 * k):
        own = frozenset(terms(chunk.text))
        if any(_jaccard(own, other) >= _SAME for other in kept_terms):
            continue
        own_legs = {name: leg[chunk.row] for name, leg in legs.items() if chunk.row in leg}
        kept.append(_passage(generation, chunk, score, own_legs))
        kept_terms.append(own)
        if len(kept) == k:
            break
    return kept


def _chunks(generation: Generation, fused: Ranking, size: int) -> Iterator[tuple[StoredChunk, float]]:
    """The chunks of a ranking in order with their scores, read `size` at a time: the first few nearly always do."""
    for start in range(0, len(fused), size):
        part = fused[start : start + size]
        chunks = generation.store.chunks(row for row, _ in part)
        yield from ((chunks[row], score) for row, score in part)


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    union = len(a | b)
    return len(a & b) / union if union else 1.0


def _passage(generation: Generation, chunk: StoredChunk, score: float, legs: dict[str, Leg]) -> Passage:
    document = generation.store.document(chunk.document_id)
    return Passage(
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        path=document.path,
        title=document.title,
        url=document.url,
        heading_path=chunk.heading_path,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=score,
        legs=legs,
        row=chunk.row,
    )
