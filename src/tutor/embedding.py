"""Text to vectors: sentence-transformers behind LangChain's `Embeddings`.

The default model is all-MiniLM-L6-v2 (Apache-2.0), whose weights come inside a Python package, so nothing is
downloaded. One forward pass over a chunk gives both the chunk's vector and one vector per span in it: the mean of
the span's token vectors, so that every sentence has a vector at no cost in time, in the light of its heading and neighbours.

Loading a model takes seconds, most of them for importing torch and transformers. Hence what a folder's own files say
(`identity`, and for the bundled model the count of tokens too) is known without, and its weights are hashed in a thread meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from tutor.errors import EmbeddingError
from tutor.weights import (
    BUNDLED,
    BUNDLED_BYTES,
    BUNDLED_SHA256,
    damaged,
    declared_dimension,
    declared_max_tokens,
    hash_in_background,
    locate,
    weights_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.config import Settings

Vectors = NDArray[np.float32]
HalfVectors = NDArray[np.float16]
CharRange = tuple[int, int]


_BATCH_PIECES = 1_024  # word pieces that go through the model together: of 512 to 4,096 the fastest (benchmarks/ingest.py)


@dataclass(frozen=True, slots=True)
class EmbeddingIdentity:
    """What must agree between an index and the model that queries it."""

    name: str
    sha256: str
    dimension: int


@dataclass(frozen=True, slots=True)
class EmbeddedQuestion:
    """A question's vector, and one for each of its word pieces, shape (word pieces, dimension); all of length 1.

    `pieces` are the places of the word pieces in the text; a special one has an empty place.
    """

    vector: Vectors
    tokens: Vectors
    pieces: tuple[CharRange, ...]


class SpanEmbeddings(Protocol):
    """What the tutor needs of an embedding model beyond LangChain's `Embeddings`; all vectors have length 1."""

    @property
    def identity(self) -> EmbeddingIdentity:
        """Name, hash of the weights and dimension."""
        ...

    @property
    def max_tokens(self) -> int:
        """Word pieces that the model reads of a text; what goes beyond is cut."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, special tokens included, nothing cut."""
        ...

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        ...

    def embed_question(self, text: str) -> EmbeddedQuestion:
        """The vectors of a question and of its word pieces."""
        ...

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of texts, shape (n, dimension), and for each text those of its spans, shape (spans, dimension)."""
        ...


class SentenceTransformerEmbeddings(Embeddings):
    """A sentence-transformers model on the CPU, in bfloat16 where the processor computes it natively.

    Nothing is loaded before it is needed; `load` does it at once. Raises EmbeddingError if the model is not there or
    its weights are not those expected: the bundled ones are compared by size at once, by hash before they are used.
    """

    def __init__(self, model: str = BUNDLED, *, threads: int = 0) -> None:
        self._folder, self._name = locate(model)
        self._bundled = model == BUNDLED
        self._threads = threads
        self._weights = weights_of(self._folder) if self._folder else []
        if self._bundled and [path.stat().st_size for path in self._weights] != [BUNDLED_BYTES]:
            raise damaged()
        self._hashing = hash_in_background(self._weights)

    @cached_property
    def _sha256(self) -> str:
        sha256 = self._hashing.result()
        if self._bundled and sha256 != BUNDLED_SHA256:
            raise damaged()
        return sha256

    @cached_property
    def _model(self) -> Any:
        with quiet_loading():
            import torch
            from sentence_transformers import SentenceTransformer

            if self._threads:
                torch.set_num_threads(self._threads)
            dtype = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
            source = str(self._folder) if self._folder else self._name
            self._many_threads = torch.get_num_threads()
            _ = self._sha256  # damaged weights are refused before they are read
            try:
                return SentenceTransformer(source, device="cpu", model_kwargs={"dtype": dtype})
            except Exception as error:
                # Whatever a file lacks or holds too much of, each library says it with an error of its own.
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                raise EmbeddingError(
                    f"the embedding model {self._name!r} cannot be loaded: {reason}",
                    help="Set TUTOR_EMBEDDING_MODEL to `bundled`, a model folder, or a hub id that this machine can reach.",
                ) from error

    def load(self) -> None:
        """Load the model now, not with the first text. Raises EmbeddingError."""
        _ = self._model

    @property
    def dtype(self) -> str:
        """The numbers that it computes with, `bfloat16` or `float32`; loads the model."""
        return str(next(self._model.parameters()).dtype).removeprefix("torch.")

    @cached_property
    def identity(self) -> EmbeddingIdentity:
        """Name, hash of the weights (empty for a hub id) and dimension; loads nothing where the model's files tell."""
        known = declared_dimension(self._folder) if self._folder and self._sha256 else None
        dimension = known or int(self._model.get_embedding_dimension())
        return EmbeddingIdentity(self._name, self._sha256, dimension)

    @cached_property
    def max_tokens(self) -> int:
        """Word pieces that the model reads of a text."""
        declared = declared_max_tokens(self._folder) if self._folder else None
        return declared or int(self._model.max_seq_length)

    @cached_property
    def _counter(self) -> Any:
        from tokenizers import Tokenizer

        if (
            self._bundled and self._folder
        ):  # its file is its tokenizer; others' are changed while they are loaded
            counter = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        else:
            counter = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        counter.no_truncation()
        counter.no_padding()
        return counter

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, special tokens included, nothing cut."""
        return [len(encoding.ids) for encoding in self._counter.encode_batch_fast(list(texts))]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of texts, each of length 1."""
        if not texts:
            return []
        vectors = np.stack(
            [
                out["sentence_embedding"].float().numpy()
                for out in self._encode(texts, self.count_tokens(texts))
            ]
        )
        return _unit(vectors).tolist()  # type: ignore[no-any-return]  # numpy types tolist as Any

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, of length 1; computed in one thread unless the number of threads was set."""
        self.load()
        with self._one_thread():
            return self.embed_documents([text])[0]

    def embed_question(self, text: str) -> EmbeddedQuestion:
        """The vectors of a question and of its word pieces; computed in one thread unless the number of threads was set."""
        self.load()
        with self._one_thread():
            (out,) = self._encode([text], [1])
        places = self._counter.encode(text).offsets
        tokens = out["token_embeddings"][: len(places)].float().numpy()
        vector = out["sentence_embedding"].float().numpy()[np.newaxis]
        return EmbeddedQuestion(_unit(vector)[0], _unit(tokens), tuple(places[: len(tokens)]))

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of texts and of character ranges within each; one forward pass for both.

        Call it on large blocks: texts are sorted by length within one call, so that little is padded.
        """
        if not texts:
            return np.zeros((0, self.identity.dimension), np.float32), []
        encodings = self._counter.encode_batch(list(texts))
        outputs = self._encode(texts, [len(encoding.ids) for encoding in encodings])
        vectors = np.stack([out["sentence_embedding"].float().numpy() for out in outputs])
        pooled = [
            _pool(out["token_embeddings"].float().numpy(), encoding.offsets, ranges)
            for out, encoding, ranges in zip(outputs, encodings, spans, strict=True)
        ]
        return _unit(vectors), pooled

    def _encode(self, texts: Sequence[str], pieces: Sequence[int]) -> list[dict[str, Any]]:
        """For each text, of so many word pieces, its vector and those of its word pieces, and of the padding after them.

        Texts of like length go through the model together, few at a time so that what is computed stays in the processor's
        cache, and each batch in one thread: that needs two thirds of the time of larger batches in all threads
        (`benchmarks/ingest.py`).
        """
        model = self._model
        batches = _batches([min(number, self.max_tokens) for number in pieces])

        def made(batch: Sequence[int]) -> list[dict[str, Any]]:
            some = [texts[place] for place in batch]
            return model.encode(some, batch_size=len(some), output_value=None, show_progress_bar=False)  # type: ignore[no-any-return]  # untyped

        def made_in_one_thread(batch: Sequence[int]) -> list[dict[str, Any]]:
            with self._one_thread(anyhow=True):
                return made(batch)

        threads = min(self._many_threads, len(batches))
        if threads == 1:
            outputs = [made(batch) for batch in batches]
        else:
            with ThreadPoolExecutor(threads, thread_name_prefix="embedding") as pool:
                outputs = list(pool.map(made_in_one_thread, batches))
        places = (place for batch in batches for place in batch)
        ordered = sorted(
            zip(places, (one for some in outputs for one in some), strict=True), key=itemgetter(0)
        )
        return [one for _, one in ordered]

    @contextmanager
    def _one_thread(self, *, anyhow: bool = False) -> Iterator[None]:
        """One short text is not worth a second thread: starting and awaiting it takes longer than its share of the work.

        Measured with the bundled model on two cores: 7 ms in one thread; in two 9 ms, but 30 to 500 ms while another
        process computes. Torch keeps the number for each thread, so that one which embeds documents meanwhile is left alone.
        """
        if self._threads and not anyhow:
            yield
            return
        import torch

        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(self._many_threads)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """The places of texts in batches, longest first; a batch holds up to so many word pieces, padding counted, or one text."""
    batches: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= _BATCH_PIECES:
            batches[-1].append(place)
        else:
            batches.append([place])
    return batches


