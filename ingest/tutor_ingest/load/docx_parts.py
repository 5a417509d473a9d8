"""The XML inside a .docx file, put right before mammoth turns it into HTML.

mammoth goes by the names of Word's own styles and passes over what it does not know. So here a house style
that is based on a heading becomes that heading, formulas and fields become their text, text boxes paragraphs;
hidden text and the table of contents go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]  # the library ships no types

from tutor_ingest.load.boilerplate import Element
from tutor_ingest.load.docx_math import linear
from tutor_ingest.load.zipped import parse_xml

_BODIES = ("document", "footnotes", "endnotes")
_WRAPPERS = ("{*}fldSimple", "{*}bdo", "{*}dir", "{*}ruby", "{*}rubyBase")
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
_CONTENTS = re.compile(r"toc (?:\d|heading)|table of figures", re.IGNORECASE)
_DEEPEST_HEADING = 6
_NO_LEVEL = 9  # Word's outline levels count from 0, the ninth stands for running text


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph style says itself; what it leaves out is that of the style it is based on."""

    name: str
    based_on: str | None
    level: int | None
    list_id: str | None


def prepared(parts: Mapping[str, bytes]) -> dict[str, bytes] | None:
    """The XML parts of a .docx file, those with text put right; None if none is the document.

    Raises ReadError where one is not valid XML.
    """
    trees = {name: parse_xml(data, name) for name, data in parts.items()}
    styles = _Styles(trees)
    bodies = [tree for tree in trees.values() if _name(tree) in _BODIES and "wordprocessingml" in tree.tag]
    if not any(_name(body) == "document" for body in bodies):
        return None
    for body in bodies:
        _put_right(body, styles)
    return {name: etree.tostring(tree) for name, tree in trees.items()}


class _Styles:
    """The paragraph styles of a document."""

    def __init__(self, trees: Mapping[str, Element]) -> None:
        self._styles = {
            _value(style, "styleId"): _style(style)
            for tree in trees.values()
            if _name(tree) == "styles"
            for style in tree.iterfind("{*}style")
            if _value(style, "type") == "paragraph"
        }

    def _chain(self, style: str | None) -> Iterator[_Style]:
        """A style, the one it is based on, and so on."""
        seen = set()
        while style in self._styles and style not in seen:
            seen.add(style)
            yield self._styles[style]
            style = self._styles[style].based_on

    def level(self, style: str | None) -> int | None:
        """The level of heading, from 1, for which a style stands."""
        for each in self._chain(style):
            if match := _HEADING.fullmatch(each.name):
                return int(match[1])
            if each.name.lower() == "title":
                return 1
            if each.level is not None:
                return each.level + 1 if each.level < _NO_LEVEL else None
        return None

    def list_id(self, style: str | None) -> str | None:
        """The list to which the paragraphs of a style belong."""
        return next((each.list_id for each in self._chain(style) if each.list_id), None)

    def is_contents(self, style: str | None) -> bool:
        """Whether a style is that of the lines in a table of contents."""
        return any(_CONTENTS.match(each.name) for each in self._chain(style))


def _style(element: Element) -> _Style:
    level = _value(element.find("{*}pPr/{*}outlineLvl"), "val")
    return _Style(
        name=_value(element.find("{*}name"), "val") or "",
        based_on=_value(element.find("{*}basedOn"), "val"),
        level=int(level) if level and level.isdecimal() else None,
        list_id=_value(element.find("{*}pPr/{*}numPr/{*}numId"), "val"),
    )


def _put_right(body: Element, styles: _Styles) -> None:
    for tag in ("{*}softHyphen", "{*}rt", "{*}rubyPr"):
        etree.strip_elements(body, tag, with_tail=False)
    etree.strip_tags(body, *_WRAPPERS)
    for drawing in reversed(list(body.iter("{*}AlternateContent", "{*}drawing"))):
        _lift_text_box(drawing)
    for element in list(body.iter("{*}oMath", "{*}cr", "{*}ptab", "{*}vanish", "{*}docPartGallery")):
        _replace(element)
    for paragraph in list(body.iter("{*}p")):
        if paragraph.tag.endswith("main}p"):
            _restyle(paragraph, styles)


def _lift_text_box(drawing: Element) -> None:
    """Puts the paragraphs of a text box below the one to which it is anchored; mammoth needs a VML version.

    A drawing within alternatives is left to these, whose other version says the same once more.
    """
    offered = _name(drawing) == "AlternateContent"
    if not offered and next(drawing.iterancestors("{*}AlternateContent"), None) is not None:
        return
    boxes = list(drawing.iterfind("{*}Choice//{*}txbxContent" if offered else ".//{*}txbxContent"))
    paragraph = next(drawing.iterancestors("{*}p"), None)
    if not boxes or paragraph is None:
        return
    for child in reversed([child for box in boxes for child in box]):
        paragraph.addnext(child)
    _remove(drawing)


def _replace(element: Element) -> None:
    kind = _name(element)
    if kind == "oMath":
        _replace_math(element)
    elif kind == "vanish":
        run = element.getparent().getparent()
        if _name(run) == "r" and _value(element, "val") not in ("0", "false", "off"):
            _remove(run)
    elif kind == "docPartGallery":
        block = next(element.iterancestors("{*}sdt"), None)
        if block is not None and _value(element, "val") == "Table of Contents":
            _remove(block)
    else:
        element.tag = _sibling_tag(element, "br" if kind == "cr" else "tab")
        element.attrib.clear()


def _replace_math(formula: Element) -> None:
    """Puts a formula's text, in a run of its own, in the formula's place; a formula in a line of its own too."""
    paragraph = next(formula.iterancestors("{*}p"), None)
    if paragraph is None:
        return
    text = linear(formula)
    run = etree.SubElement(paragraph, _sibling_tag(paragraph, "r"))
    etree.SubElement(run, _sibling_tag(paragraph, "t")).text = text
    outer = formula.getparent() if _name(formula.getparent()) == "oMathPara" else formula
    outer.addprevious(run)
    if outer is formula or not outer.findall("{*}oMath")[1:]:
        _remove(outer)
    else:
        _remove(formula)


def _restyle(paragraph: Element, styles: _Styles) -> None:
    properties = paragraph.find("{*}pPr")
    if properties is None:
        return
    style = properties.find("{*}pStyle")
    style_id = _value(style, "val")
    if styles.is_contents(style_id):
        _remove(paragraph)
        return
    own = _value(properties.find("{*}outlineLvl"), "val")
    level = int(own) + 1 if own and own.isdecimal() and int(own) < _NO_LEVEL else styles.level(style_id)
    if level:
        if style is None:
            style = etree.SubElement(properties, _sibling_tag(paragraph, "pStyle"))
        style.set(_sibling_tag(paragraph, "val"), f"Heading{min(level, _DEEPEST_HEADING)}")
    elif properties.find("{*}numPr") is None and (list_id := styles.list_id(style_id)):
        numbering = etree.SubElement(properties, _sibling_tag(paragraph, "numPr"))
        etree.SubElement(numbering, _sibling_tag(paragraph, "numId")).set(
            _sibling_tag(paragraph, "val"), list_id
        )


def _name(element: Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _value(element: Element | None, attribute: str) -> str | None:
    """An attribute that stands in the namespace of its element, as Word writes them."""
    return None if element is None else element.get(_sibling_tag(element, attribute))


def _sibling_tag(element: Element, name: str) -> str:
    return f"{{{etree.QName(element).namespace}}}{name}"


def _remove(element: Element) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)
