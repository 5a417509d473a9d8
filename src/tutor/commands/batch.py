"""JSON in and out: one object per line, rows read as they come, results flushed as they are known.

A batch can so be a conversation between two programs over pipes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tutor.errors import SourceError, TutorError

ROW_FAILED = 2

Id = str | int | None


class RowError(TutorError):
    """A row of a batch cannot be used; its id, as far as it could be read, comes along."""

    def __init__(self, message: str, row_id: Id = None) -> None:
        super().__init__(message)
        self.row_id = row_id


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a batch: a question with its caller's id."""

    id: Id
    question: str
    conversation_id: str | None = None

    @classmethod
    def parse(cls, line: bytes, number: int) -> Row:
        """The row on one line; fields of the caller's own are left alone. Raises RowError."""
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise RowError(f"line {number} is not JSON: {error}") from None
        if not isinstance(fields, dict):
            raise RowError(f"line {number} is not an object with id and question")
        row_id = fields.get("id")
        if isinstance(row_id, bool) or not isinstance(row_id, str | int):
            raise RowError(f"line {number} has no id that is a string or a whole number")
        question, conversation = fields.get("question"), fields.get("conversation_id")
        if not isinstance(question, str):
            raise RowError(f"line {number} has no question that is a string", row_id)
        if conversation is not None and not isinstance(conversation, str):
            raise RowError(f"line {number} has a conversation_id that is not a string", row_id)
        return cls(row_id, question, conversation)


@contextmanager
def lines_of(name: str) -> Iterator[IO[bytes]]:
    """The lines of a file, or of stdin for `-`."""
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(name).open("rb")  # noqa: SIM115  # closed below; only the opening may become a SourceError
    except OSError as error:
        raise SourceError(
            f"{name} cannot be read: {error.strerror}", help="Name a file of JSON lines, or - for stdin."
        ) from error
    with stream:
        yield stream


def run_batch(name: str, answer: Callable[[Row], Mapping[str, Any]]) -> int:
    """Print what `answer` makes of each row, in order, with the row's id; returns the exit code.

    A row that is malformed, or that the tutor refuses, gives `{"id", "error"}` and the rest goes on.
    """
    code = 0
    with lines_of(name) as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            row_id: Id = None
            try:
                row = Row.parse(line, number)
                row_id = row.id
                print_json({"id": row.id, **answer(row)})
            except (RowError, TutorError) as error:
                row_id = error.row_id if isinstance(error, RowError) else row_id
                print_json({"id": row_id, "error": error.line})
                code = ROW_FAILED
    return code


def print_json(value: Mapping[str, Any]) -> None:
    """One object: on one line when piped, indented on a terminal; flushed."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(value, ensure_ascii=not utf8, indent=indent) + "\n")
    sys.stdout.flush()
