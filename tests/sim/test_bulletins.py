"""Bulletins against the published lists; lines balanced and learning ramp worked out by hand."""

import math
from collections import Counter
from collections.abc import Callable

import pytest

from seamline_sim import Scenario, World, crew
from seamline_sim import line as lines
from seamline_sim.collection import fixed_collection
from seamline_sim.core import HOUR_US
from seamline_sim.layout import plan_of
from seamline_sim.products import added_operations, bulletins, published_smv_min

TSHIRT = [20, 18, 33, 25, 26, 30, 25, 33, 30, 22, 42, 30, 57, 37, 46, 34]
POLO = [28, 30, 30, 32, 38, 25, 45, 35, 45, 18, 33, 20, 18, 36, 30, 20, 20, 32, 42, 22,
        45, 32, 60, 55, 48, 40, 40, 40, 45]  # fmt: skip
SHIRT = [234, 219, 285, 223, 381, 420, 291, 317, 799, 452, 874, 458, 501, 565, 360, 527, 566, 795,
         1026, 389, 494, 603, 542, 280, 861, 589, 236, 333, 278]  # fmt: skip
HOODIE = [55, 50, 35, 55, 45, 45, 50, 95, 40, 40, 40, 75, 50, 35, 60, 45, 75, 50, 80, 35, 75, 60,
          50, 60]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "published_min", "added"),
    [
        ("tshirt", "5.08", {"qc", "pack"}),
        ("polo", "10.04", {"pack"}),
        ("shirt", "22.32", {"qc", "pack"}),
        ("hoodie", "16.25", {"pack"}),
    ],
)
def test_published_sums(name: str, published_min: str, added: set[str]) -> None:
    assert published_smv_min(name) == published_min
    assert set(added_operations(name)) == added
    published_ms = sum(op.smv_ms for op in bulletins()[name] if op.op not in added)
    assert published_ms == round(float(published_min) * 60_000)


@pytest.mark.parametrize(
    ("name", "times", "unit_ms"),
    [("tshirt", TSHIRT, 600), ("polo", POLO, 600), ("shirt", SHIRT, 60), ("hoodie", HOODIE, 750)],
)
def test_operation_times_are_those_of_the_lists(name: str, times: list[int], unit_ms: int) -> None:
    got = [op.smv_ms for op in bulletins()[name]][: len(times)]
    assert got == [t * unit_ms for t in times]


@pytest.mark.parametrize("name", ["tshirt", "polo", "shirt", "hoodie"])
def test_a_bulletin_is_a_tree_that_ends_in_pack(name: str) -> None:
    ops = bulletins()[name]
    codes = [op.op for op in ops]
    assert len(set(codes)) == len(codes)
    followers = Counter(before for op in ops for before in op.after)
    assert set(followers) == set(codes) - {"pack"}
    assert set(followers.values()) == {1}  # each part goes into one seam: no operation twice
    for position, op in enumerate(ops):
        assert all(codes.index(before) < position for before in op.after)
    assert next(op for op in ops if op.op == "pack").after == ("qc",)


def test_every_style_has_a_bulletin_and_at_least_two_colours() -> None:
    assert len(fixed_collection().styles) >= 30
    for style in fixed_collection().styles.values():
        assert style.bulletin in bulletins()
        assert len(style.colours) >= 2
        assert len(style.skus()) == len(style.colours) * len(style.sizes)


def test_machines_of_a_tshirt_line_of_21() -> None:
    # minutes per class: OL 1.62, FL 1.31, SNL 1.16, MNL .99, QC .35, PACK .25; one station each,
    # then always to the class with most work per station: OL 5 (.324), FL 5, SNL 4, MNL 4, QC 2
    counts = Counter(plan_of("tshirt", 21).machines)
    assert counts == {"OL": 5, "FL": 5, "SNL": 4, "MNL": 4, "QC": 2, "PACK": 1}


@pytest.mark.parametrize("name", ["tshirt", "polo", "shirt", "hoodie"])
@pytest.mark.parametrize("stations", [14, 21, 25, 60])
def test_every_operation_has_a_station(name: str, stations: int) -> None:
    plan = plan_of(name, stations)
    assert len(plan.machines) == stations
    assert all(plan.stations_of)


