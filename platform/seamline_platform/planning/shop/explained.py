"""A plan with its risk, its lateness by cause and its explanations, ready for JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, tzinfo
from typing import Any

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.blame import PlanBlame, blame, blame_text
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import DeadlockError, Value
from seamline_platform.planning.shop.noise import Noise
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.risk import Risk, simulate
from seamline_platform.planning.shop.schedule import Row, Schedule, schedule_of
from seamline_platform.planning.shop.trials import plan_of_schedule
from seamline_platform.planning.shop.why import explain


def schedule_from(problem: Problem, document: object) -> Schedule:
    """Return the plan that `seamline plan --json` wrote for this problem, laid out anew.

    Raises:
        ConfigError: if it is no such plan, or cannot be carried out in this problem.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("rows"), Sequence):
        raise ConfigError("This is no plan: it has no list `rows`, as `seamline plan` writes it.")
    names = [f.name for f in fields(Row)]
    rows = []
    for k, row in enumerate(document["rows"]):
        if not isinstance(row, Mapping) or set(row) != set(names):
            raise ConfigError(f"rows[{k}] of the plan needs {', '.join(names)}, and only these.")
        rows.append(Row(**row))
    c = compile_problem(problem)
    told = dict(document.get("unplanned", {}))
    read = Schedule(tuple(rows), Value(0, 0, 0, 0, 0), told)
    index = {o.order: i for i, o in enumerate(problem.orders)}
    reasons = {index[name]: why for name, why in told.items() if name in index}
    try:
        made = schedule_of(c, plan_of_schedule(c, read), reasons)
    except (DeadlockError, TypeError) as e:
        raise ConfigError(f"The plan cannot be carried out: {e}") from e
    wrong = check(problem, made)
    if wrong:
        raise ConfigError(f"The plan does not fit the problem: {wrong[0]}")
    return made


def overview(
    problem: Problem, schedule: Schedule, noise: Noise, seed: int = 1, runs: int = 200
) -> dict[str, Any]:
    """Return what chance and which causes make of every order of a plan; times in ticks."""
    c = compile_problem(problem)
    risk = simulate(c, plan_of_schedule(c, schedule), noise, seed, runs)
    causes = blame(problem, schedule)
    return {
        "problem": problem.name,
        "start": problem.start_ms,
        "tick_ms": problem.tick_ms,
        "runs": runs,
        "seed": seed,
        **_figures(risk),
        "late_by_cause": causes.parts,
        "weighted_by_cause": causes.weighted,
        "orders": _orders(risk, causes),
        "unplanned": dict(schedule.unplanned),
    }


def _figures(risk: Risk) -> dict[str, Any]:
    return {
        "cost": {"planned": risk.planned.cost, **asdict(risk.cost)},
        "weighted_tardiness": {
            "planned": risk.planned.weighted_tardiness,
            **asdict(risk.weighted_tardiness),
        },
        "late": {"planned": risk.planned.late, **asdict(risk.late)},
        "makespan": {"planned": risk.planned.makespan, **asdict(risk.makespan)},
    }


def _orders(risk: Risk, causes: PlanBlame) -> list[dict[str, Any]]:
    rows = []
    for row in risk.orders:
        found = causes.of(row.order)
        rows.append(
            {
                **asdict(row),
                "promise": int(row.done.p90),
                "late": found.late if found else 0,
                "late_by_cause": dict(found.parts) if found else {},
            }
        )
    return rows


def explained(
    problem: Problem, schedule: Schedule, order: str, zone: tzinfo = UTC
) -> dict[str, Any]:
    """Return the explanation of one order, with its lateness by cause as a sentence."""
    x = explain(problem, schedule, order, zone=zone)
    found = blame(problem, schedule).of(order)
    document = asdict(x)
    if found is not None:
        en, zh = blame_text(found, problem.tick_ms)
        said = {"topic": "late", "text": en, "text_zh": zh}
        document["sentences"] = [*document["sentences"], said]
        document["late_by_cause"] = dict(found.parts)
    return document
