"""The cues of a subtitle file: when each is shown, who speaks and what is said, without its markup.

SubRip and WebVTT differ little and are often broken; both are read by their timing lines. pysubs2 takes a
line with two word stamps, as automatic captions have them, for a timing line, and a note for what is said.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_STAMP = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMING = re.compile(rf"\s*{_STAMP}\s*-->\s*{_STAMP}(?:\s|$)")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{1,80})?[ \t]+([^<>]{1,80})>")
_MARKUP = re.compile(
    r"</?[a-zA-Z][^<>]{0,200}>|<(?:\d+:)?\d+:\d+[.,]\d+>|\{\\[^{}]{0,200}\}|[\u200b\u200e\u200f\u202a-\u202e\ufeff]"
)
# A noise in brackets, by itself: `[Music]`, `(LAUGHS)`, `[ __ ]`; not `[1]`, `x[i]` or `(for example)`.
_NOISE = re.compile(r"(?<!\S)(?:\[[^\[\]\d=+*/<>(){}]{1,40}\]|\([A-Z][A-Z ]{2,40}\))(?=[\s.,:;!?]|$)|[♪♫]+")
# A new speaker without a name: a dash or two angle brackets at the start of a line.
_TURN = re.compile(r"(?:[-–—]|>>+|&gt;&gt;)\s*(?=\S)")
_NAMED = re.compile(r"[A-Z][A-Z0-9 .'’-]{1,30}:\s")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown; `turn` says that somebody else may begin to speak here."""

    text: str
    speaker: str | None = None
    turn: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from `start` to `end`, both in milliseconds."""

    start: int
    end: int
    lines: tuple[Line, ...]


def cues(text: str, *, blank_line_ends: bool) -> list[Cue]:
    """The cues in the order of their start; those with a broken timing line or without words are left out.

    A blank line ends a cue of WebVTT; in SubRip it may stand within one.
    """
    found = [
        Cue(timing[0], max(timing), spoken)
        for timing, body in _blocks(text, blank_line_ends)
        if timing and (spoken := tuple(_lines(body)))
    ]
    return sorted(found, key=lambda cue: cue.start)


def _blocks(text: str, blank_line_ends: bool) -> Iterator[tuple[tuple[int, int] | None, list[str]]]:
    """Each timing line's times, or None if it is broken, with the lines that follow it."""
    timing: tuple[int, int] | None = None
    body: list[str] = []
    ended = True
    for line in [*text.split("\n"), "-->"]:
        if "-->" in line:
            if not blank_line_ends and body and body[-1].strip().isdecimal():
                body.pop()  # the number of the cue that begins here
            yield timing, body
            match = _TIMING.match(line)
            timing = (_milliseconds(match.groups()[:4]), _milliseconds(match.groups()[4:])) if match else None
            body, ended = [], False
        elif not line.strip() and blank_line_ends and body:
            ended = True
        elif not ended:
            body.append(line)


def _milliseconds(groups: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, fraction = (group or "0" for group in groups)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))


def _lines(body: list[str]) -> Iterator[Line]:
    """The lines with words, markup and noises removed; a voice tag holds until the next or the cue's end."""
    speaker: str | None = None
    for raw in body:
        parts = _VOICE.split(raw)
        for at in range(0, len(parts), 2):
            if at:
                speaker = _plain(parts[at - 1]) or None
            text = _plain(parts[at])
            turn = _TURN.match(text)
            text = text[turn.end() :] if turn else text
            if any(map(str.isalnum, text)):
                yield Line(text, speaker, bool(turn) or _NAMED.match(text) is not None)


def _plain(text: str) -> str:
    unmarked = html.unescape(_MARKUP.sub("", text)).replace("\\N", " ").replace("\\h", " ")
    return " ".join(_NOISE.sub(" ", unmarked).split())
