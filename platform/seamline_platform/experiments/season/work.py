"""What is to be made: lots from decision to delivery, and how full the lines are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seamline_broker.contracts.catalogue import Catalogue, LineInfo
from seamline_platform.experiments.season.sight import LineReport

_DONE = frozenset({"sewn", "packed", "delivered", "refused"})
_SMOOTH = 8
"""A report moves the efficiency that is counted on by this part."""
LOW_PERMILLE, HIGH_PERMILLE = 200, 1000


@dataclass(slots=True, eq=False)
class Lot:
    """Pieces of one style and colour that are sewn in one go, for one region or several."""

    id: str
    style: str
    colour: str
    needs: dict[str, dict[str, int]]
    """Region -> size -> pieces."""
    day: int
    """When it was decided on."""
    due: int
    """Day by which it should be delivered."""
    kind: str = "replenishment"
    weight: int = 1
    due_ms: int = 0
    node: str = ""
    """Line that is meant to sew it."""
    house: str = ""
    """Region whose warehouse keeps its cloth."""
    smv_ms: int = 0
    ready: int = 0
    """First day on which its cloth can be there."""
    orders: list[str] = field(default_factory=list)
    """Order ids of its kits, once they are commanded."""

    pieces: int = field(init=False, default=0)
    """Pieces of all regions and sizes."""
    work_ms: int = field(init=False, default=0)
    """Standard time of all pieces."""

    def __post_init__(self) -> None:
        self.fill(self.needs)

    def fill(self, needs: dict[str, dict[str, int]]) -> None:
        """Say what is to be made, by region and size."""
        self.needs = needs
        self.pieces = sum(sum(sizes.values()) for sizes in needs.values())
        self.work_ms = self.pieces * self.smv_ms


@dataclass(slots=True, eq=False)
class LineState:
    """What a planner counts on for one line."""

    node: str
    info: LineInfo
    joined: bool
    efficiency: int
    """Permille of the standard."""
    style: str = ""
    """Style of the last lot planned on it."""
    released: list[Lot] = field(default_factory=list)
    """Lots whose kits are commanded and that are not known to be sewn."""
    held: list[Lot] = field(default_factory=list)
    """Lots that wait in the planner's pool."""

    held_ms: int = 0
    released_ms: int = 0

    def hold(self, lot: Lot) -> None:
        """Put a lot into the pool before this line."""
        lot.node = self.node
        self.held.append(lot)
        self.held_ms += lot.work_ms

    def unhold(self, lot: Lot) -> None:
        """Take a lot out of the pool."""
        self.held.remove(lot)
        self.held_ms -= lot.work_ms

    def release(self, lot: Lot) -> None:
        """Count a lot whose kits are commanded."""
        lot.node = self.node
        self.released.append(lot)
        self.released_ms += lot.work_ms

    def unrelease(self, lot: Lot) -> None:
        """Forget a released lot: it is sewn, or goes to another line."""
        self.released.remove(lot)
        self.released_ms -= lot.work_ms

    def load_ms(self, with_held: bool = True) -> int:
        """Return the standard time of everything that waits for the line."""
        return self.released_ms + self.held_ms if with_held else self.released_ms


