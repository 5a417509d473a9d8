"""What `tutor doctor` looks at, one function for each; a check never fails, it tells.

Versions come first and import nothing of ours: an environment in which a package is missing is one of the things to explain.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tutor import __version__
from tutor.commands.start import INGEST_FREE_BYTES
from tutor.errors import TutorError

if TYPE_CHECKING:
    from tutor.config import Settings
    from tutor.embedding import SpanEmbeddings
    from tutor.index.examination import Examination, Found
    from tutor.index.library import Index

DISTRIBUTION = "roadmap-tutor"
NEEDED = ("torch", "sentence-transformers", "chromadb", "numpy", "langchain-core", "fastapi")
REINSTALL = "Install it again, in a checkout: pip install -c constraints.txt ."
INGEST = "Run `tutor ingest`."
_MODEL_SAYS = (
    "Set TUTOR_EMBEDDING_MODEL to `bundled`, a model folder, or a hub id that this machine can reach."
)
_TEMPORARY_BYTES = 64 * 1024**2  # what opening an index may copy to the temporary folder
_REQUIRED = re.compile(r"([A-Za-z0-9._-]+)\s*(>=|==)\s*(\d[\d.]*)\s*$")


class Mark(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it stands, in a sentence, and what to do about it."""

    name: str
    mark: Mark
    says: str
    todo: str = ""


def versions() -> list[Check]:
    """Python and the packages: those without which nothing works, and all against what the tutor asks for."""
    system = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return [Check("Python", Mark.OK, f"{system}, tutor {__version__}"), _packages()]


def _packages() -> Check:
    missing = [name for name in NEEDED if importlib.util.find_spec(name.replace("-", "_")) is None]
    if missing:
        return Check("packages", Mark.WRONG, f"Not installed: {', '.join(missing)}.", REINSTALL)
    if others := list(_other_packages()):
        return Check("packages", Mark.WARNING, f"{'; '.join(others)}.", REINSTALL)
    return Check("packages", Mark.OK, ", ".join(f"{name} {_installed(name)}" for name in NEEDED))


