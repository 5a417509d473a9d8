"""`GET /search`: the passages that a query finds, with what each search thought of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tutor.api import examples
from tutor.api.openapi import failures
from tutor.api.parts import PartsOf
from tutor.retrieval.filters import Filters
from tutor.retrieval.hits import SearchHit, hits_of

router = APIRouter(tags=["search"])


class SearchResponse(BaseModel):
    """The hits of a query, best first."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [examples.SEARCH]})

    query: str
    generation: str = Field(description="Generation of the index that was searched.")
    hits: tuple[SearchHit, ...]


@router.get(
    "/search",
    summary="Find passages",
    response_description="The passages, best first.",
    responses=failures(422, 503),
)
async def search(
    parts: PartsOf,
    q: Annotated[str, Query(min_length=1, description="What to look for.", examples=["gradient descent"])],
    k: Annotated[int, Query(ge=1, le=100, description="How many passages.")] = 10,
    path: Annotated[
        list[str] | None, Query(description="Only paths that match one of these shell patterns.")
    ] = None,
    tag: Annotated[
        list[str] | None, Query(description="Only documents that carry one of these tags.")
    ] = None,
    document_id: Annotated[list[str] | None, Query(description="Only these documents.")] = None,
) -> SearchResponse:
    """Search the corpus as `POST /ask` does, without composing an answer."""
    tutor = parts.opening.ready()
    filters = Filters(paths=tuple(path or ()), tags=tuple(tag or ()), document_ids=tuple(document_id or ()))
    find = partial(tutor.search, q, k=k, filters=None if filters.empty else filters)
    passages = await parts.workers.run(find)
    return SearchResponse(query=q, generation=tutor.generation, hits=hits_of(passages))
