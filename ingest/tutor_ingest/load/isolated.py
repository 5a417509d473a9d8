"""Reads files in a child process, so that a parser that hangs, crashes or eats memory costs one file, not the ingest.

While one document is worked on, the next is being read already. The child is killed when a file has taken too long,
replaced when it died, and never asked more than one request ahead.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from subprocess import PIPE, Popen, TimeoutExpired
from threading import Thread
from types import TracebackType
from typing import IO, NamedTuple, Self, cast

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.request import (
    LARGEST_ANSWER,
    READY,
    Answer,
    Limits,
    Request,
    answer_of,
    limits_line,
    memory_needed,
    request_line,
)

LONGEST_S = 120.0  # seconds for one file; a thousand dense pages of PDF take about 10
MOST_MEMORY = 2 * 1024**3  # bytes for one file; the largest that is read, 256 MiB, takes about half of this

_START_S = 60.0  # seconds in which the child must be there; it takes about a tenth of one
_END_S = 1.0  # seconds in which a child that closed its output must have ended
_AHEAD = 1  # requests that wait in the child while one is worked on
_BUFFER = 64 * 1024  # bytes, the size of a pipe on Linux
_TAIL = 2_000  # bytes of the child's standard error that are kept
_KILLED = -9  # SIGKILL, which nobody but the kernel sends to a process that runs short of memory
# What C++, Rust and Python say when an allocation failed and that was their end.
_OUT_OF_MEMORY = re.compile(r"bad_alloc|memory allocation of \d|out of memory|MemoryError", re.IGNORECASE)


class _Asked(NamedTuple):
    """A request, its number, and when it was made."""

    number: int
    request: Request
    at: float


class IsolatedReader:
    """Reads files within limits of time and memory, in a child process that starts with the first of them.

    To be used in one thread, which must outlive it: on Linux the child ends with the thread that started it.
    `command` is what runs the child, for tests that need it to misbehave.
    """

    def __init__(
        self, *, seconds: float = LONGEST_S, memory: int = MOST_MEMORY, command: Sequence[str] = ()
    ) -> None:
        # -P: the current folder, which may be anybody's, must not lend the child its modules.
        utf8 = f"utf8={sys.flags.utf8_mode}"  # else the two might not mean the same file by a name
        self._command = command or (sys.executable, "-P", "-X", utf8, "-m", "tutor_ingest.load.child")
        self._limits = Limits(seconds, memory)
        self._child: _Child | None = None
        self._asked: deque[_Asked] = deque()  # and not answered, oldest first
        self._numbers = 0
        self._turn = 0  # rises with each call of `load_all` or `close`, so that one knows that it is over
        self._idle_since = 0.0  # when the child started, or gave the answer that was fetched last

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it is doing; the next request starts another."""
        self._turn += 1
        self._asked.clear()
        self._stop()

    def load(self, request: Request) -> Document:
        """As `tutor_ingest.load.load`, and raises ReadError also for a file that is beyond the limits."""
        (outcome,) = self.load_all([request])
        if isinstance(outcome, ReadError):
            raise outcome
        return outcome

    def load_all(self, requests: Iterable[Request]) -> Iterator[Document | ReadError]:
        """The outcome of each request, in order; the one after it is being read meanwhile.

        Of `requests` no more is taken than that, and no more than two documents are held. Raises RuntimeError if
        the child does not start, or if the reader is closed or asked for other files meanwhile.
        """
        if self._asked:
            raise RuntimeError("the outcomes of other requests are still being fetched")
        self._turn = turn = self._turn + 1
        try:
            for request in requests:
                self._ask(request, turn)
                if len(self._asked) > _AHEAD:
                    yield self._fetch(turn)
            while self._turn != turn or self._asked:
                yield self._fetch(turn)
        finally:
            if self._turn == turn and self._asked:  # left half way: answers to come are nobody's
                self.close()

    def _ask(self, request: Request, turn: int) -> None:
        self._check(turn)
        self._numbers += 1
        self._asked.append(_Asked(self._numbers, request, time.monotonic()))
        if self._child is None:
            self._start()
        else:
            self._child.send(request_line(self._numbers, request))

    def _check(self, turn: int) -> None:
        if turn != self._turn:
            raise RuntimeError("the reader was closed or asked for other files meanwhile")

    def _start(self) -> _Child:
        """Start a child and ask it whatever has not been answered."""
        self._child = child = _Child(self._command, self._limits)
        self._idle_since = time.monotonic()
        for asked in self._asked:
            child.send(request_line(asked.number, asked.request))
        return child

    def _stop(self, patience: float = 0.0) -> tuple[int | None, str]:
        child, self._child = self._child, None
        return child.stop(patience) if child else (None, "")

    def _fetch(self, turn: int) -> Document | ReadError:
        self._check(turn)
        outcome = self._outcome()
        self._asked.popleft()
        if self._child is None and self._asked:
            self._start()  # now, so that it reads while this outcome is worked on
        return outcome

    def _outcome(self) -> Document | ReadError:
        """That of the oldest request. Only a child that has read nothing before is evidence against a file."""
        while True:
            child = self._child or self._start()
            deadline = max(self._asked[0].at, self._idle_since) + self._limits.seconds
            received = child.receive(deadline)
            if received and (answer := _answer(received.line, self._asked[0].number)):
                self._idle_since = received.at
                child.answers += 1
                if answer.last:
                    self._stop()
                return answer.outcome
            if received is None or received.at >= deadline:
                self._stop()
                return ReadError(f"took more than {self._limits.seconds:g} s to read")
            code, complaint = self._stop(0.0 if received.line.endswith(b"\n") else _END_S)
            if not child.answers:
                return self._death(code, complaint)

    def _death(self, code: int | None, complaint: str) -> ReadError:
        if code is None:
            return ReadError("the reader gave no proper answer")
        if code == _KILLED or _OUT_OF_MEMORY.search(complaint):
            return memory_needed(self._limits.memory)
        if code < 0:
            return ReadError(f"the reader crashed (signal {-code})")
        lines = [line.strip() for line in complaint.splitlines() if line.strip()]
        return ReadError(f"the reader ended (exit code {code}){f': {lines[-1]}' if lines else ''}")


