"""Figures of re-planning: milliseconds to a provisional plan, damage recovered, orders moved.

Each plant (60 orders, 12 lines) is planned by annealing for 20 CPU-s and carried out for a quarter
of its horizon. Then a line with work left stands still for a shift (eight hours), and a rush order
of weight 10 comes; what has begun to be sewn stays where it is and is delayed by the stop.

    recovered = (right-shift - after) / (right-shift - undisturbed)

All three are costs of the same orders from then on, without the tax on moves:

* right-shift: the old sequences, delayed, and the rush order at its best place (provisional plan);
* after: the plan after 4 more CPU-s;
* undisturbed: the old sequences with all lines working, and the rush order at its best place: what
  the plant would have paid had no line broken down. A plan may fall below that where the rush order
  was put in badly, so single plants can recover more than all (`capped` counts no more than all,
  `pooled` is the sum of gains over the sum of damages). `held` is the share of the damage that is
  the delay of what ran on the broken line, which no plan may move.

`against_no_rush` is the same with a harder reference: the old plan without any rush order, as if
that could have been made at no cost and in no time; nobody can recover all of that.
"""

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from statistics import fmean, median
from typing import Any, Final

from seamline_platform.experiments.scheduling.contract import PartSettings, Progress
from seamline_platform.planning.replan.disturbance import Breakdown, Disturbed, Rush, disturb
from seamline_platform.planning.replan.evaluated import evaluated
from seamline_platform.planning.replan.improve import (
    Improved,
    Strategy,
    Tether,
    improve,
    restricted_annealing,
    restricted_cp_sat,
    scratch_annealing,
    taxed_annealing,
    taxed_lns,
)
from seamline_platform.planning.replan.provisional import provisional
from seamline_platform.planning.replan.state import carry_out
from seamline_platform.planning.replan.tax import untaxed
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.cpsat import have_cp_sat
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.sequences import Sequences, sequences_of

SHIFT_TICKS: Final = 48
"""Eight hours of ten minutes."""
RUSH_WEIGHT: Final = 10
RUSH_ALLOWANCE: Final = 1.5
"""Due date of the rush order, in times that it needs to pass an empty plant."""
PROVISIONAL_MS: Final = 100.0
RECOVERED: Final = 0.65
MOVED_SHARE: Final = 0.2
COMPARED: Final = 4
"""Plants on which all strategies run, each with the budget of the improvement."""
PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Trial:
    """One plant to disturb: how it is drawn, and the CPU seconds before and after."""

    seed: int
    orders: int = 60
    lines: int = 12
    before_cpu_s: float = 20.0
    after_cpu_s: float = 4.0
    compare: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """A disturbed plant, its provisional plan, and the two references."""

    disturbed: Disturbed
    plan: Sequences
    right_shift: int
    undisturbed: int
    no_rush: int
    held: int = 0
    """Part of the damage that no plan can recover: what runs on the broken line is delayed."""

    def recovered(self, cost: int) -> float:
        """Return the share of the damage that a plan of that cost has recovered."""
        return _share(self.right_shift - cost, self.right_shift - self.undisturbed)

    def against_no_rush(self, cost: int) -> float:
        """Return the same against the plan without any rush order."""
        return _share(self.right_shift - cost, self.right_shift - self.no_rush)


def measure(settings: PartSettings, progress: Progress) -> Mapping[str, object]:
    """Return the figures with their targets, over 20 plants (quick: 3 small ones)."""
    trials = trials_of(settings.seed, settings.quick)
    progress(0.0, "replan: undisturbed plans")
    rows: list[dict[str, Any]] = []
    with multiprocessing.get_context("spawn").Pool(min(PROCESSES, len(trials))) as pool:
        for row in pool.imap(one, trials):
            rows.append(row)
            progress(len(rows) / len(trials), f"replan plant {row['seed']}")
    return figures_of(rows, trials)


def trials_of(seed: int, quick: bool) -> list[Trial]:
    """Return the plants of a run: seeds 201 to 220 for seed 1, 401 to 420 for seed 2, .."""
    if quick:
        return [Trial(200 * seed + k, 20, 5, 1.0, 0.5, compare=k == 1) for k in range(1, 4)]
    return [Trial(200 * seed + k, compare=k <= COMPARED) for k in range(1, 21)]


