"""Fit the coverage decision: `python tools/fit_coverage.py --devset FOLDER [--write]`.

Positives: answerable questions of the development sets, and our own questions of the dev split on our own corpus.
Negatives: adversarial questions (wiki_qa), questions of one set asked of another, questions whose gold documents are
left out of the search (course_faq), and our own that are not covered. Our test split is never looked at here but to
report. Same data, same seed: same weights to the digit.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sklearn
from devsets import NAMES, file_name, open_index, queries
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from tutor.answering import coverage
from tutor.answering.evidence import gather
from tutor.answering.question import analyse
from tutor.config import Settings
from tutor.embedding import SentenceTransformerEmbeddings
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.retrieval.filters import Filters
from tutor.retrieval.retriever import Retriever
from tutor_evals.questions import load_questions
from tutor_ingest.pipeline import ingest

SHARE = {"wiki_qa": 0.5, "course_faq": 0.5, "long_docs": 0.35}
WEIGHT = {  # of one row in the fit; the last word of a group's name says what its rows are
    "wiki_qa answerable": 1.0, "wiki_qa adversarial": 0.5, "wiki_qa foreign": 1.0,
    "course_faq answerable": 1.0, "course_faq foreign": 1.0, "course_faq withheld": 0.3,
    "long_docs answerable": 0.7, "long_docs foreign": 1.0,
    "own answerable": 3.0, "own uncovered": 6.0, "own foreign": 1.0,
}  # fmt: skip
REFUSE_BELOW = 0.35  # wrong refusals cost a learner more than a near miss that shows its source


@dataclass(frozen=True)
class Row:
    """One question with its features; `label` is 1 if the corpus answers it."""

    group: str
    label: int
    features: tuple[float, ...]


class Collector:
    """Asks questions of indexes and keeps the features."""

    def __init__(self, embeddings: SentenceTransformerEmbeddings) -> None:
        self.embeddings = embeddings
        self.rows: list[Row] = []

    def ask(
        self, generation: Generation, texts: Iterable[str], group: str, filters: Filters | None = None
    ) -> None:
        """Add questions to a group; those of an `answerable` group are positives."""
        retriever = Retriever(index=Index(Path()), embeddings=self.embeddings)
        for text in texts:
            found = retriever.find(text, generation=generation, filters=filters)
            question = analyse(text, found.corrections)
            candidates = gather(question, found, generation)
            values = coverage.features(question, found, candidates, generation)
            self.rows.append(Row(group, int(group.endswith("answerable")), values))


def collect(devset: Path, cache: Path) -> list[Row]:
    """The features of all questions, development sets first."""
    chance = random.Random(0)
    collector = Collector(SentenceTransformerEmbeddings())
    by_set = {name: queries(devset, name) for name in NAMES}
    answerable = {name: [q["question"] for q in rows if q["answerable"]] for name, rows in by_set.items()}
    for name, rows in by_set.items():
        generation = open_index(devset, name, cache, collector.embeddings)
        kept = [q for q in rows if chance.random() < SHARE[name]]
        collector.ask(generation, [q["question"] for q in kept if q["answerable"]], f"{name} answerable")
        collector.ask(generation, [q["question"] for q in kept if not q["answerable"]], f"{name} adversarial")
        for other in NAMES:
            if other != name:
                collector.ask(generation, chance.sample(answerable[other], 50), f"{name} foreign")
        if name == "course_faq":
            ids = {summary.path: summary.id for summary in generation.store.summaries}
            for query in chance.sample(rows, 100):
                gold = {file_name(doc_id) for doc_id in query["gold_doc_ids"]}
                others = Filters(document_ids=tuple(id_ for path, id_ in ids.items() if path not in gold))
                collector.ask(generation, [query["question"]], f"{name} withheld", others)
    _collect_own(collector, cache, [q for name in NAMES for q in chance.sample(answerable[name], 40)])
    return collector.rows


def _collect_own(collector: Collector, cache: Path, foreign: list[str]) -> None:
    settings = Settings(data_dir=cache / "own")
    ingest(settings, embeddings=collector.embeddings)
    generation = Index(settings.data_dir).current()
    for question in load_questions().questions:
        if question.kind == "small_talk" or question.coverage == "partly":
            continue
        name = "own" if question.split == "dev" else "held out"
        kind = "uncovered" if question.coverage == "not_covered" else "answerable"
        collector.ask(generation, [question.question], f"{name} {kind}")
    collector.ask(generation, foreign, "own foreign")


def fit(rows: list[Row]) -> LogisticRegression:
    """The logistic model over all rows but the held-out ones."""
    used = [row for row in rows if not row.group.startswith("held out")]
    model = LogisticRegression(C=10, max_iter=5000)
    model.fit(
        np.array([row.features for row in used]),
        np.array([row.label for row in used]),
        sample_weight=np.array([WEIGHT[row.group] for row in used]),
    )
    return model


def report(rows: list[Row], scores: np.ndarray) -> dict[str, float]:
    """Prints the table of both error rates and returns the areas under the curve."""
    groups = np.array([row.group for row in rows])
    labels = np.array([row.label for row in rows])
    print(f"{'group':24}{'rows':>6}{'answered':>10}")
    for group, count in sorted(Counter(groups.tolist()).items()):
        print(f"{group:24}{count:6}{(scores[groups == group] >= REFUSE_BELOW).mean():10.2f}")
    areas = {}
    for group in sorted({g for g in groups.tolist() if not g.endswith("answerable")}):
        pair = np.isin(groups, [group, group.rsplit(" ", 1)[0] + " answerable"])
        areas[group] = round(float(roc_auc_score(labels[pair], scores[pair])), 3)
        print(f"area under the curve, against {group}: {areas[group]}")
    return areas


def main() -> None:
    """Fit, report, and with --write replace the model that the tutor reads."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devset", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tutor-devsets")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    rows = collect(arguments.devset, arguments.cache)
    model = fit(rows)
    scores = model.predict_proba(np.array([row.features for row in rows]))[:, 1]
    areas = report(rows, scores)
    fitted = {
        "features": list(coverage.FEATURES),
        "weights": [round(float(w), 4) for w in model.coef_[0]],
        "bias": round(float(model.intercept_[0]), 4),
        "refuse_below": REFUSE_BELOW,
        "embedding_model": "all-MiniLM-L6-v2",
        "provenance": {
            "command": "python tools/fit_coverage.py --devset ../shared/devset --write",
            "rows": dict(sorted(Counter(row.group for row in rows).items())),
            "area_under_curve": areas,
            "sklearn": sklearn.__version__,
        },
    }
    print(json.dumps(fitted, indent=1))
    if arguments.write:
        Path(coverage.__file__).with_name("coverage.json").write_text(
            json.dumps(fitted, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
