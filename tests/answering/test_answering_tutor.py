"""A question in, verified statements out: events, faces of LangChain, generations, threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tutor.answering.answer import (
    Answer,
    Coverage,
    DoneEvent,
    NoticeEvent,
    SourcesEvent,
    StatementEvent,
    Turn,
)
from tutor.answering.cite import Citations, Place
from tutor.answering.compose import MOST
from tutor.answering.forms import Proposal
from tutor.answering.tutor import Tutor, _Progress, _verify
from tutor.documents import Document
from tutor.errors import IndexMismatchError, NoIndexError, NotFoundError, QuestionError
from tutor.index.library import Index
from tutor.retrieval.filters import Filters
from tutor.testing import HashingEmbeddings, small_settings, small_tutor, write_corpus
from tutor_ingest.pipeline import ingest

QUESTIONS = [
    "How long does the northern roadmap take?", "How long does the roadmap take?", "What is overfitting?",
    "Which tools does the northern roadmap list?", "Is a degree required for the northern roadmap?",
    "data scientist vs machine learning engineer", "Why does deployment matter?", "What is the capital of Iceland?",
    "What is overfitting and what is a validation set?", "hello", "What can you do?",
    "What is the salary of a machine learning engineer in Norway and in Iceland?", "northern roadmap",
]  # fmt: skip


def same(answer: Answer) -> dict[str, Any]:
    """An answer but for its timings."""
    return answer.model_dump(exclude={"timings_ms"})


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_answer_is_the_fold_of_its_events(small: Tutor, question: str) -> None:
    """Statements, citations and text of the events, put together, are the answer's."""
    events = list(small.events(question))
    answer = small.ask(question)
    statements = [e for e in events if isinstance(e, StatementEvent)]
    assert [e.statement for e in statements] == list(answer.statements)
    assert [c for e in statements for c in e.citations] == list(answer.citations)
    assert "".join(e.markdown for e in events if isinstance(e, StatementEvent | NoticeEvent)) == answer.text
    assert isinstance(events[-1], DoneEvent)
    assert same(events[-1].answer) == same(answer)


@pytest.mark.parametrize("question", QUESTIONS)
def test_events_come_in_order(small: Tutor, question: str) -> None:
    """Sources, statements, at most one notice, done; small talk needs no sources."""
    events = list(small.events(question))
    kinds = [event.type for event in events]
    small_talk = events[-1].answer.kind == "small_talk"
    statements = kinds.count("statement")
    notices = kinds.count("notice")
    assert kinds == [
        *([] if small_talk else ["sources"]),
        *["statement"] * statements,
        *["notice"] * notices,
        "done",
    ]
    assert notices <= 1
    assert [e.index for e in events if isinstance(e, StatementEvent)] == list(range(statements))


@pytest.mark.parametrize("question", QUESTIONS)
def test_coverage_says_what_the_answer_holds(small: Tutor, question: str) -> None:
    """Statements unless nothing is covered; a missing part exactly when partly; nearest topics unless answered."""
    answer = small.ask(question)
    assert bool(answer.statements) == (
        answer.coverage is not Coverage.NOT_COVERED and answer.kind != "small_talk"
    )
    assert bool(answer.missing) == (answer.coverage is Coverage.PARTLY)
    assert bool(answer.nearest_topics) == (answer.coverage is not Coverage.ANSWERED)
    assert len(answer.statements) <= MOST
    assert answer.question == question
    assert answer.generation == small.generation
    assert answer.engine == "quote"


@pytest.mark.parametrize("question", QUESTIONS)
def test_two_asks_are_equal(small: Tutor, question: str) -> None:
    """The quote engine is deterministic, but for its timings."""
    assert same(small.ask(question)) == same(small.ask(question))


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_citation_is_what_the_document_says_there(small: Tutor, question: str) -> None:
    """Offsets, title, path and line lead to the very words."""
    for citation in small.ask(question).citations:
        document = small.document(citation.document_id)
        assert document.text[citation.start : citation.end] == citation.quote
        assert (citation.path, citation.title) == (document.path, document.title)
        assert citation.locator == document.locator(citation.start)


