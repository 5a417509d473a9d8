"""What slips of the keyboard and abbreviations cost, and what reading them right brings: `python benchmarks/slips.py --devset FOLDER`.

By a seeded rule one letter of one word is changed in a share of the questions of the development sets (two neighbours
swapped, one left out, doubled, or replaced by its neighbour on the keyboard); and in the questions that have an abbreviation
or its long form, each stands for the other. Prints nDCG@10 on just these questions: as they were, as they are now, and read
by `tutor.retrieval.spelling` and `synonyms`; and how many words of the untouched questions would be read otherwise.
Without a folder nothing is measured.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

SETS = ("wiki_qa", "course_faq", "long_docs", "cranfield")
SHARE, SEED, CUT = 0.3, 8, 10
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
WORD = re.compile(r"[A-Za-z]{5,}")
PAIRS = (
    ("API", "application programming interface"), ("GPU", "graphics processing unit"), ("LLM", "large language model"),
    ("RAG", "retrieval augmented generation"), ("MLOps", "machine learning operations"), ("DB", "database"), ("JS", "JavaScript"),
    ("TF", "TensorFlow"), ("VM", "virtual machine"), ("GCP", "Google Cloud Platform"), ("AWS", "Amazon Web Services"),
    ("ML", "machine learning"), ("AI", "artificial intelligence"), ("FAQ", "frequently asked questions"), ("CNN", "convolutional neural network"),
    ("SVM", "support vector machine"), ("RMSE", "root mean squared error"), ("ROC", "receiver operating characteristic"), ("AUC", "area under the curve"),
    ("CI/CD", "continuous integration"), ("K8s", "Kubernetes"), ("USA", "United States"), ("UK", "United Kingdom"), ("docs", "documentation"),
    ("repo", "repository"), ("app", "application"), ("config", "configuration"), ("info", "information"), ("env", "environment"), ("auth", "authentication"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as somebody typed it, as it was meant, and the rows that answer it."""

    typed: str
    meant: str
    gold: frozenset[int]


def slip(question: str, draw: random.Random) -> str:
    """The question with one letter of one word of five letters or more changed; itself if there is none."""
    words = list(WORD.finditer(question))
    if not words:
        return question
    word = draw.choice(words)
    return question[: word.start()] + _changed(word.group(), draw) + question[word.end() :]


def _changed(word: str, draw: random.Random) -> str:
    while True:
        place = draw.randrange(len(word))
        before, letter, after = word[:place], word[place], word[place + 1 :]
        made = draw.choice(
            (
                before + after[:1] + letter + after[1:],
                before + after,
                before + letter + letter + after,
                before + draw.choice(_neighbours(letter)) + after,
            )
        )
        if made != word:
            return made


def _neighbours(letter: str) -> str:
    row = next(row for row in KEYBOARD if letter.lower() in row)
    place = row.index(letter.lower())
    return row[max(place - 1, 0) : place] + row[place + 1 : place + 2]


def swap(question: str) -> str:
    """The question with each abbreviation in its long form, or, if it has none, each long form as its abbreviation."""
    for old, new in ((0, 1), (1, 0)):
        changed = question
        for pair in PAIRS:
            pattern = re.compile(rf"(?<!\w){re.escape(pair[old])}s?(?!\w)", re.IGNORECASE)
            changed = pattern.sub(pair[new], changed)
        if changed != question:
            return changed
    return question


def ndcg(ranking: Sequence[tuple[int, float]], gold: frozenset[int]) -> float:
    """Normalised discounted cumulative gain at 10 with binary relevance (Järvelin and Kekäläinen 2002)."""
    gain = sum(1 / math.log2(place + 2) for place, (row, _) in enumerate(ranking[:CUT]) if row in gold)
    ideal = sum(1 / math.log2(place + 2) for place in range(min(len(gold), CUT)))
    return gain / ideal if ideal else 0.0


