"""From visual lines to text: wrapped lines joined, so that a sentence is whole and can be quoted.

PDFs know neither paragraphs nor words broken over two lines; both are told from geometry. Between two lines
stands nothing, a space, a line break (list item, table row, code) or a blank line (a new paragraph).
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tutor_ingest.load.page_lines import Line

_BULLET = re.compile(r"[•◦▪‣●○■□∙·]\s*\S")
_MARKER = re.compile(r"(?:[-–—*]|\(?(?:\d{1,3}|[a-z])[.)])\s+\S")  # may also begin a wrapped line by chance
_LEADER = re.compile(r"(?:\. ?){4,}\s*\w+$")  # the dots of a table of contents
_TERMINAL = re.compile(r"[.!?:;…][\"'”’)\]]*$")
# No sentence, row or item ends in one of these.
_UNFINISHED = re.compile(
    r"\b(?:[Aa]n|a|[Tt]he|[Oo]f|[Ii]n|[Oo]n|[Aa]t|[Tt]o|[Bb]y|[Ff]or|[Ff]rom|[Ww]ith|[Aa]nd|[Oo]r|[Aa]s|[Ii]nto|than|that)$"
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD = re.compile(r"[\w-]*$")
_FIRST_WORD = re.compile(r"[\w-]*")
# First halves after which English keeps the hyphen; a word of the document itself decides before these.
_COMPOUND = re.compile("self|well|non|high|low|long|short|real|full|open|end|cross|state|ill|all|half|mid|ex")

# Fitted by eye on PDFs of Chromium, pdfTeX, ReportLab, fpdf2 and DocBook (docs/decisions/0002-readers.md).
_GAP = 1.35  # a baseline step this many times the usual one starts a paragraph
_WIDE_GAP = 1.7  # a sentence goes on over a wider step, as between lines of different faces
_SAME_SIZE = 0.12  # sizes nearer than this share are one size: faces of one size differ by a few per cent
_ONE_TEXT = 0.3  # a line that is wholly code in a sentence of prose differs by up to this
_SPACE = 0.25  # width of a space, as a share of the line's height
_NEIGHBOURS = 5  # lines on either side whose right edges tell how wide the column is
_INDENT = 0.8  # an indent, as a share of the line's height


def usual_step(pages: Iterable[Sequence[Line]]) -> float:
    """The median distance of two baselines of one paragraph, as a multiple of the line's height."""
    steps = [
        (above.y - below.y) / above.size
        for lines in pages
        for above, below in pairwise(lines)
        if above.size > 0 and above.y > below.y and _same_size(above, below)
    ]
    return statistics.median_low(steps) if steps else 1.0


def vocabulary(pages: Iterable[Sequence[Line]]) -> frozenset[str]:
    """Every word of a document in lower case, with and without inner hyphens: the judge of broken words."""
    return frozenset(word.lower() for lines in pages for line in lines for word in _WORD.findall(line.text))


def unwrap(lines: Sequence[Line], step: float, words: frozenset[str]) -> str:
    """The text of one page; `step` and `words` are those of the whole document."""
    if not lines:
        return ""
    parts = [_indented(lines, 0) + lines[0].text]
    for index in range(1, len(lines)):
        above, below = lines[index - 1], lines[index]
        glue = _glue(lines, index, step)
        if above.hyphen:
            glue = _mended(above.text, below.text, words) if glue == " " else "-" + glue
        parts += [glue, _indented(lines, index) if "\n" in glue else "", below.text]
    return "".join(parts) + ("-" if lines[-1].hyphen else "")


def _glue(lines: Sequence[Line], index: int, step: float) -> str:
    above, below = lines[index - 1], lines[index]
    if above.turns != below.turns:
        return "\n\n"
    if above.table or below.table:
        return "\n" if above.table == below.table else "\n\n"
    drop = (above.y - below.y) / (above.size or 1.0)
    # After a semicolon a small letter goes on with the sentence, after a colon it may begin a list.
    goes_on = _UNFINISHED.search(above.text) is not None or (
        below.text[0].islower() and not _TERMINAL.search(above.text.removesuffix(";"))
    )
    if above.mono and below.mono:
        return "\n" if 0 < drop <= _GAP * step else "\n\n"
    if goes_on and 0 < drop <= _WIDE_GAP * step and _same_size(above, below, _ONE_TEXT):
        return _glue_in_block(lines, index, goes_on)
    if not _same_size(above, below) or (above.bold, above.mono) != (below.bold, below.mono):
        return "\n\n"
    if drop <= 0:  # beside or above: the next column
        return " " if goes_on or above.hyphen else "\n\n"
    if drop > _GAP * step:
        return "\n" if _BULLET.match(below.text) and _BULLET.match(above.text) else "\n\n"
    return _glue_in_block(lines, index, goes_on)


def _glue_in_block(lines: Sequence[Line], index: int, goes_on: bool) -> str:
    """For two lines of one size, face and column at the usual distance."""
    above, below = lines[index - 1], lines[index]
    ended, short = not goes_on and bool(_TERMINAL.search(above.text)), _ends_early(lines, index)
    if (
        _LEADER.search(above.text)
        or _BULLET.match(below.text)
        or (_MARKER.match(below.text) and (ended or short or _counts_on(above, below)))
    ):
        return "\n"
    if ended and (short or below.left - above.left > _INDENT * above.size):
        return "\n\n"
    return "\n" if short and not goes_on else " "


def _counts_on(above: Line, below: Line) -> bool:
    """Whether both lines begin with a number or dash, one below the other."""
    return _MARKER.match(above.text) is not None and abs(above.left - below.left) < _INDENT * above.size


def _ends_early(lines: Sequence[Line], index: int) -> bool:
    """Whether the next line's first word would still have fitted, so that the break was meant."""
    above, below = lines[index - 1], lines[index]
    near = lines[max(0, index - 1 - _NEIGHBOURS) : index + _NEIGHBOURS]
    edge = max(line.right for line in near if _same_size(line, above) and _overlap(line, above))
    word = len(below.text.split(maxsplit=1)[0]) / len(below.text) * (below.right - below.left)
    return above.right + _SPACE * above.size + word < edge


def _overlap(one: Line, other: Line) -> bool:
    return one is other or (one.left < other.right and other.left < one.right)


def _same_size(one: Line, other: Line, share: float = _SAME_SIZE) -> bool:
    return abs(one.size - other.size) <= share * max(one.size, other.size)


def _indented(lines: Sequence[Line], index: int) -> str:
    """The leading spaces of a line of code: its distance from the leftmost of its neighbours in the fence."""
    line = lines[index]
    width = (line.right - line.left) / len(line.text)
    if not line.mono or width <= 0:
        return ""
    first = last = index
    while first > 0 and lines[first - 1].mono and lines[first - 1].y > lines[first].y:
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].mono and lines[last + 1].y < lines[last].y:
        last += 1
    margin = min(other.left for other in lines[first : last + 1])
    return " " * min(80, round((line.left - margin) / width))


def _mended(above: str, below: str, words: frozenset[str]) -> str:
    """The hyphen, if it belongs to the word that was broken, else nothing."""
    head, tail = _LAST_WORD.search(above), _FIRST_WORD.match(below)
    first, second = (found[0].lower() if found else "" for found in (head, tail))
    if not first or not second or not second.isalpha():
        return "-"
    if first + second in words:
        return ""
    if below[0].isupper():
        return "-"
    return "-" if f"{first}-{second}" in words or "-" in first or bool(_COMPOUND.fullmatch(first)) else ""
