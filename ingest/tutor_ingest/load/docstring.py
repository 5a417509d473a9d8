"""Docstrings and doc comments as Markdown, whatever style they are written in, line by line.

Their words stay as they are. What Markdown would misread is put in its terms: underlined sections become
headings below that of the definition, entries of parameters a list, examples of a session fences.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from textwrap import dedent

from tutor_ingest.load.marked import fenced

Found = Iterator[tuple[int, str]]

_UNDERLINE = re.compile(r"\s*([=\-~^\"*+#])\1{2,}\s*")
_RULE = re.compile(r"[\s=\-~^*+#_.|/<>]{3,}")
_TABLE_RULE = re.compile(r"\s*(?:={2,}(?:\s+={2,})+|\+(?:[-=]+\+)+)\s*")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)[\s#]*")
_MISREAD = re.compile(r"#{1,6}\s|>|\||<!--")  # at the start of a line, in Markdown more than text
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,2}[.)])\s+\S")
_FIELD = re.compile(
    r":[a-z]\w*(?:\s[^:\n]{1,80})?:(?:\s|$)|@[a-z]{2,20}\b"
    r"|\\(?:t?param|returns?|retval|throws?|exception|note|warning|see|since|deprecated|pre|post|details)\b"
)
_DIRECTIVE = re.compile(r"\.\.\s+([\w:-]+)::\s*(.*)")
_TARGET = re.compile(r"\.\.\s+(?:(\[[^\]]{1,40}\])\s+(.*)|_.*|$)")
_ROLE = re.compile(r":[\w:.+-]{1,40}:`[~!]?([^`<\n]{1,200}?)(?:\s*<[^`>\n]{0,200}>)?`")
_GOOGLE = re.compile(r"[A-Z][\w ]{1,30}:")
_GOOGLE_ENTRY = re.compile(r"\*{0,2}[\w.`, ]{1,60}(?:\s*\([^()\n]{0,100}\))?:(?:\s|$)")
_ENTRIES = frozenset(
    """
    parameters other-parameters returns yields receives raises warns attributes methods keys see-also
    """.split()  # noqa: SIM905
)
_CODE = ("code", "code-block", "sourcecode", "plot", "ipython", "testcode", "doctest")
_VERSIONS = {"versionadded": "Added in version", "versionchanged": "Changed in version"}
_DEEPEST = 4  # nested blocks; deeper ones are read as text


def docstring_blocks(text: str, level: int, depth: int = 0) -> Found:
    """The blocks of a docstring, each with its line, counted from 0; headings in it lie below `level`."""
    return _Lines(text.expandtabs().split("\n"), level, depth).blocks()


class _Lines:
    """One pass over the lines of a docstring."""

    def __init__(self, lines: list[str], level: int, depth: int) -> None:
        self._lines = lines
        self._level = level
        self._depth = depth
        self._at = 0

    def blocks(self) -> Found:
        """The blocks in order."""
        code_follows = False
        section = ""
        while self._at < len(self._lines):
            at, line = self._at, self._lines[self._at]
            if not line.strip():
                self._at += 1
                continue
            if title := self._section_title():
                section = title.lower().replace(" ", "-")
                yield at, f"{'#' * min(self._level + 1, 6)} {title}"
            elif (heading := _HEADING.fullmatch(line)) and self._stands_alone():
                self._at += 1
                yield at, f"{'#' * min(self._level + len(heading[1]), 6)} {heading[2]}"
            elif line[0].isspace() and at:
                yield from self._indented(at, code_follows)
            elif section in _ENTRIES and self._has_entries():
                yield from self._entries(lambda text: True)
            else:
                yield from self._block(at, line)
            code_follows = self._lines[self._at - 1].rstrip().endswith(":")

    def _block(self, at: int, line: str) -> Found:
        if _FENCE.match(line):
            yield at, self._fence()
        elif line.startswith(">>>"):
            yield at, fenced("\n".join(self._session()), "python")
        elif directive := _DIRECTIVE.match(line):
            yield from self._directive(at, directive)
        elif target := _TARGET.match(line):
            self._at += 1
            if target[1]:
                yield at, f"{target[1]} {' '.join([target[2], *map(str.strip, self._while(_is_indented))])}"
        elif _FIELD.match(line):
            yield from self._entries(lambda text: _FIELD.match(text) is not None)
        elif _GOOGLE.fullmatch(line.rstrip()) and self._next_is_indented():
            yield from self._google(at)
        else:
            yield from self._paragraph(at)

    def _section_title(self) -> str:
        """The title at this line, if it is underlined, moving past both and past an overline."""
        at = self._at
        if _UNDERLINE.fullmatch(self._lines[at]) and at + 2 < len(self._lines):
            at += 1
        if at + 1 >= len(self._lines) or not _UNDERLINE.fullmatch(self._lines[at + 1]):
            return ""
        title = self._lines[at].strip()
        if not any(map(str.isalnum, title)) or title.startswith((">>>", "- ", "* ")) or len(title) > 100:
            return ""
        self._at = at + 2
        return title

    def _indented(self, at: int, code: bool) -> Found:
        """An indented block: code after a colon or where it is a session, else more text."""
        text = self._body()
        if self._depth >= _DEEPEST or (code and ">>>" not in text and not _BULLET.match(text)):
            yield at, fenced(text)
        else:
            for offset, block in docstring_blocks(text, self._level, self._depth + 1):
                yield at + offset, block

    def _has_entries(self) -> bool:
        """Whether the lines of this section are terms with indented explanations."""
        rest = self._lines[self._at + 1 :]
        end = next((at for at, line in enumerate(rest) if _UNDERLINE.fullmatch(line)), len(rest))
        return any(_is_indented(line) for line in rest[:end])

    def _entries(self, begins: Callable[[str], bool]) -> Found:
        """List items, each from a line that begins one and the indented lines after it."""
        while self._at < len(self._lines):
            at, line = self._at, self._lines[self._at]
            following = self._lines[at + 1] if at + 1 < len(self._lines) else ""
            if line.strip() and (_is_indented(line) or not begins(line) or _UNDERLINE.fullmatch(following)):
                return
            self._at += 1
            if line.strip():
                yield at, self._item(line.strip(), self._body())

    def _item(self, term: str, body: str) -> str:
        text = _inline(term)
        if body and self._depth < _DEEPEST:
            blocks = [block for _, block in docstring_blocks(body, 6, self._depth + 1)]
            text += "\n" + "\n\n".join(blocks)
        return "- " + re.sub(r"\n(?=[^\n])", "\n  ", text)

    def _google(self, at: int) -> Found:
        lead = self._lines[self._at].strip()
        self._at += 1
        body = self._body()
        yield at, lead
        inner = _Lines(body.split("\n"), self._level, self._depth + 1)
        if self._depth >= _DEEPEST:
            yield at + 1, fenced(body)
        elif _GOOGLE_ENTRY.match(body):
            for offset, block in [*inner._entries(lambda text: True), *inner.blocks()]:
                yield at + 1 + offset, block
        elif lead.startswith("Example") and ">>>" not in body:
            yield at + 1, fenced(body)
        else:
            for offset, block in inner.blocks():
                yield at + 1 + offset, block

    def _fence(self) -> str:
        opening = _FENCE.match(self._lines[self._at])
        assert opening is not None, "called at a fence"
        body = [self._lines[self._at]]
        self._at += 1
        while self._at < len(self._lines):
            body.append(self._lines[self._at])
            self._at += 1
            if body[-1].strip() == opening[1]:
                return "\n".join(body)
        return "\n".join([*body, opening[1]])

    def _session(self) -> Iterator[str]:
        """The lines of an example and of those that follow it after a blank line."""
        while self._at < len(self._lines):
            yield from self._while(lambda line: bool(line.strip()))
            blank = sum(1 for _ in self._while(lambda line: not line.strip()))
            if self._at >= len(self._lines) or not self._lines[self._at].startswith((">>>", "...")):
                return
            yield from [""] * blank

    def _directive(self, at: int, match: re.Match[str]) -> Found:
        self._at += 1
        body = self._body().strip("\n")
        body = re.sub(r"\A(?::[\w-]+:.*\n?)+", "", body)
        name, argument = match[1], match[2].strip()
        if name in _CODE or name == "math":
            language = "math" if name == "math" else argument or "python"
            yield at, fenced(body if name != "math" else f"{argument}\n{body}", language)
            return
        label = _VERSIONS.get(name, name.rpartition(":")[2].replace("-", " ").capitalize())
        text = f"{label}: {argument}" if name not in _VERSIONS else f"{label} {argument}"
        if argument or self._depth >= _DEEPEST:
            yield at, _inline(f"{text}\n{body}".strip() if self._depth >= _DEEPEST else text)
        if body and self._depth < _DEEPEST:
            for number, (offset, block) in enumerate(docstring_blocks(body, self._level, self._depth + 1)):
                prose = number == 0 and not argument and block[0].isalnum()
                yield at + 1 + offset, f"{label}: {block}" if prose else block

    def _paragraph(self, at: int) -> Found:
        """Lines up to a blank one or to what is no running text; tables and code with comments as they stand."""
        lines = [self._lines[self._at]]
        self._at += 1
        while self._at < len(self._lines) and self._continues(self._lines[self._at]):
            lines.append(self._lines[self._at])
            self._at += 1
        if any(_TABLE_RULE.fullmatch(line) for line in lines) or _HEADING.fullmatch(lines[0]):
            yield at, fenced("\n".join(lines))
            return
        kept = [line.rstrip() for line in lines if not _RULE.fullmatch(line)]
        if not any(map(_BULLET.match, kept)):
            kept = [line.strip() for line in kept]
        text = "".join(f"{' ' if _MISREAD.match(line) else chr(10)}{line}" for line in kept).lstrip("\n ")
        if text.endswith("::"):
            text = text[:-1] if text[-3:-2].strip() else text[:-2].rstrip()
        yield at, _inline(text)

    def _continues(self, line: str) -> bool:
        return bool(line.strip()) and not (
            line.startswith((">>>", ".. ")) or _FENCE.match(line) or _FIELD.match(line)
        )

    def _stands_alone(self) -> bool:
        """Whether blank lines are around this one; a comment in code has code below it."""
        around = self._lines[max(0, self._at - 1) : self._at] + self._lines[self._at + 1 : self._at + 2]
        return not any(map(str.strip, around))

    def _next_is_indented(self) -> bool:
        return self._at + 1 < len(self._lines) and _is_indented(self._lines[self._at + 1])

    def _body(self) -> str:
        """The indented lines from here, blank ones among them, without their common indentation."""
        return dedent("\n".join(self._while(lambda line: not line.strip() or line[0].isspace()))).rstrip()

    def _while(self, holds: Callable[[str], bool]) -> list[str]:
        """The lines from here for which something holds, moving past them."""
        start = self._at
        while self._at < len(self._lines) and holds(self._lines[self._at]):
            self._at += 1
        return self._lines[start : self._at]


def _is_indented(line: str) -> bool:
    return line[:1].isspace() and bool(line.strip())


def _inline(text: str) -> str:
    """Text in which a reference such as :func:`~a.b` is the name in it."""
    return _ROLE.sub(r"`\1`", text)
