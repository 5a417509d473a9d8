"""Tables that people keep in files: .csv and .tsv, and the spreadsheets .xlsx, .xls and .ods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count

from tutor.errors import ReadError
from tutor_ingest.load import html
from tutor_ingest.load.content import Content
from tutor_ingest.load.delimited import records
from tutor_ingest.load.encoding import decode
from tutor_ingest.load.grids import Grid, Row, write_grids
from tutor_ingest.load.workbook import grids
from tutor_ingest.load.zipped import is_compound

_MOST_ROWS = 200_000
_ZIP = b"PK\x03\x04"
_DELIMITED = (".csv", ".tsv")
_XML_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def read(data: bytes, name: str) -> Content:
    """The tables of a file as Markdown tables, each row marked with its line or with its sheet and row.

    The content decides, not the suffix: many an `.xls` from the web is HTML or CSV. Raises ReadError for what is
    empty, encrypted or damaged, and for more than 200,000 rows.
    """
    if is_compound(data) or data.startswith(_ZIP):
        return _content(grids(data))
    text = decode(data)
    if not name.lower().endswith(_DELIMITED) and text.lstrip().startswith("<"):
        if _XML_SPREADSHEET in text:
            raise ReadError("is an XML spreadsheet of Excel 2003", help="Save it as .xlsx.")
        return html.read(data, name)
    return _content([Grid("", "line", records(text), _column_name)])


def _content(found: list[Grid]) -> Content:
    counter = count(1)
    text, marks = write_grids([replace(grid, rows=_counted(grid.rows, counter)) for grid in found])
    if not text:
        raise ReadError("holds no text")
    return Content(text=text, format="markdown", marks=marks)


def _counted(rows: Iterable[Row], counter: Iterator[int]) -> Iterator[Row]:
    """The rows, as long as there are not too many in all that hold something."""
    for row in rows:
        if any(row.cells) and next(counter) > _MOST_ROWS:
            raise ReadError(f"has more than {_MOST_ROWS:,} rows")
        yield row


def _column_name(index: int) -> str:
    return f"column {index + 1}"
