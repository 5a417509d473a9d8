"""From a candidate to a proposed statement: a sentence with what it leans on, a list with all its items, table rows.

A proposal's text is Markdown made of nothing but the words of its places, in their order.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import dedent, indent

from tutor.answering.cite import Place
from tutor.answering.evidence import Candidate
from tutor.answering.verify import flow
from tutor.documents import Document, Passage, SpanKind, fold
from tutor.index.generation import Generation
from tutor.index.store import StoredSpan


@dataclass(frozen=True, slots=True)
class Proposal:
    """A statement before it is verified: Markdown text, the places that prove it, and the candidate it came from."""

    text: str
    places: tuple[Place, ...]
    candidate: Candidate
    said_by: str | None = None

    @property
    def is_block(self) -> bool:
        """Whether it is a list, table or code, which stands on lines of its own."""
        return "\n" in self.text

    def covers(self, document_id: str, start: int, end: int) -> bool:
        """Whether a range of a document is already part of it."""
        return any(
            p.passage.document_id == document_id and p.start <= start and end <= p.end for p in self.places
        )

    def contains(self, other: Proposal) -> bool:
        """Whether all that another is made of is already part of it."""
        return all(self.covers(p.passage.document_id, p.start, p.end) for p in other.places)


_LEANS = re.compile(
    r"^(?:it|its|they|their|them|this|that|these|those|he|she|his|her|such|both|however|but|also|instead|otherwise"
    r"|similarly|likewise|therefore|thus|hence|moreover|furthermore|in addition|for example|for instance|then|and|so|here)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"^(?:\S+\s+){5,}\S+[.!]$"
)  # an item of six words or more with a full stop can be quoted alone
_WHOLE_ITEMS, _WHOLE_CHARACTERS = 15, 1500  # a list up to this size is never quoted in part
_NESTED = " " * 4  # what a nested item needs, also below `10. `
_ORDERED = re.compile(r"^[\s>]*(?:[-*+]\s+)*(\(?(\d{1,9})[.)][ \t]+)$")  # before an item, on its line


def propose(candidate: Candidate, generation: Generation, *, whole: bool = True) -> Proposal:
    """The statement that a candidate leads to; with `whole` an item brings its list even if it is a sentence of its own."""
    kind = candidate.span.kind
    if kind in (SpanKind.LEAD, SpanKind.CODE):
        return _list(candidate, generation)
    if kind in (SpanKind.ROW, SpanKind.HEADER):
        return table((candidate,), generation)
    if kind is SpanKind.ITEM and (whole or not _SENTENCE.search(candidate.text)):
        return _item(candidate, generation)
    return _sentence(candidate, generation)


def table(rows: Sequence[Candidate], generation: Generation) -> Proposal:
    """A table of the given rows under their header; for a header alone, the whole table."""
    first = rows[0]
    document = generation.store.document(first.passage.document_id)
    block = generation.store.block(document.id, first.span.block)
    header = next((span for span in block if span.kind is SpanKind.HEADER), None)
    wanted = sorted((row.span for row in rows if row.span.kind is SpanKind.ROW), key=lambda span: span.start)
    body: Sequence[StoredSpan] = wanted or [span for span in block if span.kind is SpanKind.ROW]
    lines = [_cells(document, span) for span in ((header, *body) if header else body)]
    width = max(len(cells) for cells in lines)
    rule = ["---"] * width
    padded = [cells + [""] * (width - len(cells)) for cells in lines]
    shown = [padded[0], rule, *padded[1:]] if header else [[""] * width, rule, *padded]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in shown)
    spans = [header, *body] if header else list(body)
    return Proposal(text, _runs(first.passage, block, spans), first)


def _runs(passage: Passage, block: Sequence[StoredSpan], spans: Sequence[StoredSpan]) -> tuple[Place, ...]:
    """Neighbouring rows of a table as one place."""
    position = {span.row: i for i, span in enumerate(block)}
    runs: list[list[StoredSpan]] = []
    for span in spans:
        if runs and position[span.row] == position[runs[-1][-1].row] + 1:
            runs[-1].append(span)
        else:
            runs.append([span])
    return tuple(Place(passage, run[0].start, run[-1].end) for run in runs)


def _cells(document: Document, span: StoredSpan) -> list[str]:
    line = document.text[span.start : span.end].strip().strip("|")
    return [fold(cell) for cell in re.split(r"(?<!\\)\|", line)]


def _sentence(candidate: Candidate, generation: Generation) -> Proposal:
    """A sentence; one that leans on the sentence before (`It …`, `However, …`) brings that along, as far as it takes."""
    document = generation.store.document(candidate.passage.document_id)
    start = candidate.span.start
    if _LEANS.match(candidate.text):
        before = [
            span
            for span in generation.store.block(document.id, candidate.span.block)
            if span.kind is SpanKind.SENTENCE and span.end <= start
        ]
        for span in before[::-1]:
            start = span.start
            if not _LEANS.match(document.text[span.start : span.end]):
                break
    text = flow(document.text[start : candidate.span.end])
    return Proposal(text, (Place(candidate.passage, start, candidate.span.end),), candidate)


def _list(candidate: Candidate, generation: Generation) -> Proposal:
    """A list with all of its items under the sentence that introduces it; also a table or code so introduced."""
    passage = candidate.passage
    document = generation.store.document(passage.document_id)
    number = candidate.span.block + (candidate.span.kind is SpanKind.LEAD)
    block = generation.store.block(document.id, number)
    lead = _lead(candidate, generation, document, number)
    if not block:
        return _sentence(candidate, generation)
    start, end = lead.start if lead else _outer(document, block[0]), block[-1].end
    head = flow(document.text[lead.start : lead.end]) if lead else ""
    if block[0].kind in (SpanKind.HEADER, SpanKind.ROW):
        body = table((_as_candidate(candidate, block[0], document),), generation)
        places = (Place(passage, lead.start, lead.end), *body.places) if lead else body.places
        return Proposal("\n\n".join(filter(None, (head, body.text))), places, candidate)
    if block[0].kind is SpanKind.CODE:
        code = _code(document, replace(block[0], end=end))  # a long fence is several spans
        return Proposal("\n\n".join(filter(None, (head, code))), (Place(passage, start, end),), candidate)
    outermost = min(_indent(document, span) for span in block)
    items = "\n".join(_item_line(document, span, outermost) for span in block)
    return Proposal("\n\n".join(filter(None, (head, items))), (Place(passage, start, end),), candidate)


def _lead(
    candidate: Candidate, generation: Generation, document: Document, list_block: int
) -> StoredSpan | None:
    if candidate.span.kind is SpanKind.LEAD:
        return candidate.span
    before = generation.store.block(document.id, list_block - 1)
    return before[-1] if before and before[-1].kind is SpanKind.LEAD else None


def _as_candidate(candidate: Candidate, span: StoredSpan, document: Document) -> Candidate:
    text = document.text[span.start : span.end]
    return Candidate(
        span, candidate.passage, text, candidate.terms, candidate.similarity, candidate.cover,
        candidate.context_cover, candidate.form, candidate.asked, candidate.score,
    )  # fmt: skip


def _outer(document: Document, span: StoredSpan) -> int:
    """Where an item starts with its number, if it has one."""
    before = _before(document, span)
    number = _ORDERED.match(before)
    return span.start - len(before) + number.start(1) if number else span.start


def _before(document: Document, span: StoredSpan) -> str:
    """What stands before a span on its line."""
    return document.text[document.text.rfind("\n", 0, span.start) + 1 : span.start]


def _indent(document: Document, span: StoredSpan) -> int:
    before = _before(document, span)
    return len(before) - len(before.lstrip())


def _item_line(document: Document, span: StoredSpan, outermost: int) -> str:
    """An item on a line of its own; one further in than the outermost, and code, stands below the item before it."""
    if span.kind is SpanKind.CODE:
        return indent(f"\n{_code(document, span)}\n", _NESTED)
    number = _ORDERED.match(_before(document, span))
    mark = f"{number[2]}." if number else "-"
    nested = _indent(document, span) >= outermost + 2
    return f"{_NESTED if nested else ''}{mark} {flow(document.text[span.start : span.end])}"


def _code(document: Document, span: StoredSpan) -> str:
    """A code block as it stands, between fences."""
    code = dedent(" " * len(_before(document, span)) + document.text[span.start : span.end])
    return code if code.startswith(("```", "~~~")) else f"```\n{code}\n```"


def _item(candidate: Candidate, generation: Generation) -> Proposal:
    """A list item within its whole list; of a list too long for that, the item after the sentence that introduces it."""
    document = generation.store.document(candidate.passage.document_id)
    block = generation.store.block(document.id, candidate.span.block)
    if len(block) <= _WHOLE_ITEMS and block[-1].end - block[0].start <= _WHOLE_CHARACTERS:
        return _list(candidate, generation)
    lead = _lead(candidate, generation, document, candidate.span.block)
    item = Place(candidate.passage, candidate.span.start, candidate.span.end)
    text = flow(candidate.text)
    if lead is None:
        return Proposal(text, (item,), candidate)
    head = flow(document.text[lead.start : lead.end])
    return Proposal(f"{head}\n\n- {text}", (Place(candidate.passage, lead.start, lead.end), item), candidate)
