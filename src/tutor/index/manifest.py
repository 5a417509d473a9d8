"""What a generation is made of, written last: a folder without a manifest was never finished."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tutor.errors import IndexDamagedError, IndexMismatchError

SCHEMA_VERSION = 2
FILE = "manifest.json"
REPAIR = "Run `tutor doctor --repair`."
REBUILD = "Run `tutor ingest` to build it anew."


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


class VersionsRecord(_Frozen):
    """The versions of the code on which the contents depend: another version makes others of the same files."""

    terms: int
    readers: int
    splitter: int


class SourceRecord(_Frozen):
    """A folder or file that was ingested, by absolute path; `corpus` marks the one from the settings."""

    path: str
    corpus: bool = False


class Counts(_Frozen):
    """How many rows each part holds."""

    documents: int
    chunks: int
    spans: int


class FileRecord(_Frozen):
    """A file of the generation by its path in the folder, with forward slashes."""

    path: str
    bytes: int
    sha256: str


class Manifest(_Frozen):
    """The contents of `manifest.json`."""

    schema_version: int = SCHEMA_VERSION
    generation: str
    created: str = Field(description="Time of publishing, ISO 8601, UTC.")
    embedding: EmbeddingRecord
    splitter: SplitterRecord
    versions: VersionsRecord
    counts: Counts
    content_sha256: str = Field(description="Hash over all documents and chunks: equal contents, equal hash.")
    sources: tuple[SourceRecord, ...]
    files: tuple[FileRecord, ...] = Field(description="Every other file of the folder.")

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        (folder / FILE).write_text(self.model_dump_json(indent=2), encoding="utf-8")


def manifest_sha256(folder: Path) -> str:
    """The hash of a folder's manifest, which through it vouches for all other files."""
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()


def load_manifest(folder: Path, sha256: str = "") -> Manifest:
    """Read from a folder; with `sha256` the file must have that hash.

    Raises IndexDamagedError or, for another schema, IndexMismatchError.
    """
    try:
        data = (folder / FILE).read_bytes()
        record: Any = json.loads(data.decode())
    except (OSError, ValueError, RecursionError) as error:
        raise IndexDamagedError(
            f"generation {folder.name} has no readable manifest ({error})", help=REPAIR
        ) from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise IndexDamagedError(
            f"the manifest of generation {folder.name} is not the one published", help=REPAIR
        )
    if isinstance(version, int) and version != SCHEMA_VERSION:
        raise IndexMismatchError(
            f"generation {folder.name} has schema {version}, this tutor reads {SCHEMA_VERSION}", help=REBUILD
        )
    try:
        return Manifest.model_validate(record)
    except ValidationError as error:
        raise IndexDamagedError(
            f"the manifest of generation {folder.name} is damaged", help=REPAIR
        ) from error


def recorded_sources(folder: Path) -> tuple[SourceRecord, ...]:
    """The sources that a manifest of any schema names, as far as it can be read: what was added once is not forgotten."""
    try:
        record = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return tuple(SourceRecord.model_validate(source) for source in record["sources"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
