"""Scorers: factories that return pure functions from a question and its outcome to a score.

A score of None means that the question says nothing about the matter (a question that is not covered has no
gold section to be found); it is not zero and does not enter a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tutor.answering.answer import Answer, Coverage
from tutor.documents import Document, Passage
from tutor_evals.citations import defects
from tutor_evals.phrases import normalise, occurs_normalised
from tutor_evals.questions import Gold, Question

RANKS = 10
"""How many search results are looked at."""


@dataclass(frozen=True, slots=True)
class Score:
    """A value from 0 to 1, or None where nothing can be said, and the reason in a few words."""

    value: float | None
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tutor made of a question: its search results, best first, and its answer."""

    hits: tuple[Passage, ...]
    answer: Answer


Scorer = Callable[[Question, Outcome], Score]

NOT_SCORED = Score(None)


def standard_scorers(read: Callable[[str], Document]) -> Mapping[str, Scorer]:
    """The scorers of the suite by metric name; `read` gives a stored document by its id."""
    return {
        "hit@5": hit_at(5),
        "mrr": reciprocal_rank(),
        "gold_cited": gold_cited(),
        "key_fact_recall": key_fact_recall(),
        "forbidden_absent": forbidden_absent(),
        "citation_validity": citation_validity(read),
        "coverage_match": coverage_match(),
        "wrong_refusals": wrong_refusal(),
        "right_refusals": right_refusal(),
        "partly_accuracy": partly_found(),
        "small_talk": small_talk_reply(),
    }


def hit_at(k: int) -> Scorer:
    """1 if a gold section is among the first k results."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.gold:
            return NOT_SCORED
        rank = _first_gold(question, outcome)
        if rank is not None and rank <= k:
            return Score(1.0, f"gold at rank {rank}")
        return Score(0.0, f"no gold section among the first {k}")

    return score


def reciprocal_rank(depth: int = RANKS) -> Scorer:
    """1 / rank of the first gold section, 0 beyond `depth`; its mean is MRR (Voorhees 1999)."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.gold:
            return NOT_SCORED
        rank = _first_gold(question, outcome)
        return (
            Score(1.0 / rank, f"gold at rank {rank}")
            if rank and rank <= depth
            else Score(0.0, "no gold section")
        )

    return score


def gold_cited() -> Scorer:
    """1 if an answerable question's answer cites a gold section."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.gold:
            return NOT_SCORED
        cited = [
            Gold(path=c.path, heading=last_heading(c.heading_path, c.title)) for c in outcome.answer.citations
        ]
        found = any(_same_section(gold, section) for gold in question.gold for section in cited)
        return Score(1.0) if found else Score(0.0, "no gold section is cited")

    return score


def key_fact_recall() -> Scorer:
    """Share of the key facts that the answer's statements contain; a refusal contains none."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.key_facts:
            return NOT_SCORED
        said = _said(outcome.answer)
        lacking = [
            alternatives
            for alternatives in question.key_facts
            if not any(occurs_normalised(normalise(phrase), said) for phrase in alternatives)
        ]
        value = 1 - len(lacking) / len(question.key_facts)
        return Score(value, "lacks " + "; ".join(" / ".join(each) for each in lacking) if lacking else "")

    return score


def forbidden_absent() -> Scorer:
    """1 if nothing is said that must not be said, for questions that forbid something."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.forbidden:
            return NOT_SCORED
        said = _said(outcome.answer)
        found = [phrase for phrase in question.forbidden if occurs_normalised(normalise(phrase), said)]
        return Score(0.0, f"says {'; '.join(found)}") if found else Score(1.0)

    return score


def citation_validity(read: Callable[[str], Document]) -> Scorer:
    """1 if an answer that states something has no defect in its citations (`citations.defects`)."""

    def score(question: Question, outcome: Outcome) -> Score:
        found = defects(outcome.answer, read)
        if found:
            return Score(0.0, "; ".join(found))
        return Score(1.0) if outcome.answer.statements else NOT_SCORED

    return score


def coverage_match() -> Scorer:
    """1 if the coverage is the expected one; small talk has none."""

    def score(question: Question, outcome: Outcome) -> Score:
        if question.small_talk:
            return NOT_SCORED
        if outcome.answer.coverage is question.coverage:
            return Score(1.0)
        return Score(0.0, f"{outcome.answer.coverage}, expected {question.coverage}")

    return score


def wrong_refusal() -> Scorer:
    """1 (bad) if a question that the corpus answers, wholly or in part, is refused."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.answerable:
            return NOT_SCORED
        return Score(1.0, "refused") if _refused(outcome) else Score(0.0)

    return score


def right_refusal() -> Scorer:
    """1 if a question that the corpus does not answer is refused."""

    def score(question: Question, outcome: Outcome) -> Score:
        if question.answerable or question.small_talk:
            return NOT_SCORED
        return Score(1.0) if _refused(outcome) else Score(0.0, "not refused")

    return score


def partly_found() -> Scorer:
    """1 if a question of which the corpus answers a part is called partly covered."""

    def score(question: Question, outcome: Outcome) -> Score:
        if question.coverage is not Coverage.PARTLY:
            return NOT_SCORED
        return Score(float(outcome.answer.coverage is Coverage.PARTLY), str(outcome.answer.coverage))

    return score


def small_talk_reply() -> Scorer:
    """1 if small talk is taken for it and gets a reply that states and cites nothing."""

    def score(question: Question, outcome: Outcome) -> Score:
        if not question.small_talk:
            return NOT_SCORED
        answer = outcome.answer
        if answer.kind != "small_talk":
            return Score(0.0, f"taken for {answer.kind or 'a question'}")
        right = bool(answer.text.strip()) and not answer.statements and not answer.citations
        return Score(1.0) if right else Score(0.0, "the reply is empty or cites sources")

    return score


def _first_gold(question: Question, outcome: Outcome) -> int | None:
    for rank, hit in enumerate(outcome.hits, 1):
        section = Gold(path=hit.path, heading=last_heading(hit.heading_path, hit.title))
        if any(_same_section(gold, section) for gold in question.gold):
            return rank
    return None


def last_heading(heading_path: Sequence[str], title: str) -> str:
    """The heading of the section, which above a document's first heading is its title."""
    return heading_path[-1] if heading_path else title


def _same_section(one: Gold, other: Gold) -> bool:
    return (one.path, one.heading) == (other.path, other.heading)


def _said(answer: Answer) -> str:
    """What the answer states, without the tutor's own lines (a refusal's nearest topics are no facts)."""
    return normalise("\n".join(statement.text for statement in answer.statements))


def _refused(outcome: Outcome) -> bool:
    return outcome.answer.coverage is Coverage.NOT_COVERED
