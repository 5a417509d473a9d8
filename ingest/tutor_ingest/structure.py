"""The blocks of a document: headings, paragraphs, lists, tables, code and quotes, as slices of its text.

Markdown is read with markdown-it-py (CommonMark and tables, raw HTML not interpreted), whose line numbers
become character offsets. Plain text, such as a PDF's, is read by its blank lines, bullets and underlines,
and with caution: what is not clearly a heading or a list stays a paragraph.

Not blocks, since a reader of the rendered page does not see them as text: link reference definitions,
thematic breaks, HTML comments, empty code fences, front matter, and lines without any letter or digit.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tutor.documents import Document, fold

Kind = Literal["heading", "paragraph", "list", "table", "code", "quote"]
Offsets = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """One block; all offsets are character offsets into the document's text, half open, without outer space.

    `level` is 1 to 6 for a heading, else 0. `heading_path` holds the headings in force, markup stripped,
    outermost first; a heading's own path ends with itself. `items` holds a list's entries without bullet or
    number, nested entries as entries of their own after their parent's text, or a table's rows, the header
    first and the delimiter row left out. `fences` are those of a list's items that are code. A quote is one
    paragraph of a block quote; lists, tables and code inside a quote are blocks of their own kind.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    heading_path: tuple[str, ...] = ()
    items: tuple[Offsets, ...] = ()
    fences: frozenset[Offsets] = frozenset()


@dataclass(frozen=True, slots=True)
class _Heading:
    """A heading's text beside its block, before the paths are known."""

    block: Block
    text: str


def blocks(document: Document) -> list[Block]:
    """The blocks of a document in order, in time linear in its length; an empty document has none."""
    lines = _Lines(document.text)
    if document.format == "markdown":
        return _with_paths(_without_comments(document.text, _markdown(lines)))
    return _with_paths(_joined_lists(_plain(lines)))


class _Lines:
    """The lines of a text as offsets, numbered as markdown-it numbers them (LF, CR and CRLF end a line)."""

    _END = re.compile(r"\r\n?|\n")

    def __init__(self, text: str) -> None:
        self.text = text.replace("\0", "\ufffd")  # as markdown-it does; it keeps the offsets
        ends = [match.span() for match in self._END.finditer(text)]
        self._starts = [0, *(after for _, after in ends)]
        self._ends = [*(before for before, _ in ends), len(text)]

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> str:
        return self.text[self._starts[number] : self._ends[number]]

    def start(self, number: int) -> int:
        """The offset at which a line starts."""
        return self._starts[number]

    def trimmed(self, first: int, after: int | None = None) -> Offsets:
        """The offsets of a line, or of all before `after`, without outer white space; equal if blank."""
        return trim(self.text, self._starts[first], self._ends[first if after is None else after - 1])

    def pieces(self, start: int, end: int) -> list[Offsets]:
        """The trimmed lines of a slice, which may start inside its first line."""
        first, last = bisect_right(self._starts, start) - 1, bisect_right(self._starts, end - 1) - 1
        found = [
            (start, self.trimmed(first)[1]),
            *(self.trimmed(number) for number in range(first + 1, last + 1)),
        ]
        return [piece for piece in found if piece[0] < piece[1]]


def trim(text: str, start: int, end: int) -> Offsets:
    """Offsets moved inwards past white space; (start, start) if there is nothing else."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return (start + left, start + len(piece.rstrip())) if left < len(piece) else (start, start)


def _with_paths(found: Iterable[Block | _Heading]) -> list[Block]:
    """The blocks with the path of headings in force at each."""
    path: list[tuple[int, str]] = []
    done = []
    for each in found:
        block = each.block if isinstance(each, _Heading) else each
        if isinstance(each, _Heading):
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, each.text))
        done.append(replace(block, heading_path=tuple(text for _, text in path if text)))
    return done


# --- Markdown ---

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
    """A heading's text with its inline markup stripped and its white space folded."""
    (inline,) = _inline_parser().parseInline(markdown)
    words = (
        " " if token.type in ("softbreak", "hardbreak") else token.content for token in inline.children or ()
    )
    return " ".join("".join(words).split())


def _markdown(lines: _Lines) -> Iterator[Block | _Heading]:
    """The blocks of a Markdown text, comments still among them."""
    front = _FRONT_MATTER.match(lines.text)
    body = re.sub(r"[^\r\n]", " ", front[0]) + lines.text[front.end() :] if front else lines.text
    yield from _Walk(lines, _parser().parse(body)).blocks()