@pytest.mark.parametrize("question", ["", "  \n", "\t"])
def test_an_empty_question_is_refused_before_the_first_event(small: Tutor, question: str) -> None:
    """The error comes from the call, not from the stream."""
    with pytest.raises(QuestionError, match="empty") as caught:
        small.events(question)
    assert caught.value.help
    with pytest.raises(QuestionError):
        small.ask(question)
    with pytest.raises(QuestionError):
        small.search(question)


def test_a_question_that_is_too_long_is_refused_before_the_first_event(small: Tutor) -> None:
    """The limit itself is still read."""
    limit = small.settings.max_question_chars
    with pytest.raises(QuestionError, match=str(limit + 1)):
        small.events("a" * (limit + 1))
    assert small.ask("a" * limit).coverage is Coverage.NOT_COVERED


def test_white_space_around_a_question_makes_no_difference(small: Tutor) -> None:
    """It is stripped."""
    assert same(small.ask("  What is overfitting?\n")) == same(small.ask("What is overfitting?"))


def test_two_questions_in_one_are_both_answered(small: Tutor) -> None:
    """Each part has its statements, and nothing is said twice."""
    text = small.ask("What is overfitting and what is a validation set?").text
    assert "Overfitting is the habit" in text
    assert "A validation set is data" in text
    twice = small.ask("What is overfitting? What does overfitting mean?")
    assert len({s.text for s in twice.statements}) == len(twice.statements)


def test_of_two_questions_the_one_that_is_not_covered_is_named(small: Tutor) -> None:
    """The other is answered, the whole is partly covered."""
    answer = small.ask("What is overfitting? Who won the football championship?")
    assert answer.coverage is Coverage.PARTLY
    assert answer.missing == ("Who won the football championship?",)
    assert "Overfitting is" in answer.text
    assert "football" in answer.text.splitlines()[-1]


def test_many_questions_in_one_keep_to_eight_statements(small: Tutor) -> None:
    """Every covered part gets room."""
    answer = small.ask(" ".join(q for q in QUESTIONS if q.endswith("?")))
    assert len(answer.statements) <= MOST


def test_a_conversation_fills_in_what_a_follow_up_leaves_out(small: Tutor) -> None:
    """The question is kept as asked beside the one that stands alone."""
    history = [Turn(question="How long does the southern roadmap take?", answer="…")]
    answer = small.ask("And the northern roadmap?", history=history, conversation_id="c1")
    assert answer.question == "And the northern roadmap?"
    assert answer.standalone_question == "How long does the northern roadmap take?"
    assert answer.conversation_id == "c1"
    assert "6–8 months" in answer.statements[0].text


def test_filters_choose_the_documents(small: Tutor) -> None:
    """Nothing else is found, cited or named."""
    question = "How long does the roadmap take?"
    by_path = small.ask(question, filters=Filters(paths=("south*",)))
    by_tag = small.ask(question, filters=Filters(tags=("south",)))
    assert {c.path for c in by_path.citations} == {c.path for c in by_tag.citations} == {"south.md"}
    nowhere = small.ask(question, filters=Filters(paths=("none",)))
    assert nowhere.coverage is Coverage.NOT_COVERED
    assert nowhere.nearest_topics == ()


def test_a_document_is_read_by_its_id(small: Tutor) -> None:
    """Every listed document is there; an unknown id is an error."""
    for summary in small.documents():
        assert len(small.document(summary.id).text) == summary.characters
    with pytest.raises(NotFoundError):
        small.document("nope")


def test_the_sources_event_names_what_was_found_best_first(small: Tutor) -> None:
    """Titles, none twice."""
    event = next(small.events("How long does the northern roadmap take?"))
    assert isinstance(event, SourcesEvent)
    assert event.documents[0] == "The northern roadmap"
    assert len(set(event.documents)) == len(event.documents)


# LangChain


def test_invoke_takes_a_question_or_a_mapping(small: Tutor) -> None:
    """Both give the answer of `ask`."""
    question = "What is overfitting?"
    assert same(small.invoke(question)) == same(small.ask(question))
    history = [Turn(question="How long does the southern roadmap take?")]
    given = {"question": "And the northern roadmap?", "history": history, "filters": Filters(tags=("north",))}
    assert same(small.invoke(given)) == same(small.ask(**given))


