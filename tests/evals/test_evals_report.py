import io

from evals_samples import FakeTutor, question, uncovered
from rich.console import Console

from tutor_evals.gate import Thresholds
from tutor_evals.report import show
from tutor_evals.run import evaluate


def shown(*questions, failures=False, thresholds=None, broken=()) -> str:
    output = io.StringIO()
    results = evaluate(FakeTutor(), questions)
    show(Console(file=output, width=80), results, thresholds or Thresholds(), broken, failures=failures)
    return output.getvalue()


FAILING = question(id="pay", question="pay for juniors [today]", key_facts=[["$90,000–$120,000"]])


def test_report_fits_a_terminal():
    """No line of the tables is wider than 80 columns, and every metric and kind has its row."""
    text = shown(
        question(), uncovered(), uncovered(id="hi", question="hello", kind="small_talk", coverage="answered")
    )
    assert max(map(len, text.splitlines())) <= 80
    for words in (
        "Gold section among 5 hits",
        "Wrongly refused",
        "timeline",
        "near miss",
        "small talk",
        "not covered",
    ):
        assert words in text


def test_bounds_stand_beside_their_metrics():
    """A metric's bound is shown, and that all are kept."""
    text = shown(question(), thresholds=Thresholds(min={"mrr": 0.4}))
    assert "≥ 0.400" in text
    assert "All thresholds are kept." in text


def test_broken_bounds_are_shown():
    """Each line of the gate is printed."""
    assert "FAILED: mrr is 0.500" in shown(question(), broken=["mrr is 0.500, it must be ≥ 0.600"])


def test_failure_tells_question_expectation_and_answer():
    """A failure shows the question literally, what lacks, the gold section, the first lines of the answer."""
    text = shown(FAILING, failures=True)
    for words in (
        "pay: pay for juniors [today]",
        "lacks $90,000–$120,000",
        "How long it takes",
        "| I do not know.",
    ):
        assert words in text


def test_failures_are_counted_when_not_listed():
    """Without the list the number of passed questions and the way to the list are told."""
    text = shown(question(), FAILING)
    assert "1 of 2 passed" in text
    assert "--failures" in text
