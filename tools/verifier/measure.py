"""How far rules over words, numbers and word vectors tell true claims from false ones: `python tools/verifier/measure.py`.

The pairs in `pairs/` are evidence (sentences of a page) and a claim about it, half of them true paraphrases, half false
near-copies of ten kinds. A boosted tree model over the features below is fitted in five folds that share no page, and on all
pairs for `held-out.jsonl`, whose paraphrases were written apart. Printed is which share of the true ones passes where 90, 95 and
98 % of the false ones are stopped. Nothing in the tutor uses it yet; the length of a claim is no feature, because it tells the
true ones of these files from the false ones and nothing else.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from tutor.embedding import EmbeddedQuestion, SentenceTransformerEmbeddings
from tutor.index.terms import terms
from tutor.index.words import FUNCTION_WORDS

ROOT = Path(__file__).resolve().parents[2]
PAIRS = Path(__file__).parent / "pairs"
HELD_OUT = "held-out"

NUMBER_WORDS = {word: float(n) for n, word in enumerate(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
)} | {
    "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "seventy": 70.0, "eighty": 80.0, "ninety": 90.0, "hundred": 100.0,
    "thousand": 1e3, "million": 1e6, "billion": 1e9, "half": 0.5, "quarter": 0.25, "twice": 2.0, "double": 2.0, "twofold": 2.0,
    "both": 2.0, "second": 2.0, "third": 3.0, "fourth": 4.0, "fifth": 5.0, "tenth": 10.0, "first": 1.0, "once": 1.0, "single": 1.0, "dozen": 12.0,
}  # fmt: skip
NEGATIONS = frozenset(["not", "no", "never", "without", "none", "neither", "nor", "cannot", "unless", "hardly", "lacks", "lack", "lacking", "fails", "fail", "impossible", "unable", "instead", "rather", "except", "avoid", "avoids", "prevents", "free", "unlike", "unnecessary", "needless"])  # fmt: skip
SCOPE = frozenset(["all", "always", "every", "only", "never", "any", "each", "entirely", "completely", "must", "guarantee", "guarantees", "guaranteed", "exactly", "solely", "everything", "everyone", "invariably", "whole", "regardless", "cannot", "no", "none", "nothing"])  # fmt: skip
HEDGES = frozenset(["usually", "often", "mostly", "typically", "may", "might", "can", "could", "sometimes", "some", "roughly", "about", "generally", "commonly", "many", "most", "rarely", "seldom", "nearly", "almost", "largely", "partly", "tends", "tend", "likely"])  # fmt: skip
COMPARING = frozenset(["more", "less", "fewer", "higher", "lower", "larger", "smaller", "greater", "better", "worse", "faster", "slower", "cheaper", "dearer", "longer", "shorter", "easier", "harder", "bigger", "stronger", "weaker", "increases", "decreases", "increase", "decrease", "raises", "lowers", "reduces", "rises", "falls", "grows", "shrinks", "above", "below", "before", "after", "earlier", "later", "up", "down", "first", "last", "over", "under", "most", "least", "maximise", "minimise", "maximises", "minimises", "gains", "loses", "adds", "removes", "wins", "beats", "exceeds"])  # fmt: skip
OPPOSITES = """
raises-lowers raise-lower increases-decreases increase-decrease rises-falls rise-fall grows-shrinks higher-lower larger-smaller bigger-smaller
greater-smaller greater-less more-less more-fewer better-worse faster-slower longer-shorter cheaper-dearer easier-harder stronger-weaker above-below
before-after earlier-later supervised-unsupervised row-column rows-columns maximum-minimum maximises-minimises maximise-minimise overfit-underfit
overfitting-underfitting training-test online-batch online-offline input-output inputs-outputs encoder-decoder precision-recall bias-variance
positive-negative positives-negatives true-false left-right start-end begins-ends first-last beginner-expert small-large low-high short-long
few-many rare-common cheap-costly fast-slow easy-hard strong-weak linear-nonlinear convex-concave discrete-continuous labelled-unlabelled
known-unknown stable-unstable dense-sparse sender-receiver parent-child client-server push-pull read-write reads-writes adds-removes add-remove
with-without allowed-forbidden allows-forbids helps-hurts help-hurt gains-loses keeps-drops same-different equal-different inside-outside
within-outside upper-lower top-bottom local-global static-dynamic public-private internal-external intrinsic-extrinsic early-late old-new
open-closed mutable-immutable ascending-descending forward-backward synchronous-asynchronous deterministic-random explicit-implicit lossless-lossy
shallow-deep narrow-wide correct-wrong success-failure succeed-fail succeeds-fails prefill-decode numerator-denominator generator-discriminator
actor-critic student-teacher necessary-unnecessary required-optional independent-dependent conditional-unconditional constant-variable cause-effect
least-most absolute-relative theory-practice
"""
OPPOSITE: dict[str, set[str]] = {}
for _pair in OPPOSITES.split():
    _one, _other = _pair.split("-")
    OPPOSITE.setdefault(_one, set()).add(_other)
    OPPOSITE.setdefault(_other, set()).add(_one)
_FUNCTION_TERMS = frozenset(terms(" ".join(FUNCTION_WORDS)))
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_NUMBER_UNIT = re.compile(r"(\d+(?:,\d{3})*(?:\.\d+)?)\s*(%|per cent|[A-Za-z]+)?")
_NAME = re.compile(r"\b[A-Z][\w-]+|\b\w*\d\w*[A-Za-z]\w*")

FEATURES = (
    "cover", "missing", "heaviest missing", "all missing", "heaviest missing, title counted", "missing, title counted",
    "numbers missing", "digits missing", "units differ", "negations, claim", "negations, evidence", "parity differs", "negations more",
    "negations fewer", "opposites", "opposites of words that stay", "scope added", "hedges dropped", "hedges added", "scope dropped",
    "comparing added", "comparing dropped", "inversions, share", "inversions", "neighbours kept", "neighbours turned", "cosine",
    "weakest word", "two weakest", "three weakest", "mean word", "below .5", "below .6", "below .7", "unanswered words", "answered back",
    "evidence covered", "alignment turned", "names missing", "common subsequence", "spans", "table",
)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Evidence and a claim about it; `supported` if the evidence proves the claim."""

    page: str
    evidence: tuple[str, ...]
    claim: str
    supported: bool
    kind: str
    file: str


