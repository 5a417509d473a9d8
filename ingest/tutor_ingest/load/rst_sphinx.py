"""Lends docutils the directives and roles that a file uses and docutils does not know, such as Sphinx's.

Docutils puts an error in place of what it does not know, and the text is lost. So the names in a file are
looked up first, and each unknown one is read by its words.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives, roles
from docutils.parsers.rst.languages import en

from tutor_ingest.load.rst_directives import directive_for

_NAME = r"(?:(?!_)\w)+(?:[-._+:](?:(?!_)\w)+)*"
_DIRECTIVE = re.compile(rf"\.\.[ ]+(?:\|[^|\n]+\|[ ]+)?({_NAME})[ ]?::(?=\s|$)")
_ROLE = re.compile(rf":({_NAME}):(?=`)|(?<=`):({_NAME}):|default-role::[ ]+({_NAME})")
_EXPLICIT = re.compile(r"(?P<text>.+?)\s*(?<!\\)<[^<>]*>", re.DOTALL)
_CODE_ROLES = frozenset(
    """
    attr class command const data decorator enum envvar exc file func keyword macro member meth mod module obj
    opcode option program pymeth samp struct token type union var
    """.split()  # noqa: SIM905
)
_CALLED = ("func", "meth")

_registries = threading.Lock()


@contextmanager
def sphinx_names(source: str) -> Iterator[None]:
    """While it lasts, docutils knows every directive and role that the source names.

    Its registries belong to the whole process, and a file can add roles to them; afterwards they are what
    they were, so that no file changes how the next one is read.
    """
    with _registries:
        before = dict(directives._directives), dict(roles._roles)
        try:
            for name in {match[1].lower() for match in _DIRECTIVE.finditer(source)}:
                if directive := directive_for(name):
                    directives.register_directive(name, directive)
            for name in {next(filter(None, match.groups())).lower() for match in _ROLE.finditer(source)}:
                if name == "index" or name not in en.roles:
                    roles.register_local_role(name, _role)
            yield
        finally:
            for registry, content in zip((directives._directives, roles._roles), before, strict=True):
                registry.clear()
                registry.update(content)


def _role(
    name: str,
    rawtext: str,
    text: str,
    lineno: int,
    inliner: Any,
    options: Mapping[str, Any] | None = None,
    content: object = None,
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """The words of a reference: its own text, else its target's, shortened where a `~` asks for it."""
    words = nodes.unescape(text)
    kind = name.lower().rpartition(":")[2]
    explicit = _EXPLICIT.fullmatch(words)
    if explicit:
        words = explicit["text"]
    elif words.startswith("~"):
        words = re.split(r"[./]", words[1:])[-1]
    words = words.removeprefix("!")
    if kind in _CODE_ROLES:
        if kind in _CALLED and not explicit and not words.endswith(")"):
            words += "()"
        return [nodes.literal(rawtext, words)], []
    node = nodes.inline(rawtext, words)
    if kind in ("ref", "numref") and not explicit:
        node["label"] = nodes.fully_normalize_name(words)
    return [node], []
