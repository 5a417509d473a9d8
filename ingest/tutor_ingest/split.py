"""From a document to chunks: by heading, then block, then sentence, each chunk an exact slice of the text.

The smallest part is a unit: a sentence, a list item, a table row or a code block. Units are gathered from the
block structure, measured in a few large calls of the tokenizer (the slow part), packed into chunks, and every
chunk is measured once more as the embedding model will read it; one that is still too long is parted again.
So the limit holds for any tokenizer, also for one whose counts do not add up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tutor.documents import Chunk, Document, Span, SpanKind, context_line, embedded_text, fold
from tutor.errors import ReadError
from tutor_ingest.sentences import sentence_spans
from tutor_ingest.structure import Block, Offsets, blocks, trim

CountTokens = Callable[[Sequence[str]], list[int]]

MIN_ROOM = 8  # tokens that the title must leave for text
TINY = 20  # tokens; a smaller chunk joins a neighbour where it can
_ITEM_WORDS = 60  # an item of several sentences and more words than this is quoted sentence by sentence
_STRETCH = 1.25  # a paragraph up to this much over the target stays whole
_CHARACTERS_PER_TOKEN = 10  # a word that the vocabulary lacks may count as one token however long: bound it
_PART = 40  # characters; a longer word may be cut


@dataclass(frozen=True, slots=True)
class _Unit:
    """A span to be, with the offset of its bullet (`outer`) and its size in tokens with the gap after it."""

    start: int
    end: int
    kind: SpanKind
    block: int
    outer: int
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """Units that may share chunks: those of one section, without hidden text between them."""

    path: tuple[str, ...]
    units: list[_Unit]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A chunk to be."""

    path: tuple[str, ...]
    units: list[_Unit]
    lead: str = ""
    lead_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Its estimated size without the context line."""
        return self.lead_tokens + sum(unit.tokens for unit in self.units)


def split(
    document: Document, *, count_tokens: CountTokens, max_tokens: int, target_tokens: int = 180
) -> list[Chunk]:
    """The chunks of a document in order; a document without text under its headings has none.

    `count_tokens` gives, for each text, the embedding model's count with its special tokens. No chunk's
    embedded text (`tutor.documents.embedded_text`) counts more than `max_tokens`. `target_tokens` is the
    size, without the context line, up to which blocks of one section are packed together. Where title and
    headings take more than half of `max_tokens`, a chunk's heading path keeps its deepest headings only, the
    last one shortened if need be.

    Raises `ReadError` when the title alone leaves fewer than `MIN_ROOM` tokens, `ValueError` for a bad limit.
    """
    if max_tokens < 1 or target_tokens < 1:
        raise ValueError(f"max_tokens and target_tokens are at least 1, not {max_tokens} and {target_tokens}")
    runs = _runs(document)
    if not runs:
        return []
    overhead, title = count_tokens(["", document.title])
    if max_tokens - title < MIN_ROOM:
        raise _title_too_long(document, title, max_tokens)
    paths = _fitted_paths(document.title, {run.path for run in runs}, count_tokens, max_tokens)
    rooms = {path: max_tokens - size for path, (_, size) in paths.items()}
    drafts = []
    for run in _measured(document.text, runs, rooms, count_tokens, overhead, target_tokens):
        fitted, _ = paths[run.path]
        drafts += _pack(document.text, _Run(fitted, run.units), rooms[run.path], target_tokens)
    return _within(document, drafts, count_tokens, max_tokens)


def _title_too_long(document: Document, size: int, max_tokens: int) -> ReadError:
    return ReadError(
        f"{document.path}: the title takes {size} of the {max_tokens} tokens that the embedding model reads",
        help="Give the document a shorter title.",
    )


# --- Units ---


def _runs(document: Document) -> list[_Run]:
    """The units of the document, parted at headings and at text that a reader does not see."""
    runs: list[_Run] = []
    found = blocks(document)
    parted = True
    for ordinal, block in enumerate(found):
        if block.kind == "heading":
            parted = True
            continue
        introduces = found[ordinal + 1 : ordinal + 2]
        units = _units(document.text, block, ordinal, introduces[0] if introduces else None)
        if parted or _hides_words(document.text, runs[-1].units[-1].end, units[0].outer):
            runs.append(_Run(block.heading_path, []))
        runs[-1].units.extend(units)
        parted = False
    return runs


def _hides_words(text: str, start: int, end: int) -> bool:
    """Whether there are letters between two blocks: a comment or a link definition, never to be quoted."""
    return any(map(str.isalpha, text[start:end]))


def _units(text: str, block: Block, ordinal: int, following: Block | None) -> list[_Unit]:
    """The units of one block, in order; at least one."""
    if block.kind == "code":
        spans = [(block.start, block.end, SpanKind.CODE)]
    elif block.kind == "table":
        kinds = [SpanKind.HEADER, *[SpanKind.ROW] * (len(block.items) - 1)]
        spans = [(*item, kind) for item, kind in zip(block.items, kinds, strict=True)]
    elif block.kind == "list":
        spans = [span for item in block.items for span in _item_spans(text, item, block)]
    else:
        spans = list(_prose_spans(text, block, following))
    units: list[_Unit] = []
    for start, end, kind in spans:
        marked = block.kind == "list" and kind is not SpanKind.CODE
        floor = units[-1].end if units else 0
        units.append(_Unit(start, end, kind, ordinal, _outer(text, start, floor) if marked else start))
    return units


def _outer(text: str, start: int, floor: int) -> int:
    """Where an item starts with its bullet: the first mark on its line, not before `floor`."""
    line = max(text.rfind("\n", floor, start), text.rfind("\r", floor, start), floor - 1) + 1
    return trim(text, line, start + 1)[0]


def _prose_spans(text: str, block: Block, following: Block | None) -> Iterator[tuple[int, int, SpanKind]]:
    """The sentences of a paragraph; a last one with a colon before a list, table or code is a lead."""
    spans = sentence_spans(text[block.start : block.end])
    introduces = following is not None and following.kind in ("list", "table", "code")
    for start, end in spans:
        at_colon = (start, end) == spans[-1] and introduces and _ends_with_colon(text, block.start + end)
        yield block.start + start, block.start + end, SpanKind.LEAD if at_colon else SpanKind.SENTENCE


def _ends_with_colon(text: str, end: int) -> bool:
    return text[max(0, end - 8) : end].rstrip("*_~`\"”’')]").endswith(":")


def _item_spans(text: str, item: Offsets, block: Block) -> Iterator[tuple[int, int, SpanKind]]:
    """A list item as one span, or as its sentences when it is long."""
    if item in block.fences:
        yield (*item, SpanKind.CODE)
        return
    body = text[item[0] : item[1]]
    sentences = sentence_spans(body) if len(body.split()) >= _ITEM_WORDS else []
    if len(sentences) < 2:
        yield (*item, SpanKind.ITEM)
        return
    for start, end in sentences:
        yield item[0] + start, item[0] + end, SpanKind.SENTENCE


# --- Sizes ---


def _fitted_paths(
    title: str, paths: set[tuple[str, ...]], count_tokens: CountTokens, max_tokens: int
) -> dict[tuple[str, ...], tuple[tuple[str, ...], int]]:
    """For each heading path, the path that is kept and the size of its context line with special tokens."""
    ordered = sorted(paths)
    sizes = count_tokens([context_line(title, path) for path in ordered])
    fitted = {}
    for path, size in zip(ordered, sizes, strict=True):
        fitted[path] = (path, size)
        if size > max_tokens // 2:
            kept = _shortened(title, path, count_tokens, max_tokens // 2)
            fitted[path] = (kept, count_tokens([context_line(title, kept)])[0])
    return fitted


def _shortened(title: str, path: tuple[str, ...], count_tokens: CountTokens, budget: int) -> tuple[str, ...]:
    """The deepest headings whose context line fits the budget; else the deepest cut short; else none."""
    tails = [path[first:] for first in range(1, len(path))]
    if tails:
        sizes = count_tokens([context_line(title, tail) for tail in tails])
        for tail, size in zip(tails, sizes, strict=True):
            if size <= budget:
                return tail
    heading = path[-1] if path else ""
    low, high = 0, min(len(heading), budget * _CHARACTERS_PER_TOKEN)
    while low < high:
        middle = (low + high + 1) // 2
        if count_tokens([context_line(title, (_cut_heading(heading, middle),))])[0] <= budget:
            low = middle
        else:
            high = middle - 1
    return (_cut_heading(heading, low),) if low else ()


def _cut_heading(heading: str, length: int) -> str:
    """A heading's first characters, back to a word's end where that is near, and an ellipsis."""
    cut = heading[:length]
    space = cut.rfind(" ")
    return (cut[:space] if space > length // 2 else cut).rstrip() + "…"


def _measured(
    text: str,
    runs: list[_Run],
    rooms: dict[tuple[str, ...], int],
    count_tokens: CountTokens,
    overhead: int,
    target: int,
) -> list[_Run]:
    """The runs with the size of each unit, and units that fit no chunk cut into parts that do."""
    segments = [segment for run in runs for segment in _segments(text, run.units)]
    sizes = iter(_sizes(segments, count_tokens, overhead))
    sized = [_Run(run.path, [replace(unit, tokens=next(sizes)) for unit in run.units]) for run in runs]
    long = {unit: _words(text, unit) for run in sized for unit in run.units if unit.tokens > rooms[run.path]}
    if not long:
        return sized
    words = [text[start:end] for parts in long.values() for start, end in parts]
    counts = iter(_sizes(words, count_tokens, overhead))
    weights = {unit: [next(counts) for _ in parts] for unit, parts in long.items()}
    measured = []
    for run in sized:
        units: list[_Unit] = []
        for unit in run.units:
            limit = rooms[run.path] if unit.kind is SpanKind.CODE else min(target, rooms[run.path])
            units += _parts(text, unit, long[unit], weights[unit], limit) if unit in long else [unit]
        measured.append(_Run(run.path, units))
    return measured


def _segments(text: str, units: list[_Unit]) -> list[str]:
    """The text of each unit from its bullet to the next unit's, so that the sizes of a run add up."""
    ends = [*(unit.outer for unit in units[1:]), units[-1].end]
    return [text[unit.outer : end] for unit, end in zip(units, ends, strict=True)]


