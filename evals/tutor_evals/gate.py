"""The gate: bounds that a metric must keep, in a file that is checked in beside the code it guards."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tutor.errors import EvalError
from tutor_evals.results import Results

STANDARD = Path(__file__).parent / "thresholds.yaml"


class Thresholds(BaseModel):
    """Bounds by metric: `min` for those of which more is better, `max` for the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: dict[str, float] = Field(default_factory=dict)
    max: dict[str, float] = Field(default_factory=dict)

    def bound(self, metric: str) -> str:
        """A metric's bound for a table, such as `≥ 0.90`; empty if it has none."""
        if metric in self.min:
            return f"≥ {self.min[metric]:.3f}"
        return f"≤ {self.max[metric]:.3f}" if metric in self.max else ""


def load_thresholds(path: Path = STANDARD) -> Thresholds:
    """Read a YAML file. Raises EvalError that names the file and the key."""
    try:
        return Thresholds.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise EvalError(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise EvalError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise EvalError(
            f"{path.name}: {place}: {first['msg']}", help="It holds `min` and `max`, by metric."
        ) from None


def gate(results: Results, thresholds: Thresholds) -> list[str]:
    """What does not hold, one line per metric. Raises EvalError for an unknown metric."""
    for metric in (*thresholds.min, *thresholds.max):
        if metric not in results.summary:
            raise EvalError(f"there is no metric {metric!r}", help=f"Known: {', '.join(results.summary)}.")
    return [failure for metric in results.summary if (failure := _failure(metric, results, thresholds))]


def _failure(metric: str, results: Results, thresholds: Thresholds) -> str:
    if not thresholds.bound(metric):
        return ""
    mean = results.summary[metric].mean
    if mean is None:
        return f"{metric} was not scored"
    if mean < thresholds.min.get(metric, mean) or mean > thresholds.max.get(metric, mean):
        return f"{metric} is {mean:.3f}, it must be {thresholds.bound(metric)}"
    return ""
