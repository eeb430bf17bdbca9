"""The dispatch hub at work: a reason comes, the policy decides, commands go out, all is stored."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from seamline_broker.clock import Clock
from seamline_broker.contracts.commands import Command, CommandResult
from seamline_broker.contracts.messages import Promise
from seamline_broker.contracts.view import View
from seamline_broker.errors import ContractError
from seamline_platform.app.desk import CommandDesk, Sent
from seamline_platform.app.triggers import Trigger
from seamline_platform.app.words import TRIGGERS, say
from seamline_platform.planning.accept import fault_of
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.floor import Floor

log = logging.getLogger(__name__)

Row = Mapping[str, object]
SELLERS = "sellers/"


@dataclass(frozen=True, slots=True)
class Wires:
    """What the planner is connected to: each a callable that the app hands in."""

    view: Callable[[], View]
    send: Callable[[str, bytes], bool]
    """Publish a command message for `site/node`; False if the broker is away."""
    promise: Callable[[str, Promise], bool]
    """Publish a promise to a seller."""
    insert: Callable[[str, Sequence[Row]], None]
    """Queue rows of a table."""
    decided: Callable[[str, str, str, int, str, str], None]
    """Tell the twin: order, site, line, promise_ms, reason, reason_zh."""
    refused: Callable[[str, str, str], None]
    """Tell the twin that an order cannot be made: order, reason, reason_zh."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one decision led to."""

    trigger: Trigger
    decision: str
    """What the ids of all its decisions begin with."""
    commands: tuple[Command, ...]
    sent: tuple[Sent, ...]
    promises: int
    latency_ms: int
    wall_ms: int
    plant_ms: int


