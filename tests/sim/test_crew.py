"""Operators: skills, absence, helpers, and what seating them anew is good for."""

import math
from collections.abc import Callable

import pytest

from seamline_sim import Scenario, World, crew
from seamline_sim.core import DAY_US, HOUR_US, MINUTE_US


def test_skills_are_the_operators_own_and_cover_their_stations(pi: Scenario) -> None:
    world, twin = World.create(pi, seed=1), World.create(pi, seed=1)
    line = world.lines[0]
    matrix = crew.skills(world, line)
    assert matrix == crew.skills(twin, twin.lines[0])
    for st in line.stations:
        assert 900 <= matrix[st.index][st.machine] <= 1100
    known = [len(classes) for classes in matrix.values()]
    assert 1 < sum(known) / len(known) < len(set(line.plan.machines))
    assert matrix != crew.skills(World.create(pi, seed=2), World.create(pi, seed=2).lines[0])


def test_absence_is_beta_from_day_to_day_with_the_mean_of_the_calibration(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    rates = [crew.absence_ppm(world, f"p{n}", day) for n in range(10) for day in range(150)]
    mean = sum(rates) / len(rates)
    spread = (sum((r - mean) ** 2 for r in rates) / len(rates)) ** 0.5
    assert mean == pytest.approx(60_000, rel=0.05)
    assert spread / mean == pytest.approx(0.675, rel=0.08)  # Beta(2, 31)
    assert max(rates) <= 600_000


def test_the_ramp_of_a_line_is_the_published_one(
    with_figures: Callable[..., Scenario], kit: Callable[..., object], at: Callable[..., int]
) -> None:
    """Output per day after a style change against .798 - .231 exp(-d / 2.61) (UCI, 116 runs)."""
    scenario = with_figures(
        {
            "operators.time_spread_permille": 0, "operators.skill_spread_permille": 0,
            "operators.absence_permille": 0, "machines.hard_mtbf_h": 10_000_000,
            "machines.small_mtbf_h": 10_000_000, "quality.defects_per_100": 0,
            "style_change.experience_start_mdays": 0, "market.backlog_days": 0,
            "warehouse.cover_days": 1_000_000,
        },
        {"consumer_share_permille = 470": "consumer_share_permille = 0",
         "seller_share_permille = 380": "seller_share_permille = 0",
         "workdays = [0, 1, 2, 3, 4, 5]": "workdays = [0, 1, 2, 3, 4, 5, 6]"},
    )  # fmt: skip
    world = World.create(scenario, seed=1)
    for n in range(4):
        kit(world, f"A{n}", "SH01", "WHT", {"M": 1250})
    world.step_until(at(1))
    line = world.lines[0]
    daily: list[int] = []
    while len(daily) < 10:
        before = line.sewn
        world.step_until(world.now_us + DAY_US)
        daily.append(line.sewn - before)
    experience = line.experience_ms["shirt"] / line.day_ms - len(daily)
    steady = daily[-1]
    for day in range(1, 9):
        eta = 0.798 - 0.231 * math.exp(-(day + experience + 0.25) / 2.61)
        last = 0.798 - 0.231 * math.exp(-(len(daily) - 1 + experience + 0.25) / 2.61)
        assert daily[day] / steady == pytest.approx(eta / last, abs=0.03)


@pytest.fixture(scope="module")
def thin(with_figures: Callable[..., Scenario]) -> Scenario:
    """A plant where a quarter of the people are away, and nothing else disturbs."""
    return with_figures(
        {
            "operators.absence_permille": 220, "operators.absence_beta_b": 400,
            "machines.hard_mtbf_h": 10_000_000, "machines.small_mtbf_h": 10_000_000,
            "quality.defects_per_100": 0, "style_change.experience_start_mdays": 40_000,
            "market.backlog_days": 0, "warehouse.cover_days": 1_000_000,
        },
        {"consumer_share_permille = 470": "consumer_share_permille = 0",
         "seller_share_permille = 380": "seller_share_permille = 0"},
    )  # fmt: skip


def _morning(scenario: Scenario, seed: int, kit: Callable[..., object]) -> World:
    world = World.create(scenario, seed)
    world.step_until(32 * HOUR_US)
    kit(world, "A", "TS01", "WHT", {"M": 4000})
    world.step_until(2 * DAY_US + 9 * HOUR_US + 30 * MINUTE_US)
    return world


def test_seating_by_skill_and_load_raises_output_after_absence(
    thin: Scenario, kit: Callable[..., object], at: Callable[..., int]
) -> None:
    gains = []
    for seed in (1, 2, 3, 4):
        fixed = _morning(thin, seed, kit)
        anew = fixed.fork()
        outcome = anew.command("hangzhou/line-1", "rebalance", {}, "r1")
        assert outcome.status == "done"
        moved = anew.lines[0].moves
        for world in (fixed, anew):
            world.step_until(at(2, 18))
        gains.append(anew.lines[0].sewn / fixed.lines[0].sewn)
        assert moved == 0 or anew.meters().all.moves == moved
        assert (moved == 0) == (outcome.reason == "nobody has to move")
    assert min(gains) > 0.98
    assert sum(gains) / len(gains) > 1.03


def test_who_moves_is_away_from_work_for_some_minutes(
    thin: Scenario, kit: Callable[..., object]
) -> None:
    world = _morning(thin, 1, kit)
    line = world.lines[0]
    before = {st.operator: st.index for st in line.stations if st.operator >= 0}
    present, seats = set(line.present), len(before)
    world.command(line.node, "rebalance", {}, "r1")
    moved = line.moves
    assert moved > 0
    assert sum(st.operator >= 0 for st in line.stations) == seats - moved
    assert "is being rebalanced" in world.command(line.node, "rebalance", {}, "r2").reason
    world.step_until(world.now_us + 7 * MINUTE_US)
    after = {st.operator: st.index for st in line.stations if st.operator >= 0}
    assert set(after) == present
    assert sum(after[o] != before[o] for o in after) == moved
    assert len({st.operator for st in line.stations if st.operator >= 0}) == seats
    assert world.command(line.node, "rebalance", {}, "r3").reason == "nobody has to move"


def test_a_closed_line_cannot_be_seated_anew(thin: Scenario) -> None:
    world = World.create(thin, seed=1)
    outcome = world.command("hangzhou/line-1", "rebalance", {}, "r1")
    assert (outcome.status, outcome.reason) == (
        "refused", "line hangzhou/line-1 is closed: its operators are not there",
    )  # fmt: skip


MOST_AWAY = {"operators.absence_permille": 3000, "operators.absence_beta_b": 400}


def test_no_class_stands_empty_and_helpers_are_paid(
    with_figures: Callable[..., Scenario], at: Callable[..., int]
) -> None:
    # Saturday's nine hours and Monday's first: each booked with those who were there
    world = World.create(with_figures(MOST_AWAY), seed=5)
    world.step_until(at(2, 9))
    for line in world.lines:
        held = {st.machine for st in line.stations if st.manned}
        assert held == {st.machine for st in line.stations}
        assert line.helpers == sum(st.helper for st in line.stations)
        assert line.operators == sum(st.operator >= 0 for st in line.stations)
        labour = world.meters().all.labour_ms_by_line[line.node]
        assert labour > (line.operators + line.helpers) * HOUR_US // 1000
    assert sum(line.helpers for line in world.lines) > 0
