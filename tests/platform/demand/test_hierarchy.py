"""Sums and parts that agree: against hierarchicalforecast, by hand, and for anything drawn."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.hierarchy import Reconciled
from seamline_platform.demand.mintrace import METHODS, hierarchy_of, reconciled, shrinkage
from seamline_platform.demand.protocol import check_forecast

LABELS = [
    ["all"] * 12,
    [f"category {i // 4}" for i in range(12)],
    [f"style {i // 2}" for i in range(12)],
    [f"region {i % 2}" for i in range(12)],
]


def case(seed: int, periods: int = 30):
    rng = np.random.default_rng(seed)
    hierarchy = hierarchy_of(LABELS)
    nodes = len(hierarchy.names) + 12
    base = rng.gamma(2.0, 10.0, (nodes, 5))
    errors = rng.normal(size=(nodes, periods)) * rng.gamma(2.0, 2.0, (nodes, 1))
    return hierarchy, base, errors + rng.normal(size=periods)


def test_two_parts_and_their_sum_by_hand():
    hierarchy = hierarchy_of([["all", "all"]])
    base = np.array([[13.0], [4.0], [6.0]])
    # 13 against 4 + 6: the gap of 3 is shared by three nodes alike
    assert reconciled(hierarchy, base, "ols")[:, 0] == pytest.approx([12.0, 5.0, 7.0])
    # a sum of two weighs 2, its parts 1 each: it moves by 2/4 of the gap
    assert reconciled(hierarchy, base, "wls_struct")[:, 0] == pytest.approx([11.5, 4.75, 6.75])
    assert reconciled(hierarchy, base, "bottom_up")[:, 0] == pytest.approx([10.0, 4.0, 6.0])
    # errors of mean square 9, 1 and 4
    errors = np.array([[3.0, -3.0], [1.0, -1.0], [2.0, -2.0]])
    share = 3.0 / 14.0
    expected = [13 - 9 * share, 4 + share, 6 + 4 * share]
    assert reconciled(hierarchy, base, "wls_var", errors)[:, 0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("method", ["ols", "wls_struct", "wls_var", "mint_shrink"])
def test_equal_to_hierarchicalforecast(method, seed):
    peer = pytest.importorskip("hierarchicalforecast.methods")
    hierarchy, base, errors = case(seed)
    summing = np.vstack([hierarchy.sums.toarray(), np.eye(12)])
    told = peer.MinTrace(method).fit_predict(
        S=summing,
        y_hat=base,
        y_insample=errors,
        y_hat_insample=np.zeros_like(errors),
    )
    mine = reconciled(hierarchy, base, method, errors)
    assert mine == pytest.approx(told["mean"], rel=1e-6, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    groups=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=2, max_size=12),
    method=st.sampled_from(METHODS),
    seed=st.integers(0, 2**16),
)
def test_whatever_is_drawn_adds_up_and_coherent_forecasts_stay(groups, method, seed):
    labels = [["all"] * len(groups), *([str(g[k]) for g in groups] for k in (0, 1))]
    hierarchy = hierarchy_of(labels)
    rng = np.random.default_rng(seed)
    nodes = len(hierarchy.names) + len(groups)
    base, errors = rng.normal(5, 9, (nodes, 3)), rng.normal(0, 2, (nodes, 20))
    made = reconciled(hierarchy, base, method, errors)
    bottom = made[len(hierarchy.names) :]
    assert made == pytest.approx(hierarchy.with_sums(bottom), rel=1e-9, abs=1e-6)
    again = reconciled(hierarchy, made, method, errors)
    assert again == pytest.approx(made, rel=1e-6, abs=1e-6)


def test_shrinkage_is_full_for_noise_and_small_for_what_goes_together():
    rng = np.random.default_rng(5)
    assert shrinkage(rng.normal(size=(30, 40))) > 0.8
    together = rng.normal(size=(1, 400)) + 0.3 * rng.normal(size=(30, 400))
    assert shrinkage(together) < 0.05


def test_groups_of_one_and_repeated_groups_are_no_sums():
    hierarchy = hierarchy_of([["x"] * 3, ["a", "a", "b"], ["p", "p", "q"], ["1", "2", "3"]])
    assert hierarchy.names == ("x", "a")
    assert hierarchy.sizes.tolist() == [3.0, 2.0, 1.0, 1.0, 1.0]


def test_what_does_not_fit_is_refused():
    hierarchy, base, errors = case(1)
    with pytest.raises(ValueError, match="Unknown method 'best'"):
        reconciled(hierarchy, base, "best")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two or more past errors"):
        reconciled(hierarchy, base, "wls_var")
    with pytest.raises(ValueError, match="Base forecasts of 3 nodes"):
        reconciled(hierarchy, base[:3], "ols")
    with pytest.raises(ValueError, match="Each kind of sum"):
        hierarchy_of([])
    with pytest.raises(ValueError, match="Unknown method"):
        Reconciled(method="none")  # type: ignore[arg-type]
    assert errors.shape[1] == 30


def sales(days: int = 84, seed: int = 2) -> pa.Table:
    rng = np.random.default_rng(seed)
    rows = []
    for style in ("A1", "B2"):
        for size in ("S", "M"):
            for region in ("east", "west"):
                for day in range(days):
                    rows.append(
                        (f"{style}-RED-{size}@{region}", day, float(rng.poisson(3 + day % 7)))
                    )
    ids, ds, y = zip(*rows, strict=True)
    days_since = np.datetime64("2026-01-05") + np.array(ds)
    return long_frame({"unique_id": list(ids), "ds": pa.array(days_since), "y": list(y)})


@pytest.mark.parametrize("method", METHODS)
def test_reconciled_is_a_complete_forecast_and_its_means_add_up(method):
    history = sales()
    panel = panel_of(history)
    model = Reconciled(method=method)
    made = check_forecast(model.forecast(history, 14, (0.1, 0.5, 0.9)), panel, 14, (0.1, 0.5, 0.9))
    assert len(grid_of(made).ids) == 8
    hierarchy = model.hierarchy(panel)
    assert {"all", "A1", "B2", "east", "west"} <= set(hierarchy.names)
    base = np.random.default_rng(4).gamma(3.0, 2.0, (len(hierarchy.names) + 8, 14))
    coherent = model.coherent(panel, hierarchy, base)
    assert coherent == pytest.approx(hierarchy.with_sums(coherent[len(hierarchy.names) :]))
    assert (coherent >= 0).all()


def test_series_without_any_structure_and_one_series_alone():
    history = long_frame(
        {
            "unique_id": ["x"] * 30,
            "ds": pa.array(np.datetime64("2026-01-01") + np.arange(30)),
            "y": [float(i % 5) for i in range(30)],
        }
    )
    made = Reconciled().forecast(history, 5, (0.5, 0.9))
    check_forecast(made, panel_of(history), 5, (0.5, 0.9))


def test_a_series_that_was_never_sold_stays_in():
    history = sales()
    empty = pa.table(
        {
            "unique_id": ["C3-RED-S@east"],
            "ds": pa.array([date(2026, 3, 31)]),
            "y": pa.array([None], pa.float64()),
        }
    )
    both = long_frame(pa.concat_tables([history.select(["unique_id", "ds", "y"]), empty]))
    made = Reconciled().forecast(both, 7, (0.5, 0.9))
    check_forecast(made, panel_of(both), 7, (0.5, 0.9))
