"""Orders as reported: messages of sellers, decisions of the hub and events of warehouse and line.

The three arrive over different connections in any order, so every field has a rule that does not
depend on the order of arrival: states only advance, the place follows the newest event (`seq` runs
over the whole field), counts only grow.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from seamline_broker.contracts.events import Columns
from seamline_broker.contracts.messages import SellerOrder
from seamline_broker.contracts.view import ORDER_STATES, OrderView
from seamline_platform.twin.rows import rows

RANK: Final[Mapping[str, int]] = {state: rank for rank, state in enumerate(ORDER_STATES)}
_REFUSED: Final = RANK["refused"]
_PROMISED: Final = RANK["promised"]
_QUEUED: Final = RANK["queued"]


class OrderStep(NamedTuple):
    """One `order` event, in the contract's columns."""

    seq: int
    ts_ms: int
    order: str
    state: str
    order_kind: str
    style: str
    colour: str
    sizes: str
    pieces: int
    region: str
    site: str
    line: str
    due_ms: int
    scrapped: int


@dataclass(slots=True)
class _Order:
    """What is known of one order; `place_seq` is the event that set site and line."""

    order: str
    kind: str = "seller"
    seller: str = ""
    style: str = ""
    colour: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    region: str = ""
    placed_ms: int = 0
    due_ms: int = 0
    weight: int = 1
    rank: int = 0
    site: str = ""
    line: str = ""
    place_seq: int = 0
    promised_ms: int = 0
    pieces_off: int = 0
    scraps_seen: int = 0
    sewn: int = 0
    packed: int = 0
    delivered: int = 0
    scrapped: int = 0
    delivered_ms: int = 0

    def view(self) -> OrderView:
        return OrderView(
            order=self.order,
            kind=self.kind,
            seller=self.seller,
            style=self.style,
            colour=self.colour,
            sizes=self.sizes,
            region=self.region,
            placed_ms=self.placed_ms,
            due_ms=self.due_ms,
            weight=self.weight,
            state=ORDER_STATES[self.rank],
            site=self.site,
            line=self.line,
            promised_ms=self.promised_ms,
            sewn=max(self.sewn, self.pieces_off),
            packed=self.packed,
            delivered=self.delivered,
            scrapped=max(self.scrapped, self.scraps_seen),
            delivered_ms=self.delivered_ms,
        )


class OrderBook:
    """All orders, with the views of those that did not change kept ready."""

    def __init__(self) -> None:
        self._orders: dict[str, _Order] = {}
        self._views: dict[str, OrderView] = {}
        self.changed: set[str] = set()

    def _touch(self, name: str) -> _Order:
        order = self._orders.get(name)
        if order is None:
            order = self._orders[name] = _Order(name)
        self._views.pop(name, None)
        self.changed.add(name)
        return order

    def placed(self, message: SellerOrder) -> None:
        """Take a seller's order; the same order again changes nothing."""
        order = self._touch(message.order)
        order.kind = "seller"
        order.seller = message.seller
        order.placed_ms = message.placed_ms
        order.weight = message.weight
        order.style, order.colour = message.style, message.colour
        order.sizes, order.region = dict(message.sizes), message.region
        order.due_ms = message.due_ms

    def made(self, view: OrderView) -> None:
        """Take an order that the platform itself made (replenishment)."""
        order = self._touch(view.order)
        order.kind, order.seller = view.kind, view.seller
        order.style, order.colour = view.style, view.colour
        order.sizes, order.region = dict(view.sizes), view.region
        order.placed_ms, order.due_ms, order.weight = view.placed_ms, view.due_ms, view.weight
        order.promised_ms = max(order.promised_ms, view.promised_ms)
        if view.site and not order.place_seq:
            order.site, order.line = view.site, view.line
        self._advance(order, view.state)

    def decided(self, name: str, site: str, line: str, promise_ms: int) -> None:
        """Take a decision: the place holds until an event says otherwise."""
        order = self._touch(name)
        if site and order.rank <= _QUEUED:
            order.site, order.line = site, line
        if promise_ms:
            order.promised_ms = promise_ms
            order.rank = max(order.rank, _PROMISED)

    def refused(self, name: str) -> None:
        """Take the refusal of an order."""
        self._advance(self._touch(name), "refused")

    @staticmethod
    def _advance(order: _Order, state: str) -> None:
        rank = RANK[state]
        if rank > order.rank and (rank != _REFUSED or order.rank <= _PROMISED):
            order.rank = rank

    def events(self, columns: Columns) -> list[OrderStep]:
        """Take `order` events; return them for the lines."""
        steps = [OrderStep._make(row) for row in rows(columns, OrderStep._fields)]
        for step in steps:
            order = self._touch(step.order)
            if not order.style:
                self._describe(order, step)
            if step.seq > order.place_seq:
                order.place_seq = step.seq
                order.site, order.line = step.site, step.line
                if step.state == "in_transit" and order.rank == _QUEUED:
                    order.rank = RANK["in_transit"]  # sent on from the line where it waited
            self._count(order, step)
            self._advance(order, step.state)
        return steps

    @staticmethod
    def _describe(order: _Order, step: OrderStep) -> None:
        order.kind, order.style, order.colour = step.order_kind, step.style, step.colour
        order.region, order.due_ms = step.region, step.due_ms
        order.placed_ms = order.placed_ms or step.ts_ms
        order.sizes = {str(k): int(v) for k, v in json.loads(step.sizes or "{}").items()}

    @staticmethod
    def _count(order: _Order, step: OrderStep) -> None:
        order.scrapped = max(order.scrapped, step.scrapped)
        if step.state == "sewn":
            order.sewn = max(order.sewn, step.pieces)
        elif step.state == "packed":
            order.packed = max(order.packed, step.pieces)
        elif step.state == "delivered":
            order.delivered = max(order.delivered, step.pieces)
            order.delivered_ms = max(order.delivered_ms, step.ts_ms)

    def pieces_off(self, finished: Mapping[str, int], scraps: Mapping[str, int]) -> None:
        """Count good garments that left a line, and garments written off, by order."""
        for name, count in finished.items():
            self._touch(name).pieces_off += count
        for name, count in scraps.items():
            self._touch(name).scraps_seen += count

    def views(self) -> dict[str, OrderView]:
        """Return all orders, in the order in which they became known."""
        views = self._views
        if len(views) != len(self._orders):
            for name, order in self._orders.items():
                if name not in views:
                    views[name] = order.view()
        return {name: views[name] for name in self._orders}

    def get(self, name: str) -> OrderView | None:
        """Return one order, None if it is not known."""
        order = self._orders.get(name)
        if order is None:
            return None
        view = self._views.get(name)
        if view is None:
            view = self._views[name] = order.view()
        return view

    def at_line(self, names: Iterable[str], site: str, line: str, state: str) -> list[str]:
        """Return those of `names` that are in `state` at the line."""
        rank = RANK[state]
        orders = self._orders
        return [
            name
            for name in names
            if (order := orders[name]).rank == rank and order.site == site and order.line == line
        ]
