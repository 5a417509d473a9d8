"""Compare ways to choose the answering span: `python tools/compare_evidence.py --devset FOLDER`.

For each question whose answering place is known, the tutor searches the whole index of its set for the best passages
and ranks all their spans as `tutor.answering.evidence` does, but with other weights or other span vectors. Printed are
the share of questions whose first span holds the answer, and the mean reciprocal rank of the first span that does.

wiki_qa: a span holds the answer if it lies in the gold paragraph and contains one of the answers. long_docs: if it
shares at least half of the shorter of itself and a gold range of characters.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from devsets import file_name, open_index, queries, rows
from numpy.typing import NDArray

from tutor.answering import evidence
from tutor.answering.evidence import Candidate, gather
from tutor.answering.question import analyse
from tutor.documents import context_line, fold
from tutor.embedding import SentenceTransformerEmbeddings, Vectors
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.retrieval.retriever import Retriever

SETS = ("wiki_qa", "long_docs")
FEATURES = ("similarity", "cover", "context", "passage", "form")
SHIPPED = (evidence.SIMILARITY, evidence.COVER, evidence.CONTEXT, evidence.PASSAGE, evidence.FORM)
WEIGHTS: Mapping[str, tuple[float, ...]] = {
    "cosine alone": (1, 0, 0, 0, 0),
    "term cover alone": (0, 1, 0, 0, 0),
    "cosine, term cover": (1, 0.45, 0, 0, 0),
    "cosine, both covers": (1, 0.45, 0.35, 0, 0),
    "cosine, both covers, passage": (1, 0.45, 0.35, 0.25, 0),
    "all equal": (1, 1, 1, 1, 1),
    "**as shipped**": SHIPPED,
    "shipped, covers doubled": (1, 0.9, 0.7, 0.25, 0.25),
    "shipped, passage doubled": (1, 0.45, 0.35, 0.5, 0.25),
    "shipped, form halved": (1, 0.45, 0.35, 0.25, 0.125),
    "shipped, form doubled": (1, 0.45, 0.35, 0.25, 0.5),
    "shipped without cosine": (0, *SHIPPED[1:]),
}

Holds = Callable[[dict[str, Any], Candidate], bool]


@dataclass(frozen=True, slots=True)
class Judged:
    """One question's candidates: a row of features, a row number of the span vector, and whether it holds the answer."""

    features: NDArray[np.float32]
    spans: NDArray[np.int64]
    holds: NDArray[np.bool_]
    vector: Vectors


def judge(
    devset: Path, name: str, generation: Generation, embeddings: SentenceTransformerEmbeddings, k: int
) -> list[Judged]:
    """The candidates of every answerable question of a set, in reading order, so that ties fall as in the tutor."""
    holds = _holds(devset, name, generation)
    retriever = Retriever(index=Index(Path()), embeddings=embeddings, k=k)
    judged = []
    for row in queries(devset, name):
        if not row["answerable"]:
            continue
        found = retriever.find(row["question"], generation=generation)
        question = analyse(row["question"], found.corrections)
        candidates = sorted(gather(question, found, generation), key=lambda c: c.place)
        judged.append(
            Judged(
                np.array(
                    [(c.similarity, c.cover, c.context_cover, c.passage.score, c.form) for c in candidates],
                    np.float32,
                ),
                np.array([c.span.row for c in candidates]),
                np.array([holds(row, c) for c in candidates], np.bool_),
                found.query_vector,
            )
        )
    return judged


def _holds(devset: Path, name: str, generation: Generation) -> Holds:
    paths = {summary.path: summary.id for summary in generation.store.summaries}
    if name == "long_docs":
        return lambda row, candidate: any(
            candidate.passage.path.startswith(file_name(gold["doc"])[:-3])
            and _shares_half(candidate, gold["start"], gold["end"])
            for gold in row["gold_spans"]
        )
    paragraphs: dict[str, tuple[str, int, int]] = {}
    for row in rows(devset / name / "corpus.jsonl"):
        document = generation.store.document(paths[file_name(row["doc_id"].split("#")[0])])
        start = document.text.index(row["text"])
        paragraphs[row["doc_id"]] = (document.id, start, start + len(row["text"]))
    return lambda row, candidate: any(
        _inside(candidate, *paragraphs[gold]) and _contains(candidate.text, row["answers"])
        for gold in row["gold_doc_ids"]
    )


def _shares_half(candidate: Candidate, start: int, end: int) -> bool:
    span = candidate.span
    shared = min(span.end, end) - max(span.start, start)
    return 2 * shared >= min(span.end - span.start, end - start)


