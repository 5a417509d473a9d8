"""Bulleted lists and pipe tables among lines of prose, where no markup says that they are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tutor_ingest.structure.block import Block, Kind, Offsets

_BULLET = re.compile(r"(?:([•◦▪‣●○·])\s*|([-*–—])\s+(?=\S)|(?P<n>\(?\d{1,2}[.)])\s+(?=\S))")
_DELIMITER_ROW = re.compile(r"[\s|:+-]+")


def prose_blocks(text: str, pieces: list[Offsets]) -> Iterator[Block]:
    """The paragraphs, bulleted lists and pipe tables among consecutive lines; marks alone give nothing."""
    kinds = _line_kinds(text, pieces)
    at = 0
    while at < len(pieces):
        end = at + 1
        while end < len(pieces) and (
            kinds[end] == kinds[at] or (kinds[at] == "list" and kinds[end] == "paragraph")
        ):
            end += 1
        run = pieces[at:end]
        if kinds[at] == "list":
            yield from _bulleted(text, run, kinds[at:end])
        elif kinds[at] == "table":
            rows = tuple(row for row in run if not _DELIMITER_ROW.fullmatch(text, *row))
            if rows:
                yield Block("table", rows[0][0], rows[-1][1], items=rows)
        elif any(map(str.isalnum, text[run[0][0] : run[-1][1]])):
            yield Block("paragraph", run[0][0], run[-1][1])
        at = end


def _line_kinds(text: str, pieces: list[Offsets]) -> list[Kind]:
    """What each line begins: a list entry, a table row, or else prose, which may also continue an entry.

    A dash or number inside a paragraph is a wrapped line's unless it comes twice or first.
    """
    families = [bullet_family(text, piece) for piece in pieces]
    counts = Counter(families)
    piped = [end - start > 1 and text[start] == "|" == text[end - 1] for start, end in pieces]
    kinds: list[Kind] = []
    for at, family in enumerate(families):
        if family and (at == 0 or family == "•" or counts[family] > 1):
            kinds.append("list")
        elif piped[at] and (any(piped[max(0, at - 1) : at]) or any(piped[at + 1 : at + 2])):
            kinds.append("table")
        else:
            kinds.append("paragraph")
    return kinds


def bullet_family(text: str, piece: Offsets) -> str:
    """Which marks a line's bullet belongs to (`•` for all round ones, `1` for numbers), or nothing."""
    match = _BULLET.match(text, *piece)
    if match is None:
        return ""
    return "•" if match[1] else match[2] or "1"


def _bulleted(text: str, pieces: list[Offsets], kinds: list[Kind]) -> Iterator[Block]:
    """A list from lines of which the first has a bullet; a line without one continues the entry before it."""
    items: list[Offsets] = []
    for (start, end), kind in zip(pieces, kinds, strict=True):
        bullet = _BULLET.match(text, start, end) if kind == "list" else None
        if bullet:
            items.append((bullet.end(), end))
        else:  # a bullet may stand alone on its line, as some PDFs have it
            items[-1] = (items[-1][0] if items[-1][0] < items[-1][1] else start, end)
    filled = tuple(item for item in items if item[0] < item[1])
    if filled:
        yield Block("list", filled[0][0], filled[-1][1], items=filled)


def begins_with_mark(text: str, piece: Offsets) -> bool:
    """Whether a line begins with a bullet or a table's bar."""
    return text[piece[0]] == "|" or bool(bullet_family(text, piece))
