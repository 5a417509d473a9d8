"""Tutors over small corpora of the tests' own making, and one over the project's corpus with the real model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from tutor.answering.evidence import gather
from tutor.answering.forms import Proposal, propose
from tutor.answering.question import analyse
from tutor.answering.tutor import Tutor
from tutor.bootstrap import open_tutor
from tutor.config import Settings, default_corpus_dir
from tutor.embedding import SentenceTransformerEmbeddings
from tutor.testing import small_tutor
from tutor_ingest.pipeline import ingest

MakeTutor = Callable[[Mapping[str, str]], Tutor]
Proposals = Callable[[Tutor, str], Sequence[Proposal]]


@pytest.fixture(scope="module")
def make_tutor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeTutor]:
    """Makes tutors over given documents; they are closed at the end."""
    made: list[Tutor] = []

    def make(documents: Mapping[str, str]) -> Tutor:
        made.append(small_tutor(tmp_path_factory.mktemp("tutor"), documents))
        return made[-1]

    yield make
    for tutor in made:
        tutor.close()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutor]:
    """A tutor over the small corpus that ships with `tutor.testing`; nobody may write to it."""
    tutor = small_tutor(tmp_path_factory.mktemp("small"))
    yield tutor
    tutor.close()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tutor]:
    """The real model over the digests of the project's own corpus, ingested once."""
    settings = Settings(
        corpus_dir=default_corpus_dir() / "sources", data_dir=tmp_path_factory.mktemp("real"), threads=2
    )
    embeddings = SentenceTransformerEmbeddings(threads=2)
    ingest(settings, embeddings=embeddings)
    tutor = open_tutor(settings, embeddings=embeddings)
    yield tutor
    tutor.close()


@pytest.fixture(scope="session")
def gathered() -> Callable[[Tutor, str], tuple[Any, ...]]:
    """Question, what was found, candidates and generation, as the tutor has them before it composes."""

    def gathered_for(tutor: Tutor, text: str) -> tuple[Any, ...]:
        generation = tutor.index.current()
        found = tutor.retriever.find(text, generation=generation)
        question = analyse(text, found.corrections)
        return question, found, gather(question, found, generation), generation

    return gathered_for


@pytest.fixture(scope="session")
def proposed(gathered: Callable[..., tuple[Any, ...]]) -> Callable[[Tutor, str], Proposal]:
    """The proposal that the first candidate whose text holds some words leads to."""

    def proposed_from(tutor: Tutor, words: str) -> Proposal:
        *_, candidates, generation = gathered(tutor, words)
        candidate = next(c for c in candidates if words in c.text)
        return propose(candidate, generation)

    return proposed_from