class Set:
    """A development set, indexed: what a question finds by words and by meaning."""

    def __init__(self, devset: Path, name: str, folder: Path, embeddings: Any) -> None:
        from tutor.index import lexical

        corpus, asked = _rows(devset / name / "corpus.jsonl"), _rows(devset / name / "queries.jsonl")
        texts = [f"{row['title']}\n{row['text']}" for row in corpus]
        row_of = {row["doc_id"]: number for number, row in enumerate(corpus)}
        self.questions = [
            Asked(
                q["question"], q["question"], frozenset(row_of[d] for d in q["gold_doc_ids"] if d in row_of)
            )
            for q in asked
            if q["answerable"]
        ]
        self.unanswerable = [q["question"] for q in asked if not q["answerable"]]
        lexical.build(texts, folder)
        self.lexical = lexical.LexicalIndex(folder, len(texts))
        self.embeddings = embeddings
        self._known: dict[str, Any] = {}
        self.vectors = self._embedded(texts)

    def _embedded(self, texts: Sequence[str]) -> Any:
        """The vectors of texts; none is computed twice."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(fresh, self.embeddings.embed_documents(fresh), strict=True)
        return np.array([self._known[text] for text in texts], np.float32)

    def corrections(self, question: str) -> dict[str, str]:
        """What `tutor.retrieval.spelling` reads otherwise."""
        from tutor.retrieval.spelling import corrections

        return dict(corrections(question, SimpleNamespace(lexical=self.lexical), self.embeddings))  # type: ignore[arg-type]  # all that it asks of a generation

    def score(self, asked: Sequence[Asked], *, spelling: bool, synonyms: bool) -> tuple[float, float]:
        """Mean nDCG@10 of the lexical search alone and of the blend."""
        from tutor.retrieval.fusion import blend
        from tutor.retrieval.search import DEPTH, searched_terms
        from tutor.retrieval.synonyms import expand

        vectors = self._embedded([one.typed for one in asked])
        scores = []
        for one, vector in zip(asked, vectors, strict=True):
            meant = self.corrections(one.typed) if spelling else {}
            terms = [meant.get(term, term) for term in searched_terms(one.typed)]
            if synonyms:
                terms = expand(terms, self.lexical.frequency)
            found = self.lexical.search(terms, DEPTH)
            similarity = self.vectors @ vector
            nearest = [
                (int(row), float(similarity[row])) for row in np.argsort(-similarity, kind="stable")[:DEPTH]
            ]
            scores.append((ndcg(found, one.gold), ndcg(blend(nearest, found), one.gold)))
        words, both = np.mean(scores, axis=0)
        return float(words), float(both)


def _rows(path: Path) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def measure(one: Set, share: float) -> list[tuple[str, int, tuple[float, float]]]:
    """Each line of the table: what was asked and how it was read, how many questions, nDCG@10 of words and of both."""
    draw = random.Random(SEED)
    chosen = [q for q in one.questions if draw.random() < share]
    slipped = [a for q in chosen if (a := Asked(slip(q.meant, draw), q.meant, q.gold)).typed != q.meant]
    swapped = [a for q in one.questions if (a := Asked(swap(q.meant), q.meant, q.gold)).typed != q.meant]
    lines = []
    for name, asked in (("slips", slipped), ("abbreviations", swapped)):
        if asked:
            clean = [Asked(a.meant, a.meant, a.gold) for a in asked]
            ways = ((clean, "as meant", True), (asked, "as typed", False), (asked, "as read", True))
            for group, way, read in ways:
                lines.append((f"{name}, {way}", len(group), one.score(group, spelling=read, synonyms=read)))
    return lines


def touched(one: Set, questions: Sequence[str]) -> list[str]:
    """Words of questions without slips that would be read as others."""
    return [f"{typed} → {meant}" for q in questions for typed, meant in one.corrections(q).items()]


def main(arguments: Sequence[str] | None = None, *, embeddings: Any = None) -> int:
    """Index each set into a folder that is thrown away, measure, print; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--devset", type=Path)
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument(
        "--share", type=float, default=SHARE, help=f"of the questions that get a slip (default {SHARE})"
    )
    options = parser.parse_args(arguments)
    if options.devset is None:
        print("no --devset: nothing to measure")
        return 0
    from tutor.embedding import SentenceTransformerEmbeddings

    model = embeddings or SentenceTransformerEmbeddings()
    print("| set | questions | | BM25 | blend |\n|---|---|---:|---:|---:|")
    for name in options.sets:
        with tempfile.TemporaryDirectory() as folder:
            one = Set(options.devset, name, Path(folder) / "lexical", model)
            for line, count, (words, both) in measure(one, options.share):
                print(f"| {name} | {line} | {count} | {words:.3f} | {both:.3f} |", flush=True)
            clean = [q.meant for q in one.questions] + one.unanswerable
            changed = touched(one, clean)
            print(
                f"| {name} | read otherwise without a slip | {len(changed)} of {len(clean)} | {'; '.join(changed[:12])} | |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
