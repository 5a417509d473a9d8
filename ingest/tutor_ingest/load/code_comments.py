"""Source code of any language by its comments: each definition with the comment right before it.

A walk over the lines that Pygments has told apart; indentation says which definition holds which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tutor_ingest.load.code_definitions import (
    body_start,
    definer,
    field,
    holds_definitions,
    is_decoration,
    is_import,
    is_namespace,
    is_return_type,
    value,
)
from tutor_ingest.load.code_lines import Group, lines_of
from tutor_ingest.load.docstring import docstring_blocks
from tutor_ingest.load.marked import fenced

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
            if head and group and (line.kind != "code" or is_import(line)):
                yield from self._head(group)
                group = None
            if line.kind == "comment":
                group, at = self._group(at)
            elif line.kind == "blank":
                group, at = None, at + 1
            elif head and is_import(line):
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
        name = self._name(at) or (field(self._lines[at]) if group and group.is_doc else "")
        while name and self._scopes and self._scopes[-1].indent >= self._lines[at].indent:
            self._scopes.pop()
        if name and not group and is_namespace(self._lines[at]):
            self._scopes.append(_Scope(self._lines[at].indent, self._level() - 1, True))
            return first + 1, iter(())
        if not name or not self._is_worth_telling(at, name, group):
            return first + 1, iter(())
        end = self._signature_end(at)
        inner, after = self._docstring_after(end)
        return after, self._written(first, at, end, name, inner or group)

    def _precedes_definition(self, at: int) -> bool:
        """Whether a line is an annotation, or a return type above the name of a function."""
        line = self._lines[at]
        above = is_return_type(line) and bool(self._lines[at + 1].defines)
        return above or (is_decoration(line) and not self._name(at))

    def _name(self, at: int) -> str:
        line = self._lines[at]
        return definer(line, self._language) or value(line, self._language)

    def _written(
        self, first: int, at: int, end: int, name: str, group: Group | None
    ) -> Iterator[tuple[str, int]]:
        line = self._lines[at]
        level = self._level()
        self._scopes.append(_Scope(line.indent, level, holds_definitions(line)))
        yield f"{'#' * level} {name}", first + 1
        yield fenced(self._signature(first, at, end), self._language), first + 1
        if group:
            told = group.without_licence()
            for offset, block in docstring_blocks(told.text, level):
                yield block, told.line + offset

    def _level(self) -> int:
        return min(self._scopes[-1].level + 1 if self._scopes else 2, _DEEPEST)

    def _is_worth_telling(self, at: int, name: str, group: Group | None) -> bool:
        """Whether a definition is for readers: it has a doc comment, or is no function's own affair.

        Without any comment, only what is public and defined by a keyword or as a function is.
        """
        if group and group.is_doc:
            return True
        line, defined = self._lines[at], definer(self._lines[at], self._language)
        if line.indent and not (self._scopes and self._scopes[-1].holds_definitions):
            return group is not None and not self._scopes and bool(defined)
        if group:
            return True
        return bool(defined) and not line.text.lstrip().startswith("private") and name[0] not in "_#"

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
            cut = body_start(last.text)
            texts[-1] = last.text[:cut].rstrip() or last.text
        indent = min((len(text) - len(text.lstrip()) for text in texts if text.strip()), default=0)
        return "\n".join(text[indent:].rstrip() for text in texts)

    def _docstring_after(self, end: int) -> tuple[Group | None, int]:
        """In Python, the docstring below a definition."""
        if self._language == "python" and end < len(self._lines) and self._lines[end].is_doc:
            return self._group(end)
        return None, end
