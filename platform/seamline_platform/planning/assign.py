"""Finds a place for every order that no line has yet: earliest finish, due date, cost."""

from collections.abc import Container, Mapping
from dataclasses import dataclass

from seamline_broker.contracts.view import OrderView, View
from seamline_platform.planning import explain
from seamline_platform.planning.calendar import DAY_MS
from seamline_platform.planning.evaluate import Slot
from seamline_platform.planning.floor import Floor, LineState, relation
from seamline_platform.planning.hub.follow import FollowedPlan, arrange
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.rules import DispatchRule, RuleContext, sequence_by


@dataclass(frozen=True, slots=True)
class Alternative:
    """One line that could sew an order: when the goods arrive, what a piece costs, and the score.

    `score_fen` is cost plus the worth of time and lateness per piece: the least score wins.
    """

    line: str
    delivery_ms: int
    cost_fen: float
    score_fen: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where an order goes and why; `alternatives` are the other lines, best first."""

    order: str
    line: str
    region: str
    delivery_ms: int
    cloth: bool
    reason: str
    reason_zh: str
    alternatives: tuple[Alternative, ...]


class Assigner:
    """Places orders one after the other, in the sequence of the rule, each on its best line.

    Orders that a `plan` has go to the line and the place that they have there, before the others.
    `sites` names the plant that dispatch over all plants and days chose for an order; a line of
    another one has to be better by `other_plant_fen_per_piece`.
    """

    def __init__(
        self,
        view: View,
        floor: Floor,
        now_ms: int,
        params: DispatchParams,
        rule: DispatchRule,
        plan: FollowedPlan | None = None,
        sites: Mapping[str, str] | None = None,
    ) -> None:
        self._view, self._floor, self._now_ms = view, floor, now_ms
        self._params, self._rule, self._plan = params, rule, plan
        self._sites = sites or {}
        self._lines = {key: line for key, line in floor.lines.items() if line.joined}
        self._tails = {key: line.tail() for key, line in self._lines.items()}
        self._cloth = {key: have - kept for key, (have, kept) in view.cloth_cm.items()}

    def run(self) -> dict[str, Assignment]:
        """Place all free orders and return the assignments in the sequence they were made."""
        result: dict[str, Assignment] = {}
        if not self._lines:
            return result
        if self._plan is not None:
            result = self._planned(self._plan)
        for order in self._sequence(result):
            result[order.order] = self._place(order)
        return result

    def _planned(self, plan: FollowedPlan) -> dict[str, Assignment]:
        """Place the orders of the plan; return them in its sequence."""
        mine = [o for o in self._floor.free if plan.line_of.get(o.order) in self._lines]
        mine.sort(key=lambda o: (plan.rank[o.order], o.order))
        for order in mine:
            line = self._lines[plan.line_of[order.order]]
            line.waiting.append(line.new_job(order))
        for line in self._lines.values():
            line.waiting = arrange(line.waiting, line.key, plan)
        self._tails = {key: line.tail() for key, line in self._lines.items()}
        slots = {s.job.order: s for line in self._lines.values() for s in line.slots()}
        return {o.order: self._kept(o, plan, slots[o.order]) for o in mine}

    def _kept(self, order: OrderView, plan: FollowedPlan, slot: Slot) -> Assignment:
        """Return the place that the plan gives, beside what other lines would offer."""
        key = plan.line_of[order.order]
        chosen = self._weigh(self._lines[key], order, slot)
        others = [
            self._weigh(line, order, self._option(line, order)[0])
            for name, line in self._lines.items()
            if name != key
        ]
        others.sort(key=lambda alternative: (alternative.score_fen, alternative.line))
        self._take_cloth(self._lines[key], order)
        words = explain.planned(plan.version, key, plan.rank[order.order] + 1)
        return self._assignment(order, chosen, tuple(others), words)

    def _sequence(self, placed: Container[str]) -> list[OrderView]:
        """Return free orders without a place by the rule; rush orders in front."""
        orders = {order.order: order for order in self._floor.free if order.order not in placed}
        lines = list(self._lines.values())
        reference = max(lines, key=lambda line: (line.operators, line.key))
        jobs = [reference.new_job(order) for order in orders.values()]
        context = RuleContext(
            now_ms=reference.model.free_ms, setup_ms=reference.model.setup_ms, machines=len(lines)
        )
        ruled = [orders[job.order] for job in sequence_by(self._rule, jobs, context)]
        return sorted(ruled, key=lambda order: order.weight < self._params.rush_weight)

    def _place(self, order: OrderView) -> Assignment:
        options: list[tuple[float, str, Alternative, int | None]] = []
        for key, line in self._lines.items():
            slot, at = self._option(line, order)
            alternative = self._weigh(line, order, slot)
            options.append((alternative.score_fen, key, alternative, at))
        options.sort(key=lambda option: option[:2])
        _, key, chosen, at = options[0]
        self._take(self._floor.lines[key], order, at)
        others = tuple(option[2] for option in options[1:])
        return self._assignment(order, chosen, others)

    def _option(self, line: LineState, order: OrderView) -> tuple[Slot, int | None]:
        """Return the slot on `line`, and where in its sequence if the order overtakes."""
        job = line.new_job(order)
        if line.is_rush(order):
            at, slot = line.insert(job)
            return slot, at
        before, free = self._tails[line.key]
        return line.model.place(before, free, job), None

    def _take(self, line: LineState, order: OrderView, at: int | None) -> None:
        job = line.new_job(order)
        if at is None:
            before, free = self._tails[line.key]
            line.waiting.append(job)
            self._tails[line.key] = (job, line.model.place(before, free, job).end_ms)
        else:
            line.waiting.insert(at, job)
            self._tails[line.key] = line.tail()
        self._take_cloth(line, order)

    def _take_cloth(self, line: LineState, order: OrderView) -> None:
        key = self._cloth_key(line, order)
        if key in self._cloth:
            self._cloth[key] -= self._cloth_need(order)

    def _cloth_key(self, line: LineState, order: OrderView) -> tuple[str, str, str]:
        return line.info.region, self._view.catalogue.styles[order.style].fabric, order.colour

    def _cloth_need(self, order: OrderView) -> int:
        return self._view.catalogue.styles[order.style].fabric_cm * order.pieces

    def _has_cloth(self, line: LineState, order: OrderView) -> bool:
        have = self._cloth.get(self._cloth_key(line, order))
        return have is None or have >= self._cloth_need(order)

    def _weigh(self, line: LineState, order: OrderView, slot: Slot) -> Alternative:
        delivery = line.delivery_ms(slot, order.region)
        cost = piece_cost_fen(self._view, line, order, slot, self._params.transport_fen)
        late_days = max(delivery - order.due_ms, 0) / DAY_MS
        wait_days = (delivery - self._now_ms) / DAY_MS
        score = (
            cost
            + wait_days * self._params.wait_fen_per_piece_day
            + late_days * self._params.late_fen_per_piece_day * max(order.weight, 1)
        )
        if not self._has_cloth(line, order):
            score += self._params.no_cloth_fen_per_piece
        if self._sites.get(order.order, line.info.site) != line.info.site:
            score += self._params.other_plant_fen_per_piece
        return Alternative(line.key, delivery, cost, score)

    def _assignment(
        self,
        order: OrderView,
        chosen: Alternative,
        others: tuple[Alternative, ...],
        words: explain.Text | None = None,
    ) -> Assignment:
        line = self._floor.lines[chosen.line]
        cloth = self._cloth.get(self._cloth_key(line, order), 0) >= 0
        elsewhere = [a for a in others if self._floor.lines[a.line].info.site != line.info.site]
        second = next(iter(elsewhere or others), None)
        earlier = second.delivery_ms - chosen.delivery_ms if second else 0
        dearer = chosen.cost_fen - second.cost_fen if second else 0.0
        clauses = [
            words or explain.choice(chosen.line, second.line if second else None, earlier, dearer),
            explain.finish(chosen.delivery_ms, order.due_ms, self._now_ms),
        ]
        if not cloth:
            clauses.append(explain.cloth_short(line.info.region))
        reason, reason_zh = explain.join(*clauses)
        return Assignment(
            order=order.order,
            line=chosen.line,
            region=line.info.region,
            delivery_ms=chosen.delivery_ms,
            cloth=cloth,
            reason=reason,
            reason_zh=reason_zh,
            alternatives=others[:5],
        )


def piece_cost_fen(
    view: View, line: LineState, order: OrderView, slot: Slot, transport_fen: Mapping[str, int]
) -> float:
    """Return the cost of sewing one piece on `line` and bringing it to the order's region.

    A change of style costs what the operators would have sewn during set-up and ramp.
    """
    price = line.info.cost_fen_per_smv_min
    lost_ms = slot.end_ms - slot.start_ms - slot.job.work_ms
    change = lost_ms / 60_000 * line.operators * line.efficiency * price / slot.job.pieces
    sewing = view.catalogue.smv_ms(order.style) / 60_000 * price
    return sewing + change + transport_fen.get(relation(line.info.region, order.region), 0)
