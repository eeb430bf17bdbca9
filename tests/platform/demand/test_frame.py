from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import forecast_table, grid_of, long_frame, panel_of
from seamline_platform.demand.frequency import Frequency

ROWS = [
    {"unique_id": "b", "ds": date(2026, 1, 1), "y": 2},
    {"unique_id": "b", "ds": date(2026, 1, 3), "y": 4},
    {"unique_id": "a", "ds": date(2026, 1, 2), "y": 1},
]


def test_a_day_without_a_row_is_a_day_without_sales_but_not_before_the_first_row() -> None:
    panel = panel_of(long_frame(ROWS))
    assert panel.ids == ("a", "b")
    assert panel.days == 3
    assert np.isnan(panel.y[0, 0])
    assert panel.y[0, 1:].tolist() == [1, 0]
    assert panel.y[1].tolist() == [2, 0, 4]


def test_rows_without_y_tell_prices_and_promotions_to_come() -> None:
    rows = [{**row, "promo": False, "price_fen": 9900} for row in ROWS]
    rows.append(
        {"unique_id": "a", "ds": date(2026, 1, 5), "y": None, "promo": True, "price_fen": 8000}
    )
    panel = panel_of(long_frame(rows))
    assert panel.days == 3
    assert panel.promo.shape == (2, 5)
    assert panel.promo[0, 4] == 1.0
    assert panel.price[0, 4] == 8000