class _Walk:
    """One pass over the token stream of markdown-it."""

    def __init__(self, lines: _Lines, tokens: list[Token]) -> None:
        self._lines = lines
        self._tokens = iter(tokens)
        self._quotes = 0

    def blocks(self) -> Iterator[Block | _Heading]:
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
            yield from _prose_blocks(self._lines.text, self._lines.pieces(start, end))

    def _heading(self, opening: Token) -> _Heading:
        """A heading, from its first mark to its last."""
        inline = next(self._tokens)
        first, last = _map(opening)
        start, end = self._lines.trimmed(first, last)
        return _Heading(Block("heading", start, end, int(opening.tag[1:])), _plain_heading(inline.content))

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


def _without_comments(text: str, found: Iterator[Block | _Heading]) -> Iterator[Block | _Heading]:
    """The blocks that lie in no HTML comment; a comment that never ends is text."""
    hidden_until, unclosed = 0, False
    for each in found:
        block = each.block if isinstance(each, _Heading) else each
        start, paragraph = block.start, block.kind == "paragraph"
        while paragraph and not unclosed and text.startswith("<!--", max(start, hidden_until)):
            end = text.find("-->", max(start, hidden_until) + 4)
            unclosed = end < 0
            hidden_until = hidden_until if unclosed else end + 3
            start = trim(text, min(max(start, hidden_until), block.end), block.end)[0]
        if block.end <= hidden_until:
            continue
        yield replace(block, start=trim(text, max(start, hidden_until), block.end)[0]) if paragraph else each


# --- Bullets and rows in prose, and plain text ---

_BULLET = re.compile(r"(?:([•◦▪‣●○·])\s*|([-*–—])\s+(?=\S)|(?P<n>\(?\d{1,2}[.)])\s+(?=\S))")
_DELIMITER_ROW = re.compile(r"[\s|:+-]+")
_UNDERLINE = re.compile(r"={3,}|-{3,}|~{3,}")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+[A-Z]")
_HEADING_WIDTH = 80  # characters; a longer line is prose
_WRAP_WIDTH = 200  # characters; text with longer lines has one paragraph per line


def _prose_blocks(text: str, pieces: list[Offsets]) -> Iterator[Block]:
    """The paragraphs, bulleted lists and pipe tables among consecutive lines; marks alone give nothing."""
    kinds = _line_kinds(text, pieces)
    at = 0
    while at < len(pieces):
        end = at + 1
        while end < len(pieces) and (
            kinds[end] == kinds[at] or (kinds[at] == "list" and kinds[end] == "paragraph")
        ):
            end += 1
        run = pieces[at:end]
        if kinds[at] == "list":
            yield from _bulleted(text, run, kinds[at:end])
        elif kinds[at] == "table":
            rows = tuple(row for row in run if not _DELIMITER_ROW.fullmatch(text, *row))
            if rows:
                yield Block("table", rows[0][0], rows[-1][1], items=rows)
        elif any(map(str.isalnum, text[run[0][0] : run[-1][1]])):
            yield Block("paragraph", run[0][0], run[-1][1])
        at = end


def _line_kinds(text: str, pieces: list[Offsets]) -> list[Kind]:
    """What each line begins: a list entry, a table row, or else prose, which may also continue an entry.

    A dash or number inside a paragraph is a wrapped line's unless it comes twice or first.
    """
    families = [_family(text, piece) for piece in pieces]
    counts = Counter(families)
    piped = [end - start > 1 and text[start] == "|" == text[end - 1] for start, end in pieces]
    kinds: list[Kind] = []
    for at, family in enumerate(families):
        if family and (at == 0 or family == "•" or counts[family] > 1):
            kinds.append("list")
        elif piped[at] and (any(piped[max(0, at - 1) : at]) or any(piped[at + 1 : at + 2])):
            kinds.append("table")
        else:
            kinds.append("paragraph")
    return kinds


def _family(text: str, piece: Offsets) -> str:
    """Which marks a line's bullet belongs to (`•` for all round ones, `1` for numbers), or nothing."""
    match = _BULLET.match(text, *piece)
    if match is None:
        return ""
    return "•" if match[1] else match[2] or "1"


