"""The HTTP API over a real tutor: real Chroma and lexical indexes, the small corpus, real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tutor.answering.answer import Answer
from tutor.api.app import create_app
from tutor.api.server import serving
from tutor.config import Settings
from tutor.documents import fold
from tutor.errors import NoIndexError
from tutor.testing import HashingEmbeddings, small_settings, small_tutor, write_corpus

QUESTION = "How long does the northern roadmap take?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    tutor = small_tutor(tmp_path_factory.mktemp("small"))
    with serving(create_app(tutor.settings, tutor=tutor)) as address:
        yield address
    tutor.close()


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


def ask(http: httpx.Client, question: str, **more: Any) -> Answer:
    response = http.post("/ask", json={"question": question, **more})
    assert response.status_code == 200, response.text
    return Answer.model_validate(response.json())


def without_timings(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "timings_ms"}


def test_an_answer_cites_what_the_document_says_there(http: httpx.Client) -> None:
    """Each citation's offsets into the document that the API returns give its quote."""
    answer = ask(http, QUESTION)
    assert answer.coverage == "answered"
    assert "6–8 months" in answer.text
    assert answer.citations
    for citation in answer.citations:
        document = http.get(f"/documents/{citation.document_id}").json()
        assert fold(document["text"][citation.start : citation.end]) == fold(citation.quote)
        assert document["path"] == citation.path


def test_what_no_source_says_is_not_covered(http: httpx.Client) -> None:
    """Nothing is stated and nothing is cited; the status is still 200."""
    answer = ask(http, "What is the capital of Iceland?")
    assert answer.coverage == "not_covered"
    assert answer.statements == answer.citations == ()
    assert answer.text


@pytest.mark.parametrize("question", [QUESTION, "What is the capital of Iceland?", "Hello!"])
def test_the_stream_tells_the_same_as_the_answer(http: httpx.Client, question: str) -> None:
    """The pieces of the stream add up to the text, and done is the answer, whatever its coverage."""
    with http.stream("POST", "/ask/stream", json={"question": question}) as response:
        lines = [line.partition(": ")[::2] for line in response.iter_lines()]
    names = [value for name, value in lines if name == "event"]
    data = [json.loads(value) for name, value in lines if name == "data"]
    assert [value for name, value in lines if name == "id"] == [str(n) for n in range(1, len(names) + 1)]
    assert names[-1] == "done"
    answer = data[-1]["answer"]
    pieces = [event for event in data if event["type"] in {"statement", "notice"}]
    assert "".join(event["markdown"] for event in pieces) == answer["text"]
    assert [event["statement"] for event in pieces if "statement" in event] == answer["statements"]
    assert [c for event in pieces for c in event.get("citations", ())] == answer["citations"]
    plain = http.post("/ask", json={"question": question}).json()
    assert without_timings(plain) == without_timings(answer)


def test_a_follow_up_is_understood_from_its_conversation(http: httpx.Client) -> None:
    """The same words mean something only after the first question."""
    first = {"conversation_id": "follow-up"}
    ask(http, "How long does the southern roadmap take?", **first)
    answer = ask(http, "And the northern roadmap?", **first)
    assert answer.conversation_id == "follow-up"
    assert "long" in answer.standalone_question


def test_filters_choose_the_documents(http: httpx.Client) -> None:
    """Answers and hits come from the allowed documents only."""
    question = "How long does the roadmap take?"
    answer = ask(http, question, filters={"tags": ["south"]})
    assert {citation.path for citation in answer.citations} <= {"south.md"}
    hits = http.get("/search", params={"q": question, "path": "n*"}).json()["hits"]
    assert {hit["path"] for hit in hits} == {"north.md"}


