"""POST /ask/stream: the answer as server-sent events."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi.testclient import TestClient

from tutor.answering.answer import Answer
from tutor.api.app import create_app
from tutor.api.server import serving
from tutor.errors import IndexDamagedError, QuestionError


class Sse(NamedTuple):
    event: str
    id: str
    data: Any


def parse(text: str) -> list[Sse]:
    """The events of a stream, by the rules of the HTML standard as far as they are used here."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    events = []
    for block in blocks:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append(Sse(fields["event"], fields["id"], json.loads(fields["data"])))
    return events


def stream(client: TestClient, question: str = "Why?", **more: Any) -> list[Sse]:
    response = client.post("/ask/stream", json={"question": question, **more})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    return parse(response.text)


def test_events_come_in_order_with_running_ids(client: TestClient) -> None:
    """Sources first, done last, each event's name is its type, ids count from 1."""
    events = stream(client)
    assert [event.event for event in events] == ["sources", "statement", "done"]
    assert [event.data["type"] for event in events] == ["sources", "statement", "done"]
    assert [event.id for event in events] == ["1", "2", "3"]


def test_done_is_what_ask_returns_and_the_fold_of_the_stream(client: TestClient) -> None:
    """The last event carries the whole answer, equal to that of POST /ask."""
    events = stream(client)
    asked = client.post("/ask", json={"question": "Why?"}).json()
    assert events[-1].data["answer"] == asked
    assert asked["text"] == "".join(e.data["markdown"] for e in events if e.event == "statement")


def test_a_streamed_answer_becomes_a_turn(client: TestClient, scripted: Any) -> None:
    """Streamed and plain questions of one conversation see each other."""
    stream(client, "One?", conversation_id="a")
    client.post("/ask", json={"question": "Two?", "conversation_id": "a"})
    assert [turn.question for turn in scripted.calls[1]["history"]] == ["One?"]


def test_what_is_wrong_before_the_first_event_is_a_status(client: TestClient, scripted: Any) -> None:
    """A question that cannot be used is a 422 problem, not a stream with an error in it."""
    scripted.fail_first = QuestionError("The question is no question")
    response = client.post("/ask/stream", json={"question": "Why?"})
    assert response.status_code == 422
    assert response.json()["detail"] == "The question is no question"
    assert client.post("/ask/stream", json={}).json()["errors"][0]["pointer"] == "#/question"


def test_a_failure_on_the_way_is_the_last_event(client: TestClient, scripted: Any) -> None:
    """An error of the tutor after the first event arrives as an `error` event with its problem."""
    scripted.fail_later = IndexDamagedError("2 chunks are missing", help="Run `tutor ingest`.")
    events = stream(client)
    assert [event.event for event in events] == ["sources", "statement", "error"]
    assert events[-1].id == "3"
    assert events[-1].data["status"] == 503
    assert events[-1].data["help"] == "Run `tutor ingest`."


def test_a_bug_on_the_way_tells_nothing_and_is_logged(
    client: TestClient, scripted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets the name under which the log has the traceback."""
    scripted.fail_later = KeyError("secret")
    problem = stream(client)[-1].data
    assert problem["status"] == 500
    assert "secret" not in json.dumps(problem)
    assert problem["instance"] in caplog.text
    assert "KeyError: 'secret'" in caplog.text


def test_a_bug_before_the_first_event_is_a_500(client: TestClient, scripted: Any) -> None:
    """The stream does not begin, so the status can still tell."""
    scripted.fail_first = KeyError("secret")
    response = client.post("/ask/stream", json={"question": "Why?"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"


def test_statements_arrive_as_they_are_made_and_a_reader_that_leaves_stops_the_answer(
    settings: Any, scripted: Any
) -> None:
    """Over real HTTP the first statement comes before the rest; leaving closes the generator."""
    scripted.pause.clear()
    with serving(create_app(settings, tutor=scripted)) as url:
        with httpx.stream("POST", f"{url}/ask/stream", json={"question": "Why?"}, timeout=10) as response:
            names = []
            for line in response.iter_lines():
                if line.startswith("event: "):
                    names.append(line.removeprefix("event: "))
                if names[-1:] == ["statement"]:
                    break
            assert names == ["sources", "statement"]
            assert not scripted.stopped.is_set()
        scripted.pause.set()
        assert scripted.stopped.wait(5)
        answer = httpx.post(f"{url}/ask", json={"question": "Why?"}, timeout=10)
    assert Answer.model_validate(answer.json()).coverage == "answered"


def test_an_idle_stream_sends_heartbeats(
    settings: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comment lines come while the tutor thinks, so that no proxy takes the connection for dead."""
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.05)
    scripted.pause.clear()
    with (
        serving(create_app(settings, tutor=scripted)) as url,
        httpx.stream("POST", f"{url}/ask/stream", json={"question": "Why?"}, timeout=10) as response,
    ):
        for line in response.iter_lines():
            if line.startswith(":"):
                scripted.pause.set()
                break
        else:
            pytest.fail("no heartbeat came")
