"""The sets on which `retrieval.py` measures: passages, questions, and which passages answer each question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.config import Settings
from tutor.documents import Document, context_line
from tutor.embedding import SpanEmbeddings
from tutor.errors import ReadError
from tutor_ingest.load import load
from tutor_ingest.reading import TARGET_TOKENS
from tutor_ingest.sources import files, resolve
from tutor_ingest.split import split

OWN = "own"
DEVSETS = ("wiki_qa", "course_faq", "long_docs", "cranfield")


@dataclass(frozen=True, slots=True)
class Passage:
    """What is found or not; `title` is its context line and a repeated lead, if any."""

    title: str
    body: str
    document: str


@dataclass(frozen=True, slots=True)
class PassageSet:
    """Passages in the order of their documents, questions, and for each question the rows that answer it."""

    name: str
    passages: Sequence[Passage]
    questions: Sequence[str]
    gold: Sequence[frozenset[int]]


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def devset(folder: Path, name: str) -> PassageSet:
    """A development set: a row of `corpus.jsonl` is one passage, so the splitter plays no part."""
    corpus = rows(folder / name / "corpus.jsonl")
    asked = [row for row in rows(folder / name / "queries.jsonl") if row["answerable"]]
    row_of = {row["doc_id"]: number for number, row in enumerate(corpus)}
    return PassageSet(
        name,
        [Passage(row["title"], row["text"], row["doc_id"].split("#")[0].split("@")[0]) for row in corpus],
        [row["question"] for row in asked],
        [frozenset(row_of[id_] for id_ in row["gold_doc_ids"] if id_ in row_of) for row in asked],
    )


def own(embeddings: SpanEmbeddings) -> PassageSet:
    """Our questions and the chunks of our corpus; those of a gold section are gold, as in `tutor eval`."""
    from tutor_evals.questions import load_questions
    from tutor_evals.scorers import last_heading

    passages, sections = [], []
    for document in _documents():
        for chunk in split(
            document,
            count_tokens=embeddings.count_tokens,
            max_tokens=embeddings.max_tokens,
            target_tokens=TARGET_TOKENS,
        ):
            title = context_line(document.title, chunk.heading_path)
            passages.append(Passage("\n".join(filter(None, (title, chunk.lead))), chunk.text, document.path))
            sections.append((document.path, last_heading(chunk.heading_path, document.title)))
    asked = [question for question in load_questions().questions if question.gold]
    wanted = [{(gold.path, gold.heading) for gold in question.gold} for question in asked]
    return PassageSet(
        OWN,
        passages,
        [question.question for question in asked],
        [frozenset(row for row, section in enumerate(sections) if section in gold) for gold in wanted],
    )


def _documents() -> Iterator[Document]:
    for file in files(resolve(Settings().corpus_dir, (), (), replace=False)):
        try:
            yield load(file.path, file.relative, file.document_id)
        except ReadError:
            continue
