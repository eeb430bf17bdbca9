"""One hanger line that never pauses, in our engine: what engines are compared on.

Nobody is away, everybody knows the bulletin, cloth never ends, customers want nothing: what is left
is the line. `simpy_line` takes stations, times and chances from the world made here.
"""

from seamline_broker.contracts.commands import check_args
from seamline_sim import World
from seamline_sim.core import HOUR_US
from seamline_sim.scenario import Scenario, parse_scenario

NODE = "bench/line-1"
SIZE = "M"
_ORDER_PIECES = 5_000
_AHEAD = 3
"""Orders that are not all hung in yet: the line never runs dry."""

_SCENARIO = """
name = "one-line"
title = "One line without breaks"
start = 2025-09-08

[shift]
start = "00:00"
end = "24:00"
lunch = "23:58" # every scenario has a break: here one minute
lunch_min = 1
workdays = [0, 1, 2, 3, 4, 5, 6]

[regions.here]
share_permille = 1000
cutting_tables = 10

[[plants]]
id = "bench"
region = "here"
lines = 1
stations = {stations}
mechanics = 1
cost_fen_per_smv_min = 60

[market]
consumer_share_permille = 0
seller_share_permille = 0
sellers = ["nobody"]

[calibration]
"operators.absence_permille" = 0
"style_change.experience_start_mdays" = 40000
"market.backlog_days" = 0
"warehouse.cover_days" = 100000000
"warehouse.opening_days" = [0, 1]
"""


def one_line_scenario(stations: int = 21) -> Scenario:
    """Return a scenario with a single line of so many stations."""
    return parse_scenario(_SCENARIO.format(stations=stations), "one-line")


class OneLine:
    """A world with one line that is always fed with the same style."""

    def __init__(
        self, style: str = "TS01", colour: str = "WHT", stations: int = 21, seed: int = 1
    ) -> None:
        self.world = World.create(one_line_scenario(stations), seed)
        self.line = self.world.line_of[NODE]
        self._style, self._colour = style, colour
        self._orders = 0
        self._feed()
        while self.line.wip < self.line.limit:  # cut, on the road, hung in
            self.world.step_until(self.world.now_us + HOUR_US // 4)

    @property
    def visits(self) -> int:
        """Station visits done so far."""
        return sum(st.pieces for st in self.line.stations)

    def advance(self, hours: int) -> None:
        """Run on; domain events are made, as always, and dropped."""
        for _ in range(hours):
            self.world.step_until(self.world.now_us + HOUR_US)
            self.world.outbox.clear()
            self._feed()

    def _feed(self) -> None:
        waiting = sum(order.loaded < order.pieces for order in self.world.orders.values())
        for _ in range(_AHEAD - waiting):
            self._orders += 1
            args = check_args(
                "kit",
                {
                    "order": f"B{self._orders}", "order_kind": "seller", "style": self._style,
                    "colour": self._colour, "sizes": {SIZE: _ORDER_PIECES}, "region": "here",
                    "site": "bench", "line": "line-1", "due_ms": 0,
                },
            )  # fmt: skip
            self.world.command("here/warehouse", "kit", args, f"b{self._orders}")
