"""Answers about plans: the board for the page, edits by hand, explanations, planned and actual."""

from collections.abc import Callable

from seamline_broker.contracts.view import OrderView
from seamline_platform.api import plan_models as m
from seamline_platform.api.problems import RequestError
from seamline_platform.app.plan_hub import PlanHub
from seamline_platform.app.plan_memory import Foretold
from seamline_platform.app.plan_payloads import bars, board_model, planned, proposal_model
from seamline_platform.app.plan_wires import Snapshot
from seamline_platform.planning.hub.actuals import Actual, Ledger
from seamline_platform.planning.params import DispatchParams
from seamline_platform.planning.replan.edits import Edit, EditError, Lock, Move, Swap, Unlock
from seamline_platform.planning.replan.policy import AcceptPolicy
from seamline_platform.planning.replan.versions import BoardError
from seamline_platform.planning.shop.blame import blame, part_text
from seamline_platform.planning.shop.why import explain


def policy_of(accept: str) -> AcceptPolicy:
    """Return the policy of a setting: auto | ask."""
    automatic = accept == "auto"
    return AcceptPolicy(mode="automatic" if automatic else "ask", provisional_at_once=automatic)


class PlanAnswers:
    """What is behind `/api/plan/..`; calls come from worker threads."""

    def __init__(
        self,
        hub: PlanHub,
        ledger: Ledger,
        order: Callable[[str], OrderView | None],
        params: Callable[[], DispatchParams],
    ) -> None:
        self._hub, self._ledger = hub, ledger
        self._order, self._params = order, params

    def view(self) -> m.PlanView:
        """Return the board with the bars of both plans."""
        snapshot = self._snapshot()
        return m.PlanView(
            board=board_model(snapshot),
            accepted=[planned(bar) for bar in bars(snapshot, snapshot.board.accepted)],
            proposal=proposal_model(snapshot),
        )

    def accept(self, request: m.PlanAccept) -> m.PlanView:
        """Put a waiting plan in force."""
        return self._step(lambda: self._hub.accept(request.version))

    def reject(self, request: m.PlanAccept) -> m.PlanView:
        """Drop a waiting plan."""
        return self._step(lambda: self._hub.reject(request.version))

    def undo(self) -> m.PlanView:
        """Go back to the plan before."""
        return self._step(self._hub.undo)

    def policy(self, request: m.PlanPolicyChange) -> m.PlanView:
        """Let the policy accept, or ask a person each time."""
        return self._step(lambda: self._hub.set_policy(policy_of(request.accept)))

    def edit(self, request: m.PlanEdit) -> m.PlanEdited:
        """Change the plan by hand."""
        self._snapshot()
        try:
            before, after, number = self._hub.edit(_edit(request))
        except EditError as exc:
            cost = self._snapshot().board.accepted.schedule.value.cost
            return m.PlanEdited(
                ok=False, reason=exc.text[0], reason_zh=exc.text[1], cost_before=cost,
                cost_after=None, version=0,
            )  # fmt: skip
        reason = ("Done.", "已完成。")
        if after is not None:
            reason = (
                f"Plan {number} waits: cost {before:,} -> {after:,}.",
                f"计划 {number} 待采纳：成本 {before:,} → {after:,}。",
            )
        return m.PlanEdited(
            ok=True, reason=reason[0], reason_zh=reason[1], cost_before=before, cost_after=after,
            version=number,
        )  # fmt: skip

    def order(self, order: str) -> m.PlanOrder:
        """Return why an order stands where it does."""
        snapshot, known = self._snapshot(), self._order(order)
        if known is None:
            names = sorted(snapshot.live.states)[:20]
            raise RequestError(404, f"Order {order!r}", "an order of this run", names)
        accepted = snapshot.board.accepted
        own = {bar.order: bar for bar in bars(snapshot, accepted)}
        bar = own.get(order)
        actual = self._ledger.of(order)
        outbound = 0 if bar is None else known.due_ms - bar.due_ms
        p50, p90 = (bar.p50_ms, bar.p90_ms) if bar else (None, None)
        return m.PlanOrder(
            order=order,
            planned=planned(bar) if bar else None,
            unplanned=accepted.schedule.unplanned.get(order, ""),
            explanation=_explained(snapshot, order),
            lateness=_blamed(snapshot, order) if bar and bar.late_min else [],
            promised_ms=known.promised_ms,
            delivery_p50_ms=None if p50 is None else p50 + outbound,
            delivery_p90_ms=None if p90 is None else p90 + outbound,
            actual=_actual(actual) if actual else None,
        )

    def predictions(self) -> m.PlanPredictions:
        """Return what was foretold, and what came of it."""
        foretold = self._snapshot().memory.predictions
        actuals = self._ledger.newest()
        by_order = {a.order: a for a in actuals}
        return m.PlanPredictions(
            predictions=[_prediction(f, by_order) for f in reversed(foretold)][:50],
            actuals=[_actual(a) for a in actuals],
            lines=self._lines(actuals),
        )

    def _lines(self, actuals: list[Actual]) -> list[m.LineError]:
        errors: dict[str, list[int]] = {}
        for actual in actuals:
            errors.setdefault(f"{actual.site}/{actual.line}", []).append(actual.error_min)
        params = self._params()
        return [
            m.LineError(
                line=line, orders=len(rows), mean_error_min=round(sum(rows) / len(rows), 1),
                efficiency=params.line_efficiency.get(line, params.efficiency),
            )
            for line, rows in sorted(errors.items())
        ]  # fmt: skip

    def _snapshot(self) -> Snapshot:
        snapshot = self._hub.snapshot
        if snapshot is None:
            raise RequestError(503, "There is no plan yet.", "a plant whose clock was heard")
        return snapshot

    def _step(self, step: Callable[[], None]) -> m.PlanView:
        self._snapshot()
        try:
            step()
        except BoardError as exc:
            raise RequestError(409, str(exc), "a step that is possible as plans stand") from exc
        return self.view()


