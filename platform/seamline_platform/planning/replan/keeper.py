"""The best plan of a re-planning, kept outside every solver, within its limits."""

from collections.abc import Callable
from random import Random
from typing import Final

from seamline_platform.planning.replan.provisional import insert
from seamline_platform.planning.shop.annealing import Budget, Cancelled, Timer
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import DeadlockError, Plan, evaluate

MAX_IDLE: Final = 200


class Keeper:
    """Takes plans that cost less with the tax, no more without it, and move few enough orders.

    `plain` is the problem as it was handed in, `c` the same with the tax of the search.
    """

    def __init__(
        self,
        plain: Compiled,
        c: Compiled,
        start: Plan,
        most_moved: int,
        cpu: Timer,
        tell: Callable[[Plan, int], None] | None,
    ) -> None:
        self.plain, self.c, self.plan, self.cpu, self._tell = plain, c, start, cpu, tell
        self.start_cost = self.plain_cost = evaluate(plain, start)
        self.cost = evaluate(c, start)
        self.most = max(most_moved, len(self.moved(start)))
        self.first_at: float | None = None

    def moved(self, plan: Plan) -> list[int]:
        """Return the orders on another line than planned."""
        return [
            i
            for number, row in enumerate(plan.sequences)
            for i in row
            if self.plain.planned[i] not in (CANNOT, number)
        ]

    def offer(self, plan: Plan) -> bool:
        """Take a plan if it is better; return True if it was taken."""
        try:
            cost = evaluate(self.c, plan)
        except DeadlockError:
            return False
        if cost >= self.cost:
            return False
        plain = evaluate(self.plain, plan)
        if plain > self.start_cost or len(self.moved(plan)) > self.most:
            return False
        self.plan, self.cost, self.plain_cost = plan, cost, plain
        if self.first_at is None:
            self.first_at = self.cpu()
        if self._tell is not None:
            self._tell(plan, plain)
        return True

    def brought_back(self, plan: Plan) -> Plan:
        """Return the plan with no more moved orders than allowed.

        One after the other goes back to the best place of its old line, the cheapest first.
        """
        heads = self._heads()
        while len(moved := self.moved(plan)) > self.most:
            tried = [
                insert(self.c, _without(plan, i), heads, i, [self.plain.planned[i]])
                for i in moved
                if self.c.work[self.plain.planned[i]][i] != CANNOT
            ]
            if not tried:
                break
            plan = min(tried, key=lambda p: evaluate(self.c, p))
        return plan

    def _heads(self) -> list[int]:
        return [len(self.c.problem.fixed.get(x.line, ())) for x in self.c.problem.lines]

    def reinsert(self, budget: Budget, cancelled: Cancelled) -> None:
        """Take one order out and put it in at its best place, again and again.

        For orders that wait for others, which annealing does not know.
        """
        began, turns, idle = self.cpu(), 0, 0
        rng = Random(f"reinsert {len(self.c.cut)}")
        heads = self._heads()
        while idle < MAX_IDLE and not cancelled():
            if budget.used(self.cpu() - began, turns) >= 1:
                break
            rows = self.plan.sequences
            free = [i for n, row in zip(heads, rows, strict=True) for i in row[n:]]
            if not free:
                break
            i = rng.choice(free)
            turns += 1
            found = insert(self.c, _without(self.plan, i), heads, i)
            idle = 0 if self.offer(found) else idle + 1


def _without(plan: Plan, i: int) -> Plan:
    rows = tuple(tuple(j for j in row if j != i) for row in plan.sequences)
    return Plan(rows, plan.cut_order)