def _sizes(texts: list[str], count_tokens: CountTokens, overhead: int) -> list[int]:
    """Token counts without special tokens, at least one per `_CHARACTERS_PER_TOKEN` characters."""
    floors = [len(fold(each)) // _CHARACTERS_PER_TOKEN for each in texts]
    counts = count_tokens(texts)
    return [max(count - overhead, floor, 1) for count, floor in zip(counts, floors, strict=True)]


_WORD = re.compile(r"\S+\s*")
_CLAUSE_END = re.compile(r"[,;:.!?)\]–—|。，、；：][*_\"”’')]*\s+$")


def _words(text: str, unit: _Unit) -> list[Offsets]:
    """The words of a unit with the space after each; a very long word in parts."""
    return [
        (start, min(start + _PART, match.end()))
        for match in _WORD.finditer(text, unit.start, unit.end)
        for start in range(match.start(), match.end(), _PART)
    ]


def _parts(text: str, unit: _Unit, words: list[Offsets], weights: list[int], limit: int) -> list[_Unit]:
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
            parts.append(_Unit(start, end, unit.kind, unit.block, outer, sum(weights[first:last])))
        first = last
    return parts


def _best_cut(text: str, kind: SpanKind, words: list[Offsets], first: int, last: int) -> int:
    """The best place to end a part of words[first:last]: the last line or clause end in its second half."""
    for at in range(last, (first + last + 1) // 2, -1):
        start, end = words[at - 1]
        if "\n" in text[start:end] if kind is SpanKind.CODE else _CLAUSE_END.search(text, start, end):
            return at
    return last


# --- Packing ---


def _pack(text: str, run: _Run, room: int, target: int) -> list[_Draft]:
    """The chunks of one run: blocks together up to the target, a long block in chunks of its own."""
    target = min(target, room)
    drafts: list[_Draft] = []
    for group in _groups(run.units):
        size = sum(unit.tokens for unit in group)
        structured = any(unit.kind is not SpanKind.SENTENCE for unit in group)
        whole = size <= (room if structured else min(room, target * _STRETCH))
        if drafts and drafts[-1].tokens + size <= target:
            drafts[-1].units.extend(group)
        elif whole:
            drafts.append(_Draft(run.path, group))
        else:
            drafts.extend(_divided(text, run.path, group, room, target))
    return _without_tiny(drafts, room)


def _groups(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Units that belong in one chunk: those of one block, and a lead with the block that it introduces."""
    group: list[_Unit] = []
    for unit in units:
        follows = group and (group[-1].kind is SpanKind.LEAD or group[-1].block == unit.block)
        if group and (not follows or (unit.kind is SpanKind.LEAD and group[-1].kind is not SpanKind.LEAD)):
            yield group
            group = []
        group.append(unit)
    yield group


def _divided(text: str, path: tuple[str, ...], group: list[_Unit], room: int, target: int) -> list[_Draft]:
    """A group in chunks of similar size; all but the first of a list or table repeat its lead or header."""
    total = sum(unit.tokens for unit in group)
    aim = total / -(-total // target)
    lead, lead_tokens = _lead(text, group, room)
    drafts = [_Draft(path, [])]
    before = 0
    for unit in group:
        current = drafts[-1]
        full = current.tokens + unit.tokens > room
        enough = before + unit.tokens / 2 > aim * len(drafts)
        introduces = bool(current.units) and current.units[-1].kind in (SpanKind.LEAD, SpanKind.HEADER)
        introduced = unit.kind in (SpanKind.LEAD, SpanKind.HEADER)
        if current.units and (full or (enough and not introduces)):
            fits = bool(lead) and lead_tokens + unit.tokens <= room and not introduced
            drafts.append(_Draft(path, [], lead, lead_tokens) if fits else _Draft(path, []))
        drafts[-1].units.append(unit)
        before += unit.tokens
    return drafts


def _lead(text: str, group: list[_Unit], room: int) -> tuple[str, int]:
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


def _without_tiny(drafts: list[_Draft], room: int) -> list[_Draft]:
    """The chunks with very small ones joined to the one before, or else after, where both fit the room."""
    joined: list[_Draft] = []
    for draft in drafts:
        small = joined and min(joined[-1].tokens, draft.tokens) < TINY
        if small and joined[-1].tokens + draft.tokens - draft.lead_tokens <= room:
            joined[-1] = replace(joined[-1], units=[*joined[-1].units, *draft.units])
        else:
            joined.append(draft)
    return joined


# --- The limit ---


def _within(
    document: Document, drafts: list[_Draft], count_tokens: CountTokens, max_tokens: int
) -> list[Chunk]:
    """The drafts as chunks, each measured as it will be embedded and parted until it fits."""
    fitting: list[_Draft] = []
    while drafts:
        texts = [embedded_text(document.title, _chunk(document, draft, 0)) for draft in drafts]
        sizes = count_tokens(texts)
        fitting += [draft for draft, size in zip(drafts, sizes, strict=True) if size <= max_tokens]
        long = [draft for draft, size in zip(drafts, sizes, strict=True) if size > max_tokens]
        drafts = [part for draft in long for part in _parted(document, draft)]
    fitting.sort(key=lambda draft: draft.units[0].start)
    return [_chunk(document, draft, ordinal) for ordinal, draft in enumerate(fitting)]


def _parted(document: Document, draft: _Draft) -> list[_Draft]:
    """A draft made smaller: by its lead, else halved by units, else by its bullet, else halved as text."""
    if draft.lead:
        return [replace(draft, lead="", lead_tokens=0)]
    if len(draft.units) > 1:
        middle = len(draft.units) // 2
        return [replace(draft, units=draft.units[:middle]), replace(draft, units=draft.units[middle:])]
    (unit,) = draft.units
    if unit.outer < unit.start:
        return [replace(draft, units=[replace(unit, outer=unit.start)])]
    if unit.end - unit.start > 1:
        return [replace(draft, units=[half]) for half in _halves(document.text, unit)]
    if draft.path:
        return [replace(draft, path=())]
    raise ReadError(
        f"{document.path}: the embedding model's limit leaves no room for a single character",
        help="Give the document a shorter title or use a model that reads more.",
    )


def _halves(text: str, unit: _Unit) -> Iterator[_Unit]:
    """A unit cut near its middle, at white space if there is some."""
    middle = (unit.start + unit.end) // 2
    spaces = [at for at in range(unit.start + 1, unit.end - 1) if text[at].isspace()]
    cut = min(spaces, key=lambda at: abs(at - middle), default=middle)
    for start, end in (trim(text, unit.start, cut), trim(text, cut, unit.end)):
        yield replace(unit, start=start, end=end, outer=start)


def _chunk(document: Document, draft: _Draft, ordinal: int) -> Chunk:
    """The chunk of a draft."""
    start, end = draft.units[0].outer, draft.units[-1].end
    return Chunk(
        document_id=document.id,
        ordinal=ordinal,
        text=document.text[start:end],
        start=start,
        end=end,
        heading_path=draft.path,
        spans=tuple(Span(unit.start, unit.end, unit.kind, unit.block) for unit in draft.units),
        lead=draft.lead,
    )
