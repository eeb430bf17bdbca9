"""Small problems with everything that a plan has to respect."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from seamline_platform.experiments.scheduling.classic.cases import MachineCase
from seamline_platform.experiments.scheduling.contract import Case
from seamline_platform.experiments.scheduling.garment import GarmentCase
from seamline_platform.planning.machines.problem import Job, MachineProblem, Operation
from seamline_platform.planning.scheduler import Solution
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.times import WorkTimes


def plant() -> GarmentCase:
    """Return a plant of ten orders on three lines."""
    return GarmentCase("conformance", "plant", draw_plant(Recipe(10, 3, seed=7)))


def one_order() -> GarmentCase:
    """Return a plant with a single order."""
    whole = draw_plant(Recipe(10, 3, seed=7))
    return GarmentCase("conformance", "one order", replace(whole, orders=whole.orders[:1]))


def no_order() -> GarmentCase:
    """Return a plant with nothing to do."""
    return GarmentCase("conformance", "no order", replace(draw_plant(Recipe(1, 2)), orders=()))


def locked() -> GarmentCase:
    """Return a plant that closes at night, with an order fixed, one tied, one cut already."""
    whole = draw_plant(Recipe(10, 3, seed=7))
    orders = list(whole.orders)
    able = [line for line in whole.lines if whole.can(line, orders[0])]
    orders[0] = replace(orders[0], kit=0)
    tied = next(line for line in reversed(whole.lines) if whole.can(line, orders[1]))
    orders[1] = replace(orders[1], lines=(tied.line,))
    days = WorkTimes(
        tuple(144 * k + 48 for k in range(60)),
        (*(144 * k + 120 for k in range(59)), 1 << 40),
    )
    lines = tuple(replace(line, calendar="day") for line in whole.lines)
    problem: Problem = replace(
        whole, orders=tuple(orders), lines=lines, calendars={"day": days},
        fixed={able[0].line: (orders[0].order,)},
    )  # fmt: skip
    return GarmentCase("conformance", "locked", problem)


def following() -> GarmentCase:
    """Return a plant in which an order has to wait for another."""
    whole = draw_plant(Recipe(10, 3, seed=7))
    orders = list(whole.orders)
    orders[3] = replace(orders[3], after=(orders[6].order,))
    return GarmentCase("conformance", "following", replace(whole, orders=tuple(orders)))


def job_shop() -> MachineCase:
    """Return a job shop of six jobs on four machines."""
    rng = Random("conformance")
    routes = [rng.sample(range(4), 4) for _ in range(6)]
    jobs = tuple(
        Job(tuple(Operation(((machine, rng.randint(3, 20)),)) for machine in route))
        for route in routes
    )
    return MachineCase("conformance", "job shop", MachineProblem("job shop", 4, jobs))


def one_machine() -> MachineCase:
    """Return one machine with set-ups, ten jobs, weighted tardiness."""
    rng = Random("conformance")
    jobs = tuple(
        Job((Operation(((0, rng.randint(3, 20)),)),), rng.randint(10, 90), rng.randint(1, 5))
        for _ in range(10)
    )
    setups = tuple(tuple(rng.randint(1, 9) for _ in range(10)) for _ in range(10))
    problem = MachineProblem("one machine", 1, jobs, "weighted_tardiness", (setups,), ((2,) * 10,))
    return MachineCase("conformance", "one machine", problem)


def worst_start(case: Case) -> tuple[Solution, int]:
    """Return the plan of the dearest rule, which leaves room, and its cost."""
    rules: Mapping[str, Solution] = case.rules()
    costs = {name: case.check(solution).objective for name, solution in rules.items()}
    worst = max(costs, key=lambda name: costs[name])
    return rules[worst], costs[worst]
