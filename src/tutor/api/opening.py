"""The tutor's way from not there to ready, while the server answers already.

Loading the model takes seconds, so it happens in a thread after the port is open. Where only the index is
missing it is tried again, so that a server that was started first answers once something has been ingested.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from tutor.api import problems
from tutor.api.problems import RETRY_SECONDS, Problem, ProblemError
from tutor.errors import IndexStateError, TutorError

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor

log = logging.getLogger("tutor.api")


class Opening:
    """Opens and warms a tutor; `tutor` is None until that is done, `failure` says what keeps it from that.

    A tutor that is given as `given` can answer at once and is only warmed; whoever opened it closes it.
    """

    def __init__(
        self,
        open_tutor: Callable[[], Tutor],
        *,
        given: Tutor | None = None,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.tutor: Tutor | None = given
        self.warm = False
        self.failure: Problem | None = None
        self._given = given
        self._open_tutor = open_tutor
        self._retry_seconds = retry_seconds

    async def run(self) -> None:
        """Open and warm the tutor; returns when it is ready or when trying again cannot help."""
        while not self.warm:
            try:
                self.tutor = await to_thread.run_sync(self._opened)
            except TutorError as error:
                self._failed(problems.of_error(error), error.line)
                if not (error.retryable or isinstance(error, IndexStateError)):
                    return
                await anyio.sleep(self._retry_seconds)
            except Exception:  # a bug while opening must not end the server, which says so in /readyz
                bug = problems.of_bug()
                log.exception("The tutor cannot be opened, %s", bug.instance)
                self.failure = bug.model_copy(update={"status": 503, "title": "Service Unavailable"})
                return
            else:
                self.warm, self.failure = True, None

    def ready(self) -> Tutor:
        """The tutor. Raises a 503 problem as long as it cannot answer."""
        if self.tutor is None:
            raise ProblemError(self.unready())
        return self.tutor

    def unready(self) -> Problem:
        """Why the tutor is not ready yet."""
        if self.failure is None:
            return problems.named(
                "starting",
                503,
                "The tutor is starting",
                "The model and the index are loading.",
                retryable=True,
            )
        return self.failure.model_copy(update={"status": 503})

    def close(self) -> None:
        """Close the tutor, if it was opened here."""
        if self.tutor is not None and self._given is None:
            self.tutor.close()
        self.tutor = self._given
        self.warm = False

    def _opened(self) -> Tutor:
        tutor = self._given if self._given is not None else self._open_tutor()
        try:
            tutor.warm()
        except BaseException:
            if tutor is not self._given:
                tutor.close()
            raise
        return tutor

    def _failed(self, problem: Problem, line: str) -> None:
        if problem != self.failure:  # once, not at each new attempt
            log.warning("The tutor cannot be opened: %s", line)
        self.failure = problem
