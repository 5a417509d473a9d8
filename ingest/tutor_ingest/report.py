"""What an ingest tells while it runs and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files in the phase `read`, chunks in `embed`, steps in `publish`."""

    phase: Literal["read", "embed", "publish"]
    done: int
    total: int
    path: str = ""


class Skipped(BaseModel):
    """A file that was left out, and why."""

    model_config = ConfigDict(frozen=True)

    path: str
    reason: str


class IngestReport(BaseModel):
    """The outcome of an ingest."""

    model_config = ConfigDict(frozen=True)

    generation: str = Field(description="The generation that is current now; empty if there is none.")
    published: bool = Field(description="Whether this ingest made a new generation.")
    dry_run: bool
    files: int = Field(description="Files that were found.")
    documents: int = Field(description="Files that were read into documents.")
    skipped: tuple[Skipped, ...]
    chunks: int
    embedded: int = Field(description="Chunks whose vectors were computed.")
    reused: int = Field(description="Chunks whose vectors were taken over from the generation before.")
    removed: int = Field(description="Documents of the generation before that are gone.")
    seconds: float
    sources: tuple[str, ...]
