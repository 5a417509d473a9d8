"""Slips of the keyboard are read as what was meant; real words are left alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.embedding import SentenceTransformerEmbeddings
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.retrieval.spelling import corrections
from tutor.testing import SMALL_CORPUS, HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.pipeline import ingest

DOCUMENTS = {
    **SMALL_CORPUS,
    "more.md": "# More\n\nIreland has a machine learning community. Transformers and regularisation matter. "
    "Statistics, gradient descent, reinforcement. Cross-validation: validation, validated, valid data. A desk.\n",
}


@pytest.fixture(scope="module")
def generation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generation]:
    made = small_settings(tmp_path_factory.mktemp("spelling"))
    write_corpus(made.corpus_dir, DOCUMENTS)
    ingest(made, embeddings=HashingEmbeddings())
    index = Index(made.data_dir)
    yield index.current()
    index.close()


@pytest.fixture(scope="module")
def model() -> SentenceTransformerEmbeddings:
    return SentenceTransformerEmbeddings()


@pytest.mark.model
@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("machnie", "machin"),
        ("Deploymant", "deploy"),
        ("statistcs", "statist"),
        ("gradiant", "gradient"),
        ("trasnformers", "transform"),
        ("Norwya", "norway"),
        ("validaton", "valid"),  # one letter from the word, four from its stem
        ("vlaidation", "valid"),
        ("avlidation", "valid"),
        ("reginforcemnt", "reinforc"),  # two slips in a long word
        ("regularistaoin", "regularis"),
        ("dtaa", "data"),
        ("graident", "gradient"),
    ],
)
def test_a_misspelt_word_is_read_as_the_near_one(
    generation: Generation, model: SentenceTransformerEmbeddings, slip: str, meant: str
) -> None:
    """One or two letters off, the corpus's own word is meant."""
    assert list(corrections(f"What is {slip}?", generation, model).values()) == [meant]


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    [
        "What is the salary in Iceland?",
        "What does a cat eat in Finland?",
        "Who wrote Macbeth?",
        "How long does the northern roadmap take?",
        "What is overfiting?",  # misspelt, but its term is the right one
        "Is Java needed? And Rust or Scala?",
        "What is Dask?",  # four letters, one of them another than in `desk`
        "Who is Alid?",
    ],
)
def test_a_real_word_is_never_read_as_another(
    generation: Generation, model: SentenceTransformerEmbeddings, question: str
) -> None:
    """Iceland is not Ireland: a word that the model knows stays, and so does one that the corpus holds."""
    assert not corrections(question, generation, model)


@pytest.mark.model
def test_a_word_near_nothing_is_left(generation: Generation, model: SentenceTransformerEmbeddings) -> None:
    """A made-up word with no near one in the corpus is not corrected."""
    assert not corrections("What is a flumberquix?", generation, model)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_any_question_can_be_read(generation: Generation, text: str) -> None:
    """Nothing typed makes the correction fail, and what it maps to is a term of the corpus."""
    found = corrections(text, generation, HashingEmbeddings())
    assert set(found.values()) <= set(generation.lexical.vocabulary)


@pytest.mark.parametrize("text", ["ﹰﹰﹰﹰﹰﹰ", "ﷺﷺﷺﷺﷺﷺ", "ͺͺͺͺͺͺ", ""])
def test_letters_that_are_no_words_are_passed_over(generation: Generation, text: str) -> None:
    """Some characters count as letters and still leave no term, or several."""
    assert not corrections(text, generation, HashingEmbeddings())


def test_numbers_and_short_words_are_not_touched(generation: Generation) -> None:
    """There are too many near words for a short one, and a figure has no spelling."""
    assert not corrections("700001 kr 12 mnth", generation, HashingEmbeddings())
