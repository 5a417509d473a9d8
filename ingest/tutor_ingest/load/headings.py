"""The headings of Markdown that our own writer has made, which stand at the start of a line or are code.

Where a source has no lines that a person could count, they are also its places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADING = re.compile(r"(#{1,6}) (.+)")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class HeadingLine:
    """A heading with the offset of its line."""

    start: int
    level: int
    text: str


def heading_lines(markdown: str) -> list[HeadingLine]:
    """The headings of a text in order; a comment in a fenced block of code is none."""
    found = []
    fence = ""
    start = 0
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif match := _FENCE.match(line):
            fence = match[0]
        elif heading := _HEADING.fullmatch(line):
            found.append(HeadingLine(start, len(heading[1]), heading[2]))
        start += len(line) + 1
    return found


def section_marks(text: str) -> tuple[tuple[int, str], ...]:
    """The places of a document that has neither pages nor lines of its own: its sections, or else its paragraphs."""
    headings = heading_lines(text)
    if not headings:
        starts = [0, *(match.end() for match in re.finditer("\n\n(?=\\S)", text))]
        return tuple((start, f"paragraph {number}") for number, start in enumerate(starts, 1))
    before = [(0, "beginning")] if headings[0].start else []
    return (*before, *((heading.start, f"section {heading.text}") for heading in headings))
