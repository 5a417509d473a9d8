"""Where exceptions become responses: the handlers, and the outermost catch for bugs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutor.api import problems
from tutor.api.problems import InputError, ProblemError
from tutor.errors import TutorError

log = logging.getLogger("tutor.api")


def install(app: FastAPI) -> None:
    """Make every expected exception a problem."""
    app.exception_handler(TutorError)(_tutor_error)
    app.exception_handler(ProblemError)(_problem_error)
    app.exception_handler(HTTPException)(_http_exception)
    app.exception_handler(RequestValidationError)(_validation_error)


async def _tutor_error(request: Request, error: TutorError) -> Response:
    problem = problems.of_error(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s %s: %s", request.method, request.url.path, error.line)
    return problem.response()


async def _problem_error(request: Request, error: ProblemError) -> Response:
    return error.problem.response()


async def _http_exception(request: Request, error: HTTPException) -> Response:
    detail = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not possible on {request.url.path}."
    return problems.plain(error.status_code, detail, help="GET /openapi.json says what there is.").response(
        error.headers
    )


async def _validation_error(request: Request, error: RequestValidationError) -> Response:
    found = tuple(_input_error(item["loc"], item) for item in error.errors())
    return problems.named(
        "request",
        422,
        "The request is not understood",
        "; ".join(item.detail for item in found),
        errors=found,
    ).response()


def _input_error(loc: Sequence[str | int], error: dict[str, Any]) -> InputError:
    where, *rest = loc
    message = f"{error['msg']}: {error['ctx']['error']}" if error["type"] == "json_invalid" else error["msg"]
    name = ".".join(str(part) for part in rest)
    if where != "body":
        return InputError(detail=f"{name}: {message}", parameter=name)
    if error["type"] == "json_invalid":
        return InputError(detail=f"{message} at character {name}")
    pointer = "#" + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    return InputError(detail=f"{name}: {message}" if name else message, pointer=pointer)


class CatchBugs:
    """ASGI middleware that logs what escapes, with its traceback, and answers with a 500 problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:  # a bug, of whatever type: this is the one place that turns it into a response
            problem = problems.of_bug()
            log.exception("%s %s failed, %s", scope["method"], scope["path"], problem.instance)
            if started:
                raise  # too late for a status: the server closes the connection, which tells the client
            await problem.response()(scope, receive, send)
