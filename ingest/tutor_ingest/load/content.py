"""What a reader makes of a file's bytes, before it is given a path and an id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Content:
    """The text of one file, as it will be stored, quoted and shown.

    `title` is None where the file names none. Page i of a paged source starts at `text[pages[i]]`; the
    offsets rise strictly, an empty page included. `marks` are the places of a source that has neither pages nor
    lines of its own, each an offset into `text`, strictly rising, and what a person calls it: `00:01:23`, `sheet Prices, row 4`, `cell 7`,
    `chapter 2`. `metadata` can be written as JSON. `first_line`
    is the line of the file on which the text begins. In the text of a PDF a
    blank line ends a paragraph and a single line break ends a list item, a table row or a line of code.
    """

    text: str
    format: Literal["markdown", "text"]
    title: str | None = None
    pages: tuple[int, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    url: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    first_line: int = 1


def web_url(value: object) -> str | None:
    """The value if it is an http(s) address, else None: no other scheme may become a link."""
    if not isinstance(value, str):
        return None
    address = value.strip()
    return address if address.lower().startswith(("http://", "https://")) and " " not in address else None
