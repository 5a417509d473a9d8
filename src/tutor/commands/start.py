"""What every command does first: read the settings, quieten the libraries, open a tutor, ingest if need be.

The libraries read their switches when they are imported, so `settings_of` sets them before any is.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape

from tutor.commands.options import GlobalOptions
from tutor.errors import NoIndexError, TutorError

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor
    from tutor.config import Settings
    from tutor_ingest.report import IngestReport, Progress

INGEST_FREE_BYTES = 200 * 1024 * 1024
"""Room that an ingest asks for: the shipped corpus takes under 10 MB, the rest is for larger ones."""

PHASES = {"check": "Comparing", "read": "Reading", "embed": "Embedding", "publish": "Publishing"}
FILE_COLUMNS = 32

SWITCHES = {
    "TOKENIZERS_PARALLELISM": "false",  # the tokenizer's threads warn about every fork
    "GRADIO_ANALYTICS_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
}


def settings_of(ctx: typer.Context, **overrides: Any) -> Settings:
    """The settings with the command line's options over them; sets up logging and the libraries' switches."""
    from tutor.config import load_settings

    options = ctx.find_object(GlobalOptions) or GlobalOptions()
    settings = load_settings(data_dir=options.data_dir, corpus_dir=options.corpus_dir, **overrides)
    _start_logging(options.verbose)
    switch_libraries(settings)
    return settings


def switch_libraries(settings: Settings) -> None:
    """Telemetry off, and no model hub where the model is on this machine; what a person has set stays."""
    switches = dict(SWITCHES)
    models = (settings.embedding_model, settings.reranker)
    if all(model in ("bundled", "none") or Path(model).expanduser().is_dir() for model in models):
        switches["HF_HUB_OFFLINE"] = "1"
    for name, value in switches.items():
        os.environ.setdefault(name, value)


def _start_logging(verbose: int) -> None:
    root = logging.getLogger()
    if root.handlers:  # whoever calls us from Python has set it up
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    handler.setLevel(level)  # at the handler too: some libraries set their own loggers to DEBUG
    root.setLevel(level)
    root.addHandler(handler)


@contextmanager
def opened(settings: Settings) -> Iterator[Tutor]:
    """A tutor on the current index; where there is none yet, the corpus is ingested first."""
    with waiting("Loading the tutor …"):
        tutor = _open_if_indexed(settings)
    if tutor is None:
        typer.echo(f"No index yet: ingesting {settings.corpus_dir} (first start only).", err=True)
        report = ingested(settings)
        typer.echo(f"Ingested {report.chunks} passages in {report.seconds:.0f} s.", err=True)
        with waiting("Loading the tutor …"):
            tutor = _open(settings)
    try:
        yield tutor
    finally:
        tutor.close()


def _open(settings: Settings) -> Tutor:
    with uncollected():
        from tutor.bootstrap import open_tutor

        return open_tutor(settings)


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is collected meanwhile, and what has been made is never searched for garbage afterwards.

    Importing torch and loading a model makes a million objects that all stay. Searching them again and again took a
    fifth of the time to the first answer, and doing it once more when the process ends nearly a second.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def _open_if_indexed(settings: Settings) -> Tutor | None:
    try:
        return _open(settings)
    except NoIndexError:
        return None


def ingested(
    settings: Settings,
    paths: Sequence[Path] = (),
    *,
    replace: bool = False,
    dry_run: bool = False,
    reread: bool = False,
) -> IngestReport:
    """Ingest with a progress bar on stderr where that is a terminal."""
    with waiting("Loading the embedding model …"):
        from tutor.embedding import open_embeddings
        from tutor_ingest.pipeline import ingest

        require_space(settings.data_dir)
        embeddings = open_embeddings(settings)
    with progress_bar() as progress:
        return ingest(
            settings,
            paths,
            embeddings=embeddings,
            progress=progress,
            replace=replace,
            dry_run=dry_run,
            reread=reread,
        )


def require_space(folder: Path, more: int = 0) -> None:
    """Refuse to start an ingest, or what writes that many bytes more, if it would fill the disk half way."""
    needed = INGEST_FREE_BYTES + more
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise TutorError(
            f"Only {free // 2**20} MB are free for {folder}, {needed // 2**20} MB are needed",
            help="Free some space or name another folder with --data-dir.",
        )


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """A spinner on stderr while something slow starts; nothing where stderr is no terminal."""
    console = Console(stderr=True)
    with console.status(text) if console.is_terminal else nullcontext():
        yield


@contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """A bar per phase on stderr, gone when all is done; shows nothing where stderr is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    texts = TextColumn("{task.description:<10}"), TextColumn("[dim]{task.fields[file]}")
    columns = texts[0], BarColumn(24), MofNCompleteColumn(), texts[1]
    bars = Bars(*columns, console=console, transient=True, disable=not console.is_terminal)
    tasks: dict[str, TaskID] = {}

    def advance(step: Progress) -> None:
        if step.phase not in tasks:
            tasks[step.phase] = bars.add_task(PHASES[step.phase], file="")
        file = escape(Path(step.path).name[:FILE_COLUMNS])
        bars.update(tasks[step.phase], completed=step.done, total=step.total, file=file)

    with bars:
        yield advance
