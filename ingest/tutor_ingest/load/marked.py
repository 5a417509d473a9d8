"""Joins blocks into one text and notes where each begins, so that a quote can name its place in the source."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt

Marks = tuple[tuple[int, str], ...]

_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_AFTER = "after the fence"


def join_marked(blocks: Iterable[tuple[str, str]]) -> tuple[str, Marks]:
    """Blocks as one text with a blank line between them, and where each new mark begins.

    Each block comes with its mark. A block without text is left out; one whose mark is empty, or is that of
    the block before it, sets none.
    """
    parts: list[str] = []
    marks: list[tuple[int, str]] = []
    end = 0
    for text, mark in blocks:
        if not text:
            continue
        if mark and (not marks or marks[-1][1] != mark):
            marks.append((end, mark))
        parts.append(text)
        end += len(text) + 2
    return "\n\n".join(parts), tuple(marks)


def fenced(code: str, language: str = "") -> str:
    """Code as a Markdown fence, longer than any run of backticks in it; code without text gives nothing."""
    body = code.strip("\n").rstrip()
    if not body.strip():
        return ""
    longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language if _LANGUAGE.fullmatch(language) else ''}\n{body}\n{ticks}"


def with_closed_fence(markdown: str) -> str:
    """The text with its last fence closed, so that it cannot take in what is joined to it."""
    if "```" not in markdown and "~~~" not in markdown:
        return markdown
    for token in MarkdownIt("commonmark").parse(f"{markdown}\n\n{_AFTER}"):
        if token.type == "fence" and token.content.rstrip().endswith(_AFTER):
            return f"{markdown}\n{token.markup}"
    return markdown
