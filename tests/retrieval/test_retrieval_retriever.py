"""The retriever: LangChain's interface over the current generation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from pydantic import ValidationError

from tutor.config import Settings
from tutor.errors import NoIndexError
from tutor.index.library import Index
from tutor.retrieval.filters import Filters
from tutor.retrieval.hits import hits_of
from tutor.retrieval.retriever import Retriever
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.pipeline import ingest

QUESTION = "How long does the northern roadmap take?"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = small_settings(tmp_path)
    write_corpus(made.corpus_dir)
    ingest(made, embeddings=HashingEmbeddings())
    return made


@pytest.fixture
def retriever(settings: Settings) -> Iterator[Retriever]:
    index = Index(settings.data_dir)
    yield Retriever(index=index, embeddings=HashingEmbeddings(), k=3)
    index.close()


def test_it_is_a_langchain_retriever(retriever: Retriever) -> None:
    """`invoke` gives documents whose metadata tells where the text lies; they can be written as JSON."""
    assert isinstance(retriever, BaseRetriever)
    documents = retriever.invoke(QUESTION)
    assert len(documents) == 3
    assert "6–8 months" in documents[0].page_content
    assert documents[0].metadata["path"] == "north.md"
    assert documents[0].metadata["heading_path"][-1] == "How long the northern roadmap takes"
    assert json.loads(json.dumps(documents[0].metadata)) == documents[0].metadata
    assert documents[0].id == retriever.find(QUESTION).passages[0].chunk_id


def test_it_takes_part_in_a_chain_and_in_async_code(retriever: Retriever) -> None:
    """It can be piped, batched and awaited like any runnable."""
    chain = retriever | RunnableLambda(len)
    assert chain.batch([QUESTION, "salary"]) == [3, 3]
    assert asyncio.run(retriever.ainvoke(QUESTION)) == retriever.invoke(QUESTION)


def test_filters_are_its_own_or_the_calls(retriever: Retriever) -> None:
    """What the call says goes before what the retriever was made with."""
    limited = retriever.model_copy(update={"filters": Filters(paths=("south.md",))})
    assert {d.metadata["path"] for d in limited.invoke(QUESTION)} == {"south.md"}
    assert {p.path for p in limited.find(QUESTION, filters=Filters(paths=("north.md",))).passages} == {
        "north.md"
    }
    assert limited.find(QUESTION, filters=Filters()).passages[0].path == "north.md"


def test_k_is_its_own_or_the_calls(retriever: Retriever) -> None:
    """A k below 1 is refused."""
    assert len(retriever.find("roadmap", k=1).passages) == 1
    assert len(retriever.find("roadmap").passages) == 3
    with pytest.raises(ValidationError):
        Retriever(index=retriever.index, embeddings=HashingEmbeddings(), k=0)


def test_it_searches_what_is_current_unless_told_otherwise(retriever: Retriever, settings: Settings) -> None:
    """A new generation is seen by the next call; one that is held is searched all the same."""
    held = retriever.index.current()
    (settings.corpus_dir / "new.md").write_text("# New\n\nKubernetes schedules containers.\n")
    ingest(settings, embeddings=HashingEmbeddings())
    assert retriever.find("Kubernetes").passages[0].path == "new.md"
    assert all(p.path != "new.md" for p in retriever.find("Kubernetes", generation=held).passages)


def test_a_vector_that_is_given_is_not_computed_again(retriever: Retriever) -> None:
    """The caller may have embedded the question already."""
    embedded = HashingEmbeddings().embed_question("salary in Norway")
    assert retriever.find("salary in Norway", embedded=embedded).query_vector is embedded.vector


def test_without_an_index_it_says_so(tmp_path: Path) -> None:
    """The error reaches whoever invokes it."""
    with pytest.raises(NoIndexError):
        Retriever(index=Index(tmp_path), embeddings=HashingEmbeddings()).invoke("x")


def test_hits_are_numbered_passages(retriever: Retriever) -> None:
    """Hits have ranks from 1 and the fields of the passages, as JSON clients read them."""
    passages = retriever.find(QUESTION).passages
    hits = hits_of(passages)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    for hit, passage in zip(hits, passages, strict=True):
        assert (hit.chunk_id, hit.text, hit.start, hit.end) == (
            passage.chunk_id,
            passage.text,
            passage.start,
            passage.end,
        )
        assert {name: (leg.rank, leg.score) for name, leg in hit.legs.items()} == {
            name: (leg.rank, leg.score) for name, leg in passage.legs.items()
        }
