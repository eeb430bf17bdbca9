"""Whatever a model does, the night ends with orders reckoned from numbers."""

import asyncio
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.errors import PluginError
from seamline_platform.app import nightly
from seamline_platform.app.nightly import check_numbers
from seamline_platform.planning.replenish import replenish

HOSTILE = """
import numpy as np
import pyarrow as pa
from seamline_platform.demand.frame import forecast_table, panel_of

class Hostile:
    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        given = np.load({values!r})
        values = np.resize(given, (len(panel.ids), horizon, len(quantiles)))
        return forecast_table(panel.ids, panel.next_day, quantiles, values)

class Sorted(Hostile):
    def forecast(self, history, horizon, quantiles):
        panel = panel_of(history)
        given = np.sort(np.load({values!r}))
        values = np.broadcast_to(given, (len(panel.ids), horizon, len(quantiles)))
        return forecast_table(panel.ids, panel.next_day, quantiles, values)

class Few(Hostile):
    def forecast(self, *args):
        return super().forecast(*args).slice(7)

class Twice(Hostile):
    def forecast(self, *args):
        table = super().forecast(*args)
        return pa.concat_tables([table, table])

class Nothing:
    def forecast(self, *args):
        return None

class Raises:
    def forecast(self, *args):
        raise MemoryError("too much")

class FitRaises(Hostile):
    def fit(self, *args):
        raise ZeroDivisionError("in fit")

class Sums(Sorted):
    def cumulative(self, history, steps, quantiles):
        panel = panel_of(history)
        given = np.sort(np.load({values!r}))
        rows = len(panel.ids) * len(quantiles)
        return {{
            "unique_id": np.repeat(panel.ids, len(quantiles)), "steps": [steps[0]] * rows,
            "quantile": list(quantiles) * len(panel.ids),
            "value": np.tile(given * 1e300, len(panel.ids)),
        }}

class Unmakeable:
    def __init__(self, needed):
        pass
    def forecast(self, *args):
        return None
"""
KINDS = (
    "Hostile",
    "Sorted",
    "Sums",
    "Few",
    "Twice",
    "Nothing",
    "Raises",
    "FitRaises",
    "Unmakeable",
)
ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)
PLAUSIBLE = st.floats(min_value=0, max_value=1e6)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Everything that the planner is handed."""
    seen: list[float] = []

    def watching(
        view: object, level: Mapping[str, float], mean: Mapping[str, float], *rest: object
    ):
        seen.extend([*level.values(), *mean.values()])
        return replenish(view, level, mean, *rest)

    monkeypatch.setattr(nightly, "replenish", watching)
    return seen


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    path = tmp_path / "hostile.py"
    path.write_text(HOSTILE.format(values=str(tmp_path / "values.npy")))
    np.save(tmp_path / "values.npy", np.ones(6))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_hostile_model_is_survived(
    make_plant: Callable, watched: list[float], hostile: Path, kind: str
) -> None:
    plant = make_plant(model=f"{hostile}:{kind}")
    if kind == "Hostile":
        np.save(hostile.with_name("values.npy"), np.array([3.0, np.nan, 1.0]))
    night = asyncio.run(plant.night())
    expected = "ok" if kind in ("Sorted", "Sums") else "fallback"
    assert plant.column("SELECT status FROM forecast_nights") == [expected]
    assert night.orders
    assert watched
    assert all(math.isfinite(value) for value in watched)


def test_whatever_numbers_a_model_gives_the_planner_gets_finite_ones(
    make_plant: Callable, watched: list[float], hostile: Path
) -> None:
    plants = {kind: make_plant(model=f"{hostile}:{kind}") for kind in ("Hostile", "Sorted")}

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        kind=st.sampled_from(["Hostile", "Sorted"]),
        values=st.lists(st.one_of(ANY, PLAUSIBLE), min_size=6, max_size=6),
    )
    def nights(kind: str, values: list[float]) -> None:
        np.save(hostile.with_name("values.npy"), np.array(values))
        watched.clear()
        asyncio.run(plants[kind].night())
        assert watched
        assert all(math.isfinite(value) and value >= 0 for value in watched)

    nights()
    for plant in plants.values():
        stored = plant.column("SELECT value FROM forecasts")
        assert all(value is not None and 0 <= value <= 1e9 for value in stored)


def test_only_numbers_that_can_be_reckoned_with_pass() -> None:
    check_numbers(pa.table({"value": [0.0, 2.5]}))
    for bad in ([np.nan], [np.inf], [-1.0], [1e300], [None], []):
        with pytest.raises(PluginError, match="no numbers"):
            check_numbers(pa.table({"value": pa.array(bad, pa.float64())}))
