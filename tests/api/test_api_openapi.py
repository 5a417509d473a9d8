"""The OpenAPI document is complete and says what the server does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

import tutor as package
from tutor.answering.answer import Answer, Citation, Event, Statement
from tutor.api import examples
from tutor.api.ask import AskRequest
from tutor.api.documents import DocumentPage, StoredDocument
from tutor.api.health import Health, Readiness
from tutor.api.search import SearchResponse
from tutor.documents import fold

ROUTES = {
    ("/ask", "post"),
    ("/ask/stream", "post"),
    ("/search", "get"),
    ("/documents", "get"),
    ("/documents/{document_id}", "get"),
    ("/healthz", "get"),
    ("/readyz", "get"),
}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_it_describes_every_route_with_its_words(document: dict[str, Any]) -> None:
    """Each operation has a summary, a description, one known tag and a readable id."""
    assert document["info"]["version"] == package.__version__
    assert document["info"]["license"]["identifier"] == "Apache-2.0"
    assert {(path, method) for path, method, _ in operations(document)} == ROUTES
    tags = {tag["name"] for tag in document["tags"]}
    for _, _, operation in operations(document):
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) < tags
        assert operation["operationId"].isidentifier()
        assert len(operation["operationId"]) < 20
        assert all(parameter["description"] for parameter in operation.get("parameters", ()))


def test_failures_are_problems_and_nothing_else(document: dict[str, Any]) -> None:
    """Each documented failure has the problem type, and FastAPI's own error shape is gone."""
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], path
                assert response["content"]["application/problem+json"]["example"]["status"] == int(status)
    assert "HTTPValidationError" not in json.dumps(document)
    assert "Retry-After" in document["paths"]["/ask"]["post"]["responses"]["503"]["headers"]


def test_all_references_resolve_and_all_schemas_are_valid(document: dict[str, Any]) -> None:
    """Every $ref names a schema that is there; every schema is a valid one of JSON Schema 2020-12."""
    schemas = document["components"]["schemas"]

    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_example_in_it_fits_the_schema_beside_it(document: dict[str, Any]) -> None:
    """Media type examples and the examples of models are valid against their own schemas."""
    pairs = [
        (schema, example)
        for schema in document["components"]["schemas"].values()
        for example in schema.get("examples", ())
    ]
    for _, _, operation in operations(document):
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            pairs += [
                (media["schema"], media["example"])
                for media in body.get("content", {}).values()
                if "example" in media
            ]
    assert len(pairs) > 30
    for schema, example in pairs:
        Draft202012Validator({**schema, "components": document["components"]}).validate(example)


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    """Whoever reads the document sees what each request and response looks like."""
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        for body in (*filter(None, [operation.get("requestBody")]), *operation["responses"].values()):
            for media in body["content"].values():
                model = schemas.get(media["schema"].get("$ref", "").rpartition("/")[2], {})
                assert "example" in media or "examples" in model, (path, method)


def test_the_stream_documents_each_type_of_event(document: dict[str, Any]) -> None:
    """Clients can be generated from it: name, id and data model of every event."""
    content = document["paths"]["/ask/stream"]["post"]["responses"]["200"]["content"]
    assert list(content) == ["text/event-stream"]
    assert set(content["text/event-stream"]) == {"schema", "example"}  # what OpenAPI 3.1 allows
    events = content["text/event-stream"]["schema"]["contentSchema"]["items"]["oneOf"]
    models = {
        event["properties"]["event"]["const"]: event["properties"]["data"]["contentSchema"][
            "$ref"
        ].rpartition("/")[2]
        for event in events
    }
    assert models == {
        "sources": "SourcesEvent",
        "statement": "StatementEvent",
        "notice": "NoticeEvent",
        "done": "DoneEvent",
        "error": "Problem",
    }


def test_keys_are_documented_where_they_are_needed(
    client_of: Callable[..., TestClient], scripted: Any
) -> None:
    """With keys set, all but the open paths ask for one; without, nothing does."""
    assert '"security"' not in client_of(scripted).get("/openapi.json").text
    document = client_of(scripted, api_keys="one").get("/openapi.json").json()
    for path, _, operation in operations(document):
        assert (
            ("security" in operation)
            == ("401" in operation["responses"])
            == (path not in {"/healthz", "/readyz"})
        )
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header", "basic"}


@pytest.mark.parametrize(
    ("model", "example"),
    [
        *((AskRequest, request) for request in examples.ASK_REQUESTS),
        (Answer, examples.ANSWER),
        (Citation, examples.CITATION),
        (Statement, examples.STATEMENT),
        *((Event, event) for event in examples.EVENTS),
        (SearchResponse, examples.SEARCH),
        (DocumentPage, examples.DOCUMENT_PAGE),
        (StoredDocument, examples.DOCUMENT),
        (Health, examples.HEALTH),
        (Readiness, examples.READINESS),
    ],
)
def test_every_example_is_a_whole_one_of_its_model(model: Any, example: Any) -> None:
    """An example validates, and a response's example leaves out nothing that a response has."""
    adapter = TypeAdapter(model)
    value = adapter.validate_python(example)
    if model is not AskRequest:
        assert adapter.dump_python(value, mode="json") == example


def test_the_example_citation_quotes_the_example_document() -> None:
    """The offsets mean in the examples what they mean in the contract."""
    citation, text = examples.CITATION, examples.DOCUMENT["text"]
    assert fold(text[citation["start"] : citation["end"]]) == fold(citation["quote"])


def test_no_page_loads_anything_from_elsewhere(client: TestClient) -> None:
    """FastAPI's documentation pages, which do, are off."""
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404
