"""`tutor doctor`: is everything as it should be, what to do where it is not, and on request doing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tutor.commands import checks
from tutor.commands.checks import Check, Mark
from tutor.commands.options import Json
from tutor.commands.start import progress_bar, require_space, settings_of, waiting
from tutor.errors import TutorError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tutor.config import Settings
    from tutor.embedding import SpanEmbeddings
    from tutor.index.library import Index
    from tutor.index.repair import Plan

NAME = "doctor"
WRONG = 2
STEPS = 3  # a repair, and what it leaves to be done
STYLES = {Mark.OK: "green", Mark.WARNING: "yellow", Mark.WRONG: "bold red"}
EXAMPLES = """\b
Examples:
  tutor doctor
  tutor doctor --repair
  tutor doctor --json
  tutor --data-dir /srv/tutor doctor

\b
Exit codes:
  0  all is well, or has been repaired; warnings are allowed
  2  something is wrong
"""

OpenModel = Callable[[], "SpanEmbeddings"]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All checks, and what a repair of the index would do; None where the index could not be looked at."""

    checks: tuple[Check, ...]
    plan: Plan | None = None
    generation: str = ""

    @property
    def mark(self) -> Mark:
        """The worst of all."""
        return max((check.mark for check in self.checks), key=list(Mark).index, default=Mark.OK)


def run(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair the index, saying what is done; nothing else is changed.")
    ] = False,
    json: Json = False,
) -> None:
    """Check versions, model, index and disk, and say what to do where something is wrong.

    Every file of the index is compared with its hash. With --repair the index is made whole by the least that
    helps: from its own files, from the stored documents, by going back, or from the sources.
    """
    settings = settings_of(ctx)

    def open_model() -> SpanEmbeddings:
        from tutor.embedding import open_embeddings

        return open_embeddings(settings)

    raise typer.Exit(doctor(settings, open_model, repair=repair, json=json))


def doctor(settings: Settings, open_model: OpenModel, *, repair: bool = False, json: bool = False) -> int:
    """Look, tell, repair if asked to; returns the exit code."""
    model = _Once(open_model)
    found = diagnose(settings, model)
    if not json:
        _show(found, settings)
    done: list[str] = []
    failed: TutorError | None = None
    if repair and found.plan is not None:
        try:
            found, done = _repair(settings, model, found, quiet=json)
        except TutorError as error:
            failed = error
    if json:
        _print_json(found, settings, done, failed)
    elif failed:
        raise failed
    return WRONG if failed or found.mark is Mark.WRONG else 0


class _Once:
    """Opens the model once, whoever asks for it first; one that cannot be opened is tried again, to say why again."""

    def __init__(self, open_model: OpenModel) -> None:
        self._open = open_model
        self._model: SpanEmbeddings | None = None

    def __call__(self) -> SpanEmbeddings:
        self._model = self._model or self._open()
        return self._model


def diagnose(settings: Settings, open_model: OpenModel) -> Diagnosis:
    """All checks. Only versions, where packages are missing: everything else would fail for that."""
    found = checks.versions()
    if any(check.mark is Mark.WRONG for check in found):
        return Diagnosis(tuple(found))
    with waiting("Looking …"):
        from tutor.index.examination import examine
        from tutor.index.library import Index
        from tutor.index.repair import plan

        checked, model = checks.embedding_model(open_model)
        index = Index(settings.data_dir)
        examined = examine(index)
        found += [checked, *checks.generations(examined)]
        if model is not None:
            found += checks.model_of_index(index, examined, model)
        found += [checks.sources(examined, settings), *checks.disk(examined, settings)]
        found += [checks.lock(examined, index), checks.reranker(settings), checks.browser_chat()]
        there = all(path.exists() for path in checks.source_paths(examined, settings))
        todo = plan(index, examined, sources_there=there)
    return Diagnosis(tuple(found), todo, index.current_name() or "")


