"""Solvers of others for comparison: one CP-SAT model of the whole, and PyJobShop's."""

from seamline_platform.planning.scheduler import Answer, AnyProblem, Kind, Run
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.solvers.starts import shop_of


class PyJobShop:
    """PyJobShop's model of the whole on CP-SAT; it begins with nothing, whatever it is handed."""

    kinds: frozenset[Kind] = frozenset({"shop"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return what it finds within the budget's CPU seconds."""
        from seamline_platform.planning.solvers.pyjobshop_shop import solve_shop

        return solve_shop(shop_of(problem, self), budget, run)
