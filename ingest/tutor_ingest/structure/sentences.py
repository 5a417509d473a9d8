"""Sentence boundaries within one block of prose.

The library sentencex proposes the boundaries; it is fast and knows English abbreviations. It was not
made for Markdown or technical prose, so a few rules repair its proposals: closing marks (`**`, `)`, a
footnote) go with the sentence before, a full stop inside code, a link or a dotted name ends nothing, more
abbreviations are known, and a label such as `Step 2.` stays with the sentence that it labels.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

import sentencex  # type: ignore[import-untyped]  # it ships no types

_CLOSERS = re.compile(r"(?:[*_~\"”’'»)]|\]\([^()\s]{0,500}\)|\]|\[\^?[\w, –-]{1,20}\])*")
_WINDOW = 4_000  # characters
_ENDS_WITHOUT_SPACE = "。！？"

# Boundaries that sentencex does not see: after a sentence in brackets, an ellipsis, or a URL with its stop.
_MISSED = re.compile(
    r"(?:[.!?][*_]{0,3}[)\]](?:\([^()\s]{0,500}\))?[*_]{0,3}|…|https?://[^\s<>]{1,500}(?<=[\w/])\.)"
    r"(?=\s+[*_(\[\"“]{0,4}[A-Z])"
)

_LINK = re.compile(r"\[[^\[\]]{0,300}\]\([^()\n]{0,500}\)|<https?://[^<>\s]{0,500}>")
_BACKTICKS = re.compile(r"`+")

_LAST_WORD = re.compile(r"(?:^|[\s(\[\"“*_/–—-])([A-Za-z]+(?:\.[A-Za-z]+){0,3})\.[)\]*_\"”’']{0,6}$")
_NUMBER = re.compile(r"\d\.$")
_NEVER_LAST = frozenset(["e.g", "i.e", "vs", "cf", "ca", "approx", "viz", "dr", "prof", "mr", "mrs", "ms"])
_BEFORE_LOWER_OR_DIGIT = frozenset(
    """
    etc incl excl sec secs fig figs eq eqs resp min mins max vol vols ch chap chs pp p pg ed eds est avg
    yr yrs hr hrs mo mos wk wks dept univ ver v al std dev temp ref refs tab def thm ex addl misc sq
    ph.d m.sc b.sc u.s u.k a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec
    """.split()  # noqa: SIM905 - sixty words read better as a text
)
_BEFORE_DIGIT = frozenset(("no", "nos", "art"))

_LABEL = re.compile(
    r"[*_(]{0,4}(?:\d{1,3}|[A-Za-z]|[ivx]{1,4}|"
    r"(?:step|phase|stage|part|week|month|day|chapter|section|level|module|lesson|tip|table|figure|fig\.)"
    r"\s\d{1,3}(?:\.\d{1,3}){0,3})[.)][*_)]{0,4}",
    re.IGNORECASE,
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences of one paragraph, item or cell as half-open character offsets into `text`.

    The spans are in order, do not overlap, neither start nor end with white space, and hold every character
    that is not white space. Markdown marks and soft line breaks stay inside them.
    """
    guarded = _guarded(text)
    bounds = [end for end in _candidates(text) if not _inside(end, guarded) and _is_boundary(text, end)]
    return _join_labels(text, _trimmed(text, bounds))


def _candidates(text: str) -> list[int]:
    """Offsets at which a sentence may end, closing marks included, in order and each once."""
    ends = {_closed(text, end) for end in _proposed(text)}
    ends.update(match.end() for match in _MISSED.finditer(text))
    return sorted(ends)


def _proposed(text: str) -> Iterator[int]:
    """The sentence ends that sentencex proposes.

    Its time grows with the square of the text where there are many quotes, backticks or characters beyond
    ASCII (100,000 Chinese characters: 2 s), so a long text is read in windows that each begin at a sentence.
    """
    start = 0
    while start < len(text):
        window = text[start : start + _WINDOW]
        ends = [start + boundary["end_index"] for boundary in sentencex.get_sentence_boundaries("en", window)]
        if start + len(window) == len(text):
            yield from ends
            return
        yield from ends[:-1]
        space = window.rfind(" ", len(window) // 2)
        start = ends[-2] if len(ends) > 1 else start + (space if space > 0 else len(window))


def _closed(text: str, end: int) -> int:
    """The end of a sentence without the white space after it, and with the closing marks that adjoin it."""
    while end and text[end - 1].isspace():
        end -= 1
    match = _CLOSERS.match(text, end)
    after = match.end() if match else end
    return after if after == len(text) or text[after].isspace() else end


def _is_boundary(text: str, end: int) -> bool:
    """Whether a proposed end is one: white space follows, and no abbreviation or ordinal number precedes."""
    if end == len(text):
        return True
    if not text[end].isspace():
        return text[end - 1 : end] in _ENDS_WITHOUT_SPACE
    following = _next_letter(text, end)
    if _NUMBER.search(text, max(0, end - 4), end):
        return not following.islower()
    match = _LAST_WORD.search(text, max(0, end - 24), end)
    return match is None or not _continues(match[1].lower(), following, text[end - 1])


def _continues(word: str, following: str, last: str) -> bool:
    """Whether a sentence goes on after the abbreviation `word`, by the letter that follows its stop."""
    if word in _NEVER_LAST:
        return True
    if word in _BEFORE_LOWER_OR_DIGIT:
        return following.islower() or following.isdigit() or last in ")]"
    return word in _BEFORE_DIGIT and following.isdigit()


def _next_letter(text: str, end: int) -> str:
    """The first letter or digit shortly after an offset, opening marks skipped, or nothing."""
    return next((char for char in text[end : end + 16] if char.isalnum()), "")


def _guarded(text: str) -> list[tuple[int, int]]:
    """Ranges in which no sentence ends: code spans, links, autolinks; in order, overlapping ones merged."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted([*_code_spans(text), *(match.span() for match in _LINK.finditer(text))]):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Code spans as CommonMark pairs them: a run of backticks closes at the next run of the same length."""
    runs = [match.span() for match in _BACKTICKS.finditer(text)]
    closers: list[int | None] = [None] * len(runs)
    latest: dict[int, int] = {}
    for index in range(len(runs) - 1, -1, -1):
        length = runs[index][1] - runs[index][0]
        closers[index] = latest.get(length)
        latest[length] = index
    index = 0
    while index < len(runs):
        closer = closers[index]
        if closer is not None:
            yield runs[index][0], runs[closer][1]
            index = closer
        index += 1


def _inside(offset: int, ranges: list[tuple[int, int]]) -> bool:
    """Whether an offset lies strictly inside one of the ranges."""
    index = bisect.bisect_left(ranges, (offset, 0)) - 1
    return index >= 0 and offset < ranges[index][1]


def _trimmed(text: str, bounds: list[int]) -> list[tuple[int, int]]:
    """The pieces between boundaries without outer white space; empty pieces are left out."""
    spans = []
    start = 0
    for end in [*bounds, len(text)]:
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            spans.append((left, right))
        start = max(start, end)
    return spans


def _join_labels(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join a bare label (`1.`, `Step 2.`) to the sentence after it, and stray marks to the one before."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and (_is_label(text, *joined[-1]) or not any(map(str.isalnum, text[start:end]))):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_label(text: str, start: int, end: int) -> bool:
    """Whether a span is only an enumerator or a numbered label, or holds no letter or digit at all."""
    if end - start > 40:
        return False
    piece = text[start:end]
    return _LABEL.fullmatch(piece) is not None or not any(map(str.isalnum, piece))
