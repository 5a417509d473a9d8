"""The FastAPI app: routes, guards and the tutor behind them, put together.

It knows nothing of a user interface. Whoever wants one mounts it on the app that `create_app` returns, whose
`app.state.tutor` is the tutor once it is open.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import anyio
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware

import tutor as package
from tutor.api import ask, documents, handlers, health, openapi, search
from tutor.api.guards import LimitBody, RequireKey, SafeHeaders
from tutor.api.handlers import CatchBugs
from tutor.api.opening import Opening
from tutor.api.parts import Parts
from tutor.api.problems import RETRY_SECONDS
from tutor.api.workers import Workers
from tutor.config import Settings
from tutor.conversations import Conversations

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor

NO_TELEMETRY = TelemetryConfig(
    tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
)


def open_from_settings(settings: Settings) -> Tutor:
    """The tutor of the settings; imported here, in the thread that opens it, since that takes seconds."""
    from tutor.bootstrap import open_tutor

    return open_tutor(settings)


def create_app(
    settings: Settings,
    *,
    tutor: Tutor | None = None,
    open_tutor: Callable[[Settings], Tutor] = open_from_settings,
    workers: Workers | None = None,
    unlimited_paths: Sequence[str] = (),
    retry_seconds: float = RETRY_SECONDS,
) -> FastAPI:
    """The HTTP API over a tutor, which is opened in the background when the server starts.

    A `tutor` that is given is used as it is and stays the caller's to close. `unlimited_paths` are prefixes
    under which something that is mounted later sets its own limit on bodies. A missing index is looked for
    again every `retry_seconds`.
    """
    opening = Opening(partial(open_tutor, settings), given=tutor, retry_seconds=retry_seconds)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async def open_in_background() -> None:
            await opening.run()
            app.state.tutor = opening.tutor

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(open_in_background)
            yield
            tasks.cancel_scope.cancel()
        opening.close()
        app.state.tutor = opening.tutor

    app = FastAPI(
        title="Roadmap Tutor",
        summary="Answers about becoming a machine-learning engineer, every sentence cited and verified.",
        description=openapi.DESCRIPTION,
        version=package.__version__,
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        openapi_tags=openapi.TAGS,
        docs_url=None,  # FastAPI's pages load their scripts from elsewhere, and nothing here does
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        telemetry=NO_TELEMETRY,
        middleware=_guards(settings, unlimited_paths),
    )
    handlers.install(app)
    for noun in (ask, search, documents, health):
        app.include_router(noun.router)
    app.state.parts = Parts(settings, opening, workers or Workers(), Conversations())
    app.state.tutor = tutor
    app.openapi = partial(openapi.describe, app, keys=bool(settings.api_keys))  # type: ignore[method-assign]
    return app


def _guards(settings: Settings, unlimited_paths: Sequence[str]) -> list[Middleware]:
    """The middleware, outermost first."""
    keys = [key.get_secret_value() for key in settings.api_keys]
    return [
        Middleware(SafeHeaders),
        Middleware(CatchBugs),
        *([Middleware(RequireKey, keys=keys)] if keys else []),
        Middleware(LimitBody, max_bytes=settings.max_body_bytes, elsewhere=unlimited_paths),
    ]
