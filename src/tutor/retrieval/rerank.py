"""An optional last look: a cross-encoder reads question and passage together and re-orders the best.

None is the default: no cross-encoder comes in a package, so none was measured. Who has one names it in `TUTOR_RERANKER`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tutor.documents import Leg, Passage, context_line
from tutor.embedding import quiet_loading
from tutor.errors import ConfigError

if TYPE_CHECKING:
    from tutor.config import Settings

NONE = "none"
DEPTH = 20  # passages that are re-ordered


class Reranker(Protocol):
    """What re-orders passages."""

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the query; higher is better, the scale is its own."""
        ...


class CrossEncoderReranker:
    """A sentence-transformers cross-encoder on the CPU, loaded on first use.

    Raises ConfigError, then, if the model cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        self._name = model

    @cached_property
    def _model(self) -> Any:
        with quiet_loading():
            from sentence_transformers import CrossEncoder

            folder = Path(self._name).expanduser()
            try:
                return CrossEncoder(str(folder) if folder.is_dir() else self._name, device="cpu")
            except (OSError, ValueError) as error:
                reason = str(error).strip().splitlines()[0]
                raise ConfigError(
                    f"the reranker {self._name!r} cannot be loaded: {reason}",
                    help="Set TUTOR_RERANKER to `none`, a model folder, or a hub id that this machine can reach.",
                ) from error

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score for each text."""
        pairs = [(query, text) for text in texts]
        return [float(score) for score in self._model.predict(pairs, show_progress_bar=False)]


def open_reranker(settings: Settings) -> Reranker | None:
    """The reranker that the settings name, None for `none`."""
    return None if settings.reranker == NONE else CrossEncoderReranker(settings.reranker)


def rerank(reranker: Reranker, query: str, passages: Sequence[Passage], k: int) -> tuple[Passage, ...]:
    """The best k passages by the reranker, ties in the order they came; their scores are its own, spread over 0 to 1."""
    if not passages:
        return ()
    texts = [f"{context_line(p.title, p.heading_path)}\n{p.text}" for p in passages]
    raw = reranker.scores(query, texts)
    lowest, spread = min(raw), (max(raw) - min(raw)) or 1.0
    order = sorted(range(len(passages)), key=lambda i: -raw[i])
    return tuple(
        replace(
            passages[i],
            score=(raw[i] - lowest) / spread,
            legs={**passages[i].legs, "rerank": Leg(rank, raw[i])},
        )
        for rank, i in enumerate(order[:k], start=1)
    )
