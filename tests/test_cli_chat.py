"""The chat loop, with a tutor that answers from a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tutor.answering.answer import (
    Answer,
    Citation,
    Coverage,
    DoneEvent,
    Event,
    Statement,
    StatementEvent,
    Turn,
)
from tutor.commands.chat import Chat
from tutor.errors import QuestionError, TutorError


class Echo:
    """Answers each question with itself, and remembers which history it was given."""

    def __init__(self) -> None:
        self.histories: list[list[str]] = []

    def events(self, question: str, *, history: Sequence[Turn], filters: object) -> Iterator[Event]:
        if question == "?":
            raise QuestionError("that is no question")
        self.histories.append([turn.question for turn in history])
        citation = Citation(
            n=1,
            chunk_id="c",
            document_id="d",
            path="a.md",
            title="A",
            heading_path=("A",),
            locator="line 1",
            quote=f"So it is: {question}",
            start=0,
            end=9,
            support=1,
        )
        statement = Statement(text=question, citations=(1,), support=1)
        markdown = f"{question} [1]\n"
        yield StatementEvent(index=0, statement=statement, citations=(citation,), markdown=markdown)
        yield DoneEvent(
            answer=Answer(
                question=question,
                standalone_question=question,
                coverage=Coverage.ANSWERED,
                statements=(statement,),
                citations=(citation,),
                text=markdown,
            )
        )


@pytest.fixture
def tutor() -> Echo:
    return Echo()


@pytest.fixture
def chat(tutor: Echo) -> Chat:
    return Chat(cast(Any, tutor))


def test_a_question_is_answered_and_becomes_history(
    chat: Chat, tutor: Echo, capsys: pytest.CaptureFixture[str]
) -> None:
    assert all(chat.take(line) for line in ("first\n", "  \n", "second\n"))
    assert capsys.readouterr().out == "first [1]\n\nsecond [1]\n\n"
    assert tutor.histories == [[], ["first"]]


def test_new_forgets(chat: Chat, tutor: Echo) -> None:
    for line in ("first", "/new", "second"):
        chat.take(line)
    assert tutor.histories == [[], []]


def test_sources_shows_the_quotes_of_the_last_answer(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    chat.take("/sources")
    assert "Nothing was asked yet" in capsys.readouterr().err
    chat.take("first")
    chat.take("/sources")
    assert "“So it is: first”" in capsys.readouterr().out


def test_export_writes_the_conversation_with_its_sources(chat: Chat, tmp_path: Path) -> None:
    chat.take("first")
    chat.take("second")
    chat.take(f"/export {tmp_path / 'talk with spaces.md'}")
    written = (tmp_path / "talk with spaces.md").read_text(encoding="utf-8")
    assert written.index("first") < written.index("So it is: first") < written.index("So it is: second")


@pytest.mark.parametrize("line", ["/export", "/export /no/such/folder/file.md"])
def test_an_export_that_cannot_be_written_says_so(chat: Chat, line: str) -> None:
    chat.take("first")
    with pytest.raises(TutorError):
        chat.take(line)


def test_quit_ends(chat: Chat) -> None:
    assert chat.take("/quit") is False


@pytest.mark.parametrize("line", ["/help", "/unknown"])
def test_help_lists_the_commands(chat: Chat, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    chat.take(line)
    assert "/export FILE" in capsys.readouterr().err


def test_a_refused_question_leaves_no_trace_in_the_history(chat: Chat, tutor: Echo) -> None:
    with pytest.raises(QuestionError):
        chat.take("?")
    chat.take("next")
    assert tutor.histories == [[]]
