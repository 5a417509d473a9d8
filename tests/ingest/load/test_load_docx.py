from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.documents import Document
from tutor.errors import ReadError
from tutor.testing import HashingEmbeddings
from tutor_ingest.load.docx import read
from tutor_ingest.split import split

_NAMESPACES = " ".join(
    f'xmlns:{prefix}="http://schemas.{address}"'
    for prefix, address in {
        "w": "openxmlformats.org/wordprocessingml/2006/main",
        "m": "openxmlformats.org/officeDocument/2006/math",
        "mc": "openxmlformats.org/markup-compatibility/2006",
        "wps": "microsoft.com/office/word/2010/wordprocessingShape",
    }.items()
)
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOOTNOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"


def saved(word: Word) -> bytes:
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


def text_of(build: Callable[[Word], object]) -> str:
    word = docx.Document()
    build(word)
    return read(saved(word), "a.docx").text


def xml_text(*blocks: str) -> str:
    """The text of a document of these blocks, `<w:p>…</w:p>` or the inside of one."""
    word = docx.Document()
    for block in blocks:
        whole = block if block.startswith(("<w:p>", "<w:sdt>", "<w:tbl>")) else f"<w:p>{block}</w:p>"
        opening, rest = whole.split(">", 1)
        body = word.element.body
        body.insert(len(body) - 1, parse_xml(f"{opening} {_NAMESPACES}>{rest}"))
    return read(saved(word), "a.docx").text


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def with_part(
    data: bytes, name: str, content: str | None, change: tuple[str, str, str] | None = None
) -> bytes:
    """The file with a part more or less, and with one string in another part changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for each in old.namelist():
            part = old.read(each)
            if change and each == change[0]:
                assert change[1].encode() in part
                part = part.replace(change[1].encode(), change[2].encode(), 1)
            if each != name:
                new.writestr(each, part)
        if content is not None:
            new.writestr(name, content)
    return file.getvalue()


def test_headings_lists_and_tables_survive() -> None:
    """The structure of a document is that of its Markdown."""

    def build(word: Word) -> None:
        word.add_heading("Plan", 1)
        word.add_heading("First steps", 2)
        word.add_paragraph("Take:")
        word.add_paragraph("one", style="List Bullet")
        word.add_paragraph("two", style="List Bullet")
        word.add_paragraph("first", style="List Number")
        table = word.add_table(2, 2)
        for cell, text in zip(table._cells, ("Course", "Price", "Ada", "3"), strict=True):
            cell.text = text

    assert text_of(build) == (
        "# Plan\n\n## First steps\n\nTake:\n\n- one\n- two\n\n1. first\n\n"
        "| Course | Price |\n| --- | --- |\n| Ada | 3 |"
    )


def test_the_title_is_that_of_the_properties_or_the_first_heading() -> None:
    """The author is metadata; a document that names nothing has no title."""
    word = docx.Document()
    word.core_properties.author = "Ada"
    word.add_paragraph("Text.")
    assert read(saved(word), "a.docx").title is None
    word.add_heading("A heading", 2)
    assert read(saved(word), "a.docx").title == "A heading"
    word.core_properties.title = "The  plan"
    content = read(saved(word), "a.docx")
    assert (content.title, content.metadata) == ("The plan", {"author": "Ada"})


def test_house_styles_stand_for_what_they_are_based_on() -> None:
    """A style of one's own is the heading, or the bullet, from which it descends."""

    def build(word: Word) -> None:
        for name, base in (("House head", "Heading 2"), ("House bullet", "List Bullet")):
            word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = word.styles[base]
        word.add_paragraph("Plan", style="Title")
        word.add_paragraph("Steps", style="House head")
        word.add_paragraph("one", style="House bullet")

    assert text_of(build) == "# Plan\n\n## Steps\n\n- one"


def test_an_outline_level_makes_a_heading() -> None:
    """Whatever the style; the level of running text makes none."""
    assert (
        xml_text(
            f'<w:pPr><w:outlineLvl w:val="1"/></w:pPr>{run("Steps")}',
            f'<w:pPr><w:outlineLvl w:val="9"/></w:pPr>{run("Text.")}',
        )
        == "## Steps\n\nText."
    )


def test_a_short_paragraph_in_bold_is_a_heading() -> None:
    """One level below the last; not one that ends as a sentence, introduces, or stands last."""

    def build(word: Word) -> None:
        word.add_heading("Plan", 1)
        for text in ("What to learn first", "Mind the gap.", "You need:"):
            word.add_paragraph().add_run(text).bold = True
            word.add_paragraph("Some text.")
            word.add_paragraph("More text.")
        word.add_paragraph().add_run("The end").bold = True

    assert text_of(build).split("\n\n") == [
        *("# Plan", "## What to learn first", "Some text.", "More text."),
        *("Mind the gap.", "Some text.", "More text.", "You need:", "Some text.", "More text.", "The end"),
    ]


