"""The rows of spreadsheets, read with calamine: .xlsx, .xls and .ods.

calamine lays a sheet out as a full rectangle. Two cells at opposite corners of an .xlsx file ask for half a
terabyte, and Rust then ends the whole process, so the corners are looked up before it sees the file.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

from lxml import etree  # type: ignore[import-untyped]  # the library ships no types
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from tutor.errors import ReadError
from tutor_ingest.load.boilerplate import Element
from tutor_ingest.load.grids import Grid, Row
from tutor_ingest.load.zipped import is_compound, is_encrypted, member, open_zip, packed

_WIDEST_AREA = (
    10_000_000  # cells, those between the outermost ones included; calamine takes 24 bytes for each
)
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_REPEATED = "{{urn:oasis:names:tc:opendocument:xmlns:table:1.0}}number-{}-repeated"
_MIDNIGHT = datetime.time()
_DIGITS = 15  # as many as a spreadsheet program shows: 0.1 + 0.2 is 0.3


def grids(data: bytes) -> list[Grid]:
    """The sheets of a workbook that a person sees, in order; hidden sheets are left out.

    Raises ReadError where it is encrypted, damaged, no workbook, or spreads over more than ten million cells.
    """
    with _calamine():
        workbook = CalamineWorkbook.from_filelike(_checked(data))
    return [
        Grid(name, f"sheet {name}, row", _rows(workbook, index), column_letters)
        for index, sheet in enumerate(workbook.sheets_metadata)
        for name in [text_of(sheet.name)]
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def column_letters(index: int) -> str:
    """The name of a column as spreadsheet programs show it: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def text_of(value: object) -> str:
    """A cell's value in one line: dates as ISO 8601, whole numbers without a decimal point."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}"
    if isinstance(value, datetime.datetime):
        return (
            value.date().isoformat() if value.time() == _MIDNIGHT else _without_seconds(value.isoformat(" "))
        )
    if isinstance(value, datetime.time):
        return _without_seconds(value.isoformat())
    return " ".join(str(value).split())


def _without_seconds(time: str) -> str:
    """A time without the seconds if there are none, and without the fractions that floats leave."""
    return time.partition(".")[0].removesuffix(":00") if time.count(":") == 2 else time


def _checked(data: bytes) -> io.BytesIO:
    """The workbook, if calamine can lay it out, without whatever in it is no XML."""
    if is_encrypted(data):
        raise ReadError("is encrypted")
    if is_compound(data):
        return io.BytesIO(data)
    with open_zip(data) as archive:
        names = [
            name for name in archive.namelist() if name.endswith((".xml", ".rels")) or name == "mimetype"
        ]
        members = {name: member(archive, name) or b"" for name in names}
    if b"encryption-data" in members.get("META-INF/manifest.xml", b""):
        raise ReadError("is encrypted")
    for name, part in members.items():
        if name == "content.xml" or "worksheets/" in name:
            _check_area(part, name)
    return packed(members)


def _check_area(part: bytes, name: str) -> None:
    """Raises ReadError where a sheet's outermost cells lie too far apart to lay out all that is between them."""
    rows: list[int] = []
    columns: list[int] = []
    row = 0
    try:
        for _, element in etree.iterparse(
            io.BytesIO(part),
            tag=("{*}row", "{*}table-row", "{*}table"),
            resolve_entities=False,
            huge_tree=True,
            remove_comments=True,
            remove_pis=True,
        ):
            kind = etree.QName(element).localname
            if kind == "table":
                row, rows, columns = 0, [], []
                continue
            row, filled = _filled_cells(element, row) if kind == "row" else _filled_places(element, row)
            if filled:
                rows += [filled[0][0], filled[-1][0]]
                columns += [min(column for _, column in filled), max(column for _, column in filled)]
                if _span(rows) * _span(columns) > _WIDEST_AREA:
                    raise ReadError(f"spreads a sheet over more than {_WIDEST_AREA:,} cells")
                rows, columns = [min(rows), max(rows)], [min(columns), max(columns)]
            element.clear()
    except etree.XMLSyntaxError as error:
        raise ReadError(f"is damaged: {name} is no valid XML") from error


def _span(indexes: list[int]) -> int:
    return max(indexes) - min(indexes) + 1


def _filled_cells(row: Element, before: int) -> tuple[int, list[tuple[int, int]]]:
    """Of an .xlsx row: its number, and the places of its cells that hold something."""
    number = _number(row.get("r"), before + 1)
    places = []
    column = 0
    for cell in row:
        match = _REFERENCE.fullmatch(cell.get("r") or "")
        column = _column_number(match[1]) if match else column + 1
        if len(cell):
            places.append((int(match[2]) if match else number, column))
    return number, sorted(places)


def _filled_places(row: Element, before: int) -> tuple[int, list[tuple[int, int]]]:
    """Of an .ods row: the number of the last row that it stands for, and the corners of what they hold."""
    last = before + _number(row.get(_REPEATED.format("rows")), 1)
    places = []
    column = 0
    for cell in row:
        first, column = column + 1, column + _number(cell.get(_REPEATED.format("columns")), 1)
        if len(cell):
            places += [(before + 1, first), (last, column)]
    return last, sorted(places)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else otherwise


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


@contextmanager
def _calamine() -> Iterator[None]:
    """Turns what calamine raises into a ReadError, a panic of Rust included, which is no Exception."""
    try:
        yield
    except PasswordError as error:
        raise ReadError("is encrypted") from error
    except CalamineError as error:
        raise ReadError("is encrypted, damaged or no spreadsheet") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ReadError("is damaged: the spreadsheet library gave up") from error


def _rows(workbook: CalamineWorkbook, index: int) -> Iterator[Row]:
    """The rows of a sheet, numbered as in the spreadsheet; a cell that spans rows is repeated in each."""
    with _calamine():
        sheet = workbook.get_sheet_by_index(index)
        if sheet.start is None:
            return
        if sheet.total_height * sheet.total_width > _WIDEST_AREA:
            raise ReadError(f"spreads a sheet over more than {_WIDEST_AREA:,} cells")
        left = [""] * sheet.start[
            1
        ]  # calamine gives the rows above the first cell, not the columns beside it
        starting = _merged_down(sheet)
        hanging: dict[int, tuple[str, int]] = {}  # column: text of a cell from above, the last row it spans
        for number, values in enumerate(sheet.iter_rows()):
            cells = left + [text_of(value) for value in values]
            hanging |= {at: (cells[at], last) for at, last in starting.get(number, ()) if at < len(cells)}
            if any(cells):
                for at, (text, last) in hanging.items():
                    cells[at] = cells[at] or (text if number <= last else "")
            yield Row(number + 1, cells)


def _merged_down(sheet: CalamineSheet) -> dict[int, list[tuple[int, int]]]:
    """By first row, the columns in which a merged cell begins that is one column wide, and its last row."""
    starting: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if left == right and bottom > top:
            starting.setdefault(top, []).append((left, bottom))
    return starting
