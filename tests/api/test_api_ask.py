"""POST /ask: one question, one answer."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tutor.answering.answer import Answer, Turn
from tutor.retrieval.filters import Filters


def test_the_answer_is_the_contract_model(client: TestClient) -> None:
    """The body of a 200 is an Answer, as JSON, nothing left out."""
    response = client.post("/ask", json={"question": "Is Python enough?"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = Answer.model_validate(response.json())
    assert answer.question == "Is Python enough?"
    assert set(response.json()) == set(Answer.model_fields)


def test_filters_and_history_reach_the_tutor(client: TestClient, scripted: Any) -> None:
    """What the request says about documents and earlier turns is handed on as it is."""
    history = [{"question": "Hello?", "answer": "Yes."}]
    client.post("/ask", json={"question": "And?", "history": history, "filters": {"tags": ["x"]}})
    assert scripted.calls == [
        {
            "question": "And?",
            "history": (Turn(question="Hello?", answer="Yes."),),
            "filters": Filters(tags=("x",)),
        }
    ]


def test_questions_with_one_conversation_id_share_their_turns(client: TestClient, scripted: Any) -> None:
    """The second question of a conversation comes with the first turn; another conversation does not."""
    for question, conversation in (("One?", "a"), ("Two?", "a"), ("Three?", "b")):
        client.post("/ask", json={"question": question, "conversation_id": conversation})
    histories = [[turn.question for turn in call["history"]] for call in scripted.calls]
    assert histories == [[], ["One?"], []]


def test_history_in_the_request_wins_over_the_conversation(client: TestClient, scripted: Any) -> None:
    """A client that keeps the turns itself is believed, also when it says that there are none."""
    client.post("/ask", json={"question": "One?", "conversation_id": "a"})
    client.post("/ask", json={"question": "Two?", "conversation_id": "a", "history": []})
    assert scripted.calls[1]["history"] == ()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/question"),
        ({"question": ""}, "#/question"),
        ({"question": 3}, "#/question"),
        ({"question": "a", "filter": {}}, "#/filter"),
        ({"question": "a", "history": [{"answer": "b"}]}, "#/history/0/question"),
        ({"question": "a", "conversation_id": ""}, "#/conversation_id"),
        ([], "#"),
    ],
)
def test_a_malformed_request_is_told_where(client: TestClient, body: Any, pointer: str) -> None:
    """Each mistake in the body is listed with a JSON pointer to it."""
    response = client.post("/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert problem["status"] == 422


def test_what_is_not_json_is_told_so(client: TestClient) -> None:
    """Broken JSON, a body of another type and lone surrogates are the client's mistakes, not bugs."""
    headers = {"content-type": "application/json"}
    broken = client.post("/ask", content=b'{"question": ', headers=headers)
    assert broken.status_code == 422
    assert "JSON decode error: Expecting value at character 13" in broken.json()["detail"]
    assert (
        client.post("/ask", content=b'{"question": "a"}', headers={"content-type": "text/plain"}).status_code
        == 422
    )
    assert client.post("/ask", content=rb'{"question": "\ud800"}', headers=headers).status_code == 422
