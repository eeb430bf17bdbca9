"""A garment plant as PyJobShop models it: modes on machines, set-up times, breaks, renewables.

Cutting tables and finishing stations are renewable resources, lines are machines, a line that may
sew an order is a mode. What a line sews now is a task of no length at its head, so that the first
set-up counts. Learning is not modelled (PyJobShop has no durations that depend on the sequence):
our decoder and checker judge what comes out. Solved by CP-SAT until the CPU seconds are over, which
PyJobShop itself counts on the clock. Of all solutions that it finds the one is kept that costs
least when our decoder lays it out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from seamline_broker.errors import ConfigError
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.compiled import CANNOT, Compiled, compile_problem
from seamline_platform.planning.shop.cpsat.engine import HintedModel, Limits
from seamline_platform.planning.shop.cpsat.engine import run as run_cp_sat
from seamline_platform.planning.shop.decode import Plan, evaluate
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import sequences_of
from seamline_platform.planning.shop.times import FOREVER, WorkTimes
from seamline_platform.planning.solvers.starts import tell

WORKERS = 2
ENDLESS_TICKS = 1e9


@dataclass(slots=True)
class _Tasks:
    """The model, and its tasks by order (index)."""

    model: Any
    cuts: dict[int, Any] = field(default_factory=dict)
    sews: dict[int, Any] = field(default_factory=dict)
    modes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number of a mode: (order, line)."""
    count: int = 0


def solve_shop(problem: Problem, budget: Budget, run: Run) -> Answer:
    """Return PyJobShop's plan of a plant, as sequences.

    Raises:
        ConfigError: if PyJobShop is not installed.
    """
    began = run.cpu()
    c = compile_problem(problem)
    if not any(row[i] != CANNOT for row in c.work for i in range(len(c.cut))):
        return Answer(sequences_of(c, Plan(tuple(() for _ in c.times), ())), optimal=True)
    tasks = _model(c)
    solver_model = _compiled(tasks.model)
    model = HintedModel(hinted=False)
    model.cp = solver_model.model
    best: list[tuple[int, Plan]] = []

    def found(value: Callable[[Any], int]) -> None:
        plan = _plan_of(c, tasks, solver_model.variables, value)
        cost = evaluate(c, plan)
        if not best or cost < best[0][0]:
            best[:] = [(cost, plan)]
            tell(c, run, plan, cost)

    ended = run_cp_sat(
        model, Limits(ENDLESS_TICKS, WORKERS), run.cpu, seed=run.seed, on_solution=found,
        stop=lambda: run.cpu() - began > budget.cpu_s or run.cancelled(),
    )  # fmt: skip
    if not best:
        return Answer(None, ticks=ended.ticks)
    cost, plan = best[0]
    proved = ended.status == "optimal" and ended.objective == cost
    return Answer(sequences_of(c, plan), ticks=ended.ticks, optimal=proved)


def _compiled(model: Any) -> Any:
    from pyjobshop.solvers.ortools import CPModel

    return CPModel(model.data())


def _model(c: Compiled) -> _Tasks:
    try:
        from pyjobshop import Model
    except ImportError as exc:
        raise ConfigError(
            "PyJobShop is not installed: pip install pyjobshop (it is not needed but to compare)."
        ) from exc
    problem, tasks = c.problem, _Tasks(Model())
    model = tasks.model
    tables = model.add_renewable(problem.cutting.places, breaks=_breaks(c.cutting))
    stations = model.add_renewable(problem.finishing.places, breaks=_breaks(c.finishing))
    _occupy(tasks, tables, problem.cutting.busy)
    _occupy(tasks, stations, problem.finishing.busy)
    lines = [
        model.add_machine(breaks=_breaks(times, free))
        for times, free in zip(c.times, c.line_free, strict=True)
    ]
    for i in range(len(c.cut)):
        if c.sewn[i] != CANNOT or any(row[i] != CANNOT for row in c.work):
            _order(c, tasks, i, tables, stations, lines)
    heads = _heads(c, tasks, lines)
    for number, line in enumerate(lines):
        _setups(c, tasks, number, line, heads[number])
    for i, task in tasks.sews.items():
        for j in c.before[i]:
            if j in tasks.sews:
                model.add_end_before_start(tasks.sews[j], task)
    goal = problem.objective
    model.set_objective(weight_total_tardiness=goal.tardiness, weight_total_setup_time=goal.setup)
    return tasks


