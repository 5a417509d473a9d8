"""`tutor eval`: ask the questions of a set, score the answers, hold them against the thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tutor.commands.options import Json
from tutor.commands.start import require_space, settings_of

NAME = "eval"
EXAMPLES = """\b
Examples:
  tutor eval
  tutor eval --failures --split dev
  tutor eval --json > results.json
  tutor --corpus-dir wiki/ eval --questions ours.yaml --thresholds ours-bounds.yaml

\b
Exit codes:
  0  every threshold is kept
  1  a threshold is not kept
  2  a mistake in the question set or the set-up
"""


def run(
    ctx: typer.Context,
    questions: Annotated[
        Path | None, typer.Option(metavar="PATH", help="A YAML file or folder of questions instead of ours.")
    ] = None,
    split: Annotated[Literal["dev", "test"] | None, typer.Option(help="Only this part.")] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only N questions, spread evenly over the set.")
    ] = None,
    thresholds: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A YAML file of bounds instead of ours.")
    ] = None,
    failures: Annotated[bool, typer.Option("--failures", help="Show each question that failed.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all results as JSON.")] = None,
    json: Json = False,
) -> None:
    """Measure the answers on a set of questions whose sources and key facts are known.

    The corpus is ingested into an index of its own. Thresholds hold for the whole of a set only. With --json
    all results go to stdout as one object and the table to stderr.
    """
    if json and out:
        raise typer.BadParameter("it goes to stdout with --json; give one of the two", param_hint="--out")
    settings = settings_of(ctx)
    require_space(settings.data_dir)
    from tutor_evals.run import STDOUT, main_eval

    code = main_eval(
        settings,
        questions_path=questions,
        split=split,
        limit=limit,
        json_path=STDOUT if json else out,
        failures=failures,
        thresholds_path=thresholds,
    )
    raise typer.Exit(code)
