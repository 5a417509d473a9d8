"""What happens in the conversation: a question becomes a stream of views. No Gradio here, nor any state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor.answering.answer import Answer, Citation, DoneEvent, SourcesEvent, Turn
from tutor.documents import DocumentSummary
from tutor.errors import NotFoundError, TutorError
from tutor.retrieval.filters import Filters
from tutor_ui import export, reader, render

if TYPE_CHECKING:
    from tutor.answering.tutor import Tutor

CURRICULUM_QUESTIONS = (
    "How long does it take to become an ML engineer?",
    "Which Python libraries should I learn first?",
    "How much mathematics do I need?",
    "What is the difference between an ML engineer and a data scientist?",
    "Which projects should be in my portfolio?",
    "Do I need a PhD?",
)
KEPT_EXCHANGES = 50
"""So many stay on the page and in its export; each question sends all of them to the browser again."""

HISTORY_TURNS = 10
"""So many go with a question, which may refer to them."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished question and answer, with the HTML that it leaves in the conversation."""

    answer: Answer
    html: str

    @property
    def turn(self) -> Turn:
        """The exchange as the tutor's history wants it."""
        return Turn(question=self.answer.question, answer=self.answer.text)


@dataclass(frozen=True, slots=True)
class View:
    """What changes: the exchange at the bottom, the reader, and in the end the finished exchange."""

    current: str
    reader: str | None = None
    finished: Exchange | None = None


class Chat:
    """The conversation's behaviour over a tutor that may not be there yet; keeps no state of its own."""

    def __init__(self, provider: Callable[[], Tutor | None]) -> None:
        self._provider = provider

    @property
    def ready(self) -> bool:
        """Whether the tutor is loaded."""
        return self._provider() is not None

    def ask(
        self, question: str, past: Sequence[Exchange] = (), documents: Sequence[str] = ()
    ) -> Iterator[View]:
        """Views of a question's way to its answer; the last holds the finished exchange, unless it failed."""
        question = question.strip()
        tutor = self._provider()
        if tutor is None:
            yield View(render.warming())
            return
        yield View(render.exchange(question))
        try:
            yield from _streamed(tutor, question, past, documents)
        except TutorError as error:
            yield View(render.exchange(question, problem=render.problem(error, question)))

    def open(self, place: reader.Place) -> str:
        """The reader with a document open at a place."""
        tutor = self._provider()
        if tutor is None:
            return reader.library(())
        try:
            return reader.opened(tutor.document(place.document), place)
        except NotFoundError as error:
            return reader.lost(str(error), error.help or "It may have been removed since it was cited.")

    def documents(self) -> Sequence[DocumentSummary]:
        """All documents, as far as there is a tutor."""
        tutor = self._provider()
        return tutor.documents() if tutor else ()

    def start(self) -> View:
        """An empty conversation with the list of sources."""
        if not self.ready:
            return View(render.warming(), reader.library(()))
        documents = self.documents()
        digests = any(each.metadata.get("kind") == "digest" for each in documents)
        return View(render.welcome(CURRICULUM_QUESTIONS if digests else ()), reader.library(documents))


def _streamed(
    tutor: Tutor, question: str, past: Sequence[Exchange], documents: Sequence[str]
) -> Iterator[View]:
    pieces: list[render.Piece] = []
    citations: list[Citation] = []
    history = [exchange.turn for exchange in past[-HISTORY_TURNS:]]
    for event in tutor.events(question, history=history, filters=Filters(document_ids=tuple(documents))):
        if isinstance(event, SourcesEvent):
            continue
        if isinstance(event, DoneEvent):
            yield _finished(event.answer, pieces, citations)
            continue
        first = not citations
        pieces.append(render.piece(event))
        citations += event.citations if event.type == "statement" else ()
        opened = reader.Place.of(citations[0]) if first and citations else None
        yield View(
            render.exchange(question, pieces, citations),
            reader.opened(tutor.document(opened.document), opened) if opened else None,
        )


def _finished(answer: Answer, pieces: Sequence[render.Piece], citations: Sequence[Citation]) -> View:
    now = render.exchange(answer.question, pieces, citations, answer=answer)
    later = render.exchange(answer.question, pieces, citations, answer=answer, follow_ups=False)
    return View(now, finished=Exchange(answer, later))


def transcript(past: Sequence[Exchange]) -> str:
    """The conversation's Markdown."""
    return export.conversation(exchange.answer for exchange in past)
