"""The one place where the parts are put together."""

from __future__ import annotations

from tutor.answering.tutor import Tutor
from tutor.config import Settings
from tutor.embedding import SpanEmbeddings, open_embeddings
from tutor.index.library import Index
from tutor.retrieval.rerank import open_reranker


def open_tutor(settings: Settings, *, embeddings: SpanEmbeddings | None = None) -> Tutor:
    """A tutor over the index of the settings' data folder, its model loaded.

    Raises NoIndexError if nothing was ingested, IndexMismatchError if another embedding model made the index,
    IndexDamagedError, EmbeddingError.
    """
    index = Index(settings.data_dir)
    generation = index.current()
    if embeddings is None:
        embeddings = model = open_embeddings(settings)
        model.load()  # before it is asked for its identity: its weights are hashed while torch is imported
    generation.check_model(embeddings.identity)
    generation.check_canaries(embeddings)
    return Tutor(settings, index, embeddings, open_reranker(settings))
