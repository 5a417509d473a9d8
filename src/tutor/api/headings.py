"""The headings of a stored document, with their offsets, for a reader's table of contents."""

from __future__ import annotations

import re
from itertools import pairwise

from markdown_it import MarkdownIt
from pydantic import BaseModel, ConfigDict, Field

from tutor.documents import Document

_LINE_END = re.compile(r"\r\n|\r|\n")  # what markdown-it takes for the end of a line


class Heading(BaseModel):
    """A heading of a Markdown document."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: int = Field(ge=1, le=6)
    text: str
    start: int = Field(ge=0, description="Offset of the heading's line in the document's text.")


def headings_of(document: Document) -> tuple[Heading, ...]:
    """The headings in order; none for plain text."""
    if document.format != "markdown":
        return ()
    lines = [0, *(end.end() for end in _LINE_END.finditer(document.text))]
    tokens = MarkdownIt("commonmark").parse(document.text)
    return tuple(
        Heading(level=int(opening.tag[1]), text=inline.content, start=lines[opening.map[0]])
        for opening, inline in pairwise(tokens)
        if opening.type == "heading_open" and opening.map is not None
    )
