"""What a maker may see of the world's events, and when: reports, delays, chimneys.

| channel | without the link | with it |
|---|---|---|
| market | shipments of a month by style and region, two weeks after its end | every SKU's day, with stock-out minutes, at 07:00 of the next morning |
| floor | progress of orders on Monday; shift reports that hug the target | as it happens |
| warehouse | counts and deliveries on Monday | as they happen |

Cloth is booked by the same department that orders it, and seen at once.

What is seen, and when, depends on the events alone; nothing of the world's state is read.
"""  # noqa: E501  # a table

import heapq
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from seamline_broker.contracts.events import Event
from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.sight import (
    LineReport,
    SellerOrder,
    Shipments,
    Sight,
    SkuDay,
)
from seamline_sim import rng

DAY_MS: Final = 86_400_000
MORNING_MS: Final = 7 * 3_600_000
MONTH_DELAY_MS: Final = 14 * DAY_MS
HUG_PERMILLE: Final = 600
"""Share of shift reports that say the target when the truth is near it (UCI: 58.8 %)."""
NEAR_PERMILLE: Final = 100
"""How near, in permille of efficiency."""
_CAME = ("received", "dyed")
_WAREHOUSE_STATES = ("cutting", "in_transit", "delivered")


def next_morning_ms(ts_ms: int) -> int:
    """Return the first 07:00 at or after an instant."""
    midnight = (ts_ms - MORNING_MS + DAY_MS - 1) // DAY_MS * DAY_MS
    return midnight + MORNING_MS


