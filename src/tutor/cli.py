"""The command line: one Typer app, one module per command, one place where errors become exit codes.

Nothing heavy is imported here or by `tutor.commands` at import time: `tutor --help` must answer at once.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tutor import __version__
from tutor.commands import ask, chat, doctor, evaluate, index, ingest, search, serve, topics
from tutor.commands.options import GlobalOptions
from tutor.errors import TutorError

SET_UP_ERRNOS = {errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT}
EXAMPLES = """\b
Start with:
  tutor ask "How long does it take to become an ML engineer?"
  tutor serve --open
"""
EXIT_SET_UP, EXIT_INTERRUPTED, EXIT_BROKEN_PIPE = 2, 130, 141


class Commands(TyperGroup):
    """Runs a command; what a person can act on ends in one line on stderr, a bug in its traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command and flush, so that a closed pipe is noticed here and not at interpreter exit."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except TutorError as error:
            raise _ended(error.line) from error
        except BrokenPipeError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_BROKEN_PIPE) from error
        except OSError as error:
            if error.errno not in SET_UP_ERRNOS:
                raise
            place = f": {error.filename}" if error.filename else ""
            raise _ended(
                f"{error.strerror}{place}. Free some space or name another folder with --data-dir."
            ) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(EXIT_INTERRUPTED) from error
        return result


def _ended(line: str) -> typer.Exit:
    typer.echo(f"tutor: {line}", err=True)
    return typer.Exit(EXIT_SET_UP)


app = typer.Typer(
    name="tutor",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tutor {__version__}")
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the index and all else that is written.")
    ] = None,
    corpus_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that is ingested when no path is named.")
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose", "-v", count=True, help="Log to stderr; twice for more.", show_default=False
        ),
    ] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Answers about becoming a machine-learning engineer, every sentence cited and checked."""
    ctx.obj = GlobalOptions(data_dir=data_dir, corpus_dir=corpus_dir, verbose=verbose)


for _command in (ask, chat, search, topics, ingest, serve, evaluate, doctor):
    app.command(_command.NAME, epilog=_command.EXAMPLES)(_command.run)
app.add_typer(index.app, name=index.NAME, epilog=index.EXAMPLES)


def main() -> None:
    """The entry point `tutor`."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # an old terminal shows `?`, never a traceback
    try:
        app(prog_name="tutor")
    finally:
        gc.freeze()  # the process ends: searching what is left for garbage would take up to a second
