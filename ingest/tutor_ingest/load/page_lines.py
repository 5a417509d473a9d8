"""The visual lines of a PDF page, with the little geometry that tells paragraphs from wrapped lines."""

from __future__ import annotations

import ctypes
import re
import statistics
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Line:
    """One visual line; lengths in points, `y` is that of the baseline, counted upwards from the page's foot.

    `hyphen` says that the line ended in a hyphen, which `text` no longer has.
    """

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool = False
    mono: bool = False
    hyphen: bool = False


def read_lines(page: PdfTextPage) -> list[Line]:
    """The lines of a page that hold text, in PDFium's reading order."""
    lines = (_line(page, run, hyphen) for run, hyphen in _runs(page))
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


def _line(page: PdfTextPage, run: list[tuple[int, int]], hyphen: bool) -> Line | None:
    text = _clean([code for _, code in run])
    visible = [index for index, code in run if not chr(code).isspace()]
    if not text or not visible:
        return None
    sampled = visible[:: max(1, len(visible) // _SAMPLES)]
    boxes = [page.get_charbox(index, loose=True) for index in (visible[0], *sampled, visible[-1])]
    faces = [_face(page, index) for index in sampled]
    return Line(
        text=text,
        left=boxes[0][0],
        right=boxes[-1][2],
        y=_baseline(page, visible[0]),
        size=statistics.median(abs(top - bottom) for _, bottom, _, top in boxes),
        bold=all(bold for bold, _ in faces),
        mono=all(mono for _, mono in faces),
        hyphen=hyphen,
    )


def _clean(codes: list[int]) -> str:
    """The characters as text: surrogate pairs joined, ligatures spelt out, white space folded."""
    text = "".join(map(chr, codes)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _DROPPED.sub("", text).replace(_SYMBOL_BULLET, "•")
    text = _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return " ".join(text.split())


def _baseline(page: PdfTextPage, index: int) -> float:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium_c.FPDFText_GetCharOrigin(page, index, x, y)
    return y.value


def _face(page: PdfTextPage, index: int) -> tuple[bool, bool]:
    """Whether a character is bold and whether its font is of fixed pitch; an unnamed font is neither."""
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    pdfium_c.FPDFText_GetFontInfo(page, index, name, len(name), flags)
    font = name.value.decode("utf-8", "replace")
    bold = bool(_BOLD.search(font)) or pdfium_c.FPDFText_GetFontWeight(page, index) >= _BOLD_WEIGHT
    return bold, bool(flags.value & _FIXED_PITCH) or bool(_MONO.search(font))
