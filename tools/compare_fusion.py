"""Compare ways to fuse dense and lexical search: `python tools/compare_fusion.py --devset FOLDER`.

Prints nDCG@10 for each set of the folder (`corpus.jsonl` with `doc_id`, `title`, `text`; `queries.jsonl` with `question`,
`gold_doc_ids`, `answerable`). A row of the corpus is one passage, so the splitter plays no part. Both searches are exact and
give their best 50 rows, as in `tutor.retrieval.search`. Vectors are kept in `--cache`; everything else takes seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from devsets import queries, rows

from tutor.embedding import SentenceTransformerEmbeddings, Vectors
from tutor.index import lexical
from tutor.index.terms import terms
from tutor.retrieval.fusion import Ranking, blend, reciprocal_rank
from tutor.retrieval.search import DEPTH, searched_terms

SETS = ("wiki_qa", "course_faq", "long_docs", "cranfield")
WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
CUT = 10

Fusion = Callable[[Ranking, Ranking], Ranking]


@dataclass(frozen=True, slots=True)
class Searched:
    """One question: the rows that answer it, and what each search found."""

    gold: frozenset[int]
    dense: Ranking
    lexical: Ranking
    lexical_whole: Ranking
    """With the question's function words left in."""


def fusions() -> dict[str, Fusion]:
    """Every way that is compared, by its name in the table."""
    ways: dict[str, Fusion] = {
        "dense alone": lambda dense, lexical: dense,
        "BM25 alone": lambda dense, lexical: lexical,
        "RRF(10)": partial(_rrf, constant=10),
        "RRF(60)": partial(_rrf, constant=60),
    }
    return ways | {f"blend, {weight:.1f} dense": partial(blend, weight=weight) for weight in WEIGHTS}


def _rrf(dense: Ranking, lexical: Ranking, constant: int) -> Ranking:
    return reciprocal_rank(dense, lexical, constant=constant)


def ndcg(ranking: Ranking, gold: frozenset[int], cut: int = CUT) -> float:
    """Normalised discounted cumulative gain at `cut` with binary relevance (Järvelin and Kekäläinen 2002)."""
    gain = sum(1 / math.log2(place + 2) for place, (row, _) in enumerate(ranking[:cut]) if row in gold)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(gold), cut)))
    return gain / ideal if ideal else 0.0


def search_all(
    devset: Path, name: str, cache: Path, embeddings: SentenceTransformerEmbeddings
) -> list[Searched]:
    """Both searches for each answerable question of a set."""
    corpus = rows(devset / name / "corpus.jsonl")
    asked = [query for query in queries(devset, name) if query["answerable"]]
    texts = [f"{row['title']}\n{row['text']}" for row in corpus]
    row_of = {row["doc_id"]: number for number, row in enumerate(corpus)}
    passages = _vectors(texts, cache / f"fusion-{name}", embeddings)
    questions = _vectors([q["question"] for q in asked], cache / f"fusion-{name}-questions", embeddings)
    with tempfile.TemporaryDirectory() as folder:
        lexical.build(texts, Path(folder) / "lexical")
        index = lexical.LexicalIndex(Path(folder) / "lexical", len(texts))
        return [
            Searched(
                gold=frozenset(row_of[doc_id] for doc_id in query["gold_doc_ids"] if doc_id in row_of),
                dense=_nearest(passages @ vector),
                lexical=index.search(searched_terms(query["question"]), DEPTH),
                lexical_whole=index.search(terms(query["question"]), DEPTH),
            )
            for query, vector in zip(asked, questions, strict=True)
        ]


def _nearest(similarities: Vectors) -> list[tuple[int, float]]:
    best = np.argsort(-similarities, kind="stable")[:DEPTH]
    return [(int(row), float(similarities[row])) for row in best]


def _vectors(texts: Sequence[str], path: Path, embeddings: SentenceTransformerEmbeddings) -> Vectors:
    """The vectors of texts, computed once for the same texts and model."""
    key = hashlib.sha256("\x1f".join((embeddings.identity.sha256, *texts)).encode()).hexdigest()[:12]
    file = path.with_name(f"{path.name}-{key}.npy")
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, embeddings.embed_spans(texts, [()] * len(texts))[0])
    found: Vectors = np.load(file)
    return found


def measure(by_set: dict[str, list[Searched]]) -> dict[str, tuple[float, ...]]:
    """Mean nDCG@10 of each way for each set, function words left out of the lexical search and, in brackets, left in."""
    table: dict[str, tuple[float, ...]] = {}
    for name, fuse in fusions().items():
        table[name] = _means(by_set, lambda one, fuse=fuse: fuse(one.dense, one.lexical))
        if name != "dense alone":
            table[f"{name}, whole question"] = _means(
                by_set, lambda one, fuse=fuse: fuse(one.dense, one.lexical_whole)
            )
    return table


def _means(by_set: dict[str, list[Searched]], fused: Any) -> tuple[float, ...]:
    return tuple(float(np.mean([ndcg(fused(one), one.gold) for one in asked])) for asked in by_set.values())


def markdown(table: dict[str, tuple[float, ...]], by_set: dict[str, list[Searched]]) -> str:
    """The table as it stands in docs/decisions/0003-fusion.md."""
    head = [f"{name} ({len(asked)})" for name, asked in by_set.items()]
    lines = ["| | " + " | ".join((*head, "mean")) + " |", "|---|" + "---:|" * (len(head) + 1)]
    for name, values in table.items():
        cells = " | ".join(f"{value:.3f}".removeprefix("0") for value in (*values, float(np.mean(values))))
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Search, fuse, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devset", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "tutor-devsets")
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    arguments = parser.parse_args()
    embeddings = SentenceTransformerEmbeddings()
    by_set = {
        name: search_all(arguments.devset, name, arguments.cache, embeddings) for name in arguments.sets
    }
    sys.stdout.write(markdown(measure(by_set), by_set) + "\n")


if __name__ == "__main__":
    main()
