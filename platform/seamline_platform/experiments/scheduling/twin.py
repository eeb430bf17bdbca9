"""Figures of the twin's choice: what it foretold and what came, against fixed ways to react.

Drawn plants are planned, carried out for a quarter of the horizon and disturbed. Four plans for
what is left (right-shift, improved from it with a tax per moved order, the same with an allowance
on sewing times, the best rule from scratch) are run forward by the twin, which chooses one. Then
many futures that the twin has not seen come true: with chance as the twin assumes it, with more of
it, and with as much more when the twin knows (as it does when feedback has measured it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Final

from seamline_platform.experiments.scheduling.contract import PartSettings, Progress
from seamline_platform.planning.replan.disturbance import Breakdown, Disturbance, Rush, disturb
from seamline_platform.planning.replan.provisional import provisional
from seamline_platform.planning.replan.tax import taxed
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, Value, value
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.noise import Failures, Noise
from seamline_platform.planning.shop.predictions import Prediction, prediction_of, score_of
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.risk import run_forward
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of
from seamline_platform.planning.shop.whatif import Comparison, compare, with_allowance

WAYS: Final = ("right-shift", "improved", "cautious", "rule")
PLANTS: Final = 20
FUTURES: Final = 100
_RUNS: Final = 200
_MOVES: Final = 20_000
_TAX: Final = 300
"""Cost of an order on another line: that of 30 weighted ticks of lateness."""
_DOWN: Final = (1, 3, 6, 48)
"""Ticks of ten minutes that a line stands still: from a short stop to a shift."""
ASSUMED: Final = Noise(other_lines=Failures(240, 6))
WORSE: Final = Noise(
    0.3, 0.3, 0.3, 0.3, other_lines=Failures(120, 9), late_share=0.1, late_ticks=12
)
_UNSEEN: Final = 1_000_003
"""Seed of the futures: not that of the twin's runs."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A disturbed plant with three plans, and what the twin says of them."""

    c: Compiled
    plans: Mapping[str, Plan]
    found: Comparison
    foretold: Prediction


def measure(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    """Return mean realised costs by way to react, and how predictions turned out."""
    count = 4 if settings.quick else PLANTS
    cases = []
    for number in range(count):
        progress(number / count, f"twin {number + 1} of {count}")
        cases.append(_case(settings.seed * 1_000 + number, number))
    made = {
        "as_assumed": _came_true(cases, ASSUMED),
        "worse": _came_true(cases, WORSE),
        "worse_and_known": _came_true([_told(case, WORSE) for case in cases], WORSE),
    }
    progress(1.0, "twin")
    chosen = [case.found.chosen for case in cases]
    return {
        "plants": count,
        "futures": FUTURES,
        "chosen": {way: chosen.count(way) for way in WAYS},
        "moved": {
            way: fmean(case.found.risks[way].planned.moved for case in cases) for way in WAYS
        },
        "moved_by_twin": fmean(case.found.risks[case.found.chosen].planned.moved for case in cases),
        **made,
    }


def _case(seed: int, number: int) -> _Case:
    plant = draw_plant(Recipe(30, 6, seed))
    c = compile_problem(plant)
    plan = anneal_plan(c, best_rule(c).plan, Budget(moves=_MOVES), lambda: 0.0, seed=seed).plan
    left, old = _disturbed(plant, sequences_of(c, plan), Random(seed), number)
    lc = compile_problem(left)
    shifted = plan_of(lc, old)
    better, sure = (
        anneal_plan(tables, shifted, Budget(moves=_MOVES), lambda: 0.0, seed=seed).plan
        for tables in (lc, with_allowance(lc))
    )
    plans = dict(zip(WAYS, (shifted, better, sure, best_rule(lc).plan), strict=True))
    return _foretold(lc, plans, ASSUMED, seed)


def _told(case: _Case, noise: Noise) -> _Case:
    """Return the case as the twin sees it when it knows that noise."""
    return _foretold(case.c, case.plans, noise, case.foretold.seed)


def _foretold(c: Compiled, plans: Mapping[str, Plan], noise: Noise, seed: int) -> _Case:
    found = compare(c, plans, noise, seed, _RUNS, keep="right-shift")
    risk = found.risks[found.chosen]
    return _Case(c, plans, found, prediction_of(c.problem, found.chosen, risk))


def _disturbed(
    plant: Problem, sequences: Sequences, rng: Random, number: int
) -> tuple[Problem, Sequences]:
    """Return what is left after a quarter of the horizon, and the old plan repaired."""
    now = round(max(o.release for o in plant.orders) / 2.4)
    line = rng.choice(plant.lines).line
    events: list[Disturbance] = [Breakdown(line, now, now + _DOWN[number % len(_DOWN)])]
    if number % 3 == 0:
        pieces = rng.randint(6, 20)
        style = rng.choice(plant.styles).style
        events.append(Rush(Order("rush", style, "", pieces, now + 3 * pieces, now, weight=10)))
    left = disturb(plant, sequences, now, events)
    repaired = provisional(left.problem, left.sequences)
    return taxed(left.problem, left.sequences, _TAX), repaired


def _came_true(cases: Sequence[_Case], noise: Noise) -> dict[str, object]:
    """Return what futures of this kind make of each way to react."""
    costs: dict[str, list[float]] = {way: [] for way in (*WAYS, "twin")}
    ends: list[tuple[tuple[int, int, int], float]] = []
    sums: list[tuple[tuple[int, int, int], float]] = []
    for case in cases:
        futures = {way: _futures(case, way, noise) for way in WAYS}
        for way, rows in futures.items():
            costs[way].append(fmean(v.cost for v, _ in rows))
        chosen = futures[case.found.chosen]
        costs["twin"].append(fmean(v.cost for v, _ in chosen))
        foretold = {o.order: o.sewn for o in case.foretold.orders}
        ends += [(foretold[name], end) for _, sewn in chosen for name, end in sewn.items()]
        sums += [(case.foretold.cost, float(v.cost)) for v, _ in chosen]
    by_order, by_cost = score_of(ends), score_of(sums)
    means = {way: fmean(rows) for way, rows in costs.items()}
    return {
        "mean_cost": means,
        "twin_over_right_shift": means["twin"] / means["right-shift"] - 1,
        "twin_over_improved": means["twin"] / means["improved"] - 1,
        "sewn_coverage_p10_p90": by_order.coverage if by_order else None,
        "sewn_below_p90": by_order.below_p90 if by_order else None,
        "sewn_bias_min": by_order.bias / 60_000 if by_order else None,
        "cost_coverage_p10_p90": by_cost.coverage if by_cost else None,
    }


def _futures(case: _Case, way: str, noise: Noise) -> list[tuple[Value, dict[str, int]]]:
    """Return cost and end of sewing (ms) of every order, by future."""
    problem = case.c.problem
    rows = []
    for t in run_forward(case.c, case.plans[way], noise, _UNSEEN, range(FUTURES)):
        ends = {
            o.order: problem.start_ms + t.sew_end[i] * problem.tick_ms
            for i, o in enumerate(problem.orders)
            if t.done[i] >= 0 and o.sewn is None
        }
        rows.append((value(case.c, t), ends))
    return rows