def _run_ideal(ideal: Scenario, kit: Callable[..., object], style: str, hours: int) -> World:
    world = World.create(ideal, seed=1)
    world.step_until(36 * HOUR_US)  # Sunday noon: the kit is there on Monday morning
    kit(world, "A", style, "WHT", {"M": 4000})
    world.step_until((48 + 8 + 2) * HOUR_US)
    sewn = world.lines[0].sewn
    world.step_until((48 + 8 + 2 + hours) * HOUR_US)
    world.lines[0].sewn -= sewn
    return world


def test_takt_of_an_ideal_line_is_that_of_its_bottleneck(
    ideal: Scenario, kit: Callable[..., object]
) -> None:
    # overlock: 1.62 min per garment on five stations = .324 min = 185.2 garments an hour
    world = _run_ideal(ideal, kit, "TS01", hours=2)
    per_h = world.lines[0].sewn / 2
    assert per_h == pytest.approx(60 / 0.324, rel=0.02)


def test_line_efficiency_of_an_ideal_line(ideal: Scenario, kit: Callable[..., object]) -> None:
    # a takt of .324 min on 21 operators for 5.68 min of work: 5.68 / (21 x .324) = .835
    world = World.create(ideal, seed=1)
    world.step_until(36 * HOUR_US)
    kit(world, "A", "TS01", "WHT", {"M": 4000})
    line = world.lines[0]
    world.step_until((48 + 10) * HOUR_US)
    manned_ms, done_ms = line.manned_ms, line.smv_done_ms
    assert manned_ms == 21 * 9 * 3_600_000  # Saturday; today is booked at the break
    world.step_until((48 + 12) * HOUR_US)
    manned_ms = line.manned_ms - manned_ms - 2 * 21 * 3_600_000
    assert manned_ms == 2 * 21 * 3_600_000
    efficiency = (line.smv_done_ms - done_ms) / manned_ms
    assert efficiency == pytest.approx(5.68 / (21 * 0.324), rel=0.02)


def _eta(days: float) -> float:
    return 0.798 - 0.231 * math.exp(-days / 2.61)


@pytest.mark.parametrize("days", [0, 1, 2, 5, 10, 20])
def test_pace_after_a_style_change_is_the_measured_ramp(pi: Scenario, days: int) -> None:
    world = World.create(pi, seed=1)
    line = world.lines[0]
    line.experience_ms[line.plan.bulletin] = days * line.day_ms
    crew.set_pace(world, line)
    assert line.pace == pytest.approx(1000 * _eta(days) / 0.798, abs=1.5)


def test_a_changeover_costs_three_quarters_of_a_day() -> None:
    from seamline_sim import tables

    ramp = tables.decay(567, 798, 2610)
    lost_days = sum((798 - eta) / 798 for eta in ramp) * 0.05
    assert lost_days == pytest.approx(0.231 * 2.61 / 0.798, abs=0.02)
    assert lost_days == pytest.approx(0.75, abs=0.025)


def test_the_ramp_begins_again_with_another_bulletin(
    ideal: Scenario, kit: Callable[..., object], at: Callable[..., int]
) -> None:
    world = World.create(ideal, seed=1)
    line = world.lines[0]
    world.step_until(at(2, 1))
    kit(world, "A", "TS01", "WHT", {"M": 200})
    kit(world, "B", "PO01", "WHT", {"M": 200})
    assert line.experience_ms == {}
    world.step_until(at(2, 11, 30))
    assert world.orders["B"].state == "sewing"
    day = line.day_ms
    assert line.experience_ms["tshirt"] >= 40 * day
    # the set-up of another bulletin takes an hour in which nothing enters the line
    entered = [e.values[10] for e in world.take_outbox()
               if e.kind == "piece" and e.values[1] == "B"]  # fmt: skip
    assert min(entered) - world.orders["B"].sewing_ms == 60 * 60_000


def test_experience_fades_by_what_came_between(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    line = world.lines[0]
    line.experience_ms = {"tshirt": 1_000_000}
    lines._relearn(world, line, "tshirt", "same_style")
    assert line.experience_ms["tshirt"] == 1_000_000
    lines._relearn(world, line, "tshirt", "same_bulletin")
    assert line.experience_ms["tshirt"] == 900_000
    lines._relearn(world, line, "tshirt", "other")
    assert line.experience_ms["tshirt"] == 630_000
    lines._relearn(world, line, "polo", "other")  # never sewn: three days of it at the start
    assert line.experience_ms["polo"] == 3 * line.day_ms
