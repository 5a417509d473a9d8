"""What was said earlier, kept in memory so that several questions with one id form a conversation.

Bounded both ways: the conversation that was used longest ago makes room for a new one, and of each
conversation only the latest turns are kept. Safe to use from several threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque

from tutor.answering.answer import Turn


class Conversations:
    """The latest turns of the latest conversations, oldest turn first."""

    def __init__(self, max_conversations: int = 1000, max_turns: int = 20) -> None:
        if max_conversations < 1 or max_turns < 1:
            raise ValueError("max_conversations and max_turns must be at least 1")
        self._max_conversations = max_conversations
        self._max_turns = max_turns
        self._turns: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._turns)

    def history(self, conversation_id: str) -> tuple[Turn, ...]:
        """The turns kept of a conversation; none of one that is unknown."""
        with self._lock:
            turns = self._turns.get(conversation_id)
            if turns is None:
                return ()
            self._turns.move_to_end(conversation_id)
            return tuple(turns)

    def add(self, conversation_id: str, turn: Turn) -> None:
        """Append a turn to a conversation, which begins with it if it is unknown."""
        with self._lock:
            turns = self._turns.setdefault(conversation_id, deque(maxlen=self._max_turns))
            turns.append(turn)
            self._turns.move_to_end(conversation_id)
            while len(self._turns) > self._max_conversations:
                self._turns.popitem(last=False)

    def forget(self, conversation_id: str) -> None:
        """Drop a conversation; an unknown one is forgotten already."""
        with self._lock:
            self._turns.pop(conversation_id, None)
