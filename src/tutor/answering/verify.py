"""The last gate before a person: a statement passes only if its quotes stand in the documents and prove it.

For the quote engine the proof is identity: word for word, the statement is what its quotes say, in their order,
bullets and mark-up aside. Whatever fails is dropped, never shown with a caveat.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tutor.documents import fold

_MARKER = re.compile(r"^[ \t]*(?:>[ \t]*)*(?:(?:[-*+–—](?=[ \t])|[•◦▪‣●○·])[ \t]*)+", re.MULTILINE)
_WRAPPED = re.compile(r"\n[ \t]*(?:>[ \t]?)+(?=[^\d\s>])")  # the mark on the further lines of a block quote
_TICK = re.compile(r"^([ \t>]*[-*+][ \t]+)\[[ xX]\](?=[ \t])", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-{2,}[ \t:|-]*$", re.MULTILINE)
_WORD = re.compile(
    r"[^\W_]+(?:_+[^\W_]+)*"  # words and numbers, n_estimators whole
    r"|[.,:–—](?=\d)"  # 9.7, 1,000, 10:30, 6–8
    r"|[^\w\s.,:;–—…'\"‘’“”()\[\]{}*`|\\]"  # every sign that is neither punctuation nor mark-up: ₹, %, −, ≠, !, ❌
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a statement may be shown, and why."""

    passed: bool
    reason: str


def flow(text: str) -> str:
    """A slice of a document as running text: white space folded, the marks of a wrapped block quote left out."""
    return fold(_WRAPPED.sub("\n", text))


def verify_quote(source: str, start: int, end: int, quote: str) -> Verdict:
    """Check that a quote is the text at its offsets, up to white space."""
    if not 0 <= start < end <= len(source):
        return Verdict(False, f"offsets {start} to {end} lie outside the document")
    if not quote.strip() or fold(source[start:end]) != fold(quote):
        return Verdict(False, "the quote is not the text at its offsets")
    return Verdict(True, "the quote stands at its offsets")


def verify_verbatim(statement: str, quotes: Sequence[str]) -> Verdict:
    """Check that a statement is its quotes, word for word and sign for sign, in order."""
    said = _words(statement)
    if not said:
        return Verdict(False, "the statement is empty")
    unticked = [] if _TICK.search(statement) else [_TICK.sub(r"\1", quote) for quote in quotes]
    if said in ([word for quote in read for word in _words(quote)] for read in (quotes, unticked)):
        return Verdict(True, "verbatim")
    return Verdict(False, "the statement differs from its quotes")


def _words(text: str) -> list[str]:
    """Words, numbers and signs; case kept; punctuation, mark-up and bullets dropped, the numbers of a list kept."""
    return _WORD.findall(_MARKER.sub("", _RULE.sub("", _WRAPPED.sub("\n", text))))
