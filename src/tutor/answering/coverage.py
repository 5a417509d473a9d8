"""Whether the passages answer a question: a calibrated probability, two thresholds, and what is missing.

A logistic model over ten features of retrieval and wording. Its weights were fitted by `tools/fit_coverage.py`
on the development sets and our own near misses; `coverage.json` keeps them with their provenance and is tied to the
embedding model whose similarities it reads.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from tutor.answering.answer import Coverage
from tutor.answering.evidence import Candidate, has_figure
from tutor.answering.question import Question, content_terms
from tutor.answering.sections import is_to_the_point
from tutor.index.generation import Generation
from tutor.index.terms import terms
from tutor.retrieval.search import Found
from tutor.retrieval.synonyms import Weight, is_known, is_present, term_cover

FEATURES = (
    "dense",  # cosine of the question and the nearest passage
    "margin",  # that less the cosine of the last passage
    "similarity",  # cosine of the question and the nearest span
    "span_cover",  # idf share of the question's terms in the best candidate, headings counted in
    "union_cover",  # idf share of the question's terms in the three best passages together
    "unknown",  # idf share of the question's terms that no document contains
    "absent_name",  # idf share of names and numbers of the question that the best three passages lack
    "absent_qualifier",  # the same for what follows a preposition
    "figure_gap",  # where a figure is asked for: 1 - the cover of the best candidate that holds one of its kind
    "heaviest",  # idf share of the heaviest term that the best candidate lacks, headings counted in
)


# What no document can tell: how things stand at this moment, and what the tutor itself keeps to itself.
_BEYOND_SOURCES = re.compile(
    r"\b(?:right now|at the moment|as of (?:now|today)|this week|this month|today'?s)\b|\bnewest\b.*\brelease\b"
    r"|\byour (?:own |hidden |secret )?(?:system )?(?:prompt|instructions|api keys?|passwords?)\b|\bapi keys? of this\b"
    r"|\b(?:print|show|reveal|repeat|leak|output)\b.*\bsystem prompt\b"
    r"|\b(?:ignore|forget|disregard) (?:all )?(?:the |your )?(?:previous|prior|above|earlier) (?:instructions|prompts?|rules)\b"
    r"|\badmin password\b",
    re.IGNORECASE,
)
_EVERYDAY = 0.3  # share of its idf; of 1, .5, .3 and .15 the best area under the curve on our dev questions


@dataclass(frozen=True, slots=True)
class Decision:
    """How much of a question is covered; `missing` are words of the question that no passage speaks of, `question` is
    what of it can be answered."""

    question: Question
    coverage: Coverage
    probability: float
    missing: tuple[str, ...]
    features: tuple[float, ...]


def features(
    question: Question, found: Found, candidates: Sequence[Candidate], generation: Generation
) -> tuple[float, ...]:
    """The ten features, in the order of FEATURES.

    What a picture or a remark of another purpose says by the way does not count: a bakery that explains batches covers no baking.
    """
    if to_the_point := [p for p in found.passages if is_to_the_point(question, p)]:
        found = replace(found, passages=tuple(to_the_point))
        candidates = [c for c in candidates if is_to_the_point(question, c.passage)]
    weight = _weight(question, generation)
    total = sum(weight(term) for term in question.terms) or 1.0
    best = found.passages[:3]
    union = frozenset(t for p in best for t in terms(" ".join((p.title, *p.heading_path, p.text))))
    dense = [leg.score for p in found.passages if (leg := p.legs.get("dense"))]
    top = candidates[:5]
    absent = {term: weight(term) / total for term in question.terms if not is_present(term, union)}
    return (
        max(dense, default=0.0),
        max(dense, default=0.0) - min(dense, default=0.0),
        max((c.similarity for c in candidates), default=0.0),
        max((c.context_cover for c in top), default=0.0),
        term_cover(question.terms, union, weight),
        sum(weight(term) for term in question.terms if not is_known(term, generation.lexical.frequency))
        / total,
        sum(share for term, share in absent.items() if term in question.names),
        sum(share for term, share in absent.items() if term in question.qualifiers),
        _figure_gap(question, candidates),
        _heaviest_absent(question, top, weight) / total,
    )


def _weight(question: Question, generation: Generation) -> Weight:
    """The idf of a term, less for an unknown everyday word: a learner's `gonna land` says little about the topic."""

    def weight(term: str) -> float:
        everyday = term not in question.names and term not in question.qualifiers
        damped = everyday and not is_known(term, generation.lexical.frequency)
        return generation.lexical.idf(term) * (_EVERYDAY if damped else 1.0)

    return weight


