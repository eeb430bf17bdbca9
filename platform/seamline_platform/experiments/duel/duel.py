"""Two makers on one market, day by day: what differs between them is what they have connected."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal, Protocol

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.season.contract import Links

Side = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")
SWITCHES: Final = ("sense_market", "sense_floor", "integrate", "elastic", "close_loop", "scope")
Kpis = Mapping[str, float | int | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth seeing on the time axis.

    `kind`: switch, launch, stockout, surge, join, leave, breakdown. `name` says what it is about,
    `value` how much of it or what it was set to.
    """

    day: int
    side: Literal["left", "right", "both"]
    kind: str
    name: str
    value: str = ""


class Maker(Protocol):
    """One maker in its own world, advanced a plant day at a time."""

    def set_links(self, links: Links) -> None:
        """Connect and disconnect: counts from the next day on."""

    def advance_day(self) -> None:
        """Live one plant day."""

    def kpis(self) -> Kpis:
        """Return what has been reached so far, by the names of `CompareKpis`."""

    def take_marks(self) -> list[Mark]:
        """Return what was worth seeing since the last call, sides left open (`both`)."""

    def exogenous_digest(self) -> str:
        """Return the digest of customers, failures and times met so far."""


@dataclass(frozen=True, slots=True)
class DuelDay:
    """Both sides at the end of a plant day."""

    day: int
    left: Kpis
    right: Kpis
    marks: tuple[Mark, ...]


def switched(links: Links, name: str, value: object) -> Links:
    """Return links with one switch set.

    Raises:
        ConfigError: if there is no such switch, or the value does not fit it.
    """
    if name not in SWITCHES:
        raise ConfigError(f"There is no switch {name!r}; there are {', '.join(SWITCHES)}.")
    try:
        return Links(**{**asdict(links), name: value})
    except TypeError as exc:  # a value that cannot even be compared, such as a list
        raise ConfigError(f"{name} is {value!r}, which no switch takes.") from exc


@dataclass(slots=True)
class Duel:
    """Two makers who live the same days. Flips take effect between days: a run can be repeated."""

    makers: Mapping[Side, Maker]
    links: dict[Side, Links]
    days: int
    day: int = 0
    """Days that both have lived."""

    @property
    def over(self) -> bool:
        """Whether the season has been lived."""
        return self.day >= self.days

    def flip(self, side: Side, name: str, value: object) -> Mark | None:
        """Set a switch of one side from the next day on; None if it stood there already.

        Raises:
            ConfigError: if there is no such switch, or the value does not fit it.
        """
        links = switched(self.links[side], name, value)
        if links == self.links[side]:
            return None
        self.links[side] = links
        self.makers[side].set_links(links)
        word = str(value) if name == "scope" else "on" if value else "off"
        return Mark(self.day, side, "switch", name, word)

    def advance(self) -> DuelDay:
        """Let both sides live the next day.

        Raises:
            ValueError: if the season is over.
        """
        if self.over:
            raise ValueError(f"The season of {self.days} days is over.")
        for side in SIDES:
            self.makers[side].advance_day()
        self.day += 1
        left, right = (self.makers[side].kpis() for side in SIDES)
        return DuelDay(self.day - 1, left, right, tuple(self._seen()))

    def digests(self) -> tuple[str, str]:
        """Return what both sides have met from outside: equal, or something is wrong."""
        left, right = (self.makers[side].exogenous_digest() for side in SIDES)
        return left, right

    def _seen(self) -> list[Mark]:
        """What happened to both in the same way is told once."""
        left, right = (self.makers[side].take_marks() for side in SIDES)
        both = [mark for mark in left if mark in right]
        return [
            *both,
            *(replace(mark, side="left") for mark in left if mark not in both),
            *(replace(mark, side="right") for mark in right if mark not in both),
        ]
