"""A small floor with two lines and a warehouse over two days: events by the contract."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.events import Event, columns_of
from seamline_platform.domain.batches import DecodedBatch

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_757_376_000_000  # a midnight
OPS = (("sew-a", 40_000), ("sew-b", 55_000), ("hem", 35_000), ("qc", 20_000), ("pack", 15_000))


Row = tuple[int, str, str, tuple]


@dataclass
class Floor:
    """Events and meter readings of all nodes, in the order in which they happened."""

    events: list[Event] = field(default_factory=list)
    meters: list[tuple[int, str, float]] = field(default_factory=list)
    placed: dict[str, int] = field(default_factory=dict)

    def batches(self, rng: random.Random, source: str = "gateway") -> Iterator[DecodedBatch]:
        """Cut into numbered batches of a node each, as gateways would."""
        pending: dict[str, tuple[list[Event], list[tuple[int, float]]]] = {}
        stream: list[tuple[int, int, str, object]] = [
            (e.ts_ms, e.seq, e.node, e) for e in self.events
        ]
        stream += [(ts, 0, node, value) for ts, node, value in self.meters]
        for ts_ms, _, node, item in sorted(stream, key=lambda x: x[:2]):
            events, meters = pending.setdefault(node, ([], []))
            if isinstance(item, Event):
                events.append(item)
            else:
                meters.append((ts_ms, item))
            if len(events) + len(meters) >= rng.randint(1, 400):
                yield batch_of(node, *pending.pop(node), source)
        for node, (events, meters) in pending.items():
            yield batch_of(node, events, meters, source)


def batch_of(
    node: str, events: list[Event], meters: list[tuple[int, float]], source: str = "gateway"
) -> DecodedBatch:
    site, name = node.split("/")
    readings = Readings.empty()
    if meters:
        rows = len(meters)
        readings = Readings(
            ["line"], ["wip", "energy_kwh"], [t for t, _ in meters], [0] * rows, [1] * rows,
            [v for _, v in meters], [0] * rows,
        )  # fmt: skip
    return DecodedBatch(site, name, 1, 0, 0, source, readings, columns_of(events))


def _line(floor: list[Row], node: str, rng: random.Random, day: int) -> None:
    midnight = START + day * DAY
    phases = [(8, "start"), (12, "break_start"), (13, "break_end"), (18, "end")]
    for hour, phase in phases:
        operators = 0 if phase == "end" else rng.randint(4, 5)
        floor.append((midnight + hour * HOUR, node, "shift", (phase, operators, 5)))
    ready = dict.fromkeys(range(5), midnight + 8 * HOUR)
    garment = 0
    while ready[0] < midnight + 17 * HOUR:
        order = f"{node.replace('/', '-')}-{day}-{garment // 150}"
        smv = {op: ms + 1_000 * (len(order) + garment // 150) % 7_000 for op, ms in OPS}
        at_ms = in_ms = ready[0]
        first_pass, piece = True, garment % 150
        garment += 1
        for station, (op, _) in enumerate(OPS):
            outcome = "ok"
            if op == "qc" and first_pass and rng.random() < 0.06:
                outcome, first_pass = rng.choice([("rework", False), ("scrap", True)])
            for again in (False, True)[: 2 if outcome == "rework" else 1]:
                sewing_ms = int(smv[op] * rng.uniform(0.8, 1.5))
                at_ms = ready[station] = max(at_ms, ready[station]) + sewing_ms
                if midnight + 12 * HOUR <= at_ms < midnight + 13 * HOUR:
                    at_ms = ready[station] = at_ms + HOUR
                result = "ok" if again else outcome
                values = (
                    f"st-{station + 1:02d}", order, piece, op, sewing_ms, smv[op], result,
                    op == "pack", "M", first_pass, in_ms,
                )  # fmt: skip
                floor.append((at_ms, node, "piece", values))
            if outcome == "scrap":
                break


def make_floor(seed: int = 1, days: int = 2) -> Floor:
    rng = random.Random(seed)
    rows: list[Row] = []
    result = Floor()
    for day in range(days):
        for node in ("suzhou/line-1", "suzhou/line-2", "chengdu/line-1"):
            _line(rows, node, rng, day)
        for n in range(6):
            at_ms = START + day * DAY + rng.randint(9 * HOUR, 20 * HOUR)
            due_ms = at_ms + rng.randint(-5 * HOUR, 20 * HOUR)
            order = f"east-{day}-{n}"
            if n:
                result.placed[order] = at_ms - rng.randint(10 * HOUR, 90 * HOUR)
            values = (
                order, "delivered", "seller", "TS01", "WHT", '{"M":5}', 5, "east", "suzhou",
                "line-1", due_ms, 0,
            )  # fmt: skip
            rows.append((at_ms, "east/warehouse", "order", values))
    rows.sort(key=lambda r: r[0])
    result.events = [Event(i + 1, *row) for i, row in enumerate(rows)]
    meter = 100.0
    for minute in range(0, days * 24 * 60, 3):
        meter += rng.random()
        for node in ("suzhou/line-1", "chengdu/line-1"):
            result.meters.append((START + minute * MINUTE + 1, node, round(meter, 3)))
    # A last sign of life, so that every window of the days closes.
    result.meters += [
        (START + days * DAY + HOUR, n, meter) for n in sorted({e.node for e in result.events})
    ]
    return result


@pytest.fixture(scope="module")
def floor() -> Floor:
    return make_floor()


@pytest.fixture
def feed() -> Callable[..., None]:
    """Hand events of one node to a reducer, as one batch."""

    def feed(reducer, *events: Event) -> None:
        reducer.apply(batch_of(events[0].node, list(events), []))

    return feed
