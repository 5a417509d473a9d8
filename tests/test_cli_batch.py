"""Batches: rows in, one JSON object per row out, in order, whatever a row holds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.commands.batch import Row, RowError, run_batch
from tutor.errors import QuestionError, SourceError

Batch = Callable[[str], tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Batch:
    """Runs rows through a batch that echoes the question; returns exit code and printed objects."""

    def run(rows: str) -> tuple[int, list[dict[str, Any]]]:
        file = tmp_path / "rows.jsonl"
        file.write_text(rows, encoding="utf-8")
        code = run_batch(str(file), _echo)
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def _echo(row: Row) -> dict[str, str]:
    if not row.question:
        raise QuestionError("the question is empty", help="Ask something.")
    return {"text": row.question}


def test_each_row_gives_one_line_with_its_id_in_order(batch: Batch) -> None:
    rows = '{"id": "b", "question": "Второй?"}\n\n{"id": 1, "question": "one", "gold": [1]}\n'
    assert batch(rows) == (0, [{"id": "b", "text": "Второй?"}, {"id": 1, "text": "one"}])


def test_a_byte_order_mark_is_no_part_of_the_first_row(batch: Batch) -> None:
    assert batch('\ufeff{"id": 1, "question": "one"}\n')[0] == 0


@pytest.mark.parametrize(
    ("line", "row_id", "reason"),
    [
        ("{", None, "line 1 is not JSON"),
        ("[1]", None, "line 1 is not an object"),
        ('{"question": "x"}', None, "line 1 has no id"),
        ('{"id": true, "question": "x"}', None, "line 1 has no id"),
        ('{"id": 7}', 7, "line 1 has no question"),
        ('{"id": 7, "question": ["x"]}', 7, "line 1 has no question"),
        ('{"id": 7, "question": "x", "conversation_id": 1}', 7, "line 1 has a conversation_id that is not"),
        ('{"id": 7, "question": ""}', 7, "the question is empty. Ask something."),
    ],
)
def test_a_bad_row_is_named_and_the_rest_goes_on(batch: Batch, line: str, row_id: Any, reason: str) -> None:
    code, (first, second) = batch(line + '\n{"id": 8, "question": "next"}\n')
    assert code == 2
    assert first["id"] == row_id
    assert first["error"].startswith(reason)
    assert second == {"id": 8, "text": "next"}


def test_a_bug_is_not_taken_for_a_bad_row(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": 1, "question": "x"}')

    def broken(row: Row) -> dict[str, str]:
        raise KeyError(row.id)

    with pytest.raises(KeyError):
        run_batch(str(file), broken)


def test_a_file_that_is_not_there_is_a_persons_mistake(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.jsonl cannot be read"):
        run_batch(str(tmp_path / "none.jsonl"), _echo)


def test_a_dash_reads_stdin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"id": 1, "question": "x"}\n')))
    assert run_batch("-", _echo) == 0
    assert capsys.readouterr().out == '{"id": 1, "text": "x"}\n'


@given(st.binary())
def test_any_line_is_a_row_or_says_what_is_wrong(line: bytes) -> None:
    try:
        said = Row.parse(line, 1).question
    except RowError as error:
        said = error.line
    assert isinstance(said, str)
