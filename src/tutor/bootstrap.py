"""The one place where the parts are put together."""

from __future__ import annotations

from tutor.answering.tutor import Tutor
from tutor.config import Settings
from tutor.embedding import SpanEmbeddings, open_embeddings
from tutor.index.library import Index
from tutor.retrieval.rerank import open_reranker


def open_tutor(settings: Settings, *, embeddings: SpanEmbeddings | None = None) -> Tutor:
    """A tutor over the index of the settings' data folder.

    Raises NoIndexError if nothing was ingested, IndexMismatchError if another embedding model made the index,
    IndexDamagedError, EmbeddingError.
    """
    index = Index(settings.data_dir)
    generation = index.current()
    model = embeddings or open_embeddings(settings)
    generation.check_model(model.identity)
    return Tutor(settings, index, model, open_reranker(settings))
