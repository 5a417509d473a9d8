"""All vectors that `retrieval.py` compares, computed once for the same texts and model and kept in a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from _retrieval_sets import Passage
from numpy.typing import NDArray

from tutor.documents import Document
from tutor.embedding import CharRange, HalfVectors, SpanEmbeddings, Vectors
from tutor.index.terms import terms
from tutor.retrieval.search import piece_weights, searched_terms
from tutor_ingest.split.units import runs_of

Ints = NDArray[np.int64]

_WORD = re.compile(r"\w+")
_BLOCK = 256  # texts in one call


@dataclass(frozen=True, slots=True)
class Ragged:
    """Vectors of rows that have different numbers of them: those of row i are `values[starts[i]:starts[i + 1]]`."""

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
    """What the model makes of passages. One longer than it reads is read in parts; `rows` tells whose a part is."""

    vectors: Vectors
    rows: Ints
    pieces: Ragged
    words: Ragged
    content: NDArray[np.bool_]
    """Of each word, whether it is no function word."""
    sentences: Ragged

    @cached_property
    def firsts(self) -> Ints:
        """The first part of each row."""
        return np.flatnonzero(np.diff(self.rows, prepend=-1))

    @cached_property
    def row_vectors(self) -> Vectors:
        """One vector for each row: the mean of its parts."""
        return unit(np.add.reduceat(self.vectors, self.firsts))

    def similarities(self, questions: Vectors) -> Vectors:
        """Cosines of questions to rows, each row by its best part."""
        return np.asarray(np.maximum.reduceat(questions @ self.vectors.T, self.firsts, axis=1), np.float32)


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


def unit(vectors: Vectors) -> Vectors:
    """Rows at length 1, those of length 0 as they are."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def encode_passages(
    passages: Sequence[Passage], embeddings: SpanEmbeddings, cache: Path, *, titles: bool = True
) -> EncodedPassages:
    """The vectors of passages, with or without their titles in front."""
    titled = [passage if titles else Passage("", passage.body, "") for passage in passages]
    parts = [(row, passage.title, part) for row, passage in enumerate(titled) for part in (passage.body,)]
    while True:
        texts = [_text(title, body) for _, title, body in parts]
        sizes = embeddings.count_tokens(texts)
        if all(size <= embeddings.max_tokens or len(part[2]) < 2 for size, part in zip(sizes, parts, strict=True)):
            break
        parts = [
            (row, title, piece)
            for (row, title, body), size in zip(parts, sizes, strict=True)
            for piece in (_halves(body) if size > embeddings.max_tokens and len(body) > 1 else (body,))
        ]
    rows = np.array([row for row, _, _ in parts], np.int64)
    words = [[match.span() for match in _WORD.finditer(text)] or [(0, len(text))] for text in texts]
    sentences = [_sentences(len(text) - len(part[2]), part[2]) for text, part in zip(texts, parts, strict=True)]

    def compute() -> dict[str, NDArray[np.generic]]:
        vectors, pieces, spans = _embed(texts, [w + s for w, s in zip(words, sentences, strict=True)], embeddings)
        in_words = Ragged.of([found[: len(own)] for found, own in zip(spans, words, strict=True)], rows)
        in_sentences = Ragged.of([found[len(own) :] for found, own in zip(spans, words, strict=True)], rows)
        all_pieces = Ragged.of(pieces, rows)
        heavy = [piece_weights(text, own) == 1 for text, own in zip(texts, words, strict=True)]
        return {
            "vectors": vectors,
            "content": np.concatenate(heavy),
            **_flat("pieces", all_pieces), **_flat("words", in_words), **_flat("sentences", in_sentences),
        }  # fmt: skip

    kept = _kept(cache, [embeddings.identity.sha256, *texts], compute)
    return EncodedPassages(
        kept["vectors"], rows, _ragged("pieces", kept), _ragged("words", kept), kept["content"],
        _ragged("sentences", kept),
    )  # fmt: skip


def encode_questions(questions: Sequence[str], embeddings: SpanEmbeddings, cache: Path) -> EncodedQuestions:
    """The vectors of questions."""
    words = [[match.span() for match in _WORD.finditer(text)] or [(0, len(text))] for text in questions]

    def compute() -> dict[str, NDArray[np.generic]]:
        numbers = np.arange(len(questions))
        embedded = [embeddings.embed_question(question) for question in questions]
        _, _, in_words = _embed(questions, words, embeddings)
        key_terms, _, _ = _embed([_key_terms(question) for question in questions], [()] * len(questions), embeddings)
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
        kept["vectors"], kept["key_terms"], _ragged("pieces", kept), kept["piece_weights"], _ragged("words", kept),
        kept["word_weights"],
    )  # fmt: skip


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
    return " ".join(word for word in _WORD.findall(question) if wanted.intersection(terms(word))) or question


def _embed(
    texts: Sequence[str], ranges: Sequence[Sequence[CharRange]], embeddings: SpanEmbeddings
) -> tuple[Vectors, list[HalfVectors], list[Vectors]]:
    blocks = [
        embeddings.embed_spans(texts[start : start + _BLOCK], ranges[start : start + _BLOCK])
        for start in range(0, len(texts), _BLOCK)
    ]
    vectors = np.concatenate([block.vectors for block in blocks])
    return vectors, [t for block in blocks for t in block.tokens], [s for block in blocks for s in block.spans]


def _flat(name: str, ragged: Ragged) -> dict[str, NDArray[np.generic]]:
    return {name: ragged.values, f"{name}-starts": ragged.starts}


def _ragged(name: str, kept: dict[str, NDArray[np.generic]]) -> Ragged:
    return Ragged(kept[name], kept[f"{name}-starts"])


def _kept(
    cache: Path, key: Sequence[str], compute: Callable[[], dict[str, NDArray[np.generic]]]
) -> dict[str, NDArray[np.generic]]:
    """What `compute` gives, from the folder where it was kept under the key, if it was; read by memory map."""
    folder = cache / f"retrieval-{hashlib.sha256(chr(31).join(key).encode()).hexdigest()[:16]}"
    if not (folder / "done").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in compute().items():
            np.save(folder / f"{name}.npy", array)
        (folder / "done").touch()
    return {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}
