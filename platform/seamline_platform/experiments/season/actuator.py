"""What a maker may do, and how long it takes until it is done: commands on their way."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from seamline_broker.contracts.catalogue import LineInfo
from seamline_broker.contracts.commands import Command
from seamline_platform.experiments.season.abilities import Abilities

HOUR_MS = 3_600_000
_DAILY = frozenset({"sequence", "redirect", "rebalance", "maintain", "expedite_repair"})
_MOVES = frozenset({"transfer_stock", "transfer_cloth"})


@dataclass(slots=True)
class Actuator:
    """Filters and delays commands by what a maker is able to do.

    `homes` maps a style to the node `site/line` that it belongs to. A command that is not allowed
    is dropped and counted in `dropped`; one that takes time waits until `due` is asked for it.
    """

    lines: Mapping[str, LineInfo]
    """By `site/line`."""
    homes: Mapping[str, str]
    reserve: frozenset[str] = frozenset()
    """Lines that may be called: once there, they sew for their plant, however narrow the scope."""
    dropped: dict[str, int] = field(default_factory=dict)
    _waiting: list[tuple[int, int, Command]] = field(default_factory=list)
    _styles: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def give(self, commands: Iterable[Command], able: Abilities, now_ms: int) -> None:
        """Take commands; those that are not allowed go no further."""
        for command in commands:
            if not self.allows(command, able):
                self.dropped[command.name] = self.dropped.get(command.name, 0) + 1
                continue
            if command.name == "kit":
                self._styles[str(command.args["order"])] = str(command.args["style"])
            delay = able.join_h * HOUR_MS if command.name == "join" else 0
            self._count += 1
            heapq.heappush(self._waiting, (now_ms + delay, self._count, command))

    def due(self, now_ms: int) -> list[Command]:
        """Return the commands whose time has come, in order, and forget them."""
        ready = []
        while self._waiting and self._waiting[0][0] <= now_ms:
            ready.append(heapq.heappop(self._waiting)[2])
        return ready

    def next_ms(self) -> int | None:
        """Return when the next waiting command is due."""
        return self._waiting[0][0] if self._waiting else None

    def allows(self, command: Command, able: Abilities) -> bool:
        """Return whether a maker may do this at all."""
        name, args = command.name, command.args
        if name in _DAILY:
            within = able.closed_loop
        elif name in _MOVES:
            within = able.move_stock
        elif name == "order_cloth":
            within = str(args["form"]) in able.cloth_forms
        elif name == "dye_cloth":
            within = "greige" in able.cloth_forms
        else:
            within = True
        if name not in ("kit", "redirect"):
            return within
        style = str(args["style"]) if name == "kit" else self._styles.get(str(args["order"]), "")
        return within and self.reaches(style, f"{args['site']}/{args['line']}", able)

    def reaches(self, style: str, node: str, able: Abilities) -> bool:
        """Return whether an order of a style may be sewn on a line."""
        home, line = self.lines[self.homes[style]], self.lines.get(node)
        if line is None:
            return False
        if able.scope == "line":
            return node == self.homes[style] or (node in self.reserve and line.site == home.site)
        if able.scope == "plant":
            return line.site == home.site
        return able.scope == "platform" or line.region == home.region
