"""What moves demand besides the style itself: week, year, weather, festivals, noise, prices.

All of it is a pure function of the seed and the day. Factors are permille; what is added up on the
scale of logarithms is in thousandths.
"""

import functools

from seamline_sim import rng, tables
from seamline_sim.market import festivals
from seamline_sim.scenario import Scenario

CHANNELS = ("shelf", "live", "shop")
_AR = (990, 140)
"""Weights of this week's and last week's shock: variance 1, correlation of neighbours .14."""


class Rhythm:
    """Common movements of the demand of one scenario and seed."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.seed = seed
        self.first_day = scenario.start_ms // 86_400_000
        self._first_weekday = (self.first_day + 3) % 7
        fig, figures = scenario.figure, scenario.figure_list
        self._weekly = figures("market.weekly_permille")
        self._channels = figures("market.channels_permille")
        self._years = {
            c: figures(f"market.year_{c}_permille") for c in ("tshirt", "polo", "shirt", "hoodie")
        }
        self._heat = {
            c: n - 100
            for c, n in zip(self._years, figures("market.heat_permille_plus_100"), strict=True)
        }
        self._seasons = {s.figure: figures(s.figure) for s in festivals.SEASONS}
        self._new_year = figures("festivals.new_year_permille")
        self._new_year_days = figures("festivals.new_year_days")
        self._before_new_year = figures("festivals.before_new_year_permille")
        self._sellers_new_year = fig("festivals.sellers_new_year_permille")
        self._closed = figures("festivals.factory_closed_days")
        self._week_spread = fig("market.noise_week_permille")
        self._day_spread = fig("market.noise_day_permille")
        self._region_spread = fig("market.noise_region_permille")
        squares = self._week_spread**2 + self._day_spread**2 + self._region_spread**2
        self._noise_half = squares // 2000
        self._cost_spread = fig("market.cost_spread_permille")
        self._pricing = fig("market.price_follows_demand_permille")
        self._coupon = (fig("market.coupon_permille"), fig("market.coupon_price_permille"))
        self._festival_price = fig("festivals.price_permille")

    def weekday(self, day: int) -> int:
        """Return 0 for Monday to 6 for Sunday."""
        return (self._first_weekday + day) % 7

    def week_permille(self, day: int) -> int:
        """Return the rhythm of the week."""
        return self._weekly[self.weekday(day)]

    def season_of(self, day: int) -> str:
        """Return the festival figure that acts on a day; empty on an ordinary one."""
        return festivals.season_of(self.first_day + day)

    def year_permille(self, category: str, day: int) -> int:
        """Return the rhythm of the year: between the middles of months by straight lines."""
        when = festivals.date_of(self.first_day + day)
        months = self._years[category]
        at = when.month - 1
        other = (at + (1 if when.day >= 15 else -1)) % 12
        away = abs(when.day - 15)
        return months[at] + (months[other] - months[at]) * away // 30

    def weather_milli(self, region: str, category: str, day: int) -> int:
        """Return what an unusually warm or cold week does to the log of demand."""
        z = self._slow("weather", region, day)
        return z * self._heat[category] // 1000

    @functools.lru_cache(maxsize=16_384)  # noqa: B019  # a market lives as long as its run
    def _slow(self, stream: str, entity: str, day: int) -> int:
        """Return a standard normal (milli) that moves over a week: 7 days' shocks together."""
        total = 0
        for back in range(7):
            total += self._z(stream, entity, day - back)
        return total * 1000 // 2646

    @functools.lru_cache(maxsize=16_384)  # noqa: B019
    def _z(self, stream: str, entity: str, index: int) -> int:
        return tables.normal_milli()[rng.u32(self.seed, stream, entity, index) >> 22]

    def week_shock_milli(self, style: str, day: int) -> int:
        """Return a style's own weekly shock: a standard normal (milli), related to last week's."""
        week = (self.first_day + day + 3) // 7
        now, before = self._z("week", style, week), self._z("week", style, week - 1)
        return (_AR[0] * now + _AR[1] * before) // 1000

    def noise_permille(self, region: str, style: str, category: str, day: int) -> int:
        """Return the factor of chance: style by week and day, region and category slowly."""
        log = self.week_shock_milli(style, day) * self._week_spread
        log += self._z("day", style, day) * self._day_spread
        log += self._slow("slow", f"{region}|{category}", day) * self._region_spread
        log = log // 1000 + self.weather_milli(region, category, day)
        return tables.exp_permille(log - self._noise_half)

    def channel_weights(self, region: str, day: int) -> list[int]:
        """Return the demand of each channel on a day, permille of the whole of an ordinary day."""
        draws = rng.words(self.seed, "channel", region, len(CHANNELS))
        own = [c * rng.between(d, 850, 1150) for c, d in zip(self._channels, draws, strict=True)]
        factors = self.festival_permille(day)
        total = sum(own)
        return [1000 * o * f // total // 1000 for o, f in zip(own, factors, strict=True)]

    def festival_permille(self, day: int) -> list[int]:
        """Return the factor of the calendar by channel."""
        season = self.season_of(day)
        factors = self._seasons[season] if season else [1000] * len(CHANNELS)
        away = festivals.days_from_new_year(self.first_day + day)
        first, last = -self._new_year_days[0], self._new_year_days[1]
        if first <= away <= last:
            factors = [f * g // 1000 for f, g in zip(factors, self._new_year, strict=True)]
        elif first - 18 <= away < first:
            factors = [f * g // 1000 for f, g in zip(factors, self._before_new_year, strict=True)]
        return factors

    def sellers_permille(self, day: int) -> int:
        """Return how much sellers order, by weekday and New Year."""
        permille = self.week_permille(day)
        if -10 <= festivals.days_from_new_year(self.first_day + day) <= 7:
            permille = permille * self._sellers_new_year // 1000
        return permille

    def factory_closed(self, day: int) -> bool:
        """Return whether plants rest because of lunar New Year."""
        before, after = self._closed
        return festivals.factory_closed(self.first_day + day, before, after)

    def near_new_year(self, day: int) -> bool:
        """Return whether people leave for lunar New Year early, or come back late."""
        before, after = self._closed
        away = festivals.days_from_new_year(self.first_day + day)
        return -before - 7 <= away <= after + 10

    def cost_permille(self, fabric: str, day: int) -> int:
        """Return the cost index of a fabric: moves prices, and nothing else (an instrument)."""
        z = self._slow("cost", fabric, (self.first_day + day + 3) // 7)
        return 1000 + z * self._cost_spread // 1000

    def coupon(self, style: str, day: int) -> bool:
        """Return whether the coupon lottery drew a style this week (an instrument)."""
        week = (self.first_day + day + 3) // 7
        return rng.below(rng.u32(self.seed, "coupon", style, week), 1000) < self._coupon[0]

    def price_permille(self, style: str, fabric: str, day: int) -> int:
        """Return the price against the list price: cost, coupon, and what sellers expect.

        Sellers see part of the week's demand coming and price it in, so that price and demand have
        a common cause: a naive regression of one on the other is biased.
        """
        permille = self.cost_permille(fabric, day)
        permille += self.week_shock_milli(style, day) * self._pricing // 1000
        if self.coupon(style, day):
            permille = permille * self._coupon[1] // 1000
        return max(permille, 500)

    def festival_price_permille(self, day: int) -> int:
        """Return the price cut of 618 and 11.11 (part of the festival's own lift)."""
        peak = self.season_of(day) in (
            "festivals.peak_618_permille",
            "festivals.peak_1111_permille",
        )
        return self._festival_price if peak else 1000
