"""YAML files of the corpus, read into frozen models; whatever is wrong with one is said in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tutor.errors import CorpusError

Model = TypeVar("Model", bound=BaseModel)
Text = Annotated[str, Field(min_length=1)]
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class Frozen(BaseModel):
    """A model that cannot change and knows all of its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read_yaml(path: Path, model: type[Model]) -> Model:
    """One YAML file as a model. Raises CorpusError that names the file, the place in it and what is wrong."""
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise CorpusError(f"{path} is not there", help="Name a corpus with TUTOR_CORPUS_DIR.") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8 text") from error
    try:
        return model.model_validate(yaml.load(source, Loader=_LOADER))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as error:
        raise CorpusError(f"{path}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise CorpusError(f"{path}{f', {place}' if place else ''}: {first['msg']}") from error


_LOADER = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # written in C where the wheel has it: ten times as fast
