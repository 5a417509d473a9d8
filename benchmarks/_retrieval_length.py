"""How much of an answer is in what was retrieved, for chunks of different sizes, at equal retrieved length.

On `long_docs`, whose questions come with the places of their answers in whole documents: the share of
those characters that lie in the best chunks, taken in order until so many word pieces are reached, the
last one cut there.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from _retrieval_lab import Lab, Scores
from _retrieval_sets import Passage, PassageSet, rows
from _retrieval_ways import CHOSEN, ordered

from tutor.documents import Document, context_line
from tutor.embedding import CharRange, SpanEmbeddings
from tutor_ingest.split import split

SET = "long_docs"
LENGTHS = (400, 800, 1600, 3200)
TARGETS = (100, 150, 180, 220, 250)
YARDSTICK = "recursive, 400"
SEPARATORS = ("\n\n", "\n", " ", "")  # those of LangChain's RecursiveCharacterTextSplitter
DEPTH = 50  # passages ordered anew: as many as the longest length holds

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk to be retrieved: what is embedded before its text, and where that stands."""

    document: str
    title: str
    start: int
    end: int


Chunking = Callable[[dict[str, Any]], Iterator[Piece]]


def chunkings(embeddings: SpanEmbeddings, *, quick: bool = False) -> Mapping[str, Chunking]:
    """The ways to chunk a document, by name; sizes in word pieces."""
    made: dict[str, Chunking] = {}

    def recursive(size: int) -> Chunking:
        return lambda row: (
            Piece(row["doc_id"], row["title"], start, end)
            for start, end in recursive_ranges(row["text"], size, _counter(embeddings))
        )

    def ours(target: int, *, overlap: bool = False) -> Chunking:
        return lambda row: _ours(row, embeddings, target, overlap=overlap)

    made[YARDSTICK] = recursive(400)
    if not quick:
        made["recursive, 200"] = recursive(200)
    for target in (180,) if quick else TARGETS:
        made[f"ours, {target}"] = ours(target)
    if not quick:
        made["ours, 180, one sentence of overlap"] = ours(180, overlap=True)
    return made


def _ours(row: dict[str, Any], embeddings: SpanEmbeddings, target: int, *, overlap: bool) -> Iterator[Piece]:
    document = Document(
        id=row["doc_id"], path=row["doc_id"], title=row["title"], text=row["text"], format="text", sha256=""
    )
    before = None
    for chunk in split(
        document, count_tokens=embeddings.count_tokens, max_tokens=embeddings.max_tokens, target_tokens=target
    ):
        title = "\n".join(filter(None, (context_line(row["title"], chunk.heading_path), chunk.lead)))
        joined = overlap and before and before.heading_path == chunk.heading_path
        yield Piece(
            row["doc_id"], title, before.spans[-1].start if joined and before else chunk.start, chunk.end
        )
        before = chunk


