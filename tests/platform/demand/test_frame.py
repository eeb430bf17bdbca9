from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.demand.frame import forecast_table, grid_of, long_frame, panel_of

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
