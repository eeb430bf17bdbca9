"""Small machine problems and their optima by trying everything: a peer that shares no code."""

import itertools
import random
from collections.abc import Callable, Iterator

import pytest

from seamline_platform.planning.machines.problem import Job, MachineProblem, Operation


def _setups(
    rng: random.Random, machines: int, jobs: int
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return tuple(
        tuple(tuple(rng.randrange(9) for _ in range(jobs)) for _ in range(jobs))
        for _ in range(machines)
    )


def _flow(rng: random.Random, jobs: int, machines: int, due: int) -> tuple[Job, ...]:
    return tuple(
        Job(
            tuple(Operation(((m, rng.randrange(1, 9)),)) for m in range(machines)),
            rng.randrange(due),
            rng.randrange(1, 5),
            rng.randrange(4),
        )
        for _ in range(jobs)
    )


@pytest.fixture
def one_machine() -> Callable[[int], MachineProblem]:
    """Draw 1|s_ij, r_j|sum w_j T_j with six jobs."""

    def draw(seed: int) -> MachineProblem:
        rng = random.Random(seed)
        return MachineProblem(
            f"one_{seed}", 1, _flow(rng, 6, 1, 25), "weighted_tardiness", _setups(rng, 1, 6),
            (tuple(rng.randrange(9) for _ in range(6)),),
        )  # fmt: skip

    return draw


@pytest.fixture
def flow_shop() -> Callable[..., MachineProblem]:
    """Draw a permutation flow shop of six jobs on three machines."""

    def draw(seed: int, goal: str = "makespan", with_setups: bool = True) -> MachineProblem:
        rng = random.Random(seed)
        jobs = _flow(rng, 6, 3, 40)
        setups = _setups(rng, 3, 6) if with_setups else ()
        return MachineProblem(
            f"flow_{seed}", 3, jobs, "makespan" if goal == "makespan" else "weighted_tardiness",
            setups, permutation=True,
        )  # fmt: skip

    return draw


@pytest.fixture
def job_shop() -> Callable[..., MachineProblem]:
    """Draw a job shop of three jobs with three operations, with one mode each or two."""

    def draw(seed: int, modes: int = 1) -> MachineProblem:
        rng = random.Random(seed)
        jobs = []
        for _ in range(3):
            route = rng.sample(range(3), 3)
            jobs.append(
                Job(
                    tuple(
                        Operation(
                            tuple(
                                ((m + k) % 3, rng.randrange(1, 9)) for k in range(modes)
                            )
                        )
                        for m in route
                    )
                )
            )  # fmt: skip
        return MachineProblem(f"shop_{seed}", 3, tuple(jobs))

    return draw


@pytest.fixture
def best_permutation() -> Callable[[MachineProblem], int]:
    """Return the least cost over all sequences, by the recurrence of the textbook."""

    def cost(problem: MachineProblem, sequence: tuple[int, ...]) -> int:
        free, before, total, latest = [0] * problem.machines, -1, 0, 0
        for j in sequence:
            job, ready = problem.jobs[j], problem.jobs[j].release
            for m, operation in enumerate(job.operations):
                setup = 0
                if before >= 0 and problem.setups:
                    setup = problem.setups[m][before][j]
                elif before < 0 and problem.first:
                    setup = problem.first[m][j]
                free[m] = ready = max(ready, free[m] + setup) + operation.modes[0][1]
            total += job.weight * max(0, ready - job.due)
            latest, before = ready, j
        return latest if problem.goal == "makespan" else total

    return lambda problem: min(
        cost(problem, s) for s in itertools.permutations(range(len(problem.jobs)))
    )


@pytest.fixture
def best_makespan() -> Callable[[MachineProblem], int]:
    """Return the least makespan over all ways to add operations one after another."""

    def ends(problem: MachineProblem) -> Iterator[int]:
        def extend(
            done: tuple[int, ...], ready: tuple[int, ...], free: tuple[int, ...]
        ) -> Iterator[int]:
            if sum(done) == sum(len(job.operations) for job in problem.jobs):
                yield max(ready)
                return
            for j, job in enumerate(problem.jobs):
                if done[j] < len(job.operations):
                    for machine, duration in job.operations[done[j]].modes:
                        end = max(ready[j], free[machine]) + duration
                        yield from extend(
                            (*done[:j], done[j] + 1, *done[j + 1 :]),
                            (*ready[:j], end, *ready[j + 1 :]),
                            (*free[:machine], end, *free[machine + 1 :]),
                        )

        none = (0,) * len(problem.jobs)
        return extend(none, none, (0,) * problem.machines)

    return lambda problem: min(ends(problem))
