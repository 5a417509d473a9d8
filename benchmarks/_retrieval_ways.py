"""Every way to order passages that `retrieval.py` compares, by its name in the tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from _retrieval_encode import unit
from _retrieval_lab import Form, Lab, Mask, Scores, best
from _retrieval_lexical import Postings, Variant, matrix, pairs

from tutor.index.terms import terms
from tutor.retrieval.fusion import COSINE, FEEDBACK, LATE, LEXICAL, NEIGHBOUR, Ranking, blend, ranked
from tutor.retrieval.rerank import Reranker
from tutor.retrieval.search import RESCORED, searched_terms

Way = Callable[[Lab], Scores]
Ways = Mapping[str, Way]

WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
BIGRAMS = 0.4  # weight of neighbouring terms, which were tried from .1 to .7
FORMS = (
    *(
        Form(vectors, "16 bits, float")
        for vectors in (
            "word pieces, unweighted", "word pieces", "pairs of word pieces", "words", "content words",
            "content words, also of the question", "sentences",
        )
    ),
    *(Form("word pieces", kept) for kept in ("8 bits", "1 bit")),
    Form("content words, also of the question", "1 bit"),
    *(
        Form("content words", kept)
        for kept in (
            "8 bits", "4 bits", "2 bits", "1 bit", "principal 128, 8 bits", "principal 64, 8 bits",
            "principal 32, 8 bits", "random 64, 8 bits",
        )
    ),
)  # fmt: skip
TRIED = ((0.3, 0.1), (0.4, 0.3), (0.5, 0.2), (0.6, 0.4), (0.9, 0.4))  # weights of cosine and BM25
_BELOW = 100.0  # what was not ordered anew comes after all that was


@dataclass(frozen=True, slots=True)
class Formula:
    """What counts for the best `depth` passages of the blend: cosine, BM25 / best BM25, late interaction.

    Then `feedback` times the cosine to the best of them, and `neighbours` times what the passages before and
    after in the same document score above the last of them; the best stays the best.
    """

    cosine: float = COSINE
    lexical: float = LEXICAL
    late: float = LATE
    feedback: float = FEEDBACK
    neighbours: float = NEIGHBOUR
    depth: int = RESCORED
    form: Form = field(default_factory=Form)

    def __str__(self) -> str:
        weights = f"{self.cosine:g} cosine + {self.lexical:g} BM25 + {self.late:g} late"
        more = [(self.feedback, "feedback"), (self.neighbours, "neighbours")]
        return " + ".join((weights, *(f"{weight:g} {name}" for weight, name in more if weight)))


CHOSEN = Formula()
PLAIN = replace(CHOSEN, feedback=0.0, neighbours=0.0)


def ordered(
    lab: Lab, formula: Formula = CHOSEN, *, lexical: Scores | None = None, dense: Scores | None = None
) -> Scores:
    """The passages by a formula, with what was not ordered anew after them as the blend has it."""
    mask = best(lab.blended, formula.depth)
    bm25 = shares(lab.lexical if lexical is None else lexical)
    scores = formula.cosine * (lab.dense if dense is None else dense) + formula.lexical * bm25
    if formula.late:
        late = lab.late(formula.form, max(formula.depth, 30))
        scores = scores + formula.late * np.where(mask, late, 0)
    scores = np.where(mask, scores, -np.inf)
    if formula.feedback:
        scores = scores + formula.feedback * _like_the_best(lab, scores)
    if formula.neighbours:
        first = scores.argmax(axis=1)
        scores = scores + formula.neighbours * _around(lab, scores, mask)
        scores[np.arange(len(scores)), first] = np.where(mask.any(axis=1), scores.max(axis=1) + 1, -np.inf)
    return np.where(mask, scores, lab.blended - _BELOW)


def shares(scores: Scores) -> Scores:
    """Scores as shares of each question's best."""
    return np.asarray(scores / np.maximum(scores.max(axis=1, keepdims=True), 1e-9), np.float32)


def _like_the_best(lab: Lab, scores: Scores) -> Scores:
    vectors = lab.passages.row_vectors
    return np.asarray(vectors[scores.argmax(axis=1)] @ vectors.T, np.float32)


def _around(lab: Lab, scores: Scores, mask: Mask) -> Scores:
    last = np.where(mask, scores, np.inf).min(axis=1, keepdims=True)
    above = np.where(mask, np.maximum(scores - last, 0), 0)
    found = np.zeros_like(above)
    found[:, 1:] += above[:, :-1] * lab.next_follows
    found[:, :-1] += above[:, 1:] * lab.next_follows
    return found


