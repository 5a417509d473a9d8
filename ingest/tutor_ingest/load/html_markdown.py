"""Writes an HTML tree as Markdown: headings, lists, tables, code; no links, images or emphasis.

A quote reads best as plain words, so only structure is kept. Nothing is escaped but what would break a table:
a name such as `vocab_size` must be found as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutor_ingest.load.boilerplate import Element
from tutor_ingest.load.html_table import is_data_table, rows, write_table

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = (
    *(
        "html",
        "body",
        "main",
        "article",
        "section",
        "header",
        "footer",
        "aside",
        "address",
        "div",
        "center",
        "form",
    ),
    *(
        *_HEADINGS,
        "p",
        "pre",
        "blockquote",
        "hr",
        "details",
        "summary",
        "figure",
        "figcaption",
        "fieldset",
        "legend",
    ),
    *("ul", "ol", "menu", "li", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"),
)
_CODE = ("code", "kbd", "samp", "tt")
_BREAK = "\v"  # stands for <br> until white space is folded
_FOOTNOTE = re.compile(r"[\[(]?(?:\d{1,3}|[a-z*†‡])[\])]?")
_LANGUAGE = re.compile(r"(?:language|lang|highlight|highlight-source|brush)[-:]\s?([\w+#-]+)")
_ANCHOR_SIGNS = ("¶", "#", "§", "🔗", "")


def to_markdown(root: Element) -> str:
    """The tree as Markdown blocks, a blank line between them."""
    return "\n\n".join(_flow(root))


def _flow(element: Element) -> list[str]:
    """The blocks of an element whose children may be blocks or running text."""
    blocks: list[str] = []
    inline = [element.text or ""]
    for child in _children(element):
        if _holds_block(child):
            blocks += [*_paragraphs("".join(inline)), *_block(child)]
            inline = []
        else:
            inline.append(_inline(child))
        inline.append(child.tail or "")
    return blocks + _paragraphs("".join(inline))


def _children(element: Element) -> Iterator[Element]:
    return (child for child in element if isinstance(child.tag, str))


def _holds_block(element: Element) -> bool:
    return element.tag in _BLOCKS or next(element.iterdescendants(*_BLOCKS), None) is not None


def _paragraphs(text: str) -> list[str]:
    """Running text as paragraphs: white space folded, a <br> a line break, two of them a new paragraph."""
    parts = re.split(rf"{_BREAK}\s*{_BREAK}[{_BREAK}\s]*", text)
    paragraphs = (
        "\n".join(filter(None, (" ".join(line.split()) for line in part.split(_BREAK)))) for part in parts
    )
    return [paragraph for paragraph in paragraphs if paragraph]


def _block(element: Element) -> list[str]:
    tag = element.tag
    if tag in _HEADINGS:
        text = _one_line(element)
        return [f"{'#' * int(tag[1])} {text}"] if text else []
    if tag in ("ul", "ol", "menu"):
        return _list(element)
    if tag == "dl":
        return _definitions(element)
    if tag == "pre":
        return _fence(element)
    if tag == "table":
        return _table(element)
    if tag == "blockquote":
        return [_prefixed("\n\n".join(quoted), "> ", ">")] if (quoted := _flow(element)) else []
    return _flow(element)


def _inline(element: Element) -> str:
    """Running text of an element that holds no block."""
    if element.tag == "br":
        return _BREAK
    text = (element.text or "") + "".join(_inline(child) + (child.tail or "") for child in _children(element))
    if element.tag in _CODE:
        return _code(text)
    if element.tag == "sup":
        return _raised(element, text.strip())
    return "" if element.tag == "a" and text.strip() in _ANCHOR_SIGNS else text


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    folded = " ".join(text.replace(_BREAK, " ").split())
    return f"{fence} {folded} {fence}" if len(fence) > 1 else f"`{folded}`" if folded else ""


def _raised(element: Element, text: str) -> str:
    """An exponent as `^n`; the mark of a footnote, which is a link, as nothing."""
    if not text or (element.find(".//a") is not None and _FOOTNOTE.fullmatch(text)):
        return ""
    return f"^{text}" if text.isalnum() else f"^({text})"


def _one_line(element: Element) -> str:
    return " ".join(" ".join(_flow(element)).split())


def _list(element: Element) -> list[str]:
    items: list[str] = []
    number = int(element.get("start") or 1) if (element.get("start") or "1").isdecimal() else 1
    for child in _children(element):
        marker = f"{number}. " if element.tag == "ol" else "- "
        blocks = _flow(child) if child.tag == "li" else _block(child)
        if not blocks:
            continue
        if child.tag == "li" or not items:
            items.append(_item(marker, blocks))
            number += 1
        else:  # a list straight within a list belongs to the item before it
            items[-1] += "\n" + _prefixed("\n\n".join(blocks), " " * len(marker), "")
    return ["\n".join(items)] if items else []


def _item(marker: str, blocks: list[str]) -> str:
    text = blocks[0]
    for block in blocks[1:]:
        text += ("\n" if re.match(r"- |\d+\. ", block) else "\n\n") + block
    return marker + _prefixed(text, " " * len(marker), "").lstrip()


def _definitions(element: Element) -> list[str]:
    """A list of terms as list items, `- term: definition`."""
    items: list[str] = []
    term = ""
    for child in element.iterdescendants("dt", "dd"):
        if child.tag == "dt":
            items += [_item("- ", [term])] if term else []
            term = _one_line(child)
        elif blocks := _flow(child):
            first = f"{term.rstrip(':')}: {blocks[0]}" if term else blocks[0]
            items.append(_item("- ", [first, *blocks[1:]]))
            term = ""
    items += [_item("- ", [term])] if term else []
    return ["\n".join(items)] if items else []


def _fence(element: Element) -> list[str]:
    for line_break in element.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    code = "".join(element.itertext()).strip("\n").rstrip()
    if not code:
        return []
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    return [f"{ticks}{_language(element)}\n{code}\n{ticks}"]


def _language(element: Element) -> str:
    for candidate in (element, element.find(".//code"), element.getparent()):
        names = candidate.get("class") or "" if candidate is not None else ""
        if found := _LANGUAGE.search(names):
            return str(found[1]).lower()
    return ""


def _table(element: Element) -> list[str]:
    """A table of data as a Markdown table after its caption; one that lays out a page as what it holds."""
    if not is_data_table(element):
        return _flow(element)
    captions = [_one_line(caption) for caption in element.findall("caption")]
    grid = rows(element, _one_line)
    return [*filter(None, captions), write_table(grid, has_header(element))] if grid else []


def has_header(table: Element) -> bool:
    """Whether the first row names the columns: it stands in a <thead> or is made of <th> cells."""
    first = next(table.iter("tr"))
    return table.find("thead") is not None or all(cell.tag == "th" for cell in _children(first))


def _prefixed(text: str, prefix: str, empty: str) -> str:
    return "\n".join(prefix + line if line else empty for line in text.split("\n"))
