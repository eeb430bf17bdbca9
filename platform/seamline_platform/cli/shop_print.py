"""A plan in words: tables for a person, and what is added to its JSON document."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from seamline_platform.cli.words import note, print_table

if TYPE_CHECKING:
    from seamline_platform.cli.shop_search import Planned
    from seamline_platform.planning.shop.explanation import Explanation
    from seamline_platform.planning.shop.problem import Problem
    from seamline_platform.planning.shop.risk import Risk


def print_plan(problem: "Problem", planned: "Planned") -> None:
    """Print the plan as a table, orders without a place, and what it costs."""
    rows, value = planned.schedule.rows, planned.schedule.value
    print_table(
        ("line", "order", "cut", "set-up", "sewn", "done", "late"),
        [
            (
                row.line, row.order,
                "" if row.cut_start is None else f"{row.cut_start}-{row.cut_end}",
                f"{row.setup_start}+{row.setup}", f"{row.sew_start}-{row.sew_end}", row.done,
                row.late or "",
            )
            for row in rows
        ],
        f"{problem.name}: ticks of {problem.tick_ms / 60_000:g} min",
    )  # fmt: skip
    for name, why in planned.schedule.unplanned.items():
        note(f"{name} is not planned. {why}")
    parts = [f"weighted tardiness {value.weighted_tardiness}", f"set-ups {value.setup}"]
    if problem.planned:
        parts.append(f"{value.moved} moved to another line")
    note(f"{len(rows)} orders, {value.late} late; cost {value.cost} ({', '.join(parts)})")
    note(planned.story)


def print_risk(problem: "Problem", risk: "Risk") -> None:
    """Print what the plan comes to under chance, and the orders most likely to be late."""
    cost, late = risk.cost, risk.late
    note(
        f"Under chance ({risk.runs} runs): cost P50 {cost.p50:,.0f}, P90 {cost.p90:,.0f} "
        f"(planned {risk.planned.cost:,}); late orders P50 {late.p50:.0f}, P90 {late.p90:.0f}."
    )
    shaky = sorted(risk.orders, key=lambda o: (o.in_time, o.order))[:10]
    print_table(
        ("order", "line", "due", "done", "P50", "P90", "in time"),
        [
            (
                o.order,
                o.line,
                o.due,
                o.planned,
                int(o.done.p50),
                int(o.done.p90),
                f"{o.in_time:.0%}",
            )
            for o in shaky
        ],
        "Orders least likely to be in time",
    )


def risk_document(risk: "Risk") -> dict[str, object]:
    """Return what the plan comes to under chance, for JSON."""
    return {
        "runs": risk.runs,
        "seed": risk.seed,
        "cost": asdict(risk.cost),
        "weighted_tardiness": asdict(risk.weighted_tardiness),
        "late": asdict(risk.late),
        "late_share": risk.late_share,
        "orders": [
            {
                "order": o.order, "line": o.line, "due": o.due, "planned": o.planned,
                "p50": o.done.p50, "p90": o.done.p90, "in_time": o.in_time,
            }
            for o in risk.orders
        ],
    }  # fmt: skip


def explanation_document(found: "Explanation") -> dict[str, object]:
    """Return an explanation for JSON."""
    return asdict(found)


def print_explanation(found: "Explanation") -> None:
    """Print an explanation, sentence by sentence."""
    print_table(("about", f"order {found.order}"), [(s.topic, s.text) for s in found.sentences])
