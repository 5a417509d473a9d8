"""Word's formulas as one line of text, as a person would type them: `w^2 / (2n)`.

A sentence whose formula is dropped says something else than its author did.
"""

from __future__ import annotations

from lxml import etree  # type: ignore[import-untyped]  # the library ships no types

from tutor_ingest.load.boilerplate import Element

_SILENT = "Pr"  # the elements of properties end so: fPr, rPr, naryPr


def linear(formula: Element) -> str:
    """The text of an `m:oMath` element; what has no form of its own here is the text of its parts in order."""
    return " ".join(_text(formula).split())


def _text(element: Element) -> str:
    kind = etree.QName(element).localname
    if kind == "t":
        return element.text or ""
    write = _FORMS.get(kind)
    return write(element) if write else "".join(_text(child) for child in _children(element))


def _children(element: Element) -> list[Element]:
    return [
        child
        for child in element
        if isinstance(child.tag, str) and not etree.QName(child).localname.endswith(_SILENT)
    ]


def _part(element: Element, name: str) -> str:
    part = element.find(f"{{*}}{name}")
    return _text(part) if part is not None else ""


def _grouped(text: str) -> str:
    """In brackets unless it is one word or number, or has them already: 1/(2n), but 1/n."""
    text = text.strip()
    whole = text.startswith("(") and text.endswith(")") and "(" not in text[1:]
    return text if text.isalpha() or text.isdecimal() or len(text) < 2 or whole else f"({text})"


def _fraction(element: Element) -> str:
    return f"{_grouped(_part(element, 'num'))}/{_grouped(_part(element, 'den'))}"


def _scripts(element: Element) -> str:
    """A base with what stands below and above it."""
    return _part(element, "e") + _limits(element)


def _limits(element: Element) -> str:
    below, above = _part(element, "sub"), _part(element, "sup")
    return (f"_{_grouped(below)}" if below.strip() else "") + (f"^{_grouped(above)}" if above.strip() else "")


def _root(element: Element) -> str:
    degree = _part(element, "deg")
    return f"{degree}√{_grouped(_part(element, 'e'))}"


def _sum(element: Element) -> str:
    """A sum, product or integral with its limits; the sign is an integral's where none is stated."""
    return f"{_stated(element, 'naryPr', 'chr', '∫')}{_limits(element)} {_part(element, 'e')}"


def _brackets(element: Element) -> str:
    opening, closing = _stated(element, "dPr", "begChr", "("), _stated(element, "dPr", "endChr", ")")
    parts = _stated(element, "dPr", "sepChr", "|").join(_text(part) for part in element.findall("{*}e"))
    return f"{opening}{parts}{closing}"


def _function(element: Element) -> str:
    name, argument = _part(element, "fName").strip(), _part(element, "e").strip()
    return f"{name}{argument}" if argument.startswith(("(", "[", "{", "|")) else f"{name} {argument}"


def _matrix(element: Element) -> str:
    rows = (", ".join(map(_text, row.findall("{*}e"))) for row in element.findall("{*}mr"))
    return "; ".join(rows)


def _stated(element: Element, properties: str, name: str, otherwise: str) -> str:
    found = element.find(f"{{*}}{properties}/{{*}}{name}")
    if found is None:
        return otherwise
    return str(found.get(f"{{{etree.QName(found).namespace}}}val", ""))


_FORMS = {
    "f": _fraction,
    "sSub": _scripts,
    "sSup": _scripts,
    "sSubSup": _scripts,
    "rad": _root,
    "nary": _sum,
    "d": _brackets,
    "func": _function,
    "m": _matrix,
}