def _other_packages() -> Iterator[str]:
    try:
        required = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return  # run from its sources: there is nothing to compare with
    for name, sign, wanted in (m.groups() for line in required if (m := _REQUIRED.match(line))):
        found = _installed(name)
        if not found:
            yield f"{name} is not installed"
        elif _numbers(found) < _numbers(wanted) or (sign == "==" and _numbers(found) != _numbers(wanted)):
            yield f"{name} is {found}, the tutor needs {sign} {wanted}"


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _numbers(version: str) -> list[int]:
    """`2.13.0+cpu` as [2, 13, 0]; what is no number ends it."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return [int(number) for number in found[0].split(".")] if found else []


def embedding_model(open_model: Callable[[], SpanEmbeddings]) -> tuple[Check, SpanEmbeddings | None]:
    """Whether the embedding model is there, is the one that it claims to be, and computes."""
    try:
        model = open_model()
        identity = model.identity
        model.count_tokens(["a first question"])
        length = len(model.embed_query("a first question"))
    except TutorError as error:
        return Check("embedding model", Mark.WRONG, _sentence(str(error)), error.help), None
    except Exception as error:  # noqa: BLE001 - each library has its own error for a file that is not what it was
        reason = (str(error).strip().splitlines() or [""])[0][:200]
        says = (
            f"It cannot be loaded ({type(error).__name__}: {reason}): one of its files is missing or damaged."
        )
        return Check("embedding model", Mark.WRONG, says, f"Install the model again. {_MODEL_SAYS}"), None
    if length != identity.dimension:
        says = f"{identity.name} says {identity.dimension} dimensions and gives {length}."
        return Check("embedding model", Mark.WRONG, says, _MODEL_SAYS), None
    weights = (
        f"weights {identity.sha256[:12]}"
        if identity.sha256
        else "weights not hashed, for they have no folder"
    )
    numbers = getattr(model, "dtype", "")
    says = ", ".join(filter(None, (identity.name, f"{length} dimensions", weights, numbers)))
    return Check("embedding model", Mark.OK, says), model


def model_of_index(index: Index, found: Examination, model: SpanEmbeddings) -> Iterator[Check]:
    """Whether the model makes the vectors that the index holds: by its name and weights, and by trying it."""
    from tutor.index.generation import Generation

    serving = next((one for one in found.generations if one.whole), None)
    if serving is None:
        return
    try:
        with closing(Generation(index.generations / serving.name)) as generation:
            generation.check_model(model.identity)
            generation.check_canaries(model)
    except TutorError as error:
        yield Check("model and index", Mark.WRONG, _sentence(str(error)), error.help)
    else:
        says = "The model is the one that built the index, and gives the vectors that it gave then."
        yield Check("model and index", Mark.OK, says)


def generations(found: Examination) -> Iterator[Check]:
    """The pointer, and each generation on disk."""
    if found.pointer is None and not found.pointer_problem:
        says = "Nothing has been ingested yet."
        yield Check(
            "index", Mark.WARNING, says, f"{INGEST} The first `tutor ask` or `tutor serve` does it too."
        )
    elif found.pointer_problem:
        yield Check("index", Mark.WRONG, _sentence(found.pointer_problem), "A repair can point it anew.")
    for one in found.generations:
        yield _generation(one, found)


def _generation(one: Found, found: Examination) -> Check:
    from tutor.index.examination import Role

    name = f"index {one.name}"
    if one.role is Role.LEFT_OVER:
        if found.writer and one.manifest is None:
            return Check(name, Mark.OK, "It is being written.")
        state = (
            ("damaged" if one.damaged else "whole")
            if one.manifest
            else "never finished or without its manifest"
        )
        says = f"Left over, {state}, {size(one.bytes)}."
        return Check(name, Mark.WARNING, says, "The next ingest that publishes removes it.")
    if not one.whole:
        mark = Mark.WRONG if one.role is Role.CURRENT else Mark.WARNING
        return Check(name, mark, f"{one.role.capitalize()}, {one.sentence}.")
    assert one.manifest is not None
    counts = one.manifest.counts
    held = f"{counts.documents} documents, {counts.chunks} passages, {size(one.bytes)}"
    return Check(name, Mark.OK, f"{one.role.capitalize()}, every file whole: {held}, made {made(one)}.")


def sources(found: Examination, settings: Settings) -> Check:
    """Whether all that an ingest reads is where it was."""
    gone = [path for path in source_paths(found, settings) if not path.exists()]
    if not gone:
        count = len(source_paths(found, settings))
        return Check(
            "sources", Mark.OK, f"{'The source is' if count == 1 else f'All {count} sources are'} there."
        )
    todo = "What is indexed stays. Put it back, or run `tutor ingest --replace PATH` with the sources that there are."
    return Check("sources", Mark.WARNING, f"Gone: {', '.join(map(str, gone))}.", todo)


def source_paths(found: Examination, settings: Settings) -> list[Path]:
    """What `tutor ingest` without paths reads: the corpus of the settings, and what was added."""
    added = (Path(source.path) for source in found.sources if not source.corpus)
    return list(dict.fromkeys((settings.corpus_dir, *added)))


def disk(found: Examination, settings: Settings) -> Iterator[Check]:
    """Room for another generation, and whether it can be written."""
    folder = settings.data_dir
    if folder.exists() and not folder.is_dir():
        says = f"{folder} is a file, not a folder."
        yield Check("disk", Mark.WRONG, says, "Name a folder with --data-dir or TUTOR_DATA_DIR.")
        return
    needed = max(INGEST_FREE_BYTES, max((one.bytes for one in found.generations), default=0))
    try:
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        says = f"{folder} cannot be written ({error.strerror or error}): questions are answered, nothing can be ingested."
        yield Check("disk", Mark.WARNING, says, "Name a folder of yours with --data-dir or TUTOR_DATA_DIR.")
        return
    says = f"{size(free)} free for {folder}, the index takes {size(sum(one.bytes for one in found.generations))}."
    if free < needed:
        todo = "Free some space or name another folder with --data-dir."
        yield Check("disk", Mark.WARNING, f"{says} An ingest needs {size(needed)}.", todo)
    else:
        yield Check("disk", Mark.OK, says)
    yield from _temporary()


def _temporary() -> Iterator[Check]:
    todo = "Opening the index takes a little room there. Free some, or set TMPDIR to another folder."
    try:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        yield Check("temporary files", Mark.WRONG, f"No folder for them can be written ({error}).", todo)
        return
    if free < _TEMPORARY_BYTES:
        yield Check("temporary files", Mark.WARNING, f"Only {size(free)} are free in {folder}.", todo)


def lock(found: Examination, index: Index) -> Check:
    """Who writes the index now."""
    if found.writer:
        return Check("writer's lock", Mark.OK, f"The index is being written by {found.writer}.")
    left = (index.root / "writer.json").exists()
    more = " A writer that was killed left its name, which does no harm." if left else ""
    return Check("writer's lock", Mark.OK, f"Free.{more}")


def reranker(settings: Settings) -> Check:
    """Whether one is named, and where it is; it is not loaded."""
    name = settings.reranker
    if name == "none":
        return Check("reranker", Mark.OK, "None, which is the default.")
    folder = Path(name).expanduser()
    if not folder.is_dir():
        return Check(
            "reranker", Mark.OK, f"{name}, a name on the model hub: it is loaded with the first question."
        )
    if not (folder / "config.json").is_file():
        todo = "Set TUTOR_RERANKER to `none`, a model folder, or a hub id."
        return Check("reranker", Mark.WRONG, f"{folder} holds no model.", todo)
    return Check("reranker", Mark.OK, f"{folder}, loaded with the first question.")


def browser_chat() -> Check:
    """Whether what `tutor serve` needs for its page is installed."""
    if importlib.util.find_spec("gradio") is None:
        return Check(
            "browser chat", Mark.WARNING, "gradio is not installed.", "`tutor serve --no-ui` does without."
        )
    return Check("browser chat", Mark.OK, f"gradio {_installed('gradio')}")


def settings_in_force(settings: Settings) -> dict[str, str]:
    """Every setting by its variable, secrets counted and not shown."""
    from tutor.config import PREFIX

    shown = {name: str(value) for name, value in settings.model_dump(exclude={"api_keys"}).items()}
    shown["api_keys"] = f"{len(settings.api_keys)} set" if settings.api_keys else "none"
    return {f"{PREFIX}{name.upper()}": shown[name] for name in type(settings).model_fields}


def size(count: int) -> str:
    """Bytes for a person: `412 kB`, `3.1 MB`, `2.0 GB`, in powers of ten."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= power:
            return f"{count / power:.1f} {unit}" if count < 100 * power else f"{count / power:.0f} {unit}"
    return f"{count} bytes"


def made(one: Found) -> str:
    """When a generation was made, to the minute, UTC."""
    return one.manifest.created[:16].replace("T", " ") if one.manifest else ""


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
