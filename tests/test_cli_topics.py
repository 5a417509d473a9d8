"""`tutor topics`: phases and topics for a person and for a program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tutor.cli import app
from tutor.config import default_corpus_dir
from tutor.learning.roadmap import load_roadmap


def topics(*words: str) -> Result:
    return CliRunner().invoke(app, ["topics", *words], env={"COLUMNS": "80"})


def test_all_phases_and_topics_are_listed_within_the_width_of_a_terminal() -> None:
    """Each topic by title and id, then how many and how long."""
    result = topics()
    roadmap = load_roadmap(default_corpus_dir())
    assert result.exit_code == 0
    assert all(topic.id in result.stdout for topic in roadmap.topics)
    assert all(phase.title in result.stdout for phase in roadmap.phases)
    assert f"{len(roadmap.topics)} topics" in result.stdout.splitlines()[-1]
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_one_phase_is_listed_alone() -> None:
    """Its goal stands above its topics."""
    result = topics("mathematics")
    assert "chain-rule" in result.stdout
    assert "docker" not in result.stdout


def test_a_topic_tells_what_it_needs_and_leads_to() -> None:
    """With level, hours, page and who names it."""
    lines = topics("chain-rule").stdout
    assert "needs:    derivatives-and-gradients" in lines
    assert "leads to: backpropagation" in lines
    assert "topics/mathematics/chain-rule.md" in lines


@pytest.mark.parametrize(
    ("words", "key"), [([], "phases"), (["mathematics"], "phases"), (["chain-rule"], "id")]
)
def test_json_is_one_object(words: list[str], key: str) -> None:
    """For a program, the fields of the graph."""
    found = json.loads(topics(*words, "--json").stdout)
    assert key in found


def test_a_name_that_is_not_there_is_one_line_with_what_is_near() -> None:
    """Exit code 2."""
    result = topics("chain-rul")
    assert result.exit_code == 2
    assert "`chain-rule`" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_corpus_without_a_roadmap_is_one_line(tmp_path: Path) -> None:
    """It names the file."""
    result = CliRunner().invoke(app, ["--corpus-dir", str(tmp_path), "topics"])
    assert result.exit_code == 2
    assert "roadmap.yaml is not there" in result.stderr
