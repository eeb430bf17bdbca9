"""Explanations: they add up, name what was planted, and ask models in the cheapest honest way."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import forecast_table, long_frame, panel_of
from seamline_platform.demand.insight.explain import (
    BUDGET,
    SLOW_BUDGET,
    TooSlowError,
    explain,
)
from seamline_platform.demand.insight.parts import COMPANY, Parts
from seamline_platform.demand.insight.worker import STAND_IN, Question, answer_here, ask_worker
from seamline_platform.demand.seasonal_naive import SeasonalNaive

MONDAY = date(2026, 1, 5)
DAYS = 84
A, B = "A-RED-M@east", "B-RED-M@east"


def _history(**changes: object) -> pa.Table:
    """Two flat series of 10 a day; `changes` are columns of A: name -> {day: value}."""
    rows = []
    for name in (A, B):
        for day in range(DAYS):
            row = {
                "unique_id": name, "ds": MONDAY + timedelta(day), "y": 10.0, "stockout_min": 0.0,
                "price_fen": 9_900.0, "promo": 0.0,
            }  # fmt: skip
            if name == A:
                for column, values in changes.items():
                    row[column] = values.get(day, row.get(column))  # type: ignore[attr-defined]
            rows.append(row)
    return long_frame(rows)


class MeanOfWeek:
    """The mean of the last seven corrected days, and 5 more on days after a promotion."""

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        panel = panel_of(history)
        level = np.nanmean(panel.demand()[:, -7:], axis=1)
        level = level + 5.0 * (np.nan_to_num(panel.promo[:, panel.periods - 1]) > 0)
        values = np.broadcast_to(level[:, None, None], (len(level), horizon, len(quantiles)))
        return forecast_table(panel.ids, panel.next_day, quantiles, values)


class Together(MeanOfWeek):
    """A model over all series: every forecast has a part of the mean of the others."""

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        panel = panel_of(history)
        level = np.nanmean(panel.demand()[:, -7:], axis=1)
        level = 0.5 * level + 0.5 * level.mean()
        values = np.broadcast_to(level[:, None, None], (len(level), horizon, len(quantiles)))
        return forecast_table(panel.ids, panel.next_day, quantiles, values)


class Fitted(Together):
    """The same, with the others' part learned beforehand."""

    def __init__(self) -> None:
        self.fits = 0
        self.asked: list[int] = []

    def fit(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> None:
        self.fits += 1
        self.mean = float(np.nanmean(panel_of(history).demand()))

    def forecast(self, history: pa.Table, horizon: int, quantiles: Sequence[float]) -> pa.Table:
        panel = panel_of(history)
        self.asked.append(len(panel.ids))
        level = 0.5 * np.nanmean(panel.demand()[:, -7:], axis=1) + 0.5 * self.mean
        values = np.broadcast_to(level[:, None, None], (len(level), horizon, len(quantiles)))
        return forecast_table(panel.ids, panel.next_day, quantiles, values)


def test_a_week_that_sold_double_is_named_to_the_piece() -> None:
    """By hand: 10 a day before, 20 in the last week: reference 10, the last week brings 10."""
    history = _history(y=dict.fromkeys(range(DAYS - 7, DAYS), 20.0))
    (found,) = explain(MeanOfWeek(), history, [A], 3)
    assert found.exact
    assert found.forecast == pytest.approx([20.0] * 3)
    week = found.contributions["last_week"]
    assert week == pytest.approx(found.forecast - found.reference, abs=0.35)
    assert found.contributions["weeks_2_to_4"] == pytest.approx([0.0] * 3)
    assert set(found.contributions) == {"last_week", "weeks_2_to_4", "weekday"}


def test_stock_outs_and_promotions_are_named_when_they_matter() -> None:
    """By hand: the last day sold 5 in half a day (as good as 10) and was on promotion (+5)."""
    last = DAYS - 1
    history = _history(y={last: 5.0}, stockout_min={last: 720.0}, promo={last: 1.0})
    (found,) = explain(MeanOfWeek(), history, [A], 1)
    assert found.forecast == pytest.approx([15.0])
    assert found.contributions["promotion"] == pytest.approx([5.0])
    # Without word of the stock-out, a real last week would be 65 / 7; an ordinary one stays 10.
    assert found.contributions["stockouts"][0] == pytest.approx((10 - 65 / 7) / 2, abs=0.02)


@pytest.mark.parametrize("model", [SeasonalNaive(), MeanOfWeek(), Together(), Fitted()])
def test_reference_and_parts_sum_to_the_forecast(model: object) -> None:
    rng = np.random.default_rng(3)
    history = _history(
        y={d: float(v) for d, v in enumerate(rng.poisson(12, DAYS))},
        stockout_min=dict.fromkeys(range(60, 66), 400.0),
        price_fen=dict.fromkeys(range(70, 84), 7_900.0),
    )
    for found in explain(model, history, [A, B], 14):  # type: ignore[arg-type]
        assert found.gap() < 1e-9
        assert found.forecast.shape == (14,)
        assert found.first_day == (MONDAY + timedelta(DAYS) - date(1970, 1, 1)).days


def test_the_forecast_explained_is_the_models_own() -> None:
    history = _history(y={d: float(d % 9) for d in range(DAYS)})
    (found,) = explain(SeasonalNaive(), history, [A], 14)
    table = SeasonalNaive().forecast(history, 14, [0.5])
    own = [r["value"] for r in table.to_pylist() if r["unique_id"] == A]
    assert found.forecast == pytest.approx(own)


def test_a_model_over_all_series_is_asked_with_all_and_less_often() -> None:
    history = _history(
        y=dict.fromkeys(range(DAYS - 7, DAYS), 20.0),
        stockout_min={40: 60.0}, price_fen={40: 1.0}, promo={40: 1.0},
    )  # fmt: skip
    (found,) = explain(Together(), history, [A], 1)
    assert not found.exact
    assert found.evaluations <= SLOW_BUDGET
    assert found.forecast[0] == pytest.approx(0.5 * 20 + 0.5 * 15)
    model = Fitted()
    (fitted,) = explain(model, history, [A], 1)
    assert fitted.exact
    assert fitted.evaluations == BUDGET
    assert model.fits == 1
    assert set(model.asked) == {1}


def test_further_columns_and_attributes_are_parts_of_their_own() -> None:
    rows = _history().to_pylist()
    for row in rows:
        row["festival"] = float(row["ds"] >= MONDAY + timedelta(80))
        row["fabric"] = "denim"
    parts = Parts(long_frame(rows), [A])
    assert parts.names == ("last_week", "weeks_2_to_4", "weekday", "attributes", "festival")
    table = parts.table([True, True, True, False, False])
    assert set(table["fabric"].to_pylist()) == {None}
    assert set(table["festival"].to_pylist()) == {0.0}
    assert parts.table([True] * 5).select(["y", "fabric"]).to_pylist()[0] == {
        "y": 10.0,
        "fabric": "denim",
    }
    with pytest.raises(ValueError, match="1 flags"):
        parts.table([True])


def test_days_ahead_keep_their_price_and_promotion() -> None:
    ahead = [
        {"unique_id": A, "ds": MONDAY + timedelta(DAYS + d), "y": None, "price_fen": 7_900.0,
         "promo": 1.0, "stockout_min": None}
        for d in range(7)
    ]  # fmt: skip
    parts = Parts(long_frame(_history().to_pylist() + ahead), [A])
    assert parts.names[3:] == ("price", "promotion")
    there, gone = parts.table([True] * 5).to_pylist(), parts.table([False] * 5).to_pylist()
    assert len(there) == len(gone) == DAYS + 7
    assert {row["price_fen"] for row in there[DAYS:]} == {7_900.0}
    assert {row["price_fen"] for row in gone} == {9_900.0}
    assert {row["promo"] for row in gone} == {0.0}
    assert {row["y"] for row in gone[DAYS:]} == {None}


def test_what_cannot_be_explained_is_refused_in_words() -> None:
    history = _history()
    with pytest.raises(ValueError, match=r"no history of \['Z'\]"):
        explain(SeasonalNaive(), history, ["Z"])
    weekly = history.set_column(1, "ds", pa.array(range(len(history)), pa.int64()))
    with pytest.raises(ValueError, match="daily"):
        explain(SeasonalNaive(), weekly, [A])
    with pytest.raises(ValueError, match="less than one day"):
        Question("seasonal_naive", A, 0)


def test_the_worker_process_gives_the_same_answer() -> None:
    history = _history(y=dict.fromkeys(range(DAYS - 7, DAYS), 20.0))
    question = Question("seasonal_naive", A, 7)
    here, there = answer_here(question, history), ask_worker(question, history)
    assert there.contributions == here.contributions
    assert there.forecast == here.forecast
    assert there.exact


def test_a_worker_that_fails_or_takes_too_long_is_told() -> None:
    history = _history()
    with pytest.raises(PluginError, match="Nothing named"):
        ask_worker(Question("nobody_knows_it", A, 7), history)
    with pytest.raises(PluginError, match=r"longer than 0\.01 s"):
        ask_worker(Question("seasonal_naive", A, 7), history, timeout_s=0.01)


def test_company_is_of_the_same_style_first_and_never_much() -> None:
    names = [f"S{n:03d}-{colour}-M@east" for n in range(90) for colour in ("RED", "BLU")]
    rows = [
        {"unique_id": name, "ds": MONDAY + timedelta(day), "y": 1.0}
        for name in names for day in range(3)
    ]  # fmt: skip
    parts = Parts(long_frame(rows), ["S004-RED-M@east"])
    there = set(parts.table([True] * 3, company=True)["unique_id"].to_pylist())
    assert "S004-BLU-M@east" in there
    assert 40 < len(there) <= COMPANY + 1
    assert set(parts.table([True] * 3)["unique_id"].to_pylist()) == {"S004-RED-M@east"}


def test_a_model_that_is_too_slow_is_answered_for_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = _history(y={d: float(5 + d % 4) for d in range(DAYS)})
    with pytest.raises(TooSlowError, match="Together learns anew"):
        explain(Together(), history, [A], 7, patience_s=0.0)
    loaded: list[str] = []

    def load(name: str, **_: object) -> object:
        loaded.append(name)
        return Together() if name == "slow.py:Slow" else SeasonalNaive()

    monkeypatch.setattr("seamline_platform.demand.insight.worker.load_forecaster", load)
    monkeypatch.setattr("seamline_platform.demand.insight.worker.PATIENCE_S", 0.0)
    answer = answer_here(Question("slow.py:Slow", A, 7), history)
    assert loaded == ["slow.py:Slow", STAND_IN]
    assert answer.asked == STAND_IN
    assert answer.exact
    assert answer_here(Question("slow.py:Slow", A, 7, slow=True), history).asked == STAND_IN
    assert loaded[2:] == [STAND_IN]  # the slow one is not even made again
    assert answer_here(Question("seasonal_naive", A, 7), history).asked == "seasonal_naive"
