"""A generation in one file, to be kept elsewhere and restored anywhere: a tar archive, its manifest first.

Nothing is ever extracted by the names that an archive brings: it must hold the manifest and then exactly the files
that the manifest lists, each with its size and its hash, and these are written by us. So a backup that is cut short,
changed or made up is refused, and whatever an archive can be made to do besides is not done.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydantic import ValidationError

from tutor.embedding import EmbeddingIdentity
from tutor.errors import IndexDamagedError, IndexMismatchError, NoIndexError, SourceError, TutorError
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.index.manifest import FILE as MANIFEST
from tutor.index.manifest import SCHEMA_VERSION, FileRecord, Manifest
from tutor.index.pointer import Entry, flush

COMPRESSED = (".gz", ".tgz")
_MANIFEST_BYTES = 64 * 1024**2  # a manifest has a few kilobytes
_PIECE = 1024**2
_SPARE_BYTES = 64 * 1024**2  # left free on the disk beside what is written
_BAD = "Take another backup, or build the index anew with `tutor ingest`."


@dataclass(frozen=True, slots=True)
class Backup:
    """A generation and the file that holds it; `bytes` is the size of that file."""

    generation: str
    file: Path
    bytes: int
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Restored:
    """A generation that was imported, what it was called where it was exported, and the one to go back to."""

    generation: str
    exported_as: str
    previous: str
    manifest: Manifest


def export(index: Index, file: Path, *, name: str = "", force: bool = False) -> Backup:
    """Write a generation, by default the current one, to a file; compressed if its name ends in `.gz` or `.tgz`.

    It appears under its name only when all of it has been read back. Raises TutorError if there is a file already
    (unless `force`) or it cannot be written, NoIndexError, IndexDamagedError if the generation is not whole.
    """
    entry = _entry(index, name)
    _writable(file, force=force)
    with closing(Generation(index.generations / entry.name, entry.manifest_sha256)) as generation:
        generation.verify()
        manifest, folder = generation.manifest, generation.folder
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        _write(draft, folder, manifest, compressed=file.name.endswith(COMPRESSED))
        with _opened(draft, file.name) as archive:
            if _manifest(archive, file.name) != manifest:
                raise IndexDamagedError(f"{file} cannot be read back", help="Try again, or another disk.")
            for _ in _files(archive, manifest, file.name):
                pass
        flush(draft)
        draft.replace(file)
    except OSError as error:
        if error.errno not in (None, errno.ENOENT):  # tarfile gives a file that has become shorter no number
            raise
        raise IndexDamagedError(
            f"generation {entry.name} changed while it was exported ({error})", help="Try again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return Backup(entry.name, file, file.stat().st_size, manifest)


def import_(index: Index, file: Path, *, identity: EmbeddingIdentity | None = None) -> Restored:
    """Make the generation in a file the current one; the one before stays for roll-back.

    With `identity` it must have been made by that embedding model. Raises SourceError if there is no such file,
    IndexDamagedError if it is not a whole backup, IndexMismatchError if it is of another schema or model,
    IndexLockedError, TutorError if the disk has no room.
    """
    with _opened(file, file.name) as archive, index.writing():
        manifest = _manifest(archive, file.name)
        _agree(manifest, identity, file.name)
        _room(index.root, manifest)
        folder = index.new_folder()
        try:
            for record, pieces in _files(archive, manifest, file.name):
                _store(folder / record.path, pieces)
            restored = manifest.model_copy(update={"generation": folder.name})
            restored.save(folder)
            with closing(Generation(folder)) as generation:
                generation.verify()
            index.switch(folder)
        except BaseException:
            if index.current_name() != folder.name:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        pointer = index.pointer
        previous = pointer.previous.name if pointer and pointer.previous else ""
        index.tidy()
    return Restored(folder.name, manifest.generation, previous, restored)


def _entry(index: Index, name: str) -> Entry:
    pointer = index.pointer
    named = [e for e in (pointer.current, pointer.previous) if e] if pointer else []
    if not name:
        if named:
            return named[0]
        raise NoIndexError(
            f"there is no current generation in {index.root.parent}", help="Run `tutor doctor`; it says why."
        )
    if name not in index.names():
        raise NoIndexError(f"there is no generation {name!r}", help="`tutor index list` names all.")
    return next((entry for entry in named if entry.name == name), Entry(name))


def _writable(file: Path, *, force: bool) -> None:
    if not file.parent.is_dir():
        raise TutorError(f"{file.parent} is not a folder", help="Name a file in a folder that exists.")
    if file.is_dir():
        raise TutorError(f"{file} is a folder", help="Name a file.")
    if file.exists() and not force:
        raise TutorError(f"{file} already exists", help="Name another file, or overwrite it with --force.")


def _write(file: Path, folder: Path, manifest: Manifest, *, compressed: bool) -> None:
    """Equal generations give equal archives: nothing in them says who wrote them, and when."""
    made = _seconds(manifest.created)
    with ExitStack() as open_files:
        target: Any = open_files.enter_context(file.open("wb"))
        if compressed:  # at the fastest level: vectors hardly shrink, and texts do at any
            target = open_files.enter_context(gzip.GzipFile("", "wb", 1, target, mtime=0))
        archive = open_files.enter_context(tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT))
        for path in (MANIFEST, *(record.path for record in manifest.files)):
            member = tarfile.TarInfo(path)
            member.size, member.mtime = (folder / path).stat().st_size, made
            with (folder / path).open("rb") as content:
                archive.addfile(member, content)


def _seconds(created: str) -> int:
    try:
        return max(int(datetime.fromisoformat(created).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0  # a manifest from elsewhere may say anything


class _Bounded(io.RawIOBase):
    """A file that gives no more than a piece at once: headers of an archive may claim any length."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _PIECE:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def _opened(file: Path, shown: str) -> Iterator[tarfile.TarFile]:
    """The archive, compressed or not. Whatever reading it raises becomes one line."""
    try:
        raw = file.open("rb")  # closed below; only the opening may become a SourceError
    except OSError as error:
        raise SourceError(f"{shown} cannot be read: {error.strerror}", help="Name a backup.") from error
    with raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        content: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            with tarfile.open(fileobj=_Bounded(content), mode="r:") as archive:
                yield archive
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _bad(shown, f"it is cut short or no archive ({error})") from error