@pytest.mark.parametrize(
    "ds", [["2026-01-01"], [date(2026, 1, 1)], np.array(["2026-01-01"], "M8[D]")]
)
def test_any_frame_that_arrow_can_read_is_taken(ds: object) -> None:
    table = long_frame({"unique_id": ["a"], "ds": ds, "y": [1]})
    assert table.schema.field("ds").type == pa.date32()
    assert long_frame(table).equals(table)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"unique_id": ["a"], "ds": ["2026-01-01"]}, "no column 'y'"),
        ({"unique_id": ["a"], "ds": ["soon"], "y": [1]}, "unique_id"),
        ({"unique_id": [None], "ds": ["2026-01-01"], "y": [1]}, "without unique_id"),
        (17, "int"),
    ],
)
def test_what_is_not_a_long_frame_is_refused_with_a_reason(data: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        long_frame(data)


def test_a_history_without_sales_rows_has_nothing_to_learn_from() -> None:
    with pytest.raises(ValueError, match="nothing to learn"):
        panel_of(
            long_frame(
                {"unique_id": ["a"], "ds": ["2026-01-01"], "y": pa.array([None], pa.float64())}
            )
        )


def test_demand_of_a_day_partly_out_of_stock_is_scaled_and_of_a_day_without_stock_unknown() -> None:
    frame = long_frame(
        {
            "unique_id": ["a"] * 3,
            "ds": ["2026-01-01", "2026-01-02", "2026-01-03"],
            "y": [6, 6, 0],
            "stockout_min": [0, 720, 1440],
        }
    )
    demand = panel_of(frame).demand()
    assert demand[0, :2].tolist() == [6, 12]
    assert np.isnan(demand[0, 2])


def test_a_forecast_table_reads_back_as_the_array_it_came_from() -> None:
    values = np.arange(12.0).reshape(2, 3, 2)
    grid = grid_of(forecast_table(["a", "b"], 20_000, [0.1, 0.9], values))
    assert grid.first_day == 20_000
    assert grid.quantiles == (0.1, 0.9)
    assert (grid.values == values).all()


def rows(ids: list[str], ds: object, y: object, **more: object) -> dict[str, object]:
    return {"unique_id": ids, "ds": ds, "y": y, **more}


def test_pandas_polars_and_rows_give_the_same_frame() -> None:
    data = rows(["b", "a"], [date(2026, 1, 5), date(2026, 1, 5)], [1.0, float("nan")])
    expected = long_frame(data)
    assert expected["y"].to_pylist() == [1.0, None]
    frame = pd.DataFrame(data).assign(ds=lambda d: pd.to_datetime(d["ds"]), shop="x")
    frame.index = [7, 3]
    table = long_frame(frame)
    assert table.column_names == [*expected.column_names, "shop"]
    assert table.drop_columns("shop").equals(expected)
    assert long_frame(pl.DataFrame(data)).equals(expected)
    assert long_frame(pa.table(data).to_pylist()).equals(expected)


def test_further_columns_are_covariates_or_static() -> None:
    table = rows(
        ["b", "b", "b", "a"], [1, 2, 3, 2], [5, 6, None, 1],
        heat=[20, 21, 22, None], fabric=pa.array(["silk", None, "silk", None]).dictionary_encode(),
    )  # fmt: skip
    panel = panel_of(table)
    assert (panel.ids, panel.freq, panel.start) == (("a", "b"), Frequency("int"), 1)
    assert (panel.periods, panel.next_period) == (2, 3)
    assert panel.covariates["heat"][1].tolist() == [20, 21, 22]
    assert np.isnan(panel.covariates["heat"][0]).all()
    assert panel.static == {"fabric": ("", "silk")}
    last = panel.tail(1)
    assert (last.start, last.next_period) == (2, 3)
    assert last.covariates["heat"][1].tolist() == [21, 22]
    assert last.static == panel.static


def test_an_empty_y_inside_the_history_is_unknown_and_a_missing_row_is_zero() -> None:
    panel = panel_of(rows(["a"] * 4, [1, 2, 3, 5], [4, None, 7, 2]))
    assert np.isnan(panel.y[0, 1])
    assert panel.y[0, [0, 2, 3, 4]].tolist() == [4, 7, 0, 2]


def test_rows_may_come_in_any_order() -> None:
    rng = np.random.default_rng(1)
    table = long_frame(rows(["b"] * 9 + ["a"] * 9, [*range(9)] * 2, rng.random(18)))
    mixed = table.take(pa.array(rng.permutation(18)))
    assert (panel_of(mixed).y == panel_of(table).y).all()


def test_two_rows_of_one_period_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'b' has two rows for 2026-01-03 \(1 such rows\)"):
        panel_of(long_frame([*ROWS, {**ROWS[1], "y": 9}]))


def test_series_of_different_frequencies_are_refused() -> None:
    days = [date.fromordinal(739_000 + i) for i in range(70)]
    weekly = rows(["d"] * 70 + ["w"] * 10, days + days[::7], [1] * 80)
    with pytest.raises(ValueError, match=r"Mixed frequency.*'w' has a row every 7"):
        panel_of(weekly)
    assert panel_of(weekly, Frequency("D")).periods == 70  # who names it knows it
    months = [date(2025, m, 1) for m in range(1, 11)]
    with pytest.raises(ValueError, match=r"Mixed frequency.*'m'"):
        panel_of(rows(["d"] * 70 + ["m"] * 10, days + months, [1] * 80))
    assert panel_of(rows(["d"] * 70 + ["rare"] * 3, days + days[::30], [1] * 73)).periods == 70


def test_hours_and_months_make_panels_too() -> None:
    hours = np.arange(np.datetime64("2026-01-01T22"), np.datetime64("2026-01-02T02")).astype(
        "M8[s]"
    )
    panel = panel_of(rows(["a"] * 4, hours, [1, 2, 3, 4], stockout_min=[0, 30, 60, 0]))
    assert panel.freq == Frequency("h")
    assert panel.demand()[0, :2].tolist() == [1, 4]
    assert np.isnan(panel.demand()[0, 2])
    panel = panel_of(rows(["a"] * 2, ["2026-01-01", "2026-03-01"], [1, 2]))
    assert (panel.freq.name, panel.y.tolist()) == ("MS", [[1, 0, 2]])


def test_a_million_series_make_a_panel() -> None:
    count = 1_000_000
    table = long_frame({
        "unique_id": pa.array(np.arange(count).astype(str)),
        "ds": pa.array(np.zeros(count, dtype=np.int64)),
        "y": pa.array(np.ones(count)),
    })  # fmt: skip
    assert panel_of(table).y.sum() == count


def test_what_would_not_fit_into_memory_is_refused_before() -> None:
    with pytest.raises(ValueError, match="more than 250,000,000 cells"):
        panel_of(rows(["a", "a"], [20_250_101, 420_250_102], [1, 2]))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (rows(["a"], [1], [float("inf")]), "infinite"),
        (rows(["a"], [1], [1], when=[date(2026, 1, 1)]), "column 'when' has type date32"),
        (rows(["a"], [1.5], [1]), "unique_id"),
        ("text", "a str cannot be turned"),
    ],
)
def test_other_bad_columns_are_refused(data: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        long_frame(data)


@pytest.mark.parametrize("freq", ["h", "D", "W", "MS", "QS", "YS", "int"])
def test_a_forecast_of_any_frequency_reads_back_from_any_frame(freq: str) -> None:
    values = np.arange(12.0).reshape(2, 3, 2)
    table = forecast_table(["a", "b"], 100, [0.1, 0.9], values, Frequency(freq))
    for made in (table, table.to_pandas(), pl.from_arrow(table), table.to_pydict()):
        grid = grid_of(made, Frequency(freq))
        assert (grid.start, grid.ids, grid.quantiles) == (100, ("a", "b"), (0.1, 0.9))
        assert (grid.values == values).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.slice(1), "has 11 rows"),
        (lambda t: pa.concat_tables([t.slice(1), t.slice(1, 1)]), "none for series 'a', period 1"),
        (lambda t: t.drop_columns("value"), "no column 'value'"),
        (lambda t: t.slice(0, 0), "empty"),
        (lambda t: 5, "int cannot be turned"),
    ],
)
def test_an_incomplete_forecast_is_refused_with_a_reason(
    change: Callable[[pa.Table], object], words: str
) -> None:
    table = forecast_table(["a", "b"], 20_000, [0.1, 0.9], np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match=words):
        grid_of(change(table))


def test_values_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(1 series, periods, 2 quantiles\)"):
        forecast_table(["a"], 1, [0.1, 0.9], np.ones((1, 3, 3)))
