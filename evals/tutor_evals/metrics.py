"""Metrics fold the scores of many questions into one estimate with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

RESAMPLES = 2000
DIGITS = 6  # what is written; beyond it, builds of numpy may differ


class Estimate(BaseModel):
    """A mean, its standard error and its 95 % interval; all None where nothing was scored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float | None
    stderr: float | None = Field(description="Sample standard deviation over the square root of n.")
    low: float | None = Field(description="Lower end of the 95 % percentile bootstrap interval of the mean.")
    high: float | None
    n: int = Field(ge=0, description="Questions that were scored; those without a score do not count.")


def estimate(values: Iterable[float | None], *, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """Mean, standard error and percentile bootstrap interval (Efron 1979) of the values that are not None.

    Equal values and an equal seed give equal estimates.
    """
    scored = np.array([value for value in values if value is not None], dtype=float)
    n = int(scored.size)
    if n == 0:
        return Estimate(mean=None, stderr=None, low=None, high=None, n=0)
    draws = np.random.default_rng(seed).integers(0, n, size=(resamples, n))
    low, high = np.percentile(scored[draws].mean(axis=1), [2.5, 97.5])
    stderr = scored.std(ddof=1) / np.sqrt(n) if n > 1 else 0.0
    return Estimate(
        mean=_round(scored.mean()), stderr=_round(stderr), low=_round(low), high=_round(high), n=n
    )


def _round(value: float | np.floating) -> float:
    return round(float(value), DIGITS)
