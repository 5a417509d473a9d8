"""Greetings, thanks and questions about the tutor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.answering.smalltalk import reply

GREETINGS = [
    "hi",
    "Hello!",
    "hey there",
    "Good morning",
    "hiya :)",
    "hi tutor",
    "HELLO",
    "what's up?",
    "Hi 👋",
]
THANKS = ["thanks", "Thank you so much!", "thx", "ok thanks", "great, thanks!", "cool", "got it", "that was helpful",
          "thanks, that helped", "thank you 🙏", "Much appreciated"]  # fmt: skip
FAREWELLS = ["bye", "Goodbye!", "see you later", "good night"]
CAPABILITIES = [
    "what can you do?", "What do you do?", "who are you", "what are you?", "how does this work?", "how do you work",
    "help", "help me please", "can you help me?", "how can you help me?", "what can you help me with?", "what do you know?",
    "what questions can you answer?", "which topics do you cover?", "what can I ask you?", "are you an AI?", "are you a bot",
    "Hello, who are you?", "hi! what can you do for me?", "what are you able to do?", "tell me about yourself", "how are you?",
    "what is your name?", "who made you?",
]  # fmt: skip
REAL = [
    "hi, what is overfitting?", "Hello! How long does it take to become an ML engineer?", "thanks, and what about salaries?",
    "Hi! can you tell me what mlops is?", "help me understand gradient descent", "what can you do with a degree?",
    "who are you supposed to ask for a reference?", "how do I use this dataset", "great portfolio ideas", "cool projects",
    "how does this work in production?", "what is this roadmap about?", "ok so why python", "what do you need to know first?",
    "good books", "hi hat detection", "thanks to what did deep learning win?", "can you help me choose a course?", "?", "",
]  # fmt: skip


@pytest.mark.parametrize("text", GREETINGS + THANKS + FAREWELLS + CAPABILITIES)
def test_small_talk_gets_a_reply(text: str) -> None:
    """It is said in the tutor's own words and needs no source."""
    assert reply(text)


@pytest.mark.parametrize("text", REAL)
def test_a_question_with_a_greeting_is_no_small_talk(text: str) -> None:
    """Only a text that is nothing else is answered without a search."""
    assert reply(text) is None


def test_the_reply_fits() -> None:
    """Each sort has its own."""
    replies = [{reply(text) for text in sort} for sort in (GREETINGS, THANKS, FAREWELLS, CAPABILITIES)]
    assert all(len(own) == 1 for own in replies)
    assert len(set.union(*replies)) == 4


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    """No text makes it fail."""
    assert reply(text) is None or text.strip()
