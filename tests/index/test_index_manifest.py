"""The manifest: what it says comes back, and what is wrong with it is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tutor.errors import IndexDamagedError, IndexMismatchError
from tutor.index.manifest import (
    FILE,
    SCHEMA_VERSION,
    Counts,
    EmbeddingRecord,
    FileRecord,
    Manifest,
    SourceRecord,
    SplitterRecord,
    VersionsRecord,
    load_manifest,
    manifest_sha256,
    recorded_sources,
)

MANIFEST = Manifest(
    generation="000001",
    created="2026-11-01T00:00:00+00:00",
    embedding=EmbeddingRecord(name="m", sha256="a" * 64, dimension=384),
    splitter=SplitterRecord(max_tokens=256, target_tokens=180),
    versions=VersionsRecord(terms=1, readers=2, splitter=3),
    counts=Counts(documents=1, chunks=2, spans=3),
    content_sha256="b" * 64,
    sources=(SourceRecord(path="/corpus", corpus=True), SourceRecord(path="/ünder/notes")),
    files=(FileRecord(path="chroma/data.bin", bytes=7, sha256="c" * 64),),
)


def changed(**change: Any) -> str:
    return json.dumps(MANIFEST.model_dump(mode="json") | change, indent=2)


def test_a_manifest_comes_back_as_it_was(tmp_path: Path) -> None:
    """Saving and loading lose nothing."""
    MANIFEST.save(tmp_path)
    assert load_manifest(tmp_path) == MANIFEST


def test_a_folder_without_a_manifest_was_never_finished(tmp_path: Path) -> None:
    """The error names the generation and the command that builds a new one."""
    with pytest.raises(IndexDamagedError, match=tmp_path.name) as caught:
        load_manifest(tmp_path)
    assert "tutor doctor" in caught.value.help


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", "null", MANIFEST.model_dump_json()[:-30], changed(counts={}), changed(extra=1)],
    ids=["empty", "cut", "list", "object", "null", "truncated", "counts", "unknown field"],
)
def test_a_manifest_that_is_not_whole_is_damage(tmp_path: Path, text: str) -> None:
    """Whatever is wrong with it, the index is damaged, not of another version."""
    (tmp_path / FILE).write_text(text)
    with pytest.raises(IndexDamagedError):
        load_manifest(tmp_path)


def test_bytes_that_are_no_text_are_damage(tmp_path: Path) -> None:
    """So is a manifest overwritten with zeros or noise."""
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(IndexDamagedError):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    "text", [changed(schema_version=10), changed(schema_version=10, fields="new"), changed(schema_version=0)]
)
def test_another_schema_is_another_version_whatever_else_it_holds(tmp_path: Path, text: str) -> None:
    """Version 10 is not version 1 with something behind it."""
    (tmp_path / FILE).write_text(text)
    with pytest.raises(IndexMismatchError, match=f"this tutor reads {SCHEMA_VERSION}"):
        load_manifest(tmp_path)


def test_a_manifest_that_was_exchanged_is_not_taken(tmp_path: Path) -> None:
    """Whole as it may look, its hash is not the one that was published."""
    MANIFEST.save(tmp_path)
    published = manifest_sha256(tmp_path)
    assert load_manifest(tmp_path, published) == MANIFEST
    MANIFEST.model_copy(update={"created": "2026-11-02T00:00:00+00:00"}).save(tmp_path)
    with pytest.raises(IndexDamagedError, match="not the one published"):
        load_manifest(tmp_path, published)


def test_the_sources_of_another_schema_are_not_forgotten(tmp_path: Path) -> None:
    """An index of the first schema is built anew, from all that was ever added to it."""
    (tmp_path / FILE).write_text(changed(schema_version=1, versions=None, files=None))
    assert recorded_sources(tmp_path) == MANIFEST.sources


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"sources": 3}', '{"sources": [{"path": 3}]}'])
def test_sources_that_cannot_be_read_are_none(tmp_path: Path, text: str | None) -> None:
    """It is no error: there may be another manifest that can be read."""
    if text is not None:
        (tmp_path / FILE).write_text(text)
    assert recorded_sources(tmp_path) == ()