def one(trial: Trial) -> dict[str, Any]:
    """Return the figures of one plant, in this process."""
    problem = draw_plant(Recipe(trial.orders, trial.lines, trial.seed))
    plan = undisturbed_plan(problem, trial)
    _warm()
    damage, timing = disturbed_plant(problem, plan, trial.seed)
    found = _improved(damage, trial, None, Tether(most_moved=MOVED_SHARE))
    row = {
        "seed": trial.seed,
        "free": len(damage.disturbed.free),
        "undisturbed": damage.undisturbed,
        "no_rush": damage.no_rush,
        "right_shift": damage.right_shift,
        "held": damage.held,
        **timing,
        **_told(damage, found),
    }
    if trial.compare:
        row["strategies"] = {
            name: _told(damage, _improved(damage, trial, strategy, tether))
            for name, (strategy, tether) in strategies().items()
        }
    return row


def undisturbed_plan(problem: Problem, trial: Trial) -> Sequences:
    """Return the plan that is in force: the best rule, then annealing."""
    c = compile_problem(problem)
    budget = Budget(cpu_s=trial.before_cpu_s)
    start = best_rule(c).plan
    return sequences_of(c, anneal_plan(c, start, budget, time.process_time, seed=trial.seed).plan)


def disturbed_plant(
    problem: Problem, plan: Sequences, seed: int
) -> tuple[Damage, dict[str, float]]:
    """Return what is left of a plan after a breakdown and a rush order, and what the repair took.

    The time is that of the provisional plan, its times and the independent check.
    """
    rng = Random(f"replan {seed}")
    now = evaluated(problem, plan).value.makespan // 4
    calm = carry_out(problem, plan, now)
    line = rng.choice([x.line for x in problem.lines if calm.sequences.lines[x.line]])
    rush = _rush(problem, rng, now)
    d = disturb(problem, plan, now, (Breakdown(line, now, now + SHIFT_TICKS), Rush(rush)))
    cpu, wall = time.process_time(), time.perf_counter()
    start = provisional(d.problem, d.sequences)
    schedule = evaluated(d.problem, start)
    timing = {
        "provisional_cpu_ms": round((time.process_time() - cpu) * 1_000, 2),
        "provisional_wall_ms": round((time.perf_counter() - wall) * 1_000, 2),
    }
    quiet = disturb(problem, plan, now, Rush(rush))
    with_rush = evaluated(quiet.problem, provisional(quiet.problem, quiet.sequences))
    return (
        Damage(
            disturbed=d,
            plan=start,
            right_shift=schedule.value.cost,
            undisturbed=with_rush.value.cost,
            no_rush=evaluated(untaxed(calm.problem), calm.sequences).value.cost,
            held=_running(d.problem, schedule) - _running(quiet.problem, with_rush),
        ),
        timing,
    )


def _running(problem: Problem, schedule: Schedule) -> int:
    """Return what the lateness of orders costs that are being sewn, or are sewn already."""
    late = (
        problem.order_of[row.order].weight * row.late
        for row in schedule.rows
        if problem.order_of[row.order].sewn is not None
    )
    return problem.objective.tardiness * sum(late)


def _rush(problem: Problem, rng: Random, now: int) -> Order:
    """Return a rush order of any style, due after 1.5 times what an empty plant needs for it."""
    style = rng.choice(problem.styles)
    pieces = rng.randint(6, 40)
    through = pieces * (style.smv / 0.9 + style.cut + style.finish)
    return Order(
        "RUSH", style.style, "", pieces, due=now + round(through * RUSH_ALLOWANCE), release=now,
        weight=RUSH_WEIGHT,
    )  # fmt: skip


def strategies() -> dict[str, tuple[Strategy, Tether]]:
    """Return what is compared beside the improvement as it is: each takes the whole budget."""
    near, far = Tether(most_moved=MOVED_SHARE), Tether(tax_share=0, most_moved=1)
    result: dict[str, tuple[Strategy, Tether]] = {
        "scratch_annealing": (scratch_annealing, far),
        "restricted_annealing": (restricted_annealing, near),
        "taxed_annealing": (taxed_annealing, near),
    }
    if have_cp_sat():
        result["restricted_cp_sat"] = (restricted_cp_sat, near)
        result["taxed_lns"] = (taxed_lns, near)
    return result


def _improved(damage: Damage, trial: Trial, strategy: Strategy | None, tether: Tether) -> Improved:
    d = damage.disturbed
    return improve(
        d.problem,
        damage.plan,
        Budget(cpu_s=trial.after_cpu_s),
        time.process_time,
        seed=trial.seed,
        struck=d.struck,
        tether=tether,
        strategies=None if strategy is None else (strategy,),
    )


