"""Grids of cells, from spreadsheets and CSV files, as Markdown tables in which every row knows its place.

People lay out sheets for the eye: a title above the table, a blank row between two tables, a header in two
rows, a note below. Here that becomes paragraphs and tables, so that a row can be quoted with its header.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tutor_ingest.load.html_table import write_table

# A figure, a date or a truth value, which heads no column: signs, digits, a short unit.
_VALUE = re.compile(r"[^\w]*\d[\d\s.,:/%'’+-]*(?:e[+-]?\d+)?\s?[^\W\d]{0,3}[^\w]*|true|false|yes|no", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_VALUE = 40  # characters; the pattern's time grows with the square of the length
_LONGEST_NAME = 100  # characters; a longer cell heads no column
_NOTE_WORDS = 5  # a row of one cell below a table with fewer words, such as `Total`, belongs to the table
# What Markdown would not show at the start of a paragraph: a heading's marks, a fence, a comment, a link's target.
_UNSEEN = re.compile(r"#{1,6}\s|```|~~~|<!--|\[[^\]]*\]:")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, white space folded, an empty cell as ""; `number` is where its file has it."""

    number: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a sheet or file in order, empty ones left out or not.

    `place` and a row's number say where the row is: `sheet Prices, row` and 4. `column` names the column of
    an index for a table without a header.
    """

    name: str
    place: str
    rows: Iterable[Row]
    column: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class _Table:
    """The columns of a table by index with their names, and those that hold figures."""

    columns: tuple[int, ...]
    names: tuple[str, ...]
    figures: frozenset[int]


Marks = tuple[tuple[int, str], ...]
_Line = tuple[str, str]  # of Markdown, and what its place is called; "" where it has none of its own


def write_grids(grids: Sequence[Grid]) -> tuple[str, Marks]:
    """The grids as one Markdown text, and what the place of each row is called.

    Where several grids hold something, each stands under its name as a heading.
    """
    written = [(grid, blocks) for grid in grids if (blocks := list(_blocks(grid)))]
    text, marks = [], []
    end = 0
    for grid, blocks in written:
        heading = [[(f"## {grid.name}", f"sheet {grid.name}")]] if len(written) > 1 else []
        for block in [*heading, *blocks]:
            for line, mark in block:
                if mark:
                    marks.append((end, mark))
                end += len(line) + 1
            text.append("\n".join(line for line, _ in block))
            end += 1  # with the line end after the last line, the blank line between two blocks
    return "\n\n".join(text), tuple(marks)


def looks_like_header(row: Sequence[str]) -> bool:
    """Whether the cells of a first row name columns: words, no two alike, few left out; or years in a row."""
    filled = [cell for cell in row if cell]
    if len(row) - len(filled) > max(1, len(row) // 3) or max(map(len, filled), default=0) > _LONGEST_NAME:
        return False
    if not filled or len({cell.casefold() for cell in filled}) < len(filled):
        return False
    return not any(map(is_value, filled)) or _counts_years(row)


def is_value(cell: str) -> bool:
    """Whether a cell holds a figure, a date or a truth value rather than words."""
    return len(cell) <= _LONGEST_VALUE and _VALUE.fullmatch(cell) is not None


def _counts_years(row: Sequence[str]) -> bool:
    """Whether all cells but the first are years, each one after that before: the head of a time series."""
    years = row[1:]
    return (
        len(years) > 1
        and not is_value(row[0])
        and all(map(_YEAR.fullmatch, years))
        and all(int(later) - int(earlier) == 1 for earlier, later in pairwise(years))
    )


def _blocks(grid: Grid) -> Iterator[list[_Line]]:
    """The paragraphs, lists and tables of a grid, each as its lines."""
    table: _Table | None = None
    for island in _islands(grid.rows):
        captions, rows, notes = _parts(island)
        for row in captions:
            yield _paragraph(grid, row)
        columns = _columns(rows)
        follows = table is not None and _follows(table, rows, columns, bool(captions))
        if len(rows) == 1 and not follows:
            yield _paragraph(grid, rows[0])
        elif len(columns) == 1 and not follows:
            yield from _list(grid, rows, columns[0])
        elif rows:
            table, body = (table, rows) if table and follows else _table(grid, rows, columns)
            yield _table_lines(grid, table, rows, body)
        for row in notes:
            yield _paragraph(grid, row)


def _islands(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that follow each other without an empty one between them; one may part a header from its table."""
    held: list[Row] = []
    for filled, group in groupby(rows, lambda row: any(row.cells)):
        if not filled:
            continue
        island = list(group)
        if held and not _is_header_of(held, island):
            yield held
            held = []
        held += island
        if len(_parts(held)[1]) != 1:
            yield held
            held = []
    if held:
        yield held


