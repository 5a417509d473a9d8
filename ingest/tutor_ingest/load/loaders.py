"""The two ways to read many files: in a child process with limits, or here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.isolated import IsolatedReader
from tutor_ingest.load.readers import load
from tutor_ingest.load.request import Request

LoadAll = Callable[[Iterable[Request]], Iterator[Document | ReadError]]
"""Gives for each request, in order, its document or the reason why there is none."""

Loader = Callable[[], AbstractContextManager[LoadAll]]


@contextmanager
def isolated() -> Iterator[LoadAll]:
    """Reads in a child process that is stopped where it hangs or takes too much memory."""
    with IsolatedReader() as reader:
        yield reader.load_all


@contextmanager
def in_process() -> Iterator[LoadAll]:
    """Reads in this process, for files that one trusts: tests, and programs that bring their own limits."""
    yield lambda requests: map(_outcome, requests)


def _outcome(request: Request) -> Document | ReadError:
    try:
        document = load(request.path, request.relative, request.document_id, request.member)
        fields = (document.title, document.url, document.text, document.metadata, document.marks)
        json.dumps(fields, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return ReadError("holds half of a surrogate pair, which is no character")
    except ReadError as error:
        return error
    return document
