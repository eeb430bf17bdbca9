"""The starter that `seamline scheduler new` writes: a whole solver that passes every check."""

from pathlib import Path
from typing import Final

from seamline_platform.demand.conformance.starter import write_class

STARTER: Final = '''"""{name}: from the best dispatch rule, moves single orders while that pays."""

from random import Random

from seamline_platform.planning.scheduler import Answer
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.decode import DeadlockError, Plan, evaluate, lines_for
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.sequences import plan_of, sequences_of


class {name}:
    """Takes an order out and puts it somewhere else; keeps what costs no more."""

    kinds = frozenset({{"shop"}})  # garment plants; "machines" would be those of the literature

    def solve(self, problem, budget, run):
        """Return the best plan found; budget and clock are those of the processor."""
        began, rng = run.cpu(), Random(run.seed)
        tables = compile_problem(problem)  # names become numbers
        plan = best_rule(tables).plan if run.start is None else plan_of(tables, run.start)
        cost, moves = evaluate(tables, plan), 0
        while run.cpu() - began < budget.cpu_s and not run.cancelled():
            if budget.moves and moves >= budget.moves:
                break
            moves += 1
            new = self.moved(tables, plan, rng)
            try:
                new_cost = evaluate(tables, new)
            except DeadlockError:  # orders that wait for each other across lines
                continue
            if new_cost < cost and run.on_improve is not None:
                run.on_improve(sequences_of(tables, new), new_cost)
            if new_cost <= cost:
                plan, cost = new, new_cost
        return Answer(sequences_of(tables, plan), moves=moves)

    def moved(self, tables, plan, rng):
        """Return the plan with one order in another place; what is fixed stays."""
        problem = tables.problem
        heads = [len(problem.fixed.get(line.line, ())) for line in problem.lines]
        rows = [list(row) for row in plan.sequences]
        free = [(k, at) for k, row in enumerate(rows) for at in range(heads[k], len(row))]
        if not free:
            return plan
        line, at = rng.choice(free)
        order = rows[line].pop(at)
        to = rng.choice(lines_for(tables, order))
        rows[to].insert(rng.randint(heads[to], len(rows[to])), order)
        return Plan(tuple(map(tuple, rows)), plan.cut_order)
'''


def write_starter(name: str, folder: Path) -> Path:
    """Write `name.py` (in small letters) with a class `name` into `folder`; return its path.

    Raises:
        ConfigError: if `name` is no class name, or the file is there already.
    """
    return write_class(STARTER, name, folder)
