"""No centimetre of cloth is lost, whatever is commanded, and meters agree with what was told."""

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.events import Event
from seamline_sim import Scenario, World, foreman_for, run_headless, warehouse
from seamline_sim.core import HOUR_US

Check = Callable[[World], None]


def command(world: World, region: str, name: str, /, **args: object) -> None:
    number = f"{name}-{len(world.ids)}-{world.now_us}"
    world.command(f"{region}/warehouse", name, check_args(name, args), number)


REGIONS = ("east", "south", "west")
SITES = {"east": "hangzhou", "south": "dongguan", "west": "chengdu"}
COLOURS = ("WHT", "GRY", "NVY")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["run", "order", "dye", "transfer", "ahead", "kit", "kit", "reserve"]),
        st.integers(0, 2**24),
    ),
    min_size=5,
    max_size=40,
)


def _act(world: World, step: tuple[str, int], number: int) -> None:
    name, v = step
    region, colour = REGIONS[v % 3], COLOURS[v // 3 % 3]
    v //= 9
    cloth = {"fabric": "jersey160", "colour": colour, "length_cm": 5_000 + v % 60_000}
    if name == "run":
        world.step_until(world.now_us + 1 + v % (40 * HOUR_US // 1000) * 1000)
    elif name == "order":
        form = ("roll", "quick", "greige")[v % 3]
        cloth["colour"] = "greige" if form == "greige" else colour
        cloth["length_cm"] = 20_000 + v % 300_000
        command(world, region, "order_cloth", form=form, **cloth)
    elif name == "dye":
        command(world, region, "dye_cloth", **cloth)
    elif name == "transfer":
        command(world, region, "transfer_cloth", to=REGIONS[(v + 1) % 3], **cloth)
    elif name == "reserve":
        command(world, region, "reserve_cloth", order=f"N{number + 1}", **cloth)
    else:
        sizes = {"S": 1 + v % 97, "M": 1 + v % 389, "XL": 1 + v % 53}
        if name == "ahead":
            command(world, region, "cut_ahead", style="TS01", colour=colour, sizes=sizes,
                    merge=v % 2 == 0)  # fmt: skip
        else:
            command(
                world, region, "kit", order=f"N{number}", order_kind="seller", style="TS01",
                colour=colour, sizes=sizes, region="east", site=SITES[REGIONS[v % 3]],
                line="line-1", due_ms=world.now_ms, merge=v % 2 == 0, cluster=True,
                needed_ms=world.now_ms + v % 90_000_000 if v % 5 == 0 else 0, weight=1 + v % 10,
            )  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS, auto=st.integers(0, 1))
def test_no_centimetre_is_lost_after_any_commands(
    quiet: Callable[..., Scenario], check_balance: Check, steps: list[tuple[str, int]], auto: int
) -> None:
    world = World.create(quiet({"supply.auto_reorder": auto}), seed=4)
    check_balance(world)
    for number, step in enumerate(steps):
        _act(world, step, number)
        world.outbox.clear()
        check_balance(world)
        for house in world.warehouses.values():
            for cloth in house.cloth.values():
                assert 0 <= cloth.open_cm <= cloth.on_hand
                assert cloth.on_order >= 0
                assert cloth.reserved >= 0


@pytest.mark.parametrize("resolution", ["piece", "bundle"])
def test_meters_balance_while_lines_work_and_cloth_is_used_well(
    pi: Scenario,
    at: Callable[..., int],
    check_balance: Check,
    resolution: Literal["piece", "bundle"],
) -> None:
    world = World.create(pi, seed=2, resolution=resolution)
    lays: list[Event] = []
    run_headless(
        world, at(6, 12), foreman_for(world),
        lambda events: lays.extend(e for e in events if e.kind == "lay"),
    )  # fmt: skip
    check_balance(world)
    m = warehouse.meters(world)
    assert m.lays > 20
    assert 830 < m.use_permille < 870
    assert m.received_cm == m.opening_cm + m.quick_cm
    if resolution == "bundle":
        assert not lays  # for people who look at a table
        return
    told = [sum(int(e.values[i]) for e in lays) for i in (4, 8, 9, 10, 11, 12)]
    assert told == [
        m.cut_pieces, m.marker_cm, m.end_cm, m.splice_cm, m.remnant_cm, m.cutting_ms,
    ]  # fmt: skip
