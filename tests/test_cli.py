"""The app itself: what it imports, its help, and how each kind of end becomes an exit code."""

from __future__ import annotations

import errno
import re
import shlex
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from tutor import __version__
from tutor.cli import Commands, app
from tutor.errors import NoIndexError

HEAVY = {"torch", "chromadb", "gradio", "langchain", "langchain_core", "sentence_transformers", "fastapi"}
NAMES = ("ask", "chat", "search", "ingest", "serve", "eval")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["ask", "--help"], ["serve", "--help"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    """They answer at once."""
    code = (
        "import sys\nfrom tutor.cli import main\n"
        f"sys.argv = ['tutor', *{arguments!r}]\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stderr.split())


def test_version_is_the_packages() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"tutor {__version__}\n"


def test_without_arguments_the_help_is_shown() -> None:
    output = CliRunner().invoke(app, []).output
    assert all(f"\n  {name} " in output for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_examples_within_80_columns(name: str) -> None:
    output = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80"}).output
    assert "Examples:" in output
    described = output.partition("Examples:")[0]
    assert max(map(len, described.splitlines())) <= 80


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_accepted_by_the_parser(name: str) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, Commands)
    examples = group.commands[name].epilog or ""
    lines = re.findall(r"^.*\btutor .*$", examples, re.MULTILINE)
    assert lines
    for line in lines:
        words = shlex.split(line, comments=True)
        words = words[words.index("tutor") + 1 :]
        words = words[: words.index(">")] if ">" in words else words
        at = words.index(name)
        with group.make_context("tutor", words) as context:
            group.commands[name].make_context(name, words[at + 1 :], parent=context)


def _app_that(error: BaseException | None = None, code: int = 0) -> typer.Typer:
    failing = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @failing.callback()
    def common() -> None: ...

    @failing.command()
    def fail() -> None:
        typer.echo("said before")
        if error:
            raise error
        raise typer.Exit(code)

    return failing


def test_a_persons_mistake_is_one_line_and_exit_2() -> None:
    error = NoIndexError("there is no index in /data.", help="Run: tutor ingest")
    result = CliRunner().invoke(_app_that(error), ["fail"])
    assert result.exit_code == 2
    assert result.stderr == "tutor: there is no index in /data. Run: tutor ingest\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_or_closed_disk_is_one_line_and_exit_2(number: int) -> None:
    result = CliRunner().invoke(_app_that(OSError(number, "No such luck", "/data")), ["fail"])
    assert result.exit_code == 2
    assert result.stderr.startswith("tutor: No such luck: /data.")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), FileNotFoundError(errno.ENOENT, "gone")])
def test_a_bug_keeps_its_traceback(error: Exception) -> None:
    assert CliRunner().invoke(_app_that(error), ["fail"]).exception is error


def test_ctrl_c_is_quiet_and_exits_130() -> None:
    result = CliRunner().invoke(_app_that(KeyboardInterrupt()), ["fail"])
    assert (result.exit_code, result.stderr) == (130, "")


def test_an_exit_code_passes_through() -> None:
    assert CliRunner().invoke(_app_that(code=3), ["fail"]).exit_code == 3


def test_a_closed_pipe_is_quiet() -> None:
    """`tutor … | head` ends like other programs do: with 141 and nothing on stderr."""
    code = "import sys; from tutor.cli import main; sys.argv = ['tutor', 'ask', '--help']; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 141


@pytest.mark.parametrize("arguments", [["ask"], ["ask", "Why?", "--batch", "rows.jsonl"], ["search"]])
def test_a_question_or_a_batch_is_needed(arguments: list[str]) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "either a question or --batch" in result.stderr


def test_a_mistyped_command_is_answered_with_the_right_one() -> None:
    result = CliRunner().invoke(app, ["serch", "x"])
    assert result.exit_code == 2
    assert "Did you mean 'search'" in result.stderr


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_PROT", "80")
    result = CliRunner().invoke(app, ["ask", "Why?"])
    assert result.exit_code == 2
    assert result.stderr == "tutor: TUTOR_PROT is not a setting of the tutor. Did you mean TUTOR_PORT?\n"
