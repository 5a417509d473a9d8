"""Two or more rankings into one.

A ranking is a list of (row, score), best first. `blend` is what the tutor uses; `reciprocal_rank` is kept as the
yardstick that `tools/compare_fusion.py` measures it against (docs/decisions/0003-fusion.md holds the table).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

Ranking = Sequence[tuple[int, float]]

# Fitted on the four development sets by `tools/compare_fusion.py`: mean nDCG@10 .766, against .746 for RRF(60).
DENSE_WEIGHT = 0.4


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
    return _ranked(scores)


def reciprocal_rank(*rankings: Ranking, constant: int = 60) -> list[tuple[int, float]]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (constant + rank)."""
    scores: dict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, (row, _) in enumerate(ranking, start=1):
            scores[row] += 1 / (constant + rank)
    return _ranked(scores)


def _ranked(scores: Mapping[int, float]) -> list[tuple[int, float]]:
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
