"""`tutor index`: the generations on disk, going back to the one before, and backups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tutor.commands.checks import made, size
from tutor.commands.options import Json
from tutor.commands.start import settings_of, waiting

if TYPE_CHECKING:
    from rich.table import Table

    from tutor.index.examination import Examination, Found

NAME = "index"
EXAMPLES = """\b
Examples:
  tutor index list
  tutor index roll-back
  tutor index export backup.tar.gz
  tutor --data-dir /srv/tutor index import backup.tar.gz
"""
app = typer.Typer(name=NAME, help="List, roll back, export and import the index.", no_args_is_help=True)


@app.command(
    "list", epilog="\b\nExamples:\n  tutor index list\n  tutor --data-dir /srv/tutor index list --json\n"
)
def list_(ctx: typer.Context, json: Json = False) -> None:
    """List the generations on disk: the current one, the one to go back to, and what was left over.

    Whether their files are whole is not looked at; `tutor doctor` does that.
    """
    settings = settings_of(ctx)
    from tutor.index.examination import examine
    from tutor.index.library import Index

    found = examine(Index(settings.data_dir), thorough=False)
    if json:
        from tutor.commands.batch import print_json

        print_json({"generations": [as_json(one) for one in found.generations]})
    elif not found.generations:
        typer.echo("Nothing has been ingested yet.", err=True)
    else:
        from tutor.commands.show import out

        out().print(table(found))
        if found.pointer_problem:
            typer.echo(f"{found.pointer_problem}. Run `tutor doctor`.", err=True)


def as_json(one: Found) -> dict[str, Any]:
    """A generation for a program."""
    manifest = one.manifest
    return {
        "generation": one.name,
        "state": one.role.value,
        "created": manifest.created if manifest else None,
        "documents": manifest.counts.documents if manifest else None,
        "chunks": manifest.counts.chunks if manifest else None,
        "bytes": one.bytes,
        "model": manifest.embedding.name if manifest else None,
        "schema": one.schema,
        "problem": "" if one.whole else one.sentence,
    }


def table(found: Examination) -> Table:
    """A generation on each line."""
    from rich.table import Table
    from rich.text import Text

    from tutor.commands.show import printable

    result = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for name in ("name", "state", "made (UTC)"):
        result.add_column(name, no_wrap=True)
    for name in ("documents", "passages", "size"):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("model", overflow="fold")
    for one in found.generations:
        manifest = one.manifest
        if manifest is None:
            result.add_row(one.name, one.role, "–", "–", "–", size(one.bytes), Text(printable(one.sentence)))
            continue
        counts = (str(manifest.counts.documents), str(manifest.counts.chunks))
        model = Text(printable(manifest.embedding.name))
        result.add_row(one.name, one.role, Text(printable(made(one))), *counts, size(one.bytes), model)
    return result


@app.command("roll-back", epilog="\b\nExamples:\n  tutor index roll-back\n")
def roll_back(ctx: typer.Context, json: Json = False) -> None:
    """Go back to the generation before the current one; again goes forward.

    Its files are checked first. A server that runs answers from it with the next question.
    """
    settings = settings_of(ctx)
    from tutor.index.library import Index

    index = Index(settings.data_dir)
    with waiting("Checking …"):
        name = index.roll_back()
    pointer = index.pointer
    previous = pointer.previous.name if pointer and pointer.previous else ""
    if json:
        from tutor.commands.batch import print_json

        print_json({"generation": name, "previous": previous})
    else:
        typer.echo(f"Generation {name} is current; `tutor index roll-back` goes back to {previous}.")


@app.command(
    "export",
    epilog="\b\nExamples:\n  tutor index export backup.tar.gz\n  tutor index export --force /mnt/backups/tutor.tar\n"
    "  tutor index export --generation 000006 before.tar.gz\n",
)
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Compressed if it ends in .gz or .tgz.")],
    generation: Annotated[
        str, typer.Option(metavar="NAME", help="Another generation than the current one.", show_default=False)
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    json: Json = False,
) -> None:
    """Write the index to one file, which is read back and compared before it gets its name.

    The file holds everything that answers need. The sources are not in it: only their texts, as they were read.
    """
    settings = settings_of(ctx)
    from tutor.index import backup
    from tutor.index.library import Index

    with waiting("Exporting …"):
        done = backup.export(Index(settings.data_dir), file.expanduser(), name=generation, force=force)
    if json:
        from tutor.commands.batch import print_json

        print_json({"generation": done.generation, "file": str(done.file), "bytes": done.bytes})
    else:
        held = f"{done.manifest.counts.documents} documents, {done.manifest.counts.chunks} passages"
        typer.echo(f"Wrote generation {done.generation} ({held}) to {done.file}, {size(done.bytes)}.")


@app.command(
    "import",
    epilog="\b\nExamples:\n  tutor index import backup.tar.gz\n  tutor --data-dir /srv/tutor index import backup.tar.gz\n",
)
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tutor index export` wrote.")],
    json: Json = False,
) -> None:
    """Make the index in a file the current one; `tutor index roll-back` undoes it.

    Every file in it is compared with its hash, and the embedding model with the one of the settings: answers are the
    same as where it was exported.
    """
    settings = settings_of(ctx)
    from tutor.embedding import open_embeddings
    from tutor.index import backup
    from tutor.index.library import Index

    with waiting("Importing …"):
        identity = open_embeddings(settings).identity
        done = backup.import_(Index(settings.data_dir), file.expanduser(), identity=identity)
    gone = [s.path for s in done.manifest.sources if not s.corpus and not Path(s.path).exists()]
    if json:
        from tutor.commands.batch import print_json

        values = {"generation": done.generation, "exported_as": done.exported_as, "previous": done.previous}
        print_json({**values, "sources_gone": gone})
        return
    counts = done.manifest.counts
    typer.echo(
        f"Generation {done.generation} is current: {counts.documents} documents, {counts.chunks} passages."
    )
    if done.previous:
        typer.echo(f"`tutor index roll-back` goes back to {done.previous}.")
    if gone:
        typer.echo(
            f"Not on this machine, and needed by the next `tutor ingest`: {', '.join(gone)}. "
            "`tutor ingest --replace PATH` takes others.",
            err=True,
        )
