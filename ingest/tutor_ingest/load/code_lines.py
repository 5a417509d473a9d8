"""The lines of a source file as Pygments sees them: comment, code or blank, and what function a line names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Name, String

_OPENING = re.compile(r"\s*(?:/\*[*!]?|\"\"\"|'''|r\"\"\"|=begin\b|--\[=*\[|#=|<!--)")
_CLOSING = re.compile(r"\s*(?:\**\*/|\"\"\"|'''|=end\b|\]=*\]|=#|-->)\s*$")
_LEADER = re.compile(r"\s*(?:(?://[/!]?<?|#['!:]?|--+\|?|;+)(?:\s|$)|(?://+|#+|--+)(?=\w))")
_STAR = re.compile(r"\s*\*(?![*/])(?:\s|$)")  # at the start of each line within a comment of many
_DOC = re.compile(r"\s*(?:/\*\*(?!/)|/\*!|///|//!|#'|---?\|?\s|\"\"\"|'''|##\s)")
_RULE = re.compile(r"[\s*=~#/_+|-]*")
_MACHINE = re.compile(
    r"\W*(?:eslint|@ts-|tslint|jshint|jslint|prettier-ignore|istanbul|c8 ignore|noqa|pylint:|type:\s*ignore|clang-format|NOLINT"
    r"|rubocop|shellcheck|-\*-|vim?:|ex:|coding[:=]|sourceMappingURL|go:\w|\+build|nolint|@ts|#?(?:end)?region\b|swiftlint)",
    re.IGNORECASE,
)
_LICENCE = re.compile(
    r"copyright|spdx|licen[sc]ed?\b|all rights reserved|redistribut|warrant(?:y|ies)|permission is hereby|free software"
    r"|\bthe software\b|neither the name|without limitation|\bgnu\b|public domain|misrepresent|this notice|disclaim|\(c\) \d{4}",
    re.IGNORECASE,
)
_TAGS = re.compile(
    r"</?(?:p|br|code|pre|tt|c|b|i|em|strong|ul|ol|li|dl|dt|dd|summary|remarks|returns|para|example|a|h[1-6]|blockquote|value)"
    r"(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_XML_PARAMETER = re.compile(
    r"<(?:type)?param\s+name=\"([^\"]{1,80})\"\s*>|<exception\s+cref=\"([^\"]{1,80})\"\s*>"
)
_XML_REFERENCE = re.compile(
    r"<(?:see|seealso|paramref|typeparamref)\s+\w+=\"(?:[A-Z]:)?([^\"]{1,120})\"\s*/?>"
)
_XML_END = re.compile(r"</(?:param|typeparam|exception|see|seealso)>")
_LINK = re.compile(r"\{@(?:link|linkplain|code|literal|value)\s+([^{}\n]{1,200})\}")
_DOXYGEN = re.compile(r"[@\\](?:brief\s+|short\s+|[pcae]\s+(?=\w))")
_LONGEST = 5_000  # characters; a longer line holds data, and lexers take long over it


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `code` is its text without comments, `defines` the function or class that is named in it."""

    text: str
    kind: Literal["blank", "comment", "code"]
    code: str = ""
    defines: str = ""
    is_doc: bool = False
    ends_comment: bool = False

    @property
    def indent(self) -> int:
        """Columns before the first character; a tab counts eight."""
        expanded = self.text.expandtabs()
        return len(expanded) - len(expanded.lstrip())