def _told(damage: Damage, found: Improved) -> dict[str, Any]:
    """Return the figures of an improved plan, which the independent checker has passed."""
    d = damage.disturbed
    after = evaluated(d.problem, found.sequences).value.cost
    return {
        "after": after,
        "recovered": round(damage.recovered(after), 4),
        "against_no_rush": round(damage.against_no_rush(after), 4),
        "moved": len(found.moved),
        "moved_share": round(_share(len(found.moved), len(d.free)), 4),
        "first_cpu_s": None if found.first_cpu_s is None else round(found.first_cpu_s, 3),
        "cpu_s": round(found.cpu_s, 3),
        "moves": found.moves,
        "ticks": round(found.ticks, 4),
    }


@cache
def _warm() -> None:
    """Once in a process: load and compile what a running platform has loaded, outside all times."""
    problem = draw_plant(Recipe(8, 3, 1))
    c = compile_problem(problem)
    plan = sequences_of(c, best_rule(c, ("EDD",)).plan)
    for strategy in (None, *(s for s, _ in strategies().values())):
        chosen = None if strategy is None else (strategy,)
        improve(problem, plan, Budget(moves=2), time.process_time, strategies=chosen)


def figures_of(rows: Sequence[Mapping[str, Any]], trials: Sequence[Trial]) -> dict[str, object]:
    """Return the figures of a run from those of its plants."""
    cpu = [row["provisional_cpu_ms"] for row in rows]
    wall = [row["provisional_wall_ms"] for row in rows]
    recovered = [row["recovered"] for row in rows]
    moved = [row["moved_share"] for row in rows]
    firsts = [row["first_cpu_s"] for row in rows if row["first_cpu_s"] is not None]
    first = trials[0]
    return {
        "plants": len(rows),
        "size": f"{first.orders}x{first.lines}",
        "undisturbed_cpu_s": first.before_cpu_s,
        "budget_cpu_s": first.after_cpu_s,
        "provisional_ms": _against(
            max(cpu), PROVISIONAL_MS, max(cpu) <= PROVISIONAL_MS,
            cpu_median=median(cpu), cpu_max=max(cpu), wall_median=median(wall),
            wall_max=max(wall),
        ),
        "recovered": _against(
            round(fmean(recovered), 4), RECOVERED, fmean(recovered) >= RECOVERED,
            least=min(recovered),
            capped=round(fmean(min(x, 1.0) for x in recovered), 4),
            pooled=round(_pooled(rows), 4),
            held=round(_held(rows), 4),
            against_no_rush=round(fmean(row["against_no_rush"] for row in rows), 4),
        ),
        "moved_share": _against(
            max(moved), MOVED_SHARE, max(moved) <= MOVED_SHARE, mean=round(fmean(moved), 4)
        ),
        "first_improvement_cpu_s": {
            "median": median(firsts) if firsts else None,
            "max": max(firsts, default=None),
            "none": len(rows) - len(firsts),
        },
        "strategies": _compared(rows),
        "rows": list(rows),
    }  # fmt: skip


def _against(reached: float, target: float, ok: bool, **more: float) -> dict[str, object]:
    return {"reached": reached, "target": target, "ok": ok, **more}


def _compared(rows: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return means by strategy over the plants on which all of them ran."""
    mine = [row for row in rows if "strategies" in row]
    if not mine:
        return {}

    def mean(of: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, float]:
        return {
            key: round(fmean(of(row)[key] for row in mine), 4)
            for key in ("after", "recovered", "moved_share")
        }

    right_shift = fmean(row["right_shift"] for row in mine)
    names = list(mine[0]["strategies"])
    return {
        "plants": len(mine),
        "right_shift": {"after": round(right_shift, 4), "recovered": 0.0, "moved_share": 0.0},
        "improve": mean(lambda row: row),
        **{name: mean(lambda row, name=name: row["strategies"][name]) for name in names},  # type: ignore[misc]
    }


def _pooled(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return recovered over total damage: plants with little damage weigh little."""
    gained = sum(row["right_shift"] - row["after"] for row in rows)
    return _share(gained, sum(row["right_shift"] - row["undisturbed"] for row in rows))


def _held(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the share of the total damage that no plan can recover."""
    damage = sum(row["right_shift"] - row["undisturbed"] for row in rows)
    return sum(row["held"] for row in rows) / damage if damage > 0 else 0.0


def _share(part: float, whole: float) -> float:
    """Return part / whole; where there was nothing to recover, all of it is."""
    return part / whole if whole > 0 else 1.0
