"""Planned against actual finish, and what follows for the efficiencies that plans count with."""

from collections.abc import Callable

import pytest

from seamline_broker.contracts.catalogue import Catalogue
from seamline_platform.planning.hub.actuals import Actual, Ledger
from seamline_platform.planning.hub.bars import PlanBar
from seamline_platform.planning.hub.efficiency import BOUND, learned
from seamline_platform.planning.hub.question import NOISE
from seamline_platform.planning.params import DispatchParams

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MakeCatalogue = Callable[..., Catalogue]
MONDAY_8 = 1_772_438_400_000


def bar_of(order: str, end_ms: int = 10 * HOUR) -> PlanBar:
    return PlanBar(
        order, "suzhou", "line-1", 0, 8 * HOUR, end_ms, 0, 0, 0, 0, end_ms, end_ms + HOUR, "TS01",
        "BLK", 120, 1, "queued", False, False,
    )  # fmt: skip


def ledger_with(*names: str) -> Ledger:
    ledger = Ledger(keep=2)
    ledger.planned(4, {name: bar_of(name) for name in names}, lambda line: 0.5)
    return ledger


def test_an_order_is_measured_against_the_plan_in_force_when_it_began() -> None:
    ledger = ledger_with("a")
    ledger.began("a", "suzhou/line-1", 8 * HOUR)
    ledger.planned(5, {"a": bar_of("a", 20 * HOUR)}, lambda line: 0.7)
    actual = ledger.ended("a", 11 * HOUR)
    assert actual is not None
    assert (actual.version, actual.planned_end_ms, actual.error_min) == (4, 10 * HOUR, 60)
    assert (actual.efficiency, actual.p90_ms) == (0.5, 11 * HOUR)
    assert ledger.of("a") == actual


def test_orders_without_a_plan_and_ends_without_a_beginning_count_for_nothing() -> None:
    ledger = ledger_with("a")
    ledger.began("stranger", "suzhou/line-1", 1)
    assert ledger.of("stranger") is None
    assert ledger.ended("a", 1) is None
    assert ledger.newest() == []


def test_only_the_newest_are_kept_and_an_order_begins_once() -> None:
    ledger = ledger_with("a", "b", "c")
    for n, name in enumerate("abc"):
        ledger.began(name, "suzhou/line-1", n)
        ledger.began(name, "hangzhou/line-1", n + 1)
        ledger.ended(name, n + 2)
    assert [a.order for a in ledger.newest()] == ["c", "b"]
    assert ledger.newest()[0].site == "suzhou"


def works(actual: Actual) -> bool:
    """Return True on the days on which lines sew: all but Sunday."""
    return (actual.actual_start_ms // DAY + 3) % 7 != 6


def shift_of(days: int, factor: float, line: str = "line-1", efficiency: float = 0.52):  # type: ignore[no-untyped-def]
    """Return one order a day, planned to take two hours from 9 o'clock, that takes its factor."""
    for day in range(days):
        start = MONDAY_8 + day * DAY + HOUR
        yield Actual(
            f"{line}-{day}", "suzhou", line, "TS01", 1, start, start, start + 2 * HOUR,
            start + round(2 * HOUR * factor), pieces=120, efficiency=efficiency,
        )  # fmt: skip


def test_few_orders_change_nothing(make_catalogue: MakeCatalogue) -> None:
    assert learned(shift_of(5, 1.5), [], make_catalogue(), DispatchParams(), NOISE) == ({}, NOISE)


def test_orders_that_take_a_fifth_longer_lower_the_efficiency_by_as_much(
    make_catalogue: MakeCatalogue,
) -> None:
    actuals = [a for a in shift_of(14, 1.2) if works(a)]
    found, _ = learned(actuals, [], make_catalogue(), DispatchParams(), NOISE)
    assert found["suzhou/line-1"] == pytest.approx(0.52 / 1.2, rel=0.03)


def test_what_was_planned_with_another_efficiency_counts_as_such(
    make_catalogue: MakeCatalogue,
) -> None:
    actuals = [
        a for a in shift_of(14, 1.0, efficiency=0.4) if (a.actual_start_ms // DAY + 3) % 7 != 6
    ]
    found, _ = learned(actuals, [], make_catalogue(), DispatchParams(), NOISE)
    assert found["suzhou/line-1"] == pytest.approx(0.4, rel=0.03)


def test_a_stop_is_no_slowness(make_catalogue: MakeCatalogue) -> None:
    actuals = [a for a in shift_of(14, 1.5) if works(a)]
    stops = [("suzhou/line-1", a.actual_start_ms, a.actual_start_ms + HOUR) for a in actuals]
    found, _ = learned(actuals, stops, make_catalogue(), DispatchParams(), NOISE)
    assert found.get("suzhou/line-1", 0.52) == pytest.approx(0.52, rel=0.03)


def test_chance_is_as_orders_and_stops_say(make_catalogue: MakeCatalogue) -> None:
    steady = [a for a in shift_of(14, 1.0) if works(a)]
    stops = [("suzhou/line-1", a.actual_start_ms, a.actual_start_ms + HOUR) for a in steady]
    _, noise = learned(steady, stops, make_catalogue(), DispatchParams(), NOISE)
    assert noise.sewing_cv != NOISE.sewing_cv
    mine = noise.of("suzhou/line-1")
    assert mine is not None
    assert mine.mttr == pytest.approx(60, rel=0.1)
    assert noise.late_share == NOISE.late_share  # of which nobody reports


def test_no_data_move_an_efficiency_further_than_the_bound(make_catalogue: MakeCatalogue) -> None:
    actuals = [a for a in shift_of(14, 4.0) if works(a)]
    found, _ = learned(actuals, [], make_catalogue(), DispatchParams(), NOISE)
    assert found["suzhou/line-1"] == pytest.approx(0.52 * (1 - BOUND), abs=0.001)


def test_an_order_counts_from_the_end_of_the_one_before_it(make_catalogue: MakeCatalogue) -> None:
    overlapping = []
    for day in range(10):
        start = MONDAY_8 + day * DAY + HOUR
        if (start // DAY + 3) % 7 == 6:
            continue
        for n in range(2):
            planned = start + n * 2 * HOUR
            overlapping.append(Actual(
                f"{day}-{n}", "suzhou", "line-1", "TS01", 1, planned,
                planned - n * HOUR, planned + 2 * HOUR, planned + 2 * HOUR,
                pieces=120, efficiency=0.52,
            ))  # fmt: skip
    found, _ = learned(overlapping, [], make_catalogue(), DispatchParams(), NOISE)
    assert found.get("suzhou/line-1", 0.52) == pytest.approx(0.52, rel=0.02)
