"""The conversation's behaviour, with a real tutor over the small corpus."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tutor.answering.answer import Coverage
from tutor.errors import IndexLockedError, QuestionError
from tutor_ui import reader, render
from tutor_ui.chat import CURRICULUM_QUESTIONS, HISTORY_TURNS, Chat, transcript

QUESTION = "How long does the northern roadmap take?"


@pytest.fixture
def chat(tutor):
    return Chat(lambda: tutor)


class Failing:
    """A tutor whose answers end in an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def events(self, question, **options):
        raise self.error


def test_an_answer_comes_view_by_view_and_ends_finished(chat):
    views = list(chat.ask(f"  {QUESTION} "))
    assert render.THINKING in views[0].current
    assert [view.finished is not None for view in views] == [False] * (len(views) - 1) + [True]
    assert "6–8 months" in views[1].current
    assert 'aria-busy="true"' in views[1].current
    assert 'aria-busy="false"' in views[-1].current
    assert views[-1].finished.answer.question == QUESTION


def test_the_first_citation_of_an_answer_opens_the_reader_once(chat):
    opened = [view.reader for view in chat.ask(QUESTION) if view.reader]
    assert len(opened) == 1
    assert ">The northern roadmap takes 6–8 months at 10 hours a week.</mark>" in opened[0]


def test_the_finished_answer_looks_like_the_stream_it_came_in(chat):
    *_, last_statement, done = chat.ask("Which tools does the northern roadmap list?")
    body = last_statement.current.partition('aria-busy="true">')[2].partition("<section")[0]
    assert body
    assert body in done.current


def test_what_is_not_covered_cites_nothing_and_opens_nothing(chat):
    *views, done = chat.ask("What is the salary in Iceland?")
    assert done.finished.answer.coverage is Coverage.NOT_COVERED
    assert "Not in the sources" in done.current
    assert "data-n=" not in done.current
    assert not any(view.reader for view in views)


def test_only_the_chosen_documents_answer(chat, tutor):
    south = next(each.id for each in tutor.documents() if each.path == "south.md")
    *_, done = chat.ask("How long does the southern roadmap take?", documents=[south])
    assert {citation.document_id for citation in done.finished.answer.citations} == {south}


def test_the_latest_turns_go_with_a_question(chat, tutor):
    *_, done = chat.ask(QUESTION)
    seen = []
    recording = SimpleNamespace(
        events=lambda question, **options: seen.append(options["history"]) or iter(())
    )
    list(Chat(lambda: recording).ask("And why?", [done.finished] * (HISTORY_TURNS + 3)))
    assert len(seen[0]) == HISTORY_TURNS
    assert seen[0][0].question == QUESTION
    assert seen[0][0].answer == done.finished.answer.text


def test_an_error_is_shown_with_its_help_and_leaves_no_exchange():
    views = list(Chat(lambda: Failing(IndexLockedError("It is being written", help="Wait."))).ask("Why?"))
    assert "It is being written" in views[-1].current
    assert "Wait." in views[-1].current
    assert "Try again" in views[-1].current
    assert views[-1].finished is None


def test_an_empty_question_gets_the_tutors_own_error(chat):
    *_, last = chat.ask("   ")
    assert "the question is empty" in last.current


def test_a_bug_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        list(Chat(lambda: Failing(ZeroDivisionError())).ask("Why?"))


def test_until_there_is_a_tutor_the_page_says_that_it_warms_up():
    chat = Chat(lambda: None)
    assert not chat.ready
    assert "Warming up" in chat.start().current
    assert [view.current for view in chat.ask("Why?")] == [render.warming()]
    assert chat.documents() == ()
    assert "Sources" in chat.open(reader.Place(document="x"))


def test_a_document_opens_at_a_place_and_a_lost_one_says_so(chat, tutor):
    document = tutor.document(tutor.documents()[0].id)
    html = chat.open(reader.Place(document=document.id, start=0, end=11))
    assert f'data-document="{document.id}"' in html
    assert "Not found" in chat.open(reader.Place(document="nowhere"))


def test_the_start_lists_the_sources_and_offers_questions_on_the_curriculum_only(chat, tutor):
    assert "The northern roadmap" in chat.start().reader
    assert CURRICULUM_QUESTIONS[0] not in chat.start().current
    digest = SimpleNamespace(id="d", path="d.md", title="D", metadata={"kind": "digest"})
    curriculum = Chat(lambda: SimpleNamespace(documents=lambda: [digest]))
    assert all(f'data-ask="{question}"' in curriculum.start().current for question in CURRICULUM_QUESTIONS)


def test_the_transcript_holds_the_finished_exchanges(chat):
    *_, done = chat.ask(QUESTION)
    assert f"## {QUESTION}" in transcript([done.finished])
    assert transcript([]) == ""


def test_errors_of_people_are_the_only_ones_shown():
    *_, last = Chat(lambda: Failing(QuestionError("too long", help="Shorten it."))).ask("Why?")
    assert "Shorten it." in last.current
    assert "Try again" not in last.current
