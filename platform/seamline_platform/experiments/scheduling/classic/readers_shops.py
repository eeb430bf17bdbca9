"""Readers of job shops, flexible job shops, hybrid and permutation flow shops."""

from pathlib import Path

from seamline_platform.experiments.scheduling.classic.reading import Numbers, square
from seamline_platform.planning.machines.problem import Job, MachineProblem, Operation


def read_job_shop(path: Path, name: str = "") -> MachineProblem:
    """Read `n m`, then per job m times `machine duration`, machines from 0; goal: makespan.

    Raises:
        ConfigError: if the file is malformed.
    """
    numbers = Numbers(path)
    jobs = numbers.next("the number of jobs", 1)
    machines = numbers.next("the number of machines", 1)
    rows = []
    for j in range(jobs):
        steps = []
        for k in range(machines):
            where = f"of operation {k + 1} of job {j + 1}"
            machine = numbers.next(f"the machine {where}", 0, machines - 1)
            steps.append(Operation(((machine, numbers.next(f"the duration {where}", 0)),)))
        rows.append(Job(tuple(steps)))
    numbers.end()
    return MachineProblem(name or path.stem, machines, tuple(rows))


def read_flexible_job_shop(path: Path, name: str = "") -> MachineProblem:
    """Read `n m [flexibility]`, then per job its number of operations and, for each, the number
    of modes and so many times `machine duration`, machines from 1; goal: makespan.

    Raises:
        ConfigError: if the file is malformed.
    """  # noqa: D205
    numbers = Numbers(path)
    jobs = numbers.next("the number of jobs", 1)
    machines = numbers.next("the number of machines", 1)
    numbers.skip_line()
    rows = []
    for j in range(jobs):
        count = numbers.next(f"the number of operations of job {j + 1}", 1)
        rows.append(Job(tuple(_operation(numbers, machines, j, k) for k in range(count))))
    numbers.end()
    return MachineProblem(name or path.stem, machines, tuple(rows))


def _operation(numbers: Numbers, machines: int, job: int, step: int) -> Operation:
    where = f"of operation {step + 1} of job {job + 1}"
    count = numbers.next(f"the number of modes {where}", 1, machines)
    modes = []
    for _ in range(count):
        machine = numbers.next(f"a machine {where}", 1, machines)
        modes.append((machine - 1, numbers.next(f"a duration {where}", 0)))
    return Operation(tuple(modes))


def read_hybrid_flow_shop(path: Path, name: str = "") -> MachineProblem:
    """Read n, stages, machines by stage, then n rows of durations by stage; goal: makespan.

    Raises:
        ConfigError: if the file is malformed.
    """
    numbers = Numbers(path)
    jobs = numbers.next("the number of jobs", 1)
    count = numbers.next("the number of stages", 1)
    sizes = numbers.row(count, "machines of a stage", 1)
    bounds = [sum(sizes[:k]) for k in range(count + 1)]
    rows = [numbers.row(count, f"a duration of job {j + 1}", 0) for j in range(jobs)]
    numbers.end()
    return MachineProblem(
        name or path.stem,
        bounds[-1],
        tuple(
            Job(
                tuple(
                    Operation(tuple((m, d) for m in range(bounds[k], bounds[k + 1])))
                    for k, d in enumerate(row)
                )
            )
            for row in rows
        ),
    )


def read_tardiness_flow_shop(path: Path, name: str = "") -> MachineProblem:
    """Read n, m, due dates, then n rows of m durations: Fm|prmu|sum T_j.

    Raises:
        ConfigError: if the file is malformed.
    """
    numbers = Numbers(path)
    jobs = numbers.next("the number of jobs", 1)
    machines = numbers.next("the number of machines", 1)
    dues = numbers.row(jobs, "a due date")
    rows = [numbers.row(machines, f"a duration of job {j + 1}", 0) for j in range(jobs)]
    numbers.end()
    return MachineProblem(
        name or path.stem,
        machines,
        tuple(_flow_job(row, due) for row, due in zip(rows, dues, strict=True)),
        "weighted_tardiness",
        permutation=True,
    )


def read_setup_flow_shop(path: Path, name: str = "") -> MachineProblem:
    """Read n, m, n rows of m durations, then m tables of n x n set-ups: Fm|prmu, s_ijk|C_max.

    The diagonal of a table has no meaning here: the first job of a machine needs no set-up.

    Raises:
        ConfigError: if the file is malformed.
    """
    numbers = Numbers(path)
    jobs = numbers.next("the number of jobs", 1)
    machines = numbers.next("the number of machines", 1)
    rows = [numbers.row(machines, f"a duration of job {j + 1}", 0) for j in range(jobs)]
    setups = tuple(
        square([numbers.row(jobs, f"a set-up of machine {m + 1}", 0) for _ in range(jobs)])
        for m in range(machines)
    )
    numbers.end()
    return MachineProblem(
        name or path.stem,
        machines,
        tuple(_flow_job(row, 0) for row in rows),
        setups=setups,
        permutation=True,
    )


def _flow_job(durations: list[int], due: int) -> Job:
    return Job(tuple(Operation(((m, d),)) for m, d in enumerate(durations)), due)
