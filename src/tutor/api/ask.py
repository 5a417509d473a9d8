"""`POST /ask` and `POST /ask/stream`: an answer as one object, or statement by statement once verified."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field

from tutor.answering.answer import Answer, DoneEvent, Event, Turn
from tutor.api import examples, problems
from tutor.api.openapi import failures, json_example
from tutor.api.parts import Parts, PartsOf
from tutor.api.problems import ProblemError
from tutor.errors import TutorError
from tutor.retrieval.filters import Filters

log = logging.getLogger("tutor.api")
router = APIRouter(tags=["ask"])


class AskRequest(BaseModel):
    """A question, with what was said before it and which documents may answer it."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": examples.ASK_REQUESTS}
    )

    question: str = Field(
        min_length=1, description="The question; the server's settings say how long it may be."
    )
    history: tuple[Turn, ...] | None = Field(
        default=None,
        max_length=100,
        description="Earlier turns, oldest first; wins over those of `conversation_id`.",
    )
    conversation_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="A name of the client's choice; questions that share it form a conversation.",
    )
    filters: Filters = Field(default=Filters(), description="Which documents may answer.")


def _arguments(parts: Parts, asked: AskRequest) -> dict[str, Any]:
    """The request as the arguments of `Tutor.ask` and `Tutor.events`."""
    history: Sequence[Turn] = asked.history or ()
    if asked.history is None and asked.conversation_id is not None:
        history = parts.conversations.history(asked.conversation_id)
    return {
        "question": asked.question,
        "history": history,
        "filters": None if asked.filters.empty else asked.filters,
        "conversation_id": asked.conversation_id,
    }


@router.post(
    "/ask",
    summary="Ask a question",
    response_description="The answer, each of its statements with citations that were verified.",
    responses={200: json_example(examples.ANSWER), **failures(413, 422, 503)},
)
async def ask(asked: AskRequest, parts: PartsOf) -> Answer:
    """Answer a question from the corpus.

    What the corpus does not cover is not said: `coverage` is then `partly` or `not_covered`.
    """
    tutor = parts.opening.ready()
    answer: Answer = await parts.workers.run(partial(tutor.ask, **_arguments(parts, asked)))
    parts.remember(asked.conversation_id, answer)
    return answer


async def answering(asked: AskRequest, parts: PartsOf) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of an answer, the first of which is there: what fails before is a status, not an event."""
    tutor = parts.opening.ready()
    start: Callable[[], Iterator[Event]] = partial(tutor.events, **_arguments(parts, asked))
    async with parts.workers.stream(start) as events:
        first = await anext(events)

        async def all_events() -> AsyncIterator[Event]:
            yield first
            async for event in events:
                if isinstance(event, DoneEvent):
                    parts.remember(asked.conversation_id, event.answer)
                yield event

        yield all_events()


@router.post(
    "/ask/stream",
    summary="Ask a question and read the answer as it is verified",
    response_class=EventSourceResponse,
    response_description="Server-sent events: `sources`, then `statement`s and `notice`s, then `done`.",
    responses=failures(413, 422, 503),
)
async def ask_stream(
    events: Annotated[AsyncIterator[Event], Depends(answering)],
) -> AsyncIterable[ServerSentEvent]:
    """Answer a question statement by statement; `done` carries the whole answer, as `POST /ask` gives it.

    A greeting is answered without a search, so it has no `sources`. The id of an event is its running number,
    from 1; its data is one line of JSON. Should the answer fail on the way, the last event is `error`, with a
    problem, instead of `done`. Comment lines are heartbeats.
    """
    number = 0
    try:
        async for event in events:
            number += 1
            yield ServerSentEvent(raw_data=event.model_dump_json(), event=event.type, id=str(number))
    except Exception as error:  # the status is sent: whatever fails now can only be told as an event
        problem = problems.of_any(error)
        if not isinstance(error, TutorError | ProblemError):
            log.exception("POST /ask/stream failed, %s", problem.instance)
        yield ServerSentEvent(raw_data=problem.json_text(), event="error", id=str(number + 1))
