"""An accepted plan as the dispatch policy follows it: which line, and in which sequence there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.calendar import DAY_MS
from seamline_platform.planning.evaluate import Job
from seamline_platform.planning.floor import FREE_STATES, Floor, LineState

STALE_MS: Final = 3 * DAY_MS
"""A plan that nobody has compared with the plants for so long is followed no more: longer than a
week-end, during which nothing has to be compared."""


@dataclass(frozen=True)
class FollowedPlan:
    """Orders by `site/line` in the sequence in which they are to be sewn.

    `as_of_ms` is the plant time at which it was last compared with what the plants say.
    """

    version: int
    as_of_ms: int
    lines: Mapping[str, Sequence[str]]

    @cached_property
    def line_of(self) -> Mapping[str, str]:
        """Return the line of each order."""
        return {order: line for line, orders in self.lines.items() for order in orders}

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """Return the place of each order on its line."""
        return {o: place for orders in self.lines.values() for place, o in enumerate(orders)}

    def is_stale(self, now_ms: int) -> bool:
        """Return True if the plan is too old to be followed."""
        return now_ms - self.as_of_ms > STALE_MS

    def holds(self, order: str, line: str) -> bool:
        """Return True if the plan has `order` on `line`."""
        return self.line_of.get(order) == line


def arrange(jobs: Sequence[Job], line: str, plan: FollowedPlan) -> list[Job]:
    """Return `jobs` in the plan's sequence; those that it does not have on the line stay in place.

    A plan (y, x) makes (y, new, x) of (x, new, y).
    """
    planned = (job for job in jobs if plan.holds(job.order, line))
    ranked = iter(sorted(planned, key=lambda job: plan.rank[job.order]))
    return [next(ranked) if plan.holds(job.order, line) else job for job in jobs]


def follow_queues(floor: Floor, plan: FollowedPlan) -> list[tuple[LineState, list[str]]]:
    """Put what waits at each line into the plan's sequence.

    Returns:
        The lines whose queue of orders that stand there is to change, with the queue as wanted.
    """
    changed = []
    for line in floor.lines.values():
        before = [job.order for job in line.queue()]
        line.waiting = arrange(line.waiting, line.key, plan)
        after = [job.order for job in line.queue()]
        if after != before:
            changed.append((line, after))
    return changed


def follow_lines(floor: Floor, view: View, plan: FollowedPlan) -> list[Command]:
    """Send orders that are cut to the line of the plan; changes `floor` accordingly.

    A kit stays with the warehouse that cut it: only lines of the same region can take it.
    """
    result: list[Command] = []
    for line in floor.lines.values():
        for job in line.bound():
            other = floor.lines.get(plan.line_of.get(job.order, line.key))
            if other is None or other is line or not other.joined:
                continue
            order = view.orders[job.order]
            if other.info.region == line.info.region and order.state not in FREE_STATES:
                result.append(_redirect(order, line, other, plan))
                line.waiting.remove(job)
                other.waiting.append(other.job(order, line.now_ms + line.transport_ms(order)))
    return result


def _redirect(order: OrderView, line: LineState, other: LineState, plan: FollowedPlan) -> Command:
    return Command(
        node=f"{line.info.region}/warehouse",
        name="redirect",
        args={"order": order.order, "site": other.info.site, "line": other.info.line},
        order=order.order,
        reason=f"plan {plan.version} has it on {other.key} instead of {line.key}",
        reason_zh=f"按计划 {plan.version}，由 {line.key} 改到 {other.key}",
    )


def queue_command(line: LineState, orders: Sequence[str], plan: FollowedPlan) -> Command:
    """Return the command that puts a line's queue into the plan's sequence."""
    return Command(
        node=line.key,
        name="sequence",
        args={"orders": list(orders)},
        order=orders[0],
        reason=f"plan {plan.version}: {line.key} sews {orders[0]} next",
        reason_zh=f"计划 {plan.version}：{line.key} 接着做 {orders[0]}",
    )
