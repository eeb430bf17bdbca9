"""Reserve lines: they cost and make nothing until they join, and leave when they are drained."""

from collections.abc import Callable

import pytest

from seamline_broker.contracts.commands import check_args
from seamline_sim import Scenario, World, foreman_for, run_headless
from seamline_sim.core import DAY_US, HOUR_US

RESERVE = "hangzhou/line-2"


@pytest.fixture(scope="module")
def reserve(with_figures: Callable[..., Scenario]) -> Scenario:
    """`pi` with one line connected and one in reserve."""
    return with_figures({}, {"lines = 2": "lines = 2\njoined = 1"})


def test_a_reserve_line_costs_and_makes_nothing_and_gets_no_orders(reserve: Scenario) -> None:
    world = World.create(reserve, seed=1)
    run_headless(world, 3 * DAY_US + 12 * HOUR_US, foreman_for(world))
    meters = world.meters().all
    assert world.lines[0].sewn > 500
    assert world.lines[1].entered == 0
    assert meters.labour_ms_by_line[RESERVE] == 0
    assert world.observe_line(RESERVE).energy_wh == 0
    assert (world.view().lines[RESERVE].joined, world.view().lines[RESERVE].open) == (False, False)
    assert all(order.line != "line-2" for order in world.orders.values())


def test_a_line_joins_with_the_next_shift_and_leaves_when_drained(
    reserve: Scenario, kit: Callable[..., object], at: Callable[..., int]
) -> None:
    world = World.create(reserve, seed=1)
    world.step_until(at(2, 10))
    refused = kit(world, "A", "TS01", "WHT", {"M": 100}, line=RESERVE)
    assert refused.reason == f"line {RESERVE} has not joined; in east there are: hangzhou/line-1"
    assert world.command(RESERVE, "join", {}, "j1").reason == "it opens with the next shift"
    assert world.view().lines[RESERVE].joined
    again = world.command(RESERVE, "join", {}, "j2").reason
    assert again == f"line {RESERVE} has joined already; lines in reserve: none"
    assert kit(world, "A", "TS01", "WHT", {"M": 100}, line=RESERVE).status == "done"
    world.step_until(at(2, 17))
    assert not world.lines[1].open
    world.step_until(at(3, 8))
    assert world.lines[1].open
    assert world.lines[1].operators > 10
    assert world.command(RESERVE, "leave", {}, "l1").reason.startswith("it finishes")
    world.step_until(at(4, 12))
    assert world.orders["A"].state in ("sewn", "packed", "delivered")
    assert world.lines[1].sewn + world.lines[1].scrapped == 100
    assert (world.lines[1].active, world.lines[1].open, world.lines[1].operators) == (
        False,
        False,
        0,
    )
    last = world.command("hangzhou/line-1", "leave", check_args("leave", {}), "l2")
    assert last.reason == "line hangzhou/line-1 is the last one of east"