@dataclass(frozen=True, slots=True)
class Group:
    """Comment lines that belong together, without their marks; `text` begins on `line` of the file."""

    text: str
    line: int
    is_doc: bool

    @classmethod
    def of(cls, lines: list[Line], first: int) -> Group:
        """The group of some lines of a file, of which the first is line `first`."""
        opened = bool(lines) and _OPENING.match(lines[0].text) is not None
        bare = [_bare(line.text, _STAR if opened else _LEADER) for line in lines]
        while bare and not bare[0].strip():
            bare, first = bare[1:], first + 1
        margin = min((len(text) - len(text.lstrip()) for text in bare[1:] if text.strip()), default=0)
        body = [text[margin:] if text[:margin].isspace() or not margin else text.lstrip() for text in bare]
        is_doc = bool(lines) and (_DOC.match(lines[0].text) is not None or lines[0].is_doc)
        return cls("\n".join(body[:1] and [body[0].lstrip(), *body[1:]]).rstrip(), first, is_doc)

    def without_licence(self) -> Group:
        """The group without the paragraphs that speak of rights; lines keep their numbers."""
        if not _LICENCE.search(self.text):
            return self
        paragraphs = re.split(r"(\n[ \t]*\n)", self.text)
        kept = ["\n" * part.count("\n") if _LICENCE.search(part) else part for part in paragraphs]
        return Group("".join(kept).rstrip(), self.line, self.is_doc)


def lines_of(source: str, language: str) -> list[Line]:
    """The lines of a source file; those that are too long to be written by hand count as blank."""
    texts = [text if len(text) <= _LONGEST else "" for text in source.split("\n")]
    found = [_Marks() for _ in texts]
    at, documents = 0, False
    for kind, value in _lexer(language).get_tokens("\n".join(texts)):
        if language == "julia" and value == '"""':  # its docstrings are plain strings to Pygments
            documents = not documents and texts[at].startswith(value)
            kind = String.Doc if documents or texts[at].startswith(value) else kind
        elif documents:
            kind = String.Doc
        parts = value.split("\n")
        for number, part in enumerate(parts):
            if at + number < len(found):
                found[at + number].add(kind, part, number == len(parts) - 1)
        at += len(parts) - 1
    return [marks.line(text) for marks, text in zip(found, texts, strict=True)]


class _Marks:
    """What the tokens on one line are, gathered."""

    def __init__(self) -> None:
        self._code: list[str] = []
        self._defines = ""
        self._is_function = False
        self._comment = False
        self._doc = False
        self._ends = False

    def add(self, kind: object, text: str, last: bool) -> None:
        """Takes one token's part of this line."""
        if kind in Comment.Hashbang:
            return
        if (
            kind in Comment and kind not in Comment.Preproc and kind not in Comment.PreprocFile
        ) or kind in String.Doc:
            self._comment = self._comment or bool(text.strip())
            self._doc = self._doc or (kind in String.Doc and bool(text.strip()))
            self._ends = last and _CLOSING.search(text) is not None
            return
        self._code.append(text)
        if kind in Name.Function and not self._is_function:
            self._defines, self._is_function = text.strip(), True
        elif kind in Name.Class and not self._is_function:
            self._defines = text.strip()  # the last: those before it are parameters of a template

    def line(self, text: str) -> Line:
        """The line, when all of its tokens are known."""
        code = "".join(self._code)
        if code.strip():
            return Line(text, "code", code, self._defines)
        if self._comment:
            return Line(text, "comment", is_doc=self._doc, ends_comment=self._ends)
        return Line(text, "blank")


@cache
def _lexer(language: str) -> Lexer:
    options = {"startinline": True} if language == "php" else {}
    return get_lexer_by_name(language, stripnl=False, ensurenl=False, **options)


def _bare(text: str, leader: re.Pattern[str]) -> str:
    """A comment's line without the marks that make it one, and without the tags of its documentation tool."""
    if _MACHINE.match(text):
        return ""
    text = _CLOSING.sub("", text) if not _OPENING.fullmatch(text) else ""
    text = re.sub(r"\s*(?:\*+/|\"\"\"|''')\s*$", "", text)
    opened = _OPENING.match(text)
    led = opened or leader.match(text)
    text = text[led.end() :] if led else text
    if _RULE.fullmatch(text):
        return text if re.fullmatch(r"\s*([=-])\1{2,}\s*", text) else ""
    text = _XML_PARAMETER.sub(lambda match: f"@param {match[1] or match[2]} ", text)
    text = _XML_END.sub("", _XML_REFERENCE.sub(r"\1", text))
    text = _DOXYGEN.sub("", text)
    return _TAGS.sub("", _LINK.sub(r"`\1`", text)).rstrip()
