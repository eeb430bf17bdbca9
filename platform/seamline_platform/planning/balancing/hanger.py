"""Balancing a hanger line: a mixed-integer programme that lets operators share operations.

    maximise r
    sum_w eff_iw h_iw >= SMV_i r    for every operation i
    sum_i h_iw <= 60                for every operator w (minutes of an hour)
    h_iw <= 60 y_iw, sum_i y_iw <= most operations
    y_iw <= z_wm, sum_w z_wm <= stations of machine class m

Its relaxation bounds the rate at once. Solved by HiGHS through scipy; the search ends at a gap or
a number of nodes, both equal on every machine.
"""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.balance import Balance, Bottleneck
from seamline_platform.planning.balancing.line import HangerLine
from seamline_platform.planning.balancing.rows import Rows
from seamline_platform.planning.balancing.whole import solve_whole
from seamline_platform.planning.shop.annealing import Timer

Pair = tuple[str, str]
"""(operator, operation)"""
_HOUR = 60.0
_LEAST = 1e-7


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop: at a gap to the bound, or at a number of nodes.

    `wall_s` is a safety net only, for runs that neither of them ends.
    """

    gap: float = 0.008
    nodes: int = 10
    rounds: int = 8
    """Parts of the line that are solved again, where the whole has not come within the gap."""
    wall_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0 <= self.gap < 1 or self.nodes < 1 or self.rounds < 0 or self.wall_s <= 0:
            raise ConfigError(
                f"Limits are gap {self.gap!r}, nodes {self.nodes!r}, rounds {self.rounds!r}, "
                f"wall_s {self.wall_s!r}; "
                "expected 0 <= gap < 1, nodes >= 1, rounds >= 0, wall_s > 0."
            )


@dataclass(frozen=True)
class _Columns:
    """Where the variables of the programme stand: r, then h, then y, then z."""

    line: HangerLine
    pairs: tuple[Pair, ...]
    pace: np.ndarray[Any, Any]
    smv: np.ndarray[Any, Any]
    """Of each pair's operation."""
    stations: tuple[Pair, ...]
    """(operator, machine class) of classes that are counted."""

    @property
    def count(self) -> int:
        return 1 + 2 * len(self.pairs) + len(self.stations)

    def h(self, k: int) -> int:
        return 1 + k

    def y(self, k: int) -> int:
        return 1 + len(self.pairs) + k

    def z(self, k: int) -> int:
        return 1 + 2 * len(self.pairs) + k


def balance(
    line: HangerLine,
    cpu: Timer,
    limits: Limits | None = None,
    *,
    known: Collection[Pair] | None = None,
    tax: float = 0.0,
) -> Balance:
    """Return the best assignment found.

    `known` are the pairs of operator and operation of the plan before: each pair that is new
    costs `tax` pieces per hour, so that few people learn something new for little gain.
    Where nobody can do an operation the rate is 0 and `Balance.words` says which one.
    """
    limits = limits or Limits()
    begun = cpu()
    if line.nobody_for:
        return Balance(line, 0.0, {}, 0.0, cpu_s=cpu() - begun)
    columns = _columns(line)
    bound = rate_bound(line)
    result = _search(columns, bound, limits, frozenset(known) if known is not None else None, tax)
    pairs = quick_pairs(line) if result.x is None else _chosen(columns, result.x)
    free_bound = bound
    if known is None and result.mip_dual_bound is not None:
        free_bound = min(bound, -float(result.mip_dual_bound) * bound)
    nodes = int(result.mip_node_count or 0)
    if known is None:
        pairs, more = _polished(columns, bound, limits, pairs, (1 - limits.gap) * free_bound)
        nodes += more
    return fixed(line, pairs, cpu, bound=free_bound, nodes=nodes, begun=begun)


def rate_bound(line: HangerLine) -> float:
    """Return a rate that no assignment exceeds: the relaxation, without counting operations."""
    if line.nobody_for:
        return 0.0
    return _share_lp(line, {(w.operator, o.op) for w in line.operators for o in line.operations})[0]


