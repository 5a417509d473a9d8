"""Tables and mixed columns among the lines of a PDF page, told by the white corridors that run down between words.

A PDF says nowhere that a table is one. Its rows come as lines of words that would be run together, and a
page that was written line by line across two columns comes as lines that hold half a sentence of each.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tutor_ingest.load.page_lines import Line

# As shares of the line's height, fitted by eye on tables of Chromium, Word and pdfTeX.
_GAP = 0.8  # a gap this wide is more than a space, also in justified text
_NARROWEST = 0.3  # what is left of a corridor where the widest cells stand on both sides
_WIDER = 1.5  # than the widest of the other gaps in the line
_ALIGNED = 0.5  # edges of a column that differ by less are in line
_LEVEL = 0.2  # by which the baselines of one row differ at most
_FARTHEST = 4.0  # between two rows
_MOSTLY = 0.6  # share of rows
_FEW = 4  # rows that might stand in line by chance
_FEWEST_LINES = 5  # of columns of prose
_PROSE_WORDS = 4  # in the usual line of a column; a cell of a table has fewer in at least one of its columns
_LEADER = re.compile(r"(?:\. ?){4,}")
_ENUMERATOR = re.compile(r"[•◦▪‣●○■□–—*-]|\(?(?:\w{1,3}|[\d.]{1,8})[.)]?")

Corridor = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive lines with the corridors that all of them leave free."""

    first: int
    last: int
    corridors: tuple[Corridor, ...]


