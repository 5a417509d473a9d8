"""Everything that goes wrong, as RFC 9457 problem details: one model, one table from errors to statuses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from tutor import errors
from tutor.errors import TutorError

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5  # what Retry-After says: about as long as the bundled model takes to load on two cores
_TYPE = "urn:roadmap-tutor:problem:"

# Of each error: status, name within the type, title. One that is not named is served as its nearest ancestor.
TABLE: Mapping[type[TutorError], tuple[int, str, str]] = {
    errors.QuestionError: (422, "question", "The question cannot be used"),
    errors.NotFoundError: (404, "not-found", "There is no such thing"),
    errors.NoIndexError: (503, "no-index", "Nothing has been ingested yet"),
    errors.IndexMismatchError: (503, "index-mismatch", "The index was built in another way"),
    errors.IndexDamagedError: (503, "index-damaged", "The index is damaged"),
    errors.IndexLockedError: (503, "index-locked", "The index is being written"),
    errors.IndexStateError: (503, "index-state", "The index cannot be used as it is"),
    errors.CorpusError: (503, "corpus", "The corpus is malformed"),
    errors.EmbeddingError: (503, "embedding", "The embedding model cannot be used"),
    errors.ConfigError: (500, "config", "A setting is wrong"),
    errors.ReadError: (500, "read", "A source cannot be read"),
    errors.SourceError: (500, "source", "A source is missing"),
    errors.ServeError: (500, "serve", "The server cannot start"),
    errors.EvalError: (500, "eval", "An evaluation is malformed"),
    TutorError: (500, "tutor", "The tutor cannot do this"),
}


class InputError(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detail: str
    pointer: str | None = Field(default=None, description="JSON pointer into the request's body.")
    parameter: str | None = Field(default=None, description="Name of the query or path parameter.")


class Problem(BaseModel):
    """A problem as RFC 9457 describes it, with what helps and whether trying again can help."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "type": f"{_TYPE}no-index",
                    "title": "Nothing has been ingested yet",
                    "status": 503,
                    "detail": "There is no index in data/index",
                    "help": "Run `tutor ingest`.",
                    "retryable": True,
                }
            ]
        },
    )

    type: str = Field(default="about:blank", description="URI that names the kind of problem.")
    title: str = Field(description="The kind of problem in words; the same for all of its kind.")
    status: int = Field(ge=400, le=599, description="The HTTP status.")
    detail: str = Field(description="What went wrong this time.")
    instance: str | None = Field(
        default=None, description="Name of this one event, as the server's log has it."
    )
    help: str | None = Field(default=None, description="What to do about it.")
    retryable: bool = Field(default=False, description="Whether the same request can succeed later.")
    errors: tuple[InputError, ...] | None = Field(
        default=None, description="Each thing wrong with the request."
    )

    def json_text(self) -> str:
        """The problem as JSON, without the members that say nothing."""
        return self.model_dump_json(exclude_none=True)

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        """The problem as a response; it says when to come back if that can help."""
        retry = {"Retry-After": str(RETRY_SECONDS)} if self.retryable else {}
        return Response(
            self.json_text(), self.status, headers={**retry, **(headers or {})}, media_type=MEDIA_TYPE
        )


class ProblemError(Exception):
    """A problem that a part of the HTTP face itself found; it becomes the response."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def named(name: str, status: int, title: str, detail: str, **more: Any) -> Problem:
    """A problem of a kind of our own."""
    return Problem(type=f"{_TYPE}{name}", title=title, status=status, detail=detail, **more)


def plain(status: int, detail: str, **more: Any) -> Problem:
    """A problem that is no more than its HTTP status."""
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, **more)


def of_error(error: TutorError) -> Problem:
    """The problem that an error of the tutor is."""
    status, name, title = next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
    retryable = error.retryable or isinstance(error, errors.NoIndexError)
    return named(name, status, title, str(error), help=error.help or None, retryable=retryable)


def of_bug() -> Problem:
    """A problem that tells nothing of the inside but the name under which the log has it."""
    return plain(
        500,
        "Something went wrong inside the tutor.",
        instance=uuid.uuid4().urn,
        help="The server's log has the details under this instance.",
    )


def of_any(error: Exception) -> Problem:
    """The problem that any exception is."""
    if isinstance(error, ProblemError):
        return error.problem
    return of_error(error) if isinstance(error, TutorError) else of_bug()
