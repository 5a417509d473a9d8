"""The nouns of a document's structure: blocks, headings, and the lines of a text as offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

Kind = Literal["heading", "paragraph", "list", "table", "code", "quote"]
Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """One block; all offsets are character offsets into the document's text, half open, without outer space.

    `level` is 1 to 6 for a heading, else 0. `heading_path` holds the headings in force, markup stripped,
    outermost first; a heading's own path ends with itself. `items` holds a list's entries without bullet or
    number, nested entries as entries of their own after their parent's text, or a table's rows, the header
    first and the delimiter row left out. `fences` are those of a list's items that are code. A quote is one
    paragraph of a block quote; lists, tables and code inside a quote are blocks of their own kind.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    heading_path: tuple[str, ...] = ()
    items: tuple[Offsets, ...] = ()
    fences: frozenset[Offsets] = frozenset()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading's text beside its block, before the paths are known."""

    block: Block
    text: str


class Lines:
    """The lines of a text as offsets, numbered as markdown-it numbers them (LF, CR and CRLF end a line)."""

    _END = re.compile(r"\r\n?|\n")

    def __init__(self, text: str) -> None:
        self.text = text.replace("\0", "\ufffd")  # as markdown-it does; it keeps the offsets
        ends = [match.span() for match in self._END.finditer(text)]
        self._starts = [0, *(after for _, after in ends)]
        self._ends = [*(before for before, _ in ends), len(text)]

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> str:
        return self.text[self._starts[number] : self._ends[number]]

    def start(self, number: int) -> int:
        """The offset at which a line starts."""
        return self._starts[number]

    def trimmed(self, first: int, after: int | None = None) -> Offsets:
        """The offsets of a line, or of all before `after`, without outer white space; equal if blank."""
        return trim(self.text, self._starts[first], self._ends[first if after is None else after - 1])

    def pieces(self, start: int, end: int) -> list[Offsets]:
        """The trimmed lines of a slice, which may start inside its first line."""
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1) - 1
        found = [
            (start, self.trimmed(first)[1]),
            *(self.trimmed(number) for number in range(first + 1, last + 1)),
        ]
        return [piece for piece in found if piece[0] < piece[1]]


def trim(text: str, start: int, end: int) -> Offsets:
    """Offsets moved inwards past white space; (start, start) if there is nothing else."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return (start + left, start + len(piece.rstrip())) if left < len(piece) else (start, start)
