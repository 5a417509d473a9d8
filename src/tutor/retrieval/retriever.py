"""The search as a LangChain retriever, so that any LangChain program can use it without the rest of the tutor."""

from __future__ import annotations

from dataclasses import replace

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field, SkipValidation

from tutor.documents import Passage
from tutor.embedding import EmbeddedQuestion, SpanEmbeddings
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.retrieval.filters import Filters
from tutor.retrieval.rerank import DEPTH, Reranker, rerank
from tutor.retrieval.search import Found, search
from tutor.retrieval.spelling import corrections


class Retriever(BaseRetriever):
    """Searches the current generation of an index. `invoke(question)` gives LangChain documents."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Index
    embeddings: SkipValidation[SpanEmbeddings] = Field(exclude=True)
    k: int = Field(default=8, ge=1, description="Passages to return.")
    filters: Filters | None = None
    reranker: SkipValidation[Reranker | None] = Field(default=None, exclude=True)

    def find(
        self,
        query: str,
        *,
        k: int | None = None,
        filters: Filters | None = None,
        generation: Generation | None = None,
        embedded: EmbeddedQuestion | None = None,
    ) -> Found:
        """Passages with the question's vectors, from a given generation or the current one."""
        held = generation or self.index.current()
        question = embedded or self.embeddings.embed_question(query)
        wanted = k or self.k
        found = search(
            held,
            query,
            question,
            k=max(wanted, DEPTH) if self.reranker else wanted,
            filters=filters or self.filters,
            corrections=corrections(query, held, self.embeddings),
        )
        if self.reranker is None:
            return found
        return replace(found, passages=rerank(self.reranker, query, found.passages, wanted))

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        return [_document(passage) for passage in self.find(query).passages]


def _document(passage: Passage) -> LangChainDocument:
    return LangChainDocument(
        id=passage.chunk_id,
        page_content=passage.text,
        metadata={
            "document_id": passage.document_id,
            "path": passage.path,
            "title": passage.title,
            "url": passage.url,
            "heading_path": list(passage.heading_path),
            "start": passage.start,
            "end": passage.end,
            "score": passage.score,
        },
    )
