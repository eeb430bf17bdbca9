"""Paired differences over seeds: intervals, Holm's correction, and what the seeds could show.

Two policies meet the same customers and breakdowns on one seed, so that they are compared seed by
seed: the interval is that of the mean difference (Law, *Simulation Modeling and Analysis*, 10.2).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from seamline_broker.errors import ExperimentError

LEVEL: Final = 0.95
POWER: Final = 0.80
EQUAL_SHARE: Final = 0.01
"""A difference of at most this share of the value that it starts from counts as equal."""
RESAMPLES: Final = 4_000

Verdict = Literal["more", "less", "equal", "not distinguishable"]
Method = Literal["t", "bootstrap"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval, in the unit of the values."""

    mean: float
    lo: float
    hi: float

    @property
    def has_zero(self) -> bool:
        """Return whether zero lies inside (its ends included)."""
        return self.lo <= 0 <= self.hi


@dataclass(frozen=True, slots=True)
class Difference:
    """What a step changes in one metric, over paired seeds."""

    interval: Interval
    p: float
    """Two-sided p of a paired t-test."""
    p_adjusted: float
    """The same, corrected over the family of metrics (Holm); equal to `p` for the primary one."""
    detectable: float
    """Smallest true difference that so many seeds show in four of five cases."""
    verdict: Verdict

    @property
    def distinguishable(self) -> bool:
        """Return whether the seeds tell the difference from nothing."""
        return self.p_adjusted < 1 - LEVEL and not self.interval.has_zero


def mean_interval(values: Sequence[float], method: Method = "t") -> Interval:
    """Return mean and 95 % interval of independent values, one per seed.

    `t` is Student's; `bootstrap` takes percentiles of resampled means, drawn with a fixed seed.

    Raises:
        ExperimentError: if there are fewer than two values, or one is not finite.
    """
    _check(values)
    mean = math.fsum(values) / len(values)
    if method == "bootstrap":
        return _bootstrap(values, mean)
    half = _t_quantile((1 + LEVEL) / 2, len(values) - 1) * _standard_error(values)
    return Interval(mean, mean - half, mean + half)


def p_value(differences: Sequence[float]) -> float:
    """Return the two-sided p of a paired t-test; 1 if nothing differs, 0 if all differ equally."""
    _check(differences)
    mean, error = math.fsum(differences) / len(differences), _standard_error(differences)
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    from scipy.special import stdtr

    return float(2 * stdtr(len(differences) - 1, -abs(mean) / error))


def detectable(differences: Sequence[float]) -> float:
    """Return the smallest true mean difference found with 80 % power: (t.975 + t.8) s / sqrt(n)."""
    _check(differences)
    degrees = len(differences) - 1
    quantiles = _t_quantile((1 + LEVEL) / 2, degrees) + _t_quantile(POWER, degrees)
    return quantiles * _standard_error(differences)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for how many there are (Holm 1979, step down)."""
    ranked = sorted(p_values, key=lambda name: (p_values[name], name))
    adjusted, highest = {}, 0.0
    for rank, name in enumerate(ranked):
        highest = max(highest, min(1.0, (len(ranked) - rank) * p_values[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def compare(
    start: Mapping[str, Sequence[float]],
    end: Mapping[str, Sequence[float]],
    primary: str,
    method: Method = "t",
) -> dict[str, Difference]:
    """Return `end` minus `start` for every metric; values are in the same order of seeds.

    The primary metric stands for itself. All others are one family, corrected after Holm.

    Raises:
        ExperimentError: if numbers of seeds differ, or are below two.
    """
    gaps: dict[str, list[float]] = {}
    for name, before in start.items():
        if len(before) != len(end[name]):
            raise ExperimentError(
                f"{name}: {len(before)} seeds on one side, {len(end[name])} on the other; "
                "a paired difference needs the same seeds on both."
            )
        gaps[name] = [b - a for a, b in zip(before, end[name], strict=True)]
    raw = {name: p_value(gap) for name, gap in gaps.items()}
    adjusted = holm({name: p for name, p in raw.items() if name != primary})
    return {
        name: _difference(gap, start[name], raw[name], adjusted.get(name, raw[name]), method)
        for name, gap in gaps.items()
    }


def _difference(
    gap: Sequence[float], start: Sequence[float], p: float, p_adjusted: float, method: Method
) -> Difference:
    interval = mean_interval(gap, method)
    margin = EQUAL_SHARE * abs(math.fsum(start) / len(start))
    plain = Difference(interval, p, p_adjusted, detectable(gap), "equal")
    within = -margin <= interval.lo and interval.hi <= margin
    verdict: Verdict = "more" if interval.mean > 0 else "less"
    if within or (plain.distinguishable and abs(interval.mean) <= margin):
        verdict = "equal"
    elif not plain.distinguishable:
        verdict = "not distinguishable"
    return Difference(interval, p, p_adjusted, plain.detectable, verdict)


def _check(values: Sequence[float]) -> None:
    if len(values) < 2:
        raise ExperimentError(f"An interval needs at least two seeds; there are {len(values)}.")
    wrong = [value for value in values if not math.isfinite(value)]
    if wrong:
        raise ExperimentError(f"A value of a run is {wrong[0]!r}; expected a finite number.")


def _standard_error(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    squares = math.fsum((value - mean) ** 2 for value in values)
    return math.sqrt(squares / (len(values) - 1) / len(values))


def _t_quantile(share: float, degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, share))


def _bootstrap(values: Sequence[float], mean: float) -> Interval:
    import numpy as np

    chosen = np.random.Generator(np.random.PCG64(0)).random((RESAMPLES, len(values)))
    means = np.asarray(values)[(chosen * len(values)).astype(np.int64)].mean(axis=1)
    lo, hi = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, float(lo), float(hi))
