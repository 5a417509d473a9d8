"""Which reader reads which file, and the one place where a parser's failure becomes a ReadError."""

from __future__ import annotations

import hashlib
import importlib
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load import archive
from tutor_ingest.load.archive import SUFFIX as ARCHIVE
from tutor_ingest.load.content import Content

Reader = Callable[[bytes, str], Content]

# The module of this package that reads a format, and its suffixes.
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "markdown": (".md", ".markdown", ".mdown", ".mkd"),
    "text": (".txt", ".text", ".log"),
    "html": (".html", ".htm", ".xhtml"),
    "pdf": (".pdf",),
    "docx": (".docx",),
    "epub": (".epub",),
    "tables": (".csv", ".tsv", ".xlsx", ".xls", ".ods"),
    "notebook": (".ipynb",),
    "rst": (".rst", ".rest"),
    "subtitles": (".srt", ".vtt"),
    "code": (
        *(".py", ".js", ".mjs", ".jsx", ".ts", ".tsx", ".java", ".kt", ".scala", ".go", ".rs", ".swift"),
        *(".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rb", ".php", ".lua", ".r", ".jl", ".sh", ".bash"),
        ".sql",
    ),
}


def _reader(module: str) -> Reader:
    """The module's `read`; imported on first use, because some parsers take long to import."""

    def read(data: bytes, name: str) -> Content:
        reader: Reader = importlib.import_module(f"tutor_ingest.load.{module}").read
        return reader(data, name)

    return read


READERS: Mapping[str, Reader] = MappingProxyType(
    {suffix: _reader(module) for module, suffixes in _FORMATS.items() for suffix in suffixes}
)
SUFFIXES: frozenset[str] = frozenset(READERS)

_LARGEST = 256 * 1024 * 1024  # bytes; a file is read whole, and no text for learners is near this
_LONGEST_TEXT = (
    10_000_000  # characters: five times the Bible; the splitter, which holds it whole, takes a minute
)
_LARGEST_ARCHIVE = 4 * 1024**3  # bytes; it is hashed whole, but its files are read one by one
_SNIFFED = 200  # bytes at the start of a file that tell what it is
_BLANK = b"\xef\xbb\xbf \t\r\n"  # what may stand before that: a byte order mark, white space
_PROSE = {suffix for module in ("markdown", "text", "rst") for suffix in _FORMATS[module]}
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LFS_LONGEST = 1024  # bytes, by the Git LFS specification


def supported(path: Path) -> bool:
    """Whether a reader exists for this file's suffix, in either case."""
    return path.suffix.lower() in SUFFIXES


def refusal(path: Path, member: str = "") -> str:
    """Why a file is not worth opening, as far as its name, kind and size tell; empty if it is."""
    try:
        status = path.stat()
    except OSError:
        status = None  # whoever opens it will tell
    named = Path(member) if member else path
    if named.suffix.lower() not in SUFFIXES | {ARCHIVE}:
        suffix = named.suffix.lower()
        return (
            f"no reader for {suffix} files" if suffix.strip(".") else "no reader for files without a suffix"
        )
    if status is None:
        return ""
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        return "is no regular file"  # to open a pipe would be to wait for its other end
    largest = _LARGEST_ARCHIVE if path.suffix.lower() == ARCHIVE else _LARGEST
    return f"is larger than {largest // 1024**2} MiB" if status.st_size > largest else ""


def load(path: Path, relative: str, document_id: str, member: str = "") -> Document:
    """Read one file, or the `member` of the archive at `path`, into a Document of this relative path and id.

    Raises ReadError, whose message is the reason on one line without the path, whatever is wrong with the
    file: no reader for its suffix, not readable, too large, empty, binary, damaged.
    """
    data = _bytes(path, member)
    if not data:
        raise ReadError("is empty")
    content = _content(data, Path(member) if member else path)
    if not content.text.strip():
        raise ReadError("holds no text")
    if len(content.text) > _LONGEST_TEXT:
        raise ReadError(
            f"holds more than {_LONGEST_TEXT // 10**6} million characters of text", help="Split it."
        )
    return Document(
        id=document_id,
        path=relative,
        title=content.title or humanised(Path(relative).stem),
        text=content.text,
        format=content.format,
        sha256=hashlib.sha256(data).hexdigest(),
        pages=content.pages,
        url=content.url,
        metadata=content.metadata,
        first_line=content.first_line,
        marks=content.marks,
    )


def humanised(stem: str) -> str:
    """A file name as a title, without its number in a series: `02-deep_learning` becomes `Deep learning`."""
    words = re.sub(r"[\s_-]+", " ", stem).strip()
    words = re.sub(r"^\d{1,3}[. ]+(?=\D)", "", words)
    return words[:1].upper() + words[1:]


def _bytes(path: Path, member: str) -> bytes:
    if reason := refusal(path, member):
        raise ReadError(reason)
    is_archive = Path(member or path).suffix.lower() == ARCHIVE
    try:
        if is_archive:
            data = b"" if member else _start(path)
        else:
            data = archive.read_member(path, member, _LARGEST) if member else path.read_bytes()
    except OSError as error:
        raise ReadError(f"cannot be opened: {error.strerror or error}") from error
    if data.startswith(_LFS_POINTER) and len(data) <= _LFS_LONGEST:
        raise ReadError("is a Git LFS pointer, not the file itself", help="Run `git lfs pull`.")
    if is_archive and (data or member):
        raise archive.problem(path, member)
    return data


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LFS_LONGEST + 1)


def _content(data: bytes, path: Path) -> Content:
    try:
        return _reader_of(data, path.suffix.lower())(data, path.name)
    except ReadError:
        raise
    except Exception as error:
        # Parsers of foreign files fail in ways that they do not list; one bad file must not end an ingest.
        reason = " ".join(str(error).split())
        raise ReadError(f"cannot be read: {type(error).__name__}{f': {reason}' if reason else ''}") from error


def _reader_of(data: bytes, suffix: str) -> Reader:
    """The reader that the suffix asks for, unless the first bytes of the file say plainly that it is misnamed.

    Formats that are packed say so themselves, and their readers refuse what they cannot unpack.
    """
    start = data[:_SNIFFED].lstrip(_BLANK).lower()
    if suffix != ".pdf" and start.startswith(b"%pdf-"):
        return READERS[".pdf"]
    if suffix in _PROSE and start.startswith((b"<!doctype html", b"<html")):
        return READERS[".html"]
    if suffix in _PROSE and start.startswith(b"{\\rtf"):
        raise ReadError("is RTF under another name", help="Save it as .docx.")
    if suffix in _FORMATS["html"] and b"<" not in data and b"\0" not in data:
        return READERS[".txt"]
    return READERS[suffix]
