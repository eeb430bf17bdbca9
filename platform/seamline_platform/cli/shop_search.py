"""From a problem to a checked plan on the command line: our own pipeline, or another solver."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from seamline_broker.errors import ConfigError

if TYPE_CHECKING:
    from seamline_platform.cli.shop_progress import Watch
    from seamline_platform.planning.shop.annealing import Budget, Timer
    from seamline_platform.planning.shop.compiled import Compiled
    from seamline_platform.planning.shop.decode import Plan
    from seamline_platform.planning.shop.dispatching import RuleResult
    from seamline_platform.planning.shop.problem import Problem
    from seamline_platform.planning.shop.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Planned:
    """A checked schedule, with the plan by index and how it came about."""

    c: "Compiled"
    plan: "Plan"
    schedule: "Schedule"
    facts: dict[str, object]
    """What the JSON document says of the search."""
    story: str
    """The same in a sentence."""


def search(
    problem: "Problem", budget: "Budget", cpu: "Timer", seed: int, watch: "Watch", rule: str = ""
) -> Planned:
    """Plan by rules, annealing and CP-SAT; `rule` names the one to begin with."""
    from seamline_platform.planning.shop.compiled import compile_problem
    from seamline_platform.planning.shop.solve import solve

    c = compile_problem(problem)
    solved = solve(
        problem, budget, cpu, seed=seed, start=_start(c, rule) if rule else None,
        on_improve=watch.improved, on_stage=watch.stage, cancelled=watch.cancelled,
    )  # fmt: skip
    facts: dict[str, object] = {
        "best_rule": solved.rule,
        "best_rule_cost": solved.rule_cost,
        "moves": solved.moves,
        "ticks": round(solved.ticks, 6),
        "stages": [asdict(stage) for stage in solved.stages],
        "course": [list(point) for point in solved.course],
        "cpu_s": round(solved.cpu_s, 3),
        "seed": seed,
    }
    parts = next((s.moves for s in solved.stages if s.stage == "cp-sat"), 0)
    exact = f", {parts} parts by CP-SAT ({solved.ticks:.2f} ticks)" if parts else ""
    story = (
        f"{'rule' if rule else 'best rule'} {solved.rule}: {solved.rule_cost}; "
        f"{solved.moves} moves{exact} in {solved.cpu_s:.1f} CPU-s"
    )
    return Planned(c, solved.plan, solved.schedule, facts, story)


def search_with(
    problem: "Problem", spec: str, budget: "Budget", cpu: "Timer", seed: int, watch: "Watch"
) -> Planned:
    """Plan with the solver of that name or loose file; its plan is checked as ours is.

    Raises:
        ConfigError: if it does not take plants, finds nothing, or answers with something else.
    """
    from seamline_platform.planning.scheduler import Run, Solution
    from seamline_platform.planning.shop.compiled import compile_problem
    from seamline_platform.planning.shop.sequences import Sequences, plan_of
    from seamline_platform.planning.shop.solve import checked_schedule
    from seamline_platform.planning.solvers.load import load_scheduler

    solver = load_scheduler(spec)
    if "shop" not in solver.kinds:
        raise ConfigError(
            f"Solver {spec!r} takes {', '.join(sorted(solver.kinds))}, not garment plants."
        )

    def better(_solution: Solution, cost: int) -> None:
        watch.cost(cost)

    watch.stage(spec)
    began = cpu()
    run = Run(cpu, seed, None, better, watch.cancelled)
    answer = solver.solve(problem, budget, run)
    spent_s = cpu() - began
    if not isinstance(answer.solution, Sequences):
        came = "nothing" if answer.solution is None else type(answer.solution).__name__
        raise ConfigError(f"Solver {spec!r} found {came} in its budget; a plan is Sequences.")
    c = compile_problem(problem)
    plan = plan_of(c, answer.solution)
    facts: dict[str, object] = {
        "solver": spec, "moves": answer.moves, "ticks": round(answer.ticks, 6),
        "optimal": answer.optimal, "cpu_s": round(spent_s, 3), "seed": seed,
    }  # fmt: skip
    proved = ", proved optimal" if answer.optimal else ""
    story = f"solver {spec}{proved}: {answer.moves} moves in {spent_s:.1f} CPU-s"
    return Planned(c, plan, checked_schedule(c, plan), facts, story)


def _start(c: "Compiled", name: str) -> "RuleResult":
    """Return the plan of a dispatch rule to begin with.

    Raises:
        ConfigError: if there is no such rule.
        PluginError: if a rule of a loose file `mine.py:Mine` cannot be loaded or fails.
    """
    from seamline_platform.planning.rules import rule_names
    from seamline_platform.planning.shop.dispatching import RULES, rule_plan

    known = {rule.casefold(): rule for rule in (*rule_names(), *RULES)}
    if ".py:" in name:
        return rule_plan(c, name)
    if name.casefold() not in known:
        shown = ", ".join(sorted(known.values()))
        raise ConfigError(f"The rule is {name!r}; there is: {shown}, or a file as in mine.py:Mine.")
    return rule_plan(c, known[name.casefold()])