def load_pairs() -> list[Pair]:
    """All pairs, in the order of their files."""
    rows = [
        (path.stem, json.loads(line))
        for path in sorted(PAIRS.glob("*.jsonl"))
        for line in path.open(encoding="utf-8")
    ]
    return [
        Pair(
            row["page"], tuple(row["evidence"]), row["claim"], row["label"] == "supported", row["kind"], name
        )
        for name, row in rows
    ]


def idf_of(texts: Iterable[str]) -> Callable[[str], float]:
    """Inverse document frequencies over texts."""
    counts: Counter[str] = Counter()
    number = 0
    for text in texts:
        counts.update(set(terms(text)))
        number += 1
    return lambda term: math.log(1 + number / (1 + counts[term]))


class Features:
    """Works out the features of a pair; needs the embedding model."""

    def __init__(self, idf: Callable[[str], float]) -> None:
        self._idf = idf
        self._model = SentenceTransformerEmbeddings()
        self._known: dict[str, EmbeddedQuestion] = {}

    def __call__(self, pair: Pair) -> list[float]:
        """One number for each of FEATURES."""
        evidence = " ".join(pair.evidence)
        return [
            *self._terms(evidence, pair.claim, pair.page),
            *_figures(evidence, pair.claim),
            *_words(evidence, pair.claim),
            *_order(evidence, pair.claim),
            *self._vectors(evidence, pair.claim),
            _names_missing(evidence, pair.claim),
            _common_subsequence(terms(pair.claim), terms(evidence)) / max(len(terms(pair.claim)), 1),
            float(len(pair.evidence)),
            float(any("|" in part for part in pair.evidence)),
        ]

    def _terms(self, evidence: str, claim: str, page: str) -> list[float]:
        there, title = set(terms(evidence)), set(terms(page.replace("-", " ")))
        content = [term for term in dict.fromkeys(terms(claim)) if term not in _FUNCTION_TERMS]
        weights = {term: self._idf(term) for term in content}
        missing = [weights[term] for term in content if term not in there]
        new = [weights[term] for term in content if term not in there | title]
        covered = 1 - sum(missing) / max(sum(weights.values()), 1e-9)
        return [covered, len(missing), max(missing, default=0), sum(missing), max(new, default=0), len(new)]

    def _vectors(self, evidence: str, claim: str) -> list[float]:
        one, other = self._embedded(claim), self._embedded(evidence)
        product = one.tokens @ other.tokens.T
        best, words = product.max(1), []
        aligned: list[int] = []
        for match in re.finditer(r"[A-Za-z0-9][\w'-]*", claim):
            own = [
                i
                for i, (left, right) in enumerate(one.pieces)
                if match.start() <= left < right <= match.end()
            ]
            if own and match.group().lower() not in FUNCTION_WORDS:
                words.append(float(best[own].mean()))
                if words[-1] > 0.5:
                    aligned.append(int(product[own].mean(0).argmax()))
        lowest = sorted(words) or [0.0]
        back = np.sort(product.max(0))
        content = [term for term in dict.fromkeys(terms(evidence)) if term not in _FUNCTION_TERMS]
        claimed = set(terms(claim))
        covered = sum(term in claimed for term in content) / max(len(content), 1)
        turned = sum(a > b for i, a in enumerate(aligned) for b in aligned[i + 1 :])
        pairs = max(len(aligned) * (len(aligned) - 1) / 2, 1)
        below = [float(sum(word < bound for word in words)) for bound in (0.5, 0.6, 0.7)]
        means = [lowest[0], float(np.mean(lowest[:2])), float(np.mean(lowest[:3])), float(np.mean(lowest))]
        return [
            float(one.vector @ other.vector),
            *means,
            *below,
            float(back[:3].mean()),
            float(back.mean()),
            covered,
            turned / pairs,
        ]

    def _embedded(self, text: str) -> EmbeddedQuestion:
        if text not in self._known:
            self._known[text] = self._model.embed_question(text)
        return self._known[text]


