"""What was said earlier."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tutor.answering.answer import Turn
from tutor.conversations import Conversations


def turn(text: object) -> Turn:
    return Turn(question=str(text))


def test_turns_come_back_in_order_until_they_are_forgotten() -> None:
    """Oldest first; an unknown conversation has none and can be forgotten too."""
    conversations = Conversations()
    conversations.add("a", turn(1))
    conversations.add("a", turn(2))
    assert conversations.history("a") == (turn(1), turn(2))
    conversations.forget("a")
    conversations.forget("a")
    assert conversations.history("a") == ()


def test_only_the_latest_turns_are_kept() -> None:
    """A conversation that never ends does not grow for ever."""
    conversations = Conversations(max_turns=2)
    for number in range(5):
        conversations.add("a", turn(number))
    assert conversations.history("a") == (turn(3), turn(4))


def test_the_conversation_used_longest_ago_makes_room() -> None:
    """Reading counts as use; asking for unknown ones takes no room."""
    conversations = Conversations(max_conversations=2)
    conversations.add("a", turn(1))
    conversations.add("b", turn(2))
    conversations.history("a")
    conversations.history("x")
    conversations.add("c", turn(3))
    assert [bool(conversations.history(name)) for name in "abc"] == [True, False, True]
    assert len(conversations) == 2


def test_threads_do_not_lose_turns() -> None:
    """Many threads add to one conversation and nothing is lost."""
    conversations = Conversations(max_turns=10_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: conversations.add("a", turn(number)), range(2000)))
    assert len(conversations.history("a")) == 2000


def test_bounds_must_leave_room() -> None:
    """Nothing at all cannot be kept."""
    with pytest.raises(ValueError, match="at least 1"):
        Conversations(max_turns=0)
