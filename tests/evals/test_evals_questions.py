from collections import Counter
from pathlib import Path

import pytest
import yaml
from evals_samples import question, uncovered
from pydantic import ValidationError

from tutor.errors import EvalError
from tutor_evals.questions import Kind, load_questions, select


def write(folder: Path, rows: object, name: str = "set.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump({"questions": rows}), encoding="utf-8")
    return path


ROW = {
    "id": "a",
    "question": "how long?",
    "kind": "timeline",
    "split": "dev",
    "coverage": "answered",
    "gold": [{"path": "guide.md", "heading": "How long it takes"}],
    "key_facts": [["6–8 weeks"]],
}


def test_shipped_set_is_large_and_mixed():
    """The shipped set has 90 questions or more, 30 of them not covered, of all kinds, in two splits."""
    shipped = load_questions().questions
    coverage = Counter(str(each.coverage) for each in shipped)
    assert len(shipped) >= 90
    assert coverage["not_covered"] >= 30
    assert coverage["partly"] >= 5
    assert {each.kind for each in shipped} == set(Kind)
    splits = Counter(each.split for each in shipped)
    assert min(splits.values()) > 0.4 * len(shipped)


def test_hash_follows_the_content(tmp_path: Path):
    """Two sets have the same hash only if their questions are the same."""
    one = load_questions(write(tmp_path, [ROW]))
    again = load_questions(write(tmp_path, [ROW], "again.yaml"))
    other = load_questions(write(tmp_path, [ROW | {"question": "how long then?"}], "other.yaml"))
    assert one.sha256 == again.sha256 != other.sha256


def test_folder_is_read_file_by_file(tmp_path: Path):
    """A folder's files are read in the order of their names, and each question knows its file."""
    write(tmp_path, [ROW | {"id": "b"}], "2.yaml")
    write(tmp_path, [ROW], "1.yaml")
    both = load_questions(tmp_path)
    assert [each.id for each in both.questions] == ["a", "b"]
    assert both.where("b") == "2.yaml, question b"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": "red"}, "colour"),
        ({"kind": "riddle"}, "kind"),
        ({"id": "Not An Id"}, "id"),
        ({"gold": []}, "needs gold sections"),
        ({"coverage": "not_covered"}, "has no gold sections"),
        ({"key_facts": [[]]}, "key_facts.0"),
        ({"key_facts": [[150_000]]}, "key_facts.0.0"),
    ],
)
def test_malformed_question_is_named(tmp_path: Path, change: dict[str, object], says: str):
    """A malformed question is refused by file, id and field."""
    with pytest.raises(EvalError, match=r"^set\.yaml, question ") as caught:
        load_questions(write(tmp_path, [ROW | change]))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_id_is_used_once(tmp_path: Path):
    """The second question of an id is refused, also in another file."""
    write(tmp_path, [ROW], "1.yaml")
    write(tmp_path, [ROW], "2.yaml")
    with pytest.raises(EvalError, match=r"^2\.yaml, question a: 1\.yaml has this id too"):
        load_questions(tmp_path)


@pytest.mark.parametrize("content", ["- a", "questions: 3", "other: []", "a: [", "questions: []", ""])
def test_other_yaml_is_no_question_file(tmp_path: Path, content: str):
    """YAML that is broken, or is not a mapping of `questions` to a list of some, is refused in one line."""
    path = tmp_path / "set.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvalError) as caught:
        load_questions(path)
    assert "\n" not in caught.value.line


def test_missing_file_is_named(tmp_path: Path):
    """A path that is not there is refused by name."""
    with pytest.raises(EvalError, match=r"none\.yaml cannot be read"):
        load_questions(tmp_path / "none.yaml")


def test_questions_do_not_change():
    """A question is frozen."""
    with pytest.raises(ValidationError):
        question().question = "other"


def test_small_talk_is_not_answerable():
    """Small talk counts neither as answerable nor as not covered."""
    greeting = uncovered(kind="small_talk", coverage="answered")
    assert greeting.small_talk
    assert not greeting.answerable
    assert question().answerable
    assert not uncovered().answerable


def test_select_spreads_over_the_set():
    """A limit takes questions from the whole of a split, in order."""
    rows = [question(id=str(n), split="dev" if n % 2 else "test") for n in range(20)]
    assert [each.id for each in select(rows, split="dev", limit=5)] == ["1", "5", "9", "13", "17"]
    assert len(select(rows, limit=50)) == 20
    assert select(rows, limit=0) == []