def _figures(evidence: str, claim: str) -> list[float]:
    known = _numbers(evidence)
    lost = [
        float(sum(not _near(number, known) for number in found))
        for found in (_numbers(claim), _digits(claim))
    ]
    units = _units(evidence)
    other_unit = sum(
        bool(unit)
        and any(_near(number, [n]) for n, _ in units)
        and not any(_near(number, [n]) and unit == u for n, u in units)
        for number, unit in _units(claim)
    )
    return [*lost, float(other_unit)]


def _words(evidence: str, claim: str) -> list[float]:
    said, there = _plain(claim), _plain(evidence)
    own, known = set(said), set(there)
    negations = sum(map(_negates, said)), sum(map(_negates, there))
    new = own - known
    return [
        *map(float, negations),
        float(abs(negations[0] - negations[1]) % 2),
        float(max(negations[0] - negations[1], 0)),
        float(max(negations[1] - negations[0], 0)),
        float(sum(bool(OPPOSITE.get(word, set()) & (known - own)) for word in new)),
        float(sum(bool(OPPOSITE.get(word, set()) & known) for word in new)),
        float(len(own & SCOPE - known)),
        float(len(known & HEDGES - own)),
        float(len(own & HEDGES - known)),
        float(len(known & SCOPE - own)),
        float(len(own & COMPARING - known)),
        float(len(known & COMPARING - own)),
    ]