def _repair(
    settings: Settings, model: OpenModel, found: Diagnosis, *, quiet: bool
) -> tuple[Diagnosis, list[str]]:
    """Carry out plans until there is none; each step is told before it is done."""
    from tutor.index.library import Index
    from tutor.index.repair import Kind

    done: list[str] = []
    index = Index(settings.data_dir)
    for _ in range(STEPS):
        plan = found.plan
        if plan is None or plan.kind in (Kind.NOTHING, Kind.HOPELESS):
            break
        if not quiet:
            _say(f"\nRepairing: {plan.says}")
        _carry_out(settings, index, model, plan)
        found = diagnose(settings, model)
        done.append(f"{plan.says} Generation {found.generation} is current now.")
        if not quiet:
            _say(f"Done: generation {found.generation} is current.")
    if not quiet:
        _say(f"\n{_outcome(found, done)}")
    return found, done


def _say(text: str) -> None:
    """Print a paragraph, wrapped between words."""
    from rich.text import Text

    from tutor.commands.show import out, printable

    out().print(Text(printable(text)))


def _carry_out(settings: Settings, index: Index, model: OpenModel, plan: Plan) -> None:
    from tutor.index.repair import Kind, repair
    from tutor_ingest.pipeline import ingest
    from tutor_ingest.report import Progress

    with _one_line_for_the_disk(), progress_bar() as progress:
        if plan.kind is Kind.INGEST:
            require_space(settings.data_dir)
            ingest(settings, embeddings=model(), progress=progress, reread=True)
            return
        if plan.of and plan.kind in (Kind.REBUILD, Kind.EMBED, Kind.RESCUE):
            require_space(settings.data_dir, plan.of.bytes)
        repair(index, model, tell=lambda done, total: progress(Progress("embed", done, total)))


@contextmanager
def _one_line_for_the_disk() -> Iterator[None]:
    """What the disk or the state of the folder forbids is the finding of a doctor, never its crash."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        place = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TutorError(
            f"the repair could not be finished: {reason}{place}", help="What was there before still is."
        ) from error


def _outcome(found: Diagnosis, done: Sequence[str]) -> str:
    wrong = [check.name for check in found.checks if check.mark is Mark.WRONG]
    if wrong:
        return f"Still wrong: {', '.join(wrong)}; what to do stands above."
    return "The index is whole again." if done else "The index is whole, there is nothing to repair."


def _show(found: Diagnosis, settings: Settings) -> None:
    from tutor.commands.show import out

    out().print(report(found, settings))


def report(found: Diagnosis, settings: Settings) -> RenderableType:
    """Each check with its mark, what to do below it, the settings, and what a repair would do."""
    from rich.console import Group
    from rich.text import Text

    from tutor.commands.show import hanging, printable
    from tutor.index.repair import Kind

    table, values = hanging("mark", "name"), hanging("name")
    for check in found.checks:
        table.add_row(Text(check.mark, STYLES[check.mark]), Text(check.name), Text(printable(check.says)))
        if check.todo:
            table.add_row("", "", Text(f"→ {printable(check.todo)}", "italic"))
    for name, value in checks.settings_in_force(settings).items():
        values.add_row(Text(name), Text(printable(value)))
    parts: list[RenderableType] = [table, Text("\nSettings", "bold"), values]
    if found.plan is not None and found.plan.kind is not Kind.NOTHING:
        title = (
            "Beyond repair" if found.plan.kind is Kind.HOPELESS else "`tutor doctor --repair` would do this"
        )
        parts += [Text(f"\n{title}", "bold"), Text(printable(found.plan.says))]
    return Group(*parts)


def _print_json(found: Diagnosis, settings: Settings, done: Sequence[str], failed: TutorError | None) -> None:
    from tutor.commands.batch import print_json

    plan = found.plan
    result: dict[str, Any] = {
        "mark": Mark.WRONG if failed else found.mark,
        "checks": [asdict(check) for check in found.checks],
        "generation": found.generation,
        "repair": {"kind": plan.kind, "says": plan.says} if plan else None,
        "done": list(done),
        "error": failed.line if failed else None,
        "settings": checks.settings_in_force(settings),
    }
    print_json(result)