def _bad(shown: str, why: str) -> IndexDamagedError:
    return IndexDamagedError(f"{shown} is no whole backup: {why}", help=_BAD)


def _next(archive: tarfile.TarFile, expected: str, shown: str) -> tarfile.TarInfo:
    member = archive.next()
    if member is None:
        raise _bad(shown, f"{expected} is missing")
    if member.name != expected or not member.isreg():
        raise _bad(shown, f"it has {member.name[:80]!r} where {expected} belongs")
    return member


def _pieces(archive: tarfile.TarFile, member: tarfile.TarInfo, shown: str) -> Iterator[bytes]:
    content = archive.extractfile(member)
    assert content is not None  # it is a regular file
    left = member.size
    while left:
        piece = content.read(min(left, _PIECE))
        if not piece:
            raise _bad(shown, f"{member.name} is cut short")
        left -= len(piece)
        yield piece


def _manifest(archive: tarfile.TarFile, shown: str) -> Manifest:
    member = _next(archive, MANIFEST, shown)
    if member.size > _MANIFEST_BYTES:
        raise _bad(shown, "its manifest is too long")
    try:
        record: Any = json.loads(b"".join(_pieces(archive, member, shown)))
        version = record.get("schema_version") if isinstance(record, dict) else None
        if isinstance(version, int) and version != SCHEMA_VERSION:
            raise IndexMismatchError(
                f"{shown} has schema {version}, this tutor reads {SCHEMA_VERSION}",
                help="Import it with the version of the tutor that exported it, or run `tutor ingest`.",
            )
        manifest = Manifest.model_validate(record)
    except (ValidationError, ValueError, RecursionError) as error:
        raise _bad(shown, "its manifest cannot be read") from error
    for path in (record.path for record in manifest.files):
        if not _safe(path):
            raise _bad(shown, f"its manifest names {path[:80]!r}")
    if len({record.path.casefold() for record in manifest.files}) != len(manifest.files):
        raise _bad(shown, "its manifest names a file twice")
    return manifest


def _safe(path: str) -> bool:
    """Whether a path stays below its folder on every system: plain names, no drive, no way up."""
    parts = PurePosixPath(path).parts
    plain = all(part not in ("..", ".", MANIFEST) and part.isprintable() for part in parts)
    return bool(parts) and plain and not path.startswith("/") and not set(path) & set('\\:*?"<>|')


def _files(
    archive: tarfile.TarFile, manifest: Manifest, shown: str
) -> Iterator[tuple[FileRecord, Iterator[bytes]]]:
    """Each file that the manifest lists with its contents, whose hash has been compared when they are at their end."""
    for record in manifest.files:
        member = _next(archive, record.path, shown)
        if member.size != record.bytes:
            raise _bad(shown, f"{record.path} has {member.size} bytes instead of {record.bytes}")
        pieces = _hashed(_pieces(archive, member, shown), record, shown)
        yield record, pieces
        for _ in pieces:  # whoever does not want the contents has them compared all the same
            pass
    if archive.next() is not None:
        raise _bad(shown, "it has more files than its manifest names")


def _hashed(pieces: Iterator[bytes], record: FileRecord, shown: str) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
        yield piece
    if digest.hexdigest() != record.sha256:
        raise _bad(shown, f"{record.path} is not as it was exported")


def _store(path: Path, pieces: Iterator[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        for piece in pieces:
            file.write(piece)


def _agree(manifest: Manifest, identity: EmbeddingIdentity | None, shown: str) -> None:
    record = manifest.embedding
    if identity and (record.name, record.sha256, record.dimension) != (
        identity.name,
        identity.sha256,
        identity.dimension,
    ):
        weights = ", whose weights are others" if record.name == identity.name else ""
        raise IndexMismatchError(
            f"{shown} was made with the embedding model {record.name!r} ({record.dimension} dimensions), not with "
            f"{identity.name!r} ({identity.dimension}){weights}",
            help="Set TUTOR_EMBEDDING_MODEL to that model.",
        )


def _room(folder: Path, manifest: Manifest) -> None:
    needed, free = sum(record.bytes for record in manifest.files), shutil.disk_usage(folder).free
    if free < needed + _SPARE_BYTES:
        raise TutorError(
            f"the backup takes {needed // 2**20} MB, and only {free // 2**20} MB are free for {folder}",
            help="Free some space or name another folder with --data-dir.",
        )
