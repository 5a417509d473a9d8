"""Writes a docutils tree as Markdown, as `html_markdown` writes pages, and finds the line of each block.

Going by way of HTML would lose the lines of the source, and every Sphinx node that HTML does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from textwrap import dedent

from docutils import nodes

from tutor_ingest.load.html_table import write_table
from tutor_ingest.load.marked import fenced
from tutor_ingest.load.rst_directives import described
from tutor_ingest.load.rst_words import SILENT, Words, field_name, object_name

_COMPOSED = (
    *(nodes.bullet_list, nodes.enumerated_list, nodes.definition_list, nodes.field_list, nodes.option_list),
    *(nodes.table, nodes.line_block),
)
_SAID_TO_SPHINX = ("hide-toc", "nocomments", "nosearch", "orphan", "tocdepth")
_WINDOW = 4  # lines before the one that docutils names in which a block is looked for
_WORDS = 3  # of a block that are looked for


class RstWriter:
    """Turns one document's tree into blocks of Markdown, each with its line in the source (0: not known)."""

    def __init__(self, document: nodes.document, source: str) -> None:
        self._document = document
        self._words = Words(document)
        self._lines = source.split("\n")

    def blocks(self) -> Iterator[tuple[str, int]]:
        """The blocks of the document in order."""
        yield from self._flow(self._document, 0, title="")

    def _flow(self, parent: nodes.Element, level: int, title: str | None = None) -> Iterator[tuple[str, int]]:
        """The blocks of a node. `title` is the heading that is in force for all of it; None: for part of it.

        A function or class gets a heading of its own; the one in force before is repeated after it.
        """
        loose = max((at for at, child in enumerate(parent.children) if _is_loose(child)), default=-1)
        away = False
        for at, child in enumerate(parent.children):
            if isinstance(child, described):
                headed = title is not None and (title != "" or at > loose) and bool(child["signatures"])
                yield from self._described(child, level, headed)
                away = away or headed
            elif isinstance(child, nodes.section):
                yield from self._flow(child, level + 1, self._words.one_line(child[0]))
            elif isinstance(child, nodes.title) and isinstance(parent, nodes.section):
                yield self._heading(self._words.one_line(child), level), self._line(child, child.astext())
            else:
                for block, line in self._block(child, level):
                    if away and block:
                        yield self._heading(title or "", level), line
                        away = False
                    yield block, line

    def _block(self, node: nodes.Node, level: int) -> Iterator[tuple[str, int]]:
        if isinstance(node, SILENT):
            return
        if isinstance(node, nodes.system_message):
            yield fenced(_rejected(node)), 0
        elif isinstance(node, nodes.literal_block | nodes.doctest_block):
            yield fenced(node.astext(), _language(node)), self._line(node, node.astext())
        elif isinstance(node, nodes.math_block):
            yield fenced(node.astext(), "math"), self._line(node, node.astext())
        elif isinstance(node, nodes.topic) and "contents" in node["classes"]:
            return
        elif isinstance(node, nodes.Admonition) and not isinstance(node, nodes.admonition):
            yield from self._admonition(node, level)
        elif isinstance(node, _COMPOSED) or (isinstance(node, nodes.block_quote) and node["classes"]):
            yield self._composed(node), self._line(node, node.astext())
        elif isinstance(node, nodes.Text | nodes.Inline | nodes.TextElement):
            yield " ".join(self._words.inline(node).split()), self._line(node, node.astext())
        elif isinstance(node, nodes.footnote | nodes.citation):
            yield f"[{node[0].astext()}] {self._folded(node.children[1:])}", self._line(node, node.astext())
        elif isinstance(node, nodes.Element):
            yield from self._flow(node, level)

    def _composed(self, node: nodes.Node) -> str:
        """A list, table, line block or quotation that is marked as one: what is merely indented is not."""
        if isinstance(node, nodes.bullet_list | nodes.enumerated_list):
            return self._list(node)
        if isinstance(node, nodes.definition_list | nodes.field_list | nodes.option_list):
            return "\n".join(filter(None, map(self._entry, node.children)))
        if isinstance(node, nodes.table):
            return self._table(node)
        if isinstance(node, nodes.line_block):
            return "\n".join(filter(None, map(self._words.one_line, node.findall(nodes.line))))
        return _prefixed(self._joined(node), "> ")

    def _heading(self, text: str, level: int) -> str:
        return f"{'#' * min(max(level, 1), 6)} {text}" if text else ""

    def _admonition(self, node: nodes.Element, level: int) -> Iterator[tuple[str, int]]:
        """The body of a note or warning, its first paragraph led by the kind."""
        label = type(node).__name__.capitalize()
        for at, (text, line) in enumerate(self._flow(node, level)):
            prose = at == 0 and isinstance(node[0], nodes.paragraph)
            yield (f"{label}: {text}" if prose else text), line

    def _described(self, node: described, level: int, headed: bool) -> Iterator[tuple[str, int]]:
        """A function, class or option: its heading, its signatures as code, and what is said about it."""
        signatures = node["signatures"]
        line = self._line(node, signatures[0] if signatures else "")
        name = object_name(signatures[0]) if headed else None
        if name:
            level += 1
            yield self._heading(name, level), line
        yield fenced("\n".join(signatures), node["language"]), line
        yield from self._flow(node, level, name)

    def _list(self, node: nodes.Element) -> str:
        number = int(node.get("start", 1))
        items = []
        for at, item in enumerate(node.children):
            marker = f"{number + at}. " if isinstance(node, nodes.enumerated_list) else "- "
            if isinstance(item, nodes.Element) and (text := self._joined(item)):
                items.append(marker + _indented(text, len(marker)))
        return "\n".join(items)

    def _entry(self, item: nodes.Element) -> str:
        """One entry of a list of terms, fields or options: `- term: what it means`."""
        if isinstance(item, nodes.option_list_item):
            name = self._words.inline(nodes.literal("", item[0].astext().replace("\n\n", ", ")))
            body = [item[-1]]
        elif isinstance(item, nodes.field):
            name, body = field_name(item[0].astext()), [item[-1]]
        else:
            head = takewhile(lambda node: not isinstance(node, nodes.definition), item.children)
            name = " : ".join(map(self._words.one_line, head))
            body = [child for child in item.children if isinstance(child, nodes.definition)]
        text = "\n\n".join(filter(None, map(self._joined, body)))
        if isinstance(item, nodes.field) and (not text or name in _SAID_TO_SPHINX):
            return ""
        separator = " " if name.endswith(":") else ": "
        return "- " + _indented(f"{name}{separator}{text}" if text else name, 2)

    def _table(self, table: nodes.Element) -> str:
        captions = [self._words.one_line(title) for title in table.findall(nodes.title)]
        grid: list[list[str]] = []
        hanging: dict[tuple[int, int], str] = {}  # cells that reach down from above, by row and column
        for number, row in enumerate(table.findall(nodes.row)):
            cells: list[str] = []
            for entry in row.children:
                while (number, len(cells)) in hanging:
                    cells.append(hanging.pop((number, len(cells))))
                text = self._folded(entry.children)
                for down in range(1, entry.get("morerows", 0) + 1):
                    hanging[number + down, len(cells)] = text
                cells += [text, *[""] * entry.get("morecols", 0)]
            while (number, len(cells)) in hanging:
                cells.append(hanging.pop((number, len(cells))))
            grid.append(cells)
        filled = [row for row in grid if any(row)]
        header = next(iter(table.findall(nodes.thead)), None) is not None
        return "\n\n".join([*filter(None, captions), write_table(filled, header)]) if filled else ""

    def _joined(self, node: nodes.Element) -> str:
        """The blocks of a node as one text; a list follows its lead without a blank line."""
        text = ""
        for block, _ in self._flow(node, 6):
            gap = "\n" if re.match(r"- |\d+\. ", block) and text else "\n\n" if text else ""
            text += gap + block if block else ""
        return text

    def _folded(self, children: list[nodes.Node]) -> str:
        return " ".join(" ".join(text for child in children for text, _ in self._block(child, 6)).split())

    def _line(self, node: nodes.Node, text: str) -> int:
        """The line on which a block begins: the one near that of docutils that holds its first word.

        Docutils gives the underline for a title and for some directives the last line; words that are
        nowhere near mean that the number is not known.
        """
        named = getattr(node, "line", None)
        if named is None:
            return 0
        near = sorted(range(named - _WINDOW, named + 2), key=lambda line: (abs(line - named), line))
        lines = [line for line in near if 0 < line <= len(self._lines)]
        words = re.findall(r"\w+", text[:200])[:_WORDS]  # the first may come from a substitution
        return next((line for word in words for line in lines if word in self._lines[line - 1]), 0)


def _rejected(message: nodes.Element) -> str:
    """The body of a directive that docutils could not make sense of, without its name and options."""
    source = next(
        (child.astext() for child in message.children if isinstance(child, nodes.literal_block)), ""
    )
    if not source.lstrip().startswith(".."):
        return ""
    body = [line for line in source.split("\n")[1:] if not re.match(r"\s*:[\w-]+:", line)]
    return dedent("\n".join(body))


def _language(node: nodes.Element) -> str:
    return "python" if isinstance(node, nodes.doctest_block) else str(node.get("language", ""))


def _is_loose(node: nodes.Node) -> bool:
    """Whether a node is text that belongs to no object before it."""
    return not isinstance(node, (described, nodes.section, *SILENT))


def _indented(text: str, width: int) -> str:
    return re.sub(r"\n(?=[^\n])", "\n" + " " * width, text)


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join(f"{prefix}{line}".rstrip() for line in text.split("\n")) if text else ""
