"""What customers want, as pure functions of seed and day: consumers' demand, sellers' orders."""

import itertools

from seamline_broker.contracts.catalogue import Style
from seamline_sim import rng, tables
from seamline_sim.market.wishes import Frame, OrderWish, Wish, spread
from seamline_sim.products import Collection, bulletins, collection_of
from seamline_sim.scenario import Scenario

CHANNELS = ("shelf", "live", "shop")
_FASHION_LIFE = ((0, 300), (14, 1500), (28, 1800), (60, 900), (98, 250), (126, 150))
"""(days since launch, permille of an ordinary day). At its end the style comes back in its next
season's make, so that a market of staggered styles neither dies out nor grows."""
SEASON_DAYS = _FASHION_LIFE[-1][0]


class Market:
    """Demand of one scenario and seed; days count from the start, history has negative days."""

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        frame: Frame | None = None,
        collection: Collection | None = None,
    ) -> None:
        self.scenario, self.seed, self.frame = scenario, seed, frame
        self.collection = collection_of(scenario, seed) if collection is None else collection
        fig = scenario.figure
        self._k = fig("market.dispersion")
        self._weekly = scenario.figure_list("market.weekly_permille")
        self._hours = rng.steps(scenario.figure_list("market.hours_permille"))
        self._channels = rng.steps(scenario.figure_list("market.channels_permille"))
        self._first_weekday = (scenario.start_ms // 86_400_000 + 3) % 7
        self._smv = {b: sum(op.smv_ms for op in ops) for b, ops in bulletins().items()}
        self._days: dict[int, tuple[list[Wish], ...]] = {}
        weights = {s: t.weight for s, t in self.collection.traits.items()}
        self._weighted_smv = sum(
            w * self._smv[self.collection.styles[s].bulletin] for s, w in weights.items()
        )
        consumer_ms = self.capacity_ms_per_day() * scenario.consumer_share_permille // 1000
        self.base_milli = {
            (r.id, s): consumer_ms * w * r.share_permille // self._weighted_smv
            for r in scenario.regions
            for s, w in weights.items()
        }
        """Mean pieces of an ordinary day by (region, style), times 1,000."""
        self.size_share = {
            (r.id, s): self._size_curve(r.id, s) for r in scenario.regions for s in weights
        }
        seller_ms = self.capacity_ms_per_day() * scenario.seller_share_permille // 1000
        low, high = scenario.figure_list("market.order_pieces")
        mean_pieces = low + (high - low) // 3
        mean_order_ms = mean_pieces * self._weighted_smv // sum(weights.values())
        self.orders_per_day_milli = seller_ms * 1000 // mean_order_ms

    def fits(self, scenario: Scenario, seed: int) -> bool:
        """Return whether a world of this scenario and seed may have this market.

        Plants may differ: a market keeps the size of those of the scenario that it was made for.
        """
        mine = self.scenario
        return self.seed == seed and all(
            (
                mine.start_ms == scenario.start_ms,
                [(r.id, r.share_permille) for r in mine.regions]
                == [(r.id, r.share_permille) for r in scenario.regions],
                mine.sellers == scenario.sellers,
                _market_figures(mine) == _market_figures(scenario),
            )
        )

    def capacity_ms_per_day(self) -> int:
        """Return standard time that all lines can sew per calendar day, in milliseconds."""
        shift = self.scenario.shift
        minutes = shift.end_min - shift.start_min - (shift.lunch_end_min - shift.lunch_min)
        stations = sum(p.joined * p.stations for p in self.scenario.plants)
        planned = self.scenario.figure("market.planned_efficiency_permille")
        return stations * minutes * 60 * planned * len(shift.workdays) // 7

    def use_per_day(self) -> dict[tuple[str, str], int]:
        """Return mean pieces x centimetres of cloth per day by (fabric, colour), all regions."""
        result: dict[tuple[str, str], int] = {}
        seller = self.orders_per_day_milli * sum(
            self.scenario.figure_list("market.order_pieces")[:1]
        )
        total_weight = sum(t.weight for t in self.collection.traits.values())
        for style in self.collection.styles.values():
            trait = self.collection.traits[style.style]
            milli = sum(self.base_milli[region.id, style.style] for region in self.scenario.regions)
            milli += seller * 267 // 100 * trait.weight // total_weight
            for colour, share in zip(style.colours, trait.colour_share_permille, strict=True):
                key = (style.fabric, colour)
                result[key] = result.get(key, 0) + milli * share * style.fabric_cm // 1_000_000
        return result

    def _size_curve(self, region: str, style: str) -> list[int]:
        curve = self.scenario.figure_list("market.size_curve_permille")
        draws = rng.words(self.seed, "size", f"{region}|{style}", len(curve))
        return [c * rng.between(d, 850, 1150) // 1000 for c, d in zip(curve, draws, strict=True)]

    def weekday(self, day: int) -> int:
        """Return 0 for Monday to 6 for Sunday."""
        return (self._first_weekday + day) % 7

    def promo(self, region: str, style: str, day: int) -> bool:
        """Return whether a livestream is announced for this style, region and day."""
        draw = rng.u32(self.seed, "promo", f"{region}|{style}", day)
        return rng.below(draw, 1000) < self.scenario.figure("market.promo_permille")

    def price_fen(self, region: str, style: str, day: int) -> int:
        """Return the consumer price of a day."""
        price = self.collection.styles[style].price_fen
        if self.frame is None and self.promo(region, style, day):
            return price * self.scenario.figure("market.promo_price_permille") // 1000
        return price

    def launch_day(self, style: str) -> int:
        """Return the day of a fashion style's first launch: a few come after the run's start."""
        return rng.between(rng.u32(self.seed, "launch", style), 11 - SEASON_DAYS, 10)

    def life_permille(self, style: str, day: int) -> int:
        """Return where a style stands in its life: 1,000 for a basic, 0 before the first launch."""
        if not self.collection.traits[style].fashion:
            return 1000
        age = day - self.launch_day(style)
        if age < 0:
            return 0
        age %= SEASON_DAYS
        for (a0, f0), (a1, f1) in itertools.pairwise(_FASHION_LIFE):
            if age < a1:
                return f0 + (f1 - f0) * (age - a0) // (a1 - a0)
        raise AssertionError(f"age {age} is beyond the life of {SEASON_DAYS} days")

    def _noise(self, region: str, style: Style, day: int) -> int:
        """Return style-day shock x slow region-category factor (moving sum of a week), permille."""
        fig = self.scenario.figure
        half = fig("market.noise_style_permille")
        shock = 1000 + rng.between(rng.u32(self.seed, "shock", style.style, day), -half, half)
        half = fig("market.noise_region_permille")
        slow = 1000
        for back in range(7):
            draw = rng.u32(self.seed, "slow", f"{region}|{style.bulletin}", day - back)
            slow += rng.between(draw, -half, half) // 3
        return shock * max(slow, 200) // 1000

    def mean_milli(self, region: str, style: str, day: int) -> int:
        """Return the expected demand of a style in a region on a day, times 1,000."""
        milli = self.base_milli[region, style] * self._weekly[self.weekday(day)] // 1000
        milli = milli * self.life_permille(style, day) // 1000
        if self.promo(region, style, day):
            milli = milli * self.scenario.figure("market.promo_lift_permille") // 1000
        return milli * self._noise(region, self.collection.styles[style], day) // 1000

    def sku_demand(self, region: str, style: str, day: int) -> list[tuple[str, int]]:
        """Return (SKU, pieces wanted) of a day, for SKUs that anybody wants."""
        record = self.collection.styles[style]
        if self.frame is not None:
            wanted = [(sku, self.frame.wanted(region, sku, day)) for sku in record.skus()]
            return [(sku, n) for sku, n in wanted if n]
        mean = self.mean_milli(region, style, day)
        return self.draw_skus(mean, region, style, f"{day}")

    def sku_means_milli(self, region: str, style: str) -> dict[str, int]:
        """Return the mean pieces of an ordinary day by SKU, times 1,000."""
        record, trait = self.collection.styles[style], self.collection.traits[style]
        if self.frame is not None:
            return {sku: self.frame.mean_milli(region, sku) for sku in record.skus()}
        sizes = self.size_share[region, style]
        return {
            f"{style}-{colour}-{size}": self.base_milli[region, style] * share // 1000
            * weight // sum(sizes)
            for colour, share in zip(record.colours, trait.colour_share_permille, strict=True)
            for size, weight in zip(record.sizes, sizes, strict=True)
        }  # fmt: skip

    def draw_skus(
        self, mean_milli: int, region: str, style: str, key: str
    ) -> list[tuple[str, int]]:
        """Return (SKU, pieces) drawn around a mean of the whole style."""
        record, trait = self.collection.styles[style], self.collection.traits[style]
        sizes = self.size_share[region, style]
        total = sum(sizes)
        draws = rng.words(
            self.seed, "want", f"{region}|{style}|{key}", len(record.colours) * len(sizes)
        )
        result, i = [], 0
        for colour, share in zip(record.colours, trait.colour_share_permille, strict=True):
            for size, weight in zip(record.sizes, sizes, strict=True):
                mean = mean_milli * share // 1000 * weight // total
                wanted = tables.count(draws[i], mean, self._k)
                i += 1
                if wanted:
                    result.append((f"{style}-{colour}-{size}", wanted))
        return result

    def day(self, day: int) -> tuple[list[Wish], ...]:
        """Return what consumers want in each of the 24 hours of a day."""
        if day not in self._days:
            self._days.clear()
            self._days[day] = self._draw_day(day)
        return self._days[day]

    def _draw_day(self, day: int) -> tuple[list[Wish], ...]:
        hours: tuple[list[Wish], ...] = tuple([] for _ in range(24))
        for region in (r.id for r in self.scenario.regions):
            for style in self.collection.styles:
                price = self.price_fen(region, style, day)
                for sku, wanted in self.sku_demand(region, style, day):
                    cells: dict[tuple[int, int], int] = {}
                    for draw in rng.words(self.seed, "hour", f"{region}|{sku}|{day}", wanted):
                        hour = rng.pick_step((draw & 0xFFFF) << 16, self._hours)
                        channel = rng.pick_step(draw & 0xFFFF0000, self._channels)
                        cells[hour, channel] = cells.get((hour, channel), 0) + 1
                    for (hour, channel), n in sorted(cells.items()):
                        hours[hour].append((region, sku, CHANNELS[channel], n, price))
        return hours

    def seller_orders(self, day: int) -> list[OrderWish]:
        """Return the orders that sellers will place on a day, in the order of their time."""
        draw = rng.u32(self.seed, "orders", "count", day)
        milli = self.orders_per_day_milli * self._weekly[self.weekday(day)] // 1000
        number = (milli * rng.between(draw, 800, 1200) // 1000 + 500) // 1000
        wishes = [self._wish(day, i) for i in range(number)]
        return sorted(wishes, key=lambda wish: (wish.minute, wish.order))

    def _wish(self, day: int, i: int) -> OrderWish:
        name = f"SO-B{-day}-{i:02d}" if day < 0 else f"SO-{day:03d}-{i:02d}"
        d = rng.words(self.seed, "order", name, 9)
        names = list(self.collection.styles)
        style = self.collection.styles[
            names[rng.pick(d[0], [self.collection.traits[s].weight for s in names])]
        ]
        low, high = self.scenario.figure_list("market.order_pieces")
        skew = rng.below(d[1], 1001)
        pieces = low + (high - low) * skew * skew // 1_000_000 // 10 * 10
        regions = self.scenario.regions
        region = regions[rng.pick(d[3], [r.share_permille for r in regions])].id
        return self.make_wish(name, style, pieces, region, d, minute=rng.between(d[5], 480, 1260))

    def make_wish(
        self, name: str, style: Style, pieces: int, region: str, d: tuple[int, ...], minute: int
    ) -> OrderWish:
        """Return an order of `pieces` of a style; colour, seller, due date by the draws `d`."""
        colour = style.colours[
            rng.pick(d[2], list(self.collection.traits[style.style].colour_share_permille))
        ]
        parts = spread(pieces, self.size_share[region, style.style])
        first, last = self.scenario.figure_list("market.due_days")
        return OrderWish(
            order=name,
            seller=self.scenario.sellers[rng.below(d[4], len(self.scenario.sellers))],
            style=style.style,
            colour=colour,
            sizes={s: n for s, n in zip(style.sizes, parts, strict=True) if n},
            region=region,
            minute=minute,
            due_days=rng.between(d[6], first, last),
            price_fen=style.price_fen * rng.between(d[7], 420, 520) // 1000,
        )


def _market_figures(scenario: Scenario) -> dict[str, int]:
    return {key: n for key, n in scenario.figures.items() if key.startswith("market.")}
