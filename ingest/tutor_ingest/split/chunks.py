"""From a document to chunks: by heading, then block, then sentence, each chunk an exact slice of the text.

The smallest part is a unit: a sentence, a list item, a table row or a code block. Units are gathered from the
block structure, measured in a few large calls of the tokenizer (the slow part), packed into chunks, and every
chunk is measured once more as the embedding model will read it; one that is still too long is parted again.
So the limit holds for any tokenizer, also for one whose counts do not add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tutor.documents import Chunk, Document, Span, embedded_text
from tutor.errors import ReadError
from tutor_ingest.split.heading_paths import CountTokens, fitted_paths
from tutor_ingest.split.packing import TINY, ChunkDraft, pack
from tutor_ingest.split.pieces import measured
from tutor_ingest.split.units import Run, Unit, runs_of
from tutor_ingest.structure import Offsets, trim

__all__ = ["MIN_ROOM", "TINY", "CountTokens", "split"]

MIN_ROOM = 8  # tokens that the title must leave for text


def split(
    document: Document,
    *,
    count_tokens: CountTokens,
    max_tokens: int,
    target_tokens: int = 180,
    hidden: Sequence[Offsets] = (),
) -> list[Chunk]:
    """The chunks of a document in order; a document without text under its headings has none.

    `count_tokens` gives, for each text, the embedding model's count with its special tokens. No chunk's
    embedded text (`tutor.documents.embedded_text`) counts more than `max_tokens`. `target_tokens` is the
    size, without the context line, up to which blocks of one section are packed together. Where title and
    headings take more than half of `max_tokens`, a chunk's heading path keeps its deepest headings only, the
    last one shortened if need be. Blocks that lie within `hidden` slices of the text are left out.

    Raises `ReadError` when the title alone leaves fewer than `MIN_ROOM` tokens, `ValueError` for a bad limit.
    """
    if max_tokens < 1 or target_tokens < 1:
        raise ValueError(f"max_tokens and target_tokens are at least 1, not {max_tokens} and {target_tokens}")
    runs = runs_of(document, hidden)
    if not runs:
        return []
    overhead, title = count_tokens(["", document.title])
    if max_tokens - title < MIN_ROOM:
        raise _title_too_long(document, title, max_tokens)
    paths = fitted_paths(document.title, {run.path for run in runs}, count_tokens, max_tokens)
    rooms = {path: max_tokens - size for path, (_, size) in paths.items()}
    drafts = []
    for run in measured(document.text, runs, rooms, count_tokens, overhead, target_tokens):
        fitted, _ = paths[run.path]
        drafts += pack(document.text, Run(fitted, run.units), rooms[run.path], target_tokens)
    return _within(document, drafts, count_tokens, max_tokens)


def _title_too_long(document: Document, size: int, max_tokens: int) -> ReadError:
    return ReadError(
        f"{document.path}: the title takes {size} of the {max_tokens} tokens that the embedding model reads",
        help="Give the document a shorter title.",
    )


def _within(
    document: Document, drafts: list[ChunkDraft], count_tokens: CountTokens, max_tokens: int
) -> list[Chunk]:
    """The drafts as chunks, each measured as it will be embedded and parted until it fits."""
    fitting: list[ChunkDraft] = []
    while drafts:
        texts = [embedded_text(document.title, _chunk(document, draft, 0)) for draft in drafts]
        sizes = count_tokens(texts)
        fitting += [draft for draft, size in zip(drafts, sizes, strict=True) if size <= max_tokens]
        long = [draft for draft, size in zip(drafts, sizes, strict=True) if size > max_tokens]
        drafts = [part for draft in long for part in _parted(document, draft)]
    fitting.sort(key=lambda draft: draft.units[0].start)
    return [_chunk(document, draft, ordinal) for ordinal, draft in enumerate(fitting)]


def _parted(document: Document, draft: ChunkDraft) -> list[ChunkDraft]:
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


def _halves(text: str, unit: Unit) -> Iterator[Unit]:
    """A unit cut near its middle, at white space if there is some."""
    middle = (unit.start + unit.end) // 2
    spaces = [at for at in range(unit.start + 1, unit.end - 1) if text[at].isspace()]
    cut = min(spaces, key=lambda at: abs(at - middle), default=middle)
    for start, end in (trim(text, unit.start, cut), trim(text, cut, unit.end)):
        yield replace(unit, start=start, end=end, outer=start)


def _chunk(document: Document, draft: ChunkDraft, ordinal: int) -> Chunk:
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
