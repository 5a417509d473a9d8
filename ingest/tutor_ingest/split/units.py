"""The smallest parts of which chunks are made: a sentence, a list item, a table row or a code block each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tutor.documents import Document, SpanKind
from tutor_ingest.structure import Block, Offsets, blocks, trim
from tutor_ingest.structure.sentences import sentence_spans

_ITEM_WORDS = 60  # an item of several sentences and more words than this is quoted sentence by sentence


@dataclass(frozen=True, slots=True)
class Unit:
    """A span to be, with the offset of its bullet (`outer`) and its size in tokens with the gap after it."""

    start: int
    end: int
    kind: SpanKind
    block: int
    outer: int
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Units that may share chunks: those of one section, without hidden text between them."""

    path: tuple[str, ...]
    units: list[Unit]


def runs_of(document: Document, hidden: Sequence[Offsets] = ()) -> list[Run]:
    """The units of the document, parted at headings and at text that a reader does not see or that is `hidden`."""
    runs: list[Run] = []
    found = [block for block in blocks(document) if block.kind == "heading" or not _lies_in(block, hidden)]
    parted = True
    for ordinal, block in enumerate(found):
        if block.kind == "heading":
            parted = True
            continue
        introduces = found[ordinal + 1 : ordinal + 2]
        units = _units(document.text, block, ordinal, introduces[0] if introduces else None)
        if parted or _hides_words(document.text, runs[-1].units[-1].end, units[0].outer):
            runs.append(Run(block.heading_path, []))
        runs[-1].units.extend(units)
        parted = False
    return runs


def _lies_in(block: Block, hidden: Sequence[Offsets]) -> bool:
    return any(start <= block.start and block.end <= end for start, end in hidden)


def _hides_words(text: str, start: int, end: int) -> bool:
    """Whether there are letters between two blocks: a comment or a link definition, never to be quoted."""
    return any(map(str.isalpha, text[start:end]))


def _units(text: str, block: Block, ordinal: int, following: Block | None) -> list[Unit]:
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
    units: list[Unit] = []
    for start, end, kind in spans:
        marked = block.kind == "list" and kind is not SpanKind.CODE
        floor = units[-1].end if units else 0
        units.append(Unit(start, end, kind, ordinal, _outer(text, start, floor) if marked else start))
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
