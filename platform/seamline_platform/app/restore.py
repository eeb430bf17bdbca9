"""After a restart: twin, KPIs and reasons as they were, read back from the store."""

import json
from collections.abc import MutableMapping
from typing import Final

from seamline_broker.contracts.messages import SellerOrder
from seamline_broker.contracts.view import OrderView
from seamline_platform.app.board import Reason
from seamline_platform.app.sql import PLATFORM_ORDERS, REASONS, integer, text
from seamline_platform.store import Store
from seamline_platform.streams.kpis import METER, Kpis
from seamline_platform.twin import Projection

_DAY_MS: Final = 86_400_000
_LINE_DAYS: Final = 10
"""Plant days of line events that tell what is on the hangers."""

_NEWEST: Final = "SELECT epoch_ms(max(ts)) AS ts_ms FROM order_events"
_KPI_ENDS: Final = """
SELECT site, line, epoch_ms(max(window_end)) AS end_ms FROM kpis GROUP BY site, line
"""


def restore(
    store: Store, projection: Projection, kpis: Kpis, reasons: MutableMapping[str, Reason]
) -> int:
    """Feed what the store holds to twin and streams; return the newest plant time seen, or 0."""
    _orders(store, projection, kpis)
    _decisions(store, projection, reasons)
    newest_ms = integer(store.read(_NEWEST)[0]["ts_ms"])
    for batch in store.rebuild(0, ("order", "stock", "cloth")):
        projection.apply(batch)
    since_ms = max(0, newest_ms - _LINE_DAYS * _DAY_MS)
    for batch in store.rebuild(since_ms, ("piece", "station", "shift")):
        projection.apply(batch)
    for row in store.read(_KPI_ENDS):
        kpis.stored(text(row["site"]), text(row["line"]), integer(row["end_ms"]))
    today_ms = newest_ms // _DAY_MS * _DAY_MS
    for batch in store.rebuild(today_ms, ("piece", "shift", "order"), readings=(METER,)):
        kpis.apply(batch)
    kpis.take_rows()
    return newest_ms


def _orders(store: Store, projection: Projection, kpis: Kpis) -> None:
    for row in store.read(PLATFORM_ORDERS):
        order = text(row["order_id"])
        sizes: dict[str, int] = json.loads(text(row["sizes"]) or "{}")
        common = (text(row["style"]), text(row["colour"]), sizes, text(row["region"]))
        placed_ms, due_ms = integer(row["placed_ms"]), integer(row["due_ms"])
        kpis.placed(order, placed_ms)
        if row["kind"] == "seller":
            weight, price = integer(row["weight"]), integer(row["price_fen"])
            projection.order(
                SellerOrder(order, text(row["seller"]), *common, placed_ms, due_ms, weight, price)
            )
        else:
            projection.replenishment(
                OrderView(
                    order, "replenishment", "", *common, placed_ms, due_ms,
                    integer(row["weight"]), "received",
                )
            )  # fmt: skip


def _decisions(store: Store, projection: Projection, reasons: MutableMapping[str, Reason]) -> None:
    for row in store.read(REASONS):
        order = text(row["order_id"])
        reasons[order] = Reason(text(row["reason"]), text(row["reason_zh"]))
        if row["refused"]:
            projection.refused(order)
            continue
        projection.decided(order, text(row["site"]), text(row["line"]), integer(row["promise_ms"]))
