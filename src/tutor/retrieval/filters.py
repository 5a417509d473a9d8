"""Which documents a search may use."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Filters(BaseModel):
    """Conditions on documents, all of which must hold; an empty one always does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document_ids: tuple[str, ...] = Field(default=(), description="Only these documents.")
    paths: tuple[str, ...] = Field(
        default=(), description="Only paths that match one of these shell patterns."
    )
    tags: tuple[str, ...] = Field(default=(), description="Only documents that carry one of these tags.")

    @property
    def empty(self) -> bool:
        """Whether every document passes."""
        return not (self.document_ids or self.paths or self.tags)

    def allows(self, document_id: str, path: str, metadata: Mapping[str, Any]) -> bool:
        """Whether a document passes."""
        tags = metadata.get("tags") or ()
        own = {str(tag) for tag in (tags if isinstance(tags, (list, tuple)) else (tags,))}
        return (
            (not self.document_ids or document_id in self.document_ids)
            and (not self.paths or any(fnmatchcase(path, pattern) for pattern in self.paths))
            and (not self.tags or not own.isdisjoint(self.tags))
        )
