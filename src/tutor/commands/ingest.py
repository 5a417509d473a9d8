"""`tutor ingest`: read sources, index them, say what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tutor.commands.options import Json
from tutor.commands.start import ingested, settings_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tutor_ingest.report import IngestReport, Skipped

NAME = "ingest"
_SHOWN = 3  # files of one reason that more share
_MOST_ROWS = 100  # files with reasons that few share
_PATH_COLUMNS = 40  # of a terminal of 80
_LONGEST_PATH = 76  # characters
EXAMPLES = """\b
Examples:
  tutor ingest
  tutor ingest notes/ handbook.pdf
  tutor ingest --dry-run notes/
  tutor --data-dir /tmp/team ingest --replace --json wiki/
"""


def run(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", hidden=True),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Drop what earlier ingests of other paths brought in.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and report, write nothing.")] = False,
    reread: Annotated[
        bool, typer.Option("--reread", help="Read files again though they have not changed.")
    ] = False,
    json: Json = False,
) -> None:
    """Read files, folders and zip archives, or the corpus if none is named, and index them.

    Read are Markdown, text, HTML, PDF, DOCX, EPUB, notebooks, reStructuredText, spreadsheets, CSV, subtitles and
    source code. What has not changed is neither read nor computed again. A file that cannot be read is named
    in the report with the reason, and the rest goes on. The tutor keeps answering from the old index until
    the new one is whole.
    """
    settings = settings_of(ctx)
    report = ingested(settings, tuple(paths or ()), replace=replace, dry_run=dry_run, reread=reread)
    if json:
        from tutor.commands.batch import print_json

        print_json(report.model_dump(mode="json"))
    else:
        from tutor.commands.show import out

        out().print(summary(report))


def summary(report: IngestReport) -> RenderableType:
    """The report for a person: what was done, then the files that were left out, with their reasons."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    counts = Table.grid(padding=(0, 1, 0, 0))
    counts.add_column(justify="right", style="bold")
    for number, meaning in (
        (report.documents, f"of {report.files} files are in the index"),
        (report.unchanged, "of them as they were"),
        (report.moved, "moved"),
        (len(report.skipped), "skipped, listed below"),
        (len(report.kept), "cannot be opened now and stay as they were"),
        (report.removed, "gone since the last ingest"),
        (report.boilerplate, "repeated headers and footers left out"),
        (report.chunks, "passages"),
        (report.embedded, "of them embedded now"),
        (report.reused, "of them as before"),
    ):
        if number:
            counts.add_row(str(number), meaning)
    parts: list[RenderableType] = [Text(headline(report)), counts]
    parts += _listed("skipped", report.skipped)
    parts += _listed("kept as before", report.kept)
    return Group(*parts)


def _listed(title: str, files: Sequence[Skipped]) -> list[RenderableType]:
    """Files with their reasons in two columns; of many with one reason a few, and how many more there are.

    A reason that many share stands once, above them, so that it does not hide the others.
    """
    from rich.table import Table
    from rich.text import Text

    by_reason: dict[str, list[str]] = {}
    for file in files:
        by_reason.setdefault(_line(file.reason), []).append(_line(file.path))
    shared = {reason: paths for reason, paths in by_reason.items() if len(paths) > _SHOWN + 1}
    alone = [file for file in files if _line(file.reason) not in shared]
    parts: list[RenderableType] = []
    if alone:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column(title, max_width=_PATH_COLUMNS, overflow="fold")
        table.add_column("reason")
        for file in alone[:_MOST_ROWS]:
            table.add_row(Text(_line(file.path)), Text(_line(file.reason)))
        parts += [Text(), table]
    if len(alone) > _MOST_ROWS:
        parts.append(Text(f"and {len(alone) - _MOST_ROWS} more (--json names all)"))
    for reason, paths in sorted(shared.items(), key=lambda item: -len(item[1])):
        parts += [Text(), Text(f"{len(paths)} {title}: {reason}", style="bold")]
        parts += [Text(f"  {_shortened(path)}") for path in paths[:_SHOWN]]
        parts.append(Text(f"  and {len(paths) - _SHOWN} more (--json names all)"))
    return parts


def _line(text: str) -> str:
    """On one line, whatever a file is called."""
    from tutor.commands.show import printable

    return " ".join(printable(text).split())


def _shortened(path: str) -> str:
    """The end of a long path, which says more than its beginning."""
    return path if len(path) <= _LONGEST_PATH else f"…{path[1 - _LONGEST_PATH :]}"


def headline(report: IngestReport) -> str:
    """What became of it, in one sentence."""
    if report.dry_run:
        return f"Dry run, nothing was written ({report.seconds:.1f} s)."
    if report.published:
        return f"Published index {report.generation} in {report.seconds:.1f} s."
    return f"Nothing has changed: index {report.generation} is current ({report.seconds:.1f} s)."