def _order(
    c: Compiled, tasks: _Tasks, i: int, tables: Any, stations: Any, lines: list[Any]
) -> None:
    model, cutting, finishing = tasks.model, c.problem.cutting, c.problem.finishing
    job = model.add_job(weight=c.weight[i], due_date=max(c.due[i] - finishing.transport, 0))
    if c.sewn[i] != CANNOT:
        finish = model.add_task(job, earliest_start=c.sewn[i], allow_breaks=True)
    else:
        kit = max(c.kit[i], 0)
        sew = model.add_task(job, earliest_start=kit, allow_breaks=True)
        tasks.sews[i] = sew
        for number, line in enumerate(lines):
            if c.work[number][i] != CANNOT:
                _mode(tasks, sew, line, c.work[number][i], (i, number))
        if c.kit[i] == CANNOT:
            cut = model.add_task(job, earliest_start=c.release[i], allow_breaks=True)
            tasks.cuts[i] = cut
            _mode(tasks, cut, tables, c.cut[i], demand=1)
            model.add_end_before_start(cut, sew, cutting.transport)
        finish = model.add_task(job, allow_breaks=True)
        model.add_end_before_start(sew, finish)
    _mode(tasks, finish, stations, c.finish[i], demand=1)


def _mode(
    tasks: _Tasks, task: Any, resource: Any, duration: int,
    means: tuple[int, int] | None = None, demand: int = 0,
) -> None:  # fmt: skip
    tasks.model.add_mode(task, resource, duration, demand or None)
    if means is not None:
        tasks.modes[tasks.count] = means
    tasks.count += 1


def _occupy(tasks: _Tasks, resource: Any, until: tuple[int, ...]) -> None:
    """Fill places that hold what runs."""
    for tick in until:
        if tick:
            task = tasks.model.add_task(latest_start=0, allow_breaks=True, allow_idle=True,
                                        earliest_end=tick, latest_end=tick)  # fmt: skip
            _mode(tasks, task, resource, 0, demand=1)


def _heads(c: Compiled, tasks: _Tasks, lines: list[Any]) -> list[Any]:
    """Return by line the task that stands for what is set up there; fixed orders follow it."""
    index = {order.order: i for i, order in enumerate(c.problem.orders)}
    heads = []
    for number, line in enumerate(lines):
        times = c.times[number]
        free = times.start_at(times.to_work(c.line_free[number]))  # not while it is closed
        head = tasks.model.add_task(earliest_start=free, latest_start=free)
        _mode(tasks, head, line, 0)
        before = head
        for name in c.problem.fixed.get(c.problem.lines[number].line, ()):
            task = tasks.sews.get(index[name])
            if task is not None:
                tasks.model.add_consecutive(before, task)
                before = task
        heads.append(head)
    return heads


def _setups(c: Compiled, tasks: _Tasks, number: int, line: Any, head: Any) -> None:
    here = {i: task for i, task in tasks.sews.items() if c.work[number][i] != CANNOT}
    for j, after in here.items():
        first = c.setup[c.line_class[number]][c.klass[j]]
        tasks.model.add_setup_time(line, head, after, first)
        for i, before in here.items():
            ticks = c.setup[c.klass[i]][c.klass[j]]
            if i != j and ticks:
                tasks.model.add_setup_time(line, before, after, ticks)


def _breaks(times: WorkTimes, free: int = 0) -> list[tuple[int, int]]:
    """Return when a resource is closed; before `free` it is busy with what no plan moves."""
    closed = [(0, times.starts[0])] if times.starts[0] else []
    closed += [(a, b) for a, b in zip(times.ends, times.starts[1:], strict=False) if a < FOREVER]
    late = [(max(a, free), b) for a, b in closed if b > free]
    if not free:
        return late
    if late and late[0][0] <= free:
        return [(0, late[0][1]), *late[1:]]
    return [(0, free), *late]


def _plan_of(c: Compiled, tasks: _Tasks, variables: Any, value: Callable[[Any], int]) -> Plan:
    """Return the sequences of a solution: by start on each line, and by start of cutting."""
    number_of = {id(task): k for k, task in enumerate(tasks.model.tasks)}

    def span(task: Any) -> tuple[int, int]:
        variable = variables.task_vars[number_of[id(task)]]
        return value(variable.start), value(variable.end)

    sequences: list[list[tuple[tuple[int, int], int]]] = [[] for _ in c.times]
    for mode, (i, line) in tasks.modes.items():
        if value(variables.mode_vars[mode]):
            sequences[line].append((span(tasks.sews[i]), i))
    cut_order = sorted(tasks.cuts, key=lambda i: (span(tasks.cuts[i]), c.due[i], i))
    return Plan(tuple(tuple(i for _, i in sorted(row)) for row in sequences), tuple(cut_order))
