"""Which reader reads which file, and the one place where a parser's failure becomes a ReadError."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load import html, markdown, pdf, text
from tutor_ingest.load.content import Content

Reader = Callable[[bytes, str], Content]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        **dict.fromkeys((".md", ".markdown", ".mdown", ".mkd"), markdown.read),
        **dict.fromkeys((".txt", ".text", ".log"), text.read),
        **dict.fromkeys((".html", ".htm", ".xhtml"), html.read),
        ".pdf": pdf.read,
    }
)
SUFFIXES: frozenset[str] = frozenset(READERS)

_LARGEST = 256 * 1024 * 1024  # bytes; a file is read whole, and no text for learners is near this
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_LFS_LONGEST = 1024  # bytes, by the Git LFS specification


def supported(path: Path) -> bool:
    """Whether a reader exists for this file's suffix, in either case."""
    return path.suffix.lower() in SUFFIXES


def load(path: Path, relative: str, document_id: str) -> Document:
    """Read one file into a Document whose path is `relative` and whose id is `document_id`.

    Raises ReadError, whose message is the reason on one line without the path, whatever is wrong with the
    file: no reader for its suffix, not readable, too large, empty, binary, damaged.
    """
    data = _bytes(path)
    content = _content(data, path)
    if not content.text.strip():
        raise ReadError("holds no text")
    return Document(
        id=document_id,
        path=relative,
        title=content.title or humanised(path.stem),
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


def _bytes(path: Path) -> bytes:
    if not supported(path):
        raise ReadError(
            f"no reader for {path.suffix.lower()} files"
            if path.suffix
            else "no reader for files without a suffix"
        )
    try:
        if path.stat().st_size > _LARGEST:
            raise ReadError(f"is larger than {_LARGEST // 1024**2} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(f"cannot be opened: {error.strerror or error}") from error
    if data.startswith(_LFS_POINTER) and len(data) <= _LFS_LONGEST:
        raise ReadError("is a Git LFS pointer, not the file itself", help="Run `git lfs pull`.")
    return data


def _content(data: bytes, path: Path) -> Content:
    try:
        return READERS[path.suffix.lower()](data, path.name)
    except ReadError:
        raise
    except Exception as error:
        # Parsers of foreign files fail in ways that they do not list; one bad file must not end an ingest.
        reason = " ".join(str(error).split())
        raise ReadError(f"cannot be read: {type(error).__name__}{f': {reason}' if reason else ''}") from error
