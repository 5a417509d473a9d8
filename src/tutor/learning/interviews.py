"""Interview questions: what a good answer says, point by point with its proof, and one such answer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tutor.errors import CorpusError
from tutor.learning.practice import Point
from tutor.learning.reading import Frozen, Id, Text, read_yaml
from tutor.learning.roadmap import Level

FOLDER = "interview"


class InterviewQuestion(Frozen):
    """A question as an interviewer asks it."""

    id: Id
    kind: Literal["theory", "coding", "system-design", "behavioural"]
    level: Level
    topics: Annotated[tuple[Id, ...], Field(min_length=1)]
    question: Text
    points: Annotated[tuple[Point, ...], Field(min_length=3)]
    answer: Annotated[Text, Field(description="A model answer, as somebody would say it.")]


class InterviewSet(Frozen):
    """The questions of one file."""

    questions: Annotated[tuple[InterviewQuestion, ...], Field(min_length=1)]


def load_interviews(corpus_dir: Path) -> tuple[InterviewQuestion, ...]:
    """All interview questions of a corpus. Raises CorpusError for a wrong file and for an id that is there twice."""
    found: list[InterviewQuestion] = []
    for path in sorted((corpus_dir / FOLDER).glob("*.yaml")):
        found += read_yaml(path, InterviewSet).questions
    if twice := [id_ for id_, count in Counter(one.id for one in found).items() if count > 1]:
        raise CorpusError(f"two interview questions are called `{twice[0]}`")
    return tuple(found)
