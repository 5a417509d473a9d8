"""What an ingest tells while it runs and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

STEPS = (
    *("terms", "close", "graph", "manifest", "verify"),
    *("flush", "pointer", "pointer written", "pointer moved", "tidy", "done"),
)
"""The named steps of publishing, in order."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files in the phases `check` and `read`, chunks in `embed`, steps in `publish`.

    `path` is the file that is read next, or the name of the step that comes next.
    """

    phase: Literal["check", "read", "embed", "publish"]
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
    kept: tuple[Skipped, ...] = Field(
        default=(), description="Files that cannot be opened now and stay as they were, with the reason."
    )
    unchanged: int = Field(default=0, description="Documents whose files are as they were.")
    moved: int = Field(default=0, description="Documents whose files have another path than before.")
    removed: int = Field(description="Documents of the generation before that are gone.")
    boilerplate: int = Field(
        default=0, description="Repeated headers, footers and the like that were left out."
    )
    chunks: int
    embedded: int = Field(description="Chunks whose vectors were computed.")
    reused: int = Field(description="Chunks whose vectors were taken over from the generation before.")
    seconds: float
    sources: tuple[str, ...]