def next_monday_ms(ts_ms: int) -> int:
    """Return the first Monday 07:00 at or after an instant."""
    morning = next_morning_ms(ts_ms)
    weekday = (morning // DAY_MS + 3) % 7
    return morning + (7 - weekday) % 7 * DAY_MS


def month_seen_ms(day_ms: int) -> int:
    """Return when the shipments of a day's month are reported: two weeks after its end."""
    day = datetime.fromtimestamp(day_ms / 1000, UTC)
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    end = int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1000
    return end + MONTH_DELAY_MS + MORNING_MS


def hugged(seed: int, node: str, day: int, true_permille: int, target_permille: int) -> int:
    """Return the efficiency that a line reports: often the target, when the truth is near it."""
    draw = rng.u32(seed, "report", node, day)
    near = abs(true_permille - target_permille) <= NEAR_PERMILLE
    if near and rng.below(draw, 1000) < HUG_PERMILLE:
        return target_permille
    return true_permille


class Lens:
    """Turns events into a `Sight`, each at its time. Its memory outlives a change of abilities."""

    def __init__(self, start_ms: int, seed: int, target_permille: int) -> None:
        self.sight = Sight(now_ms=start_ms)
        self._start_ms, self._seed, self._target = start_ms, seed, target_permille
        self._waiting: list[tuple[int, int, str, Any]] = []
        self._count = 0
        self._readers = {
            "sale_day": self._sale_day, "stock": self._stock, "cloth": self._cloth,
            "order": self._order, "seller_order": self._seller, "station": self._station,
            "shift": self._shift, "signal": self._signal,
        }  # fmt: skip
        self._cloth_cm: dict[tuple[str, str, str], int] = {}
        self._months: dict[int, dict[tuple[str, str], list[int]]] = {}

    def take(self, events: Iterable[Event], able: Abilities) -> None:
        """Follow the world's events; each will be seen when its channel lets it through."""
        batches: dict[tuple[str, int], list[Any]] = {}
        for event in events:
            read = self._readers.get(event.kind)
            if read is not None:
                read(event, able, batches)
        for (name, when), rows in batches.items():
            self._push(when, name, rows)

    def look(self, now_ms: int) -> Sight:
        """Return what has been seen up to now."""
        while self._waiting and self._waiting[0][0] <= now_ms:
            _, _, name, payload = heapq.heappop(self._waiting)
            _APPLY[name](self.sight, payload)
        self.sight.now_ms = now_ms
        return self.sight

    def _push(self, when_ms: int, name: str, payload: Any) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (when_ms, self._count, name, payload))

    def floor_ms(self, ts_ms: int, able: Abilities) -> int:
        """Return when something on the floor is seen by those who plan across its plant."""
        near = able.shared or able.scope in ("line", "plant")
        return ts_ms if able.floor_events and near else next_monday_ms(ts_ms)

    def house_ms(self, ts_ms: int, able: Abilities) -> int:
        """Return when something in a warehouse is seen by those who plan."""
        return ts_ms if able.shared else next_monday_ms(ts_ms)

    def _day(self, day_ms: int) -> int:
        return (day_ms - self._start_ms) // DAY_MS

    def _sale_day(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        region = event.node.partition("/")[0]
        sku, qty, out_min, _, _, day_ms = event.values[:6]
        day = self._day(int(day_ms))
        if able.market_daily:
            seen = next_morning_ms(event.ts_ms) if able.shared else next_monday_ms(event.ts_ms)
            row = SkuDay(region, str(sku), day, int(qty), int(out_min))
            batches.setdefault(("sales", seen), []).append(row)
            return
        when = month_seen_ms(int(day_ms))
        month = self._months.get(when)
        if month is None:
            month = self._months[when] = {}
            self._push(when, "month", month)
        style = str(sku).partition("-")[0]
        total = month.setdefault((region, style), [day, day, 0])
        total[1] = day
        total[2] += int(qty)

    def _stock(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        sku, on_hand, reason = event.values
        if reason in ("count", "opening"):
            when = event.ts_ms if reason == "opening" else self.house_ms(event.ts_ms, able)
            row = (event.node.partition("/")[0], sku, on_hand, event.ts_ms)
            batches.setdefault(("stock", when), []).append(row)

    def _cloth(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        fabric, colour, on_hand, reserved, reason = event.values
        key = (event.node.partition("/")[0], str(fabric), str(colour))
        came = int(on_hand) - self._cloth_cm.get(key, 0) if reason in _CAME else 0
        self._cloth_cm[key] = int(on_hand)
        batches.setdefault(("cloth", event.ts_ms), []).append((key, on_hand, reserved, came))

    def _order(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        order, state, pieces = str(event.values[0]), str(event.values[1]), event.values[6]
        house = state in _WAREHOUSE_STATES
        when = self.house_ms(event.ts_ms, able) if house else self.floor_ms(event.ts_ms, able)
        batches.setdefault(("states", when), []).append((order, state))
        if state == "delivered":
            # the next count of stock holds it, so both are seen together
            counted = self.house_ms((event.ts_ms // DAY_MS + 1) * DAY_MS, able)
            batches.setdefault(("delivered", counted), []).append((order, pieces))

    def _seller(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        order, _, style, colour, sizes, _, region, due_ms, weight, price_fen = event.values[:10]
        row = SellerOrder(
            str(order), str(style), str(colour), json.loads(str(sizes)), str(region), event.ts_ms,
            int(due_ms), int(weight), int(price_fen),
        )  # fmt: skip
        batches.setdefault(("sellers", event.ts_ms), []).append(row)

    def _station(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        if not able.floor_events:
            return
        station, state, cause = event.values[:3]
        if state in ("down", "up"):
            row = (event.node, str(station), str(state), str(cause))
            batches.setdefault(("stations", event.ts_ms), []).append(row)

    def _shift(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        phase, operators, stations = event.values[:3]
        if phase == "start" and able.floor_events:
            row = (event.node, int(stations) - int(operators))
            batches.setdefault(("absent", event.ts_ms), []).append(row)

    def _signal(
        self, event: Event, able: Abilities, batches: dict[tuple[str, int], list[Any]]
    ) -> None:
        style, what, value = event.values[:3]
        if what == "favourites" and able.market_daily:
            seen = next_morning_ms(event.ts_ms) if able.shared else next_monday_ms(event.ts_ms)
            batches.setdefault(("signals", seen), []).append((str(style), int(value)))

    def report(self, node: str, day: int, pieces: int, true_permille: int, able: Abilities) -> None:
        """Take what a line made in a shift: measured, or as its foreman writes it down."""
        ts_ms = self._start_ms + (day + 1) * DAY_MS
        if able.floor_events:
            self._push(ts_ms, "report", LineReport(node, day, pieces, true_permille))
            return
        said = hugged(self._seed, node, day, true_permille, self._target)
        pieces = pieces * said // true_permille if true_permille else pieces
        self._push(next_morning_ms(ts_ms), "report", LineReport(node, day, pieces, said))


def _apply_sales(sight: Sight, rows: list[SkuDay]) -> None:
    sight.sales += rows
    for row in rows:
        if row.day > sight.seen_to.get(row.region, -1):
            sight.seen_to[row.region] = row.day


def _apply_signals(sight: Sight, rows: list[tuple[str, int]]) -> None:
    for style, favourites in rows:
        sight.signals[style] = sight.signals.get(style, 0) + favourites


def _apply_month(sight: Sight, month: dict[tuple[str, str], list[int]]) -> None:
    last = max((total[1] for total in month.values()), default=-1)
    first = min((total[0] for total in month.values()), default=0)
    for (region, style), (_, _, qty) in month.items():
        sight.shipments.append(Shipments(region, style, first, last, qty))
        sight.seen_to[region] = max(last, sight.seen_to.get(region, -1))


def _apply_stock(sight: Sight, rows: list[tuple[str, str, int, int]]) -> None:
    for region, sku, on_hand, _ in rows:
        sight.stock[region, sku] = on_hand
    sight.stock_ms = rows[-1][3]


def _apply_cloth(sight: Sight, rows: list[tuple[tuple[str, str, str], int, int, int]]) -> None:
    for key, on_hand, reserved, came in rows:
        sight.cloth[key] = (on_hand, reserved)
        if came:
            sight.cloth_received[key] = sight.cloth_received.get(key, 0) + came


def _apply_stations(sight: Sight, rows: list[tuple[str, str, str, str]]) -> None:
    for node, station, state, cause in rows:
        here = sight.down.setdefault(node, set())
        if state == "up":
            here.discard(station)
            continue
        here.add(station)
        name = f"{node}/{station}"
        if cause == "breakdown" and name in sight.samples:
            sight.repaired[name] = sight.samples[name]


_APPLY: dict[str, Any] = {
    "sales": _apply_sales,
    "month": _apply_month,
    "signals": _apply_signals,
    "stations": _apply_stations,
    "stock": _apply_stock,
    "delivered": lambda sight, rows: sight.delivered.update(rows),
    "cloth": _apply_cloth,
    "states": lambda sight, rows: sight.states.update(rows),
    "sellers": lambda sight, rows: sight.sellers.extend(rows),
    "absent": lambda sight, rows: sight.absent.update(rows),
    "report": lambda sight, row: sight.reports.append(row),
}
