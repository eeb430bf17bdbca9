"""Commands to plants and lines: repair, maintenance, seating, and lines that join or leave."""

from seamline_sim import crew, membership, repair
from seamline_sim.core import Core
from seamline_sim.line import book
from seamline_sim.refusal import Arguments, Refusal
from seamline_sim.state import Line, PlantState, Station


def line_at(w: Core, node: str) -> Line:
    """Return a line by `site/line`, or refuse."""
    line = w.line_of.get(node)
    if line is None:
        raise Refusal(f"there is no line {node}")
    return line


def station_at(w: Core, path: str) -> tuple[Line, Station]:
    """Return a station by `site/line/station`, and its line, or refuse."""
    node, _, name = path.rpartition("/")
    line = line_at(w, node)
    for st in line.stations:
        if st.id == name:
            return line, st
    raise Refusal(f"line {node} has no station {name!r}; it has st-01 to {line.stations[-1].id}")


def plant_at(w: Core, node: str) -> PlantState:
    """Return a plant by `site/plant`, or refuse."""
    site, _, name = node.partition("/")
    plant = next((p for p in w.plants if p.id == site and name == "plant"), None)
    if plant is None:
        plants = ", ".join(f"{p.id}/plant" for p in w.plants)
        raise Refusal(f"{node} is not a plant; there are {plants}")
    return plant


def takes_orders(w: Core, line: Line) -> None:
    """Refuse a line that is not connected."""
    if not line.joined:
        there = ", ".join(ln.node for ln in w.lines if ln.joined and ln.region == line.region)
        raise Refusal(f"line {line.node} has not joined; in {line.region} there are: {there}")


def expedite_repair(w: Core, node: str, args: Arguments) -> str:
    """Send the next free mechanic to a station first."""
    plant = plant_at(w, node)
    line, st = station_at(w, f"{plant.id}/{args['station']}")
    key = (line.index, st.index)
    if st.in_repair:
        return "a mechanic is on the way or at work already"
    if key not in plant.waiting:
        raise Refusal(f"{line.node}/{st.id} is not waiting for a mechanic")
    plant.waiting.remove(key)
    plant.waiting.insert(0, key)
    return ""


def maintain(w: Core, node: str, args: Arguments) -> str:
    """Plan the maintenance of a machine, which begins a new life of it."""
    plant = plant_at(w, node)
    line, st = station_at(w, f"{plant.id}/{args['station']}")
    if st.machine in repair.BY_HAND:
        raise Refusal(f"{line.node}/{st.id} is a table for work by hand ({st.machine})")
    takes_orders(w, line)
    key = (line.index, st.index)
    if key in plant.planned or st.down == "maintenance":
        return "maintenance is planned or under way already"
    if st.in_repair or key in plant.waiting:
        raise Refusal(f"{line.node}/{st.id} is down ({st.down}) and waits for a mechanic anyway")
    plant.planned.append(key)
    repair.call_mechanics(w, plant)
    return "under way" if st.down == "maintenance" else "when a mechanic is free in the shift"


def rebalance(w: Core, node: str, args: Arguments) -> str:
    """Seat the operators of a line who are there by skill and load."""
    line = line_at(w, node)
    if not line.open:
        raise Refusal(f"line {node} is closed: its operators are not there")
    if line.setup_us or line.moving_us > w.now_us:
        doing = "is being set up" if line.setup_us else "is being rebalanced"
        raise Refusal(f"line {node} {doing}; try again in some minutes")
    moved = crew.rebalance(w, line)
    return f"{moved} of {line.operators} operators move" if moved else "nobody has to move"


def join(w: Core, node: str, args: Arguments) -> str:
    """Connect a reserve line."""
    line = line_at(w, node)
    if line.joined:
        reserve = ", ".join(ln.node for ln in w.lines if not ln.joined) or "none"
        raise Refusal(f"line {node} has joined already; lines in reserve: {reserve}")
    membership.join(w, line)
    return "it opens with the next shift"


def leave(w: Core, node: str, args: Arguments) -> str:
    """Disconnect a line; the last one of a region stays."""
    line = line_at(w, node)
    takes_orders(w, line)
    if sum(ln.joined for ln in w.lines if ln.region == line.region) == 1:
        raise Refusal(f"line {node} is the last one of {line.region}")
    book(w, line)
    membership.leave(w, line)
    return "it finishes what is bound to it, then closes" if line.active else "it is closed"