def _inside(candidate: Candidate, document_id: str, start: int, end: int) -> bool:
    return (
        candidate.passage.document_id == document_id
        and start <= candidate.span.start
        and candidate.span.end <= end
    )


def _contains(text: str, answers: list[str]) -> bool:
    return any(fold(answer).casefold() in fold(text).casefold() for answer in answers)


def score(
    judged: list[Judged], weights: tuple[float, ...], vectors: Vectors | None = None
) -> tuple[float, float]:
    """Share of questions whose first span holds the answer, and mean reciprocal rank; `vectors` replace the pooled ones."""
    ranks = []
    for one in judged:
        features = one.features.copy()
        if vectors is not None and len(features):
            features[:, 0] = vectors[one.spans] @ one.vector
        order = (
            np.argsort(-(features @ np.array(weights, np.float32)), kind="stable") if len(features) else []
        )
        places = np.flatnonzero(one.holds[order]) if len(features) else np.array([])
        ranks.append(1 / (int(places[0]) + 1) if len(places) else 0.0)
    return float(np.mean([rank == 1 for rank in ranks])), float(np.mean(ranks))


def embed_alone(
    generation: Generation, embeddings: SentenceTransformerEmbeddings, *, context: bool
) -> tuple[Vectors, float]:
    """Every span as a text of its own, with title and headings before it if wanted; and the seconds that it took."""
    texts: list[str] = []
    for chunk in generation.store.all_chunks():
        document = generation.store.document(chunk.document_id)
        head = f"{context_line(document.title, chunk.heading_path)}\n" if context else ""
        texts += [head + document.text[s.start : s.end] for s in generation.store.spans([chunk.row])]
    begun = time.perf_counter()
    vectors = embeddings.embed_spans(texts, [()] * len(texts))[0]
    return vectors, time.perf_counter() - begun


def main() -> None:
    """Search, judge, print two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devset", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tutor-devsets")
    parser.add_argument("-k", type=int, default=50, help="passages whose spans are ranked (default 50)")
    parser.add_argument("--pooling", action="store_true", help="also embed each span alone (minutes)")
    arguments = parser.parse_args()
    embeddings = SentenceTransformerEmbeddings()
    indexes = {name: open_index(arguments.devset, name, arguments.cache, embeddings) for name in SETS}
    judged = {
        name: judge(arguments.devset, name, generation, embeddings, arguments.k)
        for name, generation in indexes.items()
    }
    for name, found in judged.items():
        reachable = np.mean([one.holds.any() for one in found])
        _say(
            f"{name}: {len(found)} questions; in the best {arguments.k} passages stands the answer of {reachable:.3f}"
        )
    _table(f"weights of {', '.join(FEATURES)}", judged, {
        f"{label} ({', '.join(f'{w:g}' for w in weights)})": {name: score(found, weights) for name, found in judged.items()}
        for label, weights in WEIGHTS.items()
    })  # fmt: skip
    if arguments.pooling:
        _table("span vectors", judged, _poolings(judged, indexes, embeddings))


def _poolings(
    judged: Mapping[str, list[Judged]],
    indexes: Mapping[str, Generation],
    embeddings: SentenceTransformerEmbeddings,
) -> dict[str, dict[str, tuple[float, float]]]:
    lines: dict[str, dict[str, tuple[float, float]]] = {}
    alone: dict[tuple[str, bool], Vectors] = {}
    for name, generation in indexes.items():
        for context in (False, True):
            alone[name, context], seconds = embed_alone(generation, embeddings, context=context)
            kind = "with title and headings" if context else "bare"
            _say(f"{name}: {len(alone[name, context])} spans embedded alone, {kind}, in {seconds:.0f} s")
    for label, weights in (("cosine alone", WEIGHTS["cosine alone"]), ("all features as shipped", SHIPPED)):
        lines[f"{label}: pooled in the chunk's forward pass"] = {
            name: score(found, weights) for name, found in judged.items()
        }
        for context, kind in (
            (False, "span embedded alone"),
            (True, "span embedded with title and headings"),
        ):
            lines[f"{label}: {kind}"] = {
                name: score(found, weights, alone[name, context]) for name, found in judged.items()
            }
    return lines


def _table(
    head: str, judged: Mapping[str, Any], lines: Mapping[str, Mapping[str, tuple[float, float]]]
) -> None:
    columns = " | ".join(f"{name} top 1 | {name} MRR" for name in judged)
    _say(f"\n| {head} | {columns} |\n|---|{'---:|' * (2 * len(judged))}")
    for label, by_set in lines.items():
        cells = " | ".join(f"{value:.3f}".removeprefix("0") for pair in by_set.values() for value in pair)
        _say(f"| {label} | {cells} |")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
