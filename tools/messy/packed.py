"""A note as a Word document, a workbook, a book and an archive; the same bytes whenever it is written."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping

import docx
import openpyxl  # type: ignore[import-untyped]  # the library ships no types

from messy.made import Made
from messy.prose import Note

_LONG_AGO = (2020, 1, 1, 0, 0, 0)
_CHANGED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")
_CONTAINER = """<?xml version="1.0"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
_PACKAGE = """<?xml version="1.0"?>
<package version="3.0" unique-identifier="id" xmlns="http://www.idpf.org/2007/opf">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">{title}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>en</dc:language></metadata>
<manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>{items}</manifest>
<spine>{spine}</spine></package>"""
_PAGE = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>{title}</title></head><body>{body}</body></html>"""


def archive(members: Mapping[str, bytes] | Iterable[tuple[str, bytes]]) -> bytes:
    """A ZIP archive of these files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items() if isinstance(members, Mapping) else members:
            info = zipfile.ZipInfo(name, _LONG_AGO)
            # ZipFile itself stores what is handed over with an entry of its own making.
            made.writestr(info, data, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return file.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    """The files of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def _timeless(data: bytes) -> bytes:
    """An Office file without the time at which it was written."""
    return archive(
        {name: _CHANGED.sub(rb"\g<1>2020-01-01T00:00:00Z\2", part) for name, part in members(data).items()}
    )


def word(note: Note) -> Made:
    """Headings by style, paragraphs, a list and a table."""
    made = docx.Document()
    made.core_properties.title = note.title
    made.add_heading(note.title, 0)
    quotable: dict[str, str] = {}
    for heading, sentences in note.sections:
        made.add_heading(heading, 1)
        made.add_paragraph(" ".join(sentences))
        quotable |= dict.fromkeys(sentences, f"section {heading}")
    for item in note.items:
        made.add_paragraph(item, "List Bullet")
    table = made.add_table(0, len(note.header))
    for row in (note.header, *note.rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    file = io.BytesIO()
    made.save(file)
    return Made(_timeless(file.getvalue()), quotable)


def workbook(note: Note) -> Made:
    """A sheet of figures and a sheet of remarks."""
    made = openpyxl.Workbook()
    runs = made.active
    assert runs is not None
    runs.title = "Runs"
    runs.append(note.header)
    for model, error, hours in note.rows:
        runs.append((model, float(error), int(hours)))
    remarks = made.create_sheet("Remarks")
    remarks.append(("Topic", "Remark"))
    quotable = {}
    for number, (heading, sentences) in enumerate(note.sections, 2):
        remarks.append((heading, sentences[0]))
        quotable[f"| {heading} | {sentences[0]} |"] = f"sheet Remarks, row {number}"
    for number, (model, error, hours) in enumerate(note.rows, 2):
        quotable[f"| {model} | {float(error):g} | {hours} |"] = f"sheet Runs, row {number}"
    file = io.BytesIO()
    made.save(file)
    return Made(_timeless(file.getvalue()), quotable)


def book(note: Note) -> Made:
    """Two chapters, named by the table of contents."""
    pages: dict[str, bytes] = {}
    quotable: dict[str, str] = {}
    links = []
    for number, (heading, sentences) in enumerate(note.sections, 1):
        body = f"<h1>{heading}</h1><p>{' '.join(sentences)}</p>"
        pages[f"c{number}.xhtml"] = _PAGE.format(title=heading, body=body).encode()
        quotable |= dict.fromkeys(sentences, heading)
        links.append(f'<li><a href="c{number}.xhtml">{heading}</a></li>')
    contents = f'<nav epub:type="toc"><ol>{"".join(links)}</ol></nav>'
    items = "".join(
        f'<item id="{name[:2]}" href="{name}" media-type="application/xhtml+xml"/>' for name in pages
    )
    spine = "".join(f'<itemref idref="{name[:2]}"/>' for name in pages)
    package = _PACKAGE.format(title=note.title, items=items, spine=spine)
    whole = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": _CONTAINER.encode(),
        "book.opf": package.encode(),
        "nav.xhtml": _PAGE.format(title="Contents", body=contents).encode(),
        **pages,
    }
    return Made(archive(whole), quotable)


def encrypted_zip(data: bytes) -> bytes:
    """The archive with every file marked as encrypted, which is what a reader looks at first."""
    local, central = b"PK\x03\x04", b"PK\x01\x02"
    changed = bytearray(data)
    for signature, flags in ((local, 6), (central, 8)):
        at = data.find(signature)
        while at >= 0:
            changed[at + flags] |= 0x1
            at = data.find(signature, at + 4)
    return bytes(changed)
