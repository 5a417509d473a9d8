"""`tutor index`: what it prints for a person and for a program, and a backup with the real model."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from tutor.cli import Commands, app
from tutor.commands.index import table
from tutor.config import Settings
from tutor.index.examination import examine
from tutor.index.library import Index
from tutor.testing import SMALL_CORPUS, HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest

NAMES = ("list", "roll-back", "export", "import")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two generations, 000002 the current one."""
    made = small_settings(tmp_path_factory.mktemp("published"))
    write_corpus(made.corpus_dir)
    for text in ("One.", "Two."):
        (made.corpus_dir / "new.md").write_text(f"# New\n\n{text}\n")
        ingest(made, embeddings=HashingEmbeddings(), loader=in_process)
    return made


@pytest.fixture
def data(published: Settings, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published.data_dir, tmp_path / "data"))


def tutor(data: Path, *words: str | Path) -> Result:
    """Run a command in this process; only a bug comes out as an exception."""
    result = CliRunner().invoke(app, ["--data-dir", str(data), *map(str, words)], env={"COLUMNS": "80"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def object_of(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    return json.loads(line)


def test_a_list_names_every_generation(data: Path) -> None:
    """Which one answers, which one can be gone back to, and how large they are."""
    result = tutor(data, "index", "list")
    header, current, previous = (line.split() for line in result.stdout.splitlines())
    assert header == ["name", "state", "made", "(UTC)", "documents", "passages", "size", "model"]
    assert (current[:2], previous[:2]) == (["000002", "current"], ["000001", "previous"])
    assert current[4] == "4"
    assert current[-1] == "hashing"


def test_a_list_for_a_program_has_the_same(data: Path) -> None:
    """One object, the current generation first."""
    (data / "index" / "generations" / "000003").mkdir()
    first, _, unfinished = object_of(tutor(data, "index", "list", "--json"))["generations"]
    assert (first["generation"], first["state"], first["documents"]) == ("000002", "current", 4)
    assert (first["model"], first["schema"], first["problem"]) == ("hashing", 2, "")
    assert first["bytes"] > 100_000
    assert (unfinished["state"], unfinished["documents"]) == ("left over", None)
    assert "manifest.json is missing" in unfinished["problem"]


def test_a_list_fits_80_columns(data: Path) -> None:
    """With a model of a long name and a generation without a manifest too."""
    (data / "index" / "generations" / "000003").mkdir()
    stream = io.StringIO()
    Console(file=stream, width=80).print(table(examine(Index(data), thorough=False)))
    assert max(map(len, stream.getvalue().splitlines())) <= 80
    assert "manifest.json is missing" in " ".join(stream.getvalue().split())


def test_without_an_index_there_is_nothing_to_list(tmp_path: Path) -> None:
    """Which is no mistake; the folder is not made."""
    result = tutor(tmp_path / "none", "index", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing has been ingested yet." in result.stderr
    assert object_of(tutor(tmp_path / "none", "index", "list", "--json")) == {"generations": []}
    assert not (tmp_path / "none").exists()


def test_a_lost_pointer_is_told_by_the_list(data: Path) -> None:
    """And who explains it."""
    (data / "index" / "CURRENT").unlink()
    assert "Run `tutor doctor`" in tutor(data, "index", "list").stderr


def test_roll_back_goes_back_and_forth(data: Path) -> None:
    """It says what answers now, and how to undo it."""
    assert (
        tutor(data, "index", "roll-back").stdout
        == "Generation 000001 is current; `tutor index roll-back` goes back to 000002.\n"
    )
    assert object_of(tutor(data, "index", "roll-back", "--json")) == {
        "generation": "000002",
        "previous": "000001",
    }


def test_roll_back_to_nothing_or_to_damage_is_one_line(data: Path) -> None:
    """Exit 2, and what is current stays so."""
    (data / "index" / "generations" / "000001" / "store.sqlite").write_bytes(b"")
    result = tutor(data, "index", "roll-back")
    assert result.exit_code == 2
    assert "generation 000001 is damaged" in result.stderr
    assert result.stderr.count("\n") == 1
    assert Index(data).current_name() == "000002"
    assert tutor(data / "none", "index", "roll-back").exit_code == 2


def test_export_says_what_it_wrote(data: Path, tmp_path: Path) -> None:
    """And does not overwrite unasked; an earlier generation goes by its name."""
    file = tmp_path / "b.tar.gz"
    assert re.fullmatch(
        r"Wrote generation 000002 \(4 documents, \d+ passages\) to \S+, [\d.]+ kB\.\n",
        tutor(data, "index", "export", file).stdout,
    )
    again = tutor(data, "index", "export", file)
    assert (again.exit_code, "--force" in again.stderr) == (2, True)
    done = object_of(tutor(data, "index", "export", "--force", "--generation", "000001", "--json", file))
    assert done == {"generation": "000001", "file": str(file), "bytes": file.stat().st_size}


def test_a_backup_of_another_model_is_refused(data: Path, tmp_path: Path) -> None:
    """The real model of the settings is not the fake one that made it."""
    tutor(data, "index", "export", tmp_path / "b.tar")
    result = tutor(tmp_path / "other", "index", "import", tmp_path / "b.tar")
    assert result.exit_code == 2
    assert (
        "made with the embedding model 'hashing' (256 dimensions), not with 'all-MiniLM-L6-v2'"
        in result.stderr
    )
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_backup_is_one_line(tmp_path: Path) -> None:
    """Exit 2."""
    (tmp_path / "b.tar").write_bytes(b"no backup" * 1000)
    result = tutor(tmp_path / "other", "index", "import", tmp_path / "b.tar")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_examples_that_are_accepted(name: str) -> None:
    """Within 80 columns, and the parser takes them."""
    output = CliRunner().invoke(app, ["index", name, "--help"], env={"COLUMNS": "80"}).output
    assert max(map(len, output.partition("Examples:")[0].splitlines())) <= 80
    root = typer.main.get_command(app)
    assert isinstance(root, Commands)
    group: Any = root.commands["index"]
    examples = re.findall(r"^ *(tutor .*)$", output.partition("Examples:")[2], re.MULTILINE)
    assert examples
    for words in map(shlex.split, examples):
        at = words.index("index")
        with root.make_context("tutor", words[1 : at + 1]) as context:
            assert words[at + 1] == name
            group.commands[name].make_context(name, words[at + 2 :], parent=context)


@pytest.mark.model
def test_with_the_real_model_a_restored_backup_finds_the_same(tmp_path: Path) -> None:
    """Export here, import there: the same ten hits with the same scores; a source that is not there is named."""
    corpus, more, there = tmp_path / "corpus", tmp_path / "more", tmp_path / "there"
    write_corpus(corpus)
    write_corpus(more, {"extra.md": "# Extra\n\nSourdough rises for twelve hours.\n"})
    here = tmp_path / "here"
    ingested = CliRunner().invoke(
        app, ["--data-dir", str(here), "--corpus-dir", str(corpus), "ingest", str(corpus), str(more)]
    )
    assert ingested.exit_code == 0, ingested.output
    tutor(here, "index", "export", tmp_path / "b.tar.gz")
    shutil.rmtree(more)
    result = tutor(there, "index", "import", tmp_path / "b.tar.gz")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Generation 000001 is current: 4 documents, ")
    assert str(more) in result.stderr
    queries = [
        line.strip("# -|") for text in SMALL_CORPUS.values() for line in text.splitlines() if len(line) > 20
    ]
    rows = tmp_path / "rows.jsonl"
    rows.write_text("\n".join(json.dumps({"id": i, "question": q[:200]}) for i, q in enumerate(queries)))
    found = [tutor(data, "search", "--json", "--batch", rows).stdout for data in (here, there)]
    assert found[0] == found[1]
    assert len(found[0].splitlines()) == len(queries)
    restored = object_of(tutor(there, "index", "import", "--json", tmp_path / "b.tar.gz"))
    assert (restored["generation"], restored["previous"], restored["sources_gone"]) == (
        "000002",
        "000001",
        [str(more)],
    )
