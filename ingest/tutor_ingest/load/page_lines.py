"""The visual lines of a PDF page, with the little geometry that tells paragraphs from wrapped lines."""

from __future__ import annotations

import ctypes
import math
import re
import statistics
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import pypdfium2.raw as pdfium_c  # type: ignore[import-untyped]  # the library ships no types
from pypdfium2 import PdfTextPage

_BREAKS = (0x0A, 0x0D)
_WRAP_HYPHENS = (0x02, 0xFFFE)  # what PDFium makes of a hyphen at the end of a line
_DROPPED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u00ad\ufeff\ufffe\uffff]"
)  # controls, soft hyphens, non-characters
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_SYMBOL_BULLET = "\uf0b7"  # the bullet of the Symbol font, a private code point
_SAMPLES = 5  # characters looked at to tell a line's size and face; one foreign character must not decide
_FIXED_PITCH = 1  # bit 1 of the font descriptor's flags, PDF 32000-1 table 123
_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_MONO = re.compile(r"mono|courier|consol|typewriter", re.IGNORECASE)
_BOLD_WEIGHT = 600
_ASKEW = 0.1  # radians by which a line may miss a quarter turn, as in a scan that was laid askew

Size = tuple[float, float]
_Box = tuple[float, float, float, float]  # left, bottom, right, top


class Word(NamedTuple):
    """The characters between two spaces, and where they begin and end."""

    text: str
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Line:
    """One visual line; lengths in points, `y` is that of the baseline, counted upwards from the page's foot.

    `hyphen` says that the line ended in a hyphen, which `text` no longer has. `turns` says by how many quarter turns
    the page has to be turned clockwise for the line to be level; its lengths are those of the page when it is. `words` are
    there only until tables are told from text; rows of one table have its number as `table`, all other lines 0.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool = False
    mono: bool = False
    hyphen: bool = False
    turns: int = 0
    words: tuple[Word, ...] = ()
    table: int = 0


def read_lines(page: PdfTextPage, size: Size) -> list[Line]:
    """The lines of a page that hold text, in PDFium's reading order; `size` is the page's width and height."""
    lines = (_line(page, run, hyphen, size) for run, hyphen in _runs(page))
    return [line for line in lines if line is not None]


def _runs(page: PdfTextPage) -> Iterator[tuple[list[tuple[int, int]], bool]]:
    """Each line as pairs of character index and code, and whether it ended in a hyphen."""
    run: list[tuple[int, int]] = []
    for index in range(page.count_chars()):
        code = pdfium_c.FPDFText_GetUnicode(page, index)
        if code in _BREAKS or code in _WRAP_HYPHENS:
            yield run, code in _WRAP_HYPHENS
            run = []
        else:
            run.append((index, code))
    yield run, False


def _line(page: PdfTextPage, run: list[tuple[int, int]], hyphen: bool, size: Size) -> Line | None:
    text = _clean([code for _, code in run])
    visible = [index for index, code in run if not chr(code).isspace()]
    if not text or not visible:
        return None
    sampled = visible[:: max(1, len(visible) // _SAMPLES)]
    turns = _quarter_turns(page, visible[0])
    boxes = [
        _turned(page.get_charbox(index, loose=True), turns, size)
        for index in (visible[0], *sampled, visible[-1])
    ]
    faces = [_face(page, index) for index in sampled]
    return Line(
        text=text,
        left=boxes[0][0],
        right=boxes[-1][2],
        y=_turned(_origin(page, visible[0]), turns, size)[1],
        size=statistics.median(abs(top - bottom) for _, bottom, _, top in boxes),
        bold=all(bold for bold, _ in faces),
        mono=all(mono for _, mono in faces),
        hyphen=hyphen,
        turns=turns,
        words=tuple(_words(page, run, turns, size)),
    )


def _words(page: PdfTextPage, run: list[tuple[int, int]], turns: int, size: Size) -> Iterator[Word]:
    for is_space, group in groupby(run, lambda pair: chr(pair[1]).isspace()):
        word = list(group)
        text = "" if is_space else _clean([code for _, code in word])
        if text:
            first, last = (_turned(page.get_charbox(word[at][0], loose=True), turns, size) for at in (0, -1))
            yield Word(text, first[0], last[2])


def _quarter_turns(page: PdfTextPage, index: int) -> int:
    """By how many quarter turns a character is turned counter-clockwise; 0 for any slant between two of them."""
    angle: float = pdfium_c.FPDFText_GetCharAngle(page, index)  # clockwise, negative where it is unknown
    turns = round(angle / (math.pi / 2))
    return -turns % 4 if angle >= 0 and abs(angle - turns * math.pi / 2) <= _ASKEW else 0


def _turned(box: _Box, turns: int, size: Size) -> _Box:
    """A box on the page as it lies when the page is turned clockwise."""
    (left, bottom, right, top), (width, height) = box, size
    for _ in range(turns):
        left, bottom, right, top = bottom, width - right, top, width - left
        width, height = height, width
    return left, bottom, right, top


def _clean(codes: list[int]) -> str:
    """The characters as text: surrogate pairs joined, ligatures spelt out, white space folded."""
    text = "".join(map(chr, codes)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _DROPPED.sub("", text).replace(_SYMBOL_BULLET, "•")
    text = _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return " ".join(text.split())


def _origin(page: PdfTextPage, index: int) -> _Box:
    """The point on the baseline at which a character begins, as a box without extent."""
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharOrigin(page, index, x, y)
    return x.value, y.value, x.value, y.value


def _face(page: PdfTextPage, index: int) -> tuple[bool, bool]:
    """Whether a character is bold and whether its font is of fixed pitch; an unnamed font is neither."""
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(page, index, name, len(name), flags)
    font = name.value.decode("utf-8", "replace")
    bold = bool(_BOLD.search(font)) or pdfium_c.FPDFText_GetFontWeight(page, index) >= _BOLD_WEIGHT
    return bold, bool(flags.value & _FIXED_PITCH) or bool(_MONO.search(font))
