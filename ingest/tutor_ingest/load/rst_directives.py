"""The directives of Sphinx, and a reading for any directive that docutils does not know.

What is unknown keeps its words; a few that only list, number or draw things are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.parsers.rst.languages import en

_DROPPED = frozenset(
    """
    bibliography codeauthor contents cssclass currentmodule default-domain digraph graph graphviz highlight
    include index inheritance-diagram literalinclude mermaid meta module moduleauthor plantuml py:currentmodule
    py:module rst-class sectionauthor sectnum section-numbering tabularcolumns target-notes toctree uml youtube
    """.split()  # noqa: SIM905 - thirty words read better as a text
)
_NAMES_LANGUAGE = frozenset(("code", "code-block", "sourcecode", "code-cell", "prompt"))
_LANGUAGES = {
    **dict.fromkeys(("doctest", "testcode", "testsetup", "testcleanup", "plot", "nbplot"), "python"),
    **dict.fromkeys(("ipython", "ipython3", "jupyter-execute"), "python"),
}
_CODE = frozenset((*_NAMES_LANGUAGE, *_LANGUAGES, "productionlist", "testoutput"))
_NAMELESS = frozenset(("figure", "container", "only", "ifconfig", "grid", "grid-item", "tab-set", "tabs"))
_OBJECTS = frozenset(
    """
    attribute class classmethod cmdoption confval data decorator decoratormethod describe enum enumerator
    envvar exception function macro member method object opcode option property staticmethod struct type
    typevar union var
    """.split()  # noqa: SIM905
)
_DOMAINS = {"py": "python", "c": "c", "cpp": "cpp", "js": "javascript"}
_NOT_PYTHON = frozenset(("cmdoption", "confval", "describe", "envvar", "object", "opcode", "option"))
_VERSIONS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
    "deprecated-removed": "Deprecated since version",
}


class described(nodes.General, nodes.Element):  # type: ignore[misc]  # noqa: N801 - as docutils, untyped, does
    """A function, class or option: its `signatures`, their `language`, and what is said about it."""


class _AnyOption(dict[str, Any]):
    """An option table that knows every option; docutils rejects a directive for one that it does not know."""

    def __bool__(self) -> bool:
        return True

    def __missing__(self, key: str) -> Any:
        return directives.unchanged


class _Lenient(Directive):  # type: ignore[misc]  # docutils ships no types
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = _AnyOption()
    has_content = True

    def parsed(self) -> list[nodes.Node]:
        """The content as blocks."""
        holder = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, holder)
        return list(holder.children)

    def paragraphs(self, text: str) -> list[nodes.Node]:
        """Text from the directive's argument as a paragraph of running text."""
        if not text.strip():
            return []
        inline, messages = self.state.inline_text(text, self.lineno)
        paragraph = nodes.paragraph(text, "", *inline)
        paragraph.line = self.lineno
        return [paragraph, *messages]


class _Dropped(_Lenient):
    def run(self) -> list[nodes.Node]:
        return []


class _Kept(_Lenient):
    """Argument and content as they come; the argument of a figure or an automatic listing is a mere name."""

    def run(self) -> list[nodes.Node]:
        argument = " ".join(self.arguments)
        label = _VERSIONS.get(self.name)
        if self.name in _NAMELESS:
            argument = ""
        elif label:
            version, _, text = argument.partition("\n" if "\n" in argument else " ")
            argument = f"{label} {version}: {text}" if text.strip() else f"{label} {version}"
            if not text.strip() and self.content:
                return self._led(argument)
        elif self.name == "seealso":
            return self._led("See also", argument)
        elif self.name.startswith("auto") and argument:
            return [_described(self, [argument.strip()], "python", self.parsed())]
        return [*self.paragraphs(argument), *self.parsed()]

    def _led(self, label: str, argument: str = "") -> list[nodes.Node]:
        body = [*self.paragraphs(argument), *self.parsed()]
        if body and isinstance(body[0], nodes.paragraph):
            body[0].insert(0, nodes.Text(f"{label}: "))
            return body
        return [*self.paragraphs(f"{label}:"), *body]


class _Code(_Lenient):
    """Code as it stands; where no blank line follows the directive, docutils takes the code for its argument."""

    def run(self) -> list[nodes.Node]:
        argument, code = "\n".join(self.arguments), "\n".join(self.content)
        is_code = "\n" in argument or ">>>" in argument or self.name == "productionlist"
        named = argument if self.name in _NAMES_LANGUAGE and not is_code else ""
        text = f"{argument}\n{code}" if is_code else code
        block = nodes.literal_block(text, text, language=named or _LANGUAGES.get(self.name, ""))
        block.line = self.content_offset + 1
        caption = self.paragraphs(str(self.options.get("caption") or ""))
        return [*caption, block] if text.strip() else caption


class _Raw(_Lenient):
    """Nothing, but a node: a substitution may be defined by it."""

    def run(self) -> list[nodes.Node]:
        return [nodes.raw()]


class _Summary(_Lenient):
    """A list of names, one to a line."""

    def run(self) -> list[nodes.Node]:
        names = [line.strip() for line in self.content if line.strip()]
        items = (nodes.list_item("", nodes.paragraph("", "", nodes.literal(name, name))) for name in names)
        return [nodes.bullet_list("", *items)] if names else []


class _Math(_Lenient):
    def run(self) -> list[nodes.Node]:
        text = "\n".join([*self.arguments, *self.content])
        block = nodes.math_block(text, text)
        block.line = self.lineno
        return [block]


class _Object(_Lenient):
    def run(self) -> list[nodes.Node]:
        signatures = [line.strip() for line in "".join(self.arguments).replace("\\\n", "").split("\n")]
        domain, _, kind = self.name.rpartition(":")
        language = _DOMAINS.get(domain or "py", "") if kind not in _NOT_PYTHON else ""
        return [_described(self, list(filter(None, signatures)), language, self.parsed())]


class _Class(_Object):
    """In docutils a style for what follows, in Sphinx a class; the style has neither case nor body."""

    def run(self) -> list[nodes.Node]:
        argument = "".join(self.arguments)
        named = re.search(r"[A-Z(.]", argument) is not None
        return super().run() if named else self.parsed()


_SPECIAL: Mapping[str, type[_Lenient]] = {
    "autosummary": _Summary,
    "class": _Class,
    "figure": _Kept,
    "math": _Math,
    "raw": _Raw,
}


def _described(
    directive: _Lenient, signatures: list[str], language: str, body: list[nodes.Node] | None = None
) -> nodes.Node:
    node = described("", *(body or ()), signatures=signatures, language=language)
    node.line = directive.lineno
    return node


def directive_for(name: str) -> type[_Lenient] | None:
    """The directive by which a name is read, or None where docutils reads it well."""
    domain, _, kind = name.rpartition(":")
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name in _DROPPED:
        return _Dropped
    if name in _CODE:
        return _Code
    if kind in _OBJECTS and (domain in ("", "rst", "std") or domain in _DOMAINS):
        return _Object
    return None if name in en.directives else _Kept
