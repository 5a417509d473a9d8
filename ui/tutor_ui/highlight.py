"""A stored document as HTML in which the cited range is marked.

The range is one of characters of the source; what a reader sees is the source rendered, without its markup.
To bring the two together each block's own text, as the Markdown parser cut it out, is found again in the
source. Where the range covers a block in part, two rare punctuation characters are put at its ends before
the inline markup is parsed, and every visible piece of text between them gets its own `<mark>`, so that
marks nest properly in bold, code and links. Punctuation, since next to it `**` and `_` keep their meaning;
the parse is compared with that of the unmarked text, and where it differs the range grows to whole words,
at last to the whole block.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from markdown_it.token import Token

from tutor.documents import Document
from tutor_ui import markup

_RARE = "⸨⸩⁅⁆⟦⟧⦃⦄⸢⸣⸤⸥"
_MARK = '<mark class="cited">'
_FIRST = '<mark id="cited" class="cited" tabindex="-1">'
_PART = '<p class="part">A part of this long document is shown.</p>'
_LINE_END = re.compile(r"\r\n?|\n")
_SHOWN_CHARS = 200_000
"""Of a longer document the part around the range is shown, so that the browser lays it out at once."""


def body(document: Document, start: int = 0, end: int = 0) -> str:
    """The document as HTML with `text[start:end]`, if any, marked; the first mark has the id `cited`."""
    low, high = _window(document.text, start, end)
    text, start, end = document.text[low:high], start - low, min(end, high) - low
    if document.format == "markdown":
        html = _markdown(text, start, end)
    else:
        html = _plain(text, start, end, [page - low for page in document.pages])
    html = html.replace("</mark>" + _MARK, "").replace(_MARK, _FIRST, 1)
    return (_PART if high - low < len(document.text) else "") + markup.clean(html)


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    if len(text) <= _SHOWN_CHARS:
        return 0, len(text)
    low = text.rfind("\n\n", 0, max(0, start - _SHOWN_CHARS // 4)) + 1
    high = text.find("\n\n", max(end, low + _SHOWN_CHARS // 2))
    return low, high if high > 0 else len(text)


def _plain(text: str, start: int, end: int, pages: Sequence[int]) -> str:
    """Text as it stands, with a line where a page begins."""
    cuts = sorted({0, len(text), *(n for n in (start, end, *pages) if 0 < n < len(text))})
    out = []
    for left, right in pairwise(cuts):
        if left in pages:
            out.append(f'<div class="page">Page {sum(page <= left for page in pages)}</div>')
        piece = escape(text[left:right])
        out.append(f"{_MARK}{piece}</mark>" if start <= left and right <= end else piece)
    return f'<div class="plain">{"".join(out)}</div>'


def _markdown(text: str, start: int, end: int) -> str:
    parser = markup.parser()
    env: dict[str, object] = {}
    tokens = parser.parse(text, env)
    markup.demote(tokens, 2)
    if start < end:
        _Marker(text, start, end, env).mark(tokens)
    return str(parser.renderer.render(tokens, parser.options, env))


class _Marker:
    """Puts marks into the tokens of one document."""

    def __init__(self, text: str, start: int, end: int, env: dict[str, object]) -> None:
        self.text, self.start, self.end, self.env = text, start, end, env
        self.lines = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
        spare = [char for char in _RARE if char not in text]
        self.open, self.close = spare[:2] if len(spare) > 1 else ("", "")

    def mark(self, tokens: list[Token]) -> None:
        """Mark what of the range lies in these block tokens."""
        cursor, in_cell = 0, False
        for token in tokens:
            if token.type in ("th_open", "td_open"):
                in_cell = True
            elif token.type == "inline" and token.map:
                offsets = self._offsets(token.content, token.map[0], cursor if in_cell else None)
                cursor = offsets[-1] + 1 if offsets else cursor
                if covered := self._covered(token.content, offsets):
                    token.children = self._inline(token, *covered)
                in_cell = False
            elif token.type in ("fence", "code_block") and token.map:
                first = token.map[0] + (token.type == "fence")
                if covered := self._covered(token.content, self._offsets(token.content, first, None)):
                    _replace(token, self._code_block(token, *covered))

    def _offsets(self, content: str, line: int, cursor: int | None) -> list[int]:
        """The place in the source of each character of a block's text; `cursor` is given in a table's row."""
        offsets: list[int] = []
        for number, piece in enumerate(content.split("\n"), start=line):
            low, source = self._line(number)
            high = low + len(source)
            if cursor is None:
                at = low + len(source.rstrip()) - len(piece.rstrip())
                if self.text[at : at + len(piece.rstrip())] != piece.rstrip():
                    at = max(low, self.text.find(piece.strip(), low, high))
            else:
                at = max(self.text.find(piece.replace("|", "\\|"), max(low, cursor), high), low, cursor)
            for char in piece:
                at += self.text.startswith("\\|", at) and char == "|"
                offsets.append(min(at, high))
                at += 1
            offsets.append(high)  # the line's end
        return offsets[: len(content)]

    def _line(self, number: int) -> tuple[int, str]:
        """Where a line begins, and its text without its end."""
        low, high = (self.lines[min(n, len(self.lines) - 1)] for n in (number, number + 1))
        return low, self.text[low:high].rstrip("\r\n")

    def _covered(self, content: str, offsets: list[int]) -> tuple[int, int] | None:
        low, high = bisect_left(offsets, self.start), bisect_left(offsets, self.end)
        piece = content[low:high]
        low += len(piece) - len(piece.lstrip())
        high = low + len(piece.strip())
        return (low, high) if low < high else None

    def _inline(self, token: Token, low: int, high: int) -> list[Token]:
        text = token.content
        for left, right in _widened(text, low, high):
            if not self.open or not (text[:left].strip() or text[right:].strip()):
                break
            marked = f"{text[:left]}{self.open}{text[left:right]}{self.close}{text[right:]}"
            children = markup.parser().parseInline(marked, self.env)[0].children or []
            if self._undisturbed(children, token.children or []):
                return self._wrap(children, inside=False)
        return self._wrap(token.children or [], inside=True)

    def _code_block(self, token: Token, low: int, high: int) -> str:
        """As the renderer would have it, with a mark."""
        parser = markup.parser()
        html = str(parser.renderer.render([token], parser.options, self.env))
        opening = html[: html.index(">", html.index("<code")) + 1]
        before, cited, after = (escape(token.content[a:b]) for a, b in ((0, low), (low, high), (high, None)))
        return f"{opening}{before}{_MARK}{cited}</mark>{after}</code></pre>\n"

    def _undisturbed(self, marked: list[Token], plain: list[Token]) -> bool:
        """Whether the two characters changed nothing but stand in visible text."""
        parser = markup.parser()
        html, before = (parser.renderer.render(each, parser.options, self.env) for each in (marked, plain))
        seen = "".join(_visible(child) or "" for child in marked)
        unmarked = str(html).replace(self.open, "").replace(self.close, "")
        return seen.count(self.open) == seen.count(self.close) == 1 and unmarked == before

    def _wrap(self, children: list[Token], *, inside: bool) -> list[Token]:
        for child in children:
            if (text := _visible(child)) is None:
                continue
            out = []
            for piece in re.split(f"([{self.open}{self.close}])", text) if self.open else [text]:
                if piece and piece in (self.open, self.close):
                    inside = piece == self.open
                elif piece:
                    out.append(f"{_MARK}{escape(piece)}</mark>" if inside else escape(piece))
            _replace(child, _dressed(child, "".join(out)))
        return children


def _widened(content: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """The range, then the whole words that it touches."""
    yield low, high
    after = re.search(r"\s", content[high:])
    left = max(content.rfind(" ", 0, low), content.rfind("\n", 0, low)) + 1
    yield left, high + after.start() if after else len(content)


def _visible(token: Token) -> str | None:
    """The text that a reader sees of an inline token; None for one that only opens or closes something."""
    if token.type in ("text", "code_inline"):
        return token.content
    if token.type == "softbreak":
        return "\n"
    if token.type == "image":
        return markup.described(token)
    return None


def _dressed(token: Token, html: str) -> str:
    if token.type == "code_inline":
        return f"<code>{html}</code>"
    return f'<span class="image">{html}</span>' if token.type == "image" else html


def _replace(token: Token, html: str) -> None:
    """Turn a token into finished HTML."""
    token.type, token.content, token.children = "html_inline", html, None
