"""What is on disk of an index, and in what state: every file is looked at, nothing is changed, and nothing found is an error.

The index itself stops at the first thing that is wrong with a generation. Whoever wants to explain or to repair has to know
all of it, part by part.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tutor.errors import IndexDamagedError, IndexMismatchError, IndexStateError
from tutor.index import terms
from tutor.index.generation import CANARIES, CHROMA, EMBEDDED, LEXICAL, STORE, Generation
from tutor.index.integrity import damage
from tutor.index.library import Index
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.manifest import Manifest, SourceRecord, load_manifest, manifest_sha256
from tutor.index.pointer import FILE as POINTER
from tutor.index.pointer import Entry, Pointer

PARTS = (STORE, *EMBEDDED, CHROMA, LEXICAL, CANARIES)
"""What a generation has beside its manifest; all but the store can be made from the others or with the model."""

FOLDER = "folder"  # the damaged part where nothing of a generation can be looked at


class Role(StrEnum):
    """What a generation is to the index."""

    CURRENT = "current"
    PREVIOUS = "previous"
    LEFT_OVER = "left over"


@dataclass(frozen=True, slots=True)
class Damage:
    """What is wrong with one part of a generation: a file or folder at its top, `manifest.json`, or `folder`."""

    part: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """A generation as it was found. `outdated` says that another version of the tutor wrote it, and which schema."""

    name: str
    role: Role
    bytes: int = 0
    manifest: Manifest | None = None
    schema: int | None = None
    outdated: str = ""
    damaged: tuple[Damage, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether it can be served."""
        return self.manifest is not None and not self.damaged

    @property
    def parts(self) -> frozenset[str]:
        """Which parts are damaged."""
        return frozenset(found.part for found in self.damaged)

    @property
    def sentence(self) -> str:
        """Its state in a few words."""
        if self.outdated:
            return self.outdated
        more = f" (and {len(self.damaged) - 1} more)" if len(self.damaged) > 1 else ""
        return f"damaged: {self.damaged[0].reason}{more}" if self.damaged else "whole"


@dataclass(frozen=True, slots=True)
class Examination:
    """All of an index: the generations that the pointer names first, then what else there is, newest first."""

    pointer: Pointer | None
    pointer_problem: str
    generations: tuple[Found, ...]
    sources: tuple[SourceRecord, ...]
    writer: str

    @property
    def current(self) -> Found | None:
        """The generation that the pointer names."""
        return next((found for found in self.generations if found.role is Role.CURRENT), None)

    @property
    def previous(self) -> Found | None:
        """The one to go back to."""
        return next((found for found in self.generations if found.role is Role.PREVIOUS), None)


def examine(index: Index, *, thorough: bool = True) -> Examination:
    """Look at everything. Without `thorough` only at the manifests: whether files are whole is then not known."""
    pointer, names = index.pointer, _names(index.generations)
    entries = [e for e in (pointer.current, pointer.previous) if e] if pointer else []
    rest = [Entry(name) for name in names if not pointer or name not in pointer.names]
    found = [
        _found(index.generations / entry.name, entry, _role(entry, pointer), thorough=thorough)
        for entry in (*entries, *rest)
    ]
    return Examination(
        pointer=pointer,
        pointer_problem=_pointer_problem(index.root / POINTER, pointer, expected=_finished(index)),
        generations=tuple(found),
        sources=index.known_sources(),
        writer=_writer(index),
    )


def _finished(index: Index) -> bool:
    try:
        return bool(index.names())
    except OSError:
        return False


def _writer(index: Index) -> str:
    try:
        return index.writer()
    except OSError:
        return ""  # where the lock cannot be tried nobody can write either


def _names(folder: Path) -> list[str]:
    """Every folder that is named like a generation, finished or not, newest first."""
    try:
        return sorted((p.name for p in folder.iterdir() if p.name.isdecimal() and p.is_dir()), reverse=True)
    except OSError:
        return []


def _role(entry: Entry, pointer: Pointer | None) -> Role:
    if pointer and entry is pointer.current:
        return Role.CURRENT
    return Role.PREVIOUS if pointer and entry is pointer.previous else Role.LEFT_OVER


def _pointer_problem(path: Path, pointer: Pointer | None, *, expected: bool) -> str:
    if pointer is not None:
        return ""
    if path.exists():
        return f"{path.name}, which names the current generation, is damaged"
    return f"{path.name}, which names the current generation, is missing" if expected else ""


def _found(folder: Path, entry: Entry, role: Role, *, thorough: bool) -> Found:
    if not folder.is_dir():
        return Found(folder.name, role, damaged=(Damage(FOLDER, f"the folder {folder.name} is gone"),))
    size = _bytes(folder)
    try:
        manifest = load_manifest(folder)
    except IndexMismatchError as error:
        return Found(folder.name, role, size, schema=_schema(folder), outdated=str(error))
    except IndexDamagedError as error:
        reason = "manifest.json is missing" if not (folder / MANIFEST).exists() else str(error)
        return Found(folder.name, role, size, damaged=(Damage(MANIFEST, reason),))
    damaged = list(_damaged(folder, entry, manifest)) if thorough else []
    if thorough and role is Role.CURRENT and not damaged:
        damaged = list(_unreadable(folder))
    return Found(folder.name, role, size, manifest, manifest.schema_version, damaged=tuple(damaged))


def _damaged(folder: Path, entry: Entry, manifest: Manifest) -> Iterable[Damage]:
    if entry.manifest_sha256 and manifest_sha256(folder) != entry.manifest_sha256:
        yield Damage(MANIFEST, "manifest.json is not the one published")
    for part in PARTS:
        records = [record for record in manifest.files if record.path.partition("/")[0] == part]
        for reason in damage(folder, records) if records else [f"{part} is not in the manifest"]:
            yield Damage(part, reason)
    if manifest.versions.terms != terms.VERSION:
        yield Damage(LEXICAL, "lexical was made by another version of the tutor")


def _unreadable(folder: Path) -> Iterable[Damage]:
    """Files that are those published and still cannot be searched: what is made from others is to blame."""
    try:
        with closing(Generation(folder)) as generation:
            generation.verify()
    except IndexStateError as error:
        yield Damage(CHROMA, str(error))
        yield Damage(LEXICAL, str(error))


def _bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size if path.is_file() else 0
        except OSError:
            continue  # gone meanwhile, or closed to us: its hash will tell
    return total


def _schema(folder: Path) -> int | None:
    try:
        version = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["schema_version"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return version if isinstance(version, int) else None
