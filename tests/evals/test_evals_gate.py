from pathlib import Path

import pytest
from evals_samples import FakeTutor, question, uncovered

from tutor.errors import EvalError
from tutor_evals.gate import Thresholds, gate, load_thresholds
from tutor_evals.run import evaluate


@pytest.fixture
def results():
    """One right answer with its gold section at rank 2, one right refusal."""
    return evaluate(FakeTutor(), [question(), uncovered()])


def test_kept_bounds_fail_nothing(results):
    """A value that is exactly at its bound passes."""
    assert gate(results, Thresholds(min={"mrr": 0.5, "hit@5": 1}, max={"wrong_refusals": 0})) == []


def test_each_broken_bound_is_a_line(results):
    """A broken bound names the metric, its value and the bound."""
    broken = gate(results, Thresholds(min={"mrr": 0.6}, max={"right_refusals": 0.9}))
    assert broken == ["mrr is 0.500, it must be ≥ 0.600", "right_refusals is 1.000, it must be ≤ 0.900"]


def test_metric_without_scores_fails(results):
    """A bound on what was never scored is not kept: an empty set must not pass."""
    assert gate(results, Thresholds(min={"partly_accuracy": 0.1})) == ["partly_accuracy was not scored"]


def test_unknown_metric_is_an_error(results):
    """A misspelt metric would guard nothing, so it is refused."""
    with pytest.raises(EvalError, match="no metric 'hit@6'"):
        gate(results, Thresholds(min={"hit@6": 0.1}))


def test_shipped_thresholds_name_metrics_that_exist(results):
    """The bounds that ship guard retrieval, facts, citations and both coverage errors."""
    shipped = load_thresholds()
    gate(results, shipped)
    assert {"hit@5", "mrr", "key_fact_recall", "citation_validity", "right_refusals"} <= set(shipped.min)
    assert "wrong_refusals" in shipped.max
    assert shipped.min["citation_validity"] == 1.0


@pytest.mark.parametrize("content", ["min: {mrr: high}", "least: {mrr: 1}", "min: ["])
def test_malformed_bounds_are_named(tmp_path: Path, content: str):
    """A malformed file is refused in one line with its name."""
    path = tmp_path / "bounds.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvalError, match=r"^bounds\.yaml") as caught:
        load_thresholds(path)
    assert "\n" not in caught.value.line


def test_missing_file_is_named(tmp_path: Path):
    """A path that is not there is refused by name."""
    with pytest.raises(EvalError, match="cannot be read"):
        load_thresholds(tmp_path / "none.yaml")
