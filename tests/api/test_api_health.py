"""GET /healthz and /readyz, and the tutor that opens behind them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

import tutor as package
from tutor.api.app import create_app
from tutor.api.opening import Opening
from tutor.config import Settings
from tutor.errors import EmbeddingError, NoIndexError


def eventually(check: Callable[[], bool]) -> None:
    """Wait until something is so, five seconds at most."""
    deadline = time.monotonic() + 5
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_ready_says_what_answers(client: TestClient) -> None:
    """Generation, engines and counts, once the tutor is warm."""
    eventually(lambda: client.get("/readyz").status_code == 200)
    assert client.get("/readyz").json() == {
        "status": "ready",
        "generation": "g1",
        "engine": "quote",
        "engines": ["quote"],
        "documents": 5,
        "chunks": 10,
        "problem": "",
    }


def test_ready_says_that_the_generation_before_answers(client: TestClient, scripted: Any) -> None:
    """It can answer, hence 200, but whoever watches it is told what is wrong."""
    scripted.problem = "generation g2 is damaged; generation g1 answers instead"
    eventually(lambda: client.get("/readyz").status_code == 200)
    assert client.get("/readyz").json()["problem"] == scripted.problem


def test_until_the_tutor_is_open_the_server_lives_but_is_not_ready(settings: Settings, scripted: Any) -> None:
    """healthz answers at once; asks are told when to come back; then the tutor, warm, is the app's."""
    go = threading.Event()

    def open_slowly(given: Settings) -> Any:
        assert given is settings
        go.wait(10)
        return scripted

    app = create_app(settings, open_tutor=open_slowly)
    with TestClient(app) as client:
        assert client.get("/healthz").json() == {"status": "ok", "version": package.__version__}
        assert app.state.tutor is None
        for response in (
            client.get("/readyz"),
            client.post("/ask", json={"question": "Why?"}),
            client.post("/ask/stream", json={"question": "Why?"}),
            client.get("/search?q=x"),
            client.get("/documents"),
        ):
            assert response.status_code == 503
            assert response.headers["retry-after"] == "5"
            assert response.json()["type"] == "urn:roadmap-tutor:problem:starting"
        go.set()
        eventually(lambda: client.get("/readyz").status_code == 200)
        assert app.state.tutor is scripted
        assert scripted.warmed
        assert client.post("/ask", json={"question": "Why?"}).status_code == 200
        assert not scripted.closed
    assert scripted.closed


def test_a_tutor_that_is_given_answers_at_once_and_stays_open(settings: Settings, scripted: Any) -> None:
    """Whoever opened it closes it."""
    with TestClient(create_app(settings, tutor=scripted)) as client:
        assert client.post("/ask", json={"question": "Why?"}).status_code == 200
    assert not scripted.closed


def test_readyz_says_why_the_tutor_cannot_be_opened(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The error's own line and help, in the response and once in the log."""

    def fail(_: Settings) -> Any:
        raise EmbeddingError("The model is damaged", help="Install it again.")

    with TestClient(create_app(settings, open_tutor=fail)) as client:
        eventually(lambda: client.get("/readyz").json()["type"].endswith(":embedding"))
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["detail"] == "The model is damaged"
        assert response.json()["help"] == "Install it again."
        assert client.get("/healthz").status_code == 200
    assert [record.getMessage() for record in caplog.records if record.name == "tutor.api"] == [
        "The tutor cannot be opened: The model is damaged. Install it again."
    ]


def test_a_bug_while_opening_leaves_a_server_that_says_so(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """readyz names the log's entry and tells no more."""

    def fail(_: Settings) -> Any:
        raise ZeroDivisionError("secret")

    with TestClient(create_app(settings, open_tutor=fail)) as client:
        eventually(lambda: "instance" in client.get("/readyz").json())
        problem = client.get("/readyz")
    assert problem.status_code == 503
    assert "secret" not in problem.text
    assert "ZeroDivisionError: secret" in caplog.text


@pytest.mark.anyio
async def test_a_missing_index_is_looked_for_again(scripted: Any) -> None:
    """A server that was started before the first ingest begins to answer after it."""
    tries = []

    def open_at_third() -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise NoIndexError("nothing has been ingested")
        return scripted

    opening = Opening(open_at_third, retry_seconds=0.01)
    await opening.run()
    assert len(tries) == 3
    assert opening.ready() is scripted
    assert opening.failure is None


@pytest.mark.anyio
async def test_a_tutor_that_cannot_be_warmed_is_closed_again(scripted: Any) -> None:
    """What was opened does not leak when its first query fails."""

    def cold() -> None:
        raise EmbeddingError("x")

    scripted.warm = cold
    opening = Opening(lambda: scripted)
    await opening.run()
    assert scripted.closed
    assert opening.tutor is None


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
