"""Our own solvers: the best dispatch rule, annealing, and the pipeline that the hub runs."""

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial

from seamline_platform.planning.machines import dispatching as machine_rules
from seamline_platform.planning.machines.problem import MachineProblem
from seamline_platform.planning.machines.solve import solve_machines
from seamline_platform.planning.scheduler import Answer, AnyProblem, Kind, Run
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.compiled import Compiled, compile_problem
from seamline_platform.planning.shop.decode import Plan
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.pipeline import search
from seamline_platform.planning.shop.sequences import sequences_of
from seamline_platform.planning.solvers.starts import first_plan, shop_of, tell


class DispatchRules:
    """The best dispatch rule: seven, each with four cutting orders, in plants."""

    kinds: frozenset[Kind] = frozenset({"shop", "machines"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return the plan of the cheapest rule; rules take what they take, whatever the budget."""
        if isinstance(problem, MachineProblem):
            found = machine_rules.best_rule(problem)
            if run.on_improve is not None:
                run.on_improve(found.schedule, found.cost)
            return Answer(found.schedule)
        c = compile_problem(shop_of(problem, self))
        rule = best_rule(c)
        tell(c, run, rule.plan, rule.cost)
        return Answer(sequences_of(c, rule.plan))


class _FromFirstPlan(ABC):
    """A search of shops that begins with a plan; finding that plan is part of its budget."""

    kinds: frozenset[Kind] = frozenset({"shop"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return the best plan found; with moves alone it is the same anywhere."""
        c = compile_problem(shop_of(problem, self))
        began = run.cpu()
        plan = first_plan(c, run)
        left = replace(budget, cpu_s=max(budget.cpu_s - (run.cpu() - began), 1e-3))
        return self.improve(c, plan, left, run)

    @abstractmethod
    def improve(self, c: Compiled, plan: Plan, budget: Budget, run: Run) -> Answer:
        """Return a plan that costs no more than `plan`."""


class Annealing(_FromFirstPlan):
    """Simulated annealing on line sequences and the cutting order, from the best rule."""

    def improve(self, c: Compiled, plan: Plan, budget: Budget, run: Run) -> Answer:
        """Return the best plan that annealing finds."""
        if any(c.before):  # the inner loop does not know orders that wait for others
            return Answer(sequences_of(c, plan))
        found = anneal_plan(
            c, plan, budget, run.cpu, seed=run.seed, on_improve=partial(tell, c, run),
            cancelled=run.cancelled,
        )  # fmt: skip
        return Answer(sequences_of(c, found.plan), moves=found.moves)


class Seamline(_FromFirstPlan):
    """The pipeline that plans the hub: rules, annealing, then CP-SAT on parts; or what fits."""

    kinds: frozenset[Kind] = frozenset({"shop", "machines"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return the best plan found; never worse than that handed in, or than the best rule's."""
        if isinstance(problem, MachineProblem):
            return solve_machines(problem, budget, run)
        return super().solve(problem, budget, run)

    def improve(self, c: Compiled, plan: Plan, budget: Budget, run: Run) -> Answer:
        """Return the best plan that the pipeline finds."""
        found = search(
            c, plan, budget, run.cpu, seed=run.seed, on_improve=partial(tell, c, run),
            cancelled=run.cancelled,
        )  # fmt: skip
        return Answer(sequences_of(c, found.plan), moves=found.moves, ticks=found.ticks)