def _is_header_of(above: list[Row], rows: list[Row]) -> bool:
    columns = _columns(rows)
    _, header, _ = _parts(above)
    return (
        _columns(header) == columns
        and len(columns) > 1
        and looks_like_header([_cell(header[0], at) for at in columns])
        and not _header(rows, columns)[0]
    )


def _parts(rows: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Rows above a table, the table, and rows below it: those with one filled cell where the table has more."""
    if len(_columns(rows)) < 2:
        return [], rows, []
    first, last = 0, len(rows)
    while first < last and len(_filled(rows[first])) == 1:
        first += 1
    while last > first and len(_filled(rows[last - 1])) == 1 and _is_note(rows[last - 1]):
        last -= 1
    return rows[:first], rows[first:last], rows[last:]


def _filled(row: Row) -> list[str]:
    return [cell for cell in row.cells if cell]


def _is_note(row: Row) -> bool:
    return len(_filled(row)[0].split()) >= _NOTE_WORDS


def _columns(rows: list[Row]) -> tuple[int, ...]:
    """The indexes of the columns in which one of the rows has something."""
    return tuple(sorted({index for row in rows for index, cell in enumerate(row.cells) if cell}))


def _follows(before: _Table, rows: list[Row], columns: tuple[int, ...], captioned: bool) -> bool:
    """Whether rows below a blank one belong to the table above it: blank rows also part groups of rows.

    They do where they fill its columns and do not begin with a header of their own. Words in the first row are
    a header where the table has figures, or where a caption announces something new.
    """
    if not rows or not set(columns) <= set(before.columns):
        return False
    header, _ = _header(rows, columns)
    named = {at for at, name in zip(columns, header, strict=False) if name}
    return not header or not (captioned or named & before.figures)


def _paragraph(grid: Grid, row: Row) -> list[_Line]:
    """One row as running text: `Author: Ada` from two cells."""
    cells = _filled(row)
    text = ": ".join(cells) if len(cells) == 2 else ", ".join(cells)
    return [(("\\" if _UNSEEN.match(text) else "") + text, _mark(grid, row))]


def _mark(grid: Grid, row: Row) -> str:
    return f"{grid.place} {row.number}"


def _list(grid: Grid, rows: list[Row], column: int) -> Iterator[list[_Line]]:
    """A single column as a list, which holds prose as well as it holds words; its header introduces it."""
    name = rows[0].cells[column]
    headed = looks_like_header([name]) and not name.endswith((".", "!", "?", ":", "…", ";"))
    if headed:
        yield [(f"{name}:", _mark(grid, rows[0]))]
    yield [(f"- {row.cells[column]}", _mark(grid, row)) for row in rows[headed:]]


def _table(grid: Grid, rows: list[Row], columns: tuple[int, ...]) -> tuple[_Table, list[Row]]:
    """What a table is made of, and its rows below the header."""
    header, body = _header(rows, columns)
    figures = frozenset(at for at in columns if any(is_value(_cell(row, at)) for row in body))
    return _Table(columns, header or tuple(map(grid.column, columns)), figures), body


def _table_lines(grid: Grid, table: _Table, rows: list[Row], body: list[Row]) -> list[_Line]:
    cells = [[_cell(row, at) for at in table.columns] for row in body]
    lines = write_table([list(table.names), *cells], header=True).split("\n")
    return list(zip(lines, [_mark(grid, rows[0]), "", *(_mark(grid, row) for row in body)], strict=True))


def _cell(row: Row, column: int) -> str:
    return row.cells[column] if column < len(row.cells) else ""


def _header(rows: list[Row], columns: tuple[int, ...]) -> tuple[tuple[str, ...], list[Row]]:
    """The names of the columns, empty where there are none, and the rows below; two rows may be one header."""
    first, *below = [[_cell(row, at) for at in columns] for row in rows[:3]]
    if len(below) == 2 and _is_group_row(first, *below):
        return tuple(_grouped(first, below[0])), rows[2:]
    if below and looks_like_header(first):
        return tuple(first), rows[1:]
    return (), rows


def _is_group_row(groups: list[str], names: list[str], values: list[str]) -> bool:
    """Whether a first row spans the names in the second: it has gaps, and only the third row has figures."""
    gap = any(name and not above for above, name in zip(groups[1:], names[1:], strict=True))
    return (
        gap
        and any(map(is_value, values))
        and not any(map(is_value, [*groups, *names]))
        and looks_like_header(list(_grouped(groups, names)))
    )


def _grouped(groups: list[str], names: list[str]) -> Iterator[str]:
    """Names under the group that spans them: `Price` above `low` and `high` gives `Price low`, `Price high`."""
    group = ""
    for above, name in zip(groups, names, strict=True):
        group = above or group
        yield " ".join(filter(None, (group, name if name != group else "")))
