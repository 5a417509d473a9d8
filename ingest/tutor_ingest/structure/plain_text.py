"""The blocks of plain text, such as a PDF's: by its blank lines, bullets and underlines, and with caution.

What is not clearly a heading or a list stays a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutor.documents import fold
from tutor_ingest.structure.block import Block, Heading, Lines, Offsets
from tutor_ingest.structure.bullets import begins_with_mark, prose_blocks

_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[A-Z]")
_HEADING_WIDTH = 80  # characters; a longer line is prose
_WRAP_WIDTH = 200  # characters; text with longer lines has one paragraph per line


def plain_text_blocks(lines: Lines) -> Iterator[Block | Heading]:
    """The blocks of a plain text in order."""
    yield from _joined_lists(_separate_blocks(lines))


def _separate_blocks(lines: Lines) -> Iterator[Block | Heading]:
    """The blocks of a plain text, the parts of a loose list still apart."""
    groups = _groups(lines)
    for group, following in zip(groups, [*groups[1:], list[Offsets]()], strict=False):
        heading = _plain_text_heading(lines.text, group, following)
        if heading:
            yield heading
        else:
            yield from prose_blocks(lines.text, group)


def _joined_lists(found: Iterator[Block | Heading]) -> Iterator[Block | Heading]:
    """The blocks, with lists that directly follow each other joined: a blank line ends no list."""
    items: list[Offsets] = []
    for each in found:
        if isinstance(each, Block) and each.kind == "list":
            items.extend(each.items)
            continue
        if items:
            yield Block("list", items[0][0], items[-1][1], items=tuple(items))
            items = []
        yield each
    if items:
        yield Block("list", items[0][0], items[-1][1], items=tuple(items))


def _groups(lines: Lines) -> list[list[Offsets]]:
    """Lines that belong together: between blank lines, or each alone where the text is not wrapped.

    An underlined line and its underline are a group of their own. Bullets and table rows are never parted.
    """
    pieces = [lines.trimmed(number) for number in range(len(lines))]
    filled = [end - start for start, end in pieces if start < end]
    unwrapped = sum(length > _WRAP_WIDTH for length in filled) * 10 > len(filled)
    groups: list[list[Offsets]] = []
    parted = True
    for piece in pieces:
        if piece[0] == piece[1]:
            parted = True
        elif _underlines(lines.text, groups, piece, parted):
            groups[-1].append(piece)
            parted = True
        else:
            together = (
                begins_with_mark(lines.text, piece)
                and not parted
                and begins_with_mark(lines.text, groups[-1][-1])
            )
            if parted or (unwrapped and not together):
                groups.append([])
            groups[-1].append(piece)
            parted = False
    return groups


def _underlines(text: str, groups: list[list[Offsets]], piece: Offsets, parted: bool) -> bool:
    """Whether a line underlines the one line of the group before it."""
    if parted or len(groups[-1]) != 1 or not _UNDERLINE.fullmatch(text, *piece):
        return False
    return groups[-1][0][1] - groups[-1][0][0] < _HEADING_WIDTH


def _plain_text_heading(text: str, group: list[Offsets], following: list[Offsets]) -> Heading | None:
    """The heading that a group clearly is: underlined, numbered, or short and above longer prose; or none."""
    start, end = group[0]
    title = text[start:end]
    if len(group) == 2 and _UNDERLINE.fullmatch(text, *group[1]):
        return Heading(
            Block("heading", start, group[1][1], 1 if text[group[1][0]] == "=" else 2), fold(title)
        )
    if len(group) != 1 or end - start >= _HEADING_WIDTH or not (title[-1].isalnum() or title[-1] == ")"):
        return None
    number = _NUMBERED.match(title)
    deep = number is not None and "." in number[1]
    if (not deep and not (title[0].isupper() or number)) or not (
        deep or _is_longer_prose(text, following, end - start)
    ):
        return None
    level = min(6, 2 + number[1].count(".")) if number else 2
    return Heading(Block("heading", start, end, level), fold(title))


def _is_longer_prose(text: str, group: list[Offsets], length: int) -> bool:
    """Whether a group is prose, without a bullet, of more than one heading's width."""
    if not group or begins_with_mark(text, group[0]):
        return False
    return group[-1][1] - group[0][0] > max(length, _HEADING_WIDTH)
