"""What an evaluation leaves behind: one row per question, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tutor.answering.answer import Answer, Coverage
from tutor.documents import Passage
from tutor_evals.metrics import DIGITS, Estimate, estimate
from tutor_evals.questions import Question
from tutor_evals.scorers import Score, last_heading

Summary = dict[str, Estimate]

PASSING = {
    "hit@5": 1.0,
    "key_fact_recall": 1.0,
    "forbidden_absent": 1.0,
    "citation_validity": 1.0,
    "coverage_match": 1.0,
    "small_talk": 1.0,
}
"""The scores that a question has to reach, where it has them, to count as passed."""


STEPS = ("search", "refusal", "choice")
"""Where a key fact gets lost: not among the first 5 results, found but refused, found but not quoted."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoreRow(_Frozen):
    """A scorer's verdict on one question."""

    value: float | None
    explanation: str = ""

    @classmethod
    def of(cls, score: Score) -> ScoreRow:
        """A score as a row keeps it."""
        return cls(
            value=None if score.value is None else round(score.value, DIGITS), explanation=score.explanation
        )


class Hit(_Frozen):
    """A search result as it matters here."""

    rank: int
    path: str
    heading: str
    score: float

    @classmethod
    def of(cls, rank: int, passage: Passage) -> Hit:
        """A passage as a row keeps it."""
        heading = last_heading(passage.heading_path, passage.title)
        return cls(rank=rank, path=passage.path, heading=heading, score=round(passage.score, DIGITS))


class Row(_Frozen):
    """One question with all that became of it. Only `timings_ms` differs between two runs on one index."""

    question: Question
    hits: tuple[Hit, ...]
    answer: Answer = Field(description="The answer without its timings.")
    timings_ms: dict[str, float] = Field(default_factory=dict)
    scores: dict[str, ScoreRow]

    @property
    def lost_at(self) -> str:
        """The first step at fault where key facts lack (one of `STEPS`), else empty."""
        recall = self.scores["key_fact_recall"].value
        if recall is None or recall == 1:
            return ""
        if not self.scores["hit@5"].value:
            return "search"
        return "refusal" if self.answer.coverage is Coverage.NOT_COVERED else "choice"

    @property
    def failures(self) -> list[str]:
        """The scores that were not reached, with their reasons."""
        return [
            f"{name}: {score.explanation}".rstrip(": ")
            for name, score in self.scores.items()
            if score.value is not None and score.value < PASSING.get(name, 0.0)
        ]


class Results(_Frozen):
    """An evaluation, with what is needed to know what was evaluated."""

    schema_version: Literal[1] = 1
    tutor_version: str
    generation: str
    engine: str
    questions_sha256: str
    seed: int = Field(description="Seed of the bootstrap intervals.")
    summary: Summary = Field(description="An estimate for each metric.")
    slices: dict[str, Summary] = Field(description="The same by `kind:…`, `coverage:…` and `split:…`.")
    coverage: dict[str, dict[str, int]] = Field(description="Counts by expected, then given coverage.")
    lost_facts: dict[str, int] = Field(description="Questions that lack key facts, by the step at fault.")
    rows: tuple[Row, ...]

    @property
    def failed(self) -> list[Row]:
        """The rows that did not pass."""
        return [row for row in self.rows if row.failures]


def summarise(rows: Sequence[Row], *, seed: int = 0) -> Summary:
    """An estimate for each metric that occurs in the rows."""
    names = list(dict.fromkeys(name for row in rows for name in row.scores))
    return {name: estimate((row.scores[name].value for row in rows), seed=seed) for name in names}


def slices(rows: Sequence[Row], *, seed: int = 0) -> dict[str, Summary]:
    """A summary for each kind, coverage and split, named `kind:list` and so on; only metrics with scores."""
    features: Mapping[str, Callable[[Question], str]] = {
        "kind": lambda question: question.kind.value,
        "coverage": lambda question: question.coverage.value,
        "split": lambda question: question.split,
    }
    groups: dict[str, list[Row]] = {}
    for name, feature in features.items():
        for row in rows:
            groups.setdefault(f"{name}:{feature(row.question)}", []).append(row)
    return {
        name: {metric: value for metric, value in summarise(group, seed=seed).items() if value.n}
        for name, group in groups.items()
    }


def lost_facts(rows: Sequence[Row]) -> dict[str, int]:
    """How many questions lose key facts at each step."""
    return {step: sum(row.lost_at == step for row in rows) for step in STEPS}


def coverage_table(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Counts by expected and then by given coverage, small talk left out."""
    table = {expected.value: {given.value: 0 for given in Coverage} for expected in Coverage}
    for row in rows:
        if not row.question.small_talk:
            table[row.question.coverage.value][row.answer.coverage.value] += 1
    return table
