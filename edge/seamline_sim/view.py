"""The policy's view, built from what the world has shown: a reader of its events gets the same.

How a reader derives each field, events in order of `seq`; R is the region of the event's node.

`orders` (an entry appears with the first event that names the order)
    `seller_order`: kind `seller`, state `received`, placed_ms = ts_ms, other fields of the event.
    `order`: kind, style, colour, sizes, region, due_ms, site, line and state as in the event. An
    order without `seller_order` has seller "", placed_ms = ts_ms of its first `order` event, and
    weight 1 (no event carries a kit's weight).
    sewn: number of `piece` events with last = true. scrapped: those with outcome `scrap`.
    packed, delivered: pieces of the `order` events `packed`, `delivered`; delivered_ms: ts_ms of
    the latter.
    promised_ms and the state `promised`: from the platform's own command `promise` (the state
    changes from `received` only).
    At midnight orders leave that were delivered `calendar.DELIVERED_KEPT_MS` ago or earlier.
`lines` (one per line of the catalogue)
    joined: false if the last `shift` event that is `joined` or `left` is `left`; those two say
    nothing else.
    open: the last other `shift` event is `start` or `break_end`.
    operators: of the last other `shift` event, but 0 after `end` (whose operators are going home).
    style: of the last `order` event with state `sewing` on the line; "" before it.
    queue: an `order` event `queued` takes the order out of every queue and appends it to that of
    its site and line; any other state takes it out. (After `sequence` the line tells `queued` for
    its whole queue, in the new sequence.)
    sewing: orders in state `sewing` on the line, in the sequence of these events.
    down: stations whose last `down` or `up` event is `down`, sorted by id.
    wip: garments (order, piece) with a `piece` event that have not left; a garment leaves with
    last = true or outcome `scrap`.
`stock`
    `stock` events set on_hand of (R, sku); a `sale` event takes its qty away.
`cloth_cm`
    `cloth` events set (on_hand_cm, reserved_cm) of (R, fabric, colour).

Stock and cloth are announced (reason `opening`) at the start of the run, stock is counted (reason
`count`) at each midnight.
"""

from seamline_broker.contracts.view import LineView, OrderView, View
from seamline_sim.core import Core
from seamline_sim.state import Line, Order


def order_view(order: Order) -> OrderView:
    """Return an order as a reader of the events knows it."""
    return OrderView(
        order.id,
        order.kind,
        order.seller,
        order.style,
        order.colour,
        order.sizes,
        order.region,
        order.placed_ms,
        order.due_ms,
        order.weight,
        order.state,
        order.site,
        order.line,
        order.promised_ms,
        order.sewn,
        order.packed,
        order.delivered,
        order.scrapped,
        order.delivered_ms,
    )


def line_view(line: Line) -> LineView:
    """Return a line as a reader of the events knows it."""
    return LineView(
        site=line.site,
        line=line.id,
        open=line.open,
        operators=line.operators,
        style=line.style,
        queue=tuple(line.queue),
        sewing=tuple(line.sewing),
        down=tuple(st.id for st in line.stations if st.down),
        wip=line.seen,
        joined=line.joined,
    )


def build(w: Core) -> View:
    """Return the view at this instant."""
    return View(
        now_ms=w.now_ms,
        catalogue=w.catalogue,
        lines={line.node: line_view(line) for line in w.lines},
        orders={order.id: order_view(order) for order in w.orders.values()},
        stock={
            (house.region, sku): n
            for house in w.warehouses.values()
            for sku, n in house.stock.items()
        },
        cloth_cm={
            (house.region, cloth.fabric, cloth.colour): (cloth.on_hand, cloth.reserved)
            for house in w.warehouses.values()
            for cloth in house.cloth.values()
        },
    )
