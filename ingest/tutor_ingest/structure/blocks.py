"""The blocks of a document: headings, paragraphs, lists, tables, code and quotes, as slices of its text.

Not blocks, since a reader of the rendered page does not see them as text: link reference definitions,
thematic breaks, HTML comments, empty code fences, front matter, and lines without any letter or digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tutor.documents import Document
from tutor_ingest.structure.block import Block, Heading, Lines, Offsets, trim
from tutor_ingest.structure.markdown import markdown_blocks
from tutor_ingest.structure.plain_text import plain_text_blocks

__all__ = ["Block", "Offsets", "blocks", "trim"]


def blocks(document: Document) -> list[Block]:
    """The blocks of a document in order, in time linear in its length; an empty document has none."""
    lines = Lines(document.text)
    if document.format == "markdown":
        return _with_paths(markdown_blocks(lines))
    return _with_paths(plain_text_blocks(lines))


def _with_paths(found: Iterable[Block | Heading]) -> list[Block]:
    """The blocks with the path of headings in force at each."""
    path: list[tuple[int, str]] = []
    done = []
    for each in found:
        block = each.block if isinstance(each, Heading) else each
        if isinstance(each, Heading):
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, each.text))
        done.append(replace(block, heading_path=tuple(text for _, text in path if text)))
    return done
