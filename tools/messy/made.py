"""One file of the messy folder, and what has to become of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Fate = Literal["read", "skipped", "left out"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to become of a file.

    One that is skipped has a reason that contains `reason`. Of one that is read, each of `quotable` is a span of its own,
    word for word, at the place that stands with it ("" for anywhere), and each of `absent` is in no passage.
    """

    fate: Fate
    reason: str = ""
    quotable: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `expected.json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Made:
    """The bytes of a file with the sentences in it and their places."""

    data: bytes
    quotable: Mapping[str, str]

    def read(self, *absent: str) -> Expected:
        """The expectation that it is read, without these sentences."""
        return Expected("read", quotable=self.quotable, absent=absent)


def skipped(reason: str) -> Expected:
    """The expectation that the report names the file, with a reason that contains this."""
    return Expected("skipped", reason)


Kept = tuple[str, bytes | None, Expected]
"""A path, the bytes that go there (None for what lies in an archive), and what has to become of them."""
