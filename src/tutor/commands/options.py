"""The options that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tutor.retrieval.filters import Filters


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What stands before the command's name."""

    data_dir: Path | None = None
    corpus_dir: Path | None = None
    verbose: int = 0


Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line when piped.")]
Batch = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.jsonl", help="Read one row per line ('-' is stdin), print one JSON object per row."
    ),
]
Paths = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="GLOB", help="Only sources whose path matches; may be repeated."),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only sources with this tag; may be repeated."),
]


def filters_of(paths: list[str] | None, tags: list[str] | None) -> Filters | None:
    """The conditions on sources that `--path` and `--tag` set, None for none."""
    from tutor.retrieval.filters import Filters

    filters = Filters(paths=tuple(paths or ()), tags=tuple(tags or ()))
    return None if filters.empty else filters


def one_of(question: str, batch: str | None) -> None:
    """Refuse a command line that names both a question and a batch, or neither."""
    if bool(question) == (batch is not None):
        raise typer.BadParameter("give either a question or --batch FILE.jsonl", param_hint="QUESTION")