class LineBook:
    """All lines of a maker: who is free when, by what reports say."""

    def __init__(
        self, catalogue: Catalogue, reserve: Iterable[str], efficiency: int, capacity: int
    ) -> None:
        """Count on `efficiency` (permille) at first, and on `capacity` permille of what is free."""
        self.reserve = frozenset(reserve)
        self.catalogue = catalogue
        self.capacity = capacity
        self.lines: dict[str, LineState] = {}
        for info in catalogue.lines:
            node = f"{info.site}/{info.line}"
            self.lines[node] = LineState(node, info, node not in self.reserve, efficiency)
        self._workdays = len(catalogue.workdays)
        self._bulletin = {name: style.bulletin for name, style in catalogue.styles.items()}

    def learn(self, reports: Iterable[LineReport]) -> None:
        """Follow the lines' efficiency as it is reported; idle days say nothing."""
        for report in reports:
            line = self.lines.get(report.node)
            if line is not None and report.pieces > 0:
                seen = min(max(report.efficiency_permille, LOW_PERMILLE), HIGH_PERMILLE)
                line.efficiency += (seen - line.efficiency) // _SMOOTH

    def settle(self, states: Mapping[str, str]) -> None:
        """Forget lots that are known to be sewn."""
        for line in self.lines.values():
            done = [lot for lot in line.released if self._is_sewn(lot, states)]
            for lot in done:
                line.unrelease(lot)

    @staticmethod
    def _is_sewn(lot: Lot, states: Mapping[str, str]) -> bool:
        return all(states.get(order) in _DONE for order in lot.orders)

    def day_ms(self, line: LineState) -> int:
        """Return the standard time that a line sews per calendar day."""
        info = line.info
        minutes = info.shift_end_min - info.shift_start_min - 60
        ms = info.stations * minutes * 60_000 * line.efficiency // 1000
        return max(ms * self.capacity // 1000 * self._workdays // 7, 1)

    def wait_days(self, line: LineState, style: str, work_ms: int = 0) -> float:
        """Return calendar days until a line would have sewn `work_ms` more of a style."""
        days = (line.load_ms() + work_ms) / self.day_ms(line)
        if line.style and self._bulletin[line.style] != self._bulletin[style]:
            days += 0.5  # part of the loss of a style change: .75 line-days when all is new
        return days

    def load_days(self, due: int, helper: LineState, scope: str) -> float:
        """Return calendar days that joined lines need for all that is due by a day.

        Counted are those that `helper` may relieve: of its plant, its region, or all, by scope.
        """
        joined = [
            line
            for line in self.lines.values()
            if line.joined and self._relieves(helper, line, scope)
        ]
        work = sum(
            lot.work_ms for line in joined for lot in line.released + line.held if lot.due <= due
        )
        return work / max(sum(self.day_ms(line) for line in joined), 1)

    def within(self, home: str, scope: str) -> list[LineState]:
        """Return the joined lines that a style of this home line may go to.

        A reserve line that has joined sews for its plant, however narrow the scope is: nobody calls
        people to a line that is given nothing.
        """
        at = self.lines[home].info
        found = []
        for line in self.lines.values():
            if not line.joined:
                continue
            if (
                line.node == home
                or (line.node in self.reserve and line.info.site == at.site)
                or (scope == "plant" and line.info.site == at.site)
                or (scope == "region" and line.info.region == at.region)
                or scope == "platform"
            ):
                found.append(line)
        return found or [self.lines[home]]

    @staticmethod
    def _relieves(helper: LineState, line: LineState, scope: str) -> bool:
        if scope == "platform":
            return True
        if scope == "region":
            return line.info.region == helper.info.region
        return line.info.site == helper.info.site


def homes(
    catalogue: Catalogue, work_ms: Mapping[str, float], reserve: Iterable[str]
) -> dict[str, str]:
    """Give every style a home line: lines keep to few bulletins and have equal work.

    `work_ms` is the standard time that a style is expected to ask for. Styles are dealt out by
    bulletin, the greatest first, each to the line with the least work that has sewn its bulletin
    or has room for a new one.
    """
    away = set(reserve)
    nodes = [n for n in (f"{i.site}/{i.line}" for i in catalogue.lines) if n not in away]
    load = dict.fromkeys(nodes, 0.0)
    fair = sum(work_ms.values()) / max(len(nodes), 1)
    kinds: dict[str, set[str]] = {node: set() for node in nodes}
    result = {}
    by_bulletin = sorted(work_ms, key=lambda s: (catalogue.styles[s].bulletin, -work_ms[s], s))
    for style in by_bulletin:
        bulletin = catalogue.styles[style].bulletin
        same = [n for n in nodes if bulletin in kinds[n] and load[n] + work_ms[style] <= fair * 1.1]
        empty = [n for n in nodes if not kinds[n]]
        node = min(same or empty or nodes, key=lambda n: (load[n], nodes.index(n)))
        load[node] += work_ms[style]
        kinds[node].add(bulletin)
        result[style] = node
    return result
