"""The graph of topics: what is wrong with it is said in a line, and its order keeps prerequisites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tutor.errors import CorpusError
from tutor.learning.roadmap import FILE, Level, Roadmap, load_roadmap


def topic(id_: str, *needs: str, level: str = "beginner", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "title": id_.title(),
        "phase": "one",
        "level": level,
        "hours": 2,
        "prerequisites": list(needs),
        **more,
    }


def graph(*topics: dict[str, Any], **more: Any) -> dict[str, Any]:
    check = {"text": "Do it.", "topics": [topics[0]["id"]]}
    phase = {"id": "one", "title": "One", "goal": "Begin.", "readiness": [check]}
    return {
        "updated": "2026-11-20",
        "sources": {"digest": "A digest"},
        "phases": [phase],
        "topics": list(topics),
        **more,
    }


def test_the_order_keeps_prerequisites_and_else_the_order_of_the_file() -> None:
    """A topic comes as soon as what it needs is there."""
    roadmap = Roadmap.model_validate(graph(topic("c", "b"), topic("a"), topic("b", "a"), topic("d")))
    assert [one.id for one in roadmap.order] == ["a", "b", "c", "d"]
    assert roadmap.topic("c").page == "topics/one/c.md"
    assert [one.id for one in roadmap.of_phase("one")] == ["c", "a", "b", "d"]
    assert roadmap.needed_for(["b"]) == {"a", "b"}


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 29)), max_size=60))
def test_every_graph_without_a_circle_has_an_order(edges: list[tuple[int, int]]) -> None:
    """Each topic once, after all that it needs."""
    needs: dict[int, set[int]] = {number: set() for number in range(31)}
    for late, early in edges:
        if early < late:
            needs[late].add(early)
    roadmap = Roadmap.model_validate(
        graph(*(topic(f"t{n}", *(f"t{m}" for m in sorted(own))) for n, own in reversed(needs.items())))
    )
    place = {one.id: n for n, one in enumerate(roadmap.order)}
    assert len(place) == 31
    assert all(place[f"t{m}"] < place[f"t{n}"] for n, own in needs.items() for m in own)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (graph(topic("a"), topic("a")), "topic `a` is there twice"),
        (graph(topic("a", "b")), "`a` names the topic `b`, which is not there"),
        (graph(topic("a", "b"), topic("b", "a")), "prerequisites go round in a circle: "),
        (
            graph(topic("a"), topic("b", level="advanced"), topic("c", "b")),
            "`c` (beginner) needs `b` (advanced)",
        ),
        (graph(topic("a", phase="two")), "`a` names the phase `two`"),
        (graph(topic("a", roadmaps=["other"])), "`a` names the source `other`"),
        (graph(topic("a", hours=0)), "topics.0.hours"),
        (graph(topic("a"), topic("A b")), "topics.1.id"),
        (graph(topic("a", colour="red")), "topics.0.colour"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, wrong: dict[str, Any], says: str) -> None:
    """One line with the file."""
    (tmp_path / FILE).write_text(yaml.safe_dump(wrong), encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        load_roadmap(tmp_path)
    assert says in str(caught.value)
    assert FILE in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["topics: [", "\x00", "- a list", ""])
def test_a_file_that_is_no_roadmap_is_an_error(tmp_path: Path, source: str) -> None:
    """Broken YAML, another shape, nothing at all."""
    (tmp_path / FILE).write_text(source, encoding="utf-8")
    with pytest.raises(CorpusError, match=FILE):
        load_roadmap(tmp_path)


def test_a_missing_or_binary_file_is_an_error(tmp_path: Path) -> None:
    """The message names it and says what to do."""
    with pytest.raises(CorpusError) as caught:
        load_roadmap(tmp_path)
    assert "TUTOR_CORPUS_DIR" in caught.value.line
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match="not UTF-8"):
        load_roadmap(tmp_path)


def test_levels_have_an_order() -> None:
    """Beginner, intermediate, advanced."""
    assert [level.rank for level in Level] == [0, 1, 2]
