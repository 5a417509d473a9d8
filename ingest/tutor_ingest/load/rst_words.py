"""The running text of a docutils tree: what of its inline markup a reader sees."""

from __future__ import annotations

from docutils import nodes

# What is said to docutils, or is no text.
SILENT = (
    *(nodes.comment, nodes.decoration, nodes.image, nodes.meta, nodes.pending, nodes.raw),
    *(nodes.substitution_definition, nodes.target, nodes.transition),
)
_SILENT_INLINE = (*SILENT[:-2], nodes.footnote_reference, nodes.system_message)  # a target has words
_PARAMETERS = ("param", "parameter", "arg", "argument", "key", "keyword")
_MODIFIERS = ("class", "async", "classmethod", "staticmethod", "abstractmethod", "exception", "static", "def")


class Words:
    """Reads the text of nodes; it knows the document because a reference may name one of its sections."""

    def __init__(self, document: nodes.document) -> None:
        self._document = document

    def one_line(self, node: nodes.Node) -> str:
        """A node's text with its white space folded."""
        return " ".join(self.inline(node).split())

    def inline(self, node: nodes.Node) -> str:
        """A node's text: code in backticks, formulas in dollars, other markup dropped."""
        if isinstance(node, nodes.Text):
            return str(node.astext())
        if isinstance(node, _SILENT_INLINE):
            return ""
        if isinstance(node, nodes.literal):
            return _code(node.astext())
        if isinstance(node, nodes.math):
            return f"${node.astext()}$"
        if isinstance(node, nodes.citation_reference):
            return f"[{node.astext()}]"
        if "label" in node:
            return self._section_named(node["label"]) or str(node.astext())
        text = "".join(map(self.inline, node.children))
        return f"^{text}" if isinstance(node, nodes.superscript) and text.isalnum() else text

    def _section_named(self, label: str) -> str:
        """The title of this document's section that bears a label, or nothing."""
        target = self._document.ids.get(self._document.nameids.get(label))
        return self.one_line(target[0]) if isinstance(target, nodes.section) else ""


def object_name(signature: str) -> str:
    """The name in a signature: `Tree.fit` in `class Tree.fit(X, y)`, all of `--jobs N` and of what has no name."""
    words = signature.split("(")[0].split()
    while len(words) > 1 and words[0] in _MODIFIERS:
        words = words[1:]
    name = " ".join(words) if signature.startswith("-") else words[-1] if "(" in signature and words else ""
    return name or " ".join(words) or signature


def field_name(name: str) -> str:
    """A field's name as Sphinx shows it: `param int x` as `x (int)`."""
    first, *kind, last = name.split() if " " in name else (name, "")
    if first not in _PARAMETERS or not last:
        return name
    return f"{last} ({' '.join(kind)})" if kind else last


def _code(text: str) -> str:
    folded = " ".join(text.split())
    return f"`` {folded} ``" if "`" in folded else f"`{folded}`" if folded else ""
