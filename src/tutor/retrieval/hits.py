"""A search result as HTTP clients, the command line and the evals read it."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from tutor.documents import Passage


class LegScore(BaseModel):
    """One search's opinion of a hit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(ge=1, description="Rank within that search; 1 is best.")
    score: float = Field(description="Raw score of that search; comparable within one search only.")


class SearchHit(BaseModel):
    """A passage with its place among the results. `start` and `end` are offsets into the document's text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(ge=1, description="Rank after fusion; 1 is best.")
    score: float = Field(description="Fused score by which the hits are ordered.")
    legs: dict[str, LegScore] = Field(
        description="What each search that found it thought, by name of the search."
    )
    chunk_id: str
    document_id: str
    path: str = Field(description="Path of the source, relative to the folder that was ingested.")
    title: str
    heading_path: tuple[str, ...]
    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    url: str | None = None

    @classmethod
    def of(cls, passage: Passage, rank: int) -> SearchHit:
        """The passage as the hit of that rank."""
        return cls(
            rank=rank,
            score=passage.score,
            legs={name: LegScore(rank=leg.rank, score=leg.score) for name, leg in passage.legs.items()},
            chunk_id=passage.chunk_id,
            document_id=passage.document_id,
            path=passage.path,
            title=passage.title,
            heading_path=passage.heading_path,
            text=passage.text,
            start=passage.start,
            end=passage.end,
            url=passage.url,
        )


def hits_of(passages: Iterable[Passage]) -> tuple[SearchHit, ...]:
    """Passages, best first, as ranked hits."""
    return tuple(SearchHit.of(passage, rank) for rank, passage in enumerate(passages, start=1))
