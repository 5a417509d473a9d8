from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.epub import read

_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_TITLE = "<dc:title>The book</dc:title><dc:creator>Ada</dc:creator><dc:language>en</dc:language>"
_ENCRYPTED = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
    '<e:EncryptedData><e:EncryptionMethod Algorithm="{}"/></e:EncryptedData></encryption>'
)


def page(body: str, attributes: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>x</title></head><body {attributes}>{body}</body></html>'
    )


def epub(
    pages: Mapping[str, str], *, items: str = "", files: Mapping[str, str] | None = None, guide: str = ""
) -> bytes:
    """A book whose pages are read in this order."""
    manifest = "".join(
        f'<item id="{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="{number}"/>' for number in range(len(pages)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"{_TITLE}</metadata><manifest>{manifest}{items}</manifest><spine>{spine}</spine>{guide}</package>"
    )
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": _CONTAINER,
            "OEBPS/book.opf": package,
            **{f"OEBPS/{name.replace('%20', ' ')}": text for name, text in pages.items()},
            **(files or {}),
        }
    )


def archive(files: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for name, text in files.items():
            written.writestr(name, text)
    return file.getvalue()


def nav(*entries: tuple[str, str]) -> dict[str, str]:
    """The table of contents of an EPUB 3 book, as arguments of `epub`."""
    links = "".join(f'<li><a href="{target}">{label}</a></li>' for target, label in entries)
    return {"OEBPS/nav.xhtml": page(f'<nav epub:type="toc"><h1>Contents</h1><ol>{links}</ol></nav>')}


NAV_ITEM = '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'


def places(content: Content) -> list[tuple[str, str]]:
    """The first words of each mark, and its name."""
    return [(content.text[start:].split("\n")[0], name) for start, name in content.marks]


def test_chapters_come_in_reading_order_with_title_and_author() -> None:
    """The spine orders them, not their names."""
    content = read(
        epub({"b.xhtml": page("<h1>One</h1><p>First.</p>"), "a.xhtml": page("<p>Second.</p>")}), "a.epub"
    )
    assert content.text == "# One\n\nFirst.\n\nSecond."
    assert (content.title, content.metadata) == ("The book", {"author": "Ada", "language": "en"})


def test_the_table_of_contents_of_epub_3_names_the_chapters() -> None:
    """It is no chapter itself; a page that does not show its name gets it as a heading; a bare number is a chapter's."""
    pages = {
        "c%201.xhtml": page("<h2>One</h2><p>First.</p>"),
        "more.xhtml": page("<p>More of it.</p>"),
        "c2.xhtml": page("<p>Second.</p>"),
        "c3.xhtml": page("<p>Third.</p>"),
        "nav.xhtml": "",
    }
    contents = nav(("c%201.xhtml", "1. One"), ("c2.xhtml#start", "Two"), ("c3.xhtml", "III"))
    content = read(epub(pages, items=NAV_ITEM, files=contents), "a.epub")
    assert places(content) == [("## One", "1. One"), ("# Two", "Two"), ("# III", "chapter III")]
    assert "Contents" not in content.text


def test_the_table_of_contents_of_epub_2_names_the_chapters() -> None:
    """An NCX file, whose nested points are parts of chapters; the guide's pages are left out."""
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The start</text></navLabel>'
        '<content src="c1.html"/><navPoint><navLabel><text>Part</text></navLabel><content src="c1.html#p"/></navPoint>'
        "</navPoint></navMap></ncx>"
    )
    data = epub(
        {
            "toc.html": page("<p>The start: 1</p>"),
            "c1.html": page("<p>First.</p>"),
            "c2.html": page("<h1>Two</h1>"),
        },
        items='<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        files={"OEBPS/toc.ncx": ncx},
        guide='<guide><reference type="toc" href="toc.html"/></guide>',
    )
    content = read(data, "a.epub")
    assert content.text == "# The start\n\nFirst.\n\n# Two"
    assert places(content) == [("# The start", "The start"), ("# Two", "Two")]


def test_a_book_without_any_names_counts_its_first_page() -> None:
    """A place has a name in every book."""
    content = read(epub({"a.xhtml": page("<p>First.</p>"), "b.xhtml": page("<p>Second.</p>")}), "a.epub")
    assert content.marks == ((0, "chapter 1"),)
    document = Document(
        id="d", path="a.epub", title="T", text=content.text, format="markdown", sha256="", marks=content.marks
    )
    assert document.locator(content.text.index("Second")) == "chapter 1"


