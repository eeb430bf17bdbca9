"""Demand over the lead time: a forecaster's own sums where it has them, else its days added up."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.app.lead_demand import lead_demand
from seamline_platform.demand.frame import forecast_table, long_frame
from seamline_platform.demand.job import ForecastRequest, ForecastResult, run_job
from seamline_platform.demand.leadtime import lead_time_demand
from seamline_platform.demand.worker import run_worker

LEVELS = (0.1, 0.5, 0.9)
SUMMER = """
import numpy as np
from seamline_platform.demand.frame import panel_of
from seamline_platform.demand.seasonal_naive import SeasonalNaive

class Summer(SeasonalNaive):
    def cumulative(self, history, steps, quantiles):
        ids = panel_of(history).ids
        rows = [(i, s, q, 100.0 * q + s) for i in ids for s in steps for q in quantiles]
        return dict(zip(("unique_id", "steps", "quantile", "value"), zip(*rows)))
"""


@pytest.fixture
def history() -> pa.Table:
    days = np.arange(20_000, 20_042).astype("datetime64[D]")
    y = np.random.default_rng(1).poisson(6, 84).astype(float)
    return long_frame({"unique_id": ["a"] * 42 + ["b"] * 42, "ds": np.tile(days, 2), "y": y})


@pytest.fixture
def summer(tmp_path: Path) -> str:
    path = tmp_path / "summer.py"
    path.write_text(SUMMER)
    return f"{path}:Summer"


def sums(values: list[float], days: int = 6) -> pa.Table:
    rows = [(s, days, q, v) for s in "ab" for q, v in zip(LEVELS, values, strict=True)]
    return pa.table(dict(zip(("unique_id", "steps", "quantile", "value"), zip(*rows, strict=True),
                             strict=True)))  # fmt: skip


def result_of(history: pa.Table, own: pa.Table | None) -> ForecastResult:
    made = run_job(ForecastRequest("SeasonalNaive", history, 7, LEVELS), history)
    return ForecastResult(made.table, made.report, own)


def test_own_sums_come_through_the_worker(history: pa.Table, summer: str) -> None:
    request = ForecastRequest(summer, history, 7, LEVELS, steps=(3, 6))
    for result in (run_job(request, history), asyncio.run(run_worker(request))):
        assert result.sums is not None
        assert result.sums.to_pylist()[:2] == [
            {"unique_id": "a", "steps": 3, "quantile": 0.1, "value": 13.0},
            {"unique_id": "a", "steps": 3, "quantile": 0.5, "value": 53.0},
        ]
    plain = ForecastRequest("SeasonalNaive", history, 7, LEVELS, steps=(6,))
    assert run_job(plain, history).sums is None


def test_own_sums_are_what_is_ordered_for(history: pa.Table) -> None:
    result = result_of(history, sums([10.0, 30.0, 50.0]))
    found = lead_demand(result, result.table, 6, service=0.8)
    assert found.aggregation == "own sums"
    assert found.level == pytest.approx({"a": 45.0, "b": 45.0})
    assert found.mean["a"] == pytest.approx(30.0, abs=4.0)


@pytest.mark.parametrize(
    ("own", "service"),
    [
        (None, 0.9),
        (sums([10.0, 30.0, 50.0], days=5), 0.9),
        (sums([10.0, 30.0, 50.0]), 0.95),
        (sums([10.0, 30.0, 1e300]), 0.9),
        (sums([10.0, 30.0, float("nan")]), 0.9),
    ],
)
def test_without_sums_that_fit_the_days_are_added_up(
    history: pa.Table, own: pa.Table | None, service: float
) -> None:
    result = result_of(history, own)
    found = lead_demand(result, result.table, 6, service)
    added = lead_time_demand(result.table, 6, result.report.correlation)
    assert found.aggregation == "moments, gamma"
    assert found.level == added.quantile(service)
    assert found.mean == added.expected()


def test_a_correction_changes_own_sums_in_its_proportion(history: pa.Table) -> None:
    raw = forecast_table(["a", "b"], 20_042, LEVELS, np.full((2, 7, 3), [2.0, 4.0, 6.0]))
    twice = forecast_table(["a", "b"], 20_042, LEVELS, np.full((2, 7, 3), [4.0, 8.0, 12.0]))
    report = result_of(history, None).report
    before = lead_demand(ForecastResult(raw, report, sums([10.0, 30.0, 50.0])), raw, 6, 0.9)
    after = lead_demand(ForecastResult(twice, report, sums([10.0, 30.0, 50.0])), raw, 6, 0.9)
    assert after.mean["a"] == pytest.approx(2 * before.mean["a"])
    assert after.level["a"] == pytest.approx(2 * before.level["a"])


def test_the_night_names_how_days_were_added_up(make_plant: Callable, summer: str) -> None:
    plant = make_plant(model=summer, recalibrate=False)
    asyncio.run(plant.night())
    assert plant.column("SELECT aggregation FROM forecast_nights") == ["own sums"]
    plain = make_plant()
    asyncio.run(plain.night())
    assert plain.column("SELECT aggregation FROM forecast_nights") == ["moments, gamma"]
