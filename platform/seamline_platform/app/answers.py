"""What the API answers from the store: orders, decisions, commands, KPIs, readings."""

import json
from collections.abc import Callable, Mapping, Sequence

from seamline_platform.api import rest_models as models
from seamline_platform.api.live_models import OrderRow
from seamline_platform.api.problems import RequestError
from seamline_platform.app.board import Reason, order_row
from seamline_platform.app.sql import (
    COMMANDS,
    DECISIONS,
    KPIS,
    ORDER_EVENTS,
    READINGS,
    integer,
    text,
)
from seamline_platform.store.store import Store
from seamline_platform.twin import Projection

Row = Mapping[str, object]


class OrderAnswers:
    """Orders with their decisions, commands and events."""

    def __init__(
        self,
        store: Store,
        projection: Projection,
        reasons: Mapping[str, Reason],
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._projection = projection
        self._reasons = reasons
        self._now_ms = now_ms

    def row(self, order: str) -> OrderRow:
        """Return one order as the page shows it.

        Raises:
            RequestError: 404 if there is none.
        """
        view = self._projection.order_view(order)
        if view is None:
            raise RequestError(
                404, f"Order {order[:64]!r}", "the id of an order, as in /api/orders"
            )
        reason = self._reasons.get(order, Reason())
        return OrderRow.model_validate(order_row(view, reason, self._now_ms()))

    def all(self, state: str, limit: int) -> models.OrderList:
        """Return the newest orders, in one state if it is named."""
        found = [o for o in self._projection.orders.values() if state in ("", o.state)]
        found.sort(key=lambda o: (o.placed_ms, o.order), reverse=True)
        rows = [
            OrderRow.model_validate(
                order_row(o, self._reasons.get(o.order, Reason()), self._now_ms())
            )
            for o in found[:limit]
        ]
        return models.OrderList(orders=rows, total=len(found))

    def detail(self, order: str) -> models.OrderDetail:
        """Return everything about one order."""
        row = self.row(order)
        view = self._projection.order_view(order)
        decisions = self._store.read(f"{DECISIONS} WHERE order_id = ? ORDER BY wall_ts", [order])
        commands = self._store.read(
            f"{COMMANDS} WHERE c.decision_id IN (SELECT decision_id FROM decisions"
            " WHERE order_id = ?) ORDER BY c.issued_wall_ts",
            [order],
        )
        events = self._store.read(f"{ORDER_EVENTS} WHERE order_id = ? ORDER BY ts, seq", [order])
        return models.OrderDetail(
            order=row,
            sizes=dict(view.sizes) if view else {},
            decisions=[decision_of(d) for d in decisions],
            commands=[command_of(c) for c in commands],
            events=[
                models.OrderEvent(
                    ts_ms=integer(e["ts_ms"]),
                    state=text(e["state"]),
                    pieces=integer(e["pieces"]),
                    site=text(e["to_site"]),
                    node=text(e["node"]),
                )
                for e in events
            ],
        )

    def decisions(self, limit: int) -> models.DecisionList:
        """Return the newest decisions."""
        rows = self._store.read(f"{DECISIONS} ORDER BY wall_ts DESC LIMIT ?", [limit])
        return models.DecisionList(decisions=[decision_of(row) for row in rows])

    def command(self, command_id: str) -> models.CommandStatus:
        """Return one command with its result.

        Raises:
            RequestError: 404 if there is none.
        """
        rows = self._store.read(f"{COMMANDS} WHERE c.command_id = ?", [command_id])
        if not rows:
            raise RequestError(404, f"Command {command_id[:64]!r}", "the id of a command")
        return command_of(rows[0])


def decision_of(row: Row) -> models.Decision:
    """Return a row of `decisions` as the API shows it."""
    return models.Decision(
        decision_id=text(row["decision_id"]),
        wall_ms=integer(row["wall_ms"]),
        plant_ms=integer(row["plant_ms"]),
        trigger=text(row["trigger"]),
        order=text(row["order_id"]),
        action=text(row["action"]),
        region=text(row["region"]),
        site=text(row["site"]),
        line=text(row["line"]),
        promise_ms=integer(row["promise_ms"]),
        reason=text(row["reason"]),
        reason_zh=text(row["reason_zh"]),
        alternatives=json.loads(text(row["alternatives"]) or "[]"),
        latency_ms=float(str(row["latency_ms"] or 0)),
    )


def command_of(row: Row) -> models.CommandStatus:
    """Return a row of `commands` with its result as the API shows it."""
    return models.CommandStatus(
        command_id=text(row["command_id"]),
        decision_id=text(row["decision_id"]),
        node=text(row["node"]),
        name=text(row["name"]),
        args=json.loads(text(row["args"]) or "{}"),
        status=text(row["status"]) or "sent",
        reason=text(row["reason"]),
        issued_wall_ms=integer(row["issued_ms"]),
        issued_plant_ms=integer(row["plant_ms"]),
        done_wall_ms=integer(row["done_wall_ms"]),
        done_plant_ms=integer(row["done_plant_ms"]),
    )


def kpi_history(store: Store, site: str, line: str, name: str, limit: int) -> models.KpiHistory:
    """Return the newest closed windows, oldest first."""
    wanted = [
        (column, value)
        for column, value in (("site", site), ("line", line), ("name", name))
        if value
    ]
    where = " AND ".join(f"{column} = ?" for column, _ in wanted) or "true"
    rows = store.read(
        f"{KPIS} WHERE {where} ORDER BY window_start DESC LIMIT ?", [*(v for _, v in wanted), limit]
    )
    return models.KpiHistory(
        points=[
            models.KpiPoint(
                window_start_ms=integer(row["start_ms"]),
                window_end_ms=integer(row["end_ms"]),
                site=text(row["site"]),
                line=text(row["line"]),
                name=text(row["name"]),
                value=_number(row["value"]),
                unit=text(row["unit"]),
            )
            for row in reversed(rows)
        ]
    )


def readings(
    store: Store, site: str, node: str, device: str, metric: str, last: int
) -> models.ReadingList:
    """Return the last samples of one metric, oldest first."""
    rows = store.read(READINGS, [site, node, device, metric, last])
    points: Sequence[tuple[int, float | None]] = [
        (integer(row["ts_ms"]), _number(row["value"])) for row in reversed(rows)
    ]
    return models.ReadingList(
        site=site, node=node, device=device, metric=metric, points=list(points)
    )


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
