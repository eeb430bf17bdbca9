"""Foreman: the policy of headless runs. Whole numbers only, no solver, so digests agree everywhere.

Orders go to the line that will be done first; stock is kept by base stock: what is there and on its
way is brought up to the demand of so many days, in lots of at least the minimum order.
"""

from collections.abc import Iterable, Mapping

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import RUSH_WEIGHT, LineView, OrderView, View
from seamline_sim.core import DAY_MS
from seamline_sim.market import spread

NIGHT_MS = 15 * 60_000
"""Replenishment is decided in the first quarter of an hour after midnight."""
_URGENT_MS = 2 * DAY_MS
_MEMORY_DAYS = 28
"""A day's sales move the mean by this part: about four weeks are remembered."""


def mean_daily_milli(events: Iterable[Event], days: int) -> dict[tuple[str, str], int]:
    """Return mean sales per day by (region, SKU), times 1,000, from `days` days of `sale_day`."""
    total: dict[tuple[str, str], int] = {}
    for event in events:
        if event.kind == "sale_day":
            key = (event.node.partition("/")[0], str(event.values[0]))
            total[key] = total.get(key, 0) + int(event.values[1])
    return {key: qty * 1000 // days for key, qty in total.items()}


class Foreman:
    """Dispatches orders to the line that is free first; replenishes by base stock.

    `daily_milli`: mean sales per day by (region, SKU), times 1,000; without it nothing is
    replenished. `learn` keeps it up to date. `reorder_days` and `cover_days` of sales are the s and
    S of the stock rule.
    """

    def __init__(
        self,
        daily_milli: Mapping[tuple[str, str], int] | None = None,
        reorder_days: int = 7,
        cover_days: int = 15,
        horizon_days: int = 3,
        efficiency_permille: int = 560,
    ) -> None:
        self._daily = dict(daily_milli or {})
        self._reorder_days = reorder_days
        self._cover_days = cover_days
        self._horizon_ms = horizon_days * DAY_MS
        self._efficiency = efficiency_permille

    def learn(self, events: Iterable[Event]) -> None:
        """Follow the market: `sale_day` rows of one midnight smooth the mean of every SKU.

        All rows of a midnight must come in one call. A SKU without a row sold nothing; a day that
        was cut short by a stock-out can raise a mean but not lower it.
        """
        sold: dict[tuple[str, str], tuple[int, int]] = {}
        for event in events:
            if event.kind == "sale_day":
                region = event.node.partition("/")[0]
                sold[region, str(event.values[0])] = (int(event.values[1]), int(event.values[2]))
        if not sold or not self._daily:
            return
        for key in sold.keys() - self._daily.keys():
            self._daily[key] = 0
        for key, mean in self._daily.items():
            qty, out_min = sold.get(key, (0, 0))
            if not out_min or qty * 1000 > mean:
                self._daily[key] = mean + (qty * 1000 - mean) // _MEMORY_DAYS

    def decide(self, view: View, now_ms: int) -> list[Command]:
        """Return the commands to give now: promises and kits, nightly replenishment, rush first."""
        loads = _Loads(view, self._efficiency)
        commands: list[Command] = []
        open_orders = [o for o in view.orders.values() if o.state in ("received", "promised")]
        open_orders.sort(key=lambda o: (-o.weight, o.due_ms, o.order))
        for order in open_orders:
            commands += self._dispatch(loads, order, now_ms)
        if now_ms % DAY_MS < NIGHT_MS and self._daily:
            for order in self._replenish(view, now_ms):
                commands += self._dispatch(loads, order, now_ms)
        return commands + _sequences(view, now_ms)

    def _dispatch(self, loads: "_Loads", order: OrderView, now_ms: int) -> list[Command]:
        node, ready_ms = loads.best(order)
        late = order.weight >= RUSH_WEIGHT or order.kind == "replenishment"
        if ready_ms > self._horizon_ms and not late and order.due_ms - now_ms > 4 * DAY_MS:
            return []  # cut it later: what waits before a line cannot be changed cheaply
        return loads.take(node, ready_ms, order, now_ms)

    def _replenish(self, view: View, now_ms: int) -> list[OrderView]:
        coming: dict[tuple[str, str], int] = {}
        for order in view.orders.values():
            if order.kind == "replenishment" and order.state not in ("delivered", "refused"):
                for size, n in order.sizes.items():
                    key = (order.region, f"{order.style}-{order.colour}-{size}")
                    coming[key] = coming.get(key, 0) + n
        orders = []
        day = now_ms // DAY_MS
        for region in view.catalogue.regions:
            for style in view.catalogue.styles.values():
                for colour in style.colours:
                    sizes = self._lot(view, coming, region, style.style, colour)
                    if sizes:
                        name = f"RP-{day}-{region}-{style.style}-{colour}"
                        orders.append(
                            _replenishment(name, style.style, colour, sizes, region, now_ms)
                        )
        return orders

    def _lot(
        self,
        view: View,
        coming: Mapping[tuple[str, str], int],
        region: str,
        style: str,
        colour: str,
    ) -> dict[str, int]:
        sizes = view.catalogue.styles[style].sizes
        daily, position = [], []
        for size in sizes:
            key = (region, f"{style}-{colour}-{size}")
            daily.append(self._daily.get(key, 0))
            position.append(view.stock.get(key, 0) + coming.get(key, 0))
        low = [d * self._reorder_days // 1000 - p for d, p in zip(daily, position, strict=True)]
        if (
            sum(position) * 1000 >= sum(daily) * self._reorder_days
            and max(low) * 4 < sum(daily) // 1000
        ):
            return {}
        short = [
            max(d * self._cover_days // 1000 - p, 0) for d, p in zip(daily, position, strict=True)
        ]
        pieces = max(sum(short), view.catalogue.moq_pieces)
        if not sum(short):
            return {}
        extra = spread(pieces - sum(short), [d + 1 for d in daily])
        lot = {s: n + e for s, n, e in zip(sizes, short, extra, strict=True)}
        return {size: n for size, n in lot.items() if n}


def _replenishment(
    name: str, style: str, colour: str, sizes: dict[str, int], region: str, now_ms: int
) -> OrderView:
    return OrderView(
        order=name, kind="replenishment", seller="", style=style, colour=colour, sizes=sizes,
        region=region, placed_ms=now_ms, due_ms=now_ms + 6 * DAY_MS, weight=1, state="received",
    )  # fmt: skip


class _Loads:
    """How long each line is busy, in plant time, with what it has and what is promised to it."""

    def __init__(self, view: View, efficiency_permille: int) -> None:
        self._catalogue: Catalogue = view.catalogue
        self._busy_ms: dict[str, int] = {}
        self._last: dict[str, str] = {}
        self._factor: dict[str, int] = {}
        self._smv_ms = {style: self._catalogue.smv_ms(style) for style in self._catalogue.styles}
        self._info = {f"{i.site}/{i.line}": i for i in view.catalogue.lines}
        self._takes = {node: i for node, i in self._info.items() if view.lines[node].joined}
        days = len(view.catalogue.workdays)
        for node, info in self._info.items():
            # standard time of a garment -> plant time on this line, nights and Sundays included
            open_min = (info.shift_end_min - info.shift_start_min) * days
            self._factor[node] = (
                10_080 * 1_000_000 // (open_min * info.operators * efficiency_permille)
            )
            self._busy_ms[node] = 0
            self._last[node] = view.lines[node].style
        for order in view.orders.values():
            if order.state in ("cutting", "in_transit", "queued", "sewing"):
                self._add(f"{order.site}/{order.line}", order, order.sewn + order.scrapped)

    def _setup_ms(self, node: str, style: str) -> int:
        last = self._last[node]
        styles, minutes = self._catalogue.styles, self._catalogue.setup_min
        if last == style:
            return minutes["same_style"] * 60_000
        if last and styles[last].bulletin == styles[style].bulletin:
            return minutes["same_bulletin"] * 60_000
        return minutes["other"] * 60_000 * 2  # the line also runs empty

    def _work_ms(self, node: str, style: str, standard_ms: int) -> int:
        work = standard_ms * self._factor[node] // 1000
        return work + self._setup_ms(node, style) * 168 // 60

    def _add(self, node: str, order: OrderView, done: int) -> int:
        standard_ms = (order.pieces - done) * self._smv_ms[order.style]
        self._busy_ms[node] += self._work_ms(node, order.style, standard_ms)
        self._last[node] = order.style
        return self._busy_ms[node]

    def best(self, order: OrderView) -> tuple[str, int]:
        """Return the line that delivers first, and after how many ms it has finished sewing."""
        minutes = self._catalogue.transport_min
        standard_ms = order.pieces * self._smv_ms[order.style]
        choice, least, ready = "", 1 << 62, 0
        for node, info in self._takes.items():
            done = self._busy_ms[node] + self._work_ms(node, order.style, standard_ms)
            away = minutes["same_region" if info.region == order.region else "other_region"]
            if done + away * 60_000 < least:
                choice, least, ready = node, done + away * 60_000, done
        return choice, ready

    def take(self, node: str, ready_ms: int, order: OrderView, now_ms: int) -> list[Command]:
        """Book the order on the line and return its promise and its kit command."""
        self._add(node, order, 0)
        info = self._info[node]
        commands = []
        if order.kind == "seller" and order.state == "received":
            promise_ms = now_ms + ready_ms * 6 // 5 + DAY_MS
            commands.append(
                Command(
                    f"sellers/{order.seller}", "promise",
                    {"order": order.order, "promise_ms": promise_ms,
                     "site": info.site, "line": info.line},
                    order.order, f"{node} is done first", f"{node} 最先完成",
                )
            )  # fmt: skip
        kit = {
            "order": order.order, "order_kind": order.kind, "style": order.style,
            "colour": order.colour, "sizes": dict(order.sizes), "region": order.region,
            "site": info.site, "line": info.line, "due_ms": order.due_ms, "weight": order.weight,
        }  # fmt: skip
        reason = f"{node} is done first, in {ready_ms // 3_600_000} h"
        zh = f"{node} 最先完成，{ready_ms // 3_600_000} 小时后"
        commands.append(Command(f"{info.region}/warehouse", "kit", kit, order.order, reason, zh))
        return commands


def _sequences(view: View, now_ms: int) -> list[Command]:
    commands = []
    for node, line in view.lines.items():
        wanted = _queue_order(view, line, now_ms)
        if wanted != line.queue:
            commands.append(
                Command(
                    node,
                    "sequence",
                    {"orders": list(wanted)},
                    wanted[0],
                    "rush and urgent orders first, then those that need no rebuilding of the line",
                    "急单和临期单优先，其次是无需换线的订单",
                )
            )
    return commands


def _queue_order(view: View, line: LineView, now_ms: int) -> tuple[str, ...]:
    """Rush first, then what is due soon, then the line's bulletin, else as they came."""
    styles = view.catalogue.styles
    here = styles[line.style].bulletin if line.style else ""

    def key(order_id: str) -> tuple[bool, bool, bool]:
        order = view.orders[order_id]
        soon = order.due_ms - now_ms < _URGENT_MS
        return (order.weight < 5, not soon, styles[order.style].bulletin != here)

    return tuple(sorted(line.queue, key=key))
