"""A machine problem as a case of the benchmark: rules, check and Gantt bars."""

from collections.abc import Mapping
from dataclasses import dataclass

from seamline_platform.experiments.scheduling.contract import Case, Checked, GanttBar
from seamline_platform.planning.machines.check import check
from seamline_platform.planning.machines.decode import sequences_of
from seamline_platform.planning.machines.dispatching import every_rule
from seamline_platform.planning.machines.problem import MachineProblem, MachineSchedule
from seamline_platform.planning.scheduler import Solution


@dataclass(frozen=True, eq=False)
class MachineCase(Case):
    """One published instance."""

    family: str
    name: str
    problem: MachineProblem
    best_known: int | None = None

    def rules(self) -> Mapping[str, Solution]:
        """Return the best schedule of every dispatch rule that applies."""
        return {result.rule: result.schedule for result in every_rule(self.problem)}

    def check(self, solution: Solution) -> Checked:
        """Return what the independent checker says."""
        if not isinstance(solution, MachineSchedule):
            return Checked(0, (f"A {type(solution).__name__} is no schedule of machines.",))
        verdict = check(self.problem, solution)
        return Checked(verdict.objective, verdict.faults)

    def bars(self, solution: Solution) -> tuple[GanttBar, ...]:
        """Return one bar per operation that takes time, row by machine, with its set-up before.

        Raises:
            TypeError: if the solution is not one of machines.
        """
        if not isinstance(solution, MachineSchedule):
            raise TypeError(f"{self.name}: a {type(solution).__name__} is no schedule of machines.")
        problem, bars = self.problem, []
        late = _late_jobs(problem, solution)
        for machine, sequence in enumerate(sequences_of(problem, solution)):
            before: int | None = None
            for job, step in sequence:
                start = solution.starts[job][step][1]
                setup = problem.setup(machine, before, job)
                end = start + problem.jobs[job].operations[step].duration(machine)
                if end > start:
                    bars.append(
                        GanttBar(
                            f"M{machine + 1}", f"{job + 1}.{step + 1}", f"J{job + 1}",
                            start - setup, end, setup, job in late,
                        )
                    )  # fmt: skip
                before = job
        return tuple(bars)


def _late_jobs(problem: MachineProblem, schedule: MachineSchedule) -> set[int]:
    if problem.goal == "makespan":
        return set()
    return {
        number
        for number, (job, starts) in enumerate(zip(problem.jobs, schedule.starts, strict=True))
        if starts[-1][1] + job.operations[-1].duration(starts[-1][0]) > job.due
    }
