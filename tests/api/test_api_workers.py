"""The bridge from the blocking tutor to the server."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator

import anyio
import pytest

from tutor.api.problems import ProblemError
from tutor.api.workers import Workers

pytestmark = pytest.mark.anyio
VARIABLE = contextvars.ContextVar[int]("VARIABLE")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_stream_runs_in_one_thread_and_one_context() -> None:
    """A generator may hold a context variable, a database connection or a lock across its yields."""

    def numbers() -> Iterator[tuple[int, int]]:
        token = VARIABLE.set(1)
        for number in range(3):
            yield number, threading.get_ident()
        VARIABLE.reset(token)

    async with Workers().stream(numbers) as items:
        found = [item async for item in items]
    assert [number for number, _ in found] == [0, 1, 2]
    assert len({thread for _, thread in found} - {threading.get_ident()}) == 1


async def test_an_error_of_the_iterator_is_raised_where_it_is_read() -> None:
    """What came before the error is read first; the error is not wrapped."""

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("x")

    read = []

    async def read_all() -> None:
        async with Workers().stream(failing) as items:
            async for item in items:
                read.append(item)

    with pytest.raises(ValueError, match="x"):
        await read_all()
    assert read == [1]


async def test_leaving_early_closes_the_iterator_in_its_thread() -> None:
    """The generator's `finally` has run when the block has ended."""
    closed = []

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(threading.get_ident())

    async with Workers().stream(endless) as items:
        assert await anext(items) == 1
    assert closed
    assert closed[0] != threading.get_ident()


async def test_when_too_many_wait_the_next_is_refused() -> None:
    """One works, one waits, the third is told to come back; afterwards there is room again."""
    workers, go, started = Workers(threads=1, queue=1), threading.Event(), threading.Event()

    def work() -> bool:
        started.set()
        return go.wait(10)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(workers.run, work)
        await anyio.to_thread.run_sync(started.wait)
        tasks.start_soon(workers.run, work)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ProblemError) as refused:
            await workers.run(work)
        with pytest.raises(ProblemError):
            async with workers.stream(lambda: iter(())):
                pass
        go.set()
    assert refused.value.problem.status == 503
    assert refused.value.problem.retryable
    assert await workers.run(lambda: 1) == 1
