"""Rules of the `DispatchRule` protocol on a shop: one rule works live, in plans and benchmarks.

A rule sees the orders that could be sewn next on a line as jobs of that line, as it does in the
running factory: working ms, set-ups after what the line sews now. Of its sequence the first
is sewn.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from seamline_platform.planning.evaluate import Job
from seamline_platform.planning.rules import DispatchRule, RuleContext, sequence_by
from seamline_platform.planning.shop.compiled import Compiled


class LinesNow(Protocol):
    """Lines while a rule fills them."""

    ready: list[int]
    klass: list[int]


class RuleJobs:
    """Asks a rule about orders (indices) of a shop.

    Raises (from every question):
        PluginError: if the rule loses, doubles or invents a job, or fails.
    """

    def __init__(self, c: Compiled, rule: DispatchRule) -> None:
        self._c, self._rule = c, rule
        self._index = {o.order: i for i, o in enumerate(c.problem.orders)}
        self._ms = c.problem.tick_ms

    def next_of(self, lines: LinesNow, line: int, there: Sequence[int], now: int) -> int:
        """Return the order that comes next on `line`, at `now` (its work), of those `there`."""
        if len(there) == 1:
            return there[0]
        jobs = [self._job(i, line, lines.ready[i]) for i in there]
        context = RuleContext(now * self._ms, self._setups(lines.klass[line]))
        return self._index[sequence_by(self._rule, jobs, context)[0].order]

    def _setups(self, klass: int) -> Callable[[Job | None, Job], int]:
        c = self._c

        def setup_ms(before: Job | None, job: Job) -> int:
            came = klass if before is None else c.klass[self._index[before.order]]
            return c.setup[came][c.klass[self._index[job.order]]] * self._ms

        return setup_ms

    def _job(self, i: int, line: int, ready: int) -> Job:
        c, order = self._c, self._c.problem.orders[i]
        times = c.times[line]
        due = max(c.due[i] - c.finish[i] - c.problem.finishing.transport, 0)
        return Job(
            order=order.order,
            style=order.style,
            bulletin=c.problem.style_of[order.style].family,
            colour=order.colour,
            pieces=order.pieces,
            work_ms=max(c.work[line][i], 0) * self._ms,
            release_ms=times.to_work(ready) * self._ms,
            due_ms=times.to_work(due) * self._ms,
            weight=order.weight,
        )
