"""Balancing bundle lines with CP-SAT: SALBP-1, SALBP-2 and ALWABP-2.

A budget is deterministic time, so that a run gives the same balance on every machine. Bounds of
the programme's linear relaxation go in first: CP-SAT's own are weak for workers who differ.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.planning.balancing.bundle import BundleBalance, BundleLine
from seamline_platform.planning.balancing.rows import Rows
from seamline_platform.planning.shop.annealing import Timer

MAX_TICKS = 1e9
_FIRST_TICKS = 1.0
_SEARCHES = 8


def shortest_cycle(
    line: BundleLine, cpu: Timer, *, ticks: float = 20.0, seed: int = 1
) -> BundleBalance:
    """Return the shortest cycle with all of the line's workers, one per station (ALWABP-2).

    Raises:
        ConfigError: without ortools (`pip install 'seamline[solve]'`), or if no balance was found
            within `ticks`.
    """
    begun = cpu()
    bound = cycle_bound(line)
    model = _model()
    x = {
        (i, w): model.new_bool_var("")
        for i, row in enumerate(line.times)
        for w, t in enumerate(row)
        if t is not None
    }
    for i in range(line.tasks):
        model.add_exactly_one(x[i, w] for w in range(line.workers) if (i, w) in x)
    high = sum(max(t for t in row if t is not None) for row in line.times)
    cycle = model.new_int_var(bound, high, "cycle")
    for w in range(line.workers):
        model.add(sum(_time(line, i, w) * x[i, w] for i in range(line.tasks) if (i, w) in x)
                  <= cycle)  # fmt: skip
    first = _sequence(model, line.workers)
    for a, b in line.arcs:
        for v, w in permutations(range(line.workers), 2):
            if (a, v) in x and (b, w) in x:
                model.add_bool_or(x[a, v].negated(), x[b, w].negated(), first[v, w])
    _keep_together(model, line, x)
    model.minimize(cycle)
    solver, spent = _solve(model, ticks, seed)
    worker = [
        next(w for w in range(line.workers) if (i, w) in x and solver.value(x[i, w]))
        for i in range(line.tasks)
    ]
    order = sorted(
        range(line.workers),
        key=lambda w: sum(solver.value(first[v, w]) for v in range(line.workers) if v != w),
    )
    stations = tuple(tuple(i for i, who in enumerate(worker) if who == w) for w in order)
    return _answer(line, stations, tuple(order), solver, spent, begun, cpu, bound)


def shortest_cycle_alike(
    line: BundleLine, stations: int, cpu: Timer, *, ticks: float = 20.0, seed: int = 1
) -> BundleBalance:
    """Return the shortest cycle with so many stations, workers being alike (SALBP-2).

    Raises:
        ConfigError: as `shortest_cycle`, and if workers have times of their own.
    """
    begun = cpu()
    times = _alike(line)
    if stations < 1:
        raise ConfigError(f"{stations} stations; a line needs one at the least.")
    low = max(max(times), -(-sum(times) // stations))
    model = _model()
    cycle = model.new_int_var(low, max(sum(times), low), "cycle")
    x, _ = _rows_of_stations(model, line, stations)
    for s in range(stations):
        model.add(sum(t * x[i, s] for i, t in enumerate(times)) <= cycle)
    model.minimize(cycle)
    solver, spent = _solve(model, ticks, seed)
    return _answer(line, _read(solver, line, x, stations), (0,) * stations, solver, spent, begun,
                   cpu, low)  # fmt: skip


def fewest_stations(
    line: BundleLine, cycle: int, cpu: Timer, *, ticks: float = 20.0, seed: int = 1
) -> BundleBalance:
    """Return the fewest stations at a given cycle time, workers being alike (SALBP-1).

    Raises:
        ConfigError: as `shortest_cycle_alike`, and if a task takes longer than the cycle.
    """
    begun = cpu()
    times = _alike(line)
    if max(times) > cycle:
        longest = times.index(max(times)) + 1
        raise ConfigError(
            f"Task {longest} takes {max(times)}, longer than the cycle time {cycle}; share it "
            "among stations or let the cycle be longer."
        )
    most = len(_first_fit(line, times, cycle))
    low = max(-(-sum(times) // cycle), 1)
    model = _model()
    x, place = _rows_of_stations(model, line, most)
    for s in range(most):
        model.add(sum(t * x[i, s] for i, t in enumerate(times)) <= cycle)
    used = model.new_int_var(low, most, "stations")
    for i in range(line.tasks):
        if not line.after[i]:
            model.add(place[i] + 1 <= used)
    model.minimize(used)
    solver, spent = _solve(model, ticks, seed)
    count = round(solver.objective_value)
    return _answer(line, _read(solver, line, x, count), (0,) * count, solver, spent, begun, cpu,
                   low, cycle=cycle)  # fmt: skip


def cycle_bound(line: BundleLine) -> int:
    """Return a cycle time below which there is none: tasks split among workers at will (LP)."""
    from scipy.optimize import linprog

    rows, whole = Rows(), Rows()
    pairs = [(i, w, t) for i, row in enumerate(line.times) for w, t in enumerate(row)
             if t is not None]  # fmt: skip
    for k, (i, w, t) in enumerate(pairs):
        rows.add(w, 1 + k, float(t))
        whole.add(i, 1 + k, 1.0)
    for w in range(line.workers):
        rows.add(w, 0, -1.0)
    cost = np.zeros(1 + len(pairs))
    cost[0] = 1.0
    found = linprog(
        cost,
        A_ub=rows.matrix(line.workers, len(cost)), b_ub=np.zeros(line.workers),
        A_eq=whole.matrix(line.tasks, len(cost)), b_eq=np.ones(line.tasks), method="highs",
    )  # fmt: skip
    quickest = max(min(t for t in row if t is not None) for row in line.times)
    return max(math.ceil(float(found.fun) - 1e-6), quickest)


def _time(line: BundleLine, task: int, worker: int) -> int:
    return line.times[task][worker] or 0


def _alike(line: BundleLine) -> list[int]:
    if line.workers != 1:
        raise ConfigError(
            f"Line {line.name!r} has times of {line.workers} workers; give one column of times, "
            "or balance it with `shortest_cycle`."
        )
    return [_time(line, i, 0) for i in range(line.tasks)]


def _sequence(model: Any, workers: int) -> Mapping[tuple[int, int], Any]:
    """Return for each two workers whether the one sits before the other: a total order."""
    first: dict[tuple[int, int], Any] = {}
    for v in range(workers):
        for w in range(v + 1, workers):
            first[v, w] = model.new_bool_var("")
            first[w, v] = first[v, w].negated()
    for u, v, w in permutations(range(workers), 3):
        if u < v and u < w:  # each circle once, begun at its lowest number
            model.add_bool_or(first[u, v].negated(), first[v, w].negated(), first[w, u].negated())
    return first


def _keep_together(model: Any, line: BundleLine, x: Mapping[tuple[int, int], Any]) -> None:
    """Add what follows: who does a task and a later one does all between them.

    Only neighbours in the graph are paired, which is most of the effect at a tenth of the rows.
    """
    for a, b in line.arcs:
        for c in line.after[b]:
            for w in range(line.workers):
                if (a, w) in x and (c, w) in x:
                    rest = [x[b, w]] if (b, w) in x else []
                    model.add_bool_or(x[a, w].negated(), x[c, w].negated(), *rest)


def _rows_of_stations(
    model: Any, line: BundleLine, stations: int
) -> tuple[dict[tuple[int, int], Any], list[Any]]:
    x = {(i, s): model.new_bool_var("") for i in range(line.tasks) for s in range(stations)}
    place = []
    for i in range(line.tasks):
        model.add_exactly_one(x[i, s] for s in range(stations))
        place.append(model.new_int_var(0, stations - 1, ""))
        model.add(place[i] == sum(s * x[i, s] for s in range(stations)))
    for a, b in line.arcs:
        model.add(place[a] <= place[b])
    return x, place


def _first_fit(line: BundleLine, times: Sequence[int], cycle: int) -> list[list[int]]:
    """Return stations filled one after the other with the most followed tasks that still fit."""
    left, stations = set(range(line.tasks)), []
    done: set[int] = set()
    weight = [times[i] + sum(times[j] for j in line.after[i]) for i in range(line.tasks)]
    while left:
        room, here = cycle, []
        while True:
            ready = [i for i in left if line.before[i] <= done and times[i] <= room]
            if not ready:
                break
            task = max(ready, key=lambda i: (weight[i], -i))
            left.remove(task)
            done.add(task)
            here.append(task)
            room -= times[task]
        stations.append(here)
    return stations


def _read(
    solver: Any, line: BundleLine, x: Mapping[tuple[int, int], Any], stations: int
) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(i for i in range(line.tasks) if solver.value(x[i, s])) for s in range(stations)
    )


def _model() -> Any:
    try:
        from ortools.sat.python import cp_model
    except ImportError as exc:
        raise ConfigError(
            "Balancing a bundle line needs ortools: pip install 'seamline[solve]'."
        ) from exc
    return cp_model.CpModel()


def _solve(model: Any, ticks: float, seed: int) -> tuple[Any, float]:
    """Run the solver: one search while that may be enough, then several by turns on one thread."""
    from ortools.sat.python import cp_model

    if not 0 < ticks <= MAX_TICKS:
        raise ConfigError(f"ticks is {ticks!r}; expected deterministic time above 0.")
    solver, status = _run(model, min(ticks, _FIRST_TICKS), seed, 1)
    spent = float(solver.response_proto.deterministic_time)
    if status != cp_model.OPTIMAL and ticks > _FIRST_TICKS:
        if status == cp_model.FEASIBLE:
            _hint(model, solver)
        solver, status = _run(model, ticks - _FIRST_TICKS, seed, _SEARCHES)
        spent += float(solver.response_proto.deterministic_time)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise ConfigError(
            f"No balance was found within {ticks:g} ticks ({solver.status_name(status)}); "
            "allow more."
        )
    return solver, spent


def _run(model: Any, ticks: float, seed: int, searches: int) -> tuple[Any, int]:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = searches
    solver.parameters.interleave_search = searches > 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = ticks
    return solver, int(solver.solve(model))


def _hint(model: Any, solver: Any) -> None:
    model.clear_hints()
    for k in range(len(model.proto.variables)):
        variable = model.get_int_var_from_proto_index(k)
        model.add_hint(variable, solver.value(variable))


def _answer(
    line: BundleLine, stations: tuple[tuple[int, ...], ...], worker: tuple[int, ...], solver: Any,
    spent: float, begun: float, cpu: Timer, low: int, cycle: int | None = None,
) -> BundleBalance:  # fmt: skip
    longest = max(
        sum(_time(line, i, w) for i in tasks) for tasks, w in zip(stations, worker, strict=True)
    )
    objective = longest if cycle is None else len(stations)
    proved = math.ceil(solver.best_objective_bound - 1e-6)
    return BundleBalance(
        line, stations, worker, longest if cycle is None else cycle,
        bound=min(max(low, proved), objective), objective=objective,
        optimal=objective <= max(low, proved),
        ticks=spent,
        cpu_s=cpu() - begun,
    )  # fmt: skip
