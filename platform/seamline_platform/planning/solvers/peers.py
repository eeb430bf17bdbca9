"""Solvers of others for comparison: one CP-SAT model of the whole, and PyJobShop's."""

from seamline_broker.errors import ConfigError
from seamline_platform.planning.machines.problem import MachineProblem
from seamline_platform.planning.scheduler import Answer, AnyProblem, Kind, Run
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.solvers.starts import shop_of


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

    kinds: frozenset[Kind] = frozenset({"machines"})

    def solve(self, problem: AnyProblem, budget: Budget, run: Run) -> Answer:
        """Return what it finds within the budget's CPU seconds (of all its threads)."""
        from seamline_platform.planning.machines.cpsat import cpsat_machines

        if not isinstance(problem, MachineProblem):
            raise ConfigError("CpSat takes problems of machines.")
        return cpsat_machines(problem, budget, run, run.start is not None)
