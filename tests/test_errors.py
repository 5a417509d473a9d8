"""The tree of errors."""

from __future__ import annotations

import inspect
import re

import pytest

from tutor import errors
from tutor.errors import IndexLockedError, NoIndexError, TutorError

CLASSES = {
    name: cls
    for name, cls in vars(errors).items()
    if inspect.isclass(cls) and issubclass(cls, Exception) and cls.__module__ == errors.__name__
}


def test_the_tree_that_is_drawn_is_the_tree_that_is() -> None:
    drawn: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^([ │├└─]*)(\w+Error)\b", line):
            depth = len(found[1])
            path = [entry for entry in path if entry[0] < depth]
            drawn[found[2]] = path[-1][1] if path else "Exception"
            path.append((depth, found[2]))
    assert drawn == {name: cls.__base__.__name__ for name, cls in CLASSES.items()}


def test_the_line_joins_message_and_help() -> None:
    assert NoIndexError("There is no index.", help="Run: tutor ingest").line == (
        "There is no index. Run: tutor ingest"
    )
    assert NoIndexError("There is no index.").line == "There is no index."


@pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
def test_only_a_locked_index_is_worth_another_try(cls: type[TutorError]) -> None:
    assert cls("x").retryable is (cls is IndexLockedError)
