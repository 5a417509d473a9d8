import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_evals.metrics import Estimate, estimate


def test_unscored_is_not_zero():
    """None does not enter the mean."""
    assert estimate([1.0, None, 0.0, None]).mean == 0.5
    assert estimate([1.0, None, 0.0, None]).n == 2


def test_nothing_scored_has_no_mean():
    """Without a single score there is no estimate."""
    assert estimate([None, None]) == Estimate(mean=None, stderr=None, low=None, high=None, n=0)


def test_standard_error_is_that_of_the_sample():
    """The standard error is the sample's standard deviation over the root of n."""
    assert estimate([0.0, 1.0, 0.0, 1.0]).stderr == pytest.approx((1 / 3) ** 0.5 / 2, abs=1e-6)


def test_one_value_is_its_own_interval():
    """A single score has no spread."""
    assert estimate([0.25]) == Estimate(mean=0.25, stderr=0, low=0.25, high=0.25, n=1)


def test_estimates_repeat_to_the_digit():
    """The same values and seed give the same interval, another seed may not."""
    values = [n % 3 / 2 for n in range(50)]
    assert estimate(values) == estimate(values)
    assert estimate(values, seed=1).mean == estimate(values).mean


def test_interval_has_the_textbook_width():
    """For many coin tosses the interval is about 1.96 standard errors to either side."""
    half = estimate([0.0, 1.0] * 200)
    assert half.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.006)
    assert half.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.006)


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=30))
def test_interval_lies_around_within_the_values(values):
    """The interval lies within the range of the scores."""
    result = estimate(values, resamples=50)
    scored = [value for value in values if value is not None]
    if scored:
        assert min(scored) - 1e-6 <= result.low <= result.high <= max(scored) + 1e-6
