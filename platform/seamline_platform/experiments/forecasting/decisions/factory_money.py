"""What a factory earned and lost, in yuan: a contribution at standard cost, and its losses.

profit = shops' revenue less refunds and the selling share, less what returns cost and the standard
cost (cloth, labour, energy) of garments delivered to shops; plus the margin of sellers' orders that
fell due; less holding of stock at standard cost, less penalties of late sellers' orders; plus the
change in stock at the stated part of its cost (terminal valuation: `costs.stock_permille`). Wages
of idle hours, rent and the platform are the same for all and left out.

cost = margin of the pieces that consumers wanted and did not get + holding + what was added to
stock times the part that is written off (negative if stock was used up) + late penalties: the part
of the money that a forecast can change. What a line loses by style changes shows in lateness.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import pvariance
from typing import Final

from seamline_broker.contracts.events import Event
from seamline_platform.experiments.season.seasonplan import standard_cost_fen
from seamline_sim import shop
from seamline_sim.core import DAY_MS
from seamline_sim.world import World

_FEN: Final = 100.0


@dataclass(frozen=True, slots=True)
class Money:
    """One run's result over the days that count. Money in yuan."""

    days: int
    skus: int
    profit: float
    lost_margin: float
    holding: float
    write_down: float
    late: float
    wanted: int
    """Pieces that consumers wanted: the same for every model of a seed."""
    sold: int
    stock: float
    """Mean pieces in the shops."""
    stock_end: int
    on_time: float | None
    """Share of sellers' orders that were due and came in time; None if none was due."""
    late_days: float
    """Days that sellers' orders came late, per order that was due."""
    bullwhip: float | None

    @property
    def cost(self) -> float:
        """Return what was lost, per SKU and day."""
        lost = self.lost_margin + self.holding + self.write_down + self.late
        return lost / (self.skus * self.days)

    @property
    def fill_rate(self) -> float:
        """Return the share of the pieces wanted that were sold."""
        return self.sold / self.wanted if self.wanted else 1.0


@dataclass(slots=True)
class _Promise:
    due_ms: int
    value_fen: int
    margin_fen: float
    delivered_ms: int = 0


