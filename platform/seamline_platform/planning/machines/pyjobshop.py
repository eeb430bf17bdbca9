"""PyJobShop on machine problems: its model, by its public interface, under our budget.

PyJobShop (Lan and Berkhout, arXiv 2502.13483) is a modelling layer over CP-SAT. It builds the
model; CP-SAT then gets the parameters that `pyjobshop.solve` would set, and is ended by the same
watcher of CPU seconds as our own runs, since `solve` itself knows wall time only.
"""

from typing import Any

from seamline_broker.errors import ConfigError
from seamline_platform.planning.machines.cpsat_driver import WORKERS, Value, drive
from seamline_platform.planning.machines.cpsat_model import too_large
from seamline_platform.planning.machines.problem import MachineProblem, MachineSchedule
from seamline_platform.planning.scheduler import Answer, Run
from seamline_platform.planning.shop.annealing import Budget


def pyjobshop_machines(
    problem: MachineProblem, budget: Budget, run: Run, *, workers: int = WORKERS
) -> Answer:
    """Return what PyJobShop's model gives, started cold; building the model counts.

    The answer is empty if nothing was found, or if the problem is too large for a model.

    Raises:
        ConfigError: if PyJobShop is not installed.
    """
    try:
        from pyjobshop.solvers.ortools import CPModel
    except ImportError as exc:
        raise ConfigError(
            "PyJobShop is not installed; it is a tool for comparison: pip install 'seamline[dev]'."
        ) from exc
    began = run.cpu()
    if too_large(problem) or not problem.jobs:
        return Answer(None)
    run = Run(run.cpu, run.seed, None, run.on_improve, run.cancelled)
    built, tasks = model_of(problem)
    cp = CPModel(built.data())
    number = {id(task): n for n, task in enumerate(built.tasks)}
    modes = {id(mode): n for n, mode in enumerate(built.modes)}

    def read(value: Value) -> MachineSchedule:
        return MachineSchedule.of(
            [
                [
                    (
                        next(m for m, mode in choices if value(_mode(cp, modes[id(mode)]))),
                        value(cp.variables.task_vars[number[id(task)]].start),
                    )
                    for task, choices in row
                ]
                for row in tasks
            ]
        )

    return drive(problem, cp.model, read, budget, run, run.cpu() - began, workers=workers)


def _mode(cp: Any, number: int) -> Any:
    return cp.variables.mode_vars[number]


_Rows = list[list[tuple[Any, list[tuple[int, Any]]]]]
"""By job, for each operation: the task, and its modes with their machines."""


def model_of(problem: MachineProblem) -> tuple[Any, _Rows]:
    """Return a `pyjobshop.Model` of the problem, and its tasks by job and operation."""
    from pyjobshop import Model

    model = Model()
    machines = [model.add_machine() for _ in range(problem.machines)]
    rows: _Rows = []
    for job in problem.jobs:
        late = problem.goal == "weighted_tardiness"
        owner = model.add_job(
            weight=job.weight, release_date=job.release, due_date=job.due if late else None
        )
        rows.append([])
        for operation in job.operations:
            task = model.add_task(job=owner)
            modes = [(m, model.add_mode(task, machines[m], d)) for m, d in operation.modes]
            if rows[-1]:
                model.add_end_before_start(rows[-1][-1][0], task)
            rows[-1].append((task, modes))
    if problem.setups or problem.first:
        _add_setups(problem, model, machines, rows)
    if problem.permutation:
        for machine in machines[1:]:
            model.add_same_sequence(machines[0], machine)
    if problem.goal == "makespan":
        model.set_objective(weight_makespan=1)
    else:
        model.set_objective(weight_total_tardiness=1)
    return model, rows


def _add_setups(problem: MachineProblem, model: Any, machines: list[Any], rows: _Rows) -> None:
    """Add set-ups between tasks; first ones follow an empty task at the head of the machine."""
    for number, machine in enumerate(machines):
        stays = [
            (j, task)
            for j, row in enumerate(rows)
            for task, modes in row
            if any(m == number for m, _ in modes)
        ]
        for i, before in stays:
            for j, after in stays:
                setup = problem.setup(number, i, j)
                if before is not after and setup:
                    model.add_setup_time(machine, before, after, setup)
        if problem.first:
            head = model.add_task(latest_start=0)
            model.add_mode(head, machine, 0)
            for j, task in stays:
                model.add_end_before_start(head, task)
                model.add_setup_time(machine, head, task, problem.setup(number, None, j))