def legs() -> Ways:
    """Each search alone."""
    return {
        "dense alone": lambda lab: lab.dense,
        "BM25 alone": lambda lab: _found(lab.lexical),
    }


def fusions() -> Ways:
    """Ways to join the two without a third opinion."""
    ways: dict[str, Way] = {
        f"RRF({constant})": partial(_fused, fuse=partial(_rrf, constant=constant)) for constant in (10, 60)
    }
    for weight in WEIGHTS:
        ways[f"min-max blend, {weight:g} dense"] = partial(_fused, fuse=partial(blend, weight=weight))
    for weight in WEIGHTS:
        ways[f"min-max blend, {weight:g} dense, exact where a search did not find"] = partial(
            _filled, weight=weight
        )
    for weight in WEIGHTS:
        ways[f"raw cosine and BM25 / best, {weight:g} dense, exact"] = partial(_raw, weight=weight)
    for weight in WEIGHTS:
        ways[f"z-scores, {weight:g} dense, exact"] = partial(_standardised, weight=weight)
    return ways


def lexical_ways() -> Ways:
    """BM25 alone in other forms."""
    ways: dict[str, Way] = {
        "neither corrections nor synonyms": lambda lab: _found(matrix(lab.postings, lab.plainly_asked)),
        "function words left in": lambda lab: _found(
            matrix(lab.postings, [Counter(terms(question)) for question in lab.set.questions])
        ),
        "text without title": lambda lab: _found(matrix(_postings(lab, 0), lab.asked)),
        "title twice": lambda lab: _found(titled(lab, 2)),
        "title three times": lambda lab: _found(titled(lab, 3)),
        "expanded from the best 3 passages (RM3)": lambda lab: _found(
            matrix(lab.postings, [lab.postings.expanded(query) for query in lab.asked])
        ),
    }
    for weight in (0.2, BIGRAMS, 0.7):
        ways[f"with bigrams, {weight:g}"] = partial(_bigrams_alone, weight=weight)
    variants: Sequence[tuple[Variant, float, float]] = (
        ("lucene", 0.8, 0.75), ("lucene", 1.6, 0.75), ("lucene", 2.0, 0.75), ("lucene", 0.9, 0.4),
        ("lucene", 1.2, 0.5), ("lucene", 1.2, 0.9), ("robertson", 1.2, 0.75), ("bm25+", 1.2, 0.75),
        ("bm25l", 1.2, 0.75),
    )  # fmt: skip
    for variant, k1, b in variants:
        ways[f"{variant}, k1 {k1:g}, b {b:g}"] = partial(_variant, variant=variant, k1=k1, b=b)
    return ways


def dense_ways() -> Ways:
    """The dense search alone in other forms."""
    return {
        "text without title": lambda lab: lab.untitled,
        "the question's key terms": lambda lab: lab.passages.similarities(lab.questions.key_terms),
        "question and key terms": lambda lab: lab.passages.similarities(
            unit(lab.questions.vectors + lab.questions.key_terms)
        ),
        "question moved half way to its best 3 passages (Rocchio)": _rocchio,
        "best sentence": _best_sentence,
    }


def late_ways() -> Ways:
    """Late interaction: its forms alone and in the formula without feedback."""
    ways: dict[str, Way] = {}
    for form in FORMS:
        ways[f"{form}: alone"] = partial(_late_alone, form=form)
    for form in FORMS:
        ways[f"{form}: in the formula"] = partial(ordered, formula=replace(PLAIN, form=form))
    return ways


def formulas(*made: Formula) -> Ways:
    """Formulas by what they say."""
    return {str(formula): partial(ordered, formula=formula) for formula in made}


def formula_ways() -> Ways:
    """The chosen formula, what each part of it brings, and what more was tried."""
    chosen, plain = CHOSEN, PLAIN
    tried = {
        "no late interaction": replace(plain, late=0.0),
        "chosen, no late interaction": replace(chosen, late=0.0),
        **{str(f): f for f in (
            plain, replace(plain, cosine=0.6, lexical=0.2), chosen,
            *(replace(chosen, feedback=weight) for weight in (0.0, 0.2, 0.6)),
            *(replace(chosen, neighbours=weight) for weight in (0.0, 0.1, 0.2, 0.4)),
            *(replace(chosen, cosine=c, lexical=b) for c, b in TRIED),
        )},
        **{f"chosen, {depth} ordered anew": replace(chosen, depth=depth) for depth in (10, 20, 50, 100)},
        "chosen, all word pieces": replace(chosen, form=Form("word pieces", "1 bit")),
    }  # fmt: skip
    ways: dict[str, Way] = {name: partial(ordered, formula=formula) for name, formula in tried.items()}
    ways["chosen, bigrams in BM25"] = lambda lab: ordered(lab, lexical=with_bigrams(lab, BIGRAMS))
    ways["chosen, title twice in BM25"] = lambda lab: ordered(lab, lexical=titled(lab, 2))
    ways["chosen, RM3 in BM25"] = lambda lab: ordered(
        lab, lexical=matrix(lab.postings, [lab.postings.expanded(query) for query in lab.asked])
    )
    ways["chosen, question and key terms in dense"] = lambda lab: ordered(
        lab, dense=lab.passages.similarities(unit(lab.questions.vectors + lab.questions.key_terms))
    )
    ways["chosen, best sentence in dense"] = lambda lab: ordered(lab, dense=_best_sentence(lab))
    return ways


