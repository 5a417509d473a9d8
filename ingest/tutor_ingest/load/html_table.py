"""HTML tables as Markdown tables; a cell that spans rows is repeated, so that each row stands by itself."""

from __future__ import annotations

from collections.abc import Callable

from tutor_ingest.load.boilerplate import Element

_WIDEST = (
    100  # columns that spans may fill, and rows that one may: a mistaken span must not multiply the page
)
_TOO_MUCH_FOR_A_CELL = ("table", "pre", "h1", "h2", "h3", "h4")


def is_data_table(table: Element) -> bool:
    """Whether a table holds data: two rows of two cells or more, and no page layout within its cells."""
    if (
        table.get("role") in ("presentation", "none")
        or next(table.iterdescendants(*_TOO_MUCH_FOR_A_CELL), None) is not None
    ):
        return False
    return sum(len(_cells(row)) > 1 for row in table.iter("tr")) > 1


def rows(table: Element, text_of: Callable[[Element], str]) -> list[list[str]]:
    """The cells' texts, row by row, spans resolved; `text_of` turns one cell into one line of text."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[str, int]] = {}  # column: text of a cell from above, rows that it still spans
    for row in table.iter("tr"):
        line: list[str] = []
        for cell in _cells(row):
            _hang(line, hanging)
            text = text_of(cell)
            for extra in range(min(_span(cell, "colspan"), max(1, _WIDEST - len(line)))):
                if (down := _span(cell, "rowspan")) > 1:
                    hanging[len(line)] = ("" if extra else text, down - 1)
                line.append("" if extra else text)
        _hang(line, hanging)
        if any(line):
            grid.append(line)
    return grid


def write_table(grid: list[list[str]], header: bool) -> str:
    """The grid as a Markdown table; without a header row of its own it gets an empty one."""
    width = max(map(len, grid))
    filled = [[*row, *[""] * (width - len(row))] for row in grid]
    head, *body = filled if header else [[""] * width, *filled]
    return "\n".join([_row(head), _row(["---"] * width), *map(_row, body)])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _hang(line: list[str], hanging: dict[int, tuple[str, int]]) -> None:
    """Appends the cells that reach down into this row at its next columns."""
    while len(line) in hanging and len(line) < _WIDEST:
        text, left = hanging.pop(column := len(line))
        if left > 1:
            hanging[column] = (text, left - 1)
        line.append(text)


def _cells(row: Element) -> list[Element]:
    return [cell for cell in row if cell.tag in ("td", "th")]


def _span(cell: Element, name: str) -> int:
    value = (cell.get(name) or "").strip()
    return min(max(int(value), 1), _WIDEST) if value.isdecimal() else 1
