"""The commands with the real model, the real index and the real server."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tutor.answering.answer import Answer
from tutor.cli import app
from tutor.documents import fold
from tutor.retrieval.hits import SearchHit

pytestmark = pytest.mark.model

COVERED = "How many hours a week does Rosalind practise the cello?"
NOT_COVERED = "What is the boiling point of mercury on Venus?"
NOTES = {
    "cello.md": "# Cello\n\n## Practice\n\nRosalind practises the cello for nine hours a week. "
    "She plays scales before anything else.\n\n## Teacher\n\nHer teacher is Pablo, who lives in Girona.\n",
    "bread.md": "---\ntags: [kitchen]\n---\n# Bread\n\nSourdough rises for twelve hours in a cool kitchen.\n",
    "broken.pdf": "no PDF at all",
}

Tutor = Callable[..., Result]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Global options that name a small corpus and an empty data folder."""
    corpus, data = tmp_path_factory.mktemp("corpus"), tmp_path_factory.mktemp("data")
    for name, text in NOTES.items():
        (corpus / name).write_text(text, encoding="utf-8")
    return ["--corpus-dir", str(corpus), "--data-dir", str(data)]


@pytest.fixture(scope="module")
def tutor(folders: list[str]) -> Tutor:
    """Runs a command in this process, over an index that was built by the first of them."""

    def run(*arguments: str, input: str | None = None) -> Result:
        result = CliRunner().invoke(app, [*folders, *arguments], input=input)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    first = run("search", "cello")
    assert first.exit_code == 0
    assert "No index yet: ingesting" in first.stderr
    return run


def objects(result: Result) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_after_the_first_start_nothing_is_ingested_again(tutor: Tutor) -> None:
    assert tutor("search", "cello").stderr == ""


def test_an_answer_is_cited_with_the_exact_quote(tutor: Tutor) -> None:
    result = tutor("ask", "--json", COVERED)
    answer = Answer.model_validate_json(result.stdout)
    assert result.exit_code == 0
    assert "nine hours" in answer.text
    quotes = [citation.quote for citation in answer.citations]
    assert quotes
    assert all(fold(quote) in fold(NOTES["cello.md"]) for quote in quotes)


def test_a_question_needs_no_quotation_marks(tutor: Tutor) -> None:
    assert "[1] Cello › Practice" in tutor("ask", *COVERED.split()).stdout


def test_what_is_not_covered_exits_3_and_cites_nothing(tutor: Tutor) -> None:
    result = tutor("ask", NOT_COVERED)
    assert result.exit_code == 3
    assert "Sources" not in result.stdout


def test_a_batch_answers_in_order_and_keeps_its_conversations_apart(tutor: Tutor) -> None:
    rows = [
        {"id": 1, "question": "What is sourdough bread?", "conversation_id": "a"},
        {"id": 2, "question": COVERED, "conversation_id": "b"},
        {"id": 3, "question": "How long does it rise?", "conversation_id": "a"},
        {"id": 4, "question": NOT_COVERED},
    ]
    result = tutor("ask", "--json", "--batch", "-", input="\n".join(map(json.dumps, rows)))
    answers = objects(result)
    assert result.exit_code == 0
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    assert answers[2]["conversation_id"] == "a"
    assert answers[2]["standalone_question"] == "How long does sourdough bread rise?"
    assert answers[3]["coverage"] == "not_covered"


def test_a_row_that_is_refused_makes_the_batch_exit_2(tutor: Tutor) -> None:
    result = tutor(
        "ask", "--batch", "-", input='{"id": 1, "question": " "}\n{"id": 2, "question": "cello"}\n'
    )
    assert result.exit_code == 2
    assert [set(row) & {"error", "text"} for row in objects(result)] == [{"error"}, {"text"}]


def test_search_prints_hits_as_the_api_does(tutor: Tutor) -> None:
    (found,) = objects(tutor("search", "--json", "-k", "1", "cello"))
    (hit,) = map(SearchHit.model_validate, found["hits"])
    assert found["query"] == "cello"
    assert (hit.rank, hit.path, set(hit.legs)) == (1, "cello.md", {"dense", "lexical", "late"})


def test_search_explains_each_leg_and_takes_batches(tutor: Tutor) -> None:
    assert "dense" in tutor("search", "--explain", "cello").stdout
    (row,) = objects(tutor("search", "--batch", "-", input='{"id": "x", "question": "bread"}'))
    assert (row["id"], row["hits"][0]["path"]) == ("x", "bread.md")


@pytest.mark.parametrize("condition", [("--path", "bread*"), ("--tag", "kitchen")])
def test_conditions_keep_other_sources_out(tutor: Tutor, condition: tuple[str, str]) -> None:
    (found,) = objects(tutor("search", "--json", *condition, "cello"))
    assert {hit["path"] for hit in found["hits"]} == {"bread.md"}


def test_a_second_ingest_reuses_every_embedding_and_names_what_it_skipped(tutor: Tutor) -> None:
    (report,) = objects(tutor("ingest", "--json"))
    assert (report["embedded"], report["published"]) == (0, False)
    assert [skip["path"] for skip in report["skipped"]] == ["broken.pdf"]
    shown = tutor("ingest", "--dry-run").stdout
    assert "nothing was written" in shown
    assert "broken.pdf" in shown


def test_chat_reads_questions_from_a_pipe(tutor: Tutor) -> None:
    talk = "What is sourdough bread?\nHow long does it rise?\n/quit\nnever asked\n"
    answers = objects(tutor("chat", "--json", input=talk))
    assert len(answers) == 2
    assert "twelve hours" in answers[1]["text"]


def test_a_path_that_is_not_there_is_one_line_and_exit_2(tutor: Tutor) -> None:
    result = tutor("ingest", "/no/such/folder")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


@pytest.fixture(scope="module")
def program(folders: list[str], tutor: Tutor) -> list[str]:
    """The command line of `tutor` in a process of its own."""
    return [sys.executable, "-c", "from tutor.cli import main; main()", *folders]


def test_as_a_process_it_prints_the_answer_and_nothing_else(program: list[str], tmp_path: Path) -> None:
    done = subprocess.run([*program, "ask", COVERED], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout


@pytest.fixture(scope="module")
def served(program: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on a free port, and its address as it was printed."""
    command = [*program, "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout
        try:
            yield run, json.loads(run.stdout.readline())["url"]
        finally:
            run.kill()


def test_serve_prints_its_address_when_it_answers(served: tuple[subprocess.Popen[str], str]) -> None:
    _, url = served
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_taken_port_is_one_line_and_exit_2(tutor: Tutor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = tutor("serve", "--port", str(port))
    assert result.exit_code == 2
    assert result.stderr == f"tutor: port {port} is taken; choose another with --port or TUTOR_PORT\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a child")
def test_ctrl_c_ends_the_server_quietly(served: tuple[subprocess.Popen[str], str]) -> None:
    run, _ = served
    run.send_signal(signal.SIGINT)
    assert run.wait(30) == 0
    assert run.stderr
    assert run.stderr.read() == ""