def with_tables(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of a page: rows of tables with bars between their cells, lines across columns parted and put in order."""
    pieces = _on_one_baseline(lines)
    whole = [_joined(each) for each in pieces]
    done: list[Line] = []
    at = 0
    while at < len(whole):
        run = _run(whole, at)
        held = whole[at : run.last + 1]
        cells = [_cells(line, run.corridors) for line in held]
        if not run.corridors or not _is_laid_out(held, cells, run.corridors):
            done += [replace(piece, words=()) for piece in pieces[at]]
            at += 1
            continue
        if _is_prose(cells):
            done += [cell for column in zip(*cells, strict=True) for cell in column if cell]
        else:
            done += [_row(line, row, at + 1) for line, row in zip(held, cells, strict=True)]
        at = run.last + 1
    return tuple(done)


def _on_one_baseline(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that stand beside each other: PDFium parts some rows of a table at their gaps, and others not."""
    groups: list[list[Line]] = []
    for line in lines:
        before = groups[-1][-1] if groups else None
        if (
            before
            and before.turns == line.turns
            and abs(before.y - line.y) <= _LEVEL * line.size
            and before.right <= line.left
        ):
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _joined(pieces: Sequence[Line]) -> Line:
    if len(pieces) == 1:
        return pieces[0]
    return replace(
        pieces[0],
        text=" ".join(piece.text for piece in pieces),
        right=pieces[-1].right,
        mono=all(piece.mono for piece in pieces),
        hyphen=pieces[-1].hyphen,
        words=tuple(word for piece in pieces for word in piece.words),
    )


def _run(lines: Sequence[Line], first: int) -> _Run:
    """The longest run of lines from the first one that share corridors; without any where there is none."""
    corridors = _gaps(lines[first])
    last = first
    while corridors and last + 1 < len(lines) and _follows(lines[last], lines[last + 1]):
        shared = _shared(corridors, lines[last + 1])
        if len(shared) < len(corridors) and last > first:
            break
        if not shared:
            break
        corridors, last = shared, last + 1
    return _Run(first, last, corridors if last > first else ())


def _gaps(line: Line) -> tuple[Corridor, ...]:
    if line.mono or _LEADER.search(line.text):  # code and tables of contents are aligned without being tables
        return ()
    return tuple(
        (left.right, right.left)
        for left, right in pairwise(line.words)
        if right.left - left.right > _GAP * line.size
    )


def _follows(above: Line, below: Line) -> bool:
    return (
        above.turns == below.turns
        and not below.mono
        and 0 < above.y - below.y <= _FARTHEST * max(above.size, below.size)
    )


def _shared(corridors: Sequence[Corridor], line: Line) -> tuple[Corridor, ...]:
    """What a line leaves free of each corridor; one on a side of which it has nothing is left as it is."""
    free = []
    for left, right in corridors:
        before = [word.right for word in line.words if (word.left + word.right) < left + right]
        after = [word.left for word in line.words if (word.left + word.right) >= left + right]
        narrowed = max([left, *before]), min([right, *after])
        if narrowed[1] - narrowed[0] >= _NARROWEST * line.size:
            free.append(narrowed)
    found = tuple(free)
    return found if sum(map(bool, _cells(line, found))) > 1 else ()


def _cells(line: Line, corridors: Sequence[Corridor]) -> list[Line | None]:
    """The parts of a line between corridors, each a line of its own; None for an empty one."""
    edges = [float("-inf"), *((left + right) / 2 for left, right in corridors), float("inf")]
    found: list[Line | None] = []
    for left, right in pairwise(edges):
        words = tuple(word for word in line.words if left <= (word.left + word.right) / 2 < right)
        text = " ".join(word.text for word in words)
        found.append(
            replace(line, text=text, left=words[0].left, right=words[-1].right, words=(), hyphen=False)
            if words
            else None
        )
    if found[-1] is not None and line.hyphen:
        found[-1] = replace(found[-1], hyphen=True)
    return found


def _is_laid_out(
    lines: Sequence[Line], cells: Sequence[Sequence[Line | None]], corridors: Sequence[Corridor]
) -> bool:
    """Whether every column but the first is in line at its left, its right or its middle, and none merely counts."""
    needed = len(lines) if len(lines) < _FEW else _MOSTLY * len(lines)
    if sum(_stands_out(line, corridors) for line in lines) < needed:
        return False
    columns = [[cell for cell in column if cell] for column in zip(*cells, strict=True)]
    if len(columns) == 2 and all(_ENUMERATOR.fullmatch(cell.text) for cell in columns[0]):
        return False
    tolerance = _ALIGNED * statistics.median(line.size for line in lines)
    return all(len(column) > 1 and _in_line(column, tolerance) for column in columns[1:])


def _stands_out(line: Line, corridors: Sequence[Corridor]) -> bool:
    """Whether a line is wider open at the corridors than between other words: justified text is so nowhere."""
    gaps = [(left.right, right.left) for left, right in pairwise(line.words)]
    crossing = [b - a for a, b in gaps if any(a <= left and right <= b for left, right in corridors)]
    others = [b - a for a, b in gaps if not any(a <= left and right <= b for left, right in corridors)]
    return bool(crossing) and (not others or min(crossing) > _WIDER * max(others))


def _in_line(column: Sequence[Line], tolerance: float) -> bool:
    for edges in (
        [cell.left for cell in column],
        [cell.right for cell in column],
        [(cell.left + cell.right) / 2 for cell in column],
    ):
        middle = statistics.median_low(edges)
        if sum(abs(edge - middle) <= tolerance for edge in edges) >= max(2, _MOSTLY * len(edges)):
            return True
    return False


def _is_prose(cells: Sequence[Sequence[Line | None]]) -> bool:
    """Whether the columns hold running text rather than entries: many lines with many words, in each of them."""
    return len(cells) >= _FEWEST_LINES and all(
        statistics.median(len(cell.text.split()) if cell else 0 for cell in column) >= _PROSE_WORDS
        for column in zip(*cells, strict=True)
    )


def _row(line: Line, cells: Sequence[Line | None], table: int) -> Line:
    texts = [cell.text if cell else "" for cell in cells]
    text = f"| {' | '.join(texts)}{'-' if line.hyphen else ''} |"
    return replace(line, text=text, words=(), hyphen=False, table=table)
