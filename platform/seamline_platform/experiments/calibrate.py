"""Fits of plant behaviour to team-days: style-change ramp, persistence, reports, WIP, idle time.

Least squares in numpy; everything takes values and returns values.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.experiments.calibrate_data import Floats, Ints, Runs, TeamDays

SHIFT_MIN: Final = 480.0
AT_TARGET: Final = 0.005
"""A report this close to the target counts as the target itself."""
WIP_OUTLIER: Final = 5_000.0
INCENTIVE_BANDS: Final = ((0.0, 0.0), (1.0, 30.0), (31.0, 50.0), (51.0, 70.0), (71.0, np.inf))


@dataclass(frozen=True, slots=True)
class Ramp:
    """`eta(d) = eta_end - (eta_end - eta_start) exp(-d / tau_d)`, with standard errors."""

    eta_start: float
    eta_end: float
    tau_d: float
    se_start: float
    se_end: float
    se_tau_d: float
    residual_sd: float
    rows: int


@dataclass(frozen=True, slots=True)
class Reporting:
    """Shares of rows whose report lies at, below and above the target."""

    at: float
    below: float
    above: float


@dataclass(frozen=True, slots=True)
class WorkInProgress:
    """WIP of sewing teams; `per_day_of_output` and `per_worker` are medians of ratios."""

    per_day_of_output: float
    per_worker: float
    log_median: float
    log_sd: float
    rows: int


@dataclass(frozen=True, slots=True)
class Idle:
    """Team-days with idle workers."""

    rows: int
    of: int
    by_style_changes: tuple[float, ...]
    """Share of team-days with idle workers, at 0, 1 and 2 style changes."""
    productivity: float


@dataclass(frozen=True, slots=True)
class Finishing:
    """Finishing teams."""

    workers: float
    productivity: float
    sd: float
    at_target: float


def fit_ramp(day: Ints, eta: Floats) -> Ramp:
    """Fit the ramp after a style change by least squares.

    For a given tau the model is linear in the other two, so that one number is searched: a grid,
    then golden section. Standard errors are those of the linearised model.

    Raises:
        ValueError: if there are fewer than four rows or fewer than three distinct days.
    """
    if len(day) < 4 or len(np.unique(day)) < 3:
        raise ValueError("a ramp needs four rows on at least three distinct days")
    d = day.astype(np.float64)
    grid = np.geomspace(0.2, 30.0, 60)
    best = int(np.argmin([_linear(d, eta, tau)[0] for tau in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, 59)])
    golden = (5**0.5 - 1) / 2
    while high - low > 1e-7:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _linear(d, eta, left)[0] < _linear(d, eta, right)[0]:
            high = right
        else:
            low = left
    tau = (low + high) / 2
    sse, end, gain = _linear(d, eta, tau)
    decay = np.exp(-d / tau)
    jacobian = np.stack([decay, 1 - decay, -gain * decay * d / tau**2], axis=1)
    variance = sse / (len(d) - 3)
    errors = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian)) * variance)
    return Ramp(
        eta_start=float(end - gain),
        eta_end=float(end),
        tau_d=tau,
        se_start=float(errors[0]),
        se_end=float(errors[1]),
        se_tau_d=float(errors[2]),
        residual_sd=float(variance**0.5),
        rows=len(d),
    )


def _linear(d: Floats, eta: Floats, tau: float) -> tuple[float, float, float]:
    design = np.stack([np.ones_like(d), -np.exp(-d / tau)], axis=1)
    solution = np.linalg.lstsq(design, eta, rcond=None)[0]
    return float(((eta - design @ solution) ** 2).sum()), float(solution[0]), float(solution[1])


def changeover_loss_d(ramp: Ramp) -> float:
    """Return line-days lost by one style change: the area above the ramp over its end."""
    return (ramp.eta_end - ramp.eta_start) * ramp.tau_d / ramp.eta_end


def persistence(sewing: TeamDays) -> float:
    """Return the day-to-day correlation of productivity, the mean over teams."""
    values = []
    for team in np.unique(sewing.team):
        series = sewing.actual[sewing.team == team]
        values.append(float(np.corrcoef(series[:-1], series[1:])[0, 1]))
    return float(np.mean(values))


def reporting(rows: TeamDays) -> Reporting:
    """Return how reports sit around the target."""
    off = rows.actual - rows.target
    at = np.abs(off) <= AT_TARGET
    return Reporting(
        float(at.mean()), float((off < -AT_TARGET).mean()), float((off > AT_TARGET).mean())
    )


def output_pieces(rows: TeamDays) -> Floats:
    """Return implied pieces per team and day: productivity x minutes present / SMV."""
    return rows.actual * (SHIFT_MIN * rows.workers + rows.overtime_min) / rows.smv_min


def work_in_progress(sewing: TeamDays) -> WorkInProgress:
    """Return WIP against output and workers; logarithms of pieces for a lognormal."""
    kept = sewing.wip < WIP_OUTLIER
    log = np.log(sewing.wip[kept])
    return WorkInProgress(
        per_day_of_output=float(np.median((sewing.wip / output_pieces(sewing))[kept])),
        per_worker=float(np.median((sewing.wip / sewing.workers)[kept])),
        log_median=float(np.exp(log.mean())),
        log_sd=float(log.std(ddof=1)),
        rows=int(kept.sum()),
    )


def idle(sewing: TeamDays) -> Idle:
    """Return how often workers stood idle, and what productivity was then."""
    idle_rows = sewing.idle_men > 0
    shares = tuple(float(idle_rows[sewing.style_changes == n].mean()) for n in (0, 1, 2))
    return Idle(
        int(idle_rows.sum()), len(idle_rows), shares, float(sewing.actual[idle_rows].mean())
    )


def incentive_means(sewing: TeamDays) -> tuple[float, ...]:
    """Return mean productivity by incentive band (paid afterwards: no cause)."""
    return tuple(
        float(sewing.actual[(sewing.incentive >= low) & (sewing.incentive <= high)].mean())
        for low, high in INCENTIVE_BANDS
    )


def finishing_teams(rows: TeamDays) -> Finishing:
    """Return size and productivity of finishing teams."""
    return Finishing(
        float(np.median(rows.workers)),
        float(np.median(rows.actual)),
        float(rows.actual.std(ddof=1)),
        reporting(rows).at,
    )


def ramp_of(sewing: TeamDays, runs: Runs) -> Ramp:
    """Fit the ramp to the runs whose start the table shows."""
    return fit_ramp(runs.day[runs.start_seen], sewing.actual[runs.start_seen])
