"""How well passages are found in every way that was tried: `python benchmarks/retrieval.py --devset FOLDER`.

Measured are the tutor's own corpus and questions and, with a folder, its development sets: `corpus.jsonl`
with rows of `doc_id`, `title`, `text`, each of which is a passage, and `queries.jsonl` with `question`,
`gold_doc_ids`, `answerable`; `long_docs` has `documents.jsonl` and `gold_spans` as well. The dense search
is exact. Vectors are kept in `--cache`, where the first run takes minutes to compute them (some 2 GB for
all sets).

Prints Markdown tables of nDCG@10, with the means over the sets of its ratio to the better single search,
recall@5, recall@20 and reciprocal rank. The bars: on no set below the better single search, and 1.05 times
it on average.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _retrieval_lab import Lab, Quality
    from _retrieval_ways import Formula, Way, Ways

OFFLINE = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
GAIN = 1.05
COSINES, LEXICALS, FEEDBACKS = (0.3, 0.5, 0.7, 0.9), (0.1, 0.2, 0.3, 0.4), (0.0, 0.2, 0.4)
TIMED = 60  # questions


@dataclass(frozen=True, slots=True)
class Measured:
    """A way on every set."""

    by_set: Mapping[str, Quality]
    ratios: Mapping[str, float]
    ms: float

    def mean(self, name: str) -> float:
        """The mean of a measure over the sets."""
        return float(sum(getattr(quality, name) for quality in self.by_set.values()) / len(self.by_set))

    @property
    def ratio(self) -> float:
        """The mean ratio to the better single search."""
        return sum(self.ratios.values()) / len(self.ratios)

    def row(self, measure: str) -> list[str]:
        """Its cells."""
        each = [_short(getattr(quality, measure)) for quality in self.by_set.values()]
        means = [_short(self.mean(name)) for name in (measure, "recall5", "recall20", "mrr")]
        return [
            *each,
            means[0],
            f"{self.ratio:.3f}",
            f"{min(self.ratios.values()):.3f}",
            *means[1:],
            f"{self.ms:.1f}",
        ]


class Bench:
    """The sets, and on each the nDCG of the better single search, which is the yardstick."""

    def __init__(self, labs: Sequence[Lab]) -> None:
        self.labs = labs
        self.bars = {lab.set.name: max(self._leg(lab)) for lab in labs}

    @staticmethod
    def _leg(lab: Lab) -> list[float]:
        from _retrieval_lab import summed
        from _retrieval_ways import legs

        return [summed(lab.quality(way(lab))).ndcg for way in legs().values()]

    def measured(self, way: Way) -> Measured:
        """A way on every set."""
        from _retrieval_lab import summed

        by_set, seconds = {}, 0.0
        for lab in self.labs:
            begun = time.process_time()
            scores = way(lab)
            seconds += time.process_time() - begun
            by_set[lab.set.name] = summed(lab.quality(scores))
        asked = sum(len(lab.set.questions) for lab in self.labs)
        ratios = {name: quality.ndcg / self.bars[name] for name, quality in by_set.items()}
        return Measured(by_set, ratios, 1000 * seconds / asked)

    def table(self, ways: Ways, measure: str) -> str:
        """Every way as a row."""
        head = [f"{lab.set.name} ({len(lab.set.questions)})" for lab in self.labs]
        titles = [*head, "mean", "to leg", "worst", "recall@5", "recall@20", "MRR", "CPU ms"]
        return _markdown(
            ["", *titles], [[name, *self.measured(way).row(measure)] for name, way in ways.items()]
        )


def halves(labs: Sequence[Lab]) -> str:
    """The weights of the formula chosen on each half of the questions, and what they bring on the other."""
    import numpy as np
    from _retrieval_ways import CHOSEN, legs, ordered

    made = [
        replace(CHOSEN, cosine=cosine, lexical=lexical, feedback=feedback)
        for cosine, lexical, feedback in itertools.product(COSINES, LEXICALS, FEEDBACKS)
    ]
    yardsticks = [np.array([lab.quality(way(lab))["ndcg"] for way in legs().values()]) for lab in labs]
    found = {f: [lab.quality(ordered(lab, f))["ndcg"] for lab in labs] for f in made}

    def ratio(formula: Formula, half: int) -> float:
        pairs = zip(found[formula], yardsticks, strict=True)
        return float(
            np.mean([own[half::2].mean() / bar[:, half::2].mean(axis=1).max() for own, bar in pairs])
        )

    best = [max(made, key=partial(ratio, half=half)) for half in (0, 1)]
    lines = [
        [name, str(best[half]), *(f"{ratio(f, half):.4f}" for f in (best[half], best[1 - half], CHOSEN))]
        for half, name in enumerate(("even", "odd"))
    ]
    return _markdown(
        ["half", "its best weights", "with them", "with the other half's", "with those chosen"], lines
    )


def sizes(labs: Sequence[Lab]) -> str:
    """Bytes that each form of late interaction takes for a passage."""
    from _retrieval_ways import FORMS

    head = ["", *(lab.set.name for lab in labs)]
    return _markdown(head, [[str(f), *(f"{lab.bytes_per_passage(f):,.0f}" for lab in labs)] for f in FORMS])


def costs(lab: Lab) -> str:
    """Median milliseconds of the steps of one search, with the tutor's own parts."""
    import numpy as np
    from _retrieval_lab import Form

    from tutor.index import lexical
    from tutor.index.late import WordIndex, encode

    steps: dict[str, list[float]] = {}

    def timed(name: str, step: Callable[..., object], *given: object) -> None:
        begun = time.perf_counter()
        step(*given)
        steps.setdefault(name, []).append(1000 * (time.perf_counter() - begun))

    kept, queries, weights = lab.kept(Form())
    vectors = np.ascontiguousarray(lab.passages.vectors)
    order = np.argsort(-lab.blended, axis=1, kind="stable")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encode(np.asarray(kept.values, np.float32)).tofile(folder / "signs")
        np.diff(kept.starts).astype(np.uint32).tofile(folder / "counts")
        words = WordIndex(folder / "signs", folder / "counts", len(kept.starts) - 1, vectors.shape[1])
        lexical.build(lab.texts, folder / "lexical")
        index = lexical.LexicalIndex(folder / "lexical", len(lab.texts))
        for number in range(min(TIMED, len(lab.set.questions))):
            own = slice(queries.starts[number], queries.starts[number + 1])
            asked, shares = np.asarray(queries.values[own], np.float32), np.asarray(weights[own])
            looked_for = list(lab.asked[number].elements())
            timed("cosine of every passage", np.matmul, vectors, lab.questions.vectors[number])
            timed("BM25, best 50", index.search, looked_for, 50)
            for depth in (10, 20, 50):
                rows = order[number, :depth].tolist()
                timed(f"late interaction, {depth} passages", words.scores, asked, shares, rows)
    lines = [
        [name, f"{np.median(values):.2f}", f"{np.percentile(values, 95):.2f}"]
        for name, values in steps.items()
    ]
    return _markdown([f"{lab.set.name}, {len(lab.texts)} passages", "median ms", "p95 ms"], lines)


