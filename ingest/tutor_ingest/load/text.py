"""Plain text and logs: decoded, otherwise as they are; a form feed starts a page."""

from __future__ import annotations

import re

from tutor_ingest.load.content import Content
from tutor_ingest.load.encoding import decode

_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def read(data: bytes, name: str) -> Content:
    """The text of a plain text file; one with form feeds is paged, each shown as a blank line.

    Raises ReadError for binary content.
    """
    text, pages = join_pages(_TERMINAL_COLOUR.sub("", decode(data)).split("\f"))
    return Content(text=text, format="text", pages=pages if len(pages) > 1 else ())


def join_pages(texts: list[str]) -> tuple[str, tuple[int, ...]]:
    """Pages as one text with a blank line between them, and the offset at which each page starts."""
    offsets, end = [], 0
    for text in texts:
        offsets.append(end)
        end += len(text) + 2
    return "\n\n".join(texts), tuple(offsets)
