"""Plants for re-planning: one by hand, and drawn ones in which everything occurs."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import (
    Line,
    Order,
    Problem,
    Ramp,
    Setups,
    Stage,
    Style,
)
from seamline_platform.planning.shop.schedule import Schedule, schedule_of
from seamline_platform.planning.shop.sequences import Sequences, plan_of
from seamline_platform.planning.shop.times import FOREVER, WorkTimes

TEE = Style("T", "tee", smv=1.0, cut=0.1, finish=0.1)
POLO = Style("P", "polo", smv=2.0, cut=0.1, finish=0.1)


def two_lines() -> Problem:
    """Line a sews both families, b only tees; no set-up within a style."""
    return Problem(
        name="two lines",
        styles=(TEE, POLO),
        orders=(
            Order("A", "T", "red", 10, due=20),
            Order("B", "P", "red", 10, due=60),
            Order("C", "T", "red", 10, due=80),
            Order("D", "T", "red", 20, due=30),
            Order("E", "T", "red", 10, due=50),
        ),
        lines=(
            Line("a", 1, {"tee": 1.0, "polo": 1.0}, style="T", colour="red"),
            Line("b", 1, {"tee": 1.0}, style="T", colour="red"),
        ),
        cutting=Stage(2),
        finishing=Stage(2),
        setups=Setups(same_style=2, same_family=4, other=6),
    )


def drawn(seed: int) -> Problem:
    """A drawn plant in which everything that a problem can say occurs."""
    rng = Random(f"replan {seed}")
    p = draw_plant(Recipe(rng.randint(1, 18), rng.randint(1, 4), seed, rng.uniform(0.5, 1.5)))
    depth = rng.choice((0.0, 0.3))
    days = tuple(range(0, 900, 60)) if rng.random() < 0.5 else (0,)
    ends = (*(d + rng.randint(20, 55) for d in days[:-1]), FOREVER)
    p = replace(
        p,
        ramp=Ramp(depth, depth, 12),
        setups=replace(p.setups, anticipatory=rng.random() < 0.7),
        cutting=replace(p.cutting, places=rng.randint(1, 2), transport=rng.randint(0, 3)),
        finishing=replace(p.finishing, places=rng.randint(1, 2), transport=rng.randint(0, 3)),
        calendars={"shift": WorkTimes(days, ends)},
        lines=tuple(
            replace(x, operators=2, calendar=rng.choice(("", "shift")), free=rng.choice((0, 7)))
            for x in p.lines
        ),
    )
    if rng.random() < 0.5:
        p = replace(p, cutting=replace(p.cutting, calendar="shift"))
    if rng.random() < 0.3:
        p = replace(p, finishing=replace(p.finishing, calendar="shift"))
    if len(p.orders) > 3 and rng.random() < 0.3:
        last = replace(p.orders[-1], after=(p.orders[0].order, p.orders[1].order))
        p = replace(p, orders=(*p.orders[:-1], last))
    return p


def checked(problem: Problem, sequences: Sequences) -> Schedule:
    """The schedule of a plan, which the independent checker has passed."""
    c = compile_problem(problem)
    result = schedule_of(c, plan_of(c, sequences))
    assert check(problem, result) == []
    return result


@pytest.fixture
def plant() -> Problem:
    return two_lines()


@pytest.fixture
def draw() -> Callable[[int], Problem]:
    return drawn


@pytest.fixture
def schedule() -> Callable[[Problem, Sequences], Schedule]:
    return checked
