"""Keys, sizes and headers, before any route."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from tutor.api.app import create_app
from tutor.api.server import serving
from tutor.config import Settings

ClientOf = Callable[..., TestClient]


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"me:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer"}, 401),
        ({"authorization": "Basic %%%"}, 401),
        ({"authorization": basic("wrong")}, 401),
        ({"x-api-key": ""}, 401),
        ({"x-api-key": "one,two"}, 401),
        ({"authorization": "Bearer one"}, 200),
        ({"authorization": "bearer two"}, 200),
        ({"x-api-key": "two"}, 200),
        ({"authorization": basic("ключ")}, 200),
    ],
)
def test_a_request_must_bear_a_key(
    client_of: ClientOf, scripted: Any, headers: dict[str, str], status: int
) -> None:
    """Any of the keys in any of the three places is enough; nothing else is."""
    client = client_of(scripted, api_keys="one,two,ключ")
    response = client.post("/ask", json={"question": "Why?"}, headers=headers)
    assert response.status_code == status
    if status == 401:
        assert response.json()["title"] == "Unauthorized"
        assert "Bearer" in response.headers["www-authenticate"]
    assert len(scripted.calls) == (status == 200)


def test_without_keys_nobody_is_asked_and_with_them_probes_stay_open(
    client_of: ClientOf, client: TestClient, scripted: Any
) -> None:
    """Probes and the OpenAPI document need no key; every other path does, known or not."""
    assert client.get("/documents").status_code == 200
    guarded = client_of(scripted, api_keys="one")
    assert guarded.get("/healthz").status_code == guarded.get("/openapi.json").status_code == 200
    assert guarded.get("/documents").status_code == guarded.get("/nothing").status_code == 401


def test_a_body_above_the_limit_is_refused(client_of: ClientOf, scripted: Any) -> None:
    """With a Content-Length the body is not even read."""
    client = client_of(scripted, max_body_bytes=1024, max_question_chars=100_000)
    room = 1024 - len('{"question":""}')
    assert client.post("/ask", json={"question": "a" * room}).status_code == 200
    response = client.post("/ask", json={"question": "a" * (room + 1)})
    assert response.status_code == 413
    assert response.json()["detail"] == "The body is larger than 1024 bytes."


def test_a_chunked_body_without_a_length_is_measured_too(settings: Settings, scripted: Any) -> None:
    """Over real HTTP, a body that goes on and on is cut off and answered."""

    def endless() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(200):
            yield b"a" * 10_000

    def small() -> Iterator[bytes]:
        yield b'{"question": '
        yield b'"Why?"}'

    headers = {"content-type": "application/json"}
    with serving(create_app(settings, tutor=scripted)) as url:
        refused = httpx.post(f"{url}/ask", content=endless(), headers=headers, timeout=10)
        answered = httpx.post(f"{url}/ask", content=small(), headers=headers, timeout=10)
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    assert answered.status_code == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nothing(
    settings: Settings, scripted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection ends in mid-request; the server goes on and has nothing to log."""
    with serving(create_app(settings, tutor=scripted)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(b"POST /ask HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n")
            raw.sendall(b"content-length: 100\r\n\r\n{")
        assert httpx.get(f"{url}/healthz").status_code == 200
    assert not caplog.records


def test_what_is_mounted_beside_the_api_sets_its_own_limit(settings: Settings, scripted: Any) -> None:
    """A prefix that is named as unlimited takes larger bodies; nothing else does."""

    async def size(request: Any) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    app = create_app(settings, tutor=scripted, unlimited_paths=["/ui"])
    app.router.routes.append(Mount("/ui", routes=[Route("/size", size, methods=["POST"])]))
    app.router.routes.append(Route("/uix", size, methods=["POST"]))
    with TestClient(app) as client:
        body = b"a" * (settings.max_body_bytes + 1)
        assert client.post("/ui/size", content=body).text == str(len(body))
        assert client.post("/uix", content=body).status_code == 413


def test_every_response_forbids_guessing_its_type(client: TestClient) -> None:
    """Problems bear the headers too."""
    for path in ("/healthz", "/nothing", "/documents"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"
        assert client.get(path).headers["referrer-policy"] == "same-origin"


def test_no_other_site_may_read_answers(client: TestClient) -> None:
    """There is no CORS unless somebody adds it."""
    response = client.get("/documents", headers={"origin": "https://example.org"})
    assert "access-control-allow-origin" not in response.headers
