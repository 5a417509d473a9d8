"""What the lexical index costs as it grows, beside bm25s and SQLite's FTS5: `python benchmarks/lexical.py`.

Made-up chunks of about 120 words, whose frequencies fall as in real text (Zipf and Mandelbrot), are indexed and asked for by
three to eight words, none of them among the commonest. Each engine builds in a process of its own and searches in another, so
that peak memory is its own. Seconds are those of the processor, which depend less on what else the machine does.
`--sizes 1000000` takes half an hour and, for bm25s, 7 GB of memory.

`--devset FOLDER` prints nDCG@10 of each engine on the development sets instead.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

SIZES, QUERIES, SECONDS, TOP, CUT = (10_000, 50_000), 200, 20.0, 50, 10
WORDS, PER_TEXT, COMMON = 500_000, 120, 100
SETS = ("wiki_qa", "course_faq", "long_docs", "cranfield")
Hits = Sequence[tuple[int, float]]


class Engine(Protocol):
    """Builds an index in a folder that does not exist yet; opened from there, it finds rows and scores, best first."""

    @staticmethod
    def build(texts: Iterable[str], folder: Path) -> None:
        """Index texts in order."""

    def __init__(self, folder: Path) -> None: ...

    def search(self, query: str) -> Hits:
        """The best 50."""


class Ours:
    """`tutor.index.lexical`."""

    @staticmethod
    def build(texts: Iterable[str], folder: Path) -> None:
        """Index texts in order."""
        from tutor.index import lexical

        lexical.build(texts, folder)

    def __init__(self, folder: Path) -> None:
        from tutor.index.lexical import LexicalIndex

        self._index = LexicalIndex(folder, json.loads((folder / "index.json").read_text())["rows"])

    def search(self, query: str) -> Hits:
        """The best 50."""
        return self._index.search(_terms(query), TOP)


class Bm25s:
    """The library bm25s with the same analysis and parameters, read by memory map."""

    @staticmethod
    def build(texts: Iterable[str], folder: Path) -> None:
        """Index texts in order."""
        import bm25s

        index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        index.index([_terms(text) for text in texts], show_progress=False)
        index.save(str(folder), show_progress=False)

    def __init__(self, folder: Path) -> None:
        import bm25s

        self._index = bm25s.BM25.load(str(folder), mmap=True)

    def search(self, query: str) -> Hits:
        """The best 50, picked as the tutor did when it used the library."""
        known = [id_ for term in _terms(query) if (id_ := self._index.vocab_dict.get(term)) is not None]
        if not known:
            return []
        scores = self._index.get_scores_from_ids(known)
        top = np.sort(np.argpartition(scores, -min(TOP, len(scores)))[-TOP:])
        return [
            (int(row), float(scores[row]))
            for row in top[np.argsort(-scores[top], kind="stable")]
            if scores[row] > 0
        ]


class Fts:
    """SQLite's FTS5, without a copy of the texts."""

    tokenizer = "porter unicode61"

    @staticmethod
    def analyse(text: str) -> list[str]:
        """What a text is given as."""
        return ["".join(c if c.isalnum() else " " for c in text)]

    @classmethod
    def build(cls, texts: Iterable[str], folder: Path) -> None:
        """Index texts in order."""
        folder.mkdir()
        with sqlite3.connect(folder / "fts.sqlite") as database:
            database.execute(
                f'CREATE VIRTUAL TABLE t USING fts5(x, content="", detail=full, tokenize="{cls.tokenizer}")'
            )
            rows = ((number, " ".join(cls.analyse(text))) for number, text in enumerate(texts))
            database.executemany("INSERT INTO t(rowid, x) VALUES (?, ?)", rows)
            database.execute("INSERT INTO t(t) VALUES ('optimize')")
        database.close()

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "fts.sqlite")

    def search(self, query: str) -> Hits:
        """The best 50."""
        words = {word for part in self.analyse(query) for word in part.split()}
        match = " OR ".join(f'"{word}"' for word in sorted(words))
        sql = f"SELECT rowid, -rank FROM t WHERE t MATCH ? ORDER BY rank LIMIT {TOP}"
        return self._database.execute(sql, (match,)).fetchall() if match else []


class FtsOfTerms(Fts):
    """The same over our own terms."""

    tokenizer = "unicode61 remove_diacritics 0 tokenchars '+#.'"

    @staticmethod
    def analyse(text: str) -> list[str]:
        """What a text is given as."""
        return _terms(text)


ENGINES: dict[str, type[Engine]] = {
    "ours": Ours,
    "bm25s": Bm25s,
    "FTS5, porter": Fts,
    "FTS5, our terms": FtsOfTerms,
}


def _terms(text: str) -> list[str]:
    from tutor.index.terms import terms

    return terms(text)