def test_a_document_all_in_bold_has_no_headings() -> None:
    """Where everything is bold, bold says nothing."""

    def build(word: Word) -> None:
        for text in ("One", "Two", "Three"):
            word.add_paragraph().add_run(text).bold = True

    assert text_of(build) == "One\n\nTwo\n\nThree"


def test_tracked_changes_read_as_accepted_and_hidden_text_is_dropped() -> None:
    """What was deleted, moved away or hidden cannot be quoted."""
    assert (
        xml_text(
            run("Kept "),
            f'{run("One ")}<w:del w:id="1"><w:r><w:delText>gone </w:delText></w:r></w:del>'
            f'<w:ins w:id="2">{run("new")}</w:ins>{run("HIDDEN", "<w:vanish/>")}'
            f"{run(' seen', '<w:vanish w:val=&quot;0&quot;/>'.replace('&quot;', chr(34)))}"
            f'<w:moveFrom w:id="3">{run("away")}</w:moveFrom>',
        )
        == "Kept\n\nOne new seen"
    )


def test_fields_and_line_breaks_keep_their_words() -> None:
    """A cross-reference, and words about an old kind of line break."""
    field = f'<w:fldSimple w:instr="SEQ Figure">{run("3")}</w:fldSimple>'
    assert (
        xml_text(f"{run('See Figure ')}{field}{run('.')}<w:r><w:cr/></w:r>{run('Next.')}")
        == "See Figure 3.\nNext."
    )


