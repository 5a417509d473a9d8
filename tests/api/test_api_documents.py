"""GET /documents and GET /documents/{document_id}."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_the_list_comes_in_pages(client: TestClient) -> None:
    """Total counts all, limit and offset choose."""
    page = client.get("/documents?limit=2&offset=3").json()
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 3)
    assert [document["id"] for document in page["documents"]] == ["d3", "d4"]
    assert page["documents"][0] == {
        "id": "d3",
        "path": "d3.md",
        "title": "T",
        "url": None,
        "chunks": 2,
        "characters": 9,
        "metadata": {"n": 3},
    }
    assert client.get("/documents?limit=0").status_code == 422


def test_a_document_has_its_text_unchanged_and_headings_with_offsets(client: TestClient) -> None:
    """Offsets count into the text as it is stored, whatever its line ends are; ids may hold slashes."""
    document = client.get("/documents/a/b").json()
    text = document["text"]
    assert "\r\n" in text
    headings = [(h["level"], h["text"], text[h["start"] :][:4]) for h in document["headings"]]
    assert headings == [(1, "T", "# T\r"), (2, "Second `part`", "## S")]
    assert client.get("/documents/a%2Fb").json()["id"] == "a/b"


def test_an_unknown_document_is_a_404_problem(client: TestClient) -> None:
    """The tutor's own words say which id is unknown."""
    response = client.get("/documents/nope")
    assert response.status_code == 404
    assert response.json()["type"] == "urn:roadmap-tutor:problem:not-found"
    assert response.json()["detail"] == "No document has the id nope"
