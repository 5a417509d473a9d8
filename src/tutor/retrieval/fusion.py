"""Two rankings into one, and the best of it ordered anew by a third opinion.

A ranking is a list of (row, score), best first. `blend` chooses the rows, `rescore` orders them; the constants were
measured by `benchmarks/retrieval.py` (docs/decisions/0003-fusion.md holds the table).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

Ranking = Sequence[tuple[int, float]]

DENSE_WEIGHT = 0.4
# Weights of what is said of a row that was chosen: cosine of the chunk's vector, BM25 against the best, late interaction,
# likeness to the best row; and of what its neighbours in the document have.
COSINE, LEXICAL, LATE, FEEDBACK, NEIGHBOUR = 0.5, 0.3, 1.0, 0.4, 0.2
_ALL = COSINE + LEXICAL + LATE + FEEDBACK  # scores are divided by it, so that they lie between 0 and 1


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
    cosine: Mapping[int, float], lexical: Mapping[int, float], late: Mapping[int, float]
) -> list[tuple[int, float]]:
    """The rows of `late` by COSINE · cosine + LEXICAL · BM25 / best BM25 + LATE · late; 0 for BM25 where there is none."""
    best = max(lexical.values(), default=0.0) or 1.0
    return ranked(
        {
            row: (COSINE * cosine[row] + LEXICAL * lexical.get(row, 0.0) / best + LATE * score) / _ALL
            for row, score in late.items()
        }
    )


def feedback(ranking: Ranking, likeness: Mapping[int, float]) -> list[tuple[int, float]]:
    """Each row moved up by its likeness to the first, which so stays first (Rocchio 1971, from one document and by one step)."""
    return ranked({row: score + FEEDBACK * likeness[row] / _ALL for row, score in ranking})


def with_neighbours(ranking: Ranking, document_of: Mapping[int, str]) -> list[tuple[int, float]]:
    """Each row moved up by what the chunks before and after it in its document are above the last row; the first stays first.

    Where that would lift a score above 1, all are scaled down.
    """
    if not ranking:
        return []
    scores = dict(ranking)
    last = ranking[-1][1]

    def above(row: int, neighbour: int) -> float:
        near = neighbour in scores and document_of[neighbour] == document_of[row]
        return scores[neighbour] - last if near else 0.0

    summed = {row: score + NEIGHBOUR * (above(row, row - 1) + above(row, row + 1)) for row, score in ranking}
    first, highest = ranking[0][0], max(summed.values())
    most = max(1.0, highest)
    others = ranked({row: score / most for row, score in summed.items() if row != first})
    return [(first, highest / most), *others]


def followed_by(first: Ranking, others: Ranking) -> list[tuple[int, float]]:
    """A ranking, and after it the rows of another that it lacks, as they come there, with scores below its last."""
    rows = {row for row, _ in first}
    rest = [(row, score) for row, score in others if row not in rows]
    lowest = max(first[-1][1], 0.0) if first else 1.0
    highest = (rest[0][1] if rest else 1.0) or 1.0
    return [*first, *((row, lowest * score / highest) for row, score in rest)]


def ranked(scores: Mapping[int, float]) -> list[tuple[int, float]]:
    """Scores by row as a ranking, ties by row."""
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
