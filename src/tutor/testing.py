"""Fakes and small parts for tests, ours and other people's: no model is loaded, no network is touched.

HashingEmbeddings   deterministic vectors from hashed terms: texts that share words are near
SMALL_CORPUS        three short documents on made-up roadmaps
write_corpus        puts documents into a folder
small_tutor         a real tutor, with real Chroma and lexical indexes, over the small corpus
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings

from tutor.answering.tutor import Tutor
from tutor.bootstrap import open_tutor
from tutor.config import Settings
from tutor.embedding import CharRange, EmbeddedQuestion, EmbeddingIdentity, Vectors
from tutor.index.terms import terms

_WORD = re.compile(r"\w+")


class HashingEmbeddings(Embeddings):
    """Bags of hashed terms as unit vectors: texts are similar as far as they share terms."""

    max_tokens = 256

    def __init__(self, dimension: int = 256, name: str = "hashing") -> None:
        self.identity = EmbeddingIdentity(name=name, sha256=f"hashing-{dimension}", dimension=dimension)
        self.texts_embedded = 0

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Four characters count as a word piece, plus two special ones."""
        return [len(text) // 4 + 2 for text in texts]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of texts, each of length 1."""
        return [self._vector(text).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return self._vector(text).tolist()  # type: ignore[no-any-return]  # numpy types tolist as Any

    def embed_question(self, text: str) -> EmbeddedQuestion:
        """The vectors of a question and of its words."""
        places = tuple(match.span() for match in _WORD.finditer(text))
        words = np.array([self._vector(text[start:end]) for start, end in places], np.float32)
        return EmbeddedQuestion(self._vector(text), words.reshape(-1, self.identity.dimension), places)

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of texts and of each text's spans."""
        self.texts_embedded += len(texts)
        dimension = self.identity.dimension
        vectors = np.array([self._vector(text) for text in texts], np.float32).reshape(len(texts), dimension)
        pooled = [
            np.array([self._vector(text[start:end]) for start, end in ranges], np.float32).reshape(
                -1, dimension
            )
            for text, ranges in zip(texts, spans, strict=True)
        ]
        return vectors, pooled

    def _vector(self, text: str) -> Vectors:
        vector = np.zeros(self.identity.dimension, np.float32)
        for term in terms(text) or ["\x00"]:
            digest = hashlib.blake2b(term.encode(), digest_size=4).digest()
            vector[int.from_bytes(digest, "big") % len(vector)] += 1
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


SMALL_CORPUS: Mapping[str, str] = {
    "north.md": """---
title: The northern roadmap
tags: [roadmap, north]
url: https://example.org/north
---

# The northern roadmap

The northern roadmap has two phases. Machine learning is a field in which computers learn patterns from data.

## How long the northern roadmap takes

The northern roadmap takes 6–8 months at 10 hours a week. Beginners without programming need 4 more months on the northern roadmap.

## Tools of the northern roadmap

The northern roadmap lists these tools:

- Python
- NumPy and **pandas**
- `scikit-learn`

## Do I need a degree?

A degree is not required for the northern roadmap, but projects are.
""",
    "south.md": """---
title: The southern roadmap
tags: [roadmap, south]
---

# The southern roadmap

## How long the southern roadmap takes

The southern roadmap expects a learner to spend 12 months before a first job.

## Salaries

The southern roadmap puts the salary of a machine learning engineer in Norway at 700,000 kroner a year.

| Role | Main focus |
| --- | --- |
| Data scientist | Finding patterns and answering questions |
| Machine learning engineer | Building and running models in production |

## Why deployment matters

Deployment matters because a model that nobody can call helps nobody, says the southern roadmap.
""",
    "glossary.txt": """Overfitting is the habit of a model to learn the noise of its training data.

A validation set is data held back to choose between models.
""",
}


def write_corpus(folder: Path, documents: Mapping[str, str] = SMALL_CORPUS) -> Path:
    """Write documents, by relative path, into a folder; returns the folder."""
    for path, text in documents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def small_settings(folder: Path) -> Settings:
    """Settings whose corpus and data lie in subfolders of a folder."""
    return Settings(corpus_dir=folder / "corpus", data_dir=folder / "data")


def small_tutor(folder: Path, documents: Mapping[str, str] = SMALL_CORPUS) -> Tutor:
    """A tutor over documents that are written to and ingested below a folder. Close it when done."""
    from tutor_ingest.load import in_process
    from tutor_ingest.pipeline import ingest  # the one test tool that writes an index

    settings = small_settings(folder)
    write_corpus(settings.corpus_dir, documents)
    embeddings = HashingEmbeddings()
    ingest(settings, embeddings=embeddings, loader=in_process)
    return open_tutor(settings, embeddings=embeddings)
