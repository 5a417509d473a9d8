import pytest
from evals_samples import (
    answer,
    citation,
    good_answer,
    outcome,
    passage,
    question,
    read,
    statement,
    uncovered,
)

from tutor.answering.answer import Coverage
from tutor_evals import scorers

GREETING = uncovered(kind="small_talk", coverage="answered")
REFUSAL = answer()


def test_hit_and_rank_count_the_first_gold_section():
    """A gold section at rank 2 is a hit at 5 but not at 1, with a reciprocal rank of a half."""
    found = outcome(None, passage("Pay"), passage(), passage())
    assert scorers.hit_at(1)(question(), found).value == 0
    assert scorers.hit_at(5)(question(), found).value == 1
    assert scorers.reciprocal_rank()(question(), found).value == 0.5


def test_any_gold_section_counts():
    """With several gold sections the best ranked one counts."""
    two = question(
        gold=[{"path": "guide.md", "heading": heading} for heading in ("How long it takes", "Pay")]
    )
    assert scorers.reciprocal_rank()(two, outcome(None, passage("Pay"))).value == 1


def test_section_of_another_document_is_no_hit():
    """The same heading in another document is another section."""
    assert scorers.hit_at(5)(question(), outcome(None, passage(path="other.md"))).value == 0


def test_rank_beyond_the_depth_is_zero():
    """No gold section within the depth gives zero, with or without results."""
    deep = outcome(None, *[passage("Pay")] * 3, passage())
    assert scorers.reciprocal_rank(3)(question(), deep).value == 0
    assert scorers.reciprocal_rank()(question(), outcome()).value == 0


def test_passage_above_the_first_heading_has_the_title():
    """Where there is no heading the document's title is the section."""
    gold = question(gold=[{"path": "guide.md", "heading": "The guide"}])
    assert scorers.hit_at(1)(gold, outcome(None, passage(heading_path=()))).value == 1


def test_cited_gold_section_counts():
    """An answer that cites a gold section scores, a refusal does not."""
    assert scorers.gold_cited()(question(), outcome()).value == 1
    assert scorers.gold_cited()(question(), outcome(REFUSAL)).value == 0


def test_key_fact_recall_is_the_share_that_is_stated():
    """Each fact counts once, by any of its alternatives; what lacks is explained."""
    asked = question(key_facts=[["two months", "6-8 weeks"], ["Statistics", "Algebra"]])
    score = scorers.key_fact_recall()(asked, outcome())
    assert score.value == 0.5
    assert score.explanation == "lacks Statistics / Algebra"


def test_refusal_recalls_no_fact():
    """A refusal that names the fact among its topics has not stated it."""
    refusal = answer(text="I do not know. Nearest: 6–8 weeks.", nearest_topics=["6–8 weeks"])
    assert scorers.key_fact_recall()(question(), outcome(refusal)).value == 0


def test_forbidden_content_is_found():
    """A statement with a forbidden figure scores zero and is quoted."""
    score = scorers.forbidden_absent()(uncovered(forbidden=["6–8 weeks"]), outcome())
    assert score.value == 0
    assert score.explanation == "says 6–8 weeks"
    assert scorers.forbidden_absent()(uncovered(forbidden=["9 weeks"]), outcome()).value == 1


def test_citation_validity_follows_the_defects():
    """An answer in order scores 1, one with a defect 0 with the reason, a refusal nothing."""
    score = scorers.citation_validity(read)
    broken = answer(statement("No such thing."), citations=(citation("Statistics"),))
    assert score(question(), outcome()).value == 1
    assert score(question(), outcome(broken)).value == 0
    assert "not in its quotes" in score(question(), outcome(broken)).explanation
    assert score(question(), outcome(REFUSAL)).value is None


def test_coverage_match_tells_both():
    """A coverage other than the expected one scores zero and both are named."""
    assert scorers.coverage_match()(question(), outcome()).value == 1
    score = scorers.coverage_match()(question(coverage="partly"), outcome())
    assert (score.value, score.explanation) == (0, "answered, expected partly")


@pytest.mark.parametrize(
    ("asked", "given", "wrong", "right", "partly"),
    [
        (question(), good_answer(), 0, None, None),
        (question(), REFUSAL, 1, None, None),
        (question(coverage="partly"), REFUSAL, 1, None, 0),
        (question(coverage="partly"), good_answer(), 0, None, 0),
        (
            question(coverage="partly"),
            good_answer().model_copy(update={"coverage": Coverage.PARTLY}),
            0,
            None,
            1,
        ),
        (uncovered(), REFUSAL, None, 1, None),
        (uncovered(), good_answer(), None, 0, None),
        (GREETING, REFUSAL, None, None, None),
    ],
)
def test_refusals_count_where_they_mean_something(asked, given, wrong, right, partly):
    """Wrong refusals are counted among answerable questions, right ones among those that are not covered."""
    assert scorers.wrong_refusal()(asked, outcome(given)).value == wrong
    assert scorers.right_refusal()(asked, outcome(given)).value == right
    assert scorers.partly_found()(asked, outcome(given)).value == partly


def test_small_talk_is_answered_without_sources():
    """Small talk wants a reply of its kind that states nothing; other questions have no such score."""
    score = scorers.small_talk_reply()
    reply = answer(kind="small_talk", coverage=Coverage.ANSWERED, text="Hello!")
    assert score(GREETING, outcome(reply)).value == 1
    assert score(GREETING, outcome(REFUSAL)).value == 0
    assert score(GREETING, outcome(good_answer().model_copy(update={"kind": "small_talk"}))).value == 0
    assert score(question(), outcome(reply)).value is None


def test_question_that_is_not_covered_has_no_retrieval_score():
    """What has no gold section and no facts is not scored, which is not zero."""
    for scorer in (
        scorers.hit_at(5),
        scorers.reciprocal_rank(),
        scorers.gold_cited(),
        scorers.key_fact_recall(),
    ):
        assert scorer(uncovered(), outcome(None, passage())).value is None
    assert scorers.forbidden_absent()(uncovered(), outcome()).value is None
    assert scorers.coverage_match()(GREETING, outcome()).value is None