def names(count: int) -> list[str]:
    """Made-up words of consonants and vowels, all different."""
    syllables = [consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in "aeiou"]
    random.Random(1).shuffle(syllables)
    base = len(syllables)
    return [
        syllables[i % base] + syllables[i // base % base] + (syllables[i // base**2] if i >= base**2 else "n")
        for i in range(count)
    ]


def cumulative(count: int) -> Any:
    """How likely the first 1, 2, … words are: the n-th has 1 / (n + 2.7)^1.07."""
    shares = np.cumsum((np.arange(count) + 3.7) ** -1.07)
    return shares / shares[-1]


def made_texts(size: int, words: int = WORDS) -> Iterator[str]:
    """Chunks of words drawn by frequency; the same every time."""
    vocabulary, shares, draw = names(words), cumulative(words), np.random.default_rng(2)
    for start in range(0, size, 1000):
        drawn = np.searchsorted(shares, draw.random((min(1000, size - start), PER_TEXT)))
        yield from (" ".join([vocabulary[i] for i in row]) for row in drawn.tolist())


def made_queries(count: int, words: int = WORDS) -> list[str]:
    """Questions of three to eight words that are none of the commonest."""
    vocabulary, shares, draw = names(words), cumulative(words), np.random.default_rng(3)
    floor = shares[COMMON]
    return [
        " ".join(
            vocabulary[i]
            for i in np.searchsorted(shares, floor + (1 - floor) * draw.random(draw.integers(3, 9)))
        )
        for _ in range(count)
    ]


def build(engine: str, size: int, folder: Path) -> dict[str, float]:
    """Seconds, peak memory and size on disk of building; in this process."""
    begun = time.process_time()
    ENGINES[engine].build(made_texts(size), folder)
    seconds = time.process_time() - begun
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"build s": seconds, "build peak MB": peak(), "disk MB": disk / 1e6}


def search(engine: str, folder: Path) -> dict[str, float]:
    """How long the queries beside the folder take, and the most memory that it takes; in this process."""
    queries = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    opened = ENGINES[engine](folder)
    opened.search(queries[0])
    took: list[float] = []
    while len(took) < len(queries) - 1 and sum(took) < SECONDS:
        begun = time.process_time()
        opened.search(queries[len(took) + 1])
        took.append(time.process_time() - begun)
    middle, late = np.percentile(took, [50, 95])
    return {"p50 ms": middle * 1e3, "p95 ms": late * 1e3, "queries/s": 1 / middle, "search MB": peak()}


def peak() -> float:
    """The most memory that this process has had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1024


def measure(engine: str, size: int) -> dict[str, float]:
    """Build and search, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, float] = {}
        Path(folder, "index.json").write_text(json.dumps(made_queries(QUERIES)), encoding="utf-8")
        for step in ("build", "search"):
            command = [sys.executable, __file__, "--step", step, "--engine", engine, "--size", str(size)]
            done = subprocess.run([*command, "--folder", f"{folder}/index"], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            found |= json.loads(done.stdout)
    return found


def ndcg(ranking: Hits, gold: frozenset[int]) -> float:
    """Normalised discounted cumulative gain at 10 with binary relevance (Järvelin and Kekäläinen 2002)."""
    gain = sum(1 / math.log2(place + 2) for place, (row, _) in enumerate(ranking[:CUT]) if row in gold)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(gold), CUT)))
    return gain / ideal if ideal else 0.0


def quality(engine: str, devset: Path, name: str) -> float:
    """Mean nDCG@10 on a development set, over the words that the tutor searches for."""
    corpus, asked = (
        [json.loads(line) for line in (devset / name / file).read_text(encoding="utf-8").splitlines() if line]
        for file in ("corpus.jsonl", "queries.jsonl")
    )
    rows = {row["doc_id"]: number for number, row in enumerate(corpus)}
    with tempfile.TemporaryDirectory() as folder:
        ENGINES[engine].build((f"{row['title']}\n{row['text']}" for row in corpus), Path(folder) / "index")
        opened = ENGINES[engine](Path(folder) / "index")
        asked = [question for question in asked if question["answerable"]]
        golds = [frozenset(rows[d] for d in question["gold_doc_ids"] if d in rows) for question in asked]
        found = [opened.search(_without_function_words(question["question"])) for question in asked]
        return float(np.mean([ndcg(*pair) for pair in zip(found, golds, strict=True)]))


def _without_function_words(question: str) -> str:
    from tutor.retrieval.search import searched_terms

    kept = set(searched_terms(question))
    return " ".join(word for word in question.split() if kept & set(_terms(word)))


def table(lines: Sequence[tuple[str, dict[str, float]]]) -> str:
    """Markdown."""
    heads = list(lines[0][1])
    rows = [
        f"| {name} | " + " | ".join(_figure(found[head]) for head in heads) + " |" for name, found in lines
    ]
    return "\n".join([f"| | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads), *rows])


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--devset", type=Path)
    parser.add_argument("--step", choices=("build", "search"), help=argparse.SUPPRESS)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.step:
        step = (
            build(options.engine, options.size, options.folder)
            if options.step == "build"
            else search(options.engine, options.folder)
        )
        print(json.dumps(step))
        return 0
    if options.devset:
        found = [(e, {name: quality(e, options.devset, name) for name in SETS}) for e in options.engines]
        print(table(found))
        return 0
    for size in options.sizes:
        print(f"{size:,} chunks\n\n{table([(e, measure(e, size)) for e in options.engines])}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
