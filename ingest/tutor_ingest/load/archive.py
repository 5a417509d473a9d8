"""ZIP archives as folders: which files they hold, and the bytes of one of them, within limits.

Listing reads the archive's directory alone, and refuses one that is longer than its files need: it is done in the
process of the ingest, before any reader is isolated. Nothing is ever unpacked to disk, so that a name cannot reach
out of the archive; names that would are left out nevertheless, since they are shown and stored.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from tutor.errors import ReadError

SUFFIX = ".zip"

_MOST_MEMBERS = 10_000
_LARGEST_DIRECTORY = 8 * 1024**2  # bytes; 10,000 entries of 300 bytes, a long path each, take 3 MiB
_LONGEST_NAME = 1_000  # bytes
_LARGEST_MEMBER = 256 * 1024**2  # bytes, expanded
_LARGEST_TOTAL = 1024**3  # bytes, expanded
# Text shrinks to a tenth, mark-up and logs to a fiftieth, one byte repeated to a thousandth.
_HIGHEST_RATIO = 200
_RATIO_MATTERS = 16 * 1024**2  # bytes, expanded, below which no ratio does harm
_PIECE = 1024**2  # bytes, expanded in one go

# Formats that are archives inside, by a file that each of them holds.
_DISGUISED = {
    "word/document.xml": "a Word document (.docx)",
    "xl/workbook.xml": "an Excel workbook (.xlsx)",
    "ppt/presentation.xml": "a PowerPoint presentation (.pptx)",
    "META-INF/container.xml": "an EPUB book (.epub)",
    "META-INF/manifest.xml": "an OpenDocument file",
}
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800  # bits of a member's flags, by the ZIP specification
_MADE_ON_UNIX = 3  # the value of `create_system` where `external_attr` holds the file's mode
_DRIVE = re.compile(r"[A-Za-z]:")
_PARSING = (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError)
_UNPACKING = (*_PARSING, zlib.error, EOFError, RuntimeError)


def members(path: Path) -> list[str]:
    """Names of the files in an archive, as a folder is walked: in order, subfolders after the files beside them.

    Folders, links, hidden files and names that lead out of the archive are left out; of two files of one name the
    last counts. Raises ReadError where the archive is damaged, encrypted or beyond the limits.
    """
    return sorted(_opened(path)[1], key=_as_walked)


def read_member(path: Path, name: str, most: int = _LARGEST_MEMBER) -> bytes:
    """The bytes of one file, by a name that `members` gave; never more than `most`, whatever the archive declares.

    Raises ReadError as `members` does, and where the file is damaged or too large.
    """
    archive, files = _opened(path)
    if name not in files:
        raise ReadError("is no longer in the archive")
    return _unpacked(archive, files[name], most)


def problem(path: Path, member: str = "") -> ReadError:
    """Why an archive cannot be read as a document: what is wrong with it, or that nothing is."""
    if member:
        return ReadError("is an archive within an archive", help="Unpack the inner one.")
    try:
        held = members(path)
    except ReadError as error:
        return error
    return ReadError("is an archive, whose files are read one by one" if held else "holds no files")


class _File:
    """A file that is open only while it is read from, so that an archive can be kept without being held open.

    It refuses to be read in one large piece, which is how the directory of an archive is read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._path.stat().st_size}[whence]
        if start + offset < 0:
            raise OSError(errno.EINVAL, "before the start of the file")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        if size > _LARGEST_DIRECTORY:
            raise ReadError(f"has a directory of more than {_LARGEST_DIRECTORY // 1024**2} MiB")
        with self._path.open("rb") as file:
            file.seek(self._at)
            data = file.read(size)
        self._at += len(data)
        return data


def _status(path: Path) -> os.stat_result:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ReadError("is no regular file")  # opening a pipe would wait for its other end
        with path.open("rb"):
            return status
    except OSError as error:
        raise ReadError(f"cannot be opened: {error.strerror or error}") from error


def _opened(path: Path) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """An archive with its files; that of the call before if it has not changed.

    To read the directory anew for each of its files would take the square of their number.
    """
    status = _status(path)
    return _parsed(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=1)
def _parsed(path: Path, mtime_ns: int, size: int) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    try:
        archive = zipfile.ZipFile(_File(path))
    except _PARSING as error:
        raise ReadError("is not a readable ZIP archive") from error
    return archive, _files(archive, size)


def _files(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """The files by their names, once the archive as a whole is known to be sane."""
    listed = archive.infolist()
    if len(listed) > _MOST_MEMBERS:
        raise ReadError(f"holds {len(listed):,} files, more than {_MOST_MEMBERS:,}", help="Unpack it.")
    total = sum(info.file_size for info in listed)
    if total > _LARGEST_TOTAL:
        raise ReadError(f"expands to more than {_LARGEST_TOTAL // 1024**3} GiB", help="Unpack it.")
    if total > _RATIO_MATTERS and total > _HIGHEST_RATIO * size:
        raise ReadError(f"expands to more than {_HIGHEST_RATIO} times its size, as no honest archive does")
    files = {name: info for info in listed if (name := _name(info)) and not _is_link(info)}
    if disguised := next((kind for name, kind in _DISGUISED.items() if name in files), ""):
        raise ReadError(f"is {disguised} under another name", help="Rename it.")
    if any(info.flag_bits & _ENCRYPTED for info in files.values()):
        raise ReadError("is encrypted", help="Unpack it, or pack it without a password.")
    return files


def _name(info: zipfile.ZipInfo) -> str | None:
    """The name with forward slashes, None for what is no file, hidden, or leads out of the archive."""
    name = _decoded(info).replace("\\", "/")
    if name.endswith("/") or name.startswith("/") or _DRIVE.match(name) or "\0" in name:
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):  # this includes `..`
        return None
    return "/".join(parts) if len(name.encode()) <= _LONGEST_NAME else None


def _decoded(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: many programs write UTF-8 without saying so."""
    if info.flag_bits & _UTF8_NAME:
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeError:
        return info.orig_filename


def _is_link(info: zipfile.ZipInfo) -> bool:
    """Whether the bytes are the path of another file, which is no text to quote."""
    return info.create_system == _MADE_ON_UNIX and stat.S_ISLNK(info.external_attr >> 16)


def _as_walked(name: str) -> list[tuple[bool, str]]:
    *folders, file = name.split("/")
    return [*((True, folder) for folder in folders), (False, file)]


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    too_large = ReadError(f"is larger than {most // 1024**2} MiB")
    if info.file_size > most:
        raise too_large
    pieces, total = [], 0
    try:
        with archive.open(info) as file:
            while piece := file.read(_PIECE):
                total += len(piece)
                if total > most:
                    raise too_large
                pieces.append(piece)
    except _UNPACKING as error:
        reason = " ".join(str(error).split())
        raise ReadError(f"cannot be unpacked{f': {reason}' if reason else ''}") from error
    return b"".join(pieces)
