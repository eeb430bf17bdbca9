"""Consumers' answers: to prices, and to what they got (returns)."""

from collections.abc import Sequence

from seamline_sim import rng, tables
from seamline_sim.collection import Collection
from seamline_sim.market.arrivals import return_draws
from seamline_sim.market.rhythm import CHANNELS
from seamline_sim.market.wishes import Back, Wish
from seamline_sim.scenario import Scenario

ALL = 65_536
"""Chances and tastes are parts of this."""


class Consumers:
    """Elasticity and returns by style."""

    def __init__(self, scenario: Scenario, collection: Collection) -> None:
        self._scenario, self._traits = scenario, collection.traits
        self._floor = scenario.figure("market.price_floor_permille")
        self._defects = scenario.figure("returns.defect_permille")
        median = scenario.figure("returns.delay_days")
        knots = tables.lognormal_median(scenario.figure("returns.delay_spread_permille"))
        self._days = tuple(max(1, median * knot + 512 >> 10) for knot in knots)
        self._good = scenario.figure("returns.resaleable_permille") * 256
        self._returns = {s: self._chances(s) for s in self._traits}

    def bargain_permille(self, style: str, price_permille: int) -> int:
        """Return the consumers whom a price cut brings, against those of the planned price."""
        elasticity = self._traits[style].elasticity_milli
        price = max(price_permille, self._floor)
        return max(tables.power_permille(price, elasticity) - 1000, 0)

    def bargain_most_permille(self, style: str) -> int:
        """Return the consumers whom the lowest price of all would bring."""
        return self.bargain_permille(style, self._floor)

    def accepted(self, style: str, price_permille: int) -> int:
        """Return below which taste (of 65,536) consumers accept a price against the planned one.

        Above the planned price this speaks of ordinary consumers, below it of bargain hunters:
        all ordinary ones come, and as many hunters as the elasticity says.
        """
        if price_permille >= 1000:
            elasticity = self._traits[style].elasticity_milli
            return ALL * tables.power_permille(price_permille, elasticity) // 1000
        most = max(self.bargain_most_permille(style), 1)
        return ALL * self.bargain_permille(style, price_permille) // most

    def return_chance(self, style: str, channel: str, defect_permille: int) -> int:
        """Return the chance of a return (of 65,536) when so many garments have a defect."""
        base, most = self._returns[style][CHANNELS.index(channel)]
        worse = min(self._defects * defect_permille // 1000, 1000)
        return min(base + (ALL - base) * worse // 1000, most)

    def wish(self, place: tuple[str, str, str, int], price_fen: int, who: Sequence[bytes]) -> Wish:
        """Return the wish of some consumers; `place` is (region, style, SKU, channel index)."""
        region, style, sku, channel = place
        base, most = self._returns[style][channel]
        back: list[Back] = []
        perhaps: list[Back] = []
        for one in who:
            draw = one[2] | one[3] << 8
            if draw < most:
                _, knot, state = return_draws(one)
                row = (draw, self._days[knot], (sku, self.is_good(state), price_fen))
                (back if draw < base else perhaps).append(row)
        name = CHANNELS[channel]
        people = b"".join(who)
        return Wish(
            region, style, sku, name, len(who), price_fen, people, tuple(back), tuple(perhaps)
        )

    def _chances(self, style: str) -> tuple[tuple[int, int], ...]:
        """Return by channel the chance of a return and the highest that defects can make."""
        target = self._traits[style].attributes["target"]
        of_target = self._scenario.figure(f"returns.{target}_permille")
        chances = []
        for permille in self._scenario.figure_list("returns.channels_permille"):
            base = min(permille * of_target // 1000, 950)
            chances.append((base * ALL // 1000, (base + (1000 - base) // 2) * ALL // 1000))
        return tuple(chances)

    def mean_chance(self, style: str) -> int:
        """Return the chance of a return over all channels (of 65,536), without faults."""
        shares = self._scenario.figure_list("market.channels_permille")
        chances = self._returns[style]
        total = sum(share * base for share, (base, _) in zip(shares, chances, strict=True))
        return total // sum(shares)

    def residual_days(self) -> tuple[int, ...]:
        """Return running sums of weights of the days that a piece on its way back still takes.

        In a steady state the rest of a delay D is r with weight P(D > r).
        """
        longest = max(self._days)
        return rng.steps([sum(d > r for d in self._days) for r in range(longest)])

    def mean_delay_milli(self) -> int:
        """Return the mean days until a piece comes back, times 1,000."""
        return 1000 * sum(self._days) // len(self._days)

    def is_good(self, state: int) -> bool:
        """Return whether a piece that comes back can be sold again (draw of 8 bits)."""
        return state * 1000 < self._good

    def net_returns_permille(self) -> int:
        """Return the part of consumers' pieces that comes back fit to be sold again."""
        total = weights = 0
        for style, trait in self._traits.items():
            total += trait.weight * self.mean_chance(style)
            weights += trait.weight
        resale = self._scenario.figure("returns.resaleable_permille")
        return total * resale // max(weights, 1) // ALL
