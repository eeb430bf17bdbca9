"""Fits: published figures from the real table, exact values from made ones, honest entries."""

from pathlib import Path

import numpy as np
import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.calibrate import fit_ramp
from seamline_platform.experiments.calibrate_data import FILE, TeamDays, style_runs
from seamline_platform.experiments.calibrate_report import calibration_file, compare

DATA = Path(__file__).resolve().parents[4] / "shared/data"
present = pytest.mark.skipif(
    not (DATA / FILE).exists(), reason=f"the real team-days are not here: {FILE}"
)


@present
def test_every_published_figure_comes_out_again() -> None:
    fits = compare(DATA)
    assert len(fits) > 25
    assert [fit.name for fit in fits if not fit.agrees] == []
    ramp = {fit.name: fit for fit in fits}
    assert ramp["eta_end"].se == pytest.approx(0.010, abs=0.0006)
    assert ramp["eta_start"].se == pytest.approx(0.012, abs=0.0006)
    assert ramp["tau_d"].se == pytest.approx(0.42, abs=0.006)


@present
def test_the_calibration_in_use_is_what_the_data_say() -> None:
    in_use = [fit for fit in compare(DATA) if fit.in_use is not None]
    assert {"eta_end", "eta_start", "tau_d"} <= {fit.name for fit in in_use}
    assert [fit.name for fit in in_use if not fit.in_use_agrees] == []


def test_a_ramp_without_noise_is_found_exactly() -> None:
    day = np.tile(np.arange(12), 3)
    ramp = fit_ramp(day, 0.8 - 0.25 * np.exp(-day / 3.0))
    assert (ramp.eta_start, ramp.eta_end, ramp.tau_d) == pytest.approx((0.55, 0.8, 3.0), abs=1e-5)
    assert ramp.residual_sd < 1e-6


def test_a_ramp_of_two_days_is_refused() -> None:
    with pytest.raises(ValueError, match="three distinct days"):
        fit_ramp(np.array([0, 1, 0, 1]), np.array([0.5, 0.6, 0.5, 0.6]))


def test_a_run_begins_where_the_smv_changes_and_a_teams_first_run_has_no_seen_start() -> None:
    none = np.zeros(6)
    rows = TeamDays(
        np.array([1, 1, 1, 2, 2, 2]), none, none, np.array([5.0, 5, 7, 7, 7, 7]), none, none, none,
        none, none, none.astype(np.int64), none,
    )  # fmt: skip
    runs = style_runs(rows)
    assert runs.day.tolist() == [0, 1, 0, 0, 1, 2]
    assert runs.start_seen.tolist() == [False, False, True, False, False, False]
    assert runs.lengths.tolist() == [2, 1, 3]


def test_missing_data_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"UCI Machine Learning Repository.*--data"):
        compare(tmp_path)


def test_a_wrong_value_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.parent.mkdir()
    head = (
        "date,quarter,department,day,team,targeted_productivity,smv,wip,over_time,incentive,"
        "idle_time,idle_men,no_of_style_change,no_of_workers,actual_productivity\n"
    )
    file.write_text(head + "1/1/2015,Q1,sweing,Thursday,8,0.8,many,1,1,1,1,1,1,1,0.9\n")
    with pytest.raises(ConfigError, match=r"line 2.*many"):
        compare(tmp_path)
    file.write_text("date,department\n")
    with pytest.raises(ConfigError, match="no column 'team'"):
        compare(tmp_path)


def test_every_figure_of_the_world_has_value_unit_source_and_grade() -> None:
    figures = calibration_file()
    assert len(figures) > 60
    for name, entry in figures.items():
        value = entry["value"]
        numbers = value if isinstance(value, list) else [value]
        assert numbers, name
        assert all(type(n) is int for n in numbers), name
        assert entry["unit"].strip(), f"{name} has no unit"
        assert entry["source"].strip(), f"{name} has no source"
        assert entry["grade"] in {"measured", "cited", "estimate"}, name
        assert set(entry) == {"value", "unit", "source", "grade"}, name
