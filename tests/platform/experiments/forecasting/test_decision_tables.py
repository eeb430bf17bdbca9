"""Long tables of forecasts as arrays: any order in, series in their order out, holes named."""

import numpy as np
import pyarrow as pa
import pytest

from seamline_platform.experiments.forecasting.decisions.wide import wide


def test_a_long_table_in_any_order_becomes_an_array_in_the_order_of_its_series() -> None:
    table = pa.table(
        {
            "unique_id": ["b", "a", "x", "a", "b"],
            "steps": [1, 2, 1, 1, 2],
            "value": [3.0, 2.0, 9.0, 1.0, None],
        }
    )
    found = wide(table, ["b", "a"], ["steps"])
    assert found[0, 0] == 3.0
    assert np.isnan(found[0, 1])
    assert found[1].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("steps", [[1, 2, 1, 1], [1, 2, 1]])
def test_a_table_with_a_row_twice_or_missing_is_refused(steps: list[int]) -> None:
    table = pa.table(
        {
            "unique_id": ["a", "a", "b", "b"][: len(steps)],
            "steps": steps,
            "value": [1.0] * len(steps),
        }
    )
    with pytest.raises(ValueError, match="2 x 2 were expected"):
        wide(table, ["a", "b"], ["steps"])
