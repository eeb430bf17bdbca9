"""The benchmark's rows: one per instance, and means over a family or a part of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from seamline_platform.experiments.evidence.intervals import mean_interval
from seamline_platform.experiments.scheduling.outcome import Outcome
from seamline_platform.experiments.scheduling.plan import OURS
from seamline_platform.experiments.scheduling.study import CaseResult, Result

PEERS: Final = ("cpsat_cold", "cpsat_hinted", "pyjobshop")
OVER_BUDGET: Final = 1.25
OVER_BUDGET_S: Final = 0.5
APART: Final = ("mk06", "mk10", "mk13")
"""Flexible job shops that stand apart: far from their bounds within seconds."""


@dataclass(frozen=True, slots=True)
class Group:
    """Instances of a family that share a mean."""

    name: str
    family: str
    takes: Callable[[str], bool]


GROUPS: Final = (
    Group("mean la", "jobshop", lambda name: name.startswith("la")),
    Group("mean mk without mk06, mk10, mk13", "fjsp",
          lambda name: name.startswith("mk") and name not in APART),
)  # fmt: skip


def row_of(found: CaseResult) -> dict[str, Any]:
    """Return the row of an instance."""
    ours = found.outcomes.get(OURS)
    best = found.rules.objective
    objective = ours.objective if ours is not None else None
    row: dict[str, Any] = {
        "family": found.case.family,
        "instance": found.case.name,
        "cpu_s": ours.cpu_s if ours is not None else None,
        "objective": objective,
        "best_known": found.case.best_known,
        "gap": gap(objective, found.case.best_known),
        "best_rule": best,
        "improvement_over_best_rule": improvement(objective, best),
        **{peer: _objective(found.outcomes.get(peer)) for peer in PEERS},
        "feasible": ours is not None and ours.ok,
        "never_worse": objective is not None and (best is None or objective <= best),
        "rule": found.rules.rule,
        "rules_cpu_s": found.rules.cpu_s,
        "atcs": rule_cost(found.rules, "ATCS"),
        "solvers": {
            column: _objective(outcome)
            for column, outcome in found.outcomes.items()
            if column not in (*PEERS, OURS)
        },
        "failures": failures_of(found),
    }
    if ours is not None:
        row |= {
            "budget_cpu_s": ours.budget_cpu_s, "moves": ours.moves, "ticks": ours.ticks,
            "optimal": ours.optimal, "seed": ours.seed, "over_budget": over_budget(ours),
        }  # fmt: skip
    return row


def gap(objective: int | None, best_known: int | None) -> float | None:
    """Return (objective - best known) / best known; None where one of them is not known.

    With a best known of 0 only 0 has a gap (of 0).
    """
    if objective is None or best_known is None:
        return None
    if best_known == 0:
        return 0.0 if objective == 0 else None
    return (objective - best_known) / best_known


def improvement(objective: int | None, rule: int | None) -> float | None:
    """Return by which share an objective lies below that of the best rule."""
    if objective is None or rule is None:
        return None
    if rule == 0:
        return 0.0 if objective == 0 else None
    return (rule - objective) / rule


def rule_cost(rules: Outcome, name: str) -> int | None:
    """Return what a rule costs, the least over its cutting orders where it has some."""
    costs = [cost for rule, cost in rules.by_rule.items() if rule.partition("/")[0] == name]
    return min(costs, default=None)


def over_budget(outcome: Outcome) -> bool:
    """Return True if a solver took clearly more CPU seconds than it was given."""
    budget = outcome.budget_cpu_s
    return bool(budget) and outcome.cpu_s > OVER_BUDGET * budget + OVER_BUDGET_S


def failures_of(found: CaseResult) -> dict[str, str]:
    """Return by column why there is no objective."""
    told = {column: o.reason for column, o in found.outcomes.items() if not o.ok}
    return told if found.rules.ok else {"rules": found.rules.reason, **told}


def _objective(outcome: Outcome | None) -> int | None:
    return outcome.objective if outcome is not None else None


def rows_of(result: Result) -> list[dict[str, Any]]:
    """Return all rows: those of each family, then its means."""
    rows: list[dict[str, Any]] = []
    for family in result.families:
        mine = [row_of(found) for found in result.of(family.name)]
        rows += mine
        for group in GROUPS:
            members = [row for row in mine if group.takes(row["instance"])]
            if group.family == family.name and members:
                rows.append(mean_row(members, group.name))
        rows.append(mean_row(mine, "mean"))
    return rows


_MEANS: Final = (
    "cpu_s", "objective", "best_known", "gap", "best_rule", "improvement_over_best_rule",
    *PEERS,
)  # fmt: skip


def mean_row(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return means over rows, each over those that have the figure (`counts` says how many)."""
    row: dict[str, Any] = {"family": rows[0]["family"], "instance": name}
    counts = {}
    for column in _MEANS:
        values = [r[column] for r in rows if r[column] is not None]
        row[column] = fmean(values) if values else None
        counts[column] = len(values)
    row["feasible"] = all(r["feasible"] for r in rows)
    row["never_worse"] = all(r["never_worse"] for r in rows)
    row["instances"], row["counts"] = len(rows), counts
    row["improvement_95"] = interval([r["improvement_over_best_rule"] for r in rows])
    for peer in PEERS:  # where a peer found nothing its mean is over fewer instances: pairs count
        row[f"{peer}_over_ours"] = _mean_ratio(rows, peer)
    ratios, total = ratio_to_atcs(rows)
    if ratios is not None:
        row["mean_of_objective_by_atcs"], row["ratio_of_sums_by_atcs"] = ratios, total
    return row


def interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean over instances (Student's t); None for fewer than two."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    found = mean_interval(known)
    return found.lo, found.hi


def _mean_ratio(rows: Iterable[dict[str, Any]], peer: str) -> float | None:
    pairs = [(r[peer], r["objective"]) for r in rows if r[peer] is not None and r["objective"]]
    return fmean(theirs / ours for theirs, ours in pairs) if pairs else None


def few(row: Mapping[str, Any], peer: str) -> str:
    """Return how a peer compares in a row of means where it has a plan of some instances alone.

    `x1.20 (3)`: 1.20 times our cost, on average over 3 instances. Empty where its mean is over all.
    """
    count = row.get("counts", {}).get(peer)
    ratio = row.get(f"{peer}_over_ours")
    if not count or count == row["instances"] or ratio is None:
        return ""
    return f"x{ratio:.2f} ({count})"


def ratio_to_atcs(rows: Iterable[Mapping[str, Any]]) -> tuple[float | None, float | None]:
    """Return mean of objective / ATCS, and sum of objectives / sum of ATCS, where ATCS > 0."""
    pairs = [(r["objective"], r["atcs"]) for r in rows if r["atcs"] and r["objective"] is not None]
    if not pairs:
        return None, None
    return fmean(o / a for o, a in pairs), sum(o for o, _ in pairs) / sum(a for _, a in pairs)