def reranked(lab: Lab, reranker: Reranker, depth: int = 20) -> Scores:
    """The best of the chosen formula by a cross-encoder."""
    scores = ordered(lab)
    mask = best(scores, depth)
    for number, rows in enumerate(map(np.flatnonzero, mask)):
        found = reranker.scores(lab.set.questions[number], [lab.texts[row] for row in rows])
        scores[number, rows] = np.asarray(found, np.float32) + _BELOW
    return scores


def with_bigrams(lab: Lab, weight: float) -> Scores:
    """BM25 with that of neighbouring terms beside it."""
    postings = Postings([pairs(searched_terms(text)) for text in lab.texts])
    return lab.lexical + weight * matrix(postings, [Counter(pairs(list(query))) for query in lab.asked])


def titled(lab: Lab, times: int) -> Scores:
    """BM25 where the title counts several times."""
    return matrix(_postings(lab, times), lab.asked)


def _postings(lab: Lab, times: int) -> Postings:
    return Postings([terms(passage.title) * times + terms(passage.body) for passage in lab.set.passages])


def _variant(lab: Lab, variant: Variant, k1: float, b: float) -> Scores:
    return _found(matrix(lab.postings, lab.asked, variant=variant, k1=k1, b=b))


def _found(scores: Scores) -> Scores:
    return np.where(scores > 0, scores, -np.inf)


def _rrf(dense: Ranking, lexical: Ranking, constant: int) -> Ranking:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): the sum of 1 / (constant + rank)."""
    scores: dict[int, float] = defaultdict(float)
    for ranking in (dense, lexical):
        for rank, (row, _) in enumerate(ranking, start=1):
            scores[row] += 1 / (constant + rank)
    return ranked(scores)


def _fused(lab: Lab, fuse: Callable[[Ranking, Ranking], Ranking]) -> Scores:
    return lab.fused(fuse)


def _bigrams_alone(lab: Lab, weight: float) -> Scores:
    return _found(with_bigrams(lab, weight))


def _late_alone(lab: Lab, form: Form) -> Scores:
    return lab.late(form)


def _either(lab: Lab) -> Mask:
    """What at least one search found."""
    return np.isfinite(lab.blended)


def _filled(lab: Lab, weight: float) -> Scores:
    found = best(lab.dense, 50)
    lowest = np.where(found, lab.dense, np.inf).min(axis=1, keepdims=True)
    highest = lab.dense.max(axis=1, keepdims=True)
    dense = (lab.dense - lowest) / np.maximum(highest - lowest, 1e-9)
    return np.where(_either(lab), weight * dense + (1 - weight) * shares(lab.lexical), -np.inf)


def _raw(lab: Lab, weight: float) -> Scores:
    return np.where(_either(lab), weight * lab.dense + (1 - weight) * shares(lab.lexical), -np.inf)


def _standardised(lab: Lab, weight: float) -> Scores:
    scores = weight * _z(lab.dense) + (1 - weight) * _z(lab.lexical)
    return np.where(_either(lab), scores, -np.inf)


def _z(scores: Scores) -> Scores:
    spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-9)
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / spread, np.float32)


def _rocchio(lab: Lab) -> Scores:
    vectors = lab.passages.row_vectors
    top = np.argsort(-lab.dense, axis=1, kind="stable")[:, :3]
    return lab.passages.similarities(unit(lab.questions.vectors + unit(vectors[top].mean(axis=1))))


def _best_sentence(lab: Lab) -> Scores:
    kept = lab.passages.sentences
    return np.asarray(
        np.maximum.reduceat(
            lab.questions.vectors @ np.asarray(kept.values, np.float32).T, kept.starts[:-1], axis=1
        ),
        np.float32,
    )