def test_a_page_of_several_chapters_marks_each() -> None:
    """Headings of its highest level, not a comment in a listing."""
    body = "<h1>A</h1><p>a</p><pre># no heading</pre><h2>part</h2><h1>B</h1><p>b</p>"
    assert places(read(epub({"a.xhtml": page(body)}), "a.epub")) == [("# A", "A"), ("# B", "B")]


def test_covers_and_contents_are_left_out() -> None:
    """By what a page says that it is."""
    pages = {
        "cover.xhtml": page("<p>A cover</p>", 'epub:type="cover"'),
        "toc.xhtml": page("<p>A list</p>", 'role="doc-toc"'),
        "a.xhtml": page("<p>First.</p>"),
    }
    assert read(epub(pages), "a.epub").text == "First."


def test_notes_and_sidebars_stay_signs_and_page_numbers_go() -> None:
    """In a book, an aside is text; the number of a printed page within a sentence is none."""
    body = (
        '<header><h2>One</h2></header><p>It costs<span epub:type="pagebreak" id="p">12</span> 300.'
        '<a epub:type="noteref" href="#n">1</a> Go&nbsp;on.<a href="#m"><sup>2</sup></a></p>'
        '<div class="sidebar">Beside.</div><aside epub:type="footnote" id="n"><p>As of 2026.</p></aside>'
        '<p hidden="hidden">Unseen.</p><script>x()</script>'
    )
    assert read(epub({"a.xhtml": page(body)}), "a.epub").text == (
        "## One\n\nIt costs 300. Go on.\n\nBeside.\n\nAs of 2026."
    )


def test_a_page_that_is_missing_or_blank_costs_no_other() -> None:
    """What is there is read."""
    data = epub(
        {"a.xhtml": "", "b.xhtml": page("<p>Text.</p>")},
        items='<item id="x" href="gone.xhtml" media-type="application/xhtml+xml"/>' + NAV_ITEM,
        files={"OEBPS/nav.xhtml": "<nav>&nbsp;"},
    )
    assert read(data, "a.epub").text == "Text."


def test_a_book_with_scrambled_fonts_is_open() -> None:
    """Only its fonts are locked."""
    locks = {"META-INF/encryption.xml": _ENCRYPTED.format("http://www.idpf.org/2008/embedding")}
    assert read(epub({"a.xhtml": page("<p>Text.</p>")}, files=locks), "a.epub").text == "Text."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            epub(
                {"a.xhtml": page("<p>Text.</p>")},
                files={
                    "META-INF/encryption.xml": _ENCRYPTED.format(
                        "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
                    )
                },
            ),
            "is protected by DRM",
        ),
        (archive({"a.txt": "text"}), "is no EPUB book"),
        (archive({"META-INF/container.xml": "<container/>"}), "is damaged: its container names no package"),
        (archive({"META-INF/container.xml": _CONTAINER}), "is damaged: OEBPS/book.opf is missing"),
        (epub({}), "holds no text"),
        (epub({"a.xhtml": page('<img src="a.png"/>')}), "holds no text"),
        (b"", "is damaged: not a readable ZIP archive"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    """Each in one line."""
    with pytest.raises(ReadError) as raised:
        read(data, "a.epub")
    assert str(raised.value) == reason


WORDS = st.text("abcdefg ", min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(bool)


@settings(deadline=None)
@given(chapters=st.lists(st.tuples(st.booleans(), WORDS), min_size=1, max_size=6))
def test_every_mark_points_at_its_chapter(chapters: list[tuple[bool, str]]) -> None:
    """Marks rise and stand where a chapter's own page begins."""
    pages = {
        f"{number}.xhtml": page((f"<h1>Title {number}</h1>" if headed else "") + f"<p>{text}</p>")
        for number, (headed, text) in enumerate(chapters)
    }
    content = read(epub(pages), "a.epub")
    starts = [start for start, _ in content.marks]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    expected = [f"Title {number}" for number, (headed, _) in enumerate(chapters) if headed]
    assert [name for _, name in content.marks if name != "chapter 1"] == expected
    assert all(
        content.text.startswith(f"# {name}\n", start) for start, name in content.marks if name in expected
    )


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 100_000), patch=st.binary(min_size=1, max_size=4))
def test_a_damaged_book_is_read_or_refused(at: int, patch: bytes) -> None:
    """Bytes changed anywhere in a file end in a ReadError, if in any."""
    data = epub({"a.xhtml": page("<h1>One</h1><p>Text.</p>")})
    at %= len(data)
    try:
        text = read(data[:at] + patch + data[at + len(patch) :], "a.epub").text
    except ReadError:
        return
    assert text == "# One\n\nText."
