"""What is asked of the process that reads files, what it answers, and both as lines of JSON.

A file's name need not be valid Unicode, so requests may carry lone surrogates; a document, which is to be stored and
shown, may not.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor.documents import Document
from tutor.errors import ReadError

READY = b"ready\n"  # the first line that the process writes
LARGEST_ANSWER = 512 * 1024**2  # bytes of a line, twice those of the largest file


@dataclass(frozen=True, slots=True)
class Request:
    """One file to read: the arguments of `load`. `member` names a file of the archive at `path`."""

    path: Path
    relative: str
    document_id: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take: seconds on the clock, and bytes of memory beyond what the reader takes by itself."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a request, by the number that it bore; after the `last` the process ends."""

    number: int
    outcome: Document | ReadError
    last: bool = False


def memory_needed(memory: int) -> ReadError:
    """The error for a file that takes more than this many bytes of memory."""
    mebibytes = memory // 1024**2
    size = f"{mebibytes // 1024} GiB" if mebibytes % 1024 == 0 else f"{mebibytes} MiB"
    return ReadError(f"needs more than {size} of memory to read")


def limits_line(limits: Limits) -> bytes:
    """The limits as a line."""
    return _line(dataclasses.asdict(limits))


def limits_of(line: bytes) -> Limits:
    """The limits that a line holds."""
    return Limits(**_values(line))


def request_line(number: int, request: Request) -> bytes:
    """A numbered request as a line."""
    values = {field.name: getattr(request, field.name) for field in dataclasses.fields(request)}
    return _line({"number": number, **values, "path": str(request.path)})


def request_of(line: bytes) -> tuple[int, Request]:
    """The numbered request that a line holds."""
    values = _values(line)
    return values.pop("number"), Request(**{**values, "path": Path(values["path"])})


def answer_line(answer: Answer) -> bytes:
    """An answer as a line.

    Raises ReadError for a document that holds half of a surrogate pair, TypeError for metadata unknown to JSON.
    """
    head = {"number": answer.number, "last": answer.last}
    if isinstance(answer.outcome, ReadError):
        return _line({**head, "reason": str(answer.outcome), "help": answer.outcome.help})
    document = {field.name: getattr(answer.outcome, field.name) for field in dataclasses.fields(Document)}
    document["metadata"] = dict(document["metadata"])
    try:
        return _line({**head, "document": document}, errors="strict")
    except UnicodeEncodeError:
        raise ReadError("holds half of a surrogate pair, which is no character") from None


def answer_of(line: bytes) -> Answer:
    """The answer that a line holds. Raises ValueError, KeyError or TypeError if it holds none."""
    values = _values(line)
    outcome: Document | ReadError
    if "document" in values:
        document = values["document"]
        document["pages"] = tuple(document["pages"])
        document["marks"] = tuple((offset, name) for offset, name in document["marks"])
        outcome = Document(**document)
    else:
        outcome = ReadError(values["reason"], help=values["help"])
    return Answer(values["number"], outcome, values["last"])


def _line(values: dict[str, Any], errors: str = "surrogatepass") -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors) + b"\n"


def _values(line: bytes) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(line.decode("utf-8", "surrogatepass"))
    return values