def test_a_mapping_may_be_plain_data(small: Tutor) -> None:
    """As it comes from JSON, history and filters are what the models are."""
    plain = {
        "question": "And the northern roadmap?",
        "history": [{"question": "How long does the southern roadmap take?"}],
        "filters": {"tags": ["north"]},
    }
    answer = small.invoke(plain)
    assert answer.standalone_question == "How long does the northern roadmap take?"
    assert {c.path for c in answer.citations} == {"north.md"}


def test_stream_gives_the_events(small: Tutor) -> None:
    """For a question and for a mapping."""
    for given in ("What is overfitting?", {"question": "What is overfitting?"}):
        kinds = [event.type for event in small.stream(given)]
        assert kinds[0] == "sources"
        assert kinds[-1] == "done"


def test_batch_and_ainvoke_answer_like_ask(small: Tutor) -> None:
    """In the order of the questions."""
    assert [same(a) for a in small.batch(QUESTIONS)] == [same(small.ask(q)) for q in QUESTIONS]
    assert same(asyncio.run(small.ainvoke(QUESTIONS[0]))) == same(small.ask(QUESTIONS[0]))


def test_the_tutor_is_part_of_a_chain(small: Tutor) -> None:
    """What follows it gets the answer."""
    chain = small | (lambda answer: answer.text)
    assert chain.invoke("What is overfitting?") == small.ask("What is overfitting?").text
    before = (lambda text: {"question": text}) | chain
    assert before.invoke("What is overfitting?") == chain.invoke("What is overfitting?")


def test_an_error_passes_through_invoke(small: Tutor) -> None:
    """LangChain does not hide it."""
    with pytest.raises(QuestionError):
        small.invoke(" ")


# Threads and generations


def test_sixteen_threads_get_each_their_own_answer(small: Tutor) -> None:
    """Concurrent asks do not mix."""
    alone = {question: same(small.ask(question)) for question in QUESTIONS}
    asked = QUESTIONS * 8
    with ThreadPoolExecutor(16) as pool:
        for question, answer in zip(asked, pool.map(small.ask, asked), strict=True):
            assert same(answer) == alone[question]


@pytest.fixture
def growing(tmp_path: Path) -> Iterator[Tutor]:
    tutor = small_tutor(tmp_path, {"a.md": "# Wombats\n\nA wombat is an animal that digs.\n"})
    yield tutor
    tutor.close()


def publish(tutor: Tutor, documents: dict[str, str]) -> None:
    write_corpus(tutor.settings.corpus_dir, documents)
    assert ingest(tutor.settings, embeddings=HashingEmbeddings()).published


def test_a_new_generation_is_picked_up_by_the_next_question(growing: Tutor) -> None:
    """Without a restart."""
    before = growing.ask("What is a quokka?")
    publish(growing, {"b.md": "# Quokkas\n\nA quokka is an animal that smiles.\n"})
    after = growing.ask("What is a quokka?")
    assert before.coverage is Coverage.NOT_COVERED
    assert after.coverage is Coverage.ANSWERED
    assert after.generation == growing.generation != before.generation


def test_one_answer_comes_from_one_generation(growing: Tutor) -> None:
    """What is published while an answer streams is not mixed into it."""
    old = growing.generation
    events = growing.events("What is a wombat?")
    next(events)
    publish(growing, {"a.md": "# Wombats\n\nSurely a wombat is an animal that rests.\n"})
    *_, done = events
    assert isinstance(done, DoneEvent)
    assert done.answer.generation == old != growing.generation
    assert "that digs" in done.answer.text
    assert "that rests" in growing.ask("What is a wombat?").text


def test_another_embedding_model_is_refused(growing: Tutor) -> None:
    """Vectors of two models are never compared."""
    other = Tutor(growing.settings, growing.index, HashingEmbeddings(64, "other"))
    with pytest.raises(IndexMismatchError, match="other"):
        other.events("What is a wombat?")


def test_before_the_first_ingest_there_is_nothing_to_ask(tmp_path: Path) -> None:
    """The error says which command helps."""
    settings = small_settings(tmp_path)
    tutor = Tutor(settings, Index(settings.data_dir), HashingEmbeddings())
    with pytest.raises(NoIndexError) as caught:
        tutor.ask("What is a wombat?")
    assert "tutor ingest" in caught.value.help


