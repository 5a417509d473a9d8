"""HTML pages: the main content as Markdown, without navigation, footers and banners."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

from lxml import etree  # type: ignore[import-untyped]  # the library ships no types
from lxml import html as lxml_html

from tutor.errors import ReadError
from tutor_ingest.load.boilerplate import Element, main_content, without_code
from tutor_ingest.load.content import Content, web_url
from tutor_ingest.load.encoding import decode
from tutor_ingest.load.headings import section_marks
from tutor_ingest.load.html_markdown import to_markdown
from tutor_ingest.load.html_words import words_of

_DECLARED = re.compile(
    rb"""<(?:meta[^>]+charset|\?xml[^>]+encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_DECLARATION_WITHIN = 4096  # bytes; the HTML standard asks for the first 1,024
_DEEPEST = 2000  # libxml2 stops at 2,048
_NAMED = {"description": "description", "author": "author", "article:published_time": "published"}


def read(data: bytes, name: str) -> Content:
    """The main content of a page as Markdown; all of its body where no content stands out.

    Marks name its sections, since its lines are no lines of the file. The title is that of `<title>`, less what follows the page's own heading in it, such as the site's name.
    The canonical link is the url. Raises ReadError for a page without text and for binary content.
    """
    text = decoded(data)
    if not text.strip():
        raise ReadError("holds no text")
    page = parse(text)
    markdown = markdown_of(page, text, main_content) or markdown_of(page, text, without_code)
    if not markdown:
        raise ReadError("holds no text")
    return Content(
        text=markdown,
        format="markdown",
        title=_title(page),
        url=_url(page),
        marks=section_marks(markdown),
        metadata=_metadata(page),
    )


def decoded(data: bytes) -> str:
    """The characters of a page, whose bytes may say in which encoding they are."""
    return decode(data, _declared(data))


def parse(text: str) -> Element:
    """The tree of a page, as lenient as a browser; encoded anew, so that no declaration in it is believed."""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        return lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser, ensure_head_body=True)
    except etree.ParserError as error:  # nothing but markup that opens no element
        raise ReadError("holds no text") from error


def markdown_of(page: Element, text: str, content: Callable[[Element], Element]) -> str:
    """The tree of a page as Markdown; `text` is what it was parsed from, `content` prunes a copy of its body."""
    if _is_cut(page):
        return words_of(text)
    body = page.find("body")
    try:
        return to_markdown(content(copy.deepcopy(body)))
    except RecursionError:  # hundreds of elements never closed: the words are kept, their structure is not
        return words_of(text)


def _is_cut(page: Element) -> bool:
    """Whether the parser gave up: it stops, without saying so, at the element that is nested too deep."""
    depth = 0
    while len(page):
        page, depth = page[-1], depth + 1
    return depth > _DEEPEST


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:_DECLARATION_WITHIN])
    return match[1].decode("ascii", "replace") if match else None


def _title(page: Element) -> str | None:
    title = _folded(page.findtext(".//title"))
    headings = filter(
        None, (_folded(heading.text_content()).rstrip("¶#").strip() for heading in page.iter("h1"))
    )
    if not title:
        return next(headings, None)
    return next((heading for heading in headings if title.lower().startswith(heading.lower())), title)


def _url(page: Element) -> str | None:
    links = [
        link.get("href")
        for link in page.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    ]
    shared = [meta.get("content") for meta in page.iter("meta") if meta.get("property") == "og:url"]
    return next(filter(None, map(web_url, [*links, *shared])), None)


def _metadata(page: Element) -> dict[str, str]:
    found = {"language": _folded(page.get("lang"))}
    for meta in page.iter("meta"):
        key = _NAMED.get((meta.get("name") or meta.get("property") or "").lower())
        if key:
            found.setdefault(key, _folded(meta.get("content")))
    return {key: value for key, value in found.items() if value}


def _folded(text: str | None) -> str:
    return " ".join((text or "").split())
