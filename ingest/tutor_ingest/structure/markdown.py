"""The blocks of Markdown: CommonMark and tables, raw HTML not interpreted.

markdown-it-py reads the text; its line numbers become character offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor_ingest.structure.block import Block, Heading, Lines, Offsets, trim
from tutor_ingest.structure.bullets import prose_blocks

_FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(?=[\w\"'-]+:)(?:(?!---|\.\.\.)[^\n]*\n)*(?:---|\.\.\.)[ \t]*(?:\r?\n|$)"
)
_QUOTE_MARKS = re.compile(r"[\s>]*")
_LIST_MARKS = re.compile(r"(?:[\s>]|[-*+](?=\s)|\d{1,9}[.)](?=\s))*")
_CHECKBOX = re.compile(r"\[[ xX]\]\s+(?=\S)")


@cache
def _parser() -> MarkdownIt:
    """A CommonMark parser with tables, for blocks only; deep nesting is read, where the default drops it."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable("table")
    parser.core.ruler.disable("inline")
    return parser


@cache
def _inline_parser() -> MarkdownIt:
    """A parser for the inline markup of headings."""
    return MarkdownIt("commonmark", {"html": False})


def _plain_heading(markdown: str) -> str:
    """A heading's text with its inline markup stripped and its white space folded.

    Badges say nothing of the section; the words of a picture count only where there are no others.
    """
    (inline,) = _inline_parser().parseInline(markdown)
    tokens = inline.children or []
    words = [" " if each.type in ("softbreak", "hardbreak") else each.content for each in tokens]
    shown = [word for each, word in zip(tokens, words, strict=True) if each.type != "image"]
    return " ".join("".join(shown).split()) or " ".join("".join(words).split())


def markdown_blocks(lines: Lines) -> Iterator[Block | Heading]:
    """The blocks of a Markdown text in order, comments left out."""
    yield from _without_comments(lines.text, _rendered_blocks(lines))


def _rendered_blocks(lines: Lines) -> Iterator[Block | Heading]:
    """The blocks of a Markdown text, comments still among them."""
    front = _FRONT_MATTER.match(lines.text)
    body = re.sub(r"[^\r\n]", " ", front[0]) + lines.text[front.end() :] if front else lines.text
    yield from _Walk(lines, _parser().parse(body)).blocks()


