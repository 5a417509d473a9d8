"""All vectors that `retrieval.py` compares, computed once for the same texts and model, and kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from _retrieval_sets import Passage
from numpy.typing import NDArray

from tutor.documents import Document
from tutor.embedding import CharRange, HalfVectors, SpanEmbeddings, Vectors
from tutor.index.terms import terms
from tutor.index.words import WORD, content_words
from tutor.retrieval.search import piece_weights, searched_terms
from tutor_ingest.split.units import runs_of

Ints = NDArray[np.int64]
Arrays = dict[str, NDArray[Any]]

_BLOCK = 256  # texts in one call


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different numbers of vectors: those of row i are `values[starts[i] : starts[i + 1]]`."""

    values: HalfVectors
    starts: Ints

    @classmethod
    def of(cls, parts: Sequence[Vectors | HalfVectors], rows: Ints) -> Ragged:
        """From the vectors of parts, in order, and the row of each part."""
        counts = np.bincount(rows, [len(part) for part in parts], minlength=int(rows[-1]) + 1)
        values = np.concatenate([np.asarray(part, np.float16) for part in parts])
        return cls(values, np.concatenate(([0], np.cumsum(counts))).astype(np.int64))

    def where(self, keep: NDArray[np.bool_]) -> Ragged:
        """The vectors that are kept; of a row with none, its first."""
        first = self.starts[:-1]
        kept = keep.copy()
        kept[first] |= np.add.reduceat(keep, first) == 0
        before = np.concatenate(([0], np.cumsum(kept)))
        return Ragged(self.values[kept], before[self.starts])

    def pooled(self, size: int) -> Ragged:
        """Each run of `size` vectors of a row as their mean, length 1."""
        counts = -(-np.diff(self.starts) // size)
        starts = np.concatenate(([0], np.cumsum(counts)))
        first = np.repeat(self.starts[:-1] - size * starts[:-1], counts) + size * np.arange(starts[-1])
        return Ragged(unit(np.add.reduceat(self.values.astype(np.float32), first)).astype(np.float16), starts)


@dataclass(frozen=True)
class EncodedPassages:
    """What the model makes of passages. A long one is read in parts; `rows` tells whose each part is."""

    vectors: Vectors
    rows: Ints
    words: Ragged
    content: NDArray[np.bool_]
    """Of each word, whether it is no function word."""
    sentences: Ragged

    @cached_property
    def row_vectors(self) -> Vectors:
        """One vector for each row: the mean of its parts."""
        return unit(np.add.reduceat(self.vectors, _firsts(self.rows)))

    def similarities(self, questions: Vectors) -> Vectors:
        """Cosines of questions to rows."""
        return similarities(questions, self.vectors, self.rows)


@dataclass(frozen=True, slots=True)
class EncodedQuestions:
    """What the model makes of questions; weights are those of late interaction, small for function words."""

    vectors: Vectors
    key_terms: Vectors
    """Vectors of the question's words without function words."""
    pieces: Ragged
    piece_weights: Vectors
    words: Ragged
    word_weights: Vectors


def similarities(questions: Vectors, vectors: Vectors, rows: Ints) -> Vectors:
    """Cosines of questions to rows, each row by the best of its parts."""
    return np.asarray(np.maximum.reduceat(questions @ vectors.T, _firsts(rows), axis=1), np.float32)


def _firsts(rows: Ints) -> Ints:
    """The first part of each row."""
    return np.flatnonzero(np.diff(rows, prepend=-1))


def unit(vectors: Vectors) -> Vectors:
    """Rows at length 1, those of length 0 as they are."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def encode_passages(passages: Sequence[Passage], embeddings: SpanEmbeddings, cache: Path) -> EncodedPassages:
    """The vectors of passages with their titles in front."""
    parts = _parts([(row, p.title, p.body) for row, p in enumerate(passages)], embeddings)
    rows = np.array([row for row, _, _ in parts], np.int64)
    texts = [_text(title, body) for _, title, body in parts]
    words = _words(texts)
    sentences = [
        _sentences(len(text) - len(body), body) for text, (_, _, body) in zip(texts, parts, strict=True)
    ]

    def compute() -> Arrays:
        ranges = [own + more for own, more in zip(words, sentences, strict=True)]
        vectors, spans = _embed(texts, ranges, embeddings)
        in_words = [found[: len(own)] for found, own in zip(spans, words, strict=True)]
        in_sentences = [found[len(own) :] for found, own in zip(spans, words, strict=True)]
        content = [
            word in kept
            for text, own in zip(texts, words, strict=True)
            for kept in (set(content_words(text)),)
            for word in own
        ]
        return {
            "vectors": vectors,
            "content": np.array(content),
            **_flat("words", Ragged.of(in_words, rows)),
            **_flat("sentences", Ragged.of(in_sentences, rows)),
        }

    kept = _kept(cache, [embeddings.identity.sha256, *texts], compute)
    return EncodedPassages(
        kept["vectors"], rows, _ragged("words", kept), kept["content"], _ragged("sentences", kept)
    )


def encode_pieces(passages: Sequence[Passage], embeddings: SpanEmbeddings, cache: Path) -> Ragged:
    """The vectors of the word pieces of passages, special ones included."""
    parts = _parts([(row, p.title, p.body) for row, p in enumerate(passages)], embeddings)
    texts = [_text(title, body) for _, title, body in parts]

    def compute() -> Arrays:
        rows = np.array([row for row, _, _ in parts], np.int64)
        return _flat("pieces", Ragged.of([embeddings.embed_question(text).tokens for text in texts], rows))

    return _ragged("pieces", _kept(cache, [embeddings.identity.sha256, "pieces", *texts], compute))


def encode_bodies(
    passages: Sequence[Passage], embeddings: SpanEmbeddings, cache: Path
) -> tuple[Vectors, Ints]:
    """The vectors of passages without their titles, and the row of each."""
    parts = _parts([(row, "", passage.body) for row, passage in enumerate(passages)], embeddings)
    texts = [body for _, _, body in parts]

    def compute() -> Arrays:
        return {"vectors": _embed(texts, [()] * len(texts), embeddings)[0]}

    vectors: Vectors = _kept(cache, [embeddings.identity.sha256, "bodies", *texts], compute)["vectors"]
    return vectors, np.array([row for row, _, _ in parts], np.int64)


def encode_questions(questions: Sequence[str], embeddings: SpanEmbeddings, cache: Path) -> EncodedQuestions:
    """The vectors of questions."""
    words = _words(questions)

    def compute() -> Arrays:
        numbers = np.arange(len(questions))
        embedded = [embeddings.embed_question(question) for question in questions]
        _, in_words = _embed(questions, words, embeddings)
        key_terms, _ = _embed(
            [_key_terms(question) for question in questions], [()] * len(questions), embeddings
        )
        by_piece = [piece_weights(q, e.pieces) for q, e in zip(questions, embedded, strict=True)]
        by_word = [piece_weights(q, own) for q, own in zip(questions, words, strict=True)]
        return {
            "vectors": np.stack([one.vector for one in embedded]),
            "key_terms": key_terms,
            "piece_weights": np.concatenate(by_piece),
            "word_weights": np.concatenate(by_word),
            **_flat("pieces", Ragged.of([one.tokens for one in embedded], numbers)),
            **_flat("words", Ragged.of(in_words, numbers)),
        }

    kept = _kept(cache, [embeddings.identity.sha256, "questions", *questions], compute)
    return EncodedQuestions(
        kept["vectors"],
        kept["key_terms"],
        _ragged("pieces", kept),
        kept["piece_weights"],
        _ragged("words", kept),
        kept["word_weights"],
    )


def _parts(parts: list[tuple[int, str, str]], embeddings: SpanEmbeddings) -> list[tuple[int, str, str]]:
    """Rows with their titles and texts, the texts halved until the model reads each whole."""
    while True:
        sizes = embeddings.count_tokens([_text(title, body) for _, title, body in parts])
        long = [
            size > embeddings.max_tokens and len(body) > 1
            for size, (_, _, body) in zip(sizes, parts, strict=True)
        ]
        if not any(long):
            return parts
        parts = [
            (row, title, piece)
            for (row, title, body), cut in zip(parts, long, strict=True)
            for piece in (_halves(body) if cut else (body,))
        ]


def _words(texts: Sequence[str]) -> list[list[CharRange]]:
    return [[match.span() for match in WORD.finditer(text)] or [(0, len(text))] for text in texts]


def _text(title: str, body: str) -> str:
    return f"{title}\n{body}" if title else body


def _halves(body: str) -> tuple[str, str]:
    """A text cut at the white space nearest to its middle."""
    middle = len(body) // 2
    spaces = [match.start() for match in re.finditer(r"\s", body[1:-1])]
    cut = min(spaces, key=lambda at: abs(at + 1 - middle)) + 1 if spaces else middle
    return body[:cut], body[cut:]


def _sentences(offset: int, body: str) -> list[CharRange]:
    """The spans of a text, as places in the text that ends with it."""
    document = Document(id="", path="", title="", text=body, format="text", sha256="")
    found = [(unit.start + offset, unit.end + offset) for run in runs_of(document) for unit in run.units]
    return found or [(offset, offset + len(body))]


def _key_terms(question: str) -> str:
    """The words of a question that its lexical search looks for."""
    wanted = set(searched_terms(question))
    return " ".join(word for word in WORD.findall(question) if wanted.intersection(terms(word))) or question


def _embed(
    texts: Sequence[str], ranges: Sequence[Sequence[CharRange]], embeddings: SpanEmbeddings
) -> tuple[Vectors, list[Vectors]]:
    blocks = [
        embeddings.embed_spans(texts[start : start + _BLOCK], ranges[start : start + _BLOCK])
        for start in range(0, len(texts), _BLOCK)
    ]
    return np.concatenate([vectors for vectors, _ in blocks]), [span for _, spans in blocks for span in spans]


def _flat(name: str, ragged: Ragged) -> Arrays:
    return {name: ragged.values, f"{name}-starts": ragged.starts}


def _ragged(name: str, kept: Arrays) -> Ragged:
    return Ragged(kept[name], kept[f"{name}-starts"])


def _kept(cache: Path, key: Sequence[str], compute: Callable[[], Arrays]) -> Arrays:
    """What `compute` gives, kept in a folder under the key and read from there by memory map."""
    folder = cache / f"retrieval-{hashlib.sha256(chr(31).join(key).encode()).hexdigest()[:16]}"
    if not (folder / "done").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in compute().items():
            np.save(folder / f"{name}.npy", array)
        (folder / "done").touch()
    return {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}
