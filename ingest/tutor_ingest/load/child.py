"""The process that reads files for an ingest, within limits, so that no parser can harm more than itself.

`python -m tutor_ingest.load.child` reads requests as lines and answers each with one line; `isolated` is the other
end. It is a command of its own, not a fork: a fork would take over the threads and the gigabytes of the models.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tutor.errors import ReadError
from tutor_ingest.load.readers import load
from tutor_ingest.load.request import (
    LARGEST_ANSWER,
    READY,
    Answer,
    Request,
    answer_line,
    limits_of,
    memory_needed,
    request_of,
)

_GRACE_S = 5.0  # after the limit, for the parent to end this process, since it can say why
_WORN = 4  # a process that has grown by this part of its memory is replaced: each file is to find most of it
_SPARE = 16 * 1024**2  # bytes of address space; they are never touched, so that they cost nothing
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG, from linux/prctl.h


def main() -> None:
    """Answer requests until standard input ends or memory is used up."""
    requests, answers = _own_standard_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, and it decides
    _die_with_parent()
    limits = limits_of(requests.readline())
    room = _Room(limits.memory)
    _write(answers, READY)
    last = False
    while not last and (line := requests.readline()):
        number, request = request_of(line)
        # A killed parent stops nothing. This thread does: it needs no interpreter, which a parser may never let go.
        faulthandler.dump_traceback_later(limits.seconds + _GRACE_S, exit=True, file=2)
        answer, last = _answer(number, request, room)
        faulthandler.cancel_dump_traceback_later()
        _write(answers, answer)


def _own_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output under other numbers: what a library prints or reads must not mix with ours."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


def _die_with_parent() -> None:
    """Linux ends this process with its parent; elsewhere the end of standard input and the time limit do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


class _Room:
    """The memory that files may take, beyond what this process takes by itself."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.spare = bytes(_SPARE)  # to be let go when memory has run out, so that this can be told
        self._at_first = _address_space()
        if sys.platform != "win32":
            import resource

            most = self._at_first + memory
            for limit, value in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0)):
                _, hard = resource.getrlimit(limit)
                with suppress(ValueError, OSError):  # not every platform can
                    resource.setrlimit(
                        limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard)
                    )

    @property
    def worn(self) -> bool:
        """Whether so much was not given back that the next file might lack it."""
        return _address_space() - self._at_first > self.memory // _WORN


def _address_space() -> int:
    """Bytes of address space in use, 0 where the platform does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _answer(number: int, request: Request, room: _Room) -> tuple[bytes, bool]:
    """The answer to a request as a line, and whether it is the last."""
    try:
        document = load(request.path, request.relative, request.document_id, request.member)
        last = room.worn
        line = answer_line(Answer(number, document, last))
        if len(line) > LARGEST_ANSWER:
            raise ReadError(f"holds more than {LARGEST_ANSWER // 1024**2} MiB of text")
    except (ReadError, MemoryError, TypeError, ValueError, RecursionError) as error:
        room.spare = b""
        exhausted, refusal = _ran_out_of_memory(error), _refusal(error)
    else:
        return line, last
    room.spare = b"" if exhausted else bytes(_SPARE)
    last = exhausted or room.worn
    return answer_line(Answer(number, memory_needed(room.memory) if exhausted else refusal, last)), last


def _ran_out_of_memory(error: BaseException | None) -> bool:
    """Whether the failure, or one that led to it, was that of an allocation."""
    while error and not isinstance(error, MemoryError):
        error = error.__cause__ or error.__context__
    return error is not None


def _refusal(error: Exception) -> ReadError:
    """What `load` said; whatever else fails, fails in writing metadata that a reader should not have given."""
    if isinstance(error, ReadError):
        return ReadError(str(error), help=error.help)  # without the traceback, which holds all that was read
    return ReadError(f"cannot be read: {type(error).__name__}: {' '.join(str(error).split())}")


def _write(file: BinaryIO, line: bytes) -> None:
    file.write(line)
    file.flush()


if __name__ == "__main__":
    main()
