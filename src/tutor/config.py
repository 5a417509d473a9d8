"""Settings of a tutor: the only module that reads the environment.

Values come, later ones winning, from the defaults below, a `.env` file in the working folder, variables that
begin with `TUTOR_`, and arguments.
"""

from __future__ import annotations

import difflib
import os
import site
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tutor.errors import ConfigError

PREFIX = "TUTOR_"
_CHECKOUT = Path(__file__).resolve().parents[2]


def default_corpus_dir() -> Path:
    """The curriculum: of the checkout this package is run from, else of the installed wheel."""
    candidates = [_CHECKOUT / "corpus"]
    candidates += [Path(p) / "share" / "roadmap-tutor" / "corpus" for p in (sys.prefix, site.USER_BASE) if p]
    return next((path for path in candidates if (path / "sources").is_dir()), candidates[-1])


def default_data_dir() -> Path:
    """Where the tutor writes: `data/` of the checkout, else the user's data folder."""
    if (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "corpus").is_dir():
        return _CHECKOUT / "data"
    return user_data_path("roadmap-tutor", appauthor=False)


class Settings(BaseSettings):
    """All settings; each is read from the variable of its name in capitals, with the prefix `TUTOR_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    corpus_dir: Path = Field(
        default_factory=default_corpus_dir, description="Folder that is ingested by default."
    )
    data_dir: Path = Field(
        default_factory=default_data_dir, description="Folder that holds all the tutor writes."
    )
    model: Literal["auto", "quote"] = Field(
        default="auto",
        description="What writes the answers. `quote` composes them from the sources' own sentences; `auto` is the best available.",
    )
    embedding_model: str = Field(
        default="bundled",
        min_length=1,
        description="Embedding model: `bundled` (all-MiniLM-L6-v2 from the package), a local folder, or a hub id.",
    )
    reranker: str = Field(
        default="none",
        min_length=1,
        description="Cross-encoder that re-orders the best passages: `none`, a local folder, or a hub id.",
    )
    top_k: int = Field(default=8, ge=1, le=50, description="Passages from which an answer is composed.")
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to serve on.")
    port: int = Field(default=7860, ge=0, le=65535, description="Port to serve on; 0 picks a free one.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys, separated by commas, one of which each HTTP request must bear; empty: none needed.",
    )
    max_question_chars: int = Field(default=2000, ge=1, description="Longest question, in characters.")
    max_body_bytes: int = Field(default=65_536, ge=1024, description="Largest HTTP request body, in bytes.")
    threads: int = Field(
        default=0, ge=0, description="CPU threads for the embedding model; 0 takes what torch picks."
    )

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(key.strip() for key in value.split(",") if key.strip())
        return value

    @field_validator("corpus_dir", "data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()


def load_settings(**overrides: Any) -> Settings:
    """Settings from `.env`, the environment and `overrides` (those that are not None).

    Raises ConfigError that names the variable, the value and what is allowed.
    """
    dotenv = {k: v for k, v in dotenv_values(".env").items() if k.upper().startswith(PREFIX) and v}
    _refuse_unknown([*dotenv, *os.environ])
    in_environment = {key.upper() for key, value in os.environ.items() if value}
    values: dict[str, Any] = {
        key[len(PREFIX) :].lower(): value
        for key, value in dotenv.items()
        if key.upper() not in in_environment
    }
    values |= {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}"
        raise ConfigError(
            f"{name}={first['input']!r}: {first['msg'].lower()}", help=_allowed(str(first["loc"][0]))
        ) from None


def _allowed(field: str) -> str:
    described = Settings.model_fields.get(field)
    return (
        f"It is: {described.description}"
        if described
        else f"Settings are: {', '.join(Settings.model_fields)}."
    )


def _refuse_unknown(names: list[str]) -> None:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    for name in names:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(sorted(known))}."
            raise ConfigError(f"{name} is not a setting of the tutor", help=hint)
