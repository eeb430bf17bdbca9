"""Rolling origins: exact figures of plain models, and nothing known that was not yet known."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import forecast_table, panel_of
from seamline_platform.demand.job import ForecastRequest, run_job
from seamline_platform.demand.rolling import known_at, measure
from seamline_platform.demand.seasonal_naive import SeasonalNaive

LEVELS = (0.1, 0.5, 0.9)


def constant(value: float) -> Callable[[pa.Table, int, Sequence[float]], pa.Table]:
    """Return a model that always says `value`."""

    def answer(history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        panel = panel_of(history)
        values = np.full((len(panel.ids), horizon, len(quantiles)), value)
        return forecast_table(panel.ids, panel.next_day, quantiles, values)

    return answer


def test_figures_of_a_constant_are_those_of_a_hand_calculation(make_history: Callable) -> None:
    """Always 6 sold, always 8 foretold: loss (1 - tau) * 2, mean over the levels = 1."""
    found = measure(constant(8.0), make_history(np.full((3, 42), 6.0)), LEVELS)
    assert (found.origins, found.days, found.values) == (2, 14, 3 * 14)
    assert found.pinball == pytest.approx(1.0)
    assert found.coverage_80 == 0.0
    assert found.bias == pytest.approx(1 / 3, abs=1e-3)
    assert found.naive_pinball == 0.0
    assert found.skill == 0.0


def test_seasonal_naive_has_no_skill_against_itself(shop: pa.Table) -> None:
    found = measure(SeasonalNaive().forecast, shop, LEVELS)
    assert found.pinball == pytest.approx(found.naive_pinball)
    assert found.skill == pytest.approx(0.0)


def test_days_cut_by_stock_outs_do_not_count(make_history: Callable) -> None:
    y = np.full((2, 42), 6.0)
    out = np.zeros((2, 42))
    out[0, -14:] = 60.0
    history = make_history(y, stockout_min=out)
    assert measure(constant(6.0), history, LEVELS).values == 14
    out[1, -14:] = 60.0
    with pytest.raises(ValueError, match="cut short by stock-outs"):
        measure(constant(6.0), make_history(y, stockout_min=out), LEVELS)


def test_no_origin_sees_a_day_that_had_not_come(shop: pa.Table) -> None:
    seen: list[int] = []

    def looking(history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        seen.append(panel_of(history).next_day)
        return SeasonalNaive().forecast(history, horizon, quantiles)

    end = panel_of(shop).next_day
    measure(looking, shop, LEVELS, origins=3, days=5)
    assert seen == [end - 15, end - 10, end - 5]
    assert panel_of(known_at(shop, end - 5)).next_day == end - 5


def test_too_short_a_history_is_refused(make_history: Callable) -> None:
    with pytest.raises(ValueError, match="34 days of history are too few"):
        measure(constant(1.0), make_history(np.ones((1, 34))), LEVELS)
    with pytest.raises(ValueError, match="at least one origin"):
        measure(constant(1.0), make_history(np.ones((1, 60))), LEVELS, origins=0)


def test_an_answer_that_is_no_forecast_is_named(make_history: Callable) -> None:
    with pytest.raises(PluginError):
        measure(constant(np.nan), make_history(np.ones((1, 60))), LEVELS)


def test_a_job_brings_the_figures_along(shop: pa.Table) -> None:
    report = run_job(ForecastRequest("SeasonalNaive", shop, 7, LEVELS, origins=2), shop).report
    assert report.metrics is not None
    assert report.metrics.days == 14
    assert report.status == "ok"
    short = shop.filter(pa.compute.less(shop["ds"].cast(pa.int32()), 20_030))
    report = run_job(ForecastRequest("SeasonalNaive", short, 7, LEVELS, origins=2), short).report
    assert (report.metrics, report.status) == (None, "ok")
