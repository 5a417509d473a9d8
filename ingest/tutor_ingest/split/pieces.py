"""The sizes of units in tokens, and the pieces into which a unit is parted that fits no chunk.

The tokenizer is the slow part, so it is called a few times with many texts each.
"""

from __future__ import annotations

import re
from dataclasses import replace

from tutor.documents import SpanKind, fold
from tutor_ingest.split.heading_paths import CHARACTERS_PER_TOKEN, CountTokens
from tutor_ingest.split.units import Run, Unit
from tutor_ingest.structure import Offsets, trim

_PART = 40  # characters; a longer word may be cut
_WORD = re.compile(r"\S+\s*")
_CLAUSE_END = re.compile(r"[,;:.!?)\]–—|。，、；：][*_\"”’')]*\s+$")


def measured(
    text: str,
    runs: list[Run],
    rooms: dict[tuple[str, ...], int],
    count_tokens: CountTokens,
    overhead: int,
    target: int,
) -> list[Run]:
    """The runs with the size of each unit, and units that fit no chunk cut into parts that do."""
    segments = [segment for run in runs for segment in _segments(text, run.units)]
    sizes = iter(sizes_of(segments, count_tokens, overhead))
    sized = [Run(run.path, [replace(unit, tokens=next(sizes)) for unit in run.units]) for run in runs]
    long = {unit: _words(text, unit) for run in sized for unit in run.units if unit.tokens > rooms[run.path]}
    if not long:
        return sized
    words = [text[start:end] for parts in long.values() for start, end in parts]
    counts = iter(sizes_of(words, count_tokens, overhead))
    weights = {unit: [next(counts) for _ in parts] for unit, parts in long.items()}
    done = []
    for run in sized:
        units: list[Unit] = []
        for unit in run.units:
            limit = rooms[run.path] if unit.kind is SpanKind.CODE else min(target, rooms[run.path])
            units += _parts(text, unit, long[unit], weights[unit], limit) if unit in long else [unit]
        done.append(Run(run.path, units))
    return done


def _segments(text: str, units: list[Unit]) -> list[str]:
    """The text of each unit from its bullet to the next unit's, so that the sizes of a run add up."""
    ends = [*(unit.outer for unit in units[1:]), units[-1].end]
    return [text[unit.outer : end] for unit, end in zip(units, ends, strict=True)]


def sizes_of(texts: list[str], count_tokens: CountTokens, overhead: int) -> list[int]:
    """Token counts without special tokens, at least one per `CHARACTERS_PER_TOKEN` characters."""
    floors = [len(fold(each)) // CHARACTERS_PER_TOKEN for each in texts]
    counts = count_tokens(texts)
    return [max(count - overhead, floor, 1) for count, floor in zip(counts, floors, strict=True)]


def _words(text: str, unit: Unit) -> list[Offsets]:
    """The words of a unit with the space after each; a very long word in parts."""
    return [
        (start, min(start + _PART, match.end()))
        for match in _WORD.finditer(text, unit.start, unit.end)
        for start in range(match.start(), match.end(), _PART)
    ]


def _parts(text: str, unit: Unit, words: list[Offsets], weights: list[int], limit: int) -> list[Unit]:
    """A unit in parts of at most `limit` tokens, cut at line ends in code, else at clauses, else at words."""
    parts = []
    first = 0
    while first < len(words):
        last, size = first, 0
        while last < len(words) and (last == first or size + weights[last] <= limit):
            size += weights[last]
            last += 1
        if last < len(words):
            last = _best_cut(text, unit.kind, words, first, last)
        start, end = trim(text, words[first][0], words[last - 1][1])
        if start < end:
            outer = unit.outer if first == 0 else start
            parts.append(Unit(start, end, unit.kind, unit.block, outer, sum(weights[first:last])))
        first = last
    return parts


def _best_cut(text: str, kind: SpanKind, words: list[Offsets], first: int, last: int) -> int:
    """The best place to end a part of words[first:last]: the last line or clause end in its second half."""
    for at in range(last, (first + last + 1) // 2, -1):
        start, end = words[at - 1]
        if "\n" in text[start:end] if kind is SpanKind.CODE else _CLAUSE_END.search(text, start, end):
            return at
    return last
