"""Python modules by their syntax tree: what they define, with signatures as written, and their docstrings."""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from collections.abc import Iterator
from textwrap import dedent

from tutor_ingest.load.docstring import docstring_blocks
from tutor_ingest.load.marked import fenced

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Assignment = ast.Assign | ast.AnnAssign
_COMMENT = re.compile(r"\s*#[:!]?\s?(.*)")
_MACHINE = re.compile(
    r"\W*(?:noqa|type:|pragma|pylint:|mypy:|ruff:|fmt:|isort:|nosec|-\*-|vim:|coding[:=])|[\W_]*$"
)
_LONGEST = 30  # lines of a value or of a class's fields that are shown
_DEEPEST = 3  # functions within functions


def parse(source: str) -> ast.Module | None:
    """The tree of a module, or None where it is not written in this Python's syntax."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape in a foreign string is nobody's business here
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def module_blocks(tree: ast.Module, source: str) -> Iterator[tuple[str, int]]:
    """The blocks of a module under level 1, each with its line: its docstring, then what it defines."""
    walk = _Module(source)
    yield from walk.docstring(tree, 1)
    yield from walk.body(tree.body, 2)


class _Module:
    """One module's source beside its tree."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")

    def body(self, statements: list[ast.stmt], level: int, depth: int = 0) -> Iterator[tuple[str, int]]:
        """What statements define, those under a condition included."""
        for at, statement in enumerate(statements):
            if isinstance(statement, _Definition):
                yield from self._definition(statement, level, depth)
            elif isinstance(statement, _Assignment) and level == 2 and not depth:
                after = statements[at + 1] if at + 1 < len(statements) else None
                yield from self._constant(statement, after, level)
            elif isinstance(statement, ast.If | ast.Try | ast.With):
                for part in ("body", "orelse", "handlers", "finalbody"):
                    inner = getattr(statement, part, [])
                    flat = (
                        [each for one in inner for each in getattr(one, "body", [])]
                        if part == "handlers"
                        else inner
                    )
                    yield from self.body(flat, level, depth)

    def docstring(self, node: ast.Module | _Definition, level: int) -> Iterator[tuple[str, int]]:
        """The blocks of a docstring; their lines are exact where the string is written as it reads."""
        raw = ast.get_docstring(node, clean=False)
        if not raw:
            return
        first = node.body[0]
        text = _cleaned(raw, first.col_offset)
        exact = raw.count("\n") == (first.end_lineno or first.lineno) - first.lineno
        skipped = len(raw[: len(raw) - len(raw.lstrip())].split("\n")) - 1
        for offset, block in docstring_blocks(text, level):
            yield block, first.lineno + (skipped + offset if exact else 0)

    def _definition(self, node: _Definition, level: int, depth: int) -> Iterator[tuple[str, int]]:
        """A definition with its signature; a private one or one within a function only if it is documented."""
        documented = ast.get_docstring(node) is not None
        hidden = (node.name.startswith("_") and node.name != "__init__") or depth > 0
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        if documented or not hidden:
            yield f"{'#' * min(level, 5)} {node.name}", first
            yield fenced(self._signature(node, first), "python"), first
            yield from self.docstring(node, min(level, 5))
        inner = depth if isinstance(node, ast.ClassDef) else depth + 1
        if inner <= _DEEPEST and (documented or not hidden or depth):
            yield from self.body(node.body, level + 1, inner)

    def _signature(self, node: _Definition, first: int) -> str:
        """The source from the first decorator to the colon, and for a class the fields that it declares."""
        body = node.body[0]
        start = min([body.lineno, *(each.lineno for each in getattr(body, "decorator_list", []))])
        lines = self._lines[first - 1 : start - 1]
        if not lines or node.lineno == start:
            lines.append(self._cut(start, body.col_offset))
        while len(lines) > 1 and (not lines[-1].strip() or _COMMENT.match(lines[-1])):
            lines.pop()
        if isinstance(node, ast.ClassDef):
            fields = [
                field for field in node.body if isinstance(field, _Assignment) and field.lineno > node.lineno
            ]
            shown = [line for field in fields for line in self._with_comments(field)]
            lines += shown if len(shown) <= _LONGEST else []
        return dedent("\n".join(lines)).rstrip()

    def _constant(self, node: _Assignment, after: ast.stmt | None, level: int) -> Iterator[tuple[str, int]]:
        """A module's constant, if a comment or a string below it says what it is."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        lines = self._with_comments(node)
        above = lines[: -((node.end_lineno or node.lineno) - node.lineno + 1)]
        beside = _COMMENT.fullmatch(self._rest(node))
        said = [
            match[1] for line in above if (match := _COMMENT.fullmatch(line)) and not _MACHINE.match(match[1])
        ]
        if beside and not _MACHINE.match(beside[1]):
            said.append(beside[1])
        if (
            isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            said.append(inspect.cleandoc(after.value.value))
        if (
            not said
            or len(targets) != 1
            or not isinstance(targets[0], ast.Name)
            or targets[0].id == "__all__"
        ):
            return
        yield f"{'#' * level} {targets[0].id}", node.lineno
        value = self._lines[node.lineno - 1 : node.end_lineno]
        value[-1] = self._cut(node.end_lineno or node.lineno, node.end_col_offset or 0)
        if len(value) <= _LONGEST:
            yield fenced("\n".join(value), "python"), node.lineno
        for _, block in docstring_blocks("\n".join(said), level):
            yield block, node.lineno

    def _with_comments(self, node: ast.stmt) -> list[str]:
        """The lines of a statement, with those of the comment right above it."""
        first = node.lineno
        while first > 1 and re.match(r"\s*#", self._lines[first - 2]):
            first -= 1
        return self._lines[first - 1 : node.end_lineno]

    def _cut(self, line: int, column: int) -> str:
        """A line up to a column, which Python counts in bytes."""
        return self._lines[line - 1].encode()[:column].decode(errors="replace").rstrip()

    def _rest(self, node: ast.stmt) -> str:
        """What stands behind a statement on its last line."""
        end = node.end_lineno or node.lineno
        return self._lines[end - 1].encode()[node.end_col_offset or 0 :].decode(errors="replace").strip()


def _cleaned(docstring: str, column: int) -> str:
    """A docstring without the indentation of its code, as `inspect.cleandoc` does it, but never more than that.

    Where only the first line is flush left, what is indented below it is so on purpose.
    """
    first, *lines = docstring.expandtabs().split("\n")
    margin = min([column, *(len(line) - len(line.lstrip()) for line in lines if line.strip())])
    return "\n".join([first.lstrip(), *(line[margin:].rstrip() for line in lines)]).strip("\n").rstrip()
