"""Units packed into chunks of one section: blocks together up to a target size, a long block in several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tutor.documents import SpanKind, fold
from tutor_ingest.split.units import Run, Unit

TINY = 20  # tokens; a smaller chunk joins a neighbour where it can
_STRETCH = 1.25  # a paragraph up to this much over the target stays whole


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A chunk to be."""

    path: tuple[str, ...]
    units: list[Unit]
    lead: str = ""
    lead_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Its estimated size without the context line."""
        return self.lead_tokens + sum(unit.tokens for unit in self.units)


def pack(text: str, run: Run, room: int, target: int) -> list[ChunkDraft]:
    """The chunks of one run: blocks together up to the target, a long block in chunks of its own."""
    target = min(target, room)
    drafts: list[ChunkDraft] = []
    for group in _groups(run.units):
        size = sum(unit.tokens for unit in group)
        structured = any(unit.kind is not SpanKind.SENTENCE for unit in group)
        whole = size <= (room if structured else min(room, target * _STRETCH))
        if drafts and drafts[-1].tokens + size <= target:
            drafts[-1].units.extend(group)
        elif whole:
            drafts.append(ChunkDraft(run.path, group))
        else:
            drafts.extend(_divided(text, run.path, group, room, target))
    return _without_tiny(drafts, room)


def _groups(units: list[Unit]) -> Iterator[list[Unit]]:
    """Units that belong in one chunk: those of one block, and a lead with the block that it introduces."""
    group: list[Unit] = []
    for unit in units:
        follows = group and (group[-1].kind is SpanKind.LEAD or group[-1].block == unit.block)
        if group and (not follows or (unit.kind is SpanKind.LEAD and group[-1].kind is not SpanKind.LEAD)):
            yield group
            group = []
        group.append(unit)
    yield group


def _divided(text: str, path: tuple[str, ...], group: list[Unit], room: int, target: int) -> list[ChunkDraft]:
    """A group in chunks of similar size; all but the first of a list or table repeat its lead or header."""
    total = sum(unit.tokens for unit in group)
    aim = total / -(-total // target)
    lead, lead_tokens = _lead(text, group, room)
    drafts = [ChunkDraft(path, [])]
    before = 0
    for unit in group:
        current = drafts[-1]
        full = current.tokens + unit.tokens > room
        enough = before + unit.tokens / 2 > aim * len(drafts)
        introduces = bool(current.units) and current.units[-1].kind in (SpanKind.LEAD, SpanKind.HEADER)
        introduced = unit.kind in (SpanKind.LEAD, SpanKind.HEADER)
        if current.units and (full or (enough and not introduces)):
            fits = bool(lead) and lead_tokens + unit.tokens <= room and not introduced
            drafts.append(ChunkDraft(path, [], lead, lead_tokens) if fits else ChunkDraft(path, []))
        drafts[-1].units.append(unit)
        before += unit.tokens
    return drafts


def _lead(text: str, group: list[Unit], room: int) -> tuple[str, int]:
    """What introduces the group's later chunks, with its size: a header row, a list's lead, or nothing."""
    header = [unit for unit in group if unit.kind is SpanKind.HEADER]
    introduces = [unit for unit in group if unit.kind is SpanKind.LEAD]
    if all(unit.kind is SpanKind.CODE for unit in group if unit not in introduces):
        return "", 0
    units = header or introduces
    size = sum(unit.tokens for unit in units)
    if len(units) != 1 or size > room // 3:
        return "", 0
    return fold(text[units[0].start : units[0].end]), size


def _without_tiny(drafts: list[ChunkDraft], room: int) -> list[ChunkDraft]:
    """The chunks with very small ones joined to the one before, or else after, where both fit the room."""
    joined: list[ChunkDraft] = []
    for draft in drafts:
        small = joined and min(joined[-1].tokens, draft.tokens) < TINY
        if small and joined[-1].tokens + draft.tokens - draft.lead_tokens <= room:
            joined[-1] = replace(joined[-1], units=[*joined[-1].units, *draft.units])
        else:
            joined.append(draft)
    return joined
