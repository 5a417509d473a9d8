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
from tutor.errors import QuestionError


@dataclass(frozen=True)
class Parts:
    """One server's settings, tutor, threads and conversations."""

    settings: Settings
    opening: Opening
    workers: Workers
    conversations: Conversations

    def checked(self, question: str) -> str:
        """The question. Raises QuestionError if it is blank or too long."""
        limit = self.settings.max_question_chars
        if not question.strip():
            raise QuestionError("The question is empty", help="Ask something.")
        if len(question) > limit:
            raise QuestionError(
                f"The question has {len(question)} characters, {limit} are allowed",
                help="Shorten it, or raise TUTOR_MAX_QUESTION_CHARS.",
            )
        return question

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
