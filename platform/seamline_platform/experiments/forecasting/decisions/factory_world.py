"""One factory that a forecaster drives: sales in, forecast, replenishment, hub, lines, stock.

It is the live loop without sockets: the night's own code (`demand.leadtime`, `planning.replenish`)
and the hub's (`planning.DispatchPolicy`) decide on the view of a simulated plant. What was sold
depends on what was made, so that a model meets the stock-outs that its own forecasts have caused.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.events import Event
from seamline_broker.contracts.view import OrderView, View
from seamline_broker.errors import ConfigError
from seamline_platform.demand.leadtime import lead_time_demand
from seamline_platform.demand.protocol import LEVELS
from seamline_platform.experiments.forecasting.decisions.dependence import error_correlation
from seamline_platform.experiments.forecasting.decisions.factory_money import Money, MoneyBook
from seamline_platform.planning.dispatch import DispatchPolicy
from seamline_platform.planning.replenish import ReplenishParams, replenish
from seamline_sim import World, load_scenario
from seamline_sim.core import DAY_MS, DAY_US, HOUR_US
from seamline_sim.drivers import run_headless
from seamline_sim.market import Market
from seamline_sim.prerun import prerun

FloatArray = npt.NDArray[np.float64]
Teller = Callable[[pa.Table, int], pa.Table]
"""From the history (long frame) and a horizon in days to `unique_id, ds, quantile, value`, at the
levels of a live night (`demand.protocol.LEVELS`)."""
Progress = Callable[[float], None]

WEEK: Final = 7
_EVERY_US: Final = HOUR_US


@dataclass(frozen=True, slots=True)
class FactorySettings:
    """How long a factory runs, and how its planner works; the same for all models."""

    scenario: str = "pi"
    days: int = 28
    """Days that count."""
    warm_up_days: int = 14
    """Days before them, in which the opening stock is used up."""
    history_days: int = 84
    forecast_every_days: int = WEEK
    params: ReplenishParams = field(default_factory=ReplenishParams)

    def __post_init__(self) -> None:
        for name, least in (
            ("days", 1), ("warm_up_days", 0), ("history_days", 28), ("forecast_every_days", 1),
        ):  # fmt: skip
            came = getattr(self, name)
            if type(came) is not int or came < least:
                raise ValueError(f"FactorySettings.{name} is {came!r}; allowed: {least} or more.")

    @property
    def horizon(self) -> int:
        """Return the days that a forecast reaches: cover of the last night before the next one."""
        return self.forecast_every_days - 1 + self.params.cover_days


@dataclass(frozen=True, slots=True)
class Morning:
    """What all models of a seed start from: the plant as it stands, and the sales so far."""

    seed: int
    settings: FactorySettings
    snapshot: bytes
    sales: tuple[Event, ...]
    market: Market
    correlation: float

    @classmethod
    def of(cls, settings: FactorySettings, seed: int) -> "Morning":
        """Return the first morning of a seed, after one day of work under the plant's foreman.

        Raises:
            ConfigError: if there is no such scenario, or its cloth has to be ordered: the planner
                of a night orders garments and leaves cloth to the mill's standing order.
        """
        scenario = load_scenario(settings.scenario)
        if not scenario.figure("supply.auto_reorder"):
            raise ConfigError(
                f"In scenario {scenario.name!r} cloth comes by command alone; a factory needs "
                "supply.auto_reorder, as in pi and demo."
            )
        world = World.create(scenario, seed, resolution="bundle")
        before = prerun(world, days=1, history_days=settings.history_days)
        sales = tuple(e for e in before.events if e.kind == "sale_day")
        book = SalesBook(world.view())
        book.take(sales)
        history = book.history()
        ids = sorted(set(history["unique_id"].to_pylist()))
        r = error_correlation(history, ids, settings.params.cover_days, WEEK)
        return cls(seed, settings, world.snapshot(), sales, world.market, r)

    def demand_digest(self) -> str:
        """Return the SHA-256 of what consumers will want over the whole run, by SKU and day."""
        days = self.settings.warm_up_days + self.settings.days + 3
        digest = hashlib.sha256()
        for region in self.market.scenario.regions:
            for style in self.market.collection.styles:
                for day in range(days):
                    digest.update(repr(self.market.sku_demand(region.id, style, day)).encode())
        return digest.hexdigest()

    def truth(self, ids: Sequence[str], first_day: int, days: int) -> FloatArray:
        """Return what consumers will want, (series, days); days count from the start of the run."""
        place = {name: i for i, name in enumerate(ids)}
        result = np.zeros((len(ids), days))
        regions = sorted({name.rpartition("@")[2] for name in ids})
        for region in regions:
            for style in self.market.collection.styles:
                for at in range(days):
                    for sku, wanted in self.market.sku_demand(region, style, first_day + at):
                        row = place.get(f"{sku}@{region}")
                        if row is not None:
                            result[row, at] = wanted
        return result


class SalesBook:
    """Closed days as they are told, as the long frame that forecasters read."""

    def __init__(self, view: View) -> None:
        self._styles = view.catalogue.styles
        self._rows: list[tuple[object, ...]] = []
        self.last_ms = -1
        """Start of the last closed day."""

    def take(self, events: Iterable[Event]) -> None:
        """Take the closed days among events."""
        for event in events:
            if event.kind != "sale_day":
                continue
            sku, qty, out_min, price_fen, promo, day_ms = event.values[:6]
            style, colour, size = str(sku).split("-")
            region = event.node.partition("/")[0]
            day = int(day_ms)
            self.last_ms = max(self.last_ms, day)
            self._rows.append(
                (f"{sku}@{region}", day, float(qty), float(out_min), float(price_fen),
                 float(bool(promo)), style, colour, size, self._styles[style].category)
            )  # fmt: skip

    def history(self) -> pa.Table:
        """Return all closed days, in order of series and day."""
        names = ("unique_id", "ds", "y", "stockout_min", "price_fen", "promo", "style", "colour",
                 "size", "category")  # fmt: skip
        columns = dict(zip(names, zip(*self._rows, strict=True), strict=True))
        days = pa.array(columns.pop("ds"), pa.int64()).cast(pa.timestamp("ms")).cast(pa.date32())
        table = pa.table({name: list(values) for name, values in columns.items()})
        table = table.add_column(1, "ds", days)
        return table.sort_by([("unique_id", "ascending"), ("ds", "ascending")])


class Night:
    """Policy of a run: each night the planner orders, then the hub decides as ever."""

    def __init__(self, morning: Morning, teller: Teller, book: SalesBook) -> None:
        self._settings, self._teller, self._book = morning.settings, teller, book
        self._correlation = morning.correlation
        self._hub = DispatchPolicy()
        self._waiting: dict[str, OrderView] = {}
        self._night_ms = 0
        self._told_ms = 0
        self._forecast: pa.Table | None = None
        self.ordered: dict[int, int] = {}
        """Pieces ordered for the shops, by night (epoch ms)."""
        self.forecasts = 0

    def decide(self, view: View, now_ms: int) -> list[Command]:
        """Return the hub's commands; once a night, after it is closed, order first."""
        self._waiting = {n: o for n, o in self._waiting.items() if n not in view.orders}
        whole = replace(view, orders={**self._waiting, **view.orders})
        today_ms = now_ms // DAY_MS * DAY_MS
        if self._night_ms < today_ms and self._book.last_ms >= today_ms - DAY_MS:
            self._night_ms = today_ms
            for order in self._orders(whole, now_ms, today_ms):
                self._waiting[order.order] = order
                self.ordered[today_ms] = self.ordered.get(today_ms, 0) + order.pieces
            whole = replace(view, orders={**self._waiting, **view.orders})
        return self._hub.decide(whole, now_ms)

    def _orders(self, view: View, now_ms: int, today_ms: int) -> list[OrderView]:
        settings = self._settings
        age = (today_ms - self._told_ms) // DAY_MS
        if self._forecast is None or age >= settings.forecast_every_days:
            self._forecast = self._teller(self._book.history(), settings.horizon)
            self._told_ms, age = today_ms, 0
            self.forecasts += 1
        demand = lead_time_demand(
            self._forecast, settings.params.cover_days, self._correlation, skip=age
        )
        return replenish(
            view, demand.quantile(settings.params.service), demand.expected(), settings.params,
            now_ms,
        )  # fmt: skip


