"""Whether the passages answer a question: a calibrated probability, two thresholds, and what is missing.

A logistic model over ten features of retrieval and wording. Its weights were fitted by `benchmarks/fit_coverage.py`
on the development sets and our own near misses; `coverage.json` keeps them with their provenance and is tied to the
embedding model whose similarities it reads.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tutor.answering.answer import Coverage
from tutor.answering.evidence import Candidate, has_figure, is_present, term_cover
from tutor.answering.question import Question
from tutor.index.generation import Generation
from tutor.index.terms import terms
from tutor.retrieval.search import Found

FEATURES = (
    "dense",  # cosine of the question and the nearest passage
    "margin",  # that less the cosine of the last passage
    "lexical",  # best BM25 score over the highest that the question's terms could reach
    "similarity",  # cosine of the question and the nearest span
    "span_cover",  # idf share of the question's terms in the best candidate, headings counted in
    "passage_cover",  # idf share of the question's terms in the best passage
    "union_cover",  # idf share of the question's terms in the three best passages together
    "unknown",  # idf share of the question's terms that no document contains
    "absent_name",  # 1 if a name or number of the question is absent from the best three passages
    "no_figure",  # 1 if a figure is asked for and none of its kind stands near the best candidates
)


@dataclass(frozen=True, slots=True)
class Decision:
    """How much of a question is covered; `missing` are words of the question that no passage speaks of."""

    coverage: Coverage
    probability: float
    missing: tuple[str, ...]
    features: tuple[float, ...]


def features(
    question: Question, found: Found, candidates: Sequence[Candidate], generation: Generation
) -> tuple[float, ...]:
    """The ten features, in the order of FEATURES."""
    weight = generation.lexical.idf
    best = found.passages[:3]
    texts = [frozenset(terms(" ".join((p.title, *p.heading_path, p.text)))) for p in best]
    union = frozenset().union(*texts)
    dense = [leg.score for p in found.passages if (leg := p.legs.get("dense"))]
    lexical = [leg.score for p in found.passages if (leg := p.legs.get("lexical"))]
    ceiling = sum(weight(term) for term in set(found.query_terms)) * 2.2  # k1 + 1 bounds a term's frequency part
    top = candidates[:5]
    return (
        max(dense, default=0.0),
        max(dense, default=0.0) - min(dense, default=0.0),
        max(lexical, default=0.0) / ceiling if ceiling else 0.0,
        max((c.similarity for c in candidates), default=0.0),
        max((c.context_cover for c in top), default=0.0),
        max((term_cover(question.terms, text, weight) for text in texts), default=0.0),
        term_cover(question.terms, union, weight),
        1.0 - term_cover(question.terms, frozenset(t for t in question.terms if _known(t, generation)), weight),
        1.0 if any(not is_present(name, union) for name in question.names) else 0.0,
        1.0 if question.figure and not any(has_figure(question.figure, c.text) for c in top) else 0.0,
    )


def decide(
    question: Question, found: Found, candidates: Sequence[Candidate], generation: Generation
) -> Decision:
    """Covered, partly covered or not, with the probability that it is covered."""
    if not question.terms or not candidates:
        return Decision(Coverage.NOT_COVERED, 0.0, (), (0.0,) * len(FEATURES))
    values = features(question, found, candidates, generation)
    model = _model()
    logit = model["bias"] + sum(w * v for w, v in zip(model["weights"], values, strict=True))
    probability = 1 / (1 + math.exp(-logit))
    if probability < model["refuse_below"]:
        return Decision(Coverage.NOT_COVERED, probability, (), values)
    missing = _missing(question, found, generation)
    coverage = Coverage.PARTLY if missing and probability < model["answer_above"] else Coverage.ANSWERED
    return Decision(coverage, probability, missing if coverage is Coverage.PARTLY else (), values)


def _known(term: str, generation: Generation) -> bool:
    return generation.lexical.frequency(term) > 0


def _missing(question: Question, found: Found, generation: Generation) -> tuple[str, ...]:
    """The question's own words for those of its terms that stand in none of the passages."""
    present = frozenset(t for p in found.passages for t in terms(" ".join((p.title, *p.heading_path, p.text))))
    gone = {term for term in question.terms if not is_present(term, present)}
    words = [word.strip("?!.,;:\"'()") for word in question.text.split()]
    return tuple(dict.fromkeys(word for word in words if word and set(terms(word)) & gone))


@cache
def _model() -> dict[str, Any]:
    model: dict[str, Any] = json.loads(files("tutor.answering").joinpath("coverage.json").read_text(encoding="utf-8"))
    assert tuple(model["features"]) == FEATURES
    return model
