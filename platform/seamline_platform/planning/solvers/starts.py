"""Where a solver of shops begins: with the plan it was handed, or with that of the best rule."""

from seamline_broker.errors import ConfigError
from seamline_platform.planning.scheduler import AnyProblem, Run
from seamline_platform.planning.shop.compiled import Compiled
from seamline_platform.planning.shop.decode import Plan
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.sequences import Sequences, plan_of, sequences_of


def shop_of(problem: AnyProblem, solver: object) -> Problem:
    """Return the garment plant.

    Raises:
        ConfigError: if it is none.
    """
    if isinstance(problem, Problem):
        return problem
    raise ConfigError(
        f"{type(solver).__name__} was given a {type(problem).__name__}; it takes garment plants."
    )


def handed_plan(c: Compiled, run: Run) -> Plan | None:
    """Return the plan that a solver was handed, by index; None if there was none.

    Raises:
        ConfigError: if it is no plan of this plant.
    """
    if run.start is None:
        return None
    if not isinstance(run.start, Sequences):
        raise ConfigError(f"A plan of a plant is Sequences; {type(run.start).__name__} was handed.")
    return plan_of(c, run.start)


def first_plan(c: Compiled, run: Run) -> Plan:
    """Return the plan that was handed, or that of the best rule, which is told at once."""
    plan = handed_plan(c, run)
    if plan is not None:
        return plan
    rule = best_rule(c)
    tell(c, run, rule.plan, rule.cost)
    return rule.plan


def tell(c: Compiled, run: Run, plan: Plan, cost: int) -> None:
    """Hand on a plan that is better than all before."""
    if run.on_improve is not None:
        run.on_improve(sequences_of(c, plan), cost)
