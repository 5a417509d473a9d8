"""Practice items, interview questions and terms: a key that cannot be graded is refused when it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tutor.errors import CorpusError
from tutor.learning.glossary import load_glossary
from tutor.learning.interviews import load_interviews
from tutor.learning.practice import load_practice

PROOF = {"page": "oil", "quote": "Olive oil is pressed."}
POINTS = [
    {"text": "Pressed.", "evidence": PROOF},
    {"text": "From olives.", "evidence": PROOF},
    {"text": "Cold.", "evidence": PROOF},
]


def item(kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "oil-1", "kind": kind, "level": "beginner", "question": "What?", "evidence": PROOF, **more}


def option(text: str, why: str = "") -> dict[str, Any]:
    return {"text": text, "why": why} if why else {"text": text, "correct": True}


GOOD = [
    item("single", options=[option("a"), option("b", "no"), option("c", "no")]),
    item("multiple", options=[option("a"), option("b"), option("c", "no")]),
    item("numeric", answer=1, tolerance=0.1, explanation="So.", mistakes=[{"value": 2, "why": "Doubled."}]),
    item("ordering", steps=["a", "b", "c"], explanation="So."),
    item("matching", pairs=[{"left": x, "right": x.upper()} for x in "abc"], explanation="So."),
    item("cloze", text="___ and ___", answers=[["a"], ["b", "c"]], explanation="So."),
    item("short", rubric=POINTS[:2], answer="Pressed from olives."),
]
BAD = [
    (item("single", options=[option("a"), option("b"), option("c", "no")]), "one right option, not 2"),
    (item("single", options=[option("a"), option("b", "no")]), "at least 3"),
    (item("single", options=[option("a"), option("A ", "no"), option("c", "no")]), "not all different"),
    (item("single", options=[option("a"), {"text": "b"}, option("c", "no")]), "needs `why`"),
    (item("multiple", options=[option("a"), option("b"), option("c")]), "and a wrong one, not 3"),
    (
        item("numeric", answer=1, tolerance=1, explanation="So.", mistakes=[{"value": 2, "why": "x"}]),
        "within the tolerance",
    ),
    (item("numeric", answer=1, tolerance=-1, explanation="So."), "greater than or equal"),
    (item("ordering", steps=["a", "b", "a"], explanation="So."), "not all different"),
    (item("matching", pairs=[{"left": x, "right": "A"} for x in "abc"], explanation="So."), "right sides"),
    (item("cloze", text="___ and ___", answers=[["a"]], explanation="So."), "2 blanks and 1 answers"),
    (item("short", rubric=POINTS[:1], answer="x"), "at least 2"),
    (item("essay"), "expected tags"),
    ({**item("ordering", steps=["a", "b", "c"], explanation="So."), "id": "wine-1"}, "does not begin with"),
]


def write(folder: Path, name: str, content: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_every_kind_is_read(tmp_path: Path) -> None:
    """Each item comes back as what it is."""
    items = [{**one, "id": f"oil-{number}"} for number, one in enumerate(GOOD)]
    write(tmp_path, "practice/oil.yaml", {"topic": "oil", "items": items})
    assert [one.kind for one in load_practice(tmp_path)["oil"].items] == [one["kind"] for one in GOOD]


@pytest.mark.parametrize(("wrong", "says"), BAD)
def test_an_item_that_cannot_be_graded_is_refused(tmp_path: Path, wrong: dict[str, Any], says: str) -> None:
    """The line names the file and what is wrong."""
    write(tmp_path, "practice/oil.yaml", {"topic": "oil", "items": [wrong]})
    with pytest.raises(CorpusError, match=r"oil\.yaml") as caught:
        load_practice(tmp_path)
    assert says in str(caught.value)


def test_a_file_is_named_after_its_topic(tmp_path: Path) -> None:
    """Else its items would be looked for in vain; an id stands once in it."""
    write(tmp_path, "practice/wine.yaml", {"topic": "oil", "items": [GOOD[0]]})
    with pytest.raises(CorpusError, match="of the topic `oil`"):
        load_practice(tmp_path)
    write(tmp_path, "practice/wine.yaml", {"topic": "oil", "items": [GOOD[0], GOOD[1]]})
    with pytest.raises(CorpusError, match="ids are not all different"):
        load_practice(tmp_path)
    assert load_practice(tmp_path / "nowhere") == {}


def test_interview_questions_have_rubrics_and_ids_of_their_own(tmp_path: Path) -> None:
    """Two files may not use one id."""
    question = {
        "id": "press", "kind": "theory", "level": "beginner", "topics": ["oil"], "question": "How?", "points": POINTS, "answer": "So.",
    }  # fmt: skip
    write(tmp_path, "interview/a.yaml", {"questions": [question]})
    assert [one.id for one in load_interviews(tmp_path)] == ["press"]
    write(tmp_path, "interview/b.yaml", {"questions": [question]})
    with pytest.raises(CorpusError, match="two interview questions are called `press`"):
        load_interviews(tmp_path)
    write(tmp_path, "interview/b.yaml", {"questions": [{**question, "points": POINTS[:2]}]})
    with pytest.raises(CorpusError, match=r"b\.yaml, questions\.0\.points"):
        load_interviews(tmp_path)


def test_a_name_stands_for_one_term(tmp_path: Path) -> None:
    """Aliases counted."""
    terms = [
        {"term": "Oil", "definition": "Oil is fat.", "evidence": PROOF},
        {"term": "Fat", "aliases": ["oil"], "definition": "Fat is fat.", "evidence": PROOF},
    ]
    write(tmp_path, "glossary.yaml", {"terms": terms[:1]})
    assert load_glossary(tmp_path).terms[0].term == "Oil"
    write(tmp_path, "glossary.yaml", {"terms": terms})
    with pytest.raises(CorpusError, match="`oil` stands for two terms"):
        load_glossary(tmp_path)
