"""The whole way, from settings to an exit code, with real indexes and hashed vectors."""

import json
from pathlib import Path

import pytest
import yaml

from tutor.answering.tutor import Tutor
from tutor.config import Settings
from tutor.errors import EvalError
from tutor.testing import HashingEmbeddings, small_settings, small_tutor, write_corpus
from tutor_evals.questions import load_questions
from tutor_evals.results import Results
from tutor_evals.run import STDOUT, evaluate, main_eval

QUESTIONS = [
    {
        "id": "north-time",
        "question": "How long does the northern roadmap take?",
        "kind": "timeline",
        "split": "dev",
        "coverage": "answered",
        "gold": [{"path": "north.md", "heading": "How long the northern roadmap takes"}],
        "key_facts": [["6–8 months"]],
    },
    {
        "id": "bread",
        "question": "how do I bake sourdough bread",
        "kind": "out_of_scope",
        "split": "test",
        "coverage": "not_covered",
    },
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = small_settings(tmp_path)
    write_corpus(settings.corpus_dir)
    return settings


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    return written(tmp_path / "asked.yaml", {"questions": QUESTIONS})


def written(path: Path, content: object) -> Path:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def run(settings: Settings, **options) -> int:
    return main_eval(settings, embeddings=HashingEmbeddings(), **options)


def test_real_tutor_is_evaluated(tmp_path: Path, asked: Path):
    """A real tutor's search, answer and citations are scored."""
    tutor: Tutor = small_tutor(tmp_path)
    try:
        results = evaluate(tutor, load_questions(asked).questions)
    finally:
        tutor.close()
    assert results.generation
    assert results.summary["hit@5"].mean == 1
    assert results.summary["key_fact_recall"].mean == 1
    assert results.summary["citation_validity"].mean == 1
    assert results.summary["right_refusals"].mean == 1


def test_eval_keeps_to_an_index_of_its_own(settings: Settings, asked: Path, tmp_path: Path):
    """An evaluation writes below `evals` only, and a second one finds the index as it was."""
    generations = []
    for name in ("one.json", "two.json"):
        assert run(settings, questions_path=asked, json_path=tmp_path / "out" / name) == 0
        text = (tmp_path / "out" / name).read_text(encoding="utf-8")
        generations.append(Results.model_validate_json(text).generation)
    assert [path.name for path in settings.data_dir.iterdir()] == ["evals"]
    assert generations[0] == generations[1]


def test_exit_code_follows_the_thresholds(settings: Settings, asked: Path, tmp_path: Path, capsys):
    """Bounds that are kept give 0, a broken one 1 and its line."""
    kept = written(tmp_path / "kept.yaml", {"min": {"mrr": 0.1}})
    broken = written(tmp_path / "broken.yaml", {"max": {"right_refusals": 0.5}})
    assert run(settings, questions_path=asked, thresholds_path=kept) == 0
    assert "All thresholds are kept." in capsys.readouterr().out
    assert run(settings, questions_path=asked, thresholds_path=broken) == 1
    assert "FAILED: right_refusals is 1.000" in capsys.readouterr().out


def test_json_goes_to_standard_output_alone(settings: Settings, asked: Path, capsys):
    """With `-` standard output holds the results and nothing else."""
    run(settings, questions_path=asked, json_path=STDOUT)
    printed = capsys.readouterr()
    assert json.loads(printed.out)["schema_version"] == 1
    assert "2 questions" in printed.err


def test_set_that_does_not_fit_is_refused(settings: Settings, tmp_path: Path):
    """The shipped questions do not fit another corpus, and the first that does not is named."""
    with pytest.raises(EvalError, match=r"\.yaml, question .* the corpus has no document"):
        run(settings)


def test_nothing_left_to_ask_is_refused(settings: Settings, tmp_path: Path):
    """A split without questions is a mistake, not a pass."""
    dev_only = written(tmp_path / "dev.yaml", {"questions": QUESTIONS[:1]})
    with pytest.raises(EvalError, match="no question is left"):
        run(settings, questions_path=dev_only, split="test")
