"""PDF: the text of each page in reading order, by PDFium, with wrapped lines joined."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # the library ships no types
from pypdfium2 import raw as pdfium_c

from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.page_lines import Line, Size, read_lines
from tutor_ingest.load.page_tables import with_tables
from tutor_ingest.load.running import Page, without_running_lines
from tutor_ingest.load.text import join_pages
from tutor_ingest.load.unwrap import unwrap, usual_step, vocabulary

_ONE_AT_A_TIME = threading.Lock()  # PDFium is not thread-safe
_MOST_PAGES = 5_000
_LONGEST_S = 100.0  # seconds for one file, less than any file may take; a thousand dense pages take about 10
# Titles that programs write by themselves, and file names left by a print dialogue.
_NO_TITLE = re.compile(
    r"\(?(?:untitled|anonymous|unspecified|unknown|title|document|microsoft word)\)?\d*"
    r"|microsoft \w+ - .*|about:blank|file:.*|https?:.*"
    r"|.*\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|indd|html?|md|odt|rtf)",
    re.IGNORECASE,
)


def read(data: bytes, name: str) -> Content:
    """The pages of a PDF, joined by blank lines; the title is that of its properties if a person wrote it.

    Raises ReadError where it is encrypted, damaged, holds no text, or is beyond the limits of size and time.
    """
    with _ONE_AT_A_TIME, closing(_open(data)) as document:
        pages = _pages(document)
        metadata = {key.lower(): value for key, value in document.get_metadata_dict(skip_empty=True).items()}
    lines = without_running_lines(pages)
    step, words = usual_step(lines), vocabulary(lines)
    texts = [unwrap(page, step, words) for page in lines]
    if not any(texts):
        raise ReadError("holds no text (a scan?)")
    text, offsets = join_pages(texts)
    return Content(text=text, format="text", title=_title(metadata), pages=offsets, metadata=metadata)


def _open(data: bytes) -> pdfium.PdfDocument:
    """The document, opened without a password, which is also how the empty password is tried."""
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise ReadError("is encrypted", help="Save a copy without a password.") from error
        raise ReadError("is not a readable PDF: damaged, cut off or something else") from error


def _pages(document: pdfium.PdfDocument) -> list[Page]:
    if len(document) > _MOST_PAGES:
        raise ReadError(f"has {len(document):,} pages, more than {_MOST_PAGES:,}", help="Split it.")
    pages, deadline = [], time.monotonic() + _LONGEST_S
    for number in range(len(document)):
        if time.monotonic() > deadline:
            raise ReadError(f"took more than {_LONGEST_S:.0f} s to read, {number} of {len(document)} pages")
        pages.append(_page(document, number))
    return pages


def _page(document: pdfium.PdfDocument, number: int) -> Page:
    try:
        with closing(document[number]) as page:
            page.set_rotation(0)
            width, height = page.get_size()
            lines = _lines(page, (width, height))
            if turns := _usual_turns(lines):
                # PDFium orders lines by the page as it is shown, so it has to be shown as its text is meant to be read.
                page.set_rotation(90 * turns)
                lines = _lines(page, (width, height))
    except pdfium.PdfiumError as error:
        raise ReadError(f"is not a readable PDF: page {number + 1} is damaged") from error
    return Page(with_tables(lines), width if turns % 2 else height)


def _lines(page: pdfium.PdfPage, size: Size) -> tuple[Line, ...]:
    with closing(page.get_textpage()) as text:
        return tuple(read_lines(text, size))


def _usual_turns(lines: Sequence[Line]) -> int:
    """How often most of the page's text has to be turned to be level."""
    letters: Counter[int] = Counter()
    for line in lines:
        letters[line.turns] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0


def _title(metadata: dict[str, str]) -> str | None:
    title = " ".join(metadata.get("title", "").replace("\0", "").split())
    sensible = len(title) > 2 and any(map(str.isalpha, title)) and not _NO_TITLE.fullmatch(title)
    return title if sensible else None
