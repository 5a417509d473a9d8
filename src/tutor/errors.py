"""Every error that the tutor raises on purpose.

    TutorError                   something a person can act on: one line, exit code 2
    ├── ConfigError              a setting is wrong, unknown or contradicts another
    ├── ReadError                one source file cannot be read; the ingest goes on without it
    ├── SourceError              a folder or file named for ingest is not there
    ├── CorpusError              the roadmap, practice material or glossary of the corpus is malformed
    ├── EmbeddingError           the embedding model is missing, damaged or not the expected one
    ├── IndexStateError          the index cannot be used as it is
    │   ├── NoIndexError         nothing has been ingested yet
    │   ├── IndexMismatchError   it was built with another embedding model or schema
    │   ├── IndexDamagedError    its files do not agree with its manifest
    │   └── IndexLockedError     another process is writing it
    ├── QuestionError            a question is empty or too long
    ├── NotFoundError            no document, chunk or conversation has this id
    ├── ServeError               the server cannot start (port taken, address not ours)
    └── EvalError                a question set is malformed

An error carries the line that helps (`help`) and whether trying again can help (`retryable`). Anything
else that escapes is a bug and keeps its traceback.
"""

from __future__ import annotations


class TutorError(Exception):
    """A problem that a person can act on; `str(error)` is one line, `help` says what to do."""

    retryable: bool = False

    def __init__(self, message: str, *, help: str = "") -> None:
        super().__init__(message)
        self.help = help

    @property
    def line(self) -> str:
        """The message and its help as one line, for a terminal."""
        message = str(self)
        return f"{message.rstrip('.')}. {self.help}" if self.help else message


class ConfigError(TutorError):
    """A setting is wrong, unknown or contradicts another."""


class ReadError(TutorError):
    """One source file cannot be read."""


class SourceError(TutorError):
    """A folder or file named for ingest is not there."""


class CorpusError(TutorError):
    """The roadmap, practice material or glossary of the corpus is malformed."""


class EmbeddingError(TutorError):
    """The embedding model is missing, damaged or not the expected one."""


class IndexStateError(TutorError):
    """The index cannot be used as it is."""


class NoIndexError(IndexStateError):
    """Nothing has been ingested yet."""


class IndexMismatchError(IndexStateError):
    """The index was built with another embedding model or by another schema version."""


class IndexDamagedError(IndexStateError):
    """The files of a generation do not agree with its manifest."""


class IndexLockedError(IndexStateError):
    """Another process is writing the index."""

    retryable = True


class QuestionError(TutorError):
    """A question is empty or too long."""


class NotFoundError(TutorError):
    """No document, chunk or conversation has this id."""


class ServeError(TutorError):
    """The server cannot start."""


class EvalError(TutorError):
    """A question set or a threshold file is malformed."""
