"""What the data say, beside what was published and what the calibration file holds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from seamline_platform.experiments import calibrate as fits
from seamline_platform.experiments.calibrate_data import read_team_days, style_runs

_IN_USE: Final = {
    "eta_end": ("style_change.eta_end_permille", 1000),
    "eta_start": ("style_change.eta_start_permille", 1000),
    "tau_d": ("style_change.tau_mdays", 1000),
    "reports_at_target": ("reporting.at_target_permille", 1000),
}
"""Our figure, and by what its whole number is divided to compare it with the fit."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One figure: fitted now, published (with the tolerance of its rounding), and in use."""

    name: str
    unit: str
    fitted: float
    se: float | None
    published: float
    tolerance: float
    in_use: float | None

    @property
    def agrees(self) -> bool:
        """Return whether the fit is the published figure within its tolerance."""
        return abs(self.fitted - self.published) <= self.tolerance

    @property
    def in_use_agrees(self) -> bool | None:
        """Return whether the file's figure is within two standard errors (or 2 %) of the fit."""
        if self.in_use is None:
            return None
        return abs(self.in_use - self.fitted) <= (2 * self.se if self.se else 0.02 * self.fitted)

    def document(self) -> dict[str, Any]:
        """Return the figure as a JSON object."""
        return {
            "figure": self.name,
            "unit": self.unit,
            "fitted": round(self.fitted, 4),
            "se": None if self.se is None else round(self.se, 4),
            "published": self.published,
            "agrees": self.agrees,
            "in_use": self.in_use,
            "in_use_agrees": self.in_use_agrees,
        }


def calibration_file() -> Mapping[str, Mapping[str, Any]]:
    """Return the calibration that the world uses: value, unit, source and grade by figure."""
    file = resources.files("seamline_sim") / "data" / "calibration.toml"
    sections = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": entry
        for section, table in sections.items()
        for name, entry in table.items()
    }


def compare(data: Path) -> list[Fit]:
    """Fit what can be fitted from the team-days below `data`.

    Raises:
        ConfigError: if the table is missing or not as expected.
    """
    sewing, finishing = read_team_days(data)
    runs = style_runs(sewing)
    ramp = fits.ramp_of(sewing, runs)
    report = fits.reporting(sewing)
    wip = fits.work_in_progress(sewing)
    idle = fits.idle(sewing)
    finish = fits.finishing_teams(finishing)
    rows: list[tuple[str, str, float, float | None, float, float]] = [
        ("eta_end", "efficiency", ramp.eta_end, ramp.se_end, 0.798, 0.001),
        ("eta_start", "efficiency", ramp.eta_start, ramp.se_start, 0.567, 0.001),
        ("tau_d", "working days", ramp.tau_d, ramp.se_tau_d, 2.61, 0.01),
        ("ramp_residual_sd", "efficiency", ramp.residual_sd, None, 0.134, 0.001),
        ("changeover_loss", "line-days", fits.changeover_loss_d(ramp), None, 0.75, 0.01),
        ("style_runs", "runs", float(len(runs.lengths)), None, 116, 0),
        ("style_run_mean", "working days", float(runs.lengths.mean()), None, 6.0, 0.05),
        ("style_run_median", "working days", float(np.median(runs.lengths)), None, 3, 0),
        ("persistence", "correlation", fits.persistence(sewing), None, 0.67, 0.005),
        ("reports_at_target", "share", report.at, None, 0.588, 0.0006),
        ("reports_below_target", "share", report.below, None, 0.146, 0.0006),
        ("reports_above_target", "share", report.above, None, 0.266, 0.0006),
        ("wip_in_output", "days of output", wip.per_day_of_output, None, 0.98, 0.005),
        ("wip_per_worker", "pieces", wip.per_worker, None, 20, 0.5),
        ("wip_log_median", "pieces", wip.log_median, None, 891, 0.5),
        ("wip_log_sd", "log", wip.log_sd, None, 0.65, 0.005),
        ("output", "pieces/team/day", float(fits.output_pieces(sewing).mean()), None, 1050, 0.5),
        ("idle_events", f"of {idle.of} team-days", float(idle.rows), None, 18, 0),
        ("idle_productivity", "efficiency", idle.productivity, None, 0.49, 0.005),
        ("finishing_workers", "people", finish.workers, None, 8, 0),
        ("finishing_median", "efficiency", finish.productivity, None, 0.806, 0.0006),
        ("finishing_sd", "efficiency", finish.sd, None, 0.197, 0.0006),
        ("finishing_at_target", "share", finish.at_target, None, 0.016, 0.0006),
    ]
    rows += [
        (f"idle_at_{n}_changes", "share", share, None, published, 0.0006)
        for n, (share, published) in enumerate(
            zip(idle.by_style_changes, (0.017, 0.053, 0.091), strict=True)
        )
    ]
    rows += [
        (f"incentive_band_{n}", "efficiency", mean, None, published, 0.0006)
        for n, (mean, published) in enumerate(
            zip(fits.incentive_means(sewing), (0.526, 0.590, 0.750, 0.803, 0.915), strict=True)
        )
    ]
    file = calibration_file()
    return [Fit(*row, in_use=_in_use(file, row[0])) for row in rows]


def _in_use(file: Mapping[str, Mapping[str, Any]], name: str) -> float | None:
    key, scale = _IN_USE.get(name, ("", 1))
    entry = file.get(key)
    return None if entry is None else float(entry["value"]) / scale