def _figure_gap(question: Question, candidates: Sequence[Candidate]) -> float:
    if question.figure is None:
        return 0.0
    return 1.0 - max(
        (c.context_cover for c in candidates[:20] if has_figure(question.figure, c.text)), default=0.0
    )


def _heaviest_absent(question: Question, top: Sequence[Candidate], weight: Weight) -> float:
    """The least, over the best candidates, of the weight of the heaviest term that a candidate lacks."""
    lacking = []
    for candidate in top:
        passage = candidate.passage
        present = candidate.terms | frozenset(terms(" ".join((passage.title, *passage.heading_path))))
        lacking.append(max((weight(t) for t in question.terms if not is_present(t, present)), default=0.0))
    return min(lacking, default=0.0)


def decide(
    question: Question, found: Found, candidates: Sequence[Candidate], generation: Generation
) -> Decision:
    """Covered, partly covered or not, with the probability that it is covered.

    Partly covered is a question that joins things (`in India and in Germany`) of which the passages lack one and
    cover the rest.
    """
    if not question.terms or not candidates or _BEYOND_SOURCES.search(question.text):
        return Decision(question, Coverage.NOT_COVERED, 0.0, (), (0.0,) * len(FEATURES))
    values = features(question, found, candidates, generation)
    probability = _probability(values)
    if missing := _missing(question, found):
        gone = frozenset(term for word in missing for term in terms(word))
        rest = replace(question, terms=tuple(term for term in question.terms if term not in gone))
        without = _probability(features(rest, found, candidates, generation)) if rest.terms else 0.0
        if without >= _model()["refuse_below"] / 2:  # the missing thing has drawn the question's vector away
            return Decision(rest, Coverage.PARTLY, without, missing, values)
    covered = probability >= _model()["refuse_below"]
    return Decision(question, Coverage.ANSWERED if covered else Coverage.NOT_COVERED, probability, (), values)


def _probability(values: Sequence[float]) -> float:
    model = _model()
    logit = model["bias"] + sum(w * v for w, v in zip(model["weights"], values, strict=True))
    return float(1 / (1 + math.exp(-logit)))


_JOINED = re.compile(
    r"(?P<a>[\w.+#-]*\w[+#]*)\s*(?:/|&|\b(?:and|or|vs\.?|versus|compared (?:to|with)|than)\b)\s*"
    r"(?:(?:in|for|at|the|a|an|with|of|to|from|on)\s+)*(?P<b>[\w.+#-]*\w[+#]*)",
    re.IGNORECASE,
)


def _missing(question: Question, found: Found) -> tuple[str, ...]:
    """Words of the question, joined to words that the passages hold, which themselves stand in no passage."""
    present = frozenset(
        t for p in found.passages for t in terms(" ".join((p.title, *p.heading_path, p.text)))
    )
    missing: dict[str, None] = {}
    for match in _JOINED.finditer(question.text):
        pair = (match["a"], match["b"])
        absent = [word for word in pair if _is_absent(word, question, found, present)]
        if len(absent) == 1 and all(content_terms(word) for word in pair):
            missing[absent[0]] = None
    return tuple(missing)


def _is_absent(word: str, question: Question, found: Found, present: frozenset[str]) -> bool:
    own = content_terms(word)
    return (
        bool(own)
        and own[0] in question.terms
        and not is_present(found.corrections.get(own[0], own[0]), present)
    )


@cache
def _model() -> dict[str, Any]:
    model: dict[str, Any] = json.loads(
        files("tutor.answering").joinpath("coverage.json").read_text(encoding="utf-8")
    )
    assert tuple(model["features"]) == FEATURES
    return model