def quick_pairs(line: HangerLine) -> frozenset[Pair]:
    """Return an assignment at once, by rounding the relaxation; it may be far from the best.

    Every operation is first given to who does most of it, operations of few people first; then
    operators take what they do most of the time, until they have `most` operations. An operation
    for which nobody has a place left stays without one.
    """
    every = {(w.operator, o.op) for w in line.operators for o in line.operations}
    minutes = _share_lp(line, every)[1]
    left = {w.operator: line.most for w in line.operators}
    stations = dict(line.machines)
    held: set[Pair] = set()
    taken: set[Pair] = set()

    def take(operator: str, op: str) -> None:
        machine = line.operation_of[op].machine
        if (operator, op) in taken or not left[operator]:
            return
        if machine in stations and (operator, machine) not in held:
            if not stations[machine]:
                return
            stations[machine] -= 1
            held.add((operator, machine))
        left[operator] -= 1
        taken.add((operator, op))

    able = {o.op: [w.operator for w in line.operators if w.pace(o)] for o in line.operations}
    for op in sorted(able, key=lambda op: len(able[op])):
        best = sorted(able[op], key=lambda w: (-minutes.get((w, op), 0.0), -left[w]))
        before = len(taken)
        for operator in best:
            if len(taken) == before:
                take(operator, op)
    for operator, op in sorted(minutes, key=lambda pair: -minutes[pair]):
        take(operator, op)
    return frozenset(taken)


def fixed(
    line: HangerLine,
    pairs: Collection[Pair],
    cpu: Timer,
    *,
    bound: float | None = None,
    nodes: int = 0,
    begun: float | None = None,
) -> Balance:
    """Return the best balance in which nobody does anything but `pairs`."""
    begun = cpu() if begun is None else begun
    covered = {op for _, op in pairs}
    if any(o.op not in covered for o in line.operations):
        most = rate_bound(line) if bound is None else bound
        return Balance(line, 0.0, {}, most, nodes=nodes, cpu_s=cpu() - begun)
    rate, minutes, op_share, operator_share = _share_lp(line, pairs)
    exact = {pair: m for pair, m in _trimmed(line, rate, minutes).items() if m > _LEAST}
    return Balance(
        line, rate, exact, max(rate_bound(line) if bound is None else bound, rate),
        _bottlenecks(op_share, rate), _bottlenecks(operator_share, rate), nodes, cpu() - begun,
    )  # fmt: skip


def _bottlenecks(shares: dict[str, float], rate: float) -> tuple[Bottleneck, ...]:
    held = sorted((-share, name) for name, share in shares.items() if share > 0.005)
    return tuple(Bottleneck(name, -share, -share * rate * 0.05) for share, name in held)


def _trimmed(line: HangerLine, rate: float, minutes: dict[Pair, float]) -> dict[Pair, float]:
    """Return the minutes without those that would make more pieces than the line does."""
    made = {o.op: 0.0 for o in line.operations}
    for (operator, op), m in minutes.items():
        made[op] += m * line.operator_of[operator].pace(line.operation_of[op])
    need = {o.op: o.smv * rate for o in line.operations}
    return {
        (operator, op): m * min(need[op] / made[op], 1.0) if made[op] else 0.0
        for (operator, op), m in minutes.items()
    }


def _share_lp(
    line: HangerLine, pairs: Collection[Pair]
) -> tuple[float, dict[Pair, float], dict[str, float], dict[str, float]]:
    """Solve the programme with `pairs` free and nothing counted: rate, minutes, two elasticities.

    Of the duals, lambda_i x SMV_i is the share of operation i and mu_w x 60 / r that of operator w.
    """
    from scipy.optimize import linprog

    rows = Rows()
    able = [
        (w.operator, o.op, w.pace(o))
        for o in line.operations
        for w in line.operators
        if w.pace(o) and (w.operator, o.op) in pairs
    ]
    op_row = {o.op: i for i, o in enumerate(line.operations)}
    who_row = {w.operator: len(op_row) + i for i, w in enumerate(line.operators)}
    for o in line.operations:
        rows.add(op_row[o.op], 0, o.smv)
    for k, (operator, op, pace) in enumerate(able):
        rows.add(op_row[op], 1 + k, -pace)
        rows.add(who_row[operator], 1 + k, 1.0)
    upper = [0.0] * len(op_row) + [_HOUR] * len(who_row)
    cost = np.zeros(1 + len(able))
    cost[0] = -1.0
    found = linprog(cost, A_ub=rows.matrix(len(upper), len(cost)), b_ub=upper, method="highs")
    rate = -float(found.fun)
    dual = -np.asarray(found.ineqlin.marginals)
    minutes = {(w, op): float(found.x[1 + k]) for k, (w, op, _) in enumerate(able)}
    op_share = {o.op: float(dual[op_row[o.op]]) * o.smv for o in line.operations}
    who_share = {
        w.operator: float(dual[who_row[w.operator]]) * _HOUR / rate if rate else 0.0
        for w in line.operators
    }
    return rate, minutes, op_share, who_share


def _columns(line: HangerLine) -> _Columns:
    pairs = [(w, o, w.pace(o)) for w in line.operators for o in line.operations if w.pace(o) > 0]
    stations = dict.fromkeys(
        (w.operator, o.machine) for w, o, _ in pairs if o.machine in line.machines
    )
    return _Columns(
        line,
        tuple((w.operator, o.op) for w, o, _ in pairs),
        np.array([pace for _, _, pace in pairs]),
        np.array([o.smv for _, o, _ in pairs]),
        tuple(stations),
    )


