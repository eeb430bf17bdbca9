"""Lines that join and leave: a reserve line costs and makes nothing until it is connected."""

from seamline_sim.core import Core
from seamline_sim.state import Line

_BOUND = ("cutting", "in_transit", "queued", "sewing")


def tell(w: Core, line: Line, phase: str) -> None:
    """Emit that a line has joined or left."""
    w.emit(line.node, "shift", phase, line.operators, len(line.stations))


def join(w: Core, line: Line) -> None:
    """Connect a line: orders may be sent to it, it opens with the next shift."""
    line.joined = True
    tell(w, line, "joined")


def leave(w: Core, line: Line) -> None:
    """Disconnect a line: it takes no new order, finishes what is bound to it, then closes."""
    line.joined = False
    tell(w, line, "left")
    close_if_drained(w, line)


def close_if_drained(w: Core, line: Line) -> None:
    """Close a line that leaves once no order is bound to it."""
    if line.joined or not line.active or line.sewing or line.queue:
        return
    if any(
        order.site == line.site and order.line == line.id and order.state in _BOUND
        for order in w.orders.values()
    ):
        return
    line.active = False
    if line.open:
        w.emit(line.node, "shift", "end", line.operators, len(line.stations))
        line.open = False
        line.operators = line.helpers = 0


def open_with_shift(w: Core, line: Line) -> None:
    """At the start of a shift: a line that has joined gets its crew, a drained one none."""
    if line.joined:
        line.active = True
    close_if_drained(w, line)