def _order(evidence: str, claim: str) -> list[float]:
    said, there = terms(claim), terms(evidence)
    shared = [term for term in dict.fromkeys(said) if term in there and term not in _FUNCTION_TERMS]
    places = [there.index(term) for term in shared]
    turned = sum(a > b for i, a in enumerate(places) for b in places[i + 1 :])
    pairs = max(len(places) * (len(places) - 1) // 2, 1)
    neighbours = [(a, b) for a, b in itertools.pairwise(said) if not {a, b} & _FUNCTION_TERMS]
    known = set(itertools.pairwise(there))
    kept = sum(pair in known for pair in neighbours) / max(len(neighbours), 1)
    reversed_ = sum((b, a) in known and (a, b) not in known for a, b in neighbours)
    return [turned / pairs, float(turned), kept, float(reversed_)]


def _numbers(text: str) -> list[float]:
    return _digits(text) + [NUMBER_WORDS[word] for word in _plain(text) if word in NUMBER_WORDS]


def _digits(text: str) -> list[float]:
    return [float(match.group().replace(",", "")) for match in _NUMBER.finditer(text)]


def _units(text: str) -> list[tuple[float, str]]:
    found = []
    for match in _NUMBER_UNIT.finditer(text):
        unit = (match[2] or "").lower()
        found.append((float(match[1].replace(",", "")), next(iter(terms(unit)), unit)))
    return found


def _near(number: float, known: Sequence[float]) -> bool:
    """Whether a number is among others, as a share or as a percentage."""
    return any(
        math.isclose(number * factor, other, rel_tol=1e-9) for other in known for factor in (1, 100, 0.01)
    )


def _plain(text: str) -> list[str]:
    return re.findall(r"[a-z]+(?:'[a-z]+)?", text.lower())


def _negates(word: str) -> bool:
    return word in NEGATIONS or word.endswith("n't")


def _names_missing(evidence: str, claim: str) -> float:
    there = set(terms(evidence))
    return float(
        sum(
            name.lower() not in FUNCTION_WORDS and not set(terms(name)) <= there
            for name in _NAME.findall(claim)
        )
    )


def _common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    row = [0] * (len(b) + 1)
    for one in a:
        before, row = row, [0]
        for j, other in enumerate(b):
            row.append(before[j] + 1 if one == other else max(before[j + 1], row[j]))
    return row[-1]


def report(matrix: Any, pairs: Sequence[Pair]) -> None:
    """Fit in folds, and print what passes."""
    used = np.array([pair.file != HELD_OUT for pair in pairs])
    true = np.array([pair.supported for pair in pairs])
    pages = np.array([pair.page for pair in pairs])
    kinds = np.array([pair.kind for pair in pairs])
    own, labels = matrix[used], true[used]
    scores = np.zeros(len(own))
    for train, test in GroupKFold(5).split(own, labels, pages[used]):
        scores[test] = _model().fit(own[train], labels[train]).predict_proba(own[test])[:, 1]
    apart = _model().fit(own, labels).predict_proba(matrix[~used])[:, 1]
    print(
        f"{len(own)} pairs, {labels.mean():.2f} of them true; area under the curve {roc_auc_score(labels, scores):.3f}"
    )
    print("| false ones stopped | true ones passed | held-out paraphrases passed |\n|---:|---:|---:|")
    for share in (0.9, 0.95, 0.98):
        bound = np.quantile(scores[~labels], share)
        print(f"| {share:.2f} | {(scores[labels] >= bound).mean():.3f} | {(apart >= bound).mean():.3f} |")
    bound = np.quantile(scores[~labels], 0.95)
    for kind in sorted(set(kinds[used][~labels].tolist())):
        print(f"stopped of kind {kind}: {(scores[kinds[used] == kind] < bound).mean():.2f}")


def _model() -> GradientBoostingClassifier:
    return GradientBoostingClassifier(
        n_estimators=400, max_depth=4, learning_rate=0.04, subsample=0.6, random_state=0
    )


def main() -> None:
    """Measure and print."""
    pairs = load_pairs()
    pages = [
        line
        for path in sorted((ROOT / "corpus").rglob("*.md"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    features = Features(idf_of(pages))
    report(np.array([features(pair) for pair in pairs]), pairs)


if __name__ == "__main__":
    main()
