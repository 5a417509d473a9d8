"""Takes from an HTML tree what is not the page's own content: scripts, navigation, footers, cookie banners.

Rules by element, role and class name, rather than by density of text: they favour recall, keep headings,
short answers and tables, and can be read. Compared with other extractors in docs/decisions/0002-readers.md.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # the library ships no types

# lxml's elements have no types.
Element = Any

_NEVER_CONTENT = (
    *("script", "style", "noscript", "template", "head", "nav", "iframe", "object", "embed", "svg", "canvas"),
    *("button", "input", "select", "textarea", "dialog", "audio", "video", "map"),
)
_ROLES = re.compile(
    "navigation|banner|contentinfo|search|dialog|alertdialog|complementary|menu|menubar|toolbar"
)
# A class or id is boilerplate if it has a word of the first kind and, short prefixes apart, none beyond both:
# `cookie-banner` and `md-sidebar` go, the section `sharing-weights` and the class `has-sidebar` stay.
_JUNK = re.compile(
    "nav|navbar|navigation|navheader|navfooter|menu|sidebar|sphinxsidebar|sphinxsidebarwrapper|toc|breadcrumbs?"
    "|pagination|pager|footer|cookies?|consent|gdpr|onetrust|share|sharing|social|newsletter|subscribe|comments"
    "|disqus|adverts?|advertisement|ads|adsbygoogle|promo|popup|modal|headerlink|editsection|permalink|skip|related"
)
_QUALIFIER = re.compile(
    "banner|bars?|box|block|buttons?|container|content|wrapper|inner|outer|main|site|page|global|top|left|right"
    "|bottom|primary|secondary|notice|overlay|posts|articles|list|links?|section|header|sdk|thread|area|widgets?"
    "|mobile|desktop|icons|form|signup|tree"
)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_PREFIX = re.compile("(?!has|is|no|not)[a-z]{1,3}")  # such as `md` or `mw`: whose style sheet it is
_CALLOUT = re.compile(
    r"admonition|note|tip|hint|warning|caution|important|callout|info|example", re.IGNORECASE
)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HALF = 0.5  # an element with more than this share of the page's text is no boilerplate, whatever its name
_MAIN_SHARE = 0.25  # a <main> with less than this share of the text is a shell; the whole body is read


def main_content(body: Element) -> Element:
    """Prunes the tree under `body` in place and returns the element that holds the page's own content."""
    _drop_hopeless(body)
    length = _length(body)
    for element in list(body.iterdescendants()):
        if isinstance(element.tag, str) and _is_boilerplate(element) and not _is_essential(element, length):
            _drop(element)
    return _root(body)


def shown_content(body: Element) -> Element:
    """The tree under `body`, changed in place, without scripts, controls and hidden text.

    For books and papers, in which all that is shown is content, whatever its class is called.
    """
    _drop_hopeless(body)
    for element in list(body.iterdescendants()):
        if isinstance(element.tag, str) and _is_hidden(element):
            _drop(element)
    return body


def without_code(body: Element) -> Element:
    """The tree under `body`, changed in place: all of its text but what a browser would not show."""
    etree.strip_elements(body, "script", "style", "template", with_tail=False)
    return body


def _drop_hopeless(body: Element) -> None:
    etree.strip_tags(body, etree.Comment, etree.ProcessingInstruction)
    etree.strip_elements(body, *_NEVER_CONTENT, with_tail=False)


def _is_boilerplate(element: Element) -> bool:
    if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6", "main", "article", "body"):
        return False
    if _is_hidden(element) or _ROLES.fullmatch(element.get("role") or ""):
        return True
    return _by_tag(element) or any(map(_is_junk_name, _names(element)))


def _is_hidden(element: Element) -> bool:
    return (
        element.get("aria-hidden") == "true"
        or element.get("hidden") in ("", "hidden")
        or _INVISIBLE.search(element.get("style") or "") is not None
    )


def _by_tag(element: Element) -> bool:
    if element.tag == "footer":
        return not _inside(element, "blockquote")
    if element.tag == "header":
        return not _inside(element, "main", "article", "section")
    if element.tag == "aside":
        names = " ".join(_names(element))
        return not (_CALLOUT.search(names) or (not names and _inside(element, "main", "article")))
    return False


def _is_junk_name(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    known = all(
        _JUNK.fullmatch(word) or _QUALIFIER.fullmatch(word) or _PREFIX.fullmatch(word) for word in words
    )
    return known and any(map(_JUNK.fullmatch, words))


def _is_essential(element: Element, length: int) -> bool:
    """Whether dropping it could lose the content: it holds the title, <main> or half the text."""
    if element.get("aria-hidden") == "true":
        return False
    return (
        element.find(".//main") is not None
        or element.find(".//h1") is not None
        or _length(element) > _HALF * length
    )


def _root(body: Element) -> Element:
    """The one <main> or, without one, the one <article>, if it holds its share of the text; else the body."""
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = body.findall(path)
        if len(found) == 1 and _length(found[0]) >= _MAIN_SHARE * _length(body):
            return found[0]
    return body


def _names(element: Element) -> list[str]:
    return [*(element.get("class") or "").split(), *(element.get("id") or "").split()]


def _inside(element: Element, *tags: str) -> bool:
    return next(element.iterancestors(*tags), None) is not None


def _length(element: Element) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def _drop(element: Element) -> None:
    """Removes an element but not the text that follows it."""
    if element.getparent() is not None:
        element.drop_tree()
