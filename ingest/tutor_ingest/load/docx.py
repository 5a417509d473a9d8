"""Word documents: mammoth makes HTML of them by their styles, which becomes Markdown like a page of the web."""

from __future__ import annotations

import re
from typing import Any

import mammoth  # type: ignore[import-untyped]  # the library ships no types

from tutor.errors import ReadError
from tutor_ingest.load import html
from tutor_ingest.load.boilerplate import Element, shown_content
from tutor_ingest.load.content import Content
from tutor_ingest.load.docx_parts import prepared
from tutor_ingest.load.grids import is_value, looks_like_header
from tutor_ingest.load.headings import heading_lines, section_marks
from tutor_ingest.load.zipped import is_compound, is_encrypted, member, open_zip, packed, parse_xml

_PROPERTIES = "docProps/core.xml"
_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LONGEST_HEADING = 12  # words; a longer paragraph in bold is a warning rather than a heading
_NO_HEADING = re.compile(r".*[.!:;,…]|(?:figure|table|note)\b.*", re.IGNORECASE)
_MOSTLY = 0.5  # share of bold paragraphs above which bold says nothing


def read(data: bytes, name: str) -> Content:
    """The text of a Word document as Markdown, footnotes below the block that refers to them.

    Deleted and hidden text, comments, images, headers and the table of contents are left out. The title is
    that of the file's properties, else the first heading. Raises ReadError for what is encrypted, damaged, no
    Word document or without text.
    """
    if is_encrypted(data):
        raise ReadError("is encrypted")
    if is_compound(data):
        raise ReadError("is an old .doc file under a new name", help="Save it as .docx.")
    with open_zip(data) as archive:
        names = [each for each in archive.namelist() if each.endswith((".xml", ".rels"))]
        parts = {each: member(archive, each) or b"" for each in names}
    properties = _properties(parts.pop(_PROPERTIES, b""))
    ready = prepared(parts)
    if ready is None:
        raise ReadError("is no Word document")
    source = mammoth.convert_to_html(
        packed(ready), convert_image=_no_image, include_embedded_style_map=False
    ).value
    if not source.strip():
        raise ReadError("holds no text")
    page = html.parse(source)
    body = page.find("body")
    _place_notes(body)
    _mark_headers(body)
    _mark_headings(body)
    text = html.markdown_of(page, source, shown_content)
    headings = heading_lines(text)
    return Content(
        text=text,
        format="markdown",
        title=properties.pop("title", None) or next((heading.text for heading in headings), None),
        marks=section_marks(text),
        metadata=properties,
    )


def _no_image(image: Any) -> list[Any]:
    return []


def _properties(data: bytes) -> dict[str, str]:
    """Title, author and language, as far as the author of the file has stated them."""
    if not data.strip():
        return {}
    root = parse_xml(data, _PROPERTIES)
    stated = {
        key: " ".join((root.findtext(_DUBLIN_CORE + element) or "").split())
        for key, element in (("title", "title"), ("author", "creator"), ("language", "language"))
    }
    return {key: value for key, value in stated.items() if value}


def _place_notes(body: Element) -> None:
    """Moves each footnote and endnote from the end to below the block that refers to it."""
    last: dict[Element, Element] = {}
    for link in list(body.iter("a")):
        if not (link.get("id") or "").startswith(("footnote-ref-", "endnote-ref-")):
            continue
        note = next(iter(body.xpath(".//li[@id=$id]", id=(link.get("href") or "").lstrip("#"))), None)
        if note is None:
            continue
        block = next(each for each in [link, *link.iterancestors()] if each.getparent() is body)
        for back in note.xpath(
            ".//a[starts-with(@href, '#footnote-ref-') or starts-with(@href, '#endnote-ref-')]"
        ):
            back.drop_tree()
        note.tag = "div"
        last.get(block, block).addnext(note)
        last[block] = note


def _mark_headers(body: Element) -> None:
    """Makes header cells of a table's first row where it is one: few authors tell Word so."""
    for table in body.iter("table"):
        rows = list(table.iter("tr"))
        if len(rows) > 1 and table.find("thead") is None and _heads(rows[0], rows[1:]):
            for cell in rows[0]:
                cell.tag = "th"


def _heads(first: Element, others: list[Element]) -> bool:
    """Whether a first row names columns: words in bold, or over figures, or over three columns and more.

    A table of two columns without either is as likely a list of terms.
    """
    cells = _cells(first)
    if not looks_like_header(cells):
        return False
    if len(cells) > 2:
        return True
    bold = _is_bold(first) and not any(map(_is_bold, others))
    return bold or any(is_value(cell) for row in others for cell in _cells(row))


def _cells(row: Element) -> list[str]:
    return [" ".join(cell.text_content().split()) for cell in row]


def _mark_headings(body: Element) -> None:
    """Makes headings of short paragraphs in bold that stand above something, one level below those there are."""
    paragraphs = [each for each in body if each.tag == "p" and each.text_content().strip()]
    bold = [each for each in paragraphs if _is_bold(each)]
    if len(bold) > _MOSTLY * len(paragraphs):
        return
    level = 1
    for element in list(body):
        if element.tag in _HEADINGS:
            level = int(element.tag[1])
        elif element in bold and _is_heading(element):
            element.tag = f"h{min(level + 1, len(_HEADINGS))}"


def _is_heading(paragraph: Element) -> bool:
    text = " ".join(paragraph.text_content().split())
    below = paragraph.getnext()
    return (
        below is not None
        and below.tag != "table"
        and len(text.split()) <= _LONGEST_HEADING
        and not _NO_HEADING.fullmatch(text)
    )


def _is_bold(element: Element) -> bool:
    """Whether all text of an element is in bold, and there is some."""
    words = "".join(element.itertext()).split()
    return (
        bool(words)
        and words == "".join(text for strong in element.iter("strong") for text in strong.itertext()).split()
    )
