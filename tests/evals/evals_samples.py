"""Small questions, documents and answers made by hand, for the tests of the evals."""

from __future__ import annotations

from typing import Any

from tutor.answering.answer import Answer, Citation, Coverage, Statement
from tutor.documents import Document, Passage
from tutor.errors import NotFoundError
from tutor_evals.questions import Question
from tutor_evals.scorers import Outcome

TEXT = """# Weeks and pay

Every plan differs.

## How long it takes

Python takes **6–8 weeks** at\n15 hours a week.

- Linear algebra
- Statistics

## Pay

| Level | Pay |
|---|---|
| Junior | $90,000–$120,000 |
"""
GUIDE = Document(
    id="guide", path="guide.md", title="The guide", text=TEXT, format="markdown", sha256="0" * 64
)

LENGTH = "Python takes **6–8 weeks** at\n15 hours a week."


def read(document_id: str) -> Document:
    """The only stored document."""
    if document_id != GUIDE.id:
        raise NotFoundError(f"no document {document_id}")
    return GUIDE


def question(**changes: Any) -> Question:
    """A question that the guide answers."""
    values: dict[str, Any] = {
        "id": "how-long",
        "question": "how long for python",
        "kind": "timeline",
        "split": "dev",
        "coverage": "answered",
        "gold": [{"path": "guide.md", "heading": "How long it takes"}],
        "key_facts": [["6–8 weeks"]],
    }
    return Question.model_validate(values | changes)


def uncovered(**changes: Any) -> Question:
    """A question that the guide does not answer."""
    values = {"id": "iceland", "question": "pay in iceland", "kind": "near_miss", "coverage": "not_covered"}
    return question(**({"gold": [], "key_facts": []} | values | changes))


def citation(stands: str, n: int = 1, **changes: Any) -> Citation:
    """A citation of the guide, with the offsets at which the text stands in it."""
    start = TEXT.index(stands)
    values: dict[str, Any] = {
        "n": n,
        "chunk_id": "c",
        "document_id": "guide",
        "path": "guide.md",
        "title": "The guide",
        "heading_path": ("Weeks and pay", "How long it takes"),
        "locator": "line 7",
        "quote": stands,
        "start": start,
        "end": start + len(stands),
        "support": 1.0,
    }
    return Citation.model_validate(values | changes)


def answer(*statements: Statement, citations: tuple[Citation, ...] = (), **changes: Any) -> Answer:
    """An answer of these statements; its text carries their markers."""
    marked = (f"{s.text} {''.join(f'[{n}]' for n in s.citations)}" for s in statements)
    values: dict[str, Any] = {
        "question": "how long for python",
        "standalone_question": "how long for python",
        "coverage": Coverage.ANSWERED if statements else Coverage.NOT_COVERED,
        "statements": statements,
        "citations": citations,
        "text": "\n\n".join(marked) or "I do not know.",
        "generation": "g1",
    }
    return Answer.model_validate(values | changes)


def statement(text: str, *numbers: int, verdict: str = "verbatim") -> Statement:
    """A statement that cites these numbers, 1 if none is given."""
    return Statement(text=text, citations=numbers or (1,), support=1.0, verdict=verdict)


def good_answer() -> Answer:
    """A right answer to the question above."""
    return answer(statement("Python takes **6–8 weeks** at 15 hours a week."), citations=(citation(LENGTH),))


def passage(heading: str = "How long it takes", **changes: Any) -> Passage:
    """A search result in a section of the guide."""
    values: dict[str, Any] = {
        "chunk_id": "c",
        "document_id": "guide",
        "path": "guide.md",
        "title": "The guide",
        "url": None,
        "heading_path": ("Weeks and pay", heading),
        "text": LENGTH,
        "start": 0,
        "end": 1,
        "score": 0.5,
        "legs": {},
    }
    return Passage(**(values | changes))


def outcome(given: Answer | None = None, *hits: Passage) -> Outcome:
    """What came of a question."""
    return Outcome(hits=hits, answer=given or good_answer())


class FakeTutor:
    """Answers questions about Python's weeks, greets, knows nothing else; no two answers take equal time."""

    def __init__(self) -> None:
        self.asked = 0

    def search(self, query: str, *, k: int) -> list[Passage]:
        return [passage("Pay"), passage()][:k]

    def ask(self, question: str) -> Answer:
        self.asked += 1
        return self._answer(question).model_copy(update={"timings_ms": {"total": float(self.asked)}})

    def _answer(self, question: str) -> Answer:
        if question == "hello":
            return answer(kind="small_talk", coverage=Coverage.ANSWERED, text="Hello!")
        return good_answer() if "python" in question else answer()

    def document(self, document_id: str) -> Document:
        return read(document_id)
