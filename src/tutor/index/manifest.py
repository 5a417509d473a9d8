"""What a generation is made of, written last: a folder without a manifest was never finished."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tutor.errors import IndexDamagedError, IndexMismatchError

SCHEMA_VERSION = 1
FILE = "manifest.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EmbeddingRecord(_Frozen):
    """The model that made the vectors, as `EmbeddingIdentity`."""

    name: str
    sha256: str
    dimension: int


class SplitterRecord(_Frozen):
    """The settings of the splitter, in word pieces of the embedding model."""

    max_tokens: int
    target_tokens: int


class SourceRecord(_Frozen):
    """A folder or file that was ingested, by absolute path; `corpus` marks the one from the settings."""

    path: str
    corpus: bool = False


class Counts(_Frozen):
    """How many rows each part holds."""

    documents: int
    chunks: int
    spans: int


class Manifest(_Frozen):
    """The contents of `manifest.json`."""

    schema_version: int = SCHEMA_VERSION
    generation: str
    created: str = Field(description="Time of publishing, ISO 8601, UTC.")
    embedding: EmbeddingRecord
    splitter: SplitterRecord
    counts: Counts
    content_sha256: str = Field(description="Hash over all documents and chunks: equal contents, equal hash.")
    sources: tuple[SourceRecord, ...]

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        (folder / FILE).write_text(self.model_dump_json(indent=2), encoding="utf-8")


def load_manifest(folder: Path) -> Manifest:
    """Read from a folder. Raises IndexDamagedError or, for another schema, IndexMismatchError."""
    try:
        record: Any = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IndexDamagedError(
            f"generation {folder.name} has no readable manifest ({error})", help=REBUILD
        ) from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(version, int) and version != SCHEMA_VERSION:
        raise IndexMismatchError(
            f"generation {folder.name} has schema {version}, this tutor reads {SCHEMA_VERSION}", help=REBUILD
        )
    try:
        return Manifest.model_validate(record)
    except ValidationError as error:
        raise IndexDamagedError(
            f"the manifest of generation {folder.name} is damaged", help=REBUILD
        ) from error


REBUILD = "Run `tutor ingest` to build it anew."
