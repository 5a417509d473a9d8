"""Source code of any language by its comments: each definition with the comment right before it.

Pygments says what is a comment and what names a function; a few patterns say which lines define something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutor_ingest.load.code_lines import Group, Line, lines_of
from tutor_ingest.load.docstring import docstring_blocks
from tutor_ingest.load.marked import fenced

_MODIFIERS = r"""(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|abstract|final|async
    |unsafe|extern(?:\s+"C")?|inline|override|open|sealed|data|virtual|const(?=\s+(?:fn|enum))|local|declare|partial
    |readonly|native|synchronized|suspend|implicit|lazy|case|actual|expect|fileprivate|mutating|indirect|typedef|mutable
    |annotation|temporary|temp|create(?:\s+or\s+replace)?|alter)\s+)*"""
_KEYWORDS = r"""(?:function\*?|class|def|fn|func|fun|interface|struct|enum|trait|impl(?:<[^>]*>)?|type|protocol|extension
    |object|record|module|namespace|macro_rules!|macro|union|actor|procedure|table|view|trigger|mod)"""
_STRICT = re.compile(
    rf"\s*{_MODIFIERS}{_KEYWORDS}\s+(?:if\s+not\s+exists\s+)?(?:\([^()\n]*\)\s*)?(?P<name>[\w$`\"\[][\w$.:~`\"\]!?]*)",
    re.VERBOSE | re.IGNORECASE,
)
_CONTAINER = re.compile(
    rf"\s*{_MODIFIERS}(?:class|interface|struct|trait|impl\b|protocol|extension|object|record|module|namespace|union|actor|mod\b)",
    re.VERBOSE | re.IGNORECASE,
)
_SPACE = re.compile(r"\s*(?:inline\s+)?(?:namespace|mod)\b")  # holds definitions and needs no heading
# What defines something without a keyword, where Pygments does not see it.
_SHELL = re.compile(r"\s*(?P<name>[\w:.-]+)\s*\(\)\s*(?:\{|$)")
_ASSIGNED = re.compile(
    r"\s*(?:(?:export|const|let|var|local)\s+)*(?P<name>[\w$][\w$.]*)\s*(?:<-|=)\s*(?:async\s+)?(?:function\b|class\b|\([^()]*\)\s*=>)"
)
_METHOD = re.compile(
    r"\s*(?:(?:async|static|get|set|public|private|protected|override)\s+)*(?P<name>[\w$#]+)\s*\([^;]*\)\s*(?::[^{]+)?\{"
)
# What only a comment makes worth telling: constants and macros.
_VALUES = (
    re.compile(r"\s*#\s*define\s+(?P<name>\w+)"),
    re.compile(
        r"\s*(?:(?:export|public|private|protected|static|readonly|final)\s+)*(?:const|let|var|val|static|local|auto)\s+(?:mut\s+)?(?P<name>[\w$]+)\s*[:=]"
    ),
    re.compile(r"(?P<name>[\w!.]+)\([^=]*\)(?:\s+where\s.*)?\s*=(?!=)"),
    re.compile(r"(?P<name>[A-Z][A-Z0-9_]+)\s*="),
)
_FIELD_NAME = re.compile(r"([\w$]+)\s*(?:\?|!)?\s*(?:[(=:;{,]|$)")
_CONTROL = frozenset(
    "super if for while switch catch return else do foreach elseif elif unless until when with using lock".split()
)  # noqa: SIM905
_DECORATION = re.compile(r"\s*(?:@\w|#\[|\[\w[^\]]*\]\s*$|template\s*<|__attribute__|\[\[)")
# What stands between the comments at the head of a file and its first definition.
_IMPORT = re.compile(
    r"\s*(?:(?:import|package|namespace|use|using|require|require_relative|from|library|source|set)\b(?!\s*[=:(])|<\?php"
    r"|#\s*(?:include|if|pragma|undef|define\s+\w+\s*$)|['\"]use strict['\"])"
)
_RETURN_TYPE = re.compile(r"[A-Za-z_][\w \t*&:<>,]*")
_GOES_ON = (",", "=", "->", "<-", "&", "|", "extends", "implements")
_LONGEST = 12  # lines of a signature
_LONGEST_TABLE = 60  # lines of an SQL definition, which is its columns
_DEEPEST = 5  # the level of the deepest heading


@dataclass(frozen=True, slots=True)
class _Scope:
    indent: int
    level: int
    holds_definitions: bool


def comment_blocks(source: str, language: str) -> Iterator[tuple[str, int]]:
    """The blocks of a source file, each with its line: what its head says, then each definition.

    A definition without a comment stands only at the top level or in a class or the like, and if it is public.
    """
    yield from _Walk(source, language).blocks()


class _Walk:
    def __init__(self, source: str, language: str) -> None:
        self._language = language
        self._lines = lines_of(source, language)
        self._scopes: list[_Scope] = []

    def blocks(self) -> Iterator[tuple[str, int]]:
        """The blocks in order."""
        at, group, head = 0, None, True
        while at < len(self._lines):
            line = self._lines[at]
            if head and group and (line.kind != "code" or _IMPORT.match(line.text)):
                yield from self._head(group)
                group = None
            if line.kind == "comment":
                group, at = self._group(at)
            elif line.kind == "blank":
                group, at = None, at + 1
            elif head and _IMPORT.match(line.text):
                at += 1
            else:
                head = False
                end, written = self._definition(at, group)
                yield from written
                group, at = None, end
        if group and head:
            yield from self._head(group)

    def _head(self, group: Group) -> Iterator[tuple[str, int]]:
        """What a comment at the head of a file says of it, its licence left out."""
        told = group.without_licence()
        for offset, block in docstring_blocks(told.text, 1):
            yield block, told.line + offset

    def _group(self, at: int) -> tuple[Group, int]:
        end = at
        while end < len(self._lines) and self._lines[end].kind == "comment":
            end += 1
            if self._lines[end - 1].ends_comment:
                break
        return Group.of(self._lines[at:end], at + 1), end

    def _definition(self, at: int, group: Group | None) -> tuple[int, Iterator[tuple[str, int]]]:
        """The line after a definition's signature, and its blocks; none if nothing is defined here."""
        first = at
        while at + 1 < len(self._lines) and self._precedes_definition(at):
            at += 1
        name = self._name(at) or (self._field(at) if group and group.is_doc else "")
        while name and self._scopes and self._scopes[-1].indent >= self._lines[at].indent:
            self._scopes.pop()
        if name and not group and _SPACE.match(self._lines[at].text):
            self._scopes.append(_Scope(self._lines[at].indent, self._level() - 1, True))
            return first + 1, iter(())
        if not name or not self._is_worth_telling(at, name, group):
            return first + 1, iter(())
        end = self._signature_end(at)
        inner, after = self._docstring_after(end)
        return after, self._written(first, at, end, name, inner or group)

    def _precedes_definition(self, at: int) -> bool:
        """Whether a line is an annotation, or a return type above the name of a function."""
        text = self._lines[at].text
        above = _RETURN_TYPE.fullmatch(text) is not None and bool(self._lines[at + 1].defines)
        return above or (_DECORATION.match(text) is not None and not self._name(at))

    def _written(
        self, first: int, at: int, end: int, name: str, group: Group | None
    ) -> Iterator[tuple[str, int]]:
        line = self._lines[at]
        level = self._level()
        self._scopes.append(_Scope(line.indent, level, _CONTAINER.match(line.text) is not None))
        yield f"{'#' * level} {name}", first + 1
        yield fenced(self._signature(first, at, end), self._language), first + 1
        if group:
            told = group.without_licence()
            for offset, block in docstring_blocks(told.text, level):
                yield block, told.line + offset

    def _level(self) -> int:
        return min(self._scopes[-1].level + 1 if self._scopes else 2, _DEEPEST)

    def _name(self, at: int) -> str:
        """What a line defines: a function, a class or the like, else a constant or macro."""
        if name := self._definer(at):
            return name
        text = self._lines[at].text
        found = (pattern.match(text) for pattern in _VALUES) if self._language != "sql" else ()
        return next((match["name"] for match in found if match), "")

    def _definer(self, at: int) -> str:
        """The name after a keyword, that which Pygments takes for a function's, or that in such a form."""
        line = self._lines[at]
        strict = _STRICT.match(line.text)
        if strict and self._fits(strict, line.text):
            return strict["name"].strip('`"[]:.')
        if self._language == "sql" or line.text.lstrip().startswith(("return", "else", "}")):
            return ""
        forms = (_SHELL,) if self._language == "bash" else (_ASSIGNED, _METHOD)
        found = [line.defines, *(match["name"] for form in forms if (match := form.match(line.text)))]
        return next((name for name in found if name and name not in _CONTROL), "")

    def _fits(self, match: re.Match[str], text: str) -> bool:
        """Whether a keyword is one here: SQL has its own, and a C variable may be declared by its struct."""
        before = text[: match.start("name")].lower()
        if self._language == "sql" or re.search(r"\b(?:table|view|trigger|procedure)\b", before):
            return self._language == "sql" and "create" in before
        if self._language in ("c", "cpp") and re.search(r"\b(?:struct|union|enum)\b", before):
            return re.match(r"\s*(?:[{:;<(]|final\b|$)", text[match.end() :]) is not None
        return True

    def _field(self, at: int) -> str:
        text = self._lines[at].text.split("//")[0]
        match = _FIELD_NAME.search(text.replace("this.", ""))
        return match[1] if match and not match[1].isdigit() and match[1] not in _CONTROL else ""

    def _is_worth_telling(self, at: int, name: str, group: Group | None) -> bool:
        """Whether a definition is for readers: it has a doc comment, or is no function's own affair.

        Without any comment, only what is public and defined by a keyword or as a function is.
        """
        if group and group.is_doc:
            return True
        line, definer = self._lines[at], self._definer(at)
        if line.indent and not (self._scopes and self._scopes[-1].holds_definitions):
            return group is not None and not self._scopes and bool(definer)
        if group:
            return True
        return bool(definer) and not line.text.lstrip().startswith("private") and name[0] not in "_#"

    def _signature_end(self, at: int) -> int:
        """The line after the one that ends a signature: its brackets are closed and its body begins."""
        sql = self._language == "sql"
        depth = 0
        for end in range(at, min(at + (_LONGEST_TABLE if sql else _LONGEST), len(self._lines))):
            text = self._lines[end].code.rstrip()
            depth += text.count("(") - text.count(")")
            if depth <= 0 and (";" in text if sql else "{" in text or not text.endswith(_GOES_ON)):
                return end + 1
        return at + 1

    def _signature(self, first: int, at: int, end: int) -> str:
        """The lines of a signature without the body that begins on the last."""
        texts = [line.text for line in self._lines[first:end]]
        last = self._lines[end - 1]
        if self._language not in ("sql", "r", "ruby", "julia", "lua") or end - at == 1:
            cut = _body_start(last.text)
            texts[-1] = last.text[:cut].rstrip() or last.text
        indent = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
        return "\n".join(text[indent:].rstrip() for text in texts)

    def _docstring_after(self, end: int) -> tuple[Group | None, int]:
        """In Python, the docstring below a definition."""
        if self._language == "python" and end < len(self._lines) and self._lines[end].is_doc:
            return self._group(end)
        return None, end


def _body_start(text: str) -> int:
    """Where a body opens on a line: at the first brace outside brackets that is not closed on the line."""
    depth = 0
    for at, character in enumerate(text):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == "{" and depth <= 0 and text.count("{", at) != text.count("}", at):
            return at
        elif character == "{" and depth <= 0 and re.search(r"[)\w]\s*$", text[:at]):
            return at
        elif character == ";" and depth <= 0:
            return at
    return len(text)
