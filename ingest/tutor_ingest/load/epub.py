"""EPUB books, of both generations: chapters in reading order, each a page like one of the web."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from tutor.errors import ReadError
from tutor_ingest.load import html
from tutor_ingest.load.boilerplate import Element, shown_content
from tutor_ingest.load.content import Content
from tutor_ingest.load.epub_package import open_package
from tutor_ingest.load.headings import heading_lines
from tutor_ingest.load.zipped import member, open_zip

_CONTENTS = ("toc", "landmarks", "page-list", "cover", "doc-toc", "doc-cover")
_SIGNS = ("pagebreak", "doc-pagebreak", "noteref", "doc-noteref", "backlink", "doc-backlink")
_NUMBER = re.compile(r"\d+|[ivxlc]+", re.IGNORECASE)
_GAP = "\n\n"


def read(data: bytes, name: str) -> Content:
    """The text of a book as Markdown, its chapters marked by the names that its table of contents gives them.

    A page without such a name and without a heading belongs to the chapter before it. Cover, tables of contents
    and the numbers of printed pages are left out. Raises ReadError for a book under DRM, a damaged one, and one
    without text.
    """
    with open_zip(data) as archive:
        package = open_package(archive)
        pages = [
            (package.labels.get(path, ""), text)
            for path in package.pages
            if (text := _page_text(archive, path))
        ]
    if not pages:
        raise ReadError("holds no text")
    chapters = [_chapter(label, text) for label, text in pages]
    return Content(
        text=_GAP.join(text for _, text in chapters),
        format="markdown",
        title=package.title,
        marks=tuple(_marks(chapters)),
        metadata=package.metadata,
    )


def _page_text(archive: zipfile.ZipFile, path: str) -> str:
    """One page as Markdown; nothing for one that is missing, blank, or says only what is where."""
    source = html.decoded(member(archive, path) or b"")
    if not source.strip():
        return ""
    try:
        page = html.parse(source)
    except ReadError:  # a page without text is no reason to refuse a book
        return ""
    body = page.find("body")
    if any(kind in _CONTENTS for kind in _kinds(body)):
        return ""
    for element in list(body.iterdescendants()):
        if isinstance(element.tag, str) and _is_sign(element):
            element.drop_tree()
    return html.markdown_of(page, source, shown_content)


def _is_sign(element: Element) -> bool:
    """Whether an element is the number of a page or note, set into the text; `<a><sup>1</sup></a>` is one too."""
    if any(kind in _SIGNS for kind in _kinds(element)):
        return True
    raised = element.find("sup") if element.tag == "a" and "#" in (element.get("href") or "") else None
    return raised is not None and raised.text_content().strip() == element.text_content().strip()


def _kinds(element: Element) -> list[str]:
    return [*element.get("epub:type", "").lower().split(), *element.get("role", "").lower().split()]


def _chapter(label: str, text: str) -> tuple[str, str]:
    """The name of a page and its text, under its name where the page itself does not show it as a heading."""
    headings = heading_lines(text)
    starts = bool(headings) and headings[0].start == 0
    if not label:
        return headings[0].text if starts else "", text
    shown = {heading.text.casefold() for heading in headings}
    return label, text if starts or label.casefold() in shown else f"# {label}{_GAP}{text}"


def _marks(chapters: list[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """The offset and name of each chapter; of a page with several, each heading of the highest level too."""
    start = 0
    for number, (label, text) in enumerate(chapters, 1):
        if label or start == 0:
            yield start, f"chapter {label or number}" if _NUMBER.fullmatch(label or "1") else label
        headings = heading_lines(text)
        highest = [each for each in headings if each.level == min(one.level for one in headings)]
        if len(highest) > 1:
            yield from ((start + each.start, each.text) for each in highest if each.start)
        start += len(text) + len(_GAP)
