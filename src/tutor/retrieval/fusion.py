"""Two rankings into one, and the best of it ordered anew by a third opinion.

A ranking is a list of (row, score), best first. `blend` chooses the rows, `rescore` orders them; the constants were
measured by `benchmarks/retrieval.py` (docs/decisions/0003-fusion.md holds the table).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

Ranking = Sequence[tuple[int, float]]

DENSE_WEIGHT = 0.4
# Shares of the three opinions on a row that was chosen: cosine of the chunk's vector, BM25 against the best, late interaction.
COSINE, LEXICAL, LATE = 0.6 / 1.8, 0.2 / 1.8, 1.0 / 1.8


def blend(dense: Ranking, lexical: Ranking, weight: float = DENSE_WEIGHT) -> list[tuple[int, float]]:
    """weight · min-max(dense) + (1 - weight) · lexical / max(lexical); a row absent from a ranking gets 0 there.

    Scores lie in 0 to 1, best first, ties by row.
    """
    scores: dict[int, float] = defaultdict(float)
    if dense:
        best, worst = dense[0][1], dense[-1][1]
        spread = (best - worst) or 1.0
        for row, score in dense:
            scores[row] += weight * ((score - worst) / spread if best > worst else 1.0)
    if lexical:
        best = lexical[0][1] or 1.0
        for row, score in lexical:
            scores[row] += (1 - weight) * score / best
    return ranked(scores)


def rescore(
    fused: Ranking, cosine: Mapping[int, float], lexical: Mapping[int, float], late: Mapping[int, float]
) -> list[tuple[int, float]]:
    """The rows of `late` by COSINE · cosine + LEXICAL · BM25 / best BM25 + LATE · late; the others after them, as they came.

    A row that the lexical search did not find counts 0 there.
    """
    best = max(lexical.values(), default=0.0) or 1.0
    first = ranked(
        {
            row: COSINE * cosine[row] + LEXICAL * lexical.get(row, 0.0) / best + LATE * score
            for row, score in late.items()
        }
    )
    lowest = max(first[-1][1], 0.0) if first else 1.0
    rest = [(row, score) for row, score in fused if row not in late]
    highest = rest[0][1] if rest else 1.0
    return first + [(row, lowest * score / (highest or 1.0)) for row, score in rest]


def reciprocal_rank(*rankings: Ranking, constant: int = 60) -> list[tuple[int, float]]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (constant + rank)."""
    scores: dict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, (row, _) in enumerate(ranking, start=1):
            scores[row] += 1 / (constant + rank)
    return ranked(scores)


def ranked(scores: Mapping[int, float]) -> list[tuple[int, float]]:
    """Scores by row as a ranking, ties by row."""
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
