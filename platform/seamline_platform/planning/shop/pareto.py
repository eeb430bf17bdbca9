"""Cost against electricity: plans of which none is worse than another in both.

The weight of electricity is raised step by step, each search beginning with the plan before (a
weighted-sum sweep: it finds points of the convex hull, and what the searches meet on their way).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from html import escape
from typing import Final, Literal

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget, Timer, anneal_plan
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan, decode, value
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.gantt import Lang
from seamline_platform.planning.shop.pareto_words import STYLE, WORDS
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Schedule
from seamline_platform.planning.shop.solve import checked_schedule

Good = Literal["energy", "co2"]
SHARES: Final = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
"""What all electricity of the first plan weighs, as a share of that plan's other cost."""
WIDTH, HEIGHT = 720, 380
_LEFT, _BASE = 76, 330


@dataclass(frozen=True, slots=True)
class Point:
    """A checked plan: what it costs without electricity, and its electricity."""

    cost: int
    """Tardiness, set-ups and moves by the problem's weights."""
    energy_cost: float
    """In money of the tariff."""
    co2: float
    """In kg."""
    weight: int
    """Of electricity, with which the search found it."""
    plan: Plan
    schedule: Schedule


def pareto(
    problem: Problem,
    budget: Budget,
    cpu: Timer,
    seed: int = 1,
    progress: Callable[[float], None] = lambda share: None,
    good: Good = "energy",
) -> tuple[Point, ...]:
    """Return plans by rising cost and falling `good`; the independent checker passed each.

    The budget is shared by equal parts between the steps. Where orders have to follow others only
    dispatch rules are compared.

    Raises:
        ConfigError: if the problem has no tariff.
        CheckError: if the checker refuses a plan.
    """
    if problem.tariff is None:
        raise ConfigError(
            "A Pareto view weighs cost against electricity, and the problem has no tariff; "
            "give it one, and its lines power_kw."
        )
    c = compile_problem(problem)
    plan = best_rule(c).plan
    first = _point(c, plan, 0)
    found, steps = [first], len(SHARES)
    used = max(_amount(first, good), 1e-9)
    each = Budget(budget.cpu_s / steps, -(-budget.moves // steps) if budget.moves else 0)
    for number, share in enumerate(SHARES):
        weight = max(round(share * max(first.cost, 1) / used), int(share > 0))
        if not any(c.before):
            plan = anneal_plan(_weighed(problem, good, weight), plan, each, cpu, seed=seed).plan
            found.append(_point(c, plan, weight))
        progress((number + 1) / steps)
    return undominated(found, good)


def undominated(points: Iterable[Point], good: Good = "energy") -> tuple[Point, ...]:
    """Return the points that no other beats or equals in both, by rising cost."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: (p.cost, _amount(p, good))):
        if not kept or _amount(point, good) < _amount(kept[-1], good):
            kept.append(point)
    return tuple(kept)


def _weighed(problem: Problem, good: Good, weight: int) -> Compiled:
    goal = replace(
        problem.objective,
        energy=weight if good == "energy" else 0,
        co2=weight if good == "co2" else 0,
    )
    return compile_problem(replace(problem, objective=goal))


def _point(c: Compiled, plan: Plan, weight: int) -> Point:
    v, goal = value(c, decode(c, plan)), c.problem.objective
    cost = goal.tardiness * v.weighted_tardiness + goal.setup * v.setup + goal.move * v.moved
    return Point(cost, v.energy_cost, v.co2, weight, plan, checked_schedule(c, plan))


def _amount(point: Point, good: Good) -> float:
    return point.energy_cost if good == "energy" else point.co2


def pareto_html(
    problem: Problem, points: tuple[Point, ...], lang: Lang = "en", good: Good = "energy"
) -> str:
    """Return the plans as one HTML file: a chart and a table, light or dark as the system is."""
    said = {key: pair[lang == "zh"] for key, pair in WORDS.items()}
    money = problem.tariff.currency if problem.tariff else ""
    head = ("cost", "energy", "co2", "late", "setup", "weight")
    rows = "".join(
        f"<tr><td>{p.cost:,}</td><td>{p.energy_cost:,.2f}</td><td>{p.co2:,.2f}</td>"
        f"<td>{p.schedule.value.late}</td><td>{p.schedule.value.setup:,}</td>"
        f"<td>{p.weight:,}</td></tr>"
        for p in points
    )
    title = f"{said['title']}: {problem.name}"
    table = "".join(f"<th>{escape(said[h])}</th>" for h in head)
    unit = f"{said[good]}{f' ({money})' if money and good == 'energy' else ''}"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1><p>{said['read']}</p>"
        f'<div class="wide">{_chart(points, said["cost"], unit, good)}</div>'
        f'<div class="wide"><table><tr>{table}</tr>{rows}</table></div></main></body></html>\n'
    )


def _chart(points: tuple[Point, ...], x_label: str, y_label: str, good: Good) -> str:
    xs, ys = [float(p.cost) for p in points], [_amount(p, good) for p in points]
    at = [
        (_LEFT + 20 + 600 * _share(x, xs), _BASE - 20 - 270 * _share(y, ys))
        for x, y in zip(xs, ys, strict=True)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6"><title>{escape(x_label)} {p.cost:,}\n'
        f"{escape(y_label)} {_amount(p, good):,.2f}</title></circle>"
        for (x, y), p in zip(at, points, strict=True)
    )
    ends = "".join(
        f'<text x="{_LEFT + 20 + 600 * _share(v, xs):.1f}" y="{_BASE + 18}" '
        f'text-anchor="middle">{v:,.0f}</text>'
        for v in sorted({min(xs), max(xs)})
    ) + "".join(
        f'<text x="{_LEFT - 6}" y="{_BASE - 16 - 270 * _share(v, ys):.1f}" '
        f'text-anchor="end">{v:,.0f}</text>'
        for v in sorted({min(ys), max(ys)})
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_label)}">'
        f'<path class="axis" d="M{_LEFT} 20V{_BASE}H{WIDTH - 14}"/>{ends}'
        f'<polyline points="{line}"/>{dots}'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_label)}</text>'
        f'<text x="8" y="14">{escape(y_label)}</text></svg>'
    )


def _share(value: float, values: list[float]) -> float:
    low, high = min(values), max(values)
    return 0.5 if high == low else (value - low) / (high - low)
