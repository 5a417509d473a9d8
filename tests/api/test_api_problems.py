"""Whatever goes wrong is an RFC 9457 problem."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tutor import errors
from tutor.api import problems
from tutor.api.problems import Problem
from tutor.errors import TutorError


def subclasses(kind: type[TutorError]) -> set[type[TutorError]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_error_of_the_tutor_has_its_row() -> None:
    """A new error is not served as something vague: the table names each one."""
    own = {kind for kind in subclasses(TutorError) if kind.__module__ == errors.__name__}
    assert own == set(problems.TABLE)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.QuestionError("x"), 422),
        (errors.NotFoundError("x"), 404),
        (errors.NoIndexError("x"), 503),
        (errors.IndexLockedError("x"), 503),
        (errors.EmbeddingError("x"), 503),
        (errors.ConfigError("x"), 500),
    ],
)
def test_errors_become_their_status(
    client: TestClient, scripted: Any, error: TutorError, status: int
) -> None:
    """Each kind of error has one status, and Retry-After exactly when trying again can help."""
    scripted.fail_first = error
    response = client.post("/ask", json={"question": "Why?"})
    problem = Problem.model_validate(response.json())
    assert response.status_code == problem.status == status
    assert problem.retryable == ("retry-after" in response.headers)
    assert problem.retryable == isinstance(error, errors.NoIndexError | errors.IndexLockedError)


def test_a_subclass_from_elsewhere_is_served_as_its_ancestor() -> None:
    """An error that another package derives keeps the nearest status."""

    class OtherError(errors.NotFoundError):
        pass

    assert problems.of_error(OtherError("x")).status == 404


def test_an_unknown_path_and_method(client: TestClient) -> None:
    """404 and 405 are problems too, and 405 says what is allowed."""
    unknown = client.get("/nothing")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
    assert unknown.json()["detail"] == "There is nothing at /nothing."
    method = client.get("/ask")
    assert method.status_code == 405
    assert method.headers["allow"] == "POST"
    assert method.json()["title"] == "Method Not Allowed"


def test_a_bug_is_a_500_without_internals_and_is_logged_once(
    client: TestClient, scripted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The response names the log's entry, the log has the traceback."""
    scripted.fail_first = RuntimeError("password=hunter2")
    response = client.post("/ask", json={"question": "Why?"})
    assert response.status_code == 500
    assert "hunter2" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    (record,) = [record for record in caplog.records if record.exc_info]
    assert response.json()["instance"] in record.getMessage()
