"""Bundles carried by hand beside hangers: same work, same people; what differs must come out."""

from collections.abc import Callable
from typing import Literal

import pytest

from seamline_broker.contracts.events import Event
from seamline_sim import Scenario, World
from seamline_sim.core import DAY_US, HOUR_US
from seamline_sim.layout import plan_of
from seamline_sim.tokens import on_line

Kit = Callable[..., object]


def _week(scenario: Scenario, kit: Kit, resolution: Literal["piece", "bundle"]) -> World:
    world = World.create(scenario, seed=1, resolution=resolution)
    world.step_until(36 * HOUR_US)
    for number in range(3):
        kit(world, f"A{number}", "TS01", "WHT", {"M": 4000})
    world.step_until(8 * DAY_US)
    return world


@pytest.mark.parametrize("resolution", ["piece", "bundle"])
def test_bundles_have_more_wip_and_longer_line_time_and_not_more_output(
    ideal: Scenario, kit: Kit, resolution: Literal["piece", "bundle"],
    with_figures: Callable[..., Scenario],
) -> None:  # fmt: skip
    figures = {"market.backlog_days": 0, "warehouse.cover_days": 10_000_000}
    silent = {
        "consumer_share_permille = 470": "consumer_share_permille = 0",
        "seller_share_permille = 380": "seller_share_permille = 0",
    }
    hanger = _week(with_figures(figures, silent), kit, resolution).lines[0]
    by_hand = with_figures(
        figures, silent | {"mechanics = 1": 'mechanics = 1\ntransport = "bundle"'}
    )
    bundle = _week(by_hand, kit, resolution).lines[0]
    assert bundle.limit > 10 * hanger.limit
    assert bundle.wip_area > 4 * hanger.wip_area
    assert 2000 < bundle.sewn < hanger.sewn
    hours = [ln.sojourn_ms / (ln.sewn + ln.scrapped) / 3_600_000 for ln in (hanger, bundle)]
    assert hours[1] > 4 * hours[0]


def test_a_bundle_moves_only_when_all_its_garments_are_done(
    with_figures: Callable[..., Scenario], kit: Kit
) -> None:
    world = World.create(
        with_figures(
            {}, {"mechanics = 1": 'mechanics = 1\ntransport = "bundle"\nbundle_pieces = 10'}
        ),
        seed=1,
    )
    world.step_until(36 * HOUR_US)
    kit(world, "A", "TS01", "WHT", {"M": 200})
    seen: list[Event] = []
    for _ in range(60):
        world.step_until(world.now_us + HOUR_US)
        seen += world.take_outbox()
    rows: dict[tuple[int, str], set[int]] = {}
    for event in seen:
        if event.kind == "piece" and event.values[1] == "A" and event.values[6] == "ok":
            bundle, op = int(event.values[2]) // 10, str(event.values[3])
            if event.values[9]:
                rows.setdefault((bundle, op), set()).add(event.ts_ms)
    assert len(rows) > 100
    assert all(len(times) <= 2 for times in rows.values())
    assert sum(len(times) == 1 for times in rows.values()) > 0.9 * len(rows)
    line = world.lines[0]
    waiting = sum(token.n - token.hung for token in line.tail)
    assert sum(token.n for token in on_line(line)) == line.wip + waiting


def test_operations_belong_to_fixed_stations() -> None:
    free, fixed = plan_of("tshirt", 21), plan_of("tshirt", 21, True)
    assert fixed.machines == free.machines
    for few, many in zip(fixed.stations_of, free.stations_of, strict=True):
        assert set(few) <= set(many)
    used = [station for stations in fixed.stations_of for station in stations]
    assert set(used) == set(range(21))
