"""GET /search."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from tutor.retrieval.filters import Filters

CONTRACT = {
    *(
        "rank",
        "score",
        "legs",
        "chunk_id",
        "document_id",
        "path",
        "title",
        "heading_path",
        "text",
        "start",
        "end",
    )
}


def test_hits_have_the_contract_fields(client: TestClient) -> None:
    """A hit carries what clients rely on, each leg its rank and score."""
    body = client.get("/search", params={"q": "python"}).json()
    assert body["query"] == "python"
    assert body["generation"] == "g1"
    (hit,) = body["hits"]
    assert set(hit) >= CONTRACT
    assert hit["rank"] == 1
    assert hit["legs"]["lexical"] == {"rank": 2, "score": 6.4}


def test_parameters_reach_the_search(client: TestClient, scripted: Any) -> None:
    """Repeated parameters are alternatives; without any there is no filter."""
    client.get("/search?q=x&k=3&path=a/*&path=b/*&tag=t&document_id=d")
    client.get("/search?q=x")
    assert scripted.calls == [
        {"query": "x", "k": 3, "filters": Filters(paths=("a/*", "b/*"), tags=("t",), document_ids=("d",))},
        {"query": "x", "k": 10, "filters": None},
    ]


def test_wrong_parameters_are_named(client: TestClient) -> None:
    """A missing query and a k out of range are told by the parameter's name."""
    problem = client.get("/search?k=0").json()
    assert [error["parameter"] for error in problem["errors"]] == ["q", "k"]
