"""The tutor: a question in, verified statements out, one by one or folded into an answer.

Streaming is the primitive: `events` yields what is known as soon as it has passed verification, `ask` folds it. As a
LangChain `Runnable` the tutor takes a question, or a mapping with `question` and optionally `history` and `filters`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig

from tutor.answering import replies
from tutor.answering.answer import (
    Answer,
    Coverage,
    DoneEvent,
    Event,
    NoticeEvent,
    SourcesEvent,
    Statement,
    StatementEvent,
    Turn,
)
from tutor.answering.cite import Citations
from tutor.answering.compose import MOST, compose
from tutor.answering.coverage import Decision, decide
from tutor.answering.evidence import Candidate, gather
from tutor.answering.forms import Proposal
from tutor.answering.question import Question, analyse, parts
from tutor.answering.smalltalk import reply
from tutor.answering.standalone import standalone
from tutor.answering.verify import Verdict, verify_quote, verify_verbatim
from tutor.config import Settings
from tutor.documents import Document, DocumentSummary, Passage
from tutor.embedding import SpanEmbeddings
from tutor.errors import QuestionError
from tutor.index.generation import Generation
from tutor.index.library import Index
from tutor.retrieval.filters import Filters
from tutor.retrieval.rerank import Reranker
from tutor.retrieval.retriever import Retriever
from tutor.retrieval.search import Found

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Part:
    """One question of a text, searched and judged."""

    question: Question
    found: Found
    candidates: list[Candidate]
    decision: Decision


@dataclass(slots=True)
class _Progress:
    """What one answer has come to so far."""

    citations: Citations
    statements: list[Statement] = field(default_factory=list)
    said: list[Proposal] = field(default_factory=list)
    markdown: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.perf_counter)

    def lap(self, name: str, since: float) -> float:
        """Add the milliseconds since a moment to a named timing; returns the present moment."""
        now = time.perf_counter()
        self.timings[name] = round(self.timings.get(name, 0.0) + (now - since) * 1000, 2)
        return now


class Tutor(Runnable[str | Mapping[str, Any], Any]):
    """Answers from the current generation of an index. Thread-safe; close it when done."""

    def __init__(
        self, settings: Settings, index: Index, embeddings: SpanEmbeddings, reranker: Reranker | None = None
    ) -> None:
        self.settings = settings
        self.index = index
        self.embeddings = embeddings
        self.retriever = Retriever(index=index, embeddings=embeddings, k=settings.top_k, reranker=reranker)

    @property
    def engines(self) -> tuple[str, ...]:
        """Names of what can write an answer, the one in use first."""
        return ("quote",)

    @property
    def generation(self) -> str:
        """The name of the current generation of the index."""
        return self._current().name

    @property
    def problem(self) -> str:
        """Why another generation answers than the current one; empty if all is well."""
        self._current()
        return self.index.problem

    def warm(self) -> None:
        """Load the model and open the index, so that the first question is as quick as the next."""
        self.search("warm up", k=1)

    def close(self) -> None:
        """Release the index."""
        self.index.close()

    def documents(self) -> list[DocumentSummary]:
        """Every document of the index, by path."""
        return list(self._current().store.summaries)

    def document(self, document_id: str) -> Document:
        """A document with its text. Raises NotFoundError."""
        return self._current().store.document(document_id)

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Passage]:
        """The best k passages for a query. Raises QuestionError if it is empty or too long."""
        self._check(query)
        return list(self.retriever.find(query, k=k, filters=filters, generation=self._current()).passages)

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        conversation_id: str | None = None,
    ) -> Answer:
        """The whole answer. Raises QuestionError if the question is empty or too long."""
        answer: Answer | None = None
        for event in self.events(question, history=history, filters=filters, conversation_id=conversation_id):
            if isinstance(event, DoneEvent):
                answer = event.answer
        assert answer is not None
        return answer

    def invoke(
        self, input: str | Mapping[str, Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """The whole answer, as a LangChain Runnable."""
        answered: Answer = self._call_with_config(self._ask_input, input, config, run_type="chain")
        return answered

    def _ask_input(self, value: str | Mapping[str, Any]) -> Answer:
        return self.ask(**_arguments(value))

    def stream(
        self, input: str | Mapping[str, Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Event]:
        """The events of an answer, as a LangChain Runnable."""
        return self.events(**_arguments(input))

    def events(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        conversation_id: str | None = None,
    ) -> Iterator[Event]:
        """The answer as it comes about: sources, each statement once it is verified, notices, and the whole at last.

        One generation serves the whole answer. Raises QuestionError before the first event.
        """
        self._check(question)
        generation = self._current()
        return self._events(question.strip(), history, filters, conversation_id, generation)

    def _events(
        self,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
        conversation_id: str | None,
        generation: Generation,
    ) -> Iterator[Event]:
        progress = _Progress(Citations(generation))
        common: dict[str, Any] = {
            "question": question,
            "conversation_id": conversation_id,
            "generation": generation.name,
        }
        if said := reply(question):
            yield NoticeEvent(text=said, markdown=said)
            yield DoneEvent(
                answer=Answer(
                    **common, standalone_question=question, coverage=Coverage.ANSWERED, text=said, kind="small_talk",
                    confidence=1.0,
                )
            )  # fmt: skip
            return
        whole = standalone(question, history)
        judged = [self._judge(text, filters, generation, progress) for text in _standing_parts(whole)]
        titles = dict.fromkeys(p.title for part in judged for p in part.found.passages)
        yield SourcesEvent(standalone_question=whole, documents=tuple(titles))
        for after, part in zip(range(len(judged), 0, -1), judged, strict=True):
            if part.decision.coverage is not Coverage.NOT_COVERED:
                room = (MOST - len(progress.statements)) // after
                yield from self._statements(part, generation, progress, most=max(room, 1))
        coverage, missing = _overall(judged, answered=bool(progress.statements))
        nearest = (
            replies.nearest_topics(part.found for part in judged) if coverage is not Coverage.ANSWERED else ()
        )
        if notice := replies.notice(coverage, missing, nearest):
            event = NoticeEvent(text=notice, markdown=f"\n\n{notice}" if progress.markdown else notice)
            progress.markdown.append(event.markdown)
            yield event
        progress.timings["total"] = round((time.perf_counter() - progress.begun) * 1000, 2)
        yield DoneEvent(
            answer=Answer(
                **common,
                standalone_question=whole,
                coverage=coverage,
                statements=tuple(progress.statements),
                citations=progress.citations.all,
                text="".join(progress.markdown),
                missing=missing,
                nearest_topics=nearest,
                suggestions=replies.suggestions(judged[0].found, progress.citations.all, whole)
                if progress.statements
                else (),
                kind=judged[0].question.kind.value,
                confidence=round(min(part.decision.probability for part in judged), 4),
                timings_ms=progress.timings,
            )
        )

    def _judge(
        self, text: str, filters: Filters | None, generation: Generation, progress: _Progress
    ) -> _Part:
        now = time.perf_counter()
        embedded = self.embeddings.embed_question(text)
        now = progress.lap("embed", now)
        found = self.retriever.find(text, filters=filters, generation=generation, embedded=embedded)
        now = progress.lap("search", now)
        question = analyse(text, found.corrections)
        candidates = gather(question, found, generation)
        decision = decide(question, found, candidates, generation)
        if decision.question is not question:
            candidates = gather(decision.question, found, generation)
        progress.lap("judge", now)
        return _Part(decision.question, found, candidates, decision)

    def _statements(
        self, part: _Part, generation: Generation, progress: _Progress, *, most: int
    ) -> Iterator[StatementEvent]:
        now = time.perf_counter()
        proposals = compose(part.question, part.candidates, generation)
        full = min(len(progress.statements) + most, MOST)
        now = progress.lap("compose", now)
        before: Proposal | None = None
        for proposal in proposals:
            if len(progress.statements) >= full:
                break
            if any(said.contains(proposal) for said in progress.said):
                continue  # an earlier part of the question has brought it
            verdict = _verify(proposal, generation, progress.citations)
            if not verdict.passed:
                _log.error("dropped a statement: %s: %r", verdict.reason, proposal.text)
                continue
            cited, new = progress.citations.cite(proposal.places, support=1.0)
            statement = Statement(
                text=proposal.text, citations=tuple(c.n for c in cited), support=1.0, verdict=verdict.reason,
                said_by=proposal.said_by,
            )  # fmt: skip
            markdown = replies.lay_out(statement, proposal, before, first=not progress.markdown)
            event = StatementEvent(
                index=len(progress.statements), statement=statement, citations=new, markdown=markdown
            )
            progress.statements.append(statement)
            progress.said.append(proposal)
            progress.markdown.append(markdown)
            before = proposal
            now = progress.lap("verify", now)
            if "first_statement" not in progress.timings:
                progress.timings["first_statement"] = round((now - progress.begun) * 1000, 2)
            yield event
            now = time.perf_counter()

    def _current(self) -> Generation:
        generation = self.index.current()
        generation.check_model(self.embeddings.identity)
        return generation

    def _check(self, question: str) -> None:
        if not question.strip():
            raise QuestionError(
                "the question is empty", help="Ask something, for example: What is machine learning?"
            )
        if len(question) > self.settings.max_question_chars:
            raise QuestionError(
                f"the question has {len(question)} characters; at most {self.settings.max_question_chars} are read",
                help="Shorten it, or raise TUTOR_MAX_QUESTION_CHARS.",
            )


def _arguments(value: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"question": value}
    given = dict(value)  # plain data, as from JSON, is as good as the models
    given["history"] = [Turn.model_validate(turn) for turn in given.get("history") or ()]
    given["filters"] = None if given.get("filters") is None else Filters.model_validate(given["filters"])
    return given


def _standing_parts(text: str) -> list[str]:
    """The questions of a text, a later one resolved against the ones before it."""
    found: list[str] = []
    for part in parts(text):
        found.append(standalone(part, [Turn(question=earlier) for earlier in found]))
    return found


def _verify(proposal: Proposal, generation: Generation, citations: Citations) -> Verdict:
    quotes = []
    for place in proposal.places:
        source = generation.store.document(place.passage.document_id).text
        quotes.append(citations.text(place))
        verdict = verify_quote(source, place.start, place.end, quotes[-1])
        if not verdict.passed:
            return verdict
    return verify_verbatim(proposal.text, quotes)


def _overall(judged: Sequence[_Part], *, answered: bool) -> tuple[Coverage, tuple[str, ...]]:
    """The coverage of all parts together, and what of them is missing."""
    if not answered:
        return Coverage.NOT_COVERED, ()
    missing: list[str] = []
    for part in judged:
        if part.decision.coverage is Coverage.NOT_COVERED:
            missing.append(part.question.text)
        else:
            missing.extend(part.decision.missing)
    return (Coverage.PARTLY if missing else Coverage.ANSWERED), tuple(dict.fromkeys(missing))