class MoneyBook:
    """Follows a run with the truth open to it; no planner sees it."""

    def __init__(self, world: World) -> None:
        scenario, styles = world.scenario, world.catalogue.styles
        self._fig = scenario.figure
        self._cost_fen = {
            name: standard_cost_fen(scenario, style.fabric_cm, world.market.smv_ms(name))
            for name, style in styles.items()
        }
        self._margin_fen = {
            name: style.price_fen * (1000 - self._fig("costs.selling_permille")) / 1000
            - self._cost_fen[name]
            for name, style in styles.items()
        }
        self._orders: dict[str, _Promise] = {}
        self._delivered_fen = 0
        self._counting = False
        self._begin_ms = 0
        self._stock: list[int] = []
        self._stock_fen: list[int] = []
        self._wanted: list[int] = []

    def take(self, events: Iterable[Event]) -> None:
        """Follow sellers' orders and all deliveries."""
        for event in events:
            if event.kind == "seller_order":
                v = event.values
                pieces, price = int(v[5]), int(v[9])
                margin = pieces * (price - self._cost_fen[str(v[2])])
                self._orders[str(v[0])] = _Promise(int(v[7]), pieces * price, margin)
            elif event.kind == "order" and event.values[1] == "delivered":
                self._deliver(event)

    def _deliver(self, event: Event) -> None:
        name, style, pieces = str(event.values[0]), str(event.values[3]), int(event.values[6])
        promise = self._orders.get(name)
        if promise is not None:
            promise.delivered_ms = event.ts_ms
        elif self._counting:
            self._delivered_fen += pieces * self._cost_fen[style]

    def begin(self, world: World) -> None:
        """Begin to count: the warm-up is over."""
        self._counting = True
        self._begin_ms = world.now_ms
        self._first = shop.meters(world)
        self._first_fen = self._stock_value(world)

    def midnight(self, world: World) -> None:
        """Note the end of a day."""
        self._stock.append(shop.meters(world).stock)
        self._stock_fen.append(self._stock_value(world))
        self._wanted.append(shop.meters(world).wanted)

    def _stock_value(self, world: World) -> int:
        return sum(
            pieces * self._cost_fen[sku.partition("-")[0]]
            for house in world.warehouses.values()
            for sku, pieces in house.stock.items()
        )

    def close(self, world: World, ordered: list[int]) -> Money:
        """Return the result; `ordered` are pieces ordered for the shops on the days that count."""
        fig, first, last = self._fig, self._first, shop.meters(world)
        days = len(self._stock)
        wanted, sold = last.wanted - first.wanted, last.sold - first.sold
        revenue = last.revenue_fen - last.refund_fen - first.revenue_fen + first.refund_fen
        holding = sum(self._stock_fen) * fig("costs.holding_permille_per_year") / 365_000
        added = self._stock_fen[-1] - self._first_fen
        kept = fig("costs.stock_permille") / 1000
        due = self._due(world.now_ms)
        late_fen, on_time, late_days = _lateness(due, world.now_ms)
        late = late_fen * fig("costs.late_permille") / 1000
        profit = (
            revenue * (1000 - fig("costs.selling_permille")) / 1000
            - (last.returned - first.returned) * fig("costs.return_fen")
            + sum(p.margin_fen for p in due) - self._delivered_fen - holding - late + added * kept
        )  # fmt: skip
        return Money(
            days=days,
            skus=sum(len(house.stock) for house in world.warehouses.values()),
            profit=profit / _FEN,
            lost_margin=max(wanted - sold, 0) * self._mean_margin(world, days) / _FEN,
            holding=holding / _FEN,
            write_down=added * (1 - kept) / _FEN,
            late=late / _FEN,
            wanted=wanted,
            sold=sold,
            stock=sum(self._stock) / days,
            stock_end=self._stock[-1],
            on_time=on_time,
            late_days=late_days,
            bullwhip=self._bullwhip(ordered, first.wanted),
        )

    def _mean_margin(self, world: World, days: int) -> float:
        """Return the margin of a piece wanted: one figure of a seed, whatever was made."""
        start = (self._begin_ms - world.start_ms) // DAY_MS
        pieces = fen = 0.0
        for region in world.warehouses:
            for style, margin in self._margin_fen.items():
                for day in range(start, start + days):
                    n = sum(n for _, n in world.market.sku_demand(region, style, day))
                    pieces, fen = pieces + n, fen + n * max(margin, 0.0)
        return fen / pieces if pieces else 0.0

    def _due(self, end_ms: int) -> list[_Promise]:
        """Return sellers' orders that fell due on the days that count."""
        return [p for p in self._orders.values() if self._begin_ms <= p.due_ms < end_ms]

    def _bullwhip(self, ordered: list[int], wanted_before: int) -> float | None:
        """Return Var(pieces ordered) / Var(pieces wanted) by day, over all SKUs."""
        totals = [wanted_before, *self._wanted]
        daily = [b - a for a, b in pairwise(totals)]
        spread = pvariance(daily) if len(daily) > 1 else 0.0
        return pvariance(ordered) / spread if spread and len(ordered) > 1 else None


def _lateness(due: list[_Promise], end_ms: int) -> tuple[float, float | None, float]:
    """Return value of late orders, share in time, and mean days late of all that were due."""
    if not due:
        return 0.0, None, 0.0
    waits = [max((p.delivered_ms or end_ms) - p.due_ms, 0) for p in due]
    value = sum(p.value_fen for p, wait in zip(due, waits, strict=True) if wait)
    in_time = sum(not wait for wait in waits) / len(due)
    return float(value), in_time, sum(waits) / len(due) / DAY_MS
