"""Solvers of others for comparison: one CP-SAT model of the whole, and PyJobShop's."""

from functools import partial

from seamline_platform.planning.machines.problem import MachineProblem
from seamline_platform.planning.scheduler import Answer, AnyProblem, Kind, Run
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.sequences import sequences_of
from seamline_platform.planning.solvers.starts import handed_plan, shop_of, tell


class PyJobShop:
    """PyJobShop's model of the whole on CP-SAT; it begins with nothing, whatever it is handed."""

    kinds: frozenset[Kind] = frozenset({"shop", "machines"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return what it finds within the budget's CPU seconds."""
        if isinstance(problem, MachineProblem):
            from seamline_platform.planning.machines.pyjobshop import pyjobshop_machines

            return pyjobshop_machines(problem, budget, run)
        from seamline_platform.planning.solvers.pyjobshop_shop import solve_shop

        return solve_shop(shop_of(problem, self), budget, run)


class CpSat:
    """CP-SAT on one model of the whole, with the plan that it is handed as a hint, or cold."""

    kinds: frozenset[Kind] = frozenset({"shop", "machines"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return what it finds within the budget's CPU seconds (of all its threads)."""
        if isinstance(problem, MachineProblem):
            from seamline_platform.planning.machines.cpsat import cpsat_machines

            return cpsat_machines(problem, budget, run, run.start is not None)
        from seamline_platform.planning.shop.cpsat import solve_full

        c = compile_problem(shop_of(problem, self))
        found = solve_full(
            c, handed_plan(c, run), budget, run.cpu, run.seed, on_improve=partial(tell, c, run),
            cancelled=run.cancelled,
        )  # fmt: skip
        solution = None if found.plan is None else sequences_of(c, found.plan)
        return Answer(solution, ticks=found.ticks)
