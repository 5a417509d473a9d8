"""The section around a sentence: which aspect it treats, and whether it asks the very question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tutor.answering.question import analyse
from tutor.answering.sections import asked_by, aspect_of, is_to_the_point, opens_on, says_its_topic
from tutor.answering.tutor import Tutor
from tutor.documents import Passage

PAGE = """# Batch inference

Batch inference computes predictions for many cases at once on a schedule. Online inference computes one prediction per request.

## Intuition

A bakery bakes all its bread at four in the morning.

## When to use it

Batch inference suits predictions that may be some hours old.

## Pitfalls

- A batch job that fails in silence serves old predictions for days.
- A late batch job delays the reports that need its predictions.

## In interviews

A typical question asks when batch inference suffices.

## Check yourself

### What is the difference between batch and online inference?

Batch inference runs on a schedule, whereas online inference answers each request. Batch inference is cheaper per prediction.

### How fresh are batch predictions?

Batch predictions are as old as the last run.
"""
STREAMS = "# Streams\n\nA stream is data that arrives without an end.\n"

Make = Callable[..., Tutor]


@pytest.fixture(scope="module")
def tutor(make_tutor: Make) -> Tutor:
    return make_tutor({"batch.md": PAGE, "streams.md": STREAMS})


def even(term: str) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("question", "heading", "sign"),
    [
        ("When should I use batch inference?", "When to use it", 1),
        ("What is batch inference?", "When to use it", -1),
        ("What is batch inference?", "In interviews", -1),
        ("What do interviewers ask about it?", "In interviews", 1),
        ("Which mistakes are common?", "Pitfalls", 1),
        ("What is batch inference?", "Common mistakes", -1),
        ("What is batch inference?", "How it works", 0),
        ("What is batch inference?", "Salaries in India", 0),
    ],
)
def test_a_heading_tells_what_its_section_is_for(question: str, heading: str, sign: int) -> None:
    """It speaks for a sentence where the question asks for that, and against it where not."""
    found = aspect_of(analyse(question), heading)
    assert (found > 0) - (found < 0) == sign


def test_a_heading_may_ask_the_very_question() -> None:
    """In other words and in another order; another question, and a heading that asks nothing, do not."""
    asked = analyse("difference between online and batch inference")
    assert asked_by(asked, "What is the difference between batch and online inference?", even) == 1
    assert asked_by(asked, "How fresh are batch predictions?", even) < 0.5
    assert asked_by(asked, "Batch and online inference", even) == 0
    assert asked_by(asked, "What is batch inference?", even) == 0


def test_some_headings_need_their_title() -> None:
    """Those of a document's usual parts do."""
    assert [says_its_topic(h) for h in ("Pitfalls", "How it works", "Salaries in India")] == [
        False,
        False,
        True,
    ]


def test_an_opening_is_about_its_title(tutor: Tutor) -> None:
    """The first passage of a document about the very thing, and no other."""
    passages = tutor.retriever.find("batch inference", generation=tutor.index.current()).passages
    question = analyse("What is batch inference?")
    scores = {p.heading_path[-1]: opens_on(question, p, even) for p in passages}
    assert scores.pop("Batch inference") == 1
    assert set(scores.values()) == {0.0}


def test_a_picture_is_beside_the_point(tutor: Tutor) -> None:
    """Unless it is asked for."""
    passages: dict[str, Passage] = {
        p.heading_path[-1]: p
        for p in tutor.retriever.find("bakery bread batch", generation=tutor.index.current()).passages
    }
    picture = passages["Intuition"]
    assert not is_to_the_point(analyse("How do I bake bread?"), picture)
    assert is_to_the_point(analyse("Explain batch inference with an analogy"), picture)
    assert is_to_the_point(analyse("How do I bake bread?"), replace(picture, heading_path=()))


def test_what_stands_below_the_very_question_is_the_answer(tutor: Tutor) -> None:
    """It comes first and in its own order."""
    answer = tutor.ask("whats the difference between online and batch inference")
    assert [s.text for s in answer.statements[:2]] == [
        "Batch inference runs on a schedule, whereas online inference answers each request.",
        "Batch inference is cheaper per prediction.",
    ]


def test_an_item_that_is_a_sentence_stands_alone(tutor: Tutor) -> None:
    """Its list comes with it only where a list is asked for."""
    answer = tutor.ask("Why does a batch job that fails in silence serve old predictions?")
    assert answer.statements[0].text == "A batch job that fails in silence serves old predictions for days."