def run_factory(morning: Morning, teller: Teller, progress: Progress | None = None) -> Money:
    """Return what came of a seed's factory that `teller` drove, over the days that count.

    Raises:
        Exception: whatever the forecaster raises; a factory without forecast is no result.
    """
    settings = morning.settings
    world = World.restore(morning.snapshot)
    book = SalesBook(world.view())
    book.take(morning.sales)
    night = Night(morning, teller, book)
    money = MoneyBook(world)

    def read(events: list[Event]) -> None:
        book.take(events)
        money.take(events)

    begin_day = world.now_us // DAY_US + 1
    whole = settings.warm_up_days + settings.days
    for day in range(whole + 1):
        run_headless(world, (begin_day + day) * DAY_US, night, read, every_us=_EVERY_US)
        if day == settings.warm_up_days:
            money.begin(world)
        if day > settings.warm_up_days:
            money.midnight(world)
        if progress is not None:
            progress(day / whole)
    first_ms = world.start_ms + (begin_day + settings.warm_up_days) * DAY_MS
    ordered = [night.ordered.get(first_ms + at * DAY_MS, 0) for at in range(settings.days)]
    return money.close(world, ordered)


def foretold(table_ids: Sequence[str], first: int, values: FloatArray) -> pa.Table:
    """Return a forecast table that is sure of `values` (series, days) from day `first` (1970)."""
    series, days = values.shape
    count = len(LEVELS)
    at = np.repeat(np.arange(first, first + days), count)
    return pa.table(
        {
            "unique_id": np.repeat(np.asarray(table_ids, dtype=object), days * count),
            "ds": pa.array(np.tile(at, series).astype(np.int32)).cast(pa.date32()),
            "quantile": np.tile(np.asarray(LEVELS), series * days),
            "value": np.repeat(values.ravel(), count),
        }
    )


def perfect(morning: Morning) -> Teller:
    """Return a teller that knows what consumers will want.

    The planner stays as it is, so that this is no bound of what a factory can earn: with a minimum
    order and scarce lines another plan may do better, even one on a wrong forecast.
    """

    def tell(history: pa.Table, horizon: int) -> pa.Table:
        ids = sorted(set(history["unique_id"].to_pylist()))
        first = max(history["ds"].cast(pa.int32()).to_pylist()) + 1
        start = morning.market.scenario.start_ms // DAY_MS
        return foretold(ids, first, morning.truth(ids, first - start, horizon))

    return tell