class Planner:
    """Runs one policy; calls are serialised by a lock, so that two reasons never race."""

    def __init__(
        self, policy: DispatchPolicy, desk: CommandDesk, wires: Wires, clock: Clock
    ) -> None:
        self._policy = policy
        self._desk = desk
        self._wires = wires
        self._clock = clock
        self._lock = threading.Lock()
        self._number = 0
        self.decisions = 0
        self.replans = 0

    def decide(self, trigger: Trigger) -> Outcome:
        """Let the policy decide on the present view and carry out what is new."""
        with self._lock:
            view = self._without_impossible(self._wires.view(), trigger)
            commands = self._policy.decide(view, view.now_ms)
            return self._carry_out(commands, trigger, view, self._clock.wall_ms())

    def preview(self) -> tuple[View, Floor]:
        """Return the view, and the floor with free orders where the policy would have them sewn."""
        with self._lock:
            view = self._wires.view()
            orders = {
                name: order
                for name, order in view.orders.items()
                if order.state != "received" or fault_of(order, view.catalogue) is None
            }
            view = replace(view, orders=orders)
            return view, self._policy.preview(view, view.now_ms)

    def _without_impossible(self, view: View, trigger: Trigger) -> View:
        """Refuse sellers' orders that nobody can make; return the view without them."""
        rows: list[Row] = []
        impossible: set[str] = set()
        wall_ms = self._clock.wall_ms()
        for order in view.orders.values():
            if order.state != "received" or not order.seller:
                continue
            fault = fault_of(order, view.catalogue)
            if fault is None:
                continue
            reason, reason_zh = fault
            command = Command(
                SELLERS + order.seller, "refuse", {"site": "", "line": ""},
                order.order, reason, reason_zh,
            )  # fmt: skip
            decision = f"D{wall_ms}-R-{order.order}"
            if self._wires.promise(order.seller, Promise(order.order, False, 0, "", "", reason)):
                rows.append(self._decision_row(decision, command, trigger, view, wall_ms))
                self._wires.refused(order.order, reason, reason_zh)
            impossible.add(order.order)
        if rows:
            self._wires.insert("decisions", rows)
        orders = {name: order for name, order in view.orders.items() if name not in impossible}
        return replace(view, orders=orders) if impossible else view

    def give(self, command: Command, trigger: Trigger, plant_ms: int) -> Sent | None:
        """Send one command of a person; None if it could not be sent."""
        with self._lock:
            wall_ms = self._clock.wall_ms()
            sent = self._desk.issue(command, "", wall_ms, plant_ms)
            return sent if self._dispatch(sent) else None

    def carry_out(self, commands: Sequence[Command], trigger: Trigger) -> Outcome:
        """Carry out commands that were decided elsewhere, such as reservations of cloth."""
        with self._lock:
            return self._carry_out(commands, trigger, self._wires.view(), self._clock.wall_ms())

    def settled(self, result: CommandResult) -> Sent | None:
        """Take the result of a command; a refusal is handed on to the policy."""
        with self._lock:
            sent = self._desk.settle(result)
            if sent is not None and result.status not in ("done", "seen"):
                self._policy.refused(sent.command)
            return sent

    def _carry_out(
        self, commands: Sequence[Command], trigger: Trigger, view: View, wall_ms: int
    ) -> Outcome:
        self._number += 1
        sent: list[Sent] = []
        rows: list[Row] = []
        promises = 0
        for index, command in enumerate(commands):
            decision_id = f"D{wall_ms}-{self._number}-{index}"
            rows.append(self._decision_row(decision_id, command, trigger, view, wall_ms))
            try:
                if command.node.startswith(SELLERS):
                    promises += self._promise(command)
                else:
                    one = self._desk.issue(command, decision_id, wall_ms, view.now_ms)
                    if self._dispatch(one):
                        sent.append(one)
                    else:
                        self._policy.unsent(command)
            except ContractError as exc:
                log.error("decision_refused node=%s name=%s: %s", command.node, command.name, exc)
            self._tell_twin(command, view)
        if trigger.is_disturbance:
            rows.append(self._replan_row(trigger, view, wall_ms, len(commands)))
            self.replans += 1
        if rows:
            self._wires.insert("decisions", rows)
            self.decisions += len(commands)
        return Outcome(
            trigger=trigger,
            decision=f"D{wall_ms}-{self._number}",
            commands=tuple(commands),
            sent=tuple(sent),
            promises=promises,
            latency_ms=max(0, wall_ms - trigger.wall_ms),
            wall_ms=wall_ms,
            plant_ms=view.now_ms,
        )

    def _dispatch(self, sent: Sent) -> bool:
        ok = self._wires.send(sent.command.node, sent.message.encode())
        if not ok:
            log.warning("command_not_sent node=%s name=%s", sent.command.node, sent.message.name)
            return False
        row = {
            "command_id": sent.message.id,
            "decision_id": sent.decision_id,
            "node": sent.command.node,
            "name": sent.message.name,
            "args": json.dumps(sent.message.args, ensure_ascii=False),
            "counter": sent.message.counter,
            "issued_wall_ts": sent.message.issued_ms,
            "plant_ts": sent.plant_ms,
            "expires_wall_ts": sent.message.expires_ms,
        }
        self._wires.insert("commands", [row])
        return True

    def _promise(self, command: Command) -> bool:
        args = command.args
        promise = Promise(
            order=str(args["order"]),
            accepted=True,
            promise_ms=int(args["promise_ms"]),  # type: ignore[call-overload]
            site=str(args["site"]),
            line=str(args["line"]),
            reason=command.reason,
        )
        return self._wires.promise(command.node.removeprefix(SELLERS), promise)

    def _tell_twin(self, command: Command, view: View) -> None:
        order = view.orders.get(command.order)
        if order is None or command.name not in ("kit", "redirect", "promise"):
            return
        args = command.args
        promise_ms = int(args.get("promise_ms", 0))  # type: ignore[call-overload]
        self._wires.decided(
            command.order,
            str(args["site"]),
            str(args["line"]),
            promise_ms or order.promised_ms,
            command.reason,
            command.reason_zh,
        )

    def _decision_row(
        self, decision_id: str, command: Command, trigger: Trigger, view: View, wall_ms: int
    ) -> Row:
        order = view.orders.get(command.order)
        args = command.args
        site, _, node = command.node.partition("/")
        return {
            "decision_id": decision_id,
            "wall_ts": wall_ms,
            "plant_ts": view.now_ms,
            "trigger": trigger.kind,
            "order_id": command.order,
            "action": command.name,
            "region": order.region if order else "",
            "site": str(args.get("site", site)),
            "line": str(args.get("line", node)),
            "promise_ts": args.get("promise_ms") or None,
            "reason": command.reason,
            "reason_zh": command.reason_zh,
            "alternatives": self._alternatives(command.order),
            "latency_ms": float(max(0, wall_ms - trigger.wall_ms)),
        }

    def _alternatives(self, order: str) -> str:
        weighed = next(
            (d.alternatives for d in self._policy.plan.decisions if d.order == order), ()
        )
        return json.dumps([asdict(alternative) for alternative in weighed], ensure_ascii=False)

    def _replan_row(self, trigger: Trigger, view: View, wall_ms: int, commands: int) -> Row:
        what = trigger.station or trigger.order
        kind, kind_zh = say(TRIGGERS, trigger.kind)
        return {
            "decision_id": f"D{wall_ms}-{self._number}",
            "wall_ts": wall_ms,
            "plant_ts": view.now_ms,
            "trigger": trigger.kind,
            "order_id": trigger.order,
            "action": "replan",
            "region": "",
            "site": trigger.station.partition("/")[0],
            "line": "/".join(trigger.station.split("/")[1:2]),
            "promise_ts": None,
            "reason": f"{what}, {kind}: plan checked again, commands that follow: {commands}",
            "reason_zh": f"{what} {kind_zh}：重新检查计划，下发 {commands} 条指令",
            "alternatives": "[]",
            "latency_ms": float(max(0, wall_ms - trigger.wall_ms)),
        }
