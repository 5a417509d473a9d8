"""Running an app on a port: for good, or within a test."""

from __future__ import annotations

import asyncio
import errno
import http.client
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from tutor.errors import ServeError

GRACE_SECONDS = 3  # what requests in flight get to end in; an open page of the UI holds one for ever
_BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it listens and ends on a signal as if it had been asked to."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening. Raises ServeError where uvicorn would end the process."""
        try:
            await super().startup(sockets)
        except SystemExit:
            raise ServeError("the server did not start", help="Its log says why.") from None
        self._on_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at once on a second Ctrl-C. Unlike uvicorn's own this does not raise the signal again."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve(app: ASGIApp, host: str, port: int, *, on_ready: Callable[[str], None]) -> None:
    """Serve an app until SIGINT or SIGTERM; `on_ready` gets the address once it listens.

    Port 0 picks a free one. Call it in the main thread: only there can signals be heard.
    Raises ServeError if the port is taken or the address is not one of this machine's.
    """
    listener = listen(host, port)
    with listener, _quiet_cancellations():
        server = _server(app, lambda: on_ready(_url(host, listener)))
        server.run(sockets=[listener])


@contextmanager
def serving(app: ASGIApp, *, ready_seconds: float = 60.0) -> Iterator[str]:
    """The address of an app that is served on a free port of this machine, in a thread, until the block ends.

    For tests and benchmarks. Waits until `/readyz` is no longer 503, for `ready_seconds` at most (0: only
    until it listens).
    """
    listener = listen("127.0.0.1", 0)
    settled = threading.Event()
    failures: list[ServeError] = []
    server = _server(app, settled.set)

    def run() -> None:
        try:
            server.run(sockets=[listener])
        except ServeError as error:
            failures.append(error)
        finally:
            settled.set()

    thread = threading.Thread(target=run, name="serving")
    with listener, _quiet_cancellations():
        thread.start()
        try:
            settled.wait()
            if failures:
                raise failures[0]
            url = _url("127.0.0.1", listener)
            _wait_until_ready(url, ready_seconds)
            yield url
        finally:
            server.should_exit = True
            thread.join()


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the address. Raises ServeError that says what to do if it cannot."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, address = next(
            ((item[0], item[4]) for item in found if item[0] == socket.AF_INET), (found[0][0], found[0][4])
        )
        return socket.create_server((str(address[0]), int(address[1])), family=family, backlog=_BACKLOG)
    except socket.gaierror:
        raise ServeError(
            f"{host} is not an address of this machine", help="Choose another with --host or TUTOR_HOST."
        ) from None
    except OSError as error:
        raise _refused(error, host, port) from None


def _refused(error: OSError, host: str, port: int) -> ServeError:
    another = "choose another with --port or TUTOR_PORT"
    if error.errno == errno.EADDRINUSE:
        return ServeError(f"port {port} is taken; {another}")
    if error.errno == errno.EACCES:
        return ServeError(f"port {port} is not open to this user; {another}")
    return ServeError(
        f"{host} is not an address of this machine", help="Choose another with --host or TUTOR_HOST."
    )


def _server(app: ASGIApp, on_started: Callable[[], None]) -> _Server:
    config = uvicorn.Config(
        app,
        log_config=None,  # logging is the caller's to set up
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config, on_started)


def _url(host: str, listener: socket.socket) -> str:
    """The address to open; one that stands for all of this machine's is shown as localhost."""
    port = listener.getsockname()[1]
    name = "localhost" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _wait_until_ready(url: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    address = url.removeprefix("http://")
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address, timeout=seconds)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status != http.HTTPStatus.SERVICE_UNAVAILABLE:
                return
        finally:
            connection.close()
        time.sleep(0.05)


def _is_cancellation(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return isinstance(error, asyncio.CancelledError) or "timeout graceful shutdown" in record.getMessage()


@contextmanager
def _quiet_cancellations() -> Iterator[None]:
    """Keep uvicorn from logging, as errors, the requests that it ends because the server stops."""
    logger = logging.getLogger("uvicorn.error")

    def keep(record: logging.LogRecord) -> bool:
        return not _is_cancellation(record)

    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
