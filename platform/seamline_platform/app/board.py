"""What the page shows of orders and lines: values in, payloads of topics out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from seamline_broker.contracts.view import LineView, OrderView


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order is where it is, in both languages."""

    text: str = ""
    text_zh: str = ""


def is_late(order: OrderView, now_ms: int) -> bool:
    """Return True if the due date was missed, is over, or is before the promise."""
    if order.state == "delivered":
        return order.delivered_ms > order.due_ms
    return order.state != "refused" and max(now_ms, order.promised_ms) > order.due_ms


def order_row(order: OrderView, reason: Reason, now_ms: int) -> dict[str, object]:
    """Return the payload of topic `orders` for one order."""
    return {
        "order": order.order,
        "kind": order.kind,
        "seller": order.seller,
        "style": order.style,
        "colour": order.colour,
        "pieces": order.pieces,
        "region": order.region,
        "site": order.site,
        "line": order.line,
        "state": order.state,
        "placed_ms": order.placed_ms,
        "due_ms": order.due_ms,
        "promised_ms": order.promised_ms,
        "sewn": order.sewn,
        "delivered": order.delivered,
        "weight": order.weight,
        "reason": reason.text,
        "reason_zh": reason.text_zh,
        "late": is_late(order, now_ms),
    }


def line_row(
    line: LineView, pieces_today: int, kpis: Mapping[str, float | None], power_kw: float | None
) -> dict[str, object]:
    """Return the payload of topic `lines` for one line."""
    return {
        "open": line.open,
        "style": line.style,
        "orders": list(line.sewing),
        "queue": list(line.queue),
        "wip": line.wip,
        "pieces_today": pieces_today,
        "efficiency": _rounded(kpis.get("line_efficiency")),
        "oee": _rounded(kpis.get("oee")),
        "power_kw": None if power_kw is None else round(power_kw, 2),
        "down": list(line.down),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
