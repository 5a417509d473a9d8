"""What the routes share, and how they get at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from tutor.answering.answer import Answer, Turn
from tutor.api.opening import Opening
from tutor.api.workers import Workers
from tutor.config import Settings
from tutor.conversations import Conversations


@dataclass(frozen=True)
class Parts:
    """One server's settings, tutor, threads and conversations."""

    settings: Settings
    opening: Opening
    workers: Workers
    conversations: Conversations

    def remember(self, conversation_id: str | None, answer: Answer) -> None:
        """Keep the answer as a turn of its conversation, if it belongs to one."""
        if conversation_id is not None:
            self.conversations.add(conversation_id, Turn(question=answer.question, answer=answer.text))


async def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts = request.app.state.parts
    assert isinstance(parts, Parts)
    return parts


PartsOf = Annotated[Parts, Depends(parts_of)]