def recursive_ranges(
    text: str,
    size: int,
    count: Count,
    separators: Sequence[str] = SEPARATORS,
    start: int = 0,
    end: int | None = None,
) -> Iterator[CharRange]:
    """A text cut at the coarsest separator, pieces joined up to `size`, longer ones cut at the next."""
    end = len(text) if end is None else end
    separator, *finer = [s for s in separators if s in text[start:end]]
    starts = [start + match.start() for match in re.finditer(re.escape(separator), text[start:end])]
    edges = sorted({start, *starts, end})
    pieces = list(pairwise(edges))
    sizes = count([text[a:b] for a, b in pieces])
    first, total = start, 0
    for (a, b), length in zip(pieces, sizes, strict=True):
        if length > size and finer:
            yield from _trimmed(text, first, a)
            yield from recursive_ranges(text, size, count, finer, a, b)
            first, total = b, 0
            continue
        if total and total + length > size:
            yield from _trimmed(text, first, a)
            first, total = a, 0
        total += length
    yield from _trimmed(text, first, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[CharRange]:
    part = text[start:end]
    if stripped := part.strip():
        begin = start + part.index(stripped[0])
        yield begin, begin + len(stripped)


def _counter(embeddings: SpanEmbeddings) -> Count:
    return lambda texts: [size - 2 for size in embeddings.count_tokens(texts)]


@dataclass(frozen=True, slots=True)
class Chunked:
    """A chunking of the documents, and for each way of retrieving the share of the answers at each length."""

    chunks: int
    pieces: float
    found: Mapping[str, Sequence[float]]


def measure(
    devset: Path, embeddings: SpanEmbeddings, cache: Path, *, quick: bool = False
) -> dict[str, Chunked]:
    """Every chunking with every way of retrieving."""
    documents = rows(devset / SET / "documents.jsonl")
    asked = [row for row in rows(devset / SET / "queries.jsonl") if row["answerable"]]
    return {
        name: _measured(
            [piece for row in documents for piece in chunk(row)], documents, asked, embeddings, cache
        )
        for name, chunk in chunkings(embeddings, quick=quick).items()
    }


def _measured(
    pieces: list[Piece],
    documents: list[dict[str, Any]],
    asked: list[dict[str, Any]],
    embeddings: SpanEmbeddings,
    cache: Path,
) -> Chunked:
    text = {row["doc_id"]: row["text"] for row in documents}
    bodies = [text[piece.document][piece.start : piece.end] for piece in pieces]
    spans = [[(s["doc"], s["start"], s["end"]) for s in row["gold_spans"]] for row in asked]
    passages = [Passage(p.title, body, p.document) for p, body in zip(pieces, bodies, strict=True)]
    lab = Lab(
        PassageSet(
            SET, passages, [row["question"] for row in asked], [_holding(pieces, own) for own in spans]
        ),
        embeddings,
        cache,
    )
    sizes = _counter(embeddings)(bodies)
    deep = replace(CHOSEN, depth=max(CHOSEN.depth, DEPTH))
    ways: dict[str, Scores] = {
        "dense": lab.dense,
        "BM25": lab.lexical,
        "blend": lab.blended,
        "formula, neither feedback nor neighbours": ordered(lab, replace(deep, feedback=0, neighbours=0)),
        "formula, no feedback": ordered(lab, replace(deep, feedback=0)),
        "formula, no neighbours": ordered(lab, replace(deep, neighbours=0)),
        "formula": ordered(lab, deep),
    }
    found = {
        name: [share(pieces, sizes, spans, scores, length) for length in LENGTHS]
        for name, scores in ways.items()
    }
    return Chunked(len(pieces), float(np.mean(sizes)), found)


def _holding(pieces: Sequence[Piece], spans: Sequence[tuple[str, int, int]]) -> frozenset[int]:
    """The chunks that hold a part of one of the spans."""
    return frozenset(
        row
        for row, piece in enumerate(pieces)
        if any(d == piece.document and piece.start < end and start < piece.end for d, start, end in spans)
    )


def share(
    pieces: Sequence[Piece],
    sizes: Sequence[int],
    spans: Sequence[Sequence[tuple[str, int, int]]],
    scores: Scores,
    length: int,
) -> float:
    """The mean share of each question's answer in the first `length` word pieces of its best chunks."""
    shares = []
    for own, order in zip(spans, np.argsort(-scores, axis=1, kind="stable"), strict=True):
        taken: dict[str, list[CharRange]] = defaultdict(list)
        ends = np.cumsum([sizes[row] for row in order[:length]])
        whole = bisect_right(ends.tolist(), length)
        for row in order[:whole]:
            taken[pieces[row].document].append((pieces[row].start, pieces[row].end))
        if whole < len(ends):
            last = pieces[order[whole]]
            left = (length - (int(ends[whole - 1]) if whole else 0)) / sizes[order[whole]]
            taken[last.document].append((last.start, last.start + int((last.end - last.start) * left)))
        held = sum(_covered(start, end, taken[document]) for document, start, end in own)
        shares.append(held / sum(end - start for _, start, end in own))
    return float(np.mean(shares))


def _covered(start: int, end: int, ranges: Sequence[CharRange]) -> int:
    inside = np.zeros(end - start, np.bool_)
    for left, right in ranges:
        inside[max(left - start, 0) : max(right - start, 0)] = True
    return int(inside.sum())
