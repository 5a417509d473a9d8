"""What every command does first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutor.commands import start
from tutor.commands.start import SWITCHES, progress_bar, require_space, switch_libraries
from tutor.config import load_settings
from tutor.errors import TutorError
from tutor_ingest.report import Progress


@pytest.fixture(autouse=True)
def _no_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SWITCHES, "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "")  # so that what a test sets is undone
        monkeypatch.delenv(name)


def test_telemetry_is_off_before_any_library_is_imported() -> None:
    switch_libraries(load_settings())
    assert {name: os.environ[name] for name in SWITCHES} == SWITCHES


def test_what_a_person_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    switch_libraries(load_settings())
    assert os.environ["LANGSMITH_TRACING"] == "true"


def test_no_model_hub_is_asked_for_a_model_on_this_machine(tmp_path: Path) -> None:
    for model in ("bundled", str(tmp_path)):
        os.environ.pop("HF_HUB_OFFLINE", None)
        switch_libraries(load_settings(embedding_model=model))
        assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_model_of_the_hub_may_be_downloaded() -> None:
    switch_libraries(load_settings(embedding_model="someone/some-model"))
    assert "HF_HUB_OFFLINE" not in os.environ


def test_an_ingest_that_would_fill_the_disk_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_space(tmp_path / "not" / "there" / "yet")
    monkeypatch.setattr(start, "INGEST_FREE_BYTES", 1 << 60)
    with pytest.raises(TutorError, match="MB are free"):
        require_space(tmp_path / "not" / "there" / "yet")


def test_progress_is_silent_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as tell:
        for done in range(3):
            tell(Progress("read", done, 2, "notes/[odd] name.md"))
    assert capsys.readouterr() == ("", "")


def test_progress_draws_a_bar_per_phase_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar() as tell:
        tell(Progress("read", 1, 2, "notes/[odd] name.md"))
        tell(Progress("embed", 3, 4))
    drawn = capsys.readouterr()
    assert drawn.out == ""
    assert "Reading" in drawn.err
    assert "[odd] name.md" in drawn.err
    assert "Embedding" in drawn.err
