"""Two rankings into one: bounds, order, and what a row in both is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.retrieval.fusion import blend, feedback, followed_by, rescore, with_neighbours


def rankings(low: float) -> st.SearchStrategy[list[tuple[int, float]]]:
    scores = st.dictionaries(st.integers(0, 30), st.floats(low, 50, allow_subnormal=False), max_size=12)
    return scores.map(lambda rows: sorted(rows.items(), key=lambda pair: (-pair[1], pair[0])))


DENSE, LEXICAL = rankings(-1), rankings(0.001)


@given(DENSE, LEXICAL, st.floats(0, 1))
def test_blended_scores_lie_between_nothing_and_one(
    dense: list[tuple[int, float]], lexical: list[tuple[int, float]], weight: float
) -> None:
    """Each row of either ranking is there once, best first, ties by row."""
    fused = blend(dense, lexical, weight)
    assert {row for row, _ in fused} == {row for row, _ in [*dense, *lexical]}
    assert len({row for row, _ in fused}) == len(fused)
    assert all(-1e-9 <= score <= 1 + 1e-9 for _, score in fused)
    assert fused == sorted(fused, key=lambda pair: (-pair[1], pair[0]))


@given(DENSE, LEXICAL)
def test_the_weights_ends_are_the_rankings_themselves(
    dense: list[tuple[int, float]], lexical: list[tuple[int, float]]
) -> None:
    """With weight 1 the dense order decides, with 0 the lexical."""
    by_dense, by_lexical = dict(blend(dense, lexical, 1.0)), dict(blend(dense, lexical, 0.0))
    for ranking, fused in ((dense, by_dense), (lexical, by_lexical)):
        scores = [fused[row] for row, _ in ranking]
        assert scores == sorted(scores, reverse=True)


@given(DENSE, LEXICAL, st.sampled_from([0.25, 2.0, 8.0]))
def test_the_unit_of_lexical_scores_does_not_matter(
    dense: list[tuple[int, float]], lexical: list[tuple[int, float]], unit: float
) -> None:
    """BM25 has no upper bound: only its share of the best counts."""
    scaled = [(row, score * unit) for row, score in lexical]
    assert dict(blend(dense, scaled)) == pytest.approx(dict(blend(dense, lexical)))


def test_the_best_of_both_scores_one() -> None:
    """A row that leads both rankings has the full score, whatever the raw scores are."""
    assert blend([(3, 0.4), (1, 0.1)], [(3, 17.0), (2, 1.7)], 0.4) == [
        (3, pytest.approx(1.0)),
        (2, pytest.approx(0.06)),
        (1, pytest.approx(0.0)),
    ]


def test_one_ranking_alone_keeps_its_order() -> None:
    """An empty leg takes nothing away; equal dense scores are all the best."""
    assert [row for row, _ in blend([(2, 0.9), (7, 0.5)], [])] == [2, 7]
    assert [row for row, _ in blend([], [(7, 3.0), (2, 1.0)])] == [7, 2]
    assert blend([(1, 0.5), (2, 0.5)], [], 0.4) == [(1, 0.4), (2, 0.4)]
    assert blend([], []) == []


def test_rows_are_ordered_by_the_weighted_sum_of_what_is_said_of_them() -> None:
    """A row that the lexical search did not find has none of that; the best BM25 counts 1."""
    found = rescore({1: 0.5, 2: 0.5}, {2: 8.0, 9: 4.0}, {1: 0.4, 2: 0.6})
    assert found == [
        (2, pytest.approx((0.5 * 0.5 + 0.3 * 1.0 + 0.6) / 2.2)),
        (1, pytest.approx((0.5 * 0.5 + 0.4) / 2.2)),
    ]
    assert rescore({}, {}, {}) == []


def test_what_is_like_the_best_moves_up_and_the_best_stays() -> None:
    """By its likeness, which is 1 for the best itself."""
    assert feedback([(7, 0.6), (3, 0.5), (5, 0.45)], {7: 1.0, 3: 0.1, 5: 0.9}) == [
        (7, pytest.approx(0.6 + 0.4 / 2.2)),
        (5, pytest.approx(0.45 + 0.36 / 2.2)),
        (3, pytest.approx(0.5 + 0.04 / 2.2)),
    ]


def test_good_neighbours_in_the_same_document_help() -> None:
    """By what they are above the last; another document's do not, and a lonely row loses nothing."""
    ranking = [(4, 0.5), (9, 0.4), (5, 0.3), (6, 0.2)]
    assert with_neighbours(ranking, {4: "a", 5: "a", 6: "b", 9: "b"}) == [
        (4, pytest.approx(0.5 + 0.2 * 0.1)),
        (9, pytest.approx(0.4)),
        (5, pytest.approx(0.3 + 0.2 * 0.3)),
        (6, pytest.approx(0.2)),
    ]
    assert with_neighbours([], {}) == []


def test_neighbours_do_not_push_the_first_from_its_place() -> None:
    """Nor a score above 1."""
    found = with_neighbours(
        [(1, 0.99), (6, 0.98), (5, 0.97), (7, 0.96), (2, 0.1)], dict.fromkeys(range(9), "a")
    )
    assert found[0] == (1, 1.0)
    assert [row for row, _ in found] == [1, 6, 5, 7, 2]
    assert all(score <= 1 for _, score in found)


def test_other_rows_follow_in_their_order_with_lower_scores() -> None:
    """Those that were chosen but not ordered anew are not lost."""
    found = followed_by([(2, 0.9), (1, 0.6)], [(1, 1.0), (8, 0.8), (2, 0.7), (9, 0.2)])
    assert [row for row, _ in found] == [2, 1, 8, 9]
    scores = [score for _, score in found]
    assert scores == sorted(scores, reverse=True)
    assert followed_by([], [(5, 0.9), (2, 0.3)]) == [(5, 1.0), (2, pytest.approx(1 / 3))]
