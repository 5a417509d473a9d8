"""`tutor chat`: a conversation in the terminal; each statement appears as soon as it has been checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tutor.commands.options import Json, Paths, Tags, filters_of
from tutor.commands.start import opened, settings_of
from tutor.errors import TutorError

if TYPE_CHECKING:
    from tutor.answering.answer import Answer
    from tutor.answering.tutor import Tutor
    from tutor.retrieval.filters import Filters

NAME = "chat"
PROMPT = "› "
HELP = """/sources      the sources of the last answer, with their quotes
/new          start a new conversation
/export FILE  write the conversation and its sources as Markdown
/help         this list
/quit         end (so does Ctrl-D)"""
EXAMPLES = """\b
Examples:
  tutor chat
  tutor chat --tag roadmap
  printf 'Is Python enough?\\nWhy?\\n' | tutor chat --json
"""


def run(ctx: typer.Context, json: Json = False, path: Paths = None, tag: Tags = None) -> None:
    """Talk with the tutor; a question may refer to the ones before it.

    Inside, /help lists what else can be typed. With --json each line of stdin is a question or a command
    and each answer is printed as one JSON object.
    """
    settings = settings_of(ctx)
    with opened(settings) as tutor:
        chat = Chat(tutor, filters_of(path, tag), json=json)
        for line in _lines():
            try:
                if not chat.take(line):
                    break
            except TutorError as error:
                typer.echo(f"tutor: {error.line}", err=True)


class Chat:
    """One conversation: what was asked and answered so far."""

    def __init__(self, tutor: Tutor, filters: Filters | None = None, *, json: bool = False) -> None:
        self.tutor = tutor
        self.filters = filters
        self.json = json
        self.answers: list[Answer] = []

    def take(self, line: str) -> bool:
        """Answer a question or follow a /command; False ends the chat."""
        line = line.strip()
        if line.startswith("/"):
            return self._command(*line.split(maxsplit=1))
        if line:
            self._ask(line)
        return True

    def _command(self, name: str, argument: str = "") -> bool:
        if name in {"/quit", "/exit"}:
            return False
        if name == "/new":
            self.answers.clear()
            typer.echo("A new conversation.", err=True)
        elif name == "/sources":
            self._sources()
        elif name == "/export":
            self._export(argument)
        else:
            typer.echo(HELP if name == "/help" else f"{name} is not known here.\n{HELP}", err=True)
        return True

    def _ask(self, question: str) -> None:
        from tutor.answering.answer import DoneEvent, NoticeEvent, StatementEvent, Turn
        from tutor.commands.batch import print_json
        from tutor.commands.show import markdown, out, printable, sources

        console = out()
        history = [Turn(question=answer.question, answer=answer.text) for answer in self.answers]
        for event in self.tutor.events(question, history=history, filters=self.filters):
            if isinstance(event, DoneEvent):
                self.answers.append(event.answer)
            elif self.json or not isinstance(event, StatementEvent | NoticeEvent):
                continue
            elif console.is_terminal:
                if event.markdown.startswith("\n\n"):  # a paragraph of its own; else it goes on with a list
                    console.print()
                console.print(markdown(event.markdown))
            else:
                sys.stdout.write(printable(event.markdown))
                sys.stdout.flush()
        answer = self.answers[-1]
        if self.json:
            print_json(answer.model_dump(mode="json"))
        elif console.is_terminal:
            if answer.citations:
                console.print("", sources(answer.citations, quotes=False), sep="\n")
            console.print()
        else:
            sys.stdout.write("\n")

    def _sources(self) -> None:
        from tutor.commands.show import out, sources

        if self.answers and self.answers[-1].citations:
            out().print(sources(self.answers[-1].citations))
        else:
            typer.echo(
                "The last answer has no sources." if self.answers else "Nothing was asked yet.", err=True
            )

    def _export(self, name: str) -> None:
        from tutor_ui.export import conversation

        if not name:
            raise TutorError("/export needs the name of a file", help="For example: /export conversation.md")
        target = Path(name).expanduser()
        try:
            target.write_text(conversation(self.answers), encoding="utf-8")
        except OSError as error:
            raise TutorError(f"{target} cannot be written: {error.strerror}") from error
        typer.echo(f"Wrote {target}.", err=True)


def _lines() -> Iterator[str]:
    """What a person types, with line editing, or the lines of a pipe; ends at the end of input."""
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    with suppress(ImportError):  # Windows has none: editing is the console's there
        import readline  # noqa: F401
    typer.echo("Ask about becoming an ML engineer; /help lists the commands, Ctrl-D ends.", err=True)
    while True:
        try:
            yield input(PROMPT)
        except (EOFError, KeyboardInterrupt) as end:
            typer.echo(err=True)  # the shell's prompt starts on a line of its own
            if isinstance(end, KeyboardInterrupt):
                raise
            return
