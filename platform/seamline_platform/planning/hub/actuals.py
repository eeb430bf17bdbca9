"""Planned against actual finish, order by order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from seamline_platform.planning.hub.bars import PlanBar


@dataclass(frozen=True, slots=True)
class Actual:
    """One order: what the plan in force said when sewing began, and what came of it.

    Times are plant time, epoch ms; `actual_end_ms` is 0 while it is being sewn.
    """

    order: str
    site: str
    line: str
    style: str
    version: int
    planned_start_ms: int
    actual_start_ms: int
    planned_end_ms: int
    actual_end_ms: int = 0
    p50_ms: int | None = None
    p90_ms: int | None = None
    pieces: int = 0
    efficiency: float = 0.0
    """Line efficiency that the plan counted with."""

    @property
    def error_min(self) -> int:
        """Minutes later than planned, so far as it is sewn; negative: earlier."""
        return (
            round((self.actual_end_ms - self.planned_end_ms) / 60_000) if self.actual_end_ms else 0
        )


class Ledger:
    """Bars of the accepted plan, orders that are being sewn, and those that were sewn lately."""

    def __init__(self, keep: int = 500) -> None:
        self._keep = keep
        self._bars: Mapping[str, PlanBar] = {}
        self._version = 0
        self._efficiency: Callable[[str], float] = lambda _: 0.0
        self._open: dict[str, Actual] = {}
        self._done: dict[str, Actual] = {}

    def planned(
        self, version: int, bars: Mapping[str, PlanBar], efficiency: Callable[[str], float]
    ) -> None:
        """Take the bars of the plan in force, and the efficiency of `site/line` it counts with."""
        self._version, self._bars, self._efficiency = version, bars, efficiency

    def began(self, order: str, line: str, at_ms: int) -> None:
        """Note that an order's first garment is on a hanger of `site/line`."""
        bar = self._bars.get(order)
        if bar is None or order in self._open or order in self._done:
            return
        site, _, name = line.partition("/")
        self._open[order] = Actual(
            order, site, name, bar.style, self._version, bar.sew_ms, at_ms, bar.end_ms,
            p50_ms=bar.p50_ms, p90_ms=bar.p90_ms, pieces=bar.pieces,
            efficiency=self._efficiency(line),
        )  # fmt: skip

    def ended(self, order: str, at_ms: int) -> Actual | None:
        """Note that an order's last garment left its line; None if no plan had it."""
        begun = self._open.pop(order, None)
        if begun is None:
            return None
        actual = replace(begun, actual_end_ms=max(at_ms, 1))
        self._done[order] = actual
        while len(self._done) > self._keep:
            del self._done[next(iter(self._done))]
        return actual

    def of(self, order: str) -> Actual | None:
        """Return what is known of an order, None if it has not begun while a plan was followed."""
        return self._done.get(order) or self._open.get(order)

    def newest(self, most: int = 200) -> list[Actual]:
        """Return orders that were sewn, newest first."""
        return list(reversed(self._done.values()))[:most]
