"""Cloth as the planner sees it: what is free, what is ordered in which form, and when it comes."""

from dataclasses import dataclass, field
from typing import Final

from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.sight import Sight

GREIGE: Final = "greige"
Key = tuple[str, str, str]
"""(region, fabric, colour)."""


@dataclass(frozen=True, slots=True)
class ClothTerms:
    """What suppliers say: days that cloth takes at most, and least lengths, by form."""

    days: dict[str, int]
    """roll, quick, greige, dye."""
    least_cm: dict[str, int]


@dataclass(slots=True)
class ClothBook:
    """Cloth that is free for new lots: seen, plus what was ordered, less what lots will take."""

    terms: ClothTerms
    ordered: dict[Key, int] = field(default_factory=dict)
    committed: dict[Key, int] = field(default_factory=dict)
    """Cloth of lots that wait for their kits."""
    dyed: dict[Key, int] = field(default_factory=dict)
    """Greige sent to the dyer, by its new colour."""
    cut_back: dict[Key, int] = field(default_factory=dict)
    """How often in a row the supplier had not as much as was asked."""

    def there(self, sight: Sight, key: Key) -> int:
        """Return cloth in the store that no order has reserved."""
        on_hand, reserved = sight.cloth.get(key, (0, 0))
        return on_hand - reserved

    def position(self, sight: Sight, key: Key) -> int:
        """Return cloth that is there, or on its way, and promised to nobody."""
        coming = self.ordered.get(key, 0) - sight.cloth_received.get(key, 0)
        return self.there(sight, key) + max(coming, 0) - self.committed.get(key, 0)

    def commit(self, key: Key, length: int) -> None:
        """Set cloth aside for a lot (negative: its kit is commanded)."""
        self.committed[key] = self.committed.get(key, 0) + length

    def ready_in(self, sight: Sight, key: Key, able: Abilities) -> int:
        """Return days until cloth could be there for something new, at best."""
        if self.position(sight, key) > 0:
            return 0
        return min(self.terms.days[form] for form in able.cloth_forms if form != GREIGE)

    def fill(
        self, sight: Sight, key: Key, within_days: int, able: Abilities
    ) -> tuple[list[Command], int]:
        """Order what a cloth lacks; return the commands, and the days until it is there at most.

        Own greige is dyed if there is any; else the mill is asked when there is time, which is
        when `within_days` allow it, and the supplier's greige when there is not.
        """
        lack = -self.position(sight, key)
        if lack <= 0:
            return [], 0
        region, fabric, colour = key
        greige = (region, fabric, GREIGE)
        if GREIGE in able.cloth_forms:
            free = self.there(sight, greige) - self._dyed_since(greige)
            length = max(lack + lack // 20, self.terms.least_cm["dye"])
            if free >= length:
                self.dyed[greige] = self.dyed.get(greige, 0) + length
                self.ordered[key] = self.ordered.get(key, 0) + length * 98 // 100
                args = {"fabric": fabric, "colour": colour, "length_cm": length}
                return [Command(f"{region}/warehouse", "dye_cloth", args)], self.terms.days["dye"]
        forms = able.cloth_forms
        slow = "quick" not in forms or within_days >= self.terms.days["roll"]
        if not slow and self.cut_back.get(key, 0) > 2:
            slow = True
        form = "roll" if slow else "quick"
        length = lack
        if form == "quick":
            length >>= self.cut_back.get(key, 0)
        length = max(length, self.terms.least_cm[form])
        self.ordered[key] = self.ordered.get(key, 0) + length
        args = {"fabric": fabric, "colour": colour, "length_cm": length, "form": form}
        return [Command(f"{region}/warehouse", "order_cloth", args)], self.terms.days[form]

    def keep_greige(self, sight: Sight, region: str, fabric: str, level_cm: int) -> list[Command]:
        """Order greige up to a level for a warehouse that dyes by itself."""
        key = (region, fabric, GREIGE)
        coming = self.ordered.get(key, 0) - sight.cloth_received.get(key, 0)
        lack = level_cm - self.there(sight, key) - max(coming, 0)
        if lack < self.terms.least_cm[GREIGE]:
            return []
        self.ordered[key] = self.ordered.get(key, 0) + lack
        args = {"fabric": fabric, "colour": GREIGE, "length_cm": lack, "form": GREIGE}
        return [Command(f"{region}/warehouse", "order_cloth", args)]

    def start_day(self) -> None:
        """Forget what was sent to the dyer before: the store's count holds it by now."""
        self.dyed.clear()

    def _dyed_since(self, greige: Key) -> int:
        return self.dyed.get(greige, 0)

    def refused(self, command: Command) -> None:
        """A supplier or dyer said no: nothing will come of it; ask for less next time."""
        region = command.node.partition("/")[0]
        args = command.args
        key = (region, str(args["fabric"]), str(args["colour"]))
        length = int(str(args["length_cm"]))
        if command.name == "dye_cloth":
            length = length * 98 // 100
        self.ordered[key] = self.ordered.get(key, 0) - length
        self.cut_back[key] = self.cut_back.get(key, 0) + 1

    def accepted(self, command: Command) -> None:
        """A supplier took an order."""
        region = command.node.partition("/")[0]
        self.cut_back.pop((region, str(command.args["fabric"]), str(command.args["colour"])), None)
