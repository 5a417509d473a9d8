"""Jupyter notebooks: what was written, cell by cell, without what running it printed.

The JSON is read directly: nbformat refuses notebooks of which every cell can be read, for a missing key in
an output that nobody needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.encoding import decode
from tutor_ingest.load.markdown import first_heading
from tutor_ingest.load.marked import fenced, join_marked, with_closed_fence

# Pictures that are kept inside the file; the lengths are bounded so that no input takes quadratic time.
_PICTURES = re.compile(
    r"!\[[^\]\n]{0,500}\]\(<?(?:attachment|data):[^)\n]*\)"
    r"|^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*<?(?:attachment|data):[^\n]*$"
    r"|<img\s[^>]{0,500}?\bsrc\s*=\s*[\"']?(?:attachment|data):[^>]*>",
    re.IGNORECASE | re.MULTILINE,
)

_HALF_CHARACTERS = re.compile("[\ud800-\udfff]")  # JSON can name them, UTF-8 cannot store them


def read(data: bytes, name: str) -> Content:
    """The Markdown cells of a notebook as they are and its code cells as fences; marks name the cells.

    Formats 2 to 4 are read. Outputs, raw cells and embedded pictures are left out. The title is the first
    heading of level one, else that of the notebook's metadata. Raises ReadError for what is no notebook.
    """
    notebook = _parse(decode(data))
    language = _language(notebook)
    text, marks = join_marked(
        (_text_of(cell, language), f"cell {number}") for number, cell in enumerate(_cells(notebook), 1)
    )
    if not text:
        raise ReadError("is a notebook without any Markdown or code")
    stated = _mapping(notebook.get("metadata")).get("title")
    title = first_heading(text) or _joined(stated).strip()
    return Content(text=text, format="markdown", title=title or None, marks=marks)


def _parse(text: str) -> Mapping[str, Any]:
    if not text.strip():
        raise ReadError("holds no text")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        # The parser stops at the quote that opens a string without end, and else behind the last character.
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        reason = "is cut off" if cut else "is not valid JSON"
        raise ReadError(f"{reason}: line {error.lineno}: {error.msg.lower()}") from error
    except (RecursionError, ValueError) as error:  # ValueError: an integer of thousands of digits
        raise ReadError("is no notebook: its JSON is nested too deeply or holds too long a number") from error
    if not isinstance(found, Mapping) or not isinstance(found.get("cells", found.get("worksheets")), list):
        raise ReadError("is JSON, but not a notebook: it has no cells")
    return found


def _cells(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The cells in order; formats 2 and 3 keep them in worksheets. What is no cell still counts as one."""
    sheets = [notebook] if "cells" in notebook else notebook["worksheets"]
    for sheet in sheets:
        cells = _mapping(sheet).get("cells")
        for cell in cells if isinstance(cells, list) else ():
            yield _mapping(cell)


def _text_of(cell: Mapping[str, Any], language: str) -> str:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", cell.get("input")))
    if kind == "code":
        own = cell.get("language")  # format 3 names the language cell by cell
        return fenced(source, own if isinstance(own, str) and not language else language)
    if kind == "heading":  # format 3
        level = cell.get("level")
        words = " ".join(source.split())
        return f"{'#' * (min(max(level, 1), 6) if isinstance(level, int) else 1)} {words}" if words else ""
    if kind in ("markdown", "html"):
        return with_closed_fence(_PICTURES.sub("", source).strip("\n").rstrip())
    return ""


def _joined(source: object) -> str:
    """A cell's text, which the file may hold as a list of lines."""
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return ""
    return _HALF_CHARACTERS.sub("\ufffd", source.replace("\r\n", "\n").replace("\r", "\n"))


def _language(notebook: Mapping[str, Any]) -> str:
    """The language of the code cells: what the kernel said when it ran, else what its specification says."""
    metadata = _mapping(notebook.get("metadata"))
    for holder, key in (("language_info", "name"), ("kernelspec", "language")):
        named = _mapping(metadata.get(holder)).get(key)
        if isinstance(named, str) and named:
            return named.lower()
    return ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
