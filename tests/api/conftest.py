"""A tutor that answers from a script, and apps around it; the real one is in test_api_real.py."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tutor.answering.answer import Answer, DoneEvent, Event, SourcesEvent, StatementEvent, Turn
from tutor.api import examples
from tutor.api.app import create_app
from tutor.config import Settings
from tutor.documents import Document, DocumentSummary, Leg, Passage
from tutor.errors import NotFoundError
from tutor.retrieval.filters import Filters


class ScriptedTutor:
    """Answers every question with the OpenAPI example; remembers how it was called."""

    generation = "g1"
    engines = ("quote",)
    problem = ""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.fail_first: Exception | None = None
        self.fail_later: Exception | None = None
        self.pause = threading.Event()  # a stream waits for it after its first statement
        self.pause.set()
        self.stopped = threading.Event()
        self.warmed = self.closed = False

    def events(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        conversation_id: str | None = None,
    ) -> Iterator[Event]:
        self.calls.append({"question": question, "history": tuple(history), "filters": filters})
        if self.fail_first is not None:
            raise self.fail_first
        changes = {"question": question, "conversation_id": conversation_id}
        answer = Answer.model_validate(examples.ANSWER).model_copy(update=changes)
        try:
            yield SourcesEvent(standalone_question=question, documents=("The five-stage roadmap",))
            yield StatementEvent.model_validate(examples.EVENTS[1])
            self.pause.wait(10)
            if self.fail_later is not None:
                raise self.fail_later
            yield DoneEvent(answer=answer)
        finally:
            self.stopped.set()

    def ask(self, question: str, **options: Any) -> Answer:
        *_, done = self.events(question, **options)
        assert isinstance(done, DoneEvent)
        return done.answer

    def search(self, query: str, *, k: int = 10, filters: Filters | None = None) -> list[Passage]:
        self.calls.append({"query": query, "k": k, "filters": filters})
        hit = examples.SEARCH["hits"][0]
        legs = {name: Leg(**leg) for name, leg in hit["legs"].items()}
        fields = {name: value for name, value in hit.items() if name != "rank"}
        return [Passage(**{**fields, "heading_path": tuple(hit["heading_path"]), "legs": legs})]

    def documents(self) -> list[DocumentSummary]:
        return [
            DocumentSummary(
                id=f"d{n}", path=f"d{n}.md", title="T", url=None, chunks=2, characters=9, metadata={"n": n}
            )
            for n in range(5)
        ]

    def document(self, document_id: str) -> Document:
        if document_id != "a/b":
            raise NotFoundError(f"No document has the id {document_id}")
        return Document(
            id="a/b",
            path="a/b.md",
            title="T",
            text="# T\r\n\r\nOne.\r\n\r\n## Second `part`\r\n\r\nTwo.\r\n",
            format="markdown",
            sha256="0" * 64,
        )

    def warm(self) -> None:
        self.warmed = True

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def scripted() -> Iterator[ScriptedTutor]:
    tutor = ScriptedTutor()
    yield tutor
    tutor.pause.set()


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(data_dir=tmp_path, corpus_dir=tmp_path)


@pytest.fixture
def client_of(settings: Settings) -> Iterator[Callable[..., TestClient]]:
    """Makes clients of apps over a tutor; settings by name, bugs as responses."""
    clients: list[TestClient] = []

    def make(tutor: Any = None, *, app_options: dict[str, Any] | None = None, **changes: Any) -> TestClient:
        app = create_app(Settings(**{**settings.model_dump(), **changes}), tutor=tutor, **(app_options or {}))
        client = TestClient(app, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(client_of: Callable[..., TestClient], scripted: ScriptedTutor) -> TestClient:
    return client_of(scripted)