def _polished(
    c: _Columns, bound: float, limits: Limits, pairs: frozenset[Pair], enough: float
) -> tuple[frozenset[Pair], int]:
    """Free half of the operators at a time, the others staying where they are, until `enough`.

    Such a part is solved in a fraction of the time of the whole line.
    """
    rng = Random(len(c.pairs))  # the same halves in every run
    people = [w.operator for w in c.line.operators]
    rate, nodes = _share_rate(c.line, pairs), 0
    for _ in range(limits.rounds):
        if rate >= enough:
            break
        free = frozenset(rng.sample(people, -(-len(people) // 2)))
        part = _search(c, bound, limits, None, 0.0, (pairs, free))
        nodes += int(part.mip_node_count or 0)
        if part.x is not None:
            found = _chosen(c, part.x)
            better = _share_rate(c.line, found)
            if better > rate:
                pairs, rate = found, better
    return pairs, nodes


def _share_rate(line: HangerLine, pairs: Collection[Pair]) -> float:
    covered = {op for _, op in pairs}
    every = all(o.op in covered for o in line.operations)
    return _share_lp(line, pairs)[0] if every else 0.0


def _search(
    c: _Columns,
    bound: float,
    limits: Limits,
    known: frozenset[Pair] | None,
    tax: float,
    around: tuple[frozenset[Pair], frozenset[str]] | None = None,
) -> Any:
    """Solve the programme; `around` holds an assignment, and the operators who may leave it."""
    from scipy.optimize import Bounds, LinearConstraint

    # rate as a share of its bound, time as a share of the hour: numbers of one size
    matrix, lower, upper = _rows(c, bound)
    cost = np.zeros(c.count)
    cost[0] = -1.0
    if known is not None:
        for k, pair in enumerate(c.pairs):
            cost[c.y(k)] = 0.0 if pair in known else tax / bound
    low, high = np.zeros(c.count), np.ones(c.count)
    if around is not None:
        pairs, free = around
        for k, pair in enumerate(c.pairs):
            if pair[0] not in free:
                low[c.y(k)] = high[c.y(k)] = pair in pairs
    whole = np.zeros(c.count)
    whole[c.y(0) :] = 1
    return solve_whole(
        cost, LinearConstraint(matrix, lower, upper), Bounds(low, high), whole,
        gap=limits.gap, nodes=limits.nodes, wall_s=limits.wall_s,
    )  # fmt: skip


def _rows(c: _Columns, bound: float) -> tuple[Any, list[float], list[float]]:
    rows = Rows()
    ops = {o.op: i for i, o in enumerate(c.line.operations)}
    people = {w.operator: i for i, w in enumerate(c.line.operators)}
    n, m, p = len(ops), len(people), len(c.pairs)
    for i in range(n):
        rows.add(i, 0, -1.0)
    # of an hour: nobody needs more at an operation than all pieces of the line take
    most = np.minimum(1.0, c.smv * bound / c.pace / _HOUR)
    place = {station: k for k, station in enumerate(c.stations)}
    machine = {o.op: o.machine for o in c.line.operations}
    linked = 0
    base = n + 2 * m + p
    for k, (operator, op) in enumerate(c.pairs):
        rows.add(ops[op], c.h(k), float(c.pace[k] * _HOUR / c.smv[k] / bound))
        rows.add(n + people[operator], c.h(k), 1.0)
        rows.add(n + m + people[operator], c.y(k), 1.0)
        rows.add(n + 2 * m + k, c.h(k), 1.0)
        rows.add(n + 2 * m + k, c.y(k), -float(most[k]))
        station = place.get((operator, machine[op]))
        if station is not None:
            rows.add(base + linked, c.y(k), 1.0)
            rows.add(base + linked, c.z(station), -1.0)
            linked += 1
    classes = list(dict.fromkeys(name for _, name in c.stations))
    for k, (_, name) in enumerate(c.stations):
        rows.add(base + linked + classes.index(name), c.z(k), 1.0)
    count = base + linked + len(classes)
    upper = [np.inf] * n + [1.0] * m + [float(c.line.most)] * m + [0.0] * (p + linked)
    upper += [float(c.line.machines[name]) for name in classes]
    lower = [0.0] * n + [-np.inf] * (count - n)
    return rows.matrix(count, c.count), lower, upper


def _chosen(c: _Columns, x: Any) -> frozenset[Pair]:
    return frozenset(
        pair for k, pair in enumerate(c.pairs) if x[c.y(k)] > 0.5 and x[c.h(k)] > _LEAST
    )
