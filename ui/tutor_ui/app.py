"""The UI on a FastAPI app: `build` makes the Gradio page, `mount` puts it beside the API."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response

from tutor.config import Settings
from tutor_ui.chat import Chat
from tutor_ui.page import TITLE, Page
from tutor_ui.theme import static, theme

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor

PATH = "/ui"
"""Not `/`: a mount there would answer for each path that the API does not know, and for its wrong methods."""

CONCURRENCY = 8
"""Answers under way at once; embedding a question is the work, and it shares the cores anyway."""

WAITING = 64
"""Questions that may wait for a turn; one more is told that the queue is full."""

UPLOAD_BYTES = 1
"""Nothing is ever uploaded, yet Gradio's route for it stays open: it refuses whatever is larger than this."""

KEPT_FILE_SECONDS = 3600

Made = TypeVar("Made")


def build(provider: Callable[[], Tutor | None], settings: Settings) -> gr.Blocks:
    """The page. `provider` gives the tutor, or None as long as it is being loaded."""
    return _within_a_loop(lambda: _build(provider, settings))


def _build(provider: Callable[[], Tutor | None], settings: Settings) -> gr.Blocks:
    blocks = gr.Blocks(
        title=TITLE,
        analytics_enabled=False,
        delete_cache=(KEPT_FILE_SECONDS, KEPT_FILE_SECONDS),
        fill_width=True,
    )
    with blocks:
        Page(Chat(provider), settings.max_question_chars).wire(blocks)
    blocks.queue(default_concurrency_limit=CONCURRENCY, max_size=WAITING, api_open=False)
    # Else Gradio sums up events with pandas after each step of each answer, for a dashboard that is off.
    blocks._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize  # spelled as Gradio spells it
    return blocks


def mount(app: FastAPI, settings: Settings) -> FastAPI:
    """Put the page under `/ui` of an app and lead `/` there.

    The tutor is whatever `app.state.tutor` is at the time of a call. Call it last: the app's own routes stay.
    """

    def provider() -> Tutor | None:
        return getattr(app.state, "tutor", None)

    _add_routes(app)
    _within_a_loop(lambda: _mount(app, build(provider, settings), settings))
    return app


def _mount(app: FastAPI, page: gr.Blocks, settings: Settings) -> None:
    gr.mount_gradio_app(
        app,
        page,
        path=PATH,
        theme=theme(),
        css=static("tutor.css"),
        js=static("page.js"),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        show_error=False,
        max_file_size=UPLOAD_BYTES,
        allowed_paths=[],
        blocked_paths=[str(settings.data_dir), str(settings.corpus_dir)],
    )


def _add_routes(app: FastAPI) -> None:
    """What a browser asks for at the root of a host, wherever the page is."""

    @app.get("/", include_in_schema=False)
    @app.get(PATH, include_in_schema=False)
    def home() -> RedirectResponse:
        return RedirectResponse(f"{PATH}/")

    @app.get("/favicon.ico", include_in_schema=False)
    def icon() -> Response:
        return Response(static("icon.svg"), media_type="image/svg+xml")

    @app.get("/manifest.json", include_in_schema=False)
    def manifest() -> dict[str, str]:
        return {"name": TITLE, "short_name": "Tutor", "start_url": f"{PATH}/", "display": "browser"}


def _within_a_loop(make: Callable[[], Made]) -> Made:
    """What `make` returns. Where no event loop runs Gradio makes some and never closes them: so one runs."""

    async def made() -> Made:
        return make()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(made())
    return make()
