"""What the OpenAPI document says beyond what FastAPI derives: problems, event schemas, keys."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tutor.answering.answer import DoneEvent, NoticeEvent, SourcesEvent, StatementEvent
from tutor.api import examples, problems
from tutor.api.guards import OPEN_PATHS
from tutor.api.problems import RETRY_SECONDS, InputError, Problem

TAGS = [
    {"name": "ask", "description": "Questions and answers, every statement with verified citations."},
    {"name": "search", "description": "Passages, without an answer."},
    {"name": "documents", "description": "What the tutor has read, as it is stored and quoted."},
    {"name": "health", "description": "For probes; open without a key."},
]
DESCRIPTION = """A tutor for people who are becoming machine-learning engineers. No sentence reaches a reader
without a citation that was checked against the cited passage.

Whatever goes wrong is told as a problem (RFC 9457, `application/problem+json`); `retryable` says whether the
same request can succeed later, and `Retry-After` when.
"""
_REF = "#/components/schemas/"
_EVENTS: dict[str, type[BaseModel]] = {
    "sources": SourcesEvent,
    "statement": StatementEvent,
    "notice": NoticeEvent,
    "done": DoneEvent,
    "error": Problem,
}

_FAILURES: dict[int, tuple[str, Problem]] = {
    401: (
        "None of the server's keys was sent.",
        problems.plain(401, "This server needs one of its API keys."),
    ),
    404: (
        "There is no such document.",
        problems.named("not-found", 404, "There is no such thing", "No document has the id missing."),
    ),
    413: ("The body is too large.", problems.plain(413, "The body is larger than 65536 bytes.")),
    422: (
        "The request is not understood, or the question cannot be used.",
        problems.named(
            "request",
            422,
            "The request is not understood",
            "question: Field required",
            errors=(InputError(detail="question: Field required", pointer="#/question"),),
        ),
    ),
    500: (
        "A bug; the server's log has it under `instance`.",
        problems.plain(
            500,
            "Something went wrong inside the tutor.",
            instance="urn:uuid:8b0c7a52-63c5-4f0e-a1f7-0d6ff6c1d7be",
        ),
    ),
    503: (
        "The tutor cannot answer yet, or too many questions are waiting.",
        problems.named(
            "starting", 503, "The tutor is starting", "The model and the index are loading.", retryable=True
        ),
    ),
}


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The responses of a route that are problems; a bug (500) is always one of them."""
    return {status: _failure(status) for status in (*statuses, 500)}


def _failure(status: int) -> dict[str, Any]:
    description, problem = _FAILURES[status]
    example = problem.model_dump(mode="json", exclude_none=True)
    response: dict[str, Any] = {
        "description": description,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": f"{_REF}Problem"}, "example": example}},
    }
    if problem.retryable:
        schema = {"type": "integer", "example": RETRY_SECONDS}
        response["headers"] = {
            "Retry-After": {"description": "Seconds after which to try again.", "schema": schema}
        }
    return response


def json_example(example: Any) -> dict[str, Any]:
    """The example of a response whose model has none of its own."""
    return {"content": {"application/json": {"example": example}}}


def event_stream() -> dict[str, Any]:
    """The body of a stream: text that holds a sequence of typed events, by JSON Schema's content keywords."""
    events = [_event(name, model.__name__) for name, model in _EVENTS.items()]
    content = {"type": "array", "items": {"oneOf": events}}
    schema = {"type": "string", "contentMediaType": "text/event-stream", "contentSchema": content}
    return {"schema": schema, "example": examples.STREAM}


def _event(name: str, model: str) -> dict[str, Any]:
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": f"{_REF}{model}"},
    }
    return {
        "type": "object",
        "title": f"Event `{name}`",
        "required": ["event", "data", "id"],
        "properties": {
            "event": {"const": name},
            "data": data,
            "id": {"type": "string", "pattern": "^[1-9][0-9]*$"},
        },
    }


def describe(app: FastAPI, *, keys: bool) -> dict[str, Any]:
    """The OpenAPI document of an app, built once. `keys` says whether requests must bear one."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            license_info=app.license_info,
        )
        _add_schemas(document)
        stream = document["paths"]["/ask/stream"]["post"]["responses"]["200"]
        stream["content"] = {"text/event-stream": event_stream()}
        if keys:
            _add_keys(document)
        app.openapi_schema = document
    return app.openapi_schema


def _add_schemas(document: dict[str, Any]) -> None:
    models = [(model, "serialization") for model in _EVENTS.values()]
    _, schemas = models_json_schema(models, ref_template=_REF + "{model}")  # type: ignore[arg-type]
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in schemas["$defs"].items():
        components.setdefault(name, schema)


def _add_keys(document: dict[str, Any]) -> None:
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`"},
        "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "basic": {"type": "http", "scheme": "basic", "description": "Any user name, the key as password."},
    }
    for path, operations in document["paths"].items():
        if path not in OPEN_PATHS:
            for operation in operations.values():
                operation["security"] = [{"bearer": []}, {"header": []}, {"basic": []}]
                operation["responses"]["401"] = _failure(401)
