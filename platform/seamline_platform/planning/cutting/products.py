"""Lays by CP-SAT: ratio and plies of each lay are variables, pieces are their products."""

from collections.abc import Sequence
from typing import Any

from seamline_platform.planning.cutting.demand import Demand, Rules
from seamline_platform.planning.cutting.lays import Lay

_SCALE = 10
"""Lengths are whole millimetres inside the model."""


def improve(
    demand: Demand, rules: Rules, lays: Sequence[Lay], ticks: float, seed: int = 1
) -> tuple[Lay, ...]:
    """Return lays that cost no more than `lays`, found within deterministic time; or `lays`.

    One lay more than given may be used. Needs ortools.
    """
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    caps = demand.caps(rules)
    count = len(lays) + 1
    used = [model.new_bool_var("") for _ in range(count)]
    plies = [model.new_int_var(0, rules.max_plies, "") for _ in range(count)]
    ratio = [
        [model.new_int_var(0, min(rules.max_garments, cap), "") for cap in caps]
        for _ in range(count)
    ]
    pieces = [[model.new_int_var(0, cap, "") for cap in caps] for _ in range(count)]
    length = [round(x * _SCALE) for x in demand.length_cm]
    for k in range(count):
        model.add(plies[k] <= rules.max_plies * used[k])
        model.add(sum(ratio[k]) <= rules.max_garments * used[k])
        model.add(sum(a * x for a, x in zip(ratio[k], length, strict=True))
                  <= int(rules.table_cm * _SCALE))  # fmt: skip
        for a, n in zip(ratio[k], pieces[k], strict=True):
            model.add_multiplication_equality(n, [a, plies[k]])
        if k:
            model.add(plies[k] <= plies[k - 1])
    for s, (need, cap) in enumerate(zip(demand.pieces, caps, strict=True)):
        model.add_linear_constraint(sum(row[s] for row in pieces), need, cap)
    model.add(sum(n for row in pieces for n in row) <= demand.cap(rules))
    fabric = sum(n * x for row in pieces for n, x in zip(row, length, strict=True))
    # the cloth allowed for these garments, or what the given plan takes if that is more
    cloth = max(demand.net_cm * (1 + rules.cloth_over), _cloth(demand, rules, lays))
    model.add(fabric + sum(plies) * round(rules.end_loss_cm * _SCALE) <= int(cloth * _SCALE) + 1)
    end, fixed = round(rules.end_loss_cm * _SCALE), round(rules.lay_cost_cm * _SCALE)
    model.minimize(fabric + sum(plies) * end + sum(used) * fixed)
    _hint(model, sorted(lays, key=lambda lay: -lay.plies), used, plies, ratio, pieces)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = ticks
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return tuple(lays)
    found = [
        Lay(tuple(solver.value(a) for a in ratio[k]), solver.value(plies[k]))
        for k in range(count)
        if solver.value(plies[k]) and any(solver.value(a) for a in ratio[k])
    ]
    return tuple(sorted(found, key=lambda lay: (-lay.plies * lay.garments, lay.ratio)))


def _cloth(demand: Demand, rules: Rules, lays: Sequence[Lay]) -> float:
    return sum(
        lay.plies * (rules.end_loss_cm + sum(
            a * x for a, x in zip(lay.ratio, demand.length_cm, strict=True)
        ))
        for lay in lays
    )  # fmt: skip


def _hint(
    model: Any, lays: Sequence[Lay], used: Sequence[Any], plies: Sequence[Any],
    ratio: Sequence[Sequence[Any]], pieces: Sequence[Sequence[Any]],
) -> None:  # fmt: skip
    spare = Lay((0,) * len(ratio[0]), 0)
    for k, lay in enumerate([*lays, spare]):
        model.add_hint(used[k], lay.plies > 0)
        model.add_hint(plies[k], lay.plies)
        for s, a in enumerate(lay.ratio):
            model.add_hint(ratio[k][s], a)
            model.add_hint(pieces[k][s], a * lay.plies)