def _bulleted(text: str, pieces: list[Offsets], kinds: list[Kind]) -> Iterator[Block]:
    """A list from lines of which the first has a bullet; a line without one continues the entry before it."""
    items: list[Offsets] = []
    for (start, end), kind in zip(pieces, kinds, strict=True):
        bullet = _BULLET.match(text, start, end) if kind == "list" else None
        if bullet:
            items.append((bullet.end(), end))
        else:  # a bullet may stand alone on its line, as some PDFs have it
            items[-1] = (items[-1][0] if items[-1][0] < items[-1][1] else start, end)
    filled = tuple(item for item in items if item[0] < item[1])
    if filled:
        yield Block("list", filled[0][0], filled[-1][1], items=filled)


def _plain(lines: _Lines) -> Iterator[Block | _Heading]:
    """The blocks of a plain text, the parts of a loose list still apart."""
    groups = _groups(lines)
    for group, following in zip(groups, [*groups[1:], list[Offsets]()], strict=False):
        heading = _plain_text_heading(lines.text, group, following)
        if heading:
            yield heading
        else:
            yield from _prose_blocks(lines.text, group)


def _joined_lists(found: Iterator[Block | _Heading]) -> Iterator[Block | _Heading]:
    """The blocks, with lists that directly follow each other joined: a blank line ends no list."""
    items: list[Offsets] = []
    for each in found:
        if isinstance(each, Block) and each.kind == "list":
            items.extend(each.items)
            continue
        if items:
            yield Block("list", items[0][0], items[-1][1], items=tuple(items))
            items = []
        yield each
    if items:
        yield Block("list", items[0][0], items[-1][1], items=tuple(items))


def _groups(lines: _Lines) -> list[list[Offsets]]:
    """Lines that belong together: between blank lines, or each alone where the text is not wrapped.

    An underlined line and its underline are a group of their own. Bullets and table rows are never parted.
    """
    pieces = [lines.trimmed(number) for number in range(len(lines))]
    filled = [end - start for start, end in pieces if start < end]
    unwrapped = sum(length > _WRAP_WIDTH for length in filled) * 10 > len(filled)
    groups: list[list[Offsets]] = []
    parted = True
    for piece in pieces:
        if piece[0] == piece[1]:
            parted = True
        elif _underlines(lines.text, groups, piece, parted):
            groups[-1].append(piece)
            parted = True
        else:
            together = _marked(lines.text, piece) and not parted and _marked(lines.text, groups[-1][-1])
            if parted or (unwrapped and not together):
                groups.append([])
            groups[-1].append(piece)
            parted = False
    return groups


def _marked(text: str, piece: Offsets) -> bool:
    """Whether a line begins with a bullet or a table's bar."""
    return text[piece[0]] == "|" or bool(_family(text, piece))


def _underlines(text: str, groups: list[list[Offsets]], piece: Offsets, parted: bool) -> bool:
    """Whether a line underlines the one line of the group before it."""
    if parted or len(groups[-1]) != 1 or not _UNDERLINE.fullmatch(text, *piece):
        return False
    return groups[-1][0][1] - groups[-1][0][0] < _HEADING_WIDTH


def _plain_text_heading(text: str, group: list[Offsets], following: list[Offsets]) -> _Heading | None:
    """The heading that a group clearly is: underlined, numbered, or short and above longer prose; or none."""
    start, end = group[0]
    title = text[start:end]
    if len(group) == 2 and _UNDERLINE.fullmatch(text, *group[1]):
        return _Heading(
            Block("heading", start, group[1][1], 1 if text[group[1][0]] == "=" else 2), fold(title)
        )
    if len(group) != 1 or end - start >= _HEADING_WIDTH or not (title[-1].isalnum() or title[-1] == ")"):
        return None
    number = _NUMBERED.match(title)
    deep = number is not None and "." in number[1]
    if (not deep and not (title[0].isupper() or number)) or not (
        deep or _is_longer_prose(text, following, end - start)
    ):
        return None
    level = min(6, 2 + number[1].count(".")) if number else 2
    return _Heading(Block("heading", start, end, level), fold(title))


def _is_longer_prose(text: str, group: list[Offsets], length: int) -> bool:
    """Whether a group is prose, without a bullet, of more than one heading's width."""
    if not group or _marked(text, group[0]):
        return False
    return group[-1][1] - group[0][0] > max(length, _HEADING_WIDTH)
