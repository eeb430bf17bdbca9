"""Plans as the page, the broker and the API get them: pure, from a snapshot of the hub."""

from collections.abc import Mapping
from dataclasses import asdict

from seamline_broker.contracts.messages import MAX_PLAN_ROWS, PlanMessage, PlanRow
from seamline_platform.api import plan_models as m
from seamline_platform.app.plan_memory import Circumstances
from seamline_platform.app.plan_wires import Snapshot
from seamline_platform.app.triggers import Trigger
from seamline_platform.planning.hub.bars import PlanBar, bars_of
from seamline_platform.planning.replan.difference import Change
from seamline_platform.planning.replan.policy import AcceptPolicy
from seamline_platform.planning.replan.versions import Version

HISTORY = 30
_NOBODY = Circumstances(Trigger("start", 0), 0, 0)


def bars(snapshot: Snapshot, version: Version | None) -> tuple[PlanBar, ...]:
    """Return the bars of a version; none of None."""
    if version is None:
        return ()
    prediction = snapshot.memory.prediction_of(version.number)
    board = snapshot.board
    return bars_of(snapshot.live, board.problem, version.schedule, prediction, board.locks)


def figures(snapshot: Snapshot, version: Version) -> m.PlanFigures:
    """Return what a version costs, by parts."""
    value, goal = version.schedule.value, snapshot.board.problem.objective
    tardiness, setup = goal.tardiness * value.weighted_tardiness, goal.setup * value.setup
    foretold = snapshot.memory.prediction_of(version.number)
    p50, p90 = (foretold.cost[1], foretold.cost[2]) if foretold else (version.p50, version.p90)
    return m.PlanFigures(
        cost=value.cost, tardiness=tardiness, setup=setup, move=goal.move * value.moved,
        energy=value.cost - tardiness - setup - goal.move * value.moved, late=value.late,
        orders=len(version.schedule.rows), p50=p50, p90=p90,
    )  # fmt: skip


def version_model(snapshot: Snapshot, version: Version) -> m.PlanVersion:
    """Return a version with what it answers."""
    about = snapshot.memory.circumstances.get(version.number, _NOBODY)
    trigger = about.trigger
    heard = trigger.wall_ms or about.wall_ms
    stale = version.stale or ("", "")
    return m.PlanVersion(
        version=version.number,
        status="superseded" if version.status == "stale" else version.status,
        trigger=trigger.kind, station=trigger.station, order=trigger.order,
        reason=" ".join(filter(None, (version.reason[0], stale[0]))),
        reason_zh="".join(filter(None, (version.reason[1], stale[1]))),
        by=version.author, plant_ms=about.plant_ms or version.at_ms, wall_ms=about.wall_ms,
        latency_ms=max(about.wall_ms - heard, 0), figures=figures(snapshot, version),
        moved=_moved(snapshot, version),
    )  # fmt: skip


def _waiting(snapshot: Snapshot, version: Version | None) -> m.PlanVersion | None:
    return None if version is None else version_model(snapshot, version)


def _moved(snapshot: Snapshot, version: Version) -> int:
    """Return how many orders a version has on another line than the plan in force before it."""
    board = snapshot.board
    if version.number == board.accepted.number:
        base = board.before[-1] if board.before else None
    else:
        base = board.accepted
    if base is None:
        return 0
    before = {o: line for line, row in base.sequences.lines.items() for o in row}
    after = {o: line for line, row in version.sequences.lines.items() for o in row}
    return sum(before.get(order, line) != line for order, line in after.items())


def board_model(snapshot: Snapshot) -> m.PlanBoard:
    """Return topic `board`."""
    board = snapshot.board
    change = board.change
    return m.PlanBoard(
        now_ms=snapshot.live.now_ms,
        accepted=version_model(snapshot, board.accepted),
        provisional=_waiting(snapshot, board.provisional),
        proposal=_waiting(snapshot, board.proposal),
        difference=[
            _change(snapshot, x) for x in (change.changes if change else ()) if x.kind != "same"
        ],
        followed=snapshot.followed,
        locked=sorted(board.locks),
        can_undo=board.can_undo,
        unplanned=dict(board.accepted.schedule.unplanned),
        solver=m.PlanSolver.model_validate(asdict(snapshot.solver)),
        policy=policy_model(snapshot.policy, snapshot.memory.policy_said),
        history=[version_model(snapshot, v) for v in board.history[:HISTORY]],
    )


def policy_model(policy: AcceptPolicy, said: tuple[str, str]) -> m.PlanPolicy:
    """Return when plans are accepted without a person, and what the policy said last."""
    return m.PlanPolicy(
        accept="auto" if policy.mode == "automatic" else "ask", text=said[0], text_zh=said[1]
    )


def _change(snapshot: Snapshot, change: Change) -> m.PlanChange:
    problem = snapshot.board.problem

    def ms(tick: int | None) -> int | None:
        return None if tick is None else problem.start_ms + tick * problem.tick_ms

    if change.kind == "same":
        raise ValueError(f"Nothing changes for {change.order}.")
    return m.PlanChange(
        order=change.order, kind=change.kind, from_line=change.line_before or "",
        to_line=change.line_after or "", before_ms=ms(change.done_before),
        after_ms=ms(change.done_after), shift_min=change.shift * problem.tick_ms // 60_000,
        late_before_min=change.late_before, late_after_min=change.late_after,
    )  # fmt: skip


def planned(bar: PlanBar) -> m.PlannedOrder:
    """Return one bar as the API has it."""
    return m.PlannedOrder.model_validate(asdict(bar))


def proposal_model(snapshot: Snapshot) -> m.PlanProposal:
    """Return topic `plan_proposal`."""
    version = snapshot.board.candidate
    if version is None:
        return m.PlanProposal(version=0, status="none", bars=[])
    return m.PlanProposal(
        version=version.number,
        status="proposal" if version is snapshot.board.proposal else "provisional",
        bars=[planned(bar) for bar in bars(snapshot, version)],
    )


def message(
    snapshot: Snapshot, version: Version, status: str, own: tuple[PlanBar, ...], wall_ms: int
) -> PlanMessage:
    """Return a version as it goes over MQTT; `own` are its bars."""
    model = version_model(snapshot, version)
    about = snapshot.memory.circumstances.get(version.number, _NOBODY)
    first = sorted(own, key=lambda b: (b.start_ms, b.line, b.order))[:MAX_PLAN_ROWS]
    rows = sorted(first, key=lambda b: (b.site, b.line, b.start_ms))
    return PlanMessage(
        version=version.number, status=status, trigger=model.trigger, station=model.station,
        order=model.order, reason=model.reason, reason_zh=model.reason_zh,
        plant_ms=snapshot.live.now_ms, wall_ms=wall_ms,
        heard_ms=about.trigger.wall_ms or about.wall_ms, cost=model.figures.cost,
        cost_before=about.cost_before, late=model.figures.late, p50=model.figures.p50,
        p90=model.figures.p90, orders=len(own),
        rows=tuple(
            PlanRow(b.order, b.site, b.line, b.start_ms, b.end_ms, b.due_ms) for b in rows
        ),
    )  # fmt: skip


def by_order(own: tuple[PlanBar, ...]) -> Mapping[str, PlanBar]:
    """Return bars by order."""
    return {bar.order: bar for bar in own}