def test_search_hits_are_slices_of_their_documents(http: httpx.Client) -> None:
    """A hit's text is what its document has at its offsets; ranks count from one."""
    body = http.get("/search", params={"q": "validation set", "k": 4}).json()
    assert [hit["rank"] for hit in body["hits"]] == list(range(1, len(body["hits"]) + 1))
    assert body["hits"][0]["path"] == "glossary.txt"
    assert {"dense", "lexical", "late"} >= set(body["hits"][0]["legs"])
    for hit in body["hits"]:
        document = http.get(f"/documents/{hit['document_id']}").json()
        assert document["text"][hit["start"] : hit["end"]] == hit["text"]


def test_documents_are_listed_and_counted_alike(http: httpx.Client) -> None:
    """The list, the readiness and the documents themselves agree."""
    page = http.get("/documents").json()
    ready = http.get("/readyz").json()
    assert [document["path"] for document in page["documents"]] == ["glossary.txt", "north.md", "south.md"]
    assert (ready["documents"], ready["engine"]) == (page["total"], "quote") == (3, "quote")
    assert ready["chunks"] == sum(document["chunks"] for document in page["documents"])
    for item in page["documents"]:
        document = http.get(f"/documents/{item['id']}").json()
        assert len(document["text"]) == item["characters"]
        for heading in document["headings"]:
            line = document["text"][heading["start"] :].partition("\n")[0]
            assert line == f"{'#' * heading['level']} {heading['text']}"


@pytest.mark.parametrize("question", [" \n ", "a" * 2001])
def test_a_blank_and_a_too_long_question_are_refused_everywhere(http: httpx.Client, question: str) -> None:
    """The tutor's own check decides, for answers, streams and searches alike."""
    for response in (
        http.post("/ask", json={"question": question}),
        http.post("/ask/stream", json={"question": question}),
        http.get("/search", params={"q": question}),
    ):
        assert response.status_code == 422
        assert response.json()["type"] == "urn:roadmap-tutor:problem:question"
        assert response.json()["help"]


def test_an_unknown_document_is_a_404(http: httpx.Client) -> None:
    """Also one whose id looks like a path out of the corpus."""
    for unknown in ("nope", "..%2F..%2Fetc%2Fpasswd"):
        response = http.get(f"/documents/{unknown}")
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


def test_many_at_once_get_each_their_own_answer(url: str, http: httpx.Client) -> None:
    """Concurrent asks do not mix, and equal ones are equal."""
    questions = [QUESTION, "What is overfitting?", "Is a degree required for the northern roadmap?"] * 6
    alone = {question: ask(http, question).text for question in set(questions)}

    def answer(question: str) -> tuple[str, str]:
        response = httpx.post(f"{url}/ask", json={"question": question}, timeout=30)
        return question, response.json()["text"]

    with ThreadPoolExecutor(9) as pool:
        for question, text in pool.map(answer, questions):
            assert text == alone[question]


def test_a_server_started_before_the_first_ingest_says_so_and_then_answers(tmp_path: Any) -> None:
    """503 with what to do; after the ingest it answers without a restart."""
    from tutor.bootstrap import open_tutor
    from tutor_ingest.pipeline import ingest

    settings, embeddings, tried = small_settings(tmp_path), HashingEmbeddings(), threading.Event()

    def opened(given: Settings) -> Any:
        try:
            return open_tutor(given, embeddings=embeddings)
        except NoIndexError:
            tried.set()
            raise

    app = create_app(settings, open_tutor=opened, retry_seconds=0.05)
    with serving(app, ready_seconds=0) as url:
        assert tried.wait(10)
        problem = httpx.get(f"{url}/readyz")
        assert problem.status_code == 503
        assert "tutor ingest" in problem.json().get("help", "")
        write_corpus(settings.corpus_dir)
        ingest(settings, embeddings=embeddings)
        for _ in range(200):
            if httpx.get(f"{url}/readyz").status_code == 200:
                break
            threading.Event().wait(0.05)
        answer = httpx.post(f"{url}/ask", json={"question": QUESTION}, timeout=30)
    assert answer.json()["coverage"] == "answered"
