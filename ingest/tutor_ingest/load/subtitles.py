"""Subtitles as running text: sentences are cut where the screen is full, and must be whole to be quoted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from tutor.errors import ReadError
from tutor_ingest.load.content import Content
from tutor_ingest.load.cues import Cue, Line, cues
from tutor_ingest.load.encoding import decode
from tutor_ingest.load.marked import Marks

_PAUSE = 4_000  # milliseconds of silence after which a new paragraph begins
_SENTENCES = 5  # in a paragraph, after which the next may begin
_LONGEST = 40  # words per sentence end; more than this is speech without punctuation
_ROLLING = 0.3  # share of cues that repeat a line of the one before, from which captions roll
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)\]]*(?=\s|$)")
_HEADER = re.compile(r"WEBVTT[ \t]+(?:-+[ \t]*)?([^\n]+)")
_LANGUAGE = re.compile(r"^Language:[ \t]*([\w-]{2,20})[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one cue adds: its words, where it begins, and whether somebody else speaks from here on."""

    start: int
    end: int
    text: str
    speaker: str | None
    turn: bool


def read(data: bytes, name: str) -> Content:
    """The cues of a SubRip or WebVTT file joined into paragraphs; marks are the times at which they are shown.

    A paragraph ends where nobody speaks for four seconds, where the speaker changes, and after five
    sentences; speech without punctuation is parted at its longest pauses. Lines that roll up the screen are
    kept once. The format is Markdown because in plain text a short turn above a long one passes for a
    heading. Raises ReadError for a file without any readable cue.
    """
    text = decode(data)
    web = text.lstrip().startswith("WEBVTT")
    shown = cues(text, blank_line_ends=web)
    if not shown:
        raise ReadError("holds no readable cue")
    pieces = list(_pieces(shown))
    paragraphs = [part for paragraph in _paragraphs(pieces) for part in _parted(paragraph)]
    joined, marks = _written(paragraphs)
    header, language = (_HEADER.match(text.lstrip()), _LANGUAGE.search(text[:500])) if web else (None, None)
    return Content(
        text=joined,
        format="markdown",
        title=" ".join(header[1].split()) or None if header else None,
        marks=marks,
        metadata={"language": language[1]} if language else {},
    )


def _pieces(shown: list[Cue]) -> Iterator[_Piece]:
    """What each cue adds to those before it, parted where the speaker changes."""
    repeats = [0, *(_repeated(before, cue) for before, cue in pairwise(shown))]
    rolling = sum(map(bool, repeats)) > _ROLLING * len(shown)
    for cue, repeat in zip(shown, repeats, strict=True):
        for line in _without(cue.lines, repeat if rolling else 0):
            yield _Piece(cue.start, cue.end, line.text, line.speaker, line.turn)


def _repeated(before: Cue, cue: Cue) -> int:
    """How many words at the start of a cue are whole last lines of the cue before it."""
    words = _words(cue.lines)
    for first in range(len(before.lines)):
        tail = _words(before.lines[first:])
        if words[: len(tail)] == tail:
            return len(tail)
    return 0


def _words(lines: tuple[Line, ...]) -> list[str]:
    return [word for line in lines for word in line.text.split()]


def _without(lines: tuple[Line, ...], words: int) -> Iterator[Line]:
    """The lines without their first words, those of one speaker joined."""
    joined: list[Line] = []
    for line in lines:
        own = line.text.split()
        rest, words = " ".join(own[words:]), max(0, words - len(own))
        if not rest:
            continue
        if joined and not line.turn and line.speaker == joined[-1].speaker:
            joined[-1] = replace(joined[-1], text=f"{joined[-1].text} {rest}")
        else:
            joined.append(replace(line, text=rest))
    yield from joined


def _paragraphs(pieces: list[_Piece]) -> list[list[_Piece]]:
    punctuated = _is_punctuated(pieces)
    paragraphs: list[list[_Piece]] = []
    sentences = 0
    for piece in pieces:
        before = paragraphs[-1][-1] if paragraphs else None
        if before is None or _parts(before, piece, sentences, punctuated):
            paragraphs.append([])
            sentences = 0
        paragraphs[-1].append(piece)
        sentences += len(_SENTENCE_END.findall(piece.text))
    return paragraphs


def _parts(before: _Piece, piece: _Piece, sentences: int, punctuated: bool) -> bool:
    """Whether a paragraph ends between two pieces; a pause within a sentence ends none."""
    if piece.turn or piece.speaker != before.speaker:
        return True
    if piece.start - before.end > _PAUSE:
        return not (punctuated and piece.text[0].islower())
    return sentences >= _SENTENCES and _SENTENCE_END.search(before.text[-4:]) is not None


def _is_punctuated(pieces: list[_Piece]) -> bool:
    words = sum(len(piece.text.split()) for piece in pieces)
    return sum(len(_SENTENCE_END.findall(piece.text)) for piece in pieces) * _LONGEST >= words


def _parted(paragraph: list[_Piece]) -> list[list[_Piece]]:
    """A paragraph as itself, or halved again and again where it goes on without the end of a sentence."""
    ends = sum(len(_SENTENCE_END.findall(piece.text)) for piece in paragraph)
    sizes = list(accumulate(len(piece.text.split()) for piece in paragraph))
    if len(paragraph) < 2 or sizes[-1] <= (ends + 1) * _LONGEST:
        return [paragraph]
    cut = max(range(1, len(paragraph)), key=lambda at: _fitness(paragraph, at, sizes[at - 1] / sizes[-1]))
    return _parted(paragraph[:cut]) + _parted(paragraph[cut:])


def _fitness(paragraph: list[_Piece], at: int, share: float) -> tuple[bool, int, float]:
    """How well a paragraph is parted before a piece: in its middle half, at a long pause, near its middle."""
    pause = max(0, paragraph[at].start - paragraph[at - 1].end) // 100
    central = 0.25 <= share <= 0.75
    return central, pause if central else 0, -abs(share - 0.5)


def _written(paragraphs: list[list[_Piece]]) -> tuple[str, Marks]:
    """The paragraphs as one text, a speaker's name where he begins, and the time of every piece."""
    written: list[str] = []
    marks: list[tuple[int, str]] = []
    end = 0
    speaker: str | None = None
    for paragraph in paragraphs:
        for at, piece in enumerate(paragraph):
            gap = " " if at else "\n\n" if written else ""
            named = f"{piece.speaker}: " if piece.speaker and piece.speaker != speaker else ""
            marks.append((end + len(gap), _clock(piece.start)))
            written.append(f"{gap}{named}{piece.text}")
            end += len(written[-1])
            speaker = piece.speaker
    return "".join(written), tuple(marks)


def _clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
