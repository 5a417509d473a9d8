"""Markdown: the body verbatim, what the front matter says as metadata."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor.errors import ReadError
from tutor_ingest.load.content import Content, web_url
from tutor_ingest.load.encoding import decode

_FRONT_MATTER = re.compile(
    r"---[ \t]*\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
# Between two horizontal rules stands prose: front matter opens with a key, a comment or a brace.
_OPENS_MAPPING = re.compile(r"\s*(?:\Z|#|\{|[\w\"'][^\n:]*:(?:\s|\Z))")
# Aliases let a few lines of YAML stand for millions of values.
_TOP = 100_000  # characters in which a document's title stands
_MOST_VALUES = 10_000
_DEEPEST = 20


def read(data: bytes, name: str) -> Content:
    """A Markdown file: its body character for character (line ends as `\\n`), without the front matter.

    The title is that of the front matter, else the first heading of level one. Raises ReadError where the
    front matter is not valid YAML, naming the line, and for binary content.
    """
    source = decode(data)
    metadata, body = split_front_matter(source)
    stated = metadata.get("title")
    title = str(stated).strip() if isinstance(stated, str | int | float) else ""
    return Content(
        text=body,
        format="markdown",
        title=title or first_heading(body),
        url=web_url(metadata.get("url")),
        metadata=metadata,
        first_line=1 + source.count("\n") - body.count("\n"),
    )


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Front matter as JSON-ready values, and the rest of the text verbatim.

    A `---` that is never closed, or that closes over prose, is a horizontal rule and belongs to the body.
    Raises ReadError for broken YAML.
    """
    match = _FRONT_MATTER.match(text)
    if match is None or not _OPENS_MAPPING.match(match["yaml"]):
        return {}, text
    values = _parse(match["yaml"])
    if values is None:
        return {}, text[match.end() :]
    if not isinstance(values, Mapping):
        return {}, text
    return _Budget().mapping(values, 0), text[match.end() :]


def first_heading(text: str) -> str | None:
    """The text of the first heading of level one near the top, in either Markdown style, without its inline markup."""
    tokens = MarkdownIt("commonmark").parse(text[:_TOP])
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h1":
            return _plain(content) or None
    return None


def _plain(inline: Token) -> str:
    children = inline.children or []
    parts = [" " if "break" in child.type else child.content for child in children]
    # Badges beside a title are no part of it; a picture that is all of it is.
    shown = [part for child, part in zip(children, parts, strict=True) if child.type != "image"]
    return " ".join("".join(shown).split()) or " ".join("".join(parts).split())


def _parse(source: str) -> object:
    try:
        return yaml.safe_load(source)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 2}" if mark else ""  # the mark counts from 0, the file's line 1 is `---`
        raise ReadError(f"front matter{line}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-13-45
        raise ReadError(f"front matter: {' '.join(str(error).split())}") from error


class _Budget:
    """Turns YAML values into JSON values, and stops where aliases would make them endless."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def mapping(self, values: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        """Keys as strings: YAML also knows numbers and dates as keys."""
        return {str(self.value(key, depth)): self.value(item, depth + 1) for key, item in values.items()}

    def value(self, value: object, depth: int) -> Any:
        """One value; dates as ISO strings, whatever JSON does not know as its text."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ReadError("front matter is too large")
        if isinstance(value, Mapping):
            return self.mapping(value, depth)
        if isinstance(value, list | tuple | set):
            return [self.value(item, depth + 1) for item in value]
        if isinstance(value, datetime.date):
            return value.isoformat()
        unknown_to_json = isinstance(value, float) and not math.isfinite(value)
        return value if isinstance(value, str | int | float | None) and not unknown_to_json else str(value)
