"""What a closed loop does on the floor every day: balance, maintain, bring mechanics, move work."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season.sight import Sample, Sight
from seamline_platform.experiments.season.work import LineBook, LineState, Lot

_FIRST_PERMILLE: Final = 1700
"""Vibration against a machine's own best at which it is maintained until failures have taught."""
_LEARN_FROM: Final = 6
"""Failures with a sample before them until the threshold is learned."""
_QUANTILE: Final = 4
"""One failure in so many came at less than the threshold."""
_GAP_DAYS: Final = 1.5
"""Difference of waiting work between two lines that a redirect is worth."""


@dataclass(slots=True)
class WearWatch:
    """Learns from vibration alone at what level machines fail, and names those that are near it.

    Vibration is compared with the lowest value of the same machine: heads differ.
    """

    best: dict[str, int] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)
    """Vibration before failures, permille of the machine's own best."""
    _since_ms: dict[str, int] = field(default_factory=dict)

    def learn(self, sight: Sight) -> None:
        """Take samples and what was seen before breakdowns."""
        for name, sample in sight.samples.items():
            low = self.best.get(name)
            if sample.vibration_um_s and (low is None or sample.vibration_um_s < low):
                self.best[name] = sample.vibration_um_s
        for name, sample in sight.repaired.items():
            if name in self.best and sample.vibration_um_s:
                self.failed.append(sample.vibration_um_s * 1000 // self.best[name])
        sight.repaired.clear()

    def threshold(self) -> int:
        """Return the level (permille of a machine's best) at which it is maintained."""
        if len(self.failed) < _LEARN_FROM:
            return _FIRST_PERMILLE
        return max(sorted(self.failed)[len(self.failed) // _QUANTILE] * 9 // 10, 1150)

    def due(self, samples: Mapping[str, Sample]) -> list[str]:
        """Return the stations to maintain now, the worst first."""
        limit = self.threshold()
        found = []
        for name, sample in samples.items():
            low = self.best.get(name)
            if low and sample.vibration_um_s * 1000 >= low * limit:
                found.append((-sample.vibration_um_s * 1000 // low, name))
        return [name for _, name in sorted(found)]


def maintain(watch: WearWatch, sight: Sight, most_per_line: int) -> list[Command]:
    """Return planned maintenance for worn machines, a few per line and evening."""
    done: dict[str, int] = {}
    commands = []
    for name in watch.due(sight.samples):
        node, _, station = name.rpartition("/")
        if done.get(node, 0) >= most_per_line:
            continue
        done[node] = done.get(node, 0) + 1
        site, _, line = node.partition("/")
        args = {"station": f"{line}/{station}"}
        commands.append(Command(f"{site}/plant", "maintain", args))
    return commands


def rebalance(sight: Sight) -> list[Command]:
    """Return new places for the operators of lines that somebody is missing from."""
    return [Command(node, "rebalance", {}) for node, away in sorted(sight.absent.items()) if away]


def redirects(
    book: LineBook, sight: Sight, homes: Mapping[str, str], scope: str, cluster: bool
) -> list[Command]:
    """Move orders that are not being sewn yet from lines that are late to lines that are free."""
    commands: list[Command] = []
    for line in book.lines.values():
        for lot in reversed(line.released[1:]):
            target = _better(book, line, lot, homes[lot.style], scope, cluster)
            if target is None or not _movable(lot, sight):
                continue
            line.unrelease(lot)
            target.release(lot)
            commands += [
                Command(
                    f"{lot.house}/warehouse",
                    "redirect",
                    {"order": order, "site": target.info.site, "line": target.info.line},
                    order=order,
                )
                for order in lot.orders
            ]
            break
    return commands


def _movable(lot: Lot, sight: Sight) -> bool:
    return bool(lot.orders) and all(
        sight.states.get(order, "cutting") in ("cutting", "in_transit", "queued")
        for order in lot.orders
    )


def _better(
    book: LineBook, line: LineState, lot: Lot, home: str, scope: str, cluster: bool
) -> LineState | None:
    here = line.load_ms(False) / book.day_ms(line)
    best, low = None, here - _GAP_DAYS
    for other in book.within(home, scope):
        far = other.info.region != line.info.region
        if other is line or (far and not cluster):
            continue
        there = (other.load_ms(False) + lot.work_ms) / book.day_ms(other) + far
        if there < low:
            best, low = other, there
    return best


def sequences(book: LineBook, sight: Sight) -> list[Command]:
    """Put what waits before each line into the sequence of need, equal styles together."""
    commands = []
    for line in book.lines.values():
        waiting = [
            (lot, order)
            for lot in line.released
            for order in lot.orders
            if sight.states.get(order) == "queued"
        ]
        if len(waiting) < 2:
            continue
        first: dict[str, int] = {}
        for lot, _ in waiting:
            key = lot.style
            first[key] = min(first.get(key, lot.due), lot.due)
        # a style waits for its most urgent lot, so that a line does not change back and forth
        ranked = sorted(
            waiting,
            key=lambda pair: (
                first[pair[0].style], pair[0].style, pair[0].colour, pair[0].due, pair[1]
            ),
        )  # fmt: skip
        wanted = [order for _, order in ranked]
        if wanted != [order for _, order in waiting]:
            commands.append(Command(line.node, "sequence", {"orders": wanted}))
    return commands