class _Walk:
    """One pass over the token stream of markdown-it."""

    def __init__(self, lines: Lines, tokens: list[Token]) -> None:
        self._lines = lines
        self._tokens = iter(tokens)
        self._quotes = 0

    def blocks(self) -> Iterator[Block | Heading]:
        """The blocks in order."""
        for token in self._tokens:
            if token.type in ("blockquote_open", "blockquote_close"):
                self._quotes += token.nesting
            elif token.type in ("bullet_list_open", "ordered_list_open"):
                yield from self._list()
            elif token.type == "table_open":
                rows = tuple(self._rows(_QUOTE_MARKS))
                yield Block("table", rows[0][0], rows[-1][1], items=rows)
            elif token.type in ("fence", "code_block") and token.content.strip():
                yield Block("code", *self._code(token))
            elif token.type == "heading_open" and not self._quotes:
                yield self._heading(token)
            elif token.type == "inline" and token.content.strip():
                yield from self._paragraph(token)

    def _paragraph(self, token: Token) -> Iterator[Block]:
        """A paragraph, which may hold bullets unknown to Markdown; a heading inside a quote is one too."""
        start, end = self._prose(token)
        if self._quotes:
            yield Block("quote", start, end)
        else:
            yield from prose_blocks(self._lines.text, self._lines.pieces(start, end))

    def _heading(self, opening: Token) -> Heading:
        """A heading, from its first mark to its last."""
        inline = next(self._tokens)
        first, last = _map(opening)
        start, end = self._lines.trimmed(first, last)
        return Heading(Block("heading", start, end, int(opening.tag[1:])), _plain_heading(inline.content))

    def _list(self) -> Iterator[Block]:
        """A whole list, nested lists included, as one block; one without any text gives none."""
        items: list[Offsets] = []
        fences: set[Offsets] = set()
        depth, joining = 1, False
        while depth:
            token = next(self._tokens)
            if token.type == "inline" and token.content.strip():
                span = self._prose(token)
                items[len(items) - joining :] = [(items[-1][0], span[1]) if joining else self._unticked(span)]
            elif token.type == "table_open":
                items.extend(self._rows(_LIST_MARKS))
            elif token.type in ("fence", "code_block") and token.content.strip():
                items.append(self._code(token))
                fences.add(items[-1])
            elif token.type.endswith(("list_open", "list_close")):
                depth += token.nesting
            joining = token.type == "inline" or (joining and token.type.startswith("paragraph"))
        if items:
            yield Block("list", items[0][0], items[-1][1], items=tuple(items), fences=frozenset(fences))

    def _rows(self, marks: re.Pattern[str]) -> Iterator[Offsets]:
        """The rows of the table whose opening token was read last; `marks` come before the first one."""
        while (token := next(self._tokens)).type != "table_close":
            if token.type == "tr_open":
                number = _map(token)[0]
                match = marks.match(self._lines[number])
                yield trim(
                    self._lines.text,
                    self._lines.start(number) + (match.end() if match else 0),
                    self._lines.start(number) + len(self._lines[number]),
                )
                marks = _QUOTE_MARKS

    def _code(self, token: Token) -> Offsets:
        """A fence with its fence lines, or an indented block."""
        first, last = _map(token)
        while self._quotes and last - 1 > first and not self._lines[last - 1].strip(" \t>"):
            last -= 1
        line = self._lines[first]
        mark = token.markup or token.content.lstrip().split("\n", 1)[0].rstrip()
        column = line.find(mark) if token.type == "fence" else line.rfind(mark)
        start, end = self._lines.trimmed(first, last)
        return (self._lines.start(first) + column if column >= 0 else start), end

    def _prose(self, token: Token) -> Offsets:
        """Where inline content lies: from the end part of its first line to that of its last."""
        first, last = _map(token)
        content = token.content.strip().split("\n")
        head, tail = content[0].rstrip(), content[-1].strip()
        while first < last - 1 and head not in self._lines[first]:
            first += 1
        while last - 1 > first and tail not in self._lines[last - 1]:
            last -= 1
        start = self._lines.start(first) + max(0, self._lines[first].rfind(head))
        return start, self._lines.start(last - 1) + max(0, self._lines[last - 1].rfind(tail)) + len(tail)

    def _unticked(self, span: Offsets) -> Offsets:
        """An item without the box of a task list."""
        box = _CHECKBOX.match(self._lines.text, *span)
        return (box.end(), span[1]) if box else span


def _map(token: Token) -> list[int]:
    """The first line of a block token and the line after its last."""
    assert token.map is not None, f"markdown-it gives block tokens a map, {token.type} has none"
    return token.map


def _without_comments(text: str, found: Iterator[Block | Heading]) -> Iterator[Block | Heading]:
    """The blocks that lie in no HTML comment; a comment that never ends is text."""
    hidden_until, unclosed = 0, False
    for each in found:
        block = each.block if isinstance(each, Heading) else each
        start, paragraph = block.start, block.kind == "paragraph"
        while paragraph and not unclosed and text.startswith("<!--", max(start, hidden_until)):
            end = text.find("-->", max(start, hidden_until) + 4)
            unclosed = end < 0
            hidden_until = hidden_until if unclosed else end + 3
            start = trim(text, min(max(start, hidden_until), block.end), block.end)[0]
        if block.end <= hidden_until:
            continue
        yield replace(block, start=trim(text, max(start, hidden_until), block.end)[0]) if paragraph else each
