"""Settings: where values come from, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tutor.config import Settings, load_settings
from tutor.errors import ConfigError


@pytest.fixture(autouse=True)
def _folder_without_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_serve_on_this_machine_alone_with_the_bundled_model() -> None:
    settings = load_settings()
    assert (settings.host, settings.embedding_model, settings.api_keys) == ("127.0.0.1", "bundled", ())


def test_the_default_corpus_is_the_checkouts() -> None:
    assert (load_settings().corpus_dir / "sources").is_dir()


def test_later_sources_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults, then .env, then the environment, then arguments."""
    (tmp_path / ".env").write_text("TUTOR_PORT=1\nTUTOR_TOP_K=2\nOTHER=3\n")
    assert (load_settings().port, load_settings().top_k) == (1, 2)
    monkeypatch.setenv("TUTOR_PORT", "4")
    assert load_settings().port == 4
    assert load_settings(port=5, top_k=None).port == 5
    assert load_settings(port=5, top_k=None).top_k == 2


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_PORT", "")
    assert load_settings().port == 7860


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TUTOR_PORT", "http", "TUTOR_PORT='http'"),
        ("TUTOR_PORT", "70000", "less than or equal to 65535"),
        ("TUTOR_MODEL", "gpt", "'auto' or 'quote'"),
        ("TUTOR_TOP_K", "0", "TUTOR_TOP_K='0'"),
    ],
)
def test_a_wrong_value_names_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as raised:
        load_settings()
    assert said in raised.value.line
    assert "It is: " in raised.value.line
    assert "\n" not in raised.value.line


def test_an_unknown_variable_is_refused_with_the_nearest_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_CORPUS", "x")
    with pytest.raises(ConfigError, match="TUTOR_CORPUS is not a setting") as raised:
        load_settings()
    assert "TUTOR_CORPUS_DIR" in raised.value.line


def test_an_unknown_line_of_dotenv_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TUTOR_PROT=1\n")
    with pytest.raises(ConfigError, match="TUTOR_PROT"):
        load_settings()


def test_keys_are_split_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_API_KEYS", "first, second,,")
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.api_keys] == ["first", "second"]
    assert "first" not in repr(settings)


def test_folders_are_absolute_and_know_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    settings = load_settings(data_dir="~/tutor", corpus_dir="here")
    assert settings.data_dir == Path("/home/someone/tutor")
    assert settings.corpus_dir == tmp_path / "here"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Settings.model_fields.values())
