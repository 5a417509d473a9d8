"""The one bridge from the tutor, which blocks, to the server, which must not.

A bounded number of threads work; a bounded number of requests wait for one; the rest are told to come back.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
from anyio import from_thread, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from tutor.api import problems
from tutor.api.problems import ProblemError

T = TypeVar("T")


class Workers:
    """Threads for the tutor's work: `threads` at once, `queue` requests waiting."""

    def __init__(self, threads: int = 8, queue: int = 64) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._queue = queue

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread. Raises a 503 problem when too many wait already."""
        self._admit()
        return await to_thread.run_sync(work, limiter=self._limiter)

    @asynccontextmanager
    async def stream(self, start: Callable[[], Iterator[T]]) -> AsyncIterator[AsyncIterator[T]]:
        """What an iterator yields, while it runs from its start to its end in one thread and one context.

        The thread never waits for a slow reader: what an answer yields is small, so it is buffered whole.
        When the reader leaves, the iterator is closed as soon as it yields again. Raises a 503 problem when
        too many wait.
        """
        self._admit()
        send, receive = anyio.create_memory_object_stream[T](math.inf)
        failures: list[Exception] = []

        async def produce() -> None:
            with send:
                try:
                    await to_thread.run_sync(_drain, start, send, limiter=self._limiter)
                except Exception as error:  # noqa: BLE001 - whatever it is, the reader raises it
                    failures.append(error)

        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(produce)
                with receive:
                    yield _events(receive, failures)
        except BaseExceptionGroup as group:
            # Only the reader's own code can fail in here, with one exception, which is not to be wrapped.
            raise group.exceptions[0] from None

    def _admit(self) -> None:
        if self._limiter.statistics().tasks_waiting >= self._queue:
            raise ProblemError(
                problems.named(
                    "busy",
                    503,
                    "The tutor is busy",
                    "Too many questions are waiting already.",
                    retryable=True,
                )
            )


async def _events(receive: MemoryObjectReceiveStream[T], failures: list[Exception]) -> AsyncIterator[T]:
    async for item in receive:
        yield item
    if failures:
        raise failures[0]


def _drain(start: Callable[[], Iterator[T]], send: MemoryObjectSendStream[T]) -> None:
    """Send whatever the iterator yields until it ends or nobody reads any more; close it in either case."""
    items = start()
    try:
        for item in items:
            from_thread.run_sync(send.send_nowait, item)
    except anyio.BrokenResourceError:
        return
    finally:
        if hasattr(items, "close"):
            items.close()
