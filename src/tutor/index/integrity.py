"""Whether the files of a generation are still those that were published: each by its size and its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tutor.index.manifest import FILE, FileRecord

_THREADS = 2  # hashing releases the interpreter's lock


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def records_of(folder: Path) -> tuple[FileRecord, ...]:
    """All files below a folder but its manifest, by path."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p != folder / FILE]
    with ThreadPoolExecutor(_THREADS) as pool:
        hashes = list(pool.map(file_sha256, paths))
    return tuple(
        FileRecord(path=p.relative_to(folder).as_posix(), bytes=p.stat().st_size, sha256=digest)
        for p, digest in zip(paths, hashes, strict=True)
    )


def damage(folder: Path, records: Sequence[FileRecord]) -> list[str]:
    """What is wrong with the files of a folder, a line for each; sizes first, since a wrong one saves the hashing."""
    wrong = [line for record in records if (line := _size_problem(folder, record))]
    if wrong:
        return wrong
    with ThreadPoolExecutor(_THREADS) as pool:
        return [line for line in pool.map(lambda record: _hash_problem(folder, record), records) if line]


def damaged_parts(folder: Path, records: Iterable[FileRecord]) -> set[str]:
    """The first path components (`chroma`, `lexical`, `store.sqlite`, …) of which a file is damaged."""
    return {
        record.path.partition("/")[0]
        for record in records
        if _size_problem(folder, record) or _hash_problem(folder, record)
    }


def _size_problem(folder: Path, record: FileRecord) -> str:
    try:
        size = (folder / record.path).stat().st_size
    except (OSError, ValueError):  # ValueError for a name that no file can have
        return f"{record.path} is missing"
    return f"{record.path} has {size} bytes instead of {record.bytes}" if size != record.bytes else ""


def _hash_problem(folder: Path, record: FileRecord) -> str:
    try:
        same = file_sha256(folder / record.path) == record.sha256
    except OSError as error:
        return f"{record.path} cannot be read ({error.strerror or error})"
    return "" if same else f"{record.path} has changed since it was published"
