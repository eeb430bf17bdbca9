"""The dispatch hub: `decide(view, now) -> [command]`, the same code headless and live."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning.assign import Alternative, Assigner, Assignment
from seamline_platform.planning.calendar import HOUR_MS, MINUTE_MS
from seamline_platform.planning.disturb import expedite, redirects, resequence
from seamline_platform.planning.floor import FREE_STATES, Floor, LineState, floor_of
from seamline_platform.planning.hub.follow import (
    FollowedPlan,
    follow_lines,
    follow_queues,
    queue_command,
)
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.plan import Bar, bars_of
from seamline_platform.planning.rules import DispatchRule, load_rule


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of the hub, as a person reads it.

    `action` is `plan` (a slot is kept, nothing sent yet) or the name of the command.
    """

    order: str
    action: str
    region: str
    site: str
    line: str
    promise_ms: int
    reason: str
    reason_zh: str
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the hub means to do as of `now_ms`: bars for the Gantt chart, decisions, commands."""

    now_ms: int
    bars: tuple[Bar, ...] = ()
    decisions: tuple[Decision, ...] = ()
    commands: tuple[Command, ...] = ()


@dataclass(slots=True)
class _Given:
    """Commands already given whose effect may not be visible yet: key -> (plant time, detail)."""

    items: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def note(self, name: str, what: str, now_ms: int, detail: str = "") -> None:
        self.items[name, what] = (now_ms, detail)

    def recent(self, name: str, what: str, now_ms: int, within_ms: int) -> bool:
        given = self.items.get((name, what))
        return given is not None and now_ms - given[0] < within_ms

    def forget_older(self, now_ms: int, within_ms: int) -> None:
        self.items = {k: v for k, v in self.items.items() if now_ms - v[0] < within_ms}


PlantChoice = Callable[[View, DispatchParams, int], Mapping[str, str]]
"""Returns the site by order, for orders that no line has yet."""

_MEMORY_MS: Final = 7 * 24 * HOUR_MS


def _key(command: Command) -> tuple[str, str]:
    """Return under which key a command is remembered as given."""
    if command.name == "sequence":
        return command.name, command.node
    if command.name == "expedite_repair":
        return command.name, f"{command.node.partition('/')[0]}/{command.args['station']}"
    return command.name, command.order


class DispatchPolicy:
    """Gives every order region, plant, line and promise date, and keeps the lines in work.

    A breakdown or a rush order needs no special call: `decide` with the changed view re-plans. What
    is being sewn stays; what is cut moves only away from a broken line; what is not cut is
    planned anew each time. Equal views in equal sequence give equal commands.

    `plants` chooses a plant for every order without a line (dispatch over all plants and days);
    without it each order goes where it alone is best.

    With an accepted plan (`follow`) the orders that it has go to its lines in its sequence; all
    others, and all orders while there is none or it is stale, are decided as before.
    """

    def __init__(
        self,
        rule: str | DispatchRule = "atcs",
        params: DispatchParams | None = None,
        plants: PlantChoice | None = None,
    ) -> None:
        self._rule = load_rule(rule) if isinstance(rule, str) else rule
        self._rule_name = rule if isinstance(rule, str) else type(rule).__name__
        self._given = _Given()
        self._down_since: dict[str, int] = {}
        self._followed: FollowedPlan | None = None
        self._plants = plants
        self.params = params or DispatchParams()
        self.plan = Plan(0)
        """The plan of the last `decide`."""

    def decide(self, view: View, now_ms: int) -> list[Command]:
        """Return the commands to give now, most urgent first; `plan` then holds the reasons.

        Raises:
            PluginError: if the dispatch rule fails or loses an order.
        """
        self._given.forget_older(now_ms, _MEMORY_MS)
        plan = self.followed(now_ms)
        floor = self._floor(view, now_ms)
        steps: list[tuple[Decision, Command]] = []
        steps += self._repairs(floor, now_ms)
        steps += self._redirects(view, floor, now_ms, plan)
        steps += self._sequences(floor, now_ms, plan)
        assigned = self._assigner(view, floor, now_ms, plan).run()
        kits = self._kits(view, floor, assigned, now_ms)
        orders = [*self._promises(view, assigned, now_ms), *kits]
        urgent = self.params.rush_weight
        steps += sorted(orders, key=lambda step: view.orders[step[0].order].weight < urgent)
        sent = {decision.order for decision, _ in kits}
        kept = [
            _kept(view.orders[name], assignment)
            for name, assignment in assigned.items()
            if name not in sent
        ]
        commands = [command for _, command in steps]
        decisions = [decision for decision, _ in steps] + kept
        self.plan = Plan(now_ms, bars_of(view, floor), tuple(decisions), tuple(commands))
        return commands

    def follow(self, plan: FollowedPlan | None) -> None:
        """Carry out an accepted plan from the next `decide` on; None: decide by the rules alone."""
        self._followed = plan

    def followed(self, now_ms: int) -> FollowedPlan | None:
        """Return the plan that is carried out; None if there is none or it is stale."""
        plan = self._followed
        return None if plan is None or plan.is_stale(now_ms) else plan

    def preview(self, view: View, now_ms: int) -> Floor:
        """Return the floor with every free order where `decide` would have it sewn now.

        Nothing is decided: it is the state that a better plan starts from.
        """
        floor = self._floor(view, now_ms)
        plan = self.followed(now_ms)
        if plan is not None:
            follow_queues(floor, plan)
        self._assigner(view, floor, now_ms, plan).run()
        return floor

    def _assigner(
        self, view: View, floor: Floor, now_ms: int, plan: FollowedPlan | None
    ) -> Assigner:
        planned = plan.line_of if plan is not None else {}
        open_ = any(order.order not in planned for order in floor.free)
        sites = self._plants(view, self.params, now_ms) if self._plants and open_ else {}
        return Assigner(view, floor, now_ms, self.params, self._rule, plan, sites)

    def _floor(self, view: View, now_ms: int) -> Floor:
        broken = self._broken(view, now_ms)
        return floor_of(view, now_ms, self.params, self._pending(view, now_ms), broken)

    def refused(self, command: Command) -> None:
        """Tell the policy that a command was refused, expired or failed.

        It is not given again before `repeat_min` has passed; a refused kit frees its order.
        """
        key = _key(command)
        given = self._given.items.get(key)
        if given is not None:
            self._given.note(*key, given[0])

    def unsent(self, command: Command) -> None:
        """Tell the policy that a command could not be sent: it may be given again at once."""
        self._given.items.pop(_key(command), None)

    def _window(self) -> int:
        return self.params.repeat_min * MINUTE_MS

    def _pending(self, view: View, now_ms: int) -> Mapping[str, str]:
        """Return orders whose kit was ordered a short while ago: they are as good as cut."""
        window = self._window()
        return {
            what: detail
            for (name, what), (at, detail) in self._given.items.items()
            if name == "kit"
            and detail
            and now_ms - at < window
            and what in view.orders
            and view.orders[what].state in FREE_STATES
        }

    def _broken(self, view: View, now_ms: int) -> dict[str, tuple[str, ...]]:
        """Return the stations per line that are broken: said to be, or down for long."""
        down = {f"{key}/{s}" for key, line in view.lines.items() for s in line.down}
        self._down_since = {s: self._down_since.get(s, now_ms) for s in sorted(down)}
        patience = self.params.broken_after_min * MINUTE_MS
        return {
            key: tuple(
                s
                for s in line.down
                if s in line.broken or now_ms - self._down_since[f"{key}/{s}"] >= patience
            )
            for key, line in view.lines.items()
        }

    def _repairs(self, floor: Floor, now_ms: int) -> list[tuple[Decision, Command]]:
        down = {f"{line.key}/{s}" for line in floor.lines.values() for s in line.down}
        for name, what in list(self._given.items):
            if name == "expedite_repair" and what not in down:
                del self._given.items[name, what]
        result = []
        for line, command in expedite(floor):
            station = f"{line.info.site}/{command.args['station']}"
            if self._given.recent("expedite_repair", station, now_ms, self._window()):
                continue
            self._given.note("expedite_repair", station, now_ms)
            result.append((_decision(command, line.info.region, line.key), command))
        return result

    def _redirects(
        self, view: View, floor: Floor, now_ms: int, plan: FollowedPlan | None
    ) -> list[tuple[Decision, Command]]:
        result = []
        blocked = {w for n, w in self._given.items if n == "redirect"}
        commands: list[Command] = []
        if plan is not None:
            recent = {w for w in blocked if self._given.recent("redirect", w, now_ms, HOUR_MS)}
            commands = [c for c in follow_lines(floor, view, plan) if c.order not in recent]
            blocked |= plan.line_of.keys()  # where these go is the plan's business
        for command in (*commands, *redirects(floor, view, self.params, blocked)):
            self._given.note("redirect", command.order, now_ms)
            key = f"{command.args['site']}/{command.args['line']}"
            result.append((_decision(command, floor.lines[key].info.region, key), command))
        return result

    def _queues(self, floor: Floor, plan: FollowedPlan | None) -> list[tuple[LineState, Command]]:
        """Return the queues to be changed: to the plan's sequence, or by the rule without one."""
        if plan is not None:
            changed = follow_queues(floor, plan)
            return [(line, queue_command(line, orders, plan)) for line, orders in changed]
        ruled = (
            (line, resequence(line, self._rule, self._rule_name, self.params))
            for line in floor.lines.values()
        )
        return [(line, command) for line, command in ruled if command is not None]

    def _sequences(
        self, floor: Floor, now_ms: int, plan: FollowedPlan | None
    ) -> list[tuple[Decision, Command]]:
        result = []
        for line, command in self._queues(floor, plan):
            wanted = " ".join(str(o) for o in command.args["orders"])  # type: ignore[attr-defined]
            last = self._given.items.get(("sequence", line.key))
            if last and last[1] == wanted and now_ms - last[0] < self._window():
                continue
            self._given.note("sequence", line.key, now_ms, wanted)
            result.append((_decision(command, line.info.region, line.key), command))
        return result

    def _promises(
        self, view: View, assigned: Mapping[str, Assignment], now_ms: int
    ) -> list[tuple[Decision, Command]]:
        result = []
        for name, assignment in assigned.items():
            order = view.orders[name]
            unanswered = order.kind == "seller" and order.state == "received"
            if not unanswered or self._given.recent("promise", name, now_ms, self._window()):
                continue
            promise_ms = self._promise_ms(assignment.delivery_ms, now_ms)
            site, _, line = assignment.line.partition("/")
            command = Command(
                node=f"sellers/{order.seller}",
                name="promise",
                args={"order": name, "promise_ms": promise_ms, "site": site, "line": line},
                order=name,
                reason=assignment.reason,
                reason_zh=assignment.reason_zh,
            )
            self._given.note("promise", name, now_ms)
            decision = _decision(command, assignment.region, assignment.line)
            decision = replace(
                decision, promise_ms=promise_ms, alternatives=assignment.alternatives
            )
            result.append((decision, command))
        return result

    def _promise_ms(self, delivery_ms: int, now_ms: int) -> int:
        """Return the planned arrival plus the margin, rounded up to a full hour."""
        margin = max(
            round((delivery_ms - now_ms) * self.params.promise_margin),
            self.params.promise_margin_min * MINUTE_MS,
        )
        return -(-(delivery_ms + margin) // HOUR_MS) * HOUR_MS

    def _kits(
        self, view: View, floor: Floor, assigned: Mapping[str, Assignment], now_ms: int
    ) -> list[tuple[Decision, Command]]:
        """Release kits of each line's next orders until it has work for the horizon."""
        result = []
        window = self._window()
        for line in floor.lines.values():
            horizon = round(self.params.release_days * line.model.calendar.day_work_ms)
            now_work = line.model.calendar.to_work(now_ms)
            backlog = sum(job.work_ms for job in (*line.sewing, *line.bound()))
            backlog += line.model.free_ms - now_work
            for job in line.waiting:
                assignment = assigned.get(job.order)
                if assignment is None or self._given.recent("kit", job.order, now_ms, window):
                    continue
                open_door = backlog < horizon or line.is_rush(job)
                if not open_door or not assignment.cloth:
                    continue
                backlog += job.work_ms
                result.append(self._kit(view.orders[job.order], assignment, now_ms))
        return result

    def _kit(
        self, order: OrderView, assignment: Assignment, now_ms: int
    ) -> tuple[Decision, Command]:
        site, _, line = assignment.line.partition("/")
        command = Command(
            node=f"{assignment.region}/warehouse",
            name="kit",
            args={
                "order": order.order,
                "order_kind": order.kind,
                "style": order.style,
                "colour": order.colour,
                "sizes": {size: n for size, n in order.sizes.items() if n > 0},
                "region": order.region,
                "site": site,
                "line": line,
                "due_ms": order.due_ms,
                "weight": min(max(order.weight, 1), 10),
            },
            order=order.order,
            reason=assignment.reason,
            reason_zh=assignment.reason_zh,
        )
        self._given.note("kit", order.order, now_ms, assignment.line)
        decision = _decision(command, assignment.region, assignment.line)
        return replace(
            decision,
            promise_ms=order.promised_ms or self._promise_ms(assignment.delivery_ms, now_ms),
            alternatives=assignment.alternatives,
        ), command


def _decision(command: Command, region: str, key: str) -> Decision:
    site, _, line = key.partition("/")
    return Decision(
        order=command.order,
        action=command.name,
        region=region,
        site=site,
        line=line,
        promise_ms=0,
        reason=command.reason,
        reason_zh=command.reason_zh,
    )


def _kept(order: OrderView, assignment: Assignment) -> Decision:
    site, _, line = assignment.line.partition("/")
    return Decision(
        order=order.order,
        action="plan",
        region=assignment.region,
        site=site,
        line=line,
        promise_ms=order.promised_ms,
        reason=assignment.reason,
        reason_zh=assignment.reason_zh,
        alternatives=assignment.alternatives,
    )
