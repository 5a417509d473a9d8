"""Follow-ups into questions that stand alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.answering.answer import Turn
from tutor.answering.standalone import standalone


def after(*turns: str) -> str:
    """The last question, made to stand alone after the others."""
    return standalone(turns[-1], [Turn(question=text) for text in turns[:-1]])


@pytest.mark.parametrize(
    ("turns", "whole"),
    [
        (("How much does an ML engineer earn in the US?", "and in India?"), "How much does an ML engineer earn in India?"),
        (("How much does an ML engineer earn in the US?", "in Germany?"), "How much does an ML engineer earn in Germany?"),
        (("How much do they earn in the US?", "and in India?", "and in Germany?"), "How much do they earn in Germany?"),
        (("How long does the roadmap take?", "and for beginners?"), "How long does the roadmap take for beginners?"),
        (("How long does it take?", "with a degree?"), "How long does it take with a degree?"),
        (("What is MLOps?", "how do I learn it?"), "how do I learn MLOps?"),
        (("What is MLOps?", "why is it important?"), "why is MLOps important?"),
        (("What is PyTorch?", "how is that different from TensorFlow?"), "how is PyTorch different from TensorFlow?"),
        (("How long does phase 2 take?", "and phase 3?"), "How long does phase 3 take?"),
        (("How long does phase 2 take?", "what about in phase 3?"), "How long does phase 3 take?"),
        (("How long does the southern roadmap take?", "And the northern roadmap?"), "How long does the northern roadmap take?"),
    ],
)  # fmt: skip
def test_what_a_follow_up_leaves_out_is_filled_in(turns: tuple[str, ...], whole: str) -> None:
    """By preposition, by pronoun, by the same kind of thing."""
    assert after(*turns) == whole


@pytest.mark.parametrize(
    "follow_up", ["why?", "And why?", "how come?", "tell me more", "for example?", "Why not?"]
)
def test_a_bare_ask_keeps_the_question_before(follow_up: str) -> None:
    """`Why?` asks about what was asked."""
    whole = after("Is Python enough?", follow_up)
    assert "Python enough" in whole
    assert follow_up.lower().rstrip("?") in whole.lower()


@pytest.mark.parametrize("follow_up", ["and TensorFlow?", "what about TensorFlow?", "How about TensorFlow"])
def test_another_thing_keeps_the_question_before(follow_up: str) -> None:
    """Both what was asked and the new thing are in it."""
    whole = after("How hard is PyTorch to learn?", follow_up)
    assert "hard" in whole
    assert "TensorFlow" in whole


def test_a_chain_of_follow_ups_keeps_its_topic() -> None:
    """Each step builds on the resolved one before."""
    assert after("What is deep learning?", "Is it hard?", "why?") == "Is deep learning hard: why?"
    assert "deep learning" in after("What is deep learning?", "how do I learn it?", "and for beginners?")


@pytest.mark.parametrize("aside", ["thanks", "ok thanks!", "hello", "what can you do?"])
def test_small_talk_in_between_changes_no_topic(aside: str) -> None:
    """After thanks, `it` is still what was talked about."""
    assert after("What is MLOps?", aside, "how do I learn it?") == "how do I learn MLOps?"


def test_after_small_talk_alone_nothing_is_filled_in() -> None:
    """A greeting is no topic."""
    assert after("hello", "why?") == "why?"


@pytest.mark.parametrize(
    "question",
    [
        "What is overfitting?", "How long does it take to become an ML engineer with a degree in physics?", "So what is Docker?",
        "Which courses does the five-stage roadmap recommend?", "and what is Kubernetes?", "Do I need a PhD?", "overfitting",
    ],
)  # fmt: skip
def test_a_question_that_stands_alone_is_left_as_it_is(question: str) -> None:
    """Neither a new topic nor an opening word makes a follow-up."""
    assert after("What is MLOps?", question) == question


@pytest.mark.parametrize("question", ["why?", "and in India?", "What is it?", "and why?"])
def test_without_a_conversation_nothing_is_filled_in(question: str) -> None:
    """There is nothing to fill it in from."""
    assert standalone(question) == question


TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(["and", "it", "in", "India", "?", "why", "what about", "the roadmap", "phase 2", "3", "("])).map(" ".join),
)  # fmt: skip


@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_any_conversation_is_read(history: list[str], question: str) -> None:
    """No text makes it fail, and a question is never lost."""
    whole = standalone(question, [Turn(question=text) for text in history])
    assert whole.strip() or not question.strip()
    if not history:
        assert whole == question
