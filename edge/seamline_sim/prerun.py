"""The first start of a field: history, then plants that have worked for some days."""

from dataclasses import dataclass

from seamline_broker.contracts.events import Event
from seamline_sim.calendar import is_workday
from seamline_sim.core import DAY_MS, DAY_US, HOUR_US
from seamline_sim.drivers import Input, run_headless
from seamline_sim.history import market_history
from seamline_sim.policy import Foreman, mean_daily_milli
from seamline_sim.world import World

HISTORY_DAYS = 84
START_HOUR = 10
_DROPPED = frozenset({"piece", "station", "shift", "qc", "andon", "sale"})


@dataclass(frozen=True, slots=True)
class Prerun:
    """What the field shows of the time before its first start: in order of `seq`."""

    events: list[Event]
    daily_milli: dict[tuple[str, str], int]
    """Mean sales per day by (region, SKU), times 1,000, from the history: for `Foreman`."""
    inputs: list[Input]
    """The commands of the pre-run: `Replay(inputs).run(fresh_world, world.now_us)` repeats it."""


def foreman_for(world: World, days: int = 28) -> Foreman:
    """Return a Foreman that knows the world's sales of the last `days` days before the run."""
    return Foreman(mean_daily_milli(market_history(world.market, days), days))


def prerun(world: World, days: int = 2, history_days: int = HISTORY_DAYS) -> Prerun:
    """Let the plants of a fresh world work `days` workdays under Foreman, and on to 10:00.

    The events returned are the history, all events of the pre-run that matter to a reader who
    starts now (orders, daily sales, stock, cloth), everything of the present day, so that its KPIs
    are whole, and of shop-floor events before it just those from which the reader can build the
    present view: shifts, stations that are down, the garments on the lines, and what has been sewn
    of orders in work.
    """
    past = market_history(world.market, history_days)
    daily = mean_daily_milli(past, history_days)
    shown: list[Event] = []
    inputs: list[Input] = []
    end_us = _end_us(world, days)
    today_ms = world.start_ms + end_us // DAY_US * DAY_MS
    hung: set[tuple[str, int]] = set()

    def show(events: list[Event]) -> None:
        shown.extend(e for e in events if e.ts_ms > today_ms or _may_matter(e, hung))

    run_headless(world, end_us, Foreman(daily), show, inputs=inputs)
    return Prerun(past + keep(shown, world), daily, inputs)


def _may_matter(event: Event, hung: set[tuple[str, int]]) -> bool:
    """Return whether `keep` could need an event: most of the floor's it drops in any case."""
    if event.kind == "piece":
        v = event.values
        garment = (str(v[1]), int(v[2]))
        if garment in hung:
            return bool(v[7]) or v[6] == "scrap"
        hung.add(garment)
        return True
    return event.kind not in ("qc", "andon")


def _end_us(world: World, days: int) -> int:
    day, worked = 0, 0
    while worked < days or not is_workday(world, day):
        worked += is_workday(world, day)
        day += 1
    return day * DAY_US + START_HOUR * HOUR_US


def keep(events: list[Event], world: World) -> list[Event]:
    """Return the events that a reader who starts now needs."""
    sewing = {order for line in world.lines for order in line.sewing}
    down = {f"{ln.node}/{st.id}" for ln in world.lines for st in ln.stations if st.down}
    last_shift: dict[str, int] = {}
    last_down: dict[str, int] = {}
    first_piece: dict[tuple[str, int], int] = {}
    gone: dict[tuple[str, int], int] = {}
    midnight_ms = world.now_ms - world.now_ms % DAY_MS
    for event in events:
        v = event.values
        if event.kind == "piece" and v[1] in sewing:
            garment = (str(v[1]), int(v[2]))
            first_piece.setdefault(garment, event.seq)
            if v[7] or v[6] == "scrap":
                gone[garment] = event.seq
        elif event.kind == "shift":
            last_shift[event.node] = event.seq
        elif event.kind == "station" and v[1] == "down" and f"{event.node}/{v[0]}" in down:
            last_down[f"{event.node}/{v[0]}"] = event.seq
    needed = {*last_shift.values(), *last_down.values(), *gone.values()}
    needed |= {seq for garment, seq in first_piece.items() if garment not in gone}
    return [
        e for e in events
        if e.kind not in _DROPPED or e.ts_ms > midnight_ms or e.seq in needed
    ]  # fmt: skip
