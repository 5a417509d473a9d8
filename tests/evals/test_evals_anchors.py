from pathlib import Path

import pytest
from evals_samples import GUIDE, question, uncovered

from tutor.config import default_corpus_dir
from tutor.errors import EvalError
from tutor_evals.anchors import check, problems, sections
from tutor_evals.questions import Question, QuestionSet, load_questions
from tutor_ingest.load import load


def a_set(*questions: Question) -> QuestionSet:
    return QuestionSet(questions, {each.id: "set.yaml" for each in questions})


def test_shipped_questions_fit_the_corpus():
    """Every gold section of the set that ships is in the corpus, with every key fact in one of them."""
    root = default_corpus_dir()
    paths = [path for path in sorted(root.rglob("*.md")) if path.name != "README.md"]
    documents = [load(path, path.relative_to(root).as_posix(), path.stem) for path in paths]
    assert problems(load_questions(), sections(documents)) == []


def test_sections_are_cut_at_every_heading():
    """A section reaches to the next heading of any level."""
    found = sections([GUIDE])
    assert list(found) == [("guide.md", heading) for heading in ("Weeks and pay", "How long it takes", "Pay")]
    assert found["guide.md", "Weeks and pay"] == "every plan differs."
    assert "6-8 weeks" in found["guide.md", "How long it takes"]
    assert "$90,000-$120,000" in found["guide.md", "Pay"]


def test_fitting_set_has_no_problems():
    """A question whose section exists and holds its fact passes, and so does one without a section."""
    check(a_set(question(), uncovered()), sections([GUIDE]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gold": [{"path": "other.md", "heading": "Pay"}]}, "no document other.md"),
        ({"gold": [{"path": "guide.md", "heading": "Food"}]}, "guide.md has no section 'Food'"),
        ({"key_facts": [["6–8 months"]]}, "'6–8 months' stands in none"),
        ({"key_facts": [["$90,000–$120,000"]]}, "stands in none"),
    ],
)
def test_problem_names_file_and_question(change: dict[str, object], says: str):
    """What does not fit is named with its file and id, and is raised in one line."""
    wrong = a_set(question(**change))
    (problem,) = problems(wrong, sections([GUIDE]))
    assert problem.startswith("set.yaml, question how-long: ")
    assert says in problem
    with pytest.raises(EvalError, match=r"set\.yaml, question how-long"):
        check(wrong, sections([GUIDE]))


def test_one_alternative_suffices():
    """A fact with several wordings needs one of them in a gold section."""
    alternatives = question(key_facts=[["two months", "6-8 weeks"]])
    assert problems(a_set(alternatives), sections([GUIDE])) == []


def test_number_of_other_problems_is_told():
    """The error says how many more problems there are."""
    wrong = [question(id=name, key_facts=[["never"]]) for name in ("a", "b", "c")]
    with pytest.raises(EvalError, match=r"question a: .*\(and 2 more\)"):
        check(a_set(*wrong), sections([GUIDE]))


def test_default_set_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The shipped set does not depend on the working folder."""
    monkeypatch.chdir(tmp_path)
    assert load_questions().questions
