from __future__ import annotations

import bisect
import csv
import datetime
import io
import zipfile
from collections.abc import Iterable

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minimal_xls import xls

from tutor.documents import Document
from tutor.errors import ReadError
from tutor.testing import HashingEmbeddings
from tutor_ingest.load.content import Content
from tutor_ingest.load.tables import read
from tutor_ingest.split import split

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "table", "text")
)


def csv_text(source: str, name: str = "a.csv") -> str:
    return read(source.encode(), name).text


def xlsx(**sheets: Iterable[Iterable[object]]) -> bytes:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return saved(workbook)


def saved(workbook: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def ods(rows: str, manifest: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {_NAMESPACES}><office:body><office:spreadsheet>"
            f'<table:table table:name="Prices">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return file.getvalue()


def ods_row(*cells: str, repeated: int = 1, columns: int = 1) -> str:
    inner = "".join(
        f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string">'
        f"<text:p>{cell}</text:p></table:table-cell>"
        if cell
        else f'<table:table-cell table:number-columns-repeated="{columns}"/>'
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{inner}</table:table-row>'


def place(content: Content, words: str) -> str:
    """What the place of these words is called."""
    at = content.text.index(words)
    return content.marks[bisect.bisect_right([start for start, _ in content.marks], at) - 1][1]


def test_a_csv_file_becomes_a_table_whose_rows_know_their_lines() -> None:
    """Lines are counted in the file, also past a field of two lines and a blank one."""
    content = read(b'name,note\nAda,"one\ntwo"\n\nBob,three\n', "a.csv")
    assert content.text.startswith("| name | note |\n| --- | --- |\n| Ada | one two |")
    assert content.format == "markdown"
    assert [place(content, words) for words in ("name", "Ada", "Bob")] == ["line 1", "line 2", "line 5"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("name,price\nAda,3\n", "a.csv"),
        ("name;price\nAda;3\n", "a.csv"),
        ("name\tprice\nAda\t3\n", "a.tsv"),
        ("name|price\r\nAda|3\r\n", "a.csv"),
        ("sep=;\nname;price\nAda;3\n", "a.csv"),
        ('"name", "price"\n"Ada", "3"\n', "a.csv"),
        ("name,price\n,,\nAda,3\n", "a.csv"),
        ("\ufeffname,,price,\nAda,,3,\n", "a.csv"),
    ],
)
def test_the_delimiter_is_found_and_what_is_empty_goes(source: str, name: str) -> None:
    """Commas, semicolons, tabs and bars; Excel's hint; columns and rows of nothing."""
    assert csv_text(source, name) == "| name | price |\n| --- | --- |\n| Ada | 3 |"


def test_decimal_commas_do_not_part_fields() -> None:
    """A file with semicolons keeps its German numbers whole."""
    assert "| Ada | 1,5 |" in csv_text("name;price\nAda;1,5\nBob;2,5\n")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_csv_file_is_read_in_its_encoding(encoding: str) -> None:
    """What Excel writes on Western computers comes out with its accents."""
    source = "name;Größe\nJosé Muñoz;groß\nRené Lefèvre;mäßig\n"
    assert "| José Muñoz | groß |" in read(source.encode(encoding), "a.csv").text


def test_a_bar_in_a_cell_does_not_make_another_cell() -> None:
    """It is escaped, as Markdown asks."""
    assert "| a \\| b | 1 |" in csv_text('name,n\n"a | b",1\n')


def test_one_column_is_a_list_under_its_name() -> None:
    """Prose with commas stays whole, and its header introduces it."""
    text = csv_text("advice\nLearn Python, then maths\nRead a book, daily, please\nSleep\n")
    assert text == "advice:\n\n- Learn Python, then maths\n- Read a book, daily, please\n- Sleep"


def test_rows_without_a_header_get_one_that_counts_columns() -> None:
    """Figures in the first row are data, and stay a row."""
    assert csv_text("Ada,3\nBob,4\n") == "| column 1 | column 2 |\n| --- | --- |\n| Ada | 3 |\n| Bob | 4 |"
    assert "| A | B |\n| --- | --- |\n| Ada | 3 |" in read(xlsx(S=[["Ada", 3], ["Bob", 4]]), "a.xlsx").text


def test_years_in_a_row_head_a_time_series() -> None:
    """They are figures, but they name columns."""
    assert csv_text("city,2023,2024,2025\nBern,1,2,3\n").startswith("| city | 2023 | 2024 | 2025 |\n| --- |")


@pytest.mark.parametrize("text", ["# of students", "```python", "<!-- remark", "[a]: b"])
def test_a_caption_is_text_and_not_markup(text: str) -> None:
    """What would open a heading, code or a comment is shown as it stands, and hides nothing after it."""
    content = read(xlsx(S=[[text], ["Name", "Price"], ["Ada", 3]]), "a.xlsx")
    document = Document(id="d", path="a", title="T", text=content.text, format="markdown", sha256="")
    chunks = split(document, count_tokens=HashingEmbeddings().count_tokens, max_tokens=256)
    quotes = [document.text[span.start : span.end] for chunk in chunks for span in chunk.spans]
    assert quotes == ["\\" + text, "| Name | Price |", "| Ada | 3 |"]


def test_rows_of_unequal_length_are_filled_up() -> None:
    """A short row keeps its cells in their columns, and a long one makes the table wider."""
    text = csv_text("name,price,note\nAda,1\nBob,2,x\nCy,3,y\nDan,4,z\n")
    assert "| Ada | 1 |  |" in text


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    """The rows after it are rows."""
    text = csv_text('name,note\nAda,"open\n' + "Bob,x\n" * 300)
    assert text.count("| Bob | x |") == 300


def test_backslashes_may_escape_quotes() -> None:
    """As MySQL and many programs write them."""
    assert '| Ada | say "hi", now |' in csv_text('name,note\nAda,"say \\"hi\\", now"\nBob,x\n')


def test_a_very_long_field_is_read() -> None:
    """The csv module's own limit is 128 KiB."""
    text = csv_text("name,note\nAda," + "word " * 60_000 + "\nBob,x\n")
    assert len(text) > 300_000


def test_a_workbook_becomes_tables_under_the_names_of_its_sheets() -> None:
    """Rows are numbered as the spreadsheet program numbers them."""
    content = read(xlsx(Prices=[["Name", "Price"], ["Ada", 3]], Notes=[["Read. It helps."]]), "a.xlsx")
    assert content.text == (
        "## Prices\n\n| Name | Price |\n| --- | --- |\n| Ada | 3 |\n\n## Notes\n\nRead. It helps."
    )
    assert place(content, "Ada") == "sheet Prices, row 2"
    assert place(content, "Read") == "sheet Notes, row 1"
    assert place(content, "## Notes") == "sheet Notes"


def test_a_single_sheet_needs_no_heading() -> None:
    """And an empty or hidden one beside it does not count."""
    workbook = openpyxl.load_workbook(io.BytesIO(xlsx(Prices=[["Name", "Price"], ["Ada", 3]], Empty=[])))
    workbook.create_sheet("Secret")["A1"] = "hidden words"
    workbook["Secret"].sheet_state = "hidden"
    text = read(saved(workbook), "a.xlsx").text
    assert text == "| Name | Price |\n| --- | --- |\n| Ada | 3 |"


def test_rows_above_and_below_a_table_are_paragraphs() -> None:
    """A title and a source of one cell each are no rows; a total is one."""
    rows = [
        ["Prices of 2026"],
        ["Name", "Price"],
        ["Ada", 3],
        ["Total"],
        ["Source: what both schools told us"],
    ]
    text = read(xlsx(S=rows), "a.xlsx").text
    assert text.split("\n\n") == [
        "Prices of 2026",
        "| Name | Price |\n| --- | --- |\n| Ada | 3 |\n| Total |  |",
        "Source: what both schools told us",
    ]


def test_blank_rows_part_tables() -> None:
    """A second table has its own header; more rows of the first one keep the first one's."""
    rows = [["Name", "Price"], ["Ada", 3], [], ["Bob", 4], [], ["City", "Country"], ["Bern", "Switzerland"]]
    content = read(xlsx(S=rows), "a.xlsx")
    tables = [table.split("\n")[::2] for table in content.text.split("\n\n")]
    assert tables == [
        ["| Name | Price |", "| Ada | 3 |"],
        ["| Name | Price |", "| Bob | 4 |"],
        ["| City | Country |", "| Bern | Switzerland |"],
    ]
    assert [place(content, word) for word in ("Bob", "City", "Bern")] == [
        f"sheet S, row {number}" for number in (4, 6, 7)
    ]


def test_a_blank_row_below_a_header_does_not_part_it_from_its_table() -> None:
    """A caption may stand above, and figures below."""
    rows = [["Prices"], ["Name", "Price"], [], ["Ada", 3], ["Bob", 4]]
    text = read(xlsx(S=rows), "a.xlsx").text
    assert text == "Prices\n\n| Name | Price |\n| --- | --- |\n| Ada | 3 |\n| Bob | 4 |"


def test_a_row_that_stands_alone_is_a_line_of_text() -> None:
    """What a sheet says about itself is no table."""
    rows = [["Author", "Ada"], [], ["Name", "Price"], ["Bob", 4]]
    text = read(xlsx(S=rows), "a.xlsx").text
    assert text == "Author: Ada\n\n| Name | Price |\n| --- | --- |\n| Bob | 4 |"


def test_a_header_of_two_rows_is_one() -> None:
    """The group stands before each name below it."""
    workbook = openpyxl.load_workbook(
        io.BytesIO(
            xlsx(S=[["School", "Price", None, "Months"], [None, "low", "high", None], ["Ada", 1, 2, 3]])
        )
    )
    workbook["S"].merge_cells("A1:A2")
    workbook["S"].merge_cells("B1:C1")
    workbook["S"].merge_cells("D1:D2")
    assert read(saved(workbook), "a.xlsx").text.startswith("| School | Price low | Price high | Months |\n")


def test_a_cell_merged_over_rows_stands_in_each() -> None:
    """So that a row can be quoted by itself."""
    workbook = openpyxl.load_workbook(
        io.BytesIO(xlsx(S=[["Track", "Course", "Price"], ["North", "A", 1], [None, "B", 2], [None, "C", 3]]))
    )
    workbook["S"].merge_cells("A2:A3")
    text = read(saved(workbook), "a.xlsx").text
    assert "| North | A | 1 |\n| North | B | 2 |\n|  | C | 3 |" in text


def test_values_read_as_a_person_sees_them() -> None:
    """Dates as ISO 8601, no noise of floating point, whole numbers whole."""
    rows = [
        ["what", "value"],
        ["day", datetime.date(2026, 3, 1)],
        ["moment", datetime.datetime(2026, 3, 1, 14, 30)],
        ["time", datetime.time(9, 5)],
        ["sum", 0.1 + 0.2],
        ["whole", 3.0],
        ["large", 1_000_000],
        ["truth", True],
        ["share", 0.05],
        ["lines", "one\ntwo"],
    ]
    text = read(xlsx(S=rows), "a.xlsx").text
    values = dict(line.strip("| ").split(" | ") for line in text.split("\n")[2:])
    assert values == {
        "day": "2026-03-01",
        "moment": "2026-03-01 14:30",
        "time": "09:05",
        "sum": "0.3",
        "whole": "3",
        "large": "1000000",
        "truth": "TRUE",
        "share": "0.05",
        "lines": "one two",
    }


def test_a_table_away_from_the_corner_keeps_its_places() -> None:
    """Row and column are those of the sheet, wherever the table begins."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "S"
    for cell, value in {"D7": "Ada", "E7": 2, "D8": "Bob", "E8": 4}.items():
        workbook.active[cell] = value
    content = read(saved(workbook), "a.xlsx")
    assert content.text.startswith("| D | E |\n")
    assert place(content, "Bob") == "sheet S, row 8"


def test_an_old_workbook_is_read() -> None:
    """An .xls file gives the same table as an .xlsx file, whatever it is called."""
    cells = {(2, 1): "Name", (2, 2): "Price", (3, 1): "Ada", (3, 2): 3.0}
    for name in ("a.xls", "a.xlsx"):
        content = read(xls(cells), name)
        assert content.text == "| Name | Price |\n| --- | --- |\n| Ada | 3 |"
        assert place(content, "Ada") == "sheet Prices, row 4"


def test_an_open_document_sheet_is_read() -> None:
    """Repeated blank cells and rows, of which LibreOffice writes a million, cost nothing."""
    rows = ods_row("Name", "Price") + ods_row("Ada", "3") + ods_row("", repeated=1_048_573, columns=16_384)
    content = read(ods(rows), "a.ods")
    assert content.text == "| Name | Price |\n| --- | --- |\n| Ada | 3 |"
    assert place(content, "Ada") == "sheet Prices, row 2"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "<html><body><table><tr><th>Name</th><th>Price</th></tr><tr><td>Ada</td><td>3</td></tr></table>",
            "Ada",
        ),
        ("Name\tPrice\nAda\t3\n", "Ada"),
    ],
)
def test_an_xls_file_may_be_html_or_text(source: str, text: str) -> None:
    """Web sites call their exports so."""
    assert f"| {text} | 3 |" in read(source.encode(), "a.xls").text


def far_apart() -> bytes:
    workbook = openpyxl.Workbook()
    workbook.active["A1"], workbook.active["XFD1048576"] = "a", "b"
    return saved(workbook)


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (far_apart(), "a.xlsx", "spreads a sheet over more than 10,000,000 cells"),
        (ods(ods_row("a", repeated=1_000_000, columns=16_000)), "a.ods", "spreads a sheet over more than"),
        (ods("", "<encryption-data/>"), "a.ods", "is encrypted"),
        (xls({(0, 0): "a"}, locked=True), "a.xls", "is encrypted, damaged or no spreadsheet"),
        (xls({}) + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "is encrypted"),
        (b"PK\x03\x04 and no more", "a.xlsx", "is damaged: not a readable ZIP archive"),
        (b"\x00\x01\x02", "a.csv", "looks binary"),
        (b"", "a.csv", "holds no text"),
        (b"\n,,\n", "a.csv", "holds no text"),
        (xlsx(S=[]), "a.xlsx", "holds no text"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
            "a.xls",
            "is an XML spreadsheet of Excel 2003",
        ),
        (b"a,b\n" * 200_001, "a.csv", "has more than 200,000 rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_says_why(data: bytes, name: str, reason: str) -> None:
    """Each in one line, before it costs memory."""
    with pytest.raises(ReadError, match=f"^{reason}"):
        read(data, name)


def test_a_zip_of_something_else_is_no_spreadsheet() -> None:
    """An archive without a workbook is refused."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(ReadError, match="no spreadsheet"):
        read(file.getvalue(), "a.xlsx")


def test_each_row_is_a_span_with_its_header_as_lead() -> None:
    """A long table is parted into chunks, and every row can be quoted with what its columns mean."""
    rows = [["Course", "Price"], *([f"Course number {number}", number] for number in range(1, 90))]
    content = read(xlsx(S=rows), "a.xlsx")
    document = Document(
        id="d",
        path="a.xlsx",
        title="Prices",
        text=content.text,
        format="markdown",
        sha256="",
        marks=content.marks,
    )
    chunks = split(document, count_tokens=HashingEmbeddings().count_tokens, max_tokens=256)
    assert len(chunks) > 2
    assert all(chunk.lead == "| Course | Price |" for chunk in chunks[1:])
    quoted = [
        (document.text[span.start : span.end], document.locator(span.start))
        for chunk in chunks
        for span in chunk.spans
    ]
    assert ("| Course number 70 | 70 |", "sheet S, row 71") in quoted


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12)


@settings(deadline=None)
@given(grid=st.lists(st.lists(WORDS, max_size=4), min_size=1, max_size=8))
def test_every_mark_points_at_its_record(grid: list[list[str]]) -> None:
    """Each cell of a file is found behind the last mark that is not below its line; offsets rise."""
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(grid)
    try:
        content = read(("sep=,\n" + file.getvalue()).encode(), "a.csv")
    except ReadError:
        assert not any("".join(cell.split()) for row in grid for cell in row)
        return
    starts = [start for start, _ in content.marks]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    lines = [int(name.removeprefix("line ")) for _, name in content.marks]
    assert lines == sorted(lines)
    for line, row in enumerate(grid, 2):
        at = bisect.bisect_right(lines, line) - 1
        first = lines.index(lines[at]) if at >= 0 else 0
        end = [*starts, len(content.text)][at + 1]
        for cell in row:
            assert " ".join(cell.split()).replace("|", "\\|") in content.text[starts[first] : end].replace(
                "\\|", "|"
            ).replace("|", "\\|")


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), patch=st.binary(min_size=1, max_size=4), cut=st.integers(0, 6_000))
def test_a_damaged_workbook_is_read_or_refused(at: int, patch: bytes, cut: int) -> None:
    """Bytes changed and lost anywhere in a file end in a ReadError, if in any."""
    data = xlsx(S=[["Name", "Price"], ["Ada", 3]])
    at %= len(data)
    data = (data[:at] + patch + data[at + len(patch) :])[: max(1, len(data) - max(0, cut - 5_000))]
    try:
        read(data, "a.xlsx")
    except ReadError as error:
        reason = str(error)
    else:
        reason = ""
    assert "\n" not in reason


@settings(deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(data: bytes) -> None:
    """No bytes break the reader of CSV files."""
    try:
        assert read(data, "a.csv").text
    except ReadError as error:
        reason = str(error)
    else:
        reason = ""
    assert "\n" not in reason