def test_formulas_become_a_line_of_text() -> None:
    """A sentence with a formula in it keeps its meaning."""

    def letter(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    fraction = f"<m:f><m:num>{letter('1')}</m:num><m:den>{letter('2n')}</m:den></m:f>"
    bracket = f"<m:d><m:e>{letter('y-x')}</m:e></m:d>"
    square = f"<m:sSup><m:e>{bracket}</m:e><m:sup>{letter('2')}</m:sup></m:sSup>"
    total = (
        f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{letter("i=1")}</m:sub>'
        f"<m:sup>{letter('n')}</m:sup><m:e>{square}</m:e></m:nary>"
    )
    root = f"<m:rad><m:deg/><m:e>{letter('x+1')}</m:e></m:rad>"
    log = f"<m:func><m:fName>{letter('log')}</m:fName><m:e>{letter('p')}</m:e></m:func>"
    assert xml_text(f"{run('The loss is ')}<m:oMath>{fraction}{total}</m:oMath>{run(' here.')}") == (
        "The loss is 1/(2n)∑_(i=1)^n (y-x)^2 here."
    )
    assert (
        xml_text(f"<m:oMathPara><m:oMath>{root}{letter('+')}{log}</m:oMath></m:oMathPara>") == "√(x+1)+log p"
    )


def test_the_text_of_a_text_box_stands_below_its_anchor() -> None:
    """Once, whether the file has a version for old programs or not."""
    content = f"<w:txbxContent><w:p>{run('Boxed.')}</w:p></w:txbxContent>"
    drawing = f"<w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>"
    choice = f'<mc:Choice Requires="wps">{drawing}</mc:Choice>'
    fallback = f"<mc:Fallback><w:pict>{content}</w:pict></mc:Fallback>"
    for box in (drawing, choice, choice + fallback):
        whole = box if box == drawing else f"<mc:AlternateContent>{box}</mc:AlternateContent>"
        assert xml_text(f"{run('Anchor.')}<w:r>{whole}</w:r>", run("After.")) == "Anchor.\n\nBoxed.\n\nAfter."


def test_the_table_of_contents_is_left_out() -> None:
    """It says twice what the headings say."""
    gallery = '<w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    block = f"<w:sdt>{gallery}<w:sdtContent><w:p>{run('Start 1')}</w:p></w:sdtContent></w:sdt>"
    assert xml_text(block, run("Text.")) == "Text."


def test_a_footnote_stands_below_the_block_that_refers_to_it() -> None:
    """Its sign in the text goes, so that a quote ends with its full stop."""
    word = docx.Document()
    body = word.element.body
    reference = '<w:r><w:footnoteReference w:id="7"/></w:r>'
    body.insert(0, parse_xml(f"<w:p {_NAMESPACES}>{run('It costs 300.')}{reference}</w:p>"))
    body.insert(1, parse_xml(f"<w:p {_NAMESPACES}>{run('Next.')}</w:p>"))
    notes = f'<w:footnotes {_NAMESPACES}><w:footnote w:id="7"><w:p>{run("As of 2026.")}</w:p></w:footnote></w:footnotes>'
    data = with_part(
        saved(word),
        "word/footnotes.xml",
        notes,
        (
            "word/_rels/document.xml.rels",
            "</Relationships>",
            f'<Relationship Id="rId99" Type="{_FOOTNOTES}" Target="footnotes.xml"/></Relationships>',
        ),
    )
    assert read(data, "a.docx").text == "It costs 300.\n\nAs of 2026.\n\nNext."


def test_nested_and_merged_tables_keep_their_words() -> None:
    """A table within a table is laid out alone; a cell over two rows stands in both."""

    def build(word: Word) -> None:
        table = word.add_table(3, 3)
        texts = ("Course", "Part", "Price", "Ada", "one", "3", "", "two", "4")
        for cell, text in zip(table._cells, texts, strict=True):
            cell.text = text
        table.cell(1, 0).merge(table.cell(2, 0))
        outer = word.add_table(1, 1)
        outer.cell(0, 0).text = "Outside"
        inner = outer.cell(0, 0).add_table(2, 2)
        for cell, text in zip(inner._cells, "abcd", strict=True):
            cell.text = text

    text = text_of(build)
    assert text.startswith(
        "| Course | Part | Price |\n| --- | --- | --- |\n| Ada | one | 3 |\n| Ada | two | 4 |"
    )
    assert "\n\nOutside\n\n" in text
    assert "| c | d |" in text


def test_a_table_of_two_columns_of_words_has_no_header() -> None:
    """It is as likely a list of terms; bold makes its first row a header."""

    def build(word: Word, *, bold: bool) -> None:
        table = word.add_table(2, 2)
        for cell, text in zip(table._cells, ("Author", "Ada", "Language", "English"), strict=True):
            cell.paragraphs[0].add_run(text).bold = bold and text in ("Author", "Ada")

    assert text_of(lambda word: build(word, bold=False)).startswith(
        "|  |  |\n| --- | --- |\n| Author | Ada |"
    )
    assert text_of(lambda word: build(word, bold=True)).startswith("| Author | Ada |\n| --- |")


def test_places_are_sections_or_paragraphs() -> None:
    """Word alone knows its pages."""
    word = docx.Document()
    word.add_paragraph("Before.")
    content = read(saved(word), "a.docx")
    assert content.marks == ((0, "paragraph 1"),)
    word.add_paragraph("Second.")
    content = read(saved(word), "a.docx")
    assert [content.text[start:][:7] for start, _ in content.marks] == ["Before.", "Second."]
    word.add_heading("Steps", 1)
    content = read(saved(word), "a.docx")
    assert content.marks == ((0, "beginning"), (content.text.index("# Steps"), "section Steps"))


def test_a_document_can_be_split_into_quotes() -> None:
    """Sentences, items and rows are spans under their headings."""
    word = docx.Document()
    word.add_heading("Plan", 1)
    word.add_paragraph("Learn Python. Then learn statistics.")
    word.add_paragraph("one", style="List Bullet")
    content = read(saved(word), "a.docx")
    document = Document(
        id="d", path="a.docx", title="T", text=content.text, format="markdown", sha256="", marks=content.marks
    )
    (chunk,) = split(document, count_tokens=HashingEmbeddings().count_tokens, max_tokens=256)
    assert chunk.heading_path == ("Plan",)
    assert [document.text[span.start : span.end] for span in chunk.spans] == [
        *("Learn Python.", "Then learn statistics.", "one"),
    ]
    assert {document.locator(span.start) for span in chunk.spans} == {"section Plan"}


def picture() -> io.BytesIO:
    """A bitmap of one pixel."""
    return io.BytesIO(
        struct.pack("<2sIHHI", b"BM", 58, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 2835, 2835, 0, 0)
        + bytes(4)
    )


def test_images_and_their_descriptions_are_dropped() -> None:
    """Nothing of a picture gets into the text."""

    def build(word: Word) -> None:
        word.add_picture(picture())
        word.add_paragraph("Text.")

    assert text_of(build) == "Text."


def plain() -> bytes:
    word = docx.Document()
    word.add_paragraph("Some text.")
    return saved(word)


def zip_of(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "<a/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_COMPOUND_FILE + bytes(512) + "EncryptedPackage".encode("utf-16-le"), "is encrypted"),
        (_COMPOUND_FILE + bytes(512), "is an old .doc file under a new name"),
        (b"", "is damaged: not a readable ZIP archive"),
        (plain()[:2000], "is damaged: not a readable ZIP archive"),
        (zip_of("a.txt"), "is no Word document"),
        (zip_of("content.xml"), "is no Word document"),
        (saved(docx.Document()), "holds no text"),
        (
            with_part(plain(), "word/document.xml", "<w:document"),
            "is damaged: word/document.xml is no valid XML",
        ),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    """Each in one line."""
    with pytest.raises(ReadError) as raised:
        read(data, "a.docx")
    assert str(raised.value) == reason


@settings(max_examples=30, deadline=None)
@given(at=st.integers(0, 100_000), patch=st.binary(min_size=1, max_size=4))
def test_a_damaged_document_is_read_or_refused(at: int, patch: bytes) -> None:
    """Bytes changed anywhere in a file give its text or a ReadError, never another text."""
    data = _PLAIN[: at % len(_PLAIN)] + patch + _PLAIN[at % len(_PLAIN) + len(patch) :]
    try:
        text = read(data, "a.docx").text
    except ReadError:
        return
    assert text == "Some text."


_PLAIN = plain()