def lengths(devset: Path, embeddings: Any, cache: Path, *, quick: bool) -> str:
    """Share of the answers' characters in what was retrieved, at equal length."""
    from _retrieval_length import LENGTHS, measure

    found = measure(devset, embeddings, cache, quick=quick)
    lines = [
        [name, f"{chunked.chunks:,}", f"{chunked.pieces:.0f}", way, *map(_short, shares)]
        for name, chunked in found.items()
        for way, shares in chunked.found.items()
    ]
    head = ["chunks", "how many", "mean pieces", "retrieval", *(f"{length} pieces" for length in LENGTHS)]
    return _markdown(head, lines)


def verdict(measured: Measured) -> tuple[str, int]:
    """One line on the bars, and the exit code: 0 where no set falls below the better single search."""
    lowest, ratio = min(measured.ratios.items(), key=lambda pair: pair[1])
    every = f"at least the better single search on every set: {_said(ratio >= 1)}, {ratio:.3f} on {lowest}"
    mean = f"{GAIN} times it on average: {_said(measured.ratio >= GAIN)}, {measured.ratio:.3f}"
    return f"{every}; {mean}", 0 if ratio >= 1 else 1


def _said(kept: bool) -> str:
    return "kept" if kept else "NOT KEPT"


def _short(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = "|---|" + "---:|" * (len(head) - 1)
    return "\n".join((f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(line)} |" for line in lines)))


def _sections(*, quick: bool, reranker: str) -> Mapping[str, Ways]:
    import _retrieval_ways as ways

    if quick:
        few = {name: ways.fusions()[name] for name in ("RRF(60)", "min-max blend, 0.4 dense")}
        return {"Quick": {**ways.legs(), **few, **ways.formulas(ways.PLAIN, ways.CHOSEN)}}
    formulas = dict(ways.formula_ways())
    if reranker:
        from tutor.retrieval.rerank import CrossEncoderReranker

        model = CrossEncoderReranker(reranker)
        formulas[f"chosen, best 20 by {reranker}"] = lambda lab: ways.reranked(lab, model)
    return {
        "Each search alone": ways.legs(),
        "Both, fused": ways.fusions(),
        "BM25 alone, other forms": ways.lexical_ways(),
        "Dense alone, other forms": ways.dense_ways(),
        "Late interaction": ways.late_ways(),
        "The formula": formulas,
    }


def main(arguments: Sequence[str] | None = None, *, embeddings: Any = None) -> int:
    """Encode, measure, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devset", type=Path, help="folder of development sets")
    parser.add_argument("--sets", nargs="+", help="which of them, and `own` (default all)")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tutor-devsets")
    parser.add_argument(
        "--quick", action="store_true", help="the two searches, the blend and the formula only"
    )
    parser.add_argument("--measure", choices=("ndcg", "recall5", "recall20", "mrr"), default="ndcg")
    parser.add_argument("--reranker", default="", help="a cross-encoder's folder or hub id, to try it too")
    options = parser.parse_args(arguments)
    for name, value in OFFLINE.items():  # before any library reads them
        os.environ.setdefault(name, value)
    from _retrieval_lab import Lab
    from _retrieval_sets import DEVSETS, OWN, devset, own
    from _retrieval_ways import CHOSEN, ordered

    from tutor.embedding import SentenceTransformerEmbeddings

    model = embeddings or SentenceTransformerEmbeddings()
    names = options.sets or [*(DEVSETS if options.devset else ()), OWN]
    sets = [own(model) if name == OWN else devset(options.devset, name) for name in names]
    bench = Bench([Lab(passages, model, options.cache) for passages in sets])
    for title, ways in _sections(quick=options.quick, reranker=options.reranker).items():
        print(f"\n### {title}\n\n{bench.table(ways, options.measure)}", flush=True)
    if not options.quick:
        print(f"\n### Bytes for each passage\n\n{sizes(bench.labs)}")
        print(f"\n### Weights chosen on one half of the questions\n\n{halves(bench.labs)}", flush=True)
    print(
        f"\n### What a question costs\n\n{costs(max(bench.labs, key=lambda lab: len(lab.texts)))}", flush=True
    )
    if options.devset and "long_docs" in names:
        table = lengths(options.devset, model, options.cache, quick=options.quick)
        print(f"\n### Share of the answer in so many word pieces, long_docs\n\n{table}")
    line, code = verdict(bench.measured(lambda lab: ordered(lab, CHOSEN)))
    print(f"\n{CHOSEN}: {line}")
    return code


if __name__ == "__main__":
    sys.exit(main())
