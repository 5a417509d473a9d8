"""Which spans speak to a question, and how strongly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutor.answering.evidence import gather, has_figure
from tutor.answering.question import Figure, analyse
from tutor.answering.tutor import Tutor
from tutor.retrieval.search import Found
from tutor.retrieval.synonyms import term_cover


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Figure.DURATION, "It takes 6–8 months."),
        (Figure.DURATION, "after a year"),
        (Figure.DURATION, "10 hours a week"),
        (Figure.MONEY, "$165,000"),
        (Figure.MONEY, "₹6 lakh"),
        (Figure.MONEY, "700,000 dollars"),
        (Figure.MONEY, "120k"),
        (Figure.RATING, "rated 9.7/10"),
        (Figure.RATING, "4.5 stars"),
        (Figure.DATE, "published in 2025"),
        (Figure.DATE, "on 3 March"),
        (Figure.NUMBER, "three projects"),
    ],
)
def test_a_figure_is_seen(figure: Figure, text: str) -> None:
    """As digits or in words."""
    assert has_figure(figure, text)


@pytest.mark.parametrize(
    ("figure", "text"),
    [
        (Figure.DURATION, "It takes long."),
        (Figure.DURATION, "phase 2"),
        (Figure.MONEY, "6–8 months"),
        (Figure.MONEY, "a good salary"),
        (Figure.RATING, "a high rating"),
        (Figure.DATE, "$165,000"),
        (Figure.NUMBER, "several projects"),
    ],
)
def test_another_sort_of_figure_or_none_is_not_taken_for_it(figure: Figure, text: str) -> None:
    """A salary is no duration, a word without a number no figure."""
    assert not has_figure(figure, text)


def test_cover_is_the_weighted_share_of_what_is_wanted() -> None:
    """Heavier terms count for more; synonyms count as present; nothing wanted covers nothing."""
    weights = {"a": 3.0, "b": 1.0}
    assert term_cover(["a", "b"], frozenset("a"), weights.__getitem__) == 0.75
    assert term_cover(["a", "b"], frozenset("ab"), weights.__getitem__) == 1
    assert term_cover(["a"], frozenset(), weights.__getitem__) == 0
    assert term_cover([], frozenset("a"), weights.__getitem__) == 0
    assert term_cover(["ml"], frozenset({"machin", "learn"}), lambda _: 1.0) == 1


def test_candidates_are_the_spans_of_the_passages_best_first(
    small: Tutor, gathered: Callable[..., tuple]
) -> None:
    """Each is a slice of its document, within its passage."""
    _, found, candidates, generation = gathered(small, "How long does the northern roadmap take?")
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
    assert {c.passage.chunk_id for c in candidates} == {p.chunk_id for p in found.passages}
    for candidate in candidates:
        passage = candidate.passage
        text = generation.store.document(passage.document_id).text
        assert candidate.text == text[candidate.span.start : candidate.span.end]
        assert passage.start <= candidate.span.start < candidate.span.end <= passage.end
        assert 0 <= candidate.cover <= candidate.context_cover <= 1.0000001
    assert "6–8 months" in candidates[0].text


def test_no_passages_give_no_candidates(small: Tutor, gathered: Callable[..., tuple]) -> None:
    """An empty search is no error."""
    question, found, _, generation = gathered(small, "anything")
    assert gather(question, Found((), found.query_vector, ()), generation) == []


def test_a_sentence_that_defines_comes_before_one_that_mentions(
    make_tutor: Callable[..., Tutor], gathered: Callable[..., tuple]
) -> None:
    """The form that the question asks for decides between equals."""
    tutor = make_tutor({"a.md": "# Gizmos\n\nShops sell a gizmo. A gizmo is a small device.\n"})
    assert gathered(tutor, "What is a gizmo?")[2][0].text == "A gizmo is a small device."


def test_the_figure_that_is_asked_for_comes_first(
    make_tutor: Callable[..., Tutor], gathered: Callable[..., tuple]
) -> None:
    """A duration for how long, money for how much."""
    tutor = make_tutor(
        {
            "a.md": "# Gizmos\n\nThe gizmo course is fun. The gizmo course takes 3 weeks. The gizmo course costs $20.\n"
        }
    )
    assert "3 weeks" in gathered(tutor, "How long does the gizmo course take?")[2][0].text
    assert "$20" in gathered(tutor, "How much does the gizmo course cost?")[2][0].text


def test_analysis_and_candidates_agree_on_terms(small: Tutor, gathered: Callable[..., tuple]) -> None:
    """The question of a search is the one that was analysed."""
    question, *_ = gathered(small, "What is overfitting?")
    assert question == analyse("What is overfitting?")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("12–18 months", True),
        ("at 15–20 hours a week", True),
        ("half a year", True),
        ("It takes a year.", True),
        ("₹6–15 lakh a year", False),
        ("$150,000 per year", False),
    ],
)
def test_a_rate_of_pay_is_no_duration(text: str, holds: bool) -> None:
    """`15 lakh a year` says how much, not how long."""
    assert has_figure(Figure.DURATION, text) is holds
