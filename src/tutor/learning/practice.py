"""Practice items: questions with a key, and with the sentence of a page that proves it.

`practice/<topic>.yaml` holds the items of a topic. The key of an item is part of it and independent of any order in
which options are shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tutor.errors import CorpusError
from tutor.learning.reading import Frozen, Id, Text, read_yaml
from tutor.learning.roadmap import Level

FOLDER = "practice"
BLANK = "___"


class Evidence(Frozen):
    """The page (its id) and the exact words on it that prove something."""

    page: Id
    quote: Annotated[str, Field(min_length=12)]


class _Item(Frozen):
    id: Id
    level: Level
    question: Text
    evidence: Evidence


class Option(Frozen):
    """A possible answer; a wrong one says why it is wrong."""

    text: Text
    correct: bool = False
    why: str = ""

    @model_validator(mode="after")
    def _explained(self) -> Option:
        if self.correct == bool(self.why):
            raise ValueError(f"option `{self.text}`: a wrong option needs `why`, the right one none")
        return self


class Choice(_Item):
    """One (`single`) or all (`multiple`) right options are to be chosen."""

    kind: Literal["single", "multiple"]
    options: Annotated[tuple[Option, ...], Field(min_length=3, max_length=6)]
    explanation: str = ""

    @model_validator(mode="after")
    def _keyed(self) -> Choice:
        _distinct([option.text for option in self.options], "options")
        right = sum(option.correct for option in self.options)
        if self.kind == "single" and right != 1:
            raise ValueError(f"a single choice has one right option, not {right}")
        if self.kind == "multiple" and not 2 <= right < len(self.options):
            raise ValueError(f"a multiple choice has two or more right options and a wrong one, not {right}")
        return self


class Mistake(Frozen):
    """A wrong number that learners arrive at, and how."""

    value: float
    why: Text


class Numeric(_Item):
    """A number is to be worked out; right within `tolerance`, in the unit of the key."""

    kind: Literal["numeric"]
    answer: float
    tolerance: Annotated[float, Field(ge=0)]
    unit: str = ""
    mistakes: tuple[Mistake, ...] = ()
    explanation: Text

    @model_validator(mode="after")
    def _apart(self) -> Numeric:
        for mistake in self.mistakes:
            if abs(mistake.value - self.answer) <= self.tolerance:
                raise ValueError(f"{mistake.value:g} is a mistake and within the tolerance of the key")
        return self


class Ordering(_Item):
    """Steps are to be put in order; the file has them in the right one."""

    kind: Literal["ordering"]
    steps: Annotated[tuple[Text, ...], Field(min_length=3, max_length=7)]
    explanation: Text

    @model_validator(mode="after")
    def _told_apart(self) -> Ordering:
        _distinct(self.steps, "steps")
        return self


class Pair(Frozen):
    """Two things that belong together."""

    left: Text
    right: Text


class Matching(_Item):
    """Each left side is to be matched with its right side."""

    kind: Literal["matching"]
    pairs: Annotated[tuple[Pair, ...], Field(min_length=3, max_length=6)]
    explanation: Text

    @model_validator(mode="after")
    def _told_apart(self) -> Matching:
        _distinct([pair.left for pair in self.pairs], "left sides")
        _distinct([pair.right for pair in self.pairs], "right sides")
        return self


class Cloze(_Item):
    """Blanks (`___`) in a text are to be filled; for each, what is accepted."""

    kind: Literal["cloze"]
    text: Text
    answers: Annotated[tuple[Annotated[tuple[Text, ...], Field(min_length=1)], ...], Field(min_length=1)]
    explanation: Text

    @model_validator(mode="after")
    def _filled(self) -> Cloze:
        if (blanks := self.text.count(BLANK)) != len(self.answers):
            raise ValueError(f"{blanks} blanks and {len(self.answers)} answers")
        return self


class Point(Frozen):
    """One thing that a good answer says, with its proof."""

    text: Text
    evidence: Evidence


class Short(_Item):
    """A few sentences are to be written; they are held against the rubric."""

    kind: Literal["short"]
    rubric: Annotated[tuple[Point, ...], Field(min_length=2)]
    answer: Annotated[Text, Field(description="A model answer.")]


Item = Annotated[Choice | Numeric | Ordering | Matching | Cloze | Short, Field(discriminator="kind")]


class PracticeSet(Frozen):
    """The items of one topic."""

    topic: Id
    items: Annotated[tuple[Item, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _numbered(self) -> PracticeSet:
        _distinct([item.id for item in self.items], "ids")
        for item in self.items:
            if not item.id.startswith(f"{self.topic}-"):
                raise ValueError(f"the id `{item.id}` does not begin with `{self.topic}-`")
        return self


def load_practice(corpus_dir: Path) -> dict[str, PracticeSet]:
    """The practice sets of a corpus by topic. Raises CorpusError for a file that is wrong or wrongly named."""
    sets = {}
    for path in sorted((corpus_dir / FOLDER).glob("*.yaml")):
        practice = read_yaml(path, PracticeSet)
        if practice.topic != path.stem:
            raise CorpusError(f"{path} holds items of the topic `{practice.topic}`")
        sets[practice.topic] = practice
    return sets


def _distinct(texts: tuple[str, ...] | list[str], what: str) -> None:
    if len({" ".join(text.casefold().split()) for text in texts}) < len(texts):
        raise ValueError(f"{what} are not all different")
