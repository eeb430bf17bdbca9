"""Kits in time: latest starts by hand, tables never used twice, less work waiting."""

from dataclasses import replace
from random import Random

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.cutting.demand import CutOrder, Rules
from seamline_platform.planning.cutting.kits import (
    Job,
    Pace,
    at_once,
    check_cuts,
    in_time,
    jobs_of,
)
from seamline_platform.planning.cutting.planner import Effort, plan_cut
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.solve import solve
from seamline_platform.planning.shop.times import ALWAYS, WorkTimes


def job(name: str, work: int, due: int, pieces: int = 10) -> Job:
    return Job(name, work, {f"order of {name}": (pieces, due)})


def test_lays_start_as_late_as_their_lines_allow() -> None:
    jobs = [job("a", 10, 100), job("b", 20, 95), job("c", 5, 30)]
    found = in_time(jobs, 1)
    assert {c.lay: (c.start, c.end) for c in found.cuts} == {
        "a": (90, 100), "b": (70, 90), "c": (25, 30),
    }  # fmt: skip
    assert found.wip_piece_ticks == 10 * 5  # only b waits, from 90 to 95
    assert at_once(jobs, 1).wip_piece_ticks == 10 * (25 + 70 + 65)
    assert check_cuts(jobs, found, 1, ALWAYS) == []


def test_what_cannot_be_in_time_comes_as_soon_as_it_can() -> None:
    jobs = [job("a", 30, 20), job("b", 10, 35)]
    found = in_time(jobs, 1)
    assert {c.lay: (c.start, c.end, c.late) for c in found.cuts} == {
        "a": (0, 30, 10), "b": (30, 40, 5),
    }  # fmt: skip
    assert found.late == 2
    assert in_time(jobs, 2).late == 1


def test_closed_hours_are_kept() -> None:
    times = WorkTimes((0, 100), (40, 1 << 40))
    jobs = [job("a", 30, 110)]
    (cut,) = in_time(jobs, 1, times).cuts
    assert (cut.start, cut.end) == (20, 110)  # 20 before the night, 10 after it
    assert check_cuts(jobs, in_time(jobs, 1, times), 1, times) == []


@pytest.mark.parametrize("seed", range(5))
def test_drawn_lays_are_never_later_than_cut_at_once(seed: int) -> None:
    rng = Random(seed)
    jobs = [job(f"lay {k}", rng.randint(5, 60), rng.randint(100, 900)) for k in range(30)]
    found, early = in_time(jobs, 2), at_once(jobs, 2)
    assert check_cuts(jobs, found, 2, ALWAYS) == []
    assert check_cuts(jobs, early, 2, ALWAYS) == []
    assert found.wip_piece_ticks < early.wip_piece_ticks


def test_kits_of_a_whole_plant() -> None:
    problem = draw_plant(Recipe(12, 3, 1))
    schedule = solve(problem, Budget(moves=500), lambda: 0.0).schedule
    assert check(problem, schedule) == []
    orders = [CutOrder(o.order, o.style, o.colour, {"M": o.pieces}) for o in problem.orders]
    plans = plan_cut(orders, {"": {"M": 70.0}}, Rules(), lambda: 0.0, Effort(ticks=0))
    jobs = jobs_of(problem, schedule, plans, Pace(5, 0.1, 0.01), buffer=10)
    assert sum(n for j in jobs for n, _ in j.needs.values()) == sum(
        o.pieces for o in problem.orders
    )
    count, times = problem.cutting.places, problem.times(problem.cutting.calendar)
    found = in_time(jobs, count, times)
    assert check_cuts(jobs, found, count, times) == []
    starts = {row.order: row.sew_start for row in schedule.rows}
    first = min(starts, key=lambda order: starts[order])
    due = min(tick for j in jobs for order, (_, tick) in j.needs.items() if order == first)
    assert due == starts[first] - 10 - problem.cutting.transport


def test_the_checker_finds_what_is_wrong() -> None:
    jobs = [job("a", 10, 100), job("b", 20, 95)]
    good = in_time(jobs, 1)

    def told(at: int, **changed: int) -> str:
        cuts = list(good.cuts)
        cuts[at] = replace(cuts[at], **changed)
        return " ".join(check_cuts(jobs, replace(good, cuts=tuple(cuts)), 1, ALWAYS))

    assert "on a table for 21" in told(0, end=good.cuts[0].end + 1)
    assert "one time" in told(0, start=85, end=105)
    assert "table 3 of 1" in told(0, table=2)
    assert "is 7 late" in told(0, late=7)
    assert "exactly once" in " ".join(
        check_cuts(jobs, replace(good, cuts=good.cuts[:1]), 1, ALWAYS)
    )


def test_no_table_and_no_order_are_told_of() -> None:
    with pytest.raises(ConfigError, match="0 cutting tables"):
        in_time([job("a", 1, 1)], 0)
    problem = draw_plant(Recipe(3, 2, 1))
    schedule = solve(problem, Budget(moves=10), lambda: 0.0).schedule
    plans = plan_cut(
        [CutOrder("unknown", "", "", {"M": 5})], {"": {"M": 70.0}}, Rules(), lambda: 0.0,
        Effort(ticks=0),
    )  # fmt: skip
    with pytest.raises(ConfigError, match="no order that the schedule sews"):
        jobs_of(problem, schedule, plans, Pace())
