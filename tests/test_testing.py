"""The fakes that ship: deterministic, and as strict as the real thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.testing import SMALL_CORPUS, HashingEmbeddings, small_settings, small_tutor, write_corpus


@given(st.text())
def test_fake_vectors_have_length_one(text: str) -> None:
    """Every text has a unit vector, one without any term too."""
    vector = HashingEmbeddings().embed_query(text)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_fake_vectors_depend_on_the_terms_alone() -> None:
    """Two fakes agree; order, case and word endings do not matter."""
    first, second = HashingEmbeddings(), HashingEmbeddings()
    assert first.embed_query("Gradient descents") == second.embed_query("descent: gradients")
    assert first.embed_documents(["a b", "c"]) == [second.embed_query("a b"), second.embed_query("c")]


def test_texts_that_share_words_are_near() -> None:
    """Similarity grows with the share of common terms."""
    question, near, far = np.array(
        HashingEmbeddings().embed_documents(
            ["how long does the roadmap take", "the roadmap takes long", "salaries in Norway"]
        )
    )
    assert question @ near > 0.6 > 0.3 > question @ far


def test_fake_span_vectors_are_those_of_the_spans_texts() -> None:
    """A span's vector is that of its slice; a text without spans has an empty array of the right width."""
    fake = HashingEmbeddings(dimension=64)
    vectors, spans = fake.embed_spans(["one two. three", "four"], [[(0, 8), (9, 14)], []])
    assert vectors.shape == (2, 64)
    assert fake.embed_question("one two.").tokens.tolist() == [
        fake.embed_query("one"),
        fake.embed_query("two"),
    ]
    assert spans[0].tolist() == [fake.embed_query("one two."), fake.embed_query("three")]
    assert spans[1].shape == (0, 64)


def test_the_fake_counts_what_it_embedded() -> None:
    """`texts_embedded` counts chunks, not questions."""
    fake = HashingEmbeddings()
    fake.embed_spans(["a", "b"], [[], []])
    fake.embed_query("a")
    assert fake.texts_embedded == 2


def test_fakes_of_other_sizes_are_other_models() -> None:
    """The identity names the dimension, as the real one does the weights."""
    assert HashingEmbeddings(64).identity != HashingEmbeddings(128).identity
    assert HashingEmbeddings().identity == HashingEmbeddings().identity


def test_a_corpus_is_written_with_its_folders(tmp_path: Path) -> None:
    """Paths with slashes make folders; texts are UTF-8."""
    folder = write_corpus(tmp_path / "corpus", {"a/b/c.md": "# ü\n"})
    assert (folder / "a" / "b" / "c.md").read_bytes() == "# ü\n".encode()


def test_the_small_tutor_answers_with_citations(tmp_path: Path) -> None:
    """It is a real tutor over the small corpus, with no model loaded."""
    tutor = small_tutor(tmp_path)
    try:
        answer = tutor.ask("How long does the northern roadmap take?")
        assert "6–8 months" in answer.text
        assert answer.citations[0].path == "north.md"
        assert len(tutor.documents()) == len(SMALL_CORPUS)
    finally:
        tutor.close()
    assert small_settings(tmp_path).data_dir == tmp_path / "data"
