"""The shapes that clients read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tutor.answering.answer import Answer, Citation, Coverage, Event, Statement
from tutor.answering.tutor import Tutor

CONTRACT = {
    "question", "standalone_question", "coverage", "statements", "citations", "text", "nearest_topics", "suggestions",
    "engine", "generation", "timings_ms", "usage",
}  # fmt: skip
CITATION = {
    "n",
    "chunk_id",
    "document_id",
    "path",
    "title",
    "heading_path",
    "locator",
    "quote",
    "start",
    "end",
    "url",
}
PLACE: dict[str, Any] = {
    "n": 1, "chunk_id": "c", "document_id": "d", "path": "a.md", "title": "A", "heading_path": ("A",), "locator": "line 1",
    "quote": "q", "start": 0, "end": 1, "support": 1.0,
}  # fmt: skip


def test_an_answer_has_the_names_of_the_contract(small: Tutor) -> None:
    """Fields may be added, none renamed."""
    answer = json.loads(small.ask("What is overfitting?").model_dump_json())
    assert set(answer) >= CONTRACT
    assert set(answer["statements"][0]) >= {"text", "citations", "support"}
    assert set(answer["citations"][0]) >= CITATION
    assert answer["coverage"] == "answered"


def test_an_answer_and_its_events_survive_json(small: Tutor) -> None:
    """What was written is read back equal, each event as its own type."""
    answer = small.ask("What is overfitting?")
    assert Answer.model_validate_json(answer.model_dump_json()) == answer
    adapter: TypeAdapter[Event] = TypeAdapter(Event)
    for event in small.events("Is it overfitting or football?"):
        assert adapter.validate_json(event.model_dump_json()) == event


def test_a_verified_answer_cannot_be_changed(small: Tutor) -> None:
    """Answers, statements and citations are frozen."""
    answer = small.ask("What is overfitting?")
    for target, name in ((answer, "text"), (answer.statements[0], "text"), (answer.citations[0], "quote")):
        with pytest.raises(ValidationError):
            setattr(target, name, "something else")


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        (Statement, {"text": "t", "citations": (), "support": 1.0}),
        (Statement, {"text": "t", "citations": (1,), "support": 1.1}),
        (Citation, {**PLACE, "quote": ""}),
        (Citation, {**PLACE, "n": 0}),
        (Citation, {**PLACE, "start": -1}),
        (Citation, {**PLACE, "extra": 1}),
    ],
)
def test_a_statement_without_a_citation_and_an_empty_quote_cannot_be_made(
    shape: type[Statement] | type[Citation], values: dict[str, Any]
) -> None:
    """The shapes themselves refuse what the promise forbids."""
    with pytest.raises(ValidationError):
        shape(**values)


def test_coverage_is_written_as_its_word() -> None:
    """Clients compare with plain strings."""
    assert [str(c) for c in Coverage] == ["answered", "partly", "not_covered"]
