"""Our own solvers: the best dispatch rule, annealing, and the pipeline that the hub runs."""

from dataclasses import replace
from functools import partial

from seamline_platform.planning.scheduler import Answer, AnyProblem, Kind, Run
from seamline_platform.planning.shop.annealing import Budget, anneal_plan
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.sequences import sequences_of
from seamline_platform.planning.solvers.starts import first_plan, shop_of, tell


class DispatchRules:
    """The best of FIFO, SPT, EDD, WSPT, ATC, ATCS, ECT-ATCS with four cutting orders."""

    kinds: frozenset[Kind] = frozenset({"shop"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return the plan of the cheapest rule; rules take what they take, whatever the budget."""
        c = compile_problem(shop_of(problem, self))
        rule = best_rule(c)
        tell(c, run, rule.plan, rule.cost)
        return Answer(sequences_of(c, rule.plan))


class Annealing:
    """Simulated annealing on line sequences and the cutting order, from the best rule."""

    kinds: frozenset[Kind] = frozenset({"shop"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return the best plan that annealing finds; with moves alone it is the same anywhere."""
        c = compile_problem(shop_of(problem, self))
        began = run.cpu()
        plan = first_plan(c, run)
        left = replace(budget, cpu_s=max(budget.cpu_s - (run.cpu() - began), 1e-3))
        if any(c.before):  # the inner loop does not know orders that wait for others
            return Answer(sequences_of(c, plan))
        found = anneal_plan(
            c, plan, left, run.cpu, seed=run.seed, on_improve=partial(tell, c, run),
            cancelled=run.cancelled,
        )  # fmt: skip
        return Answer(sequences_of(c, found.plan), moves=found.moves)


class Seamline(Annealing):
    """The pipeline that plans the hub: rules, annealing, then small exact sub-problems."""