def _explained(snapshot: Snapshot, order: str) -> list[m.PlanSentence]:
    board = snapshot.board
    if order not in board.problem.order_of:
        return []
    found = explain(board.problem, board.accepted.schedule, order)
    return [m.PlanSentence(topic=s.topic, text=s.text, text_zh=s.text_zh) for s in found.sentences]


def _blamed(snapshot: Snapshot, order: str) -> list[m.LatenessPart]:
    """Return the parts of an order's lateness that are not nothing, the greatest first."""
    board = snapshot.board
    found = blame(board.problem, board.accepted.schedule, snapshot.live.undisturbed).of(order)
    parts = found.parts if found else {}
    return [
        m.LatenessPart(cause=cause, minutes=ticks, text=said[0], text_zh=said[1])
        for cause, ticks in sorted(parts.items(), key=lambda part: -part[1])
        if ticks
        for said in (part_text(cause, ticks, board.problem.tick_ms),)
    ]


def _edit(request: m.PlanEdit) -> Edit:
    match request.kind:
        case "move":
            return Move(request.order, request.line, request.position)
        case "swap":
            return Swap(request.order, request.other)
        case "lock":
            return Lock(request.order, request.line)
        case _:
            return Unlock(request.order)


def _actual(actual: Actual) -> m.PlanActual:
    return m.PlanActual(
        order=actual.order, site=actual.site, line=actual.line, style=actual.style,
        version=actual.version, planned_start_ms=actual.planned_start_ms,
        actual_start_ms=actual.actual_start_ms, planned_end_ms=actual.planned_end_ms,
        actual_end_ms=actual.actual_end_ms, error_min=actual.error_min, p50_ms=actual.p50_ms,
        p90_ms=actual.p90_ms,
    )  # fmt: skip


def _prediction(foretold: Foretold, actuals: dict[str, Actual]) -> m.PlanPrediction:
    ends = [
        (row.sewn, actuals[row.order].actual_end_ms)
        for row in foretold.prediction.orders
        if row.order in actuals and actuals[row.order].actual_end_ms > foretold.prediction.made_ms
    ]
    errors = [(end - sewn[1]) / 60_000 for sewn, end in ends]
    return m.PlanPrediction(
        version=foretold.version,
        plant_ms=foretold.prediction.made_ms,
        trigger=foretold.trigger,
        chosen=str(foretold.compared["chosen"]),
        runs=int(foretold.compared["runs"]),
        candidates=[m.PlanCandidate.model_validate(x) for x in foretold.compared["candidates"]],
        predicted=len(foretold.prediction.orders),
        realised=len(ends),
        mean_error_min=round(sum(errors) / len(errors), 1) if errors else None,
        covered_p90=sum(end <= sewn[2] for sewn, end in ends) / len(ends) if ends else None,
    )