def open_embeddings(settings: Settings) -> SentenceTransformerEmbeddings:
    """The embedding model that the settings name."""
    return SentenceTransformerEmbeddings(settings.embedding_model, threads=settings.threads)


def _pool(tokens: Vectors, offsets: Sequence[CharRange], ranges: Sequence[CharRange]) -> Vectors:
    """Unit-length means of the token vectors that overlap each range; zeros for a range without tokens."""
    if not ranges:
        return np.zeros((0, tokens.shape[1]), np.float32)
    known = min(len(offsets), len(tokens))
    places = np.array(offsets[:known], np.int64).reshape(-1, 2)
    real = np.flatnonzero(
        places[:, 1] > places[:, 0]
    )  # special pieces have no place; the others follow each other
    starts, ends = places[real, 0], places[real, 1]
    wanted = np.array(ranges, np.int64)
    first = np.searchsorted(ends, wanted[:, 0], side="right")
    after = np.maximum(np.searchsorted(starts, wanted[:, 1], side="left"), first)
    # No matrix product: one so small, in two threads of BLAS, takes ten times as long as these sums.
    padded = np.vstack((tokens[real], np.zeros((1, tokens.shape[1]), np.float32)))
    sums = np.add.reduceat(padded, np.column_stack((first, after)).ravel(), axis=0)[::2]
    sums[after == first] = 0
    return _unit(np.asarray(sums / np.maximum(after - first, 1)[:, np.newaxis], np.float32))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Loading shows no progress bar: a library that draws on the terminal garbles ours."""
    before = os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS")
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    from transformers.utils import logging as transformers_logging

    logging: Any = transformers_logging

    enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if enabled:
            logging.enable_progress_bar()
        if before is None:
            os.environ.pop("HF_HUB_DISABLE_PROGRESS_BARS", None)
        else:
            os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = before
