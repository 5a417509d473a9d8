"""The question set: what a question looks like, and reading sets from YAML.

A file holds one mapping with the key `questions`. A question that the corpus answers, wholly or in part,
names the sections where the answer stands (`gold`) and what an answer must state (`key_facts`, each a list of
alternatives of which one suffices). `anchors.py` checks both against the corpus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tutor.answering.answer import Coverage
from tutor.errors import EvalError

STANDARD = Path(__file__).parent / "questions"

Split = Literal["dev", "test"]
Text = Annotated[str, Field(min_length=1)]


class Kind(StrEnum):
    """What a question asks for; of the later ones, why the corpus does not answer it."""

    FIGURE = "figure"
    FACT = "fact"
    TIMELINE = "timeline"
    LIST = "list"
    DEFINITION = "definition"
    COMPARISON = "comparison"
    HOW_TO = "how_to"
    WHY = "why"
    RECOMMENDATION = "recommendation"
    YES_NO = "yes_no"
    FAQ = "faq"
    COURSE = "course"
    FALSE_PREMISE = "false_premise"  # answered where the corpus contradicts the premise
    NEAR_MISS = "near_miss"  # the right topic, an absent fact
    OUT_OF_SCOPE = "out_of_scope"
    TIME_BOUND = "time_bound"
    NONSENSE = "nonsense"
    HARM = "harm"
    SECRETS = "secrets"
    SMALL_TALK = "small_talk"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gold(_Frozen):
    """A section in which an answer stands: a document's path and the last heading above the section."""

    path: Text
    heading: Text
    grade: Literal[1, 2] = Field(default=2, description="2 where the section answers, 1 where it helps.")


class Question(_Frozen):
    """One question, what is expected of its answer, and where the answer stands."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    question: Text
    kind: Kind
    split: Split
    coverage: Coverage
    gold: tuple[Gold, ...] = ()
    key_facts: tuple[Annotated[tuple[Text, ...], Field(min_length=1)], ...] = ()
    forbidden: tuple[Text, ...] = ()
    note: str = ""

    @property
    def small_talk(self) -> bool:
        """Whether a reply without a search is expected."""
        return self.kind is Kind.SMALL_TALK

    @property
    def answerable(self) -> bool:
        """Whether the corpus answers at least a part of it."""
        return self.coverage is not Coverage.NOT_COVERED and not self.small_talk

    @model_validator(mode="after")
    def _complete(self) -> Question:
        if self.answerable and not (self.gold and self.key_facts):
            raise ValueError(f"coverage `{self.coverage}` needs gold sections and key facts")
        if not self.answerable and (self.gold or self.key_facts):
            raise ValueError("what is not covered, and small talk, has no gold sections and no key facts")
        return self


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions in the order of their files, and the file that each comes from."""

    questions: tuple[Question, ...]
    files: dict[str, str]

    @property
    def sha256(self) -> str:
        """A hash of all that counts, so that results tell which questions they answer."""
        rows = "\n".join(question.model_dump_json() for question in self.questions)
        return hashlib.sha256(rows.encode()).hexdigest()

    def where(self, question_id: str) -> str:
        """File and id, for a message."""
        return f"{self.files.get(question_id, '?')}, question {question_id}"


def load_questions(path: Path = STANDARD) -> QuestionSet:
    """Read a YAML file, or all of a folder by name. Raises EvalError that names the file and the question."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    questions: list[Question] = []
    origins: dict[str, str] = {}
    for file in files:
        for question in _questions(file):
            if question.id in origins:
                raise EvalError(
                    f"{file.name}, question {question.id}: {origins[question.id]} has this id too",
                    help="Give each question an id of its own.",
                )
            origins[question.id] = file.name
            questions.append(question)
    if not questions:
        raise EvalError(f"{path} holds no questions", help="Name a YAML file or a folder of such.")
    return QuestionSet(tuple(questions), origins)


def select(
    questions: Iterable[Question], *, split: Split | None = None, limit: int | None = None
) -> list[Question]:
    """The questions of a split, and of those `limit`, spread evenly so that each kind stays in."""
    chosen = [question for question in questions if split in (None, question.split)]
    if limit is None or limit >= len(chosen):
        return chosen
    return [chosen[index * len(chosen) // limit] for index in range(limit)]


def _questions(file: Path) -> list[Question]:
    rows = _rows(file)
    return [_question(row, file.name, number) for number, row in enumerate(rows, 1)]


def _rows(file: Path) -> list[Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise EvalError(f"{file} cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        raise EvalError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}") from None
    if (
        not isinstance(content, dict)
        or set(content) != {"questions"}
        or not isinstance(content["questions"], list)
    ):
        raise EvalError(
            f"{file.name} is not a question file", help="It holds one key, `questions`, with a list."
        )
    return content["questions"]


def _question(row: Any, file: str, number: int) -> Question:
    try:
        return TypeAdapter(Question).validate_python(row)
    except ValidationError as error:
        name = row.get("id", f"no. {number}") if isinstance(row, dict) else f"no. {number}"
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise EvalError(f"{file}, question {name}: {place + ': ' if place else ''}{message}") from None