# Fail closed


class Lying:
    """A generation whose documents say something else than the one that is cited from."""

    def __init__(self, generation: Any, was: str, becomes: str) -> None:
        self._generation, self._was, self._becomes = generation, was, becomes
        self.store = self

    def __getattr__(self, name: str) -> Any:
        holder = (
            self._generation if name in {"lexical", "name", "spans_similarity"} else self._generation.store
        )
        return getattr(holder, name)

    def document(self, document_id: str) -> Document:
        document = self._generation.store.document(document_id)
        return replace(document, text=document.text.replace(self._was, self._becomes))


def told(tutor: Tutor, question: str, was: str, becomes: str) -> list[str]:
    """Texts of the statements that pass when they were composed from changed documents."""
    generation = tutor.index.current()
    progress = _Progress(Citations(generation))
    part = tutor._judge(question, None, generation, progress)
    lying: Any = Lying(generation, was, becomes)
    return [e.statement.text for e in tutor._statements(part, lying, progress, most=MOST)]


@pytest.mark.parametrize(
    ("question", "was", "becomes"),
    [
        ("How long does the northern roadmap take?", "6–8 months", "2–3 months"),
        ("Is a degree required for the northern roadmap?", "is not required", "is now required"),
        ("What is the salary in Norway?", "700,000 kroner", "900,000 kroner"),
        ("Which tools does the northern roadmap list?", "NumPy", "Torch"),
        ("data scientist vs machine learning engineer", "Finding patterns", "Losing  patterns"),
    ],
)
def test_a_statement_that_its_document_does_not_make_is_dropped(
    small: Tutor, caplog: pytest.LogCaptureFixture, question: str, was: str, becomes: str
) -> None:
    """Changed between finding and showing, it never reaches a person, and the log says so."""
    true = told(small, question, was, was)
    assert any(was in text for text in true)
    assert not caplog.records
    with caplog.at_level(logging.ERROR):
        false = told(small, question, was, becomes)
    assert not any(" ".join(becomes.split()) in text for text in false)
    assert not any(was in text for text in false)
    assert "dropped a statement" in caplog.text


def proposal_for(tutor: Tutor, gathered: Callable[..., Any], words: str) -> Proposal:
    *_, candidates, _ = gathered(tutor, words)
    candidate = next(c for c in candidates if words in c.text)
    place = Place(candidate.passage, candidate.span.start, candidate.span.end)
    return Proposal(candidate.text, (place,), candidate)


@pytest.mark.parametrize(
    ("words", "becomes"),
    [
        ("6–8 months", "6–9 months"),
        ("6–8 months", "6–8 weeks"),
        ("takes", "never takes"),
        ("northern", "southern"),
        ("10 hours", "hours 10"),
    ],
)
def test_a_proposal_that_was_tampered_with_is_refused(
    small: Tutor, gathered: Callable[..., Any], words: str, becomes: str
) -> None:
    """The same places, other words."""
    generation = small.index.current()
    true = proposal_for(small, gathered, "The northern roadmap takes 6–8 months")
    assert _verify(true, generation, Citations(generation)).passed
    false = replace(true, text=true.text.replace(words, becomes))
    assert not _verify(false, generation, Citations(generation)).passed


def test_a_proposal_without_places_or_with_wrong_ones_is_refused(
    small: Tutor, gathered: Callable[..., Any]
) -> None:
    """No place, a shifted one, one outside the document and one of another document prove nothing."""
    generation = small.index.current()
    true = proposal_for(small, gathered, "The northern roadmap takes 6–8 months")
    (place,) = true.places
    other = next(p for p in small.search("overfitting") if p.document_id != place.passage.document_id)
    for places in (
        (),
        (replace(place, start=place.start + 4),),
        (replace(place, end=place.end + 9),),
        (replace(place, start=10**6, end=10**6 + 5),),
        (replace(place, start=place.end, end=place.start),),
        (replace(place, passage=other),),
        (place, place),
    ):
        assert not _verify(replace(true, places=places), generation, Citations(generation)).passed