def _answer(line: bytes, number: int) -> Answer | None:
    """The answer in a line, if it is one and to the request of this number."""
    try:
        answer = answer_of(line)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return answer if answer.number == number else None


class _Received(NamedTuple):
    """A line of the child's output, empty at its end, and when it came."""

    at: float
    line: bytes


class _Child:
    """The process with its pipes. A thread reads each: on Windows a pipe cannot be waited for with a limit."""

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        self.answers = 0  # to be counted by whoever receives them
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, bufsize=_BUFFER)  # noqa: S603 - our own
        # Typed as optional, for they exist only where PIPE was asked for.
        self._input = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        self._errors = cast(IO[bytes], self._process.stderr)
        self._received: SimpleQueue[_Received] = SimpleQueue()
        self._complaint = b""
        self._threads = [Thread(target=read, daemon=True) for read in (self._read_output, self._read_errors)]
        for thread in self._threads:
            thread.start()
        try:
            self.send(limits_line(limits))
            first = self.receive(time.monotonic() + _START_S)
        except BaseException:
            self.stop()
            raise
        if first is None or first.line != READY:
            code, complaint = self.stop(_END_S)
            raise RuntimeError(f"the process that reads files did not start (exit code {code})\n{complaint}")

    def send(self, line: bytes) -> None:
        """Write a line. Two requests fit into a pipe, so this does not wait for the child."""
        with suppress(OSError):  # if it is gone, its answer will be missing
            self._input.write(line)
            self._input.flush()

    def receive(self, deadline: float) -> _Received | None:
        """The next line, None if there is none by the deadline."""
        try:
            return self._received.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None

    def stop(self, patience: float = 0.0) -> tuple[int | None, str]:
        """End the process: its return code, None if it had to be killed after `patience` s, and its complaints."""
        code: int | None = None
        try:
            code = self._process.wait(patience)
        except TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self._input, self._output, self._errors):
            with suppress(OSError):  # what was not sent any more
                pipe.close()
        return code, self._complaint.decode("utf-8", "replace").strip()

    def _read_output(self) -> None:
        line = b"\n"
        while line.endswith(b"\n"):
            line = self._output.readline(LARGEST_ANSWER + 1)
            self._received.put(_Received(time.monotonic(), line))

    def _read_errors(self) -> None:
        while piece := os.read(self._errors.fileno(), _BUFFER):
            self._complaint = (self._complaint + piece)[-_TAIL:]
