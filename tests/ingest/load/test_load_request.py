"""Requests and answers as lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.documents import Document
from tutor.errors import ReadError
from tutor_ingest.load.request import (
    Answer,
    Limits,
    Request,
    answer_line,
    answer_of,
    limits_line,
    limits_of,
    memory_needed,
    request_line,
    request_of,
)

ANY = st.text(st.characters(exclude_categories=()))  # lone surrogates included
CHARACTERS = st.text()
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | CHARACTERS,
    lambda values: st.lists(values) | st.dictionaries(CHARACTERS, values),
    max_leaves=5,
)
DOCUMENTS = st.builds(
    Document,
    id=CHARACTERS,
    path=CHARACTERS,
    title=CHARACTERS,
    text=CHARACTERS,
    format=st.sampled_from(["markdown", "text"]),
    sha256=CHARACTERS,
    pages=st.lists(st.integers()).map(tuple),
    url=st.none() | CHARACTERS,
    metadata=st.dictionaries(CHARACTERS, JSON_VALUES),
    first_line=st.integers(),
    marks=st.lists(st.tuples(st.integers(), CHARACTERS)).map(tuple),
)


@given(path=ANY.filter(lambda text: "\0" not in text), relative=ANY, document_id=ANY, member=ANY)
def test_a_request_comes_back_as_it_was(path: str, relative: str, document_id: str, member: str) -> None:
    """Also one whose names are no valid Unicode, on one line."""
    request = Request(Path(path), relative, document_id, member)
    line = request_line(3, request)
    assert line.index(b"\n") == len(line) - 1
    assert request_of(line) == (3, request)


@given(document=DOCUMENTS, last=st.booleans())
def test_a_document_comes_back_as_it_was(document: Document, last: bool) -> None:
    """In every field, with every character, on one line."""
    answer = Answer(9, document, last)
    line = answer_line(answer)
    assert line.index(b"\n") == len(line) - 1
    assert answer_of(line) == answer


@given(message=ANY, help=ANY)
def test_an_error_comes_back_with_its_help(message: str, help: str) -> None:
    """Whatever characters a parser puts into its complaint."""
    answer = answer_of(answer_line(Answer(1, ReadError(message, help=help))))
    assert isinstance(answer.outcome, ReadError)
    assert (str(answer.outcome), answer.outcome.help) == (message, help)


@pytest.mark.parametrize("field", ["title", "url", "text", "metadata", "marks"])
def test_a_lone_surrogate_in_any_field_is_refused(field: str) -> None:
    """A document that holds one could not be stored."""
    value = {"metadata": {"a": ["\udc80"]}, "marks": ((0, "\ud800"),)}.get(field, "a\ud800")
    fields = {"id": "1", "path": "a", "title": "a", "text": "a", "format": "text", "sha256": "", field: value}
    with pytest.raises(ReadError, match="surrogate"):
        answer_line(Answer(1, Document(**fields)))


@pytest.mark.parametrize("value", [b"", b"\n", b"[]", b"{}", b'{"number": 1}', b"\xff", b"[" * 10])
def test_what_is_no_answer_is_an_error(value: bytes) -> None:
    """One of those that are named."""
    with pytest.raises((ValueError, KeyError, TypeError)):
        answer_of(value)


def test_limits_come_back_as_they_were() -> None:
    """Seconds may have a fraction."""
    assert limits_of(limits_line(Limits(0.5, 3))) == Limits(0.5, 3)
    assert json.loads(limits_line(Limits(0.5, 3))) == {"seconds": 0.5, "memory": 3}


def test_memory_is_named_in_round_units() -> None:
    """Gibibytes where there are whole ones."""
    assert str(memory_needed(2 * 1024**3)) == "needs more than 2 GiB of memory to read"
    assert str(memory_needed(1536 * 1024**2)) == "needs more than 1536 MiB of memory to read"
