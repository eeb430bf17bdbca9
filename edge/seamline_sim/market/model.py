"""What customers want, as pure functions of seed and day: consumers' demand, sellers' orders."""

import functools
import hashlib

from seamline_broker.contracts.catalogue import Style
from seamline_sim import rng, tables
from seamline_sim.collection import Collection, collection_of
from seamline_sim.market import sellers, sizing
from seamline_sim.market.arrivals import Arrival, Crowd
from seamline_sim.market.consumers import Consumers
from seamline_sim.market.identity import same_market
from seamline_sim.market.life import Lives
from seamline_sim.market.livestream import gap_for, livestream
from seamline_sim.market.rhythm import CHANNELS, Rhythm
from seamline_sim.market.sizes import size_curve, substitutes
from seamline_sim.market.wishes import Frame, OrderWish, Wish
from seamline_sim.products import bulletins
from seamline_sim.scenario import Scenario

_STREAM_START_MS = 20 * 3_600_000
_LIVE = CHANNELS.index("live")

Day = tuple[dict[str, list[Wish]], ...]
"""Wishes of a day by period, then by region."""
Cell = dict[tuple[int, int], list[bytes]]
"""(SKU, channel) -> consumers of one style, region and period."""


class Market:
    """Demand of one scenario and seed; days count from the start, history has negative days.

    Nothing here depends on what a policy does. A market may be shared by many worlds of its seed;
    with `keep_days` it then draws each day once and keeps it (about 1 MB per day of `demo`).
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        frame: Frame | None = None,
        collection: Collection | None = None,
        keep_days: bool = False,
    ) -> None:
        self.scenario, self.seed, self.frame = scenario, seed, frame
        self.keep_days = keep_days
        self.collection = collection_of(scenario, seed) if collection is None else collection
        self.rhythm = Rhythm(scenario, seed)
        self.lives = Lives(scenario, seed, self.collection)
        self._k = scenario.figure("market.dispersion")
        self._hours = rng.steps(scenario.figure_list("market.hours_permille"))
        self._days: dict[tuple[int, int], Day] = {}
        self._orders: dict[int, list[OrderWish]] = {}
        self.kept_signals: dict[tuple[str, int], list[tuple[str, str, int]]] = {}
        self._bargains: dict[tuple[str, str, int, int], tuple[list[Wish], ...]] = {}
        styles, traits = self.collection.styles, self.collection.traits
        self.size_share = {
            (r.id, s): size_curve(scenario, seed, r.id, s) for r in scenario.regions for s in styles
        }
        """Parts of 10,000 by (region, style), in the order of the style's sizes."""
        self._skus = {s: style.skus() for s, style in styles.items()}
        self._sku_steps = {
            (r, s): rng.steps([c * z for c in traits[s].colour_share_permille for z in sizes])
            for (r, s), sizes in self.size_share.items()
        }
        self.substitutes = substitutes(scenario, self.collection)
        """By SKU: (other SKU, weight) of what is bought instead, and the weight of buying none."""
        self._smv = {b: sum(op.smv_ms for op in ops) for b, ops in bulletins().items()}
        self.consumers = Consumers(scenario, self.collection)
        self.base_milli = sizing.base_milli(self)
        """Mean pieces of an ordinary day of a style's life by (region, style), times 1,000."""
        self.orders_per_day_milli = sellers.orders_per_day_milli(self)

    def weight_permille(self, style: str) -> int:
        """Return the part of the season in which a style is sold (1,000: all of it)."""
        days = self.collection.days
        trait = self.collection.traits[style]
        return trait.life_days * 1000 // days if days and trait.fashion else 1000

    def smv_ms(self, style: str) -> int:
        """Return the standard time of a garment."""
        return self._smv[self.collection.styles[style].bulletin]

    def fits(self, scenario: Scenario, seed: int) -> bool:
        """Return whether a world of this scenario and seed may have this market.

        Plants may differ: a market keeps the size of those of the scenario that it was made for.
        """
        return self.seed == seed and same_market(self.scenario, scenario)

    def capacity_ms_per_day(self) -> int:
        """Return standard time that all lines can sew per calendar day, in milliseconds."""
        shift = self.scenario.shift
        minutes = shift.end_min - shift.start_min - (shift.lunch_end_min - shift.lunch_min)
        stations = sum(p.joined * p.stations for p in self.scenario.plants)
        planned = self.scenario.figure("market.planned_efficiency_permille")
        return stations * minutes * 60 * planned * len(shift.workdays) // 7

    def use_per_day(self) -> dict[tuple[str, str], int]:
        """Return mean pieces x centimetres of cloth per day by (fabric, colour), all regions."""
        return sizing.use_per_day(self)

    def weekday(self, day: int) -> int:
        """Return 0 for Monday to 6 for Sunday."""
        return self.rhythm.weekday(day)

    @functools.lru_cache(maxsize=65_536)  # noqa: B019  # a market lives as long as its run
    def promo(self, region: str, style: str, day: int) -> bool:
        """Return whether a livestream is announced for this style, region and day."""
        draw = rng.u32(self.seed, "promo", f"{region}|{style}", day)
        return rng.below(draw, 1000) < self.scenario.figure("market.promo_permille")

    @functools.lru_cache(maxsize=4_096)  # noqa: B019
    def _index_permille(self, style: str, day: int) -> int:
        record = self.collection.styles[style]
        return self.rhythm.price_permille(style, record.fabric, day)

    @functools.lru_cache(maxsize=8_192)  # noqa: B019
    def price_fen(self, region: str, style: str, day: int) -> int:
        """Return the consumer price of a day, before any markdown by command."""
        price = self.collection.styles[style].price_fen
        if self.frame is not None:
            return price
        price = price * self._index_permille(style, day) // 1000
        price = price * self.rhythm.festival_price_permille(day) // 1000
        if self.promo(region, style, day):
            price = price * self.scenario.figure("market.promo_price_permille") // 1000
        return price

    def launch_day(self, style: str) -> int:
        """Return the day on which a style is sold first; basics always were."""
        return self.lives.launch_day(style)

    def life_permille(self, style: str, day: int) -> int:
        """Return where a style stands in its life: 1,000 for a basic, 0 when it is not sold."""
        return self.lives.permille(style, day)

    def on_sale(self, style: str, day: int) -> bool:
        """Return whether a style is in its life on a day."""
        return self.lives.permille(style, day) > 0

    def sold_at_start(self, style: str) -> bool:
        """Return whether shops hold a style when a run begins: all but launches of a season."""
        return not self.collection.days or self.on_sale(style, 0)

    def plain_milli(self, region: str, style: str, day: int) -> int:
        """Return a style's expected demand of a day without chance and livestream, times 1,000."""
        life = self.lives.permille(style, day)
        if not life:
            return 0
        rhythm, record = self.rhythm, self.collection.styles[style]
        milli = self.base_milli[region, style] * rhythm.week_permille(day) // 1000 * life // 1000
        milli = milli * rhythm.year_permille(record.bulletin, day) // 1000
        milli = milli * sum(self._channel_weights(region, day)) // 1000
        elasticity = self.collection.traits[style].elasticity_milli
        milli = milli * tables.power_permille(self._index_permille(style, day), elasticity) // 1000
        milli = milli * self.lives.sibling_permille(style, day) // 1000
        return milli * self._pulled_permille(region, style, day) // 1000

    def mean_milli(self, region: str, style: str, day: int) -> int:
        """Return the latent demand of a style in a region on a day, times 1,000: the truth."""
        milli = self._noisy_milli(region, style, day)
        return milli + self._stream_milli(region, style, day, milli)

    def _noisy_milli(self, region: str, style: str, day: int) -> int:
        category = self.collection.styles[style].bulletin
        noise = self.rhythm.noise_permille(region, style, category, day)
        return self.plain_milli(region, style, day) * noise // 1000

    def _stream_milli(self, region: str, style: str, day: int, plain: int) -> int:
        if not self.promo(region, style, day):
            return 0
        return plain * (self.scenario.figure("market.promo_lift_permille") - 1000) // 1000

    def _pulled_permille(self, region: str, style: str, day: int) -> int:
        """Return what promotions of the last days have taken from this one (pull-forward)."""
        days = self.scenario.figure("market.pull_days")
        lift = self.scenario.figure("market.promo_lift_permille") - 1000
        part = lift * self.scenario.figure("market.pull_permille") // 1000 // days
        recent = sum(self.promo(region, style, day - back) for back in range(1, days + 1))
        return max(1000 - recent * part, 300)

    @functools.lru_cache(maxsize=1_024)  # noqa: B019
    def _channel_weights(self, region: str, day: int) -> tuple[int, ...]:
        return tuple(self.rhythm.channel_weights(region, day))

    def _crowd(self, region: str, style: str, day: int) -> Crowd:
        entity = f"{region}|{style}"
        mean = self._noisy_milli(region, style, day)
        size = tables.count(rng.u32(self.seed, "size", entity, day), mean, self._k)
        return Crowd(self.seed, f"{entity}|{day}", size)

    def stream_times_ms(self, region: str, style: str, day: int) -> list[int]:
        """Return when orders of a day's announced livestream come in, ms after midnight."""
        if not self.promo(region, style, day):
            return []
        mean = self._stream_milli(region, style, day, self._noisy_milli(region, style, day))
        if not mean:
            return []
        times = self.stream(f"{region}|{style}|{day}", mean, 180)
        return [_STREAM_START_MS + t for t in times]

    def stream(self, entity: str, mean_milli: int, minutes: int) -> list[int]:
        """Return the order times (ms) of a livestream with an expected number of orders."""
        n = self.scenario.figure("market.stream_branching_permille")
        delay_ms = self.scenario.figure("market.stream_delay_s") * 1000
        length_ms = minutes * 60_000
        gap = gap_for(mean_milli, n, delay_ms, length_ms)
        return livestream(self.seed, entity, gap, n, delay_ms, length_ms)

    def sku_demand(self, region: str, style: str, day: int) -> list[tuple[str, int]]:
        """Return (SKU, pieces wanted at the planned price) of a day, where anybody wants any."""
        skus = self._skus[style]
        if self.frame is not None:
            counts = [self.frame.wanted(region, sku, day) for sku in skus]
        else:
            steps = self._sku_steps[region, style]
            counts = self._crowd(region, style, day).count_skus(steps)
            times = self.stream_times_ms(region, style, day)
            if times:
                more = self.stream_crowd(region, style, f"{day}", len(times)).count_skus(steps)
                counts = [a + b for a, b in zip(counts, more, strict=True)]
        return [(sku, n) for sku, n in zip(skus, counts, strict=True) if n]

    def sku_means_milli(self, region: str, style: str) -> dict[str, int]:
        """Return the mean pieces of an ordinary day by SKU, times 1,000."""
        if self.frame is not None:
            return {sku: self.frame.mean_milli(region, sku) for sku in self._skus[style]}
        base = self.base_milli[region, style]
        shares = self.sku_shares(region, style)
        return {sku: base * share // 10_000_000 for sku, share in shares.items()}

    def sku_shares(self, region: str, style: str) -> dict[str, int]:
        """Return parts of 10,000,000 of a style's demand by SKU (colour x size)."""
        colours = self.collection.traits[style].colour_share_permille
        sizes = self.size_share[region, style]
        shares = [colour * size for colour in colours for size in sizes]
        return dict(zip(self._skus[style], shares, strict=True))

    def sku_choices(self, region: str, style: str, crowd: Crowd) -> list[tuple[str, bytes]]:
        """Return (SKU, person) of all of a crowd."""
        steps, skus = self._sku_steps[region, style], self._skus[style]
        return [(skus[sku], who) for _, _, sku, who in crowd.come((1,), (1,), steps)]

    def stream_crowd(self, region: str, style: str, key: str, size: int) -> Crowd:
        """Return the consumers who order in a livestream."""
        return Crowd(self.seed, f"{region}|{style}|stream|{key}", size)

    def day(self, day: int, periods: int = 24) -> Day:
        """Return what consumers want in each of the equal periods of a day, at planned prices."""
        key = (day, periods)
        if key not in self._days:
            if not self.keep_days:
                self._days.clear()
                self._bargains.clear()
            self._days[key] = self._draw_day(day, periods)
        return self._days[key]

    def _draw_day(self, day: int, periods: int) -> Day:
        result: Day = tuple({r.id: [] for r in self.scenario.regions} for _ in range(periods))
        for region in (r.id for r in self.scenario.regions):
            for style in self.collection.styles:
                cells: list[Cell] = [{} for _ in range(periods)]
                for hour, channel, sku, who in self._come(region, style, day):
                    cells[hour * periods // 24].setdefault((sku, channel), []).append(who)
                price = self.price_fen(region, style, day)
                for period, cell in enumerate(cells):
                    if cell:
                        wishes = self._wishes(region, style, price, cell)
                        result[period][region].extend(wishes)
        return result

    def _come(self, region: str, style: str, day: int) -> list[Arrival]:
        """Return (hour, channel, SKU, person) of everybody who comes on a day."""
        if self.frame is not None:
            return self._frame_come(region, style, day)
        steps = self._sku_steps[region, style]
        channels = rng.steps(self._channel_weights(region, day))
        come = self._crowd(region, style, day).come(self._hours, channels, steps)
        times = self.stream_times_ms(region, style, day)
        if times:
            crowd = self.stream_crowd(region, style, f"{day}", len(times))
            people = crowd.come((1,), (1,), steps)
            come += [
                (min(t // 3_600_000, 23), _LIVE, sku, who)
                for t, (_, _, sku, who) in zip(times, people, strict=True)
            ]
        return come

    def _frame_come(self, region: str, style: str, day: int) -> list[Arrival]:
        come = []
        channels = rng.steps(self._channel_weights(region, day))
        for i, sku in enumerate(self._skus[style]):
            wanted = self.frame.wanted(region, sku, day) if self.frame is not None else 0
            if wanted:
                crowd = Crowd(self.seed, f"{region}|{sku}|{day}", wanted)
                come += [
                    (hour, channel, i, who)
                    for hour, channel, _, who in crowd.come(self._hours, channels, (1,))
                ]
        return come

    def _wishes(self, region: str, style: str, price: int, cell: Cell) -> list[Wish]:
        skus, wish = self._skus[style], self.consumers.wish
        return [
            wish((region, style, skus[sku], channel), price, who)
            for (sku, channel), who in cell.items()
        ]

    def stream_wishes(self, region: str, style: str, key: str, first: int, last: int, size: int,
                      price: int) -> list[Wish]:  # fmt: skip
        """Return the wishes number `first` to `last` - 1 of a livestream of `size` orders."""
        people = self.stream_crowd(region, style, key, size).come(
            (1,), (1,), self._sku_steps[region, style]
        )
        cell: Cell = {}
        for _, _, sku, who in people[first:last]:
            cell.setdefault((sku, _LIVE), []).append(who)
        return self._wishes(region, style, price, cell)

    def bargains(self, region: str, style: str, day: int, periods: int) -> tuple[list[Wish], ...]:
        """Return who would come at the lowest price of all but not at the planned one.

        A world keeps those whose `taste` lies below the part that its markdown reaches. They are
        the same under every policy; a policy that never marks down never asks for them.
        """
        key = (region, style, day, periods)
        if key not in self._bargains:
            entity = f"{region}|{style}"
            lift = self.consumers.bargain_most_permille(style)
            mean = self._noisy_milli(region, style, day) * lift // 1000
            size = tables.count(rng.u32(self.seed, "bargain", entity, day), mean, self._k)
            crowd = Crowd(self.seed, f"{entity}|{day}|bargain", size)
            channels = rng.steps(self._channel_weights(region, day))
            cells: list[Cell] = [{} for _ in range(periods)]
            for hour, channel, sku, who in crowd.come(
                self._hours, channels, self._sku_steps[region, style]
            ):
                cells[hour * periods // 24].setdefault((sku, channel), []).append(who)
            price = self.price_fen(region, style, day)
            self._bargains[key] = tuple(self._wishes(region, style, price, c) for c in cells)
        return self._bargains[key]

    def digest(self, days: int) -> str:
        """Return the sha-256 of all that `days` days bring, whatever anybody decides.

        It covers consumers with their tastes, patience, choices and returns, prices, and sellers'
        orders.
        """
        h = hashlib.sha256(repr(sorted(self._sku_steps.items())).encode())
        for day in range(days):
            for region in (r.id for r in self.scenario.regions):
                for style in self.collection.styles:
                    h.update(self._traces(region, style, day))
            h.update(repr(self.seller_orders(day)).encode())
        return h.hexdigest()

    def _traces(self, region: str, style: str, day: int) -> bytes:
        head = f"{region}|{style}|{self.price_fen(region, style, day)}"
        if self.frame is not None:
            return f"{head}|{self._frame_come(region, style, day)}".encode()
        times = self.stream_times_ms(region, style, day)
        return f"{head}|{times}".encode() + self._crowd(region, style, day).rows

    def seller_orders(self, day: int) -> list[OrderWish]:
        """Return the orders that sellers will place on a day, in the order of their time."""
        if not self.keep_days:
            return sellers.seller_orders(self, day)
        if day not in self._orders:
            self._orders[day] = sellers.seller_orders(self, day)
        return self._orders[day]

    def make_wish(
        self, name: str, style: Style, pieces: int, region: str, d: tuple[int, ...], minute: int
    ) -> OrderWish:
        """Return an order of `pieces` of a style; colour, seller, due date by the draws `d`."""
        return sellers.make_wish(self, name, style, pieces, region, d, minute)
