from evals_samples import FakeTutor, question, uncovered

from tutor_evals.results import Results
from tutor_evals.run import evaluate

HELLO = uncovered(id="hello", question="hello", kind="small_talk", coverage="answered")


def test_every_question_is_scored_and_summed_up():
    """Rows keep all that came of a question; summary, slices and coverage table follow from them."""
    results = evaluate(FakeTutor(), [question(), uncovered(), HELLO], questions_sha256="abc")
    means = {metric: value.mean for metric, value in results.summary.items()}
    assert (
        means["hit@5"] == means["key_fact_recall"] == means["citation_validity"] == means["small_talk"] == 1
    )
    assert means["mrr"] == 0.5
    assert means["wrong_refusals"] == 0
    assert means["right_refusals"] == 1
    assert means["partly_accuracy"] is None
    assert results.failed == []
    assert results.generation == "g1"
    assert results.slices["kind:timeline"]["mrr"].mean == 0.5
    assert "mrr" not in results.slices["kind:near_miss"]
    assert results.coverage["answered"] == {"answered": 1, "partly": 0, "not_covered": 0}
    assert results.coverage["not_covered"]["not_covered"] == 1
    assert [hit.heading for hit in results.rows[0].hits] == ["Pay", "How long it takes"]


def test_failed_rows_say_why():
    """A row fails by each score that it does not reach."""
    (row,) = evaluate(FakeTutor(), [question(question="pay for juniors")]).failed
    assert row.failures == [
        "key_fact_recall: lacks 6–8 weeks",
        "coverage_match: not_covered, expected answered",
    ]


def test_lost_facts_name_the_first_step_at_fault():
    """A fact is lost in the search, by a refusal, or because something else was quoted."""
    elsewhere = question(gold=[{"path": "guide.md", "heading": "Weeks and pay"}], key_facts=[["differs"]])
    refused = question(question="pay for juniors")
    beside = question(key_facts=[["Statistics"]])
    results = evaluate(FakeTutor(), [elsewhere, refused, beside, question(), uncovered()])
    assert [row.lost_at for row in results.rows] == ["search", "refusal", "choice", "", ""]
    assert results.lost_facts == {"search": 1, "refusal": 1, "choice": 1}


def test_two_runs_differ_in_timings_only():
    """Apart from timings the results are equal, and they survive JSON."""
    tutor = FakeTutor()
    one, two = (evaluate(tutor, [question(), uncovered(), HELLO]) for _ in range(2))
    assert one.rows[0].timings_ms != two.rows[0].timings_ms
    assert untimed(one) == untimed(two)
    assert Results.model_validate_json(one.model_dump_json()) == one


def untimed(results: Results) -> Results:
    rows = tuple(row.model_copy(update={"timings_ms": {}}) for row in results.rows)
    return results.model_copy(update={"rows": rows})


def test_progress_is_told():
    """Progress goes from none to all."""
    told: list[tuple[int, int]] = []
    evaluate(FakeTutor(), [question(), uncovered()], progress=lambda *step: told.append(step))
    assert told == [(0, 2), (1, 2), (2, 2)]
