"""ASGI middleware that looks at a request before any route does: headers, keys, size.

They see every path, so that whatever is mounted beside the API (the UI) is guarded too.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
from collections.abc import Iterable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tutor.api import problems

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/openapi.json"})


class SafeHeaders:
    """Adds headers that keep a browser from guessing types and from telling other sites where it was."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", "same-origin")
            await send(message)

        await self.app(scope, receive, add if scope["type"] == "http" else send)


class RequireKey:
    """Refuses requests that bear none of the keys, on all paths but `open_paths`.

    A key comes as `Authorization: Bearer KEY`, as `X-API-Key: KEY`, or as the password of HTTP Basic, in
    which form a browser asks a person for it.
    """

    def __init__(self, app: ASGIApp, keys: Sequence[str], open_paths: Iterable[str] = OPEN_PATHS) -> None:
        self.app = app
        self._keys = [key.encode() for key in keys]
        self._open_paths = frozenset(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if (
            scope["type"] == "lifespan"
            or scope["path"] in self._open_paths
            or self._allows(Headers(scope=scope))
        ):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "An API key is needed"})
        else:
            problem = problems.plain(
                401,
                "This server needs one of its API keys.",
                help="Send `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
            )
            await problem.response({"WWW-Authenticate": 'Bearer, Basic realm="Roadmap Tutor"'})(
                scope, receive, send
            )

    def _allows(self, headers: Headers) -> bool:
        borne = _borne(headers)
        return any(hmac.compare_digest(key, other) for key in self._keys for other in borne)


def _borne(headers: Headers) -> list[bytes]:
    """Whatever the request offers as a key."""
    found = [headers.get("x-api-key", "").encode()]
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found.append(value.strip().encode())
    elif scheme.lower() == "basic":
        with contextlib.suppress(binascii.Error):
            found.append(base64.b64decode(value, validate=True).partition(b":")[2])
    return found


class LimitBody:
    """Refuses bodies above a limit with 413, whether or not the request tells its length.

    The body is read here, up to the limit, and then handed on. `elsewhere` are path prefixes
    under which something else (a mounted UI) sets its own limit.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, elsewhere: Sequence[str] = ()) -> None:
        self.app = app
        self._max_bytes = max_bytes
        self._elsewhere = tuple(prefix.rstrip("/") + "/" for prefix in elsewhere)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["path"].startswith(self._elsewhere):
            await self.app(scope, receive, send)
            return
        body = None if self._announced(Headers(scope=scope)) > self._max_bytes else await self._read(receive)
        if body is None:
            problem = problems.plain(413, f"The body is larger than {self._max_bytes} bytes.")
            await problem.response({"Connection": "close"})(scope, receive, send)
        else:
            await self.app(scope, _replay(body, receive), send)

    def _announced(self, headers: Headers) -> int:
        length = headers.get("content-length", "")
        return int(length) if length.isdecimal() else 0

    async def _read(self, receive: Receive) -> list[Message] | None:
        """The messages that make up the body, or None if it is too large."""
        messages: list[Message] = []
        size = 0
        while not messages or messages[-1].get("more_body", False):
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            if size > self._max_bytes:
                return None
        return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """A receive that first tells what was read already."""
    rest = iter(messages)

    async def replayed() -> Message:
        message = next(rest, None)
        return await receive() if message is None else message

    return replayed
