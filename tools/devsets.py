"""The development sets as indexes: each set's documents written out as files, ingested once, kept in a folder.

A set is a folder with `corpus.jsonl` (`doc_id`, `title`, `text`) or `documents.jsonl`, and `queries.jsonl`
(`question`, `answers`, `gold_doc_ids`, `answerable`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from tutor.config import Settings
from tutor.embedding import SpanEmbeddings
from tutor.errors import IndexStateError
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor_ingest.pipeline import ingest

NAMES = ("wiki_qa", "course_faq", "long_docs")


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def queries(devset: Path, name: str) -> list[dict[str, Any]]:
    """The questions of a set."""
    return rows(devset / name / "queries.jsonl")


def open_index(devset: Path, name: str, cache: Path, embeddings: SpanEmbeddings) -> Generation:
    """The index of a set, made on first use."""
    folder = cache / name
    settings = Settings(corpus_dir=folder / "corpus", data_dir=folder / "data")
    index = Index(settings.data_dir)
    try:
        return index.current()
    except IndexStateError:  # none yet, or made by another version
        _write(devset / name, settings.corpus_dir)
        print(f"ingesting {name} …", flush=True)
        ingest(settings, embeddings=embeddings)
        return index.current()


def file_name(doc_id: str) -> str:
    """The file that a document id is written to."""
    safe = re.sub(r"[^\w-]", "_", doc_id)[:80]
    return f"{safe}-{hashlib.sha256(doc_id.encode()).hexdigest()[:6]}.md"


def _write(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    whole = source / "documents.jsonl"
    if whole.is_file():
        for row in rows(whole):
            (folder / file_name(row["doc_id"])).with_suffix(".txt").write_text(row["text"], encoding="utf-8")
        return
    articles: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows(source / "corpus.jsonl"):
        articles[row["doc_id"].split("#")[0]].append(row)
    for key, parts in articles.items():
        text = "\n\n".join(part["text"] for part in parts)
        front = f"---\ntitle: {json.dumps(parts[0]['title'])}\n---\n\n"
        (folder / file_name(key)).write_text(front + text, encoding="utf-8")
