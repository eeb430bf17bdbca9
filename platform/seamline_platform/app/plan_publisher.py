"""Tells broker, page and store what changed about the plans; each only what it has not got."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from seamline_broker.clock import Clock
from seamline_broker.contracts.topics import plan_topic
from seamline_platform.api.hub import Hub
from seamline_platform.app.plan_payloads import (
    bars,
    board_model,
    by_order,
    message,
    proposal_model,
    version_model,
)
from seamline_platform.app.plan_wires import Snapshot
from seamline_platform.planning.hub.actuals import Ledger
from seamline_platform.planning.hub.bars import PlanBar
from seamline_platform.planning.replan.board import PlanBoard
from seamline_platform.planning.replan.versions import Version

Row = Mapping[str, object]
Publish = Callable[[str, bytes], bool]
Insert = Callable[[str, Sequence[Row]], None]
Post = Callable[[Callable[[Hub], None]], None]


class PlanPublisher:
    """Called with snapshots in their sequence, one at a time (the hub's lock sees to that)."""

    def __init__(
        self, publish: Publish, post: Post, insert: Insert, ledger: Ledger, clock: Clock
    ) -> None:
        self._publish, self._post, self._insert = publish, post, insert
        self._ledger, self._clock = ledger, clock
        self._board: PlanBoard | None = None
        self._shown: dict[str, PlanBar] = {}
        self._told: dict[str, tuple[int, tuple[PlanBar, ...]]] = {}
        self._stored: set[tuple[int, str]] = set()
        self._foretold = 0

    def changed(self, snapshot: Snapshot) -> None:
        """Publish, show and store what is new; the broker first: programs wait for it."""
        fresh = snapshot.board is not self._board
        own = bars(snapshot, snapshot.board.accepted) if fresh else ()
        if fresh:
            self._broker(snapshot, own)
        document = board_model(snapshot).model_dump(mode="json")
        self._post(lambda hub: hub.put("board", document))
        if fresh:
            self._board = snapshot.board
            self._page(snapshot, own)
            self._store(snapshot, own)
            lines = snapshot.board.problem.line_of
            self._ledger.planned(
                snapshot.board.accepted.number,
                by_order(own),
                lambda line: max(lines[line].efficiency.values(), default=0.0),
            )
        self._predictions(snapshot)

    def again(self) -> None:
        """Publish everything again at the next change, as after a reconnect."""
        self._told.clear()
        self._board = None

    def _broker(self, snapshot: Snapshot, own: tuple[PlanBar, ...]) -> None:
        board = snapshot.board
        for status, version in (
            ("provisional", board.provisional),
            ("proposal", board.proposal),
            ("accepted", board.accepted),
        ):
            if version is None:
                if self._told.pop(status, None) is not None:
                    self._publish(plan_topic(status), b"")
                continue
            mine = own if status == "accepted" else bars(snapshot, version)
            if self._told.get(status) == (version.number, mine):
                continue
            said = message(snapshot, version, status, mine, self._clock.wall_ms())
            if self._publish(plan_topic(status), said.encode()):
                self._told[status] = (version.number, mine)

    def _page(self, snapshot: Snapshot, own: tuple[PlanBar, ...]) -> None:
        now = by_order(own)
        changed = {o: asdict(bar) for o, bar in now.items() if self._shown.get(o) != bar}
        gone = [order for order in self._shown if order not in now]
        self._shown = dict(now)
        proposal = proposal_model(snapshot).model_dump(mode="json")

        def feed(hub: Hub) -> None:
            hub.set("plan_bars", changed, gone)
            hub.put("plan_proposal", proposal)

        self._post(feed)

    def _store(self, snapshot: Snapshot, own: tuple[PlanBar, ...]) -> None:
        board = snapshot.board
        here = [board.accepted, board.provisional, board.proposal, *reversed(board.history[:8])]
        rows: list[Row] = []
        for version in filter(None, here):
            key = (version.number, version.status)
            if key not in self._stored:
                self._stored.add(key)
                rows.append(self._version_row(snapshot, version))
                if version.status == "accepted":
                    self._insert("plan_rows", _plan_rows(version.number, own))
        if rows:
            self._insert("plan_versions", rows)

    def _version_row(self, snapshot: Snapshot, version: Version) -> Row:
        model = version_model(snapshot, version)
        about = snapshot.memory.circumstances.get(version.number)
        return {
            "version": model.version, "status": version.status, "author": model.by,
            "trigger": model.trigger, "station": model.station, "order_id": model.order,
            "reason": model.reason, "reason_zh": model.reason_zh,
            "plant_ts": snapshot.live.now_ms, "wall_ts": self._clock.wall_ms(),
            "latency_ms": model.latency_ms, "cost": model.figures.cost,
            "cost_before": about.cost_before if about else 0, "late": model.figures.late,
            "orders": model.figures.orders, "moved": model.moved,
        }  # fmt: skip

    def _predictions(self, snapshot: Snapshot) -> None:
        fresh = [f for f in snapshot.memory.predictions if f.prediction.made_ms > self._foretold]
        for foretold in fresh:
            self._foretold = max(self._foretold, foretold.prediction.made_ms)
            chosen = foretold.compared["chosen"]
            self._insert("plan_predictions", [
                {
                    "version": foretold.version, "plant_ts": foretold.prediction.made_ms,
                    "trigger": foretold.trigger, "candidate": x["name"],
                    "chosen": x["name"] == chosen, "runs": foretold.compared["runs"],
                    **{k: v for k, v in x.items() if k != "name"},
                }
                for x in foretold.compared["candidates"]
            ])  # fmt: skip


def _plan_rows(number: int, own: tuple[PlanBar, ...]) -> list[Row]:
    places: dict[str, int] = {}
    rows: list[Row] = []
    for bar in own:
        key = f"{bar.site}/{bar.line}"
        places[key] = places.get(key, -1) + 1
        rows.append({
            "version": number, "order_id": bar.order, "site": bar.site, "line": bar.line,
            "place": places[key], "start_ts": bar.start_ms, "end_ts": bar.end_ms,
            "due_ts": bar.due_ms, "p50_ts": bar.p50_ms, "p90_ts": bar.p90_ms,
        })  # fmt: skip
    return rows
