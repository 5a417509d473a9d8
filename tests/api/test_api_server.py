"""Running the app on a port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tutor.api.app import create_app
from tutor.api.server import listen, serve, serving
from tutor.config import Settings
from tutor.errors import ServeError

SCRIPT = """
import asyncio, sys
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from tutor.api.server import serve

app = FastAPI()

@app.get("/readyz")
def ready(): return {}

@app.get("/endless")
def endless():
    async def ticks():
        while True:
            yield b"tick\\n"
            await asyncio.sleep(0.05)
    return StreamingResponse(ticks())

serve(app, "127.0.0.1", 0, on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


def test_an_app_is_served_on_a_free_port_until_the_block_ends(settings: Settings, scripted: Any) -> None:
    """It is ready inside the block; afterwards nobody listens."""
    with serving(create_app(settings, tutor=scripted)) as url:
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert scripted.warmed
        assert "server" not in httpx.get(f"{url}/healthz").headers
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_taken_port_is_told_with_what_to_do(settings: Settings, scripted: Any) -> None:
    """The line names the port and both ways to choose another."""
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError) as error:
            serve(create_app(settings, tutor=scripted), "127.0.0.1", port, on_ready=pytest.fail)
    assert error.value.line == f"port {port} is taken; choose another with --port or TUTOR_PORT"


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_an_address_that_is_not_ours_is_told(host: str) -> None:
    """One line, whether the name does not resolve or the address is another machine's."""
    with pytest.raises(ServeError, match=f"{host} is not an address of this machine"):
        listen(host, 0)


def test_a_name_is_resolved_to_an_address_that_people_type() -> None:
    """localhost is 127.0.0.1 where there is a choice."""
    with listen("localhost", 0) as listener:
        assert listener.family == socket.AF_INET


def test_an_app_that_fails_to_start_is_told() -> None:
    """A server whose lifespan fails raises instead of waiting for ever."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no"})

    with pytest.raises(ServeError, match="the server did not start"), serving(broken):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_also_while_a_page_is_open(number: signal.Signals, tmp_path: Path) -> None:
    """Control returns to the caller, a stream that never ends does not hold it, and nothing is printed."""
    script = tmp_path / "serve.py"
    script.write_text(textwrap.dedent(SCRIPT))
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with httpx.stream("GET", f"{url}/endless", timeout=30) as response:
            lines = response.iter_lines()
            assert next(lines) == "tick"
            os.kill(process.pid, number)
            reader = threading.Thread(target=lambda: list(_until_closed(lines)))
            reader.start()
            out, err = process.communicate(timeout=30)
            reader.join()
    assert (out, err, process.returncode) == ("stopped\n", "", 0)


def _until_closed(lines: Any) -> Any:
    try:
        yield from lines
    except httpx.RemoteProtocolError:
        return
