"""Lives of styles: launched, spread like a rumour, faded; new ones take demand from siblings."""

from seamline_sim import rng, tables
from seamline_sim.collection import Collection
from seamline_sim.scenario import Scenario

SEASON_DAYS = 126
"""A fashion style of the fixed collection comes back in its next season's make after so long, so
that a market of staggered styles neither dies out nor grows."""
_NEW_DAYS = 28
"""So long a launch takes demand from its siblings."""


class Lives:
    """Where each style of a collection stands in its life."""

    def __init__(self, scenario: Scenario, seed: int, collection: Collection) -> None:
        self._traits = collection.traits
        self._level = scenario.figure("market.fashion_level_permille")
        self._cannibal = scenario.figure("market.cannibal_permille")
        self._launch = {}
        groups: dict[tuple[str, str], list[str]] = {}
        for style, trait in self._traits.items():
            draw = rng.u32(seed, "launch", style)
            self._launch[style] = (
                trait.launch_day
                if not trait.fashion or trait.life_days
                else rng.between(draw, 11 - SEASON_DAYS, 10)
            )
            group = (trait.attributes["category"], trait.attributes["price_band"])
            groups.setdefault(group, []).append(style)
        self._siblings = {s: group for group in groups.values() for s in group}
        self._group_days: dict[tuple[str, int], tuple[int, int]] = {}

    def launch_day(self, style: str) -> int:
        """Return the day of a style's launch (the first one of a style that comes back)."""
        return self._launch[style]

    def age(self, style: str, day: int) -> int:
        """Return the days since a fashion style's last launch; negative before the first."""
        age = day - self._launch[style]
        if age >= 0 and not self._traits[style].life_days:
            age %= SEASON_DAYS
        return age

    def permille(self, style: str, day: int) -> int:
        """Return the demand of a day against the mean of the life: a Bass curve, 0 outside it."""
        trait = self._traits[style]
        if not trait.fashion:
            return 1000
        age = self.age(style, day)
        days = trait.life_days or SEASON_DAYS
        if not 0 <= age < days:
            return 0
        shape = tables.bass(trait.innovation, trait.imitation, days)[age]
        return shape if trait.life_days else shape * self._level // 1000

    def sibling_permille(self, style: str, day: int) -> int:
        """Return what new styles of the same category and price band leave to a style."""
        siblings = self._siblings[style]
        key = (siblings[0], day)
        if key not in self._group_days:
            if len(self._group_days) > 4096:
                self._group_days.clear()
            self._group_days[key] = self._new_and_all(siblings, day)
        new, total = self._group_days[key]
        if self._is_new(style, day):
            new -= self._traits[style].weight
        return 1000 - self._cannibal * new // max(total, 1)

    def _is_new(self, style: str, day: int) -> bool:
        return self._traits[style].fashion and 0 <= self.age(style, day) < _NEW_DAYS

    def _new_and_all(self, siblings: list[str], day: int) -> tuple[int, int]:
        sold = [s for s in siblings if self.permille(s, day)]
        new = sum(self._traits[s].weight for s in sold if self._is_new(s, day))
        return new, sum(self._traits[s].weight for s in sold)
