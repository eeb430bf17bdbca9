"""Two stories that a person follows: the life of a rush order, and the answer to a breakdown.

Pure: events go in, stages come out; each stage has its times in both clocks and the SQL that shows
its row.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

STRIP_STAGES = ("order", "plant", "line", "command", "piece", "row")
TRACE_STAGES = ("sensed", "stored", "replanned", "commanded", "executed")


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant in both clocks, epoch milliseconds."""

    plant_ms: int
    wall_ms: int


def quoted(text: str) -> str:
    """Return `text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(slots=True)
class Strip:
    """The life of one order from the seller's message to the row of a finished garment."""

    order: str
    stages: dict[str, dict[str, object]] = field(default_factory=dict)

    def note(self, stage: str, moment: Moment, text: str, text_zh: str, sql: str) -> bool:
        """Enter a stage once; return True if it is new."""
        if stage in self.stages:
            return False
        self.stages[stage] = {
            "stage": stage,
            "plant_ms": moment.plant_ms,
            "wall_ms": moment.wall_ms,
            "text": text,
            "text_zh": text_zh,
            "sql": sql,
        }
        return True

    def payload(self) -> dict[str, object]:
        """Return the page's `strip` topic."""
        stages = [self.stages[name] for name in STRIP_STAGES if name in self.stages]
        return {"order": self.order, "stages": stages}


@dataclass(slots=True)
class Trace:
    """What happened between a breakdown and the command that answered it."""

    trace_id: str
    station: str
    start: Moment
    stages: dict[str, dict[str, object]] = field(default_factory=dict)

    def note(self, stage: str, moment: Moment, text: str, text_zh: str, sql: str) -> bool:
        """Enter a stage once, with its latency since the breakdown; return True if it is new."""
        if stage in self.stages:
            return False
        self.stages[stage] = {
            "stage": stage,
            "plant_ms": moment.plant_ms,
            "wall_ms": moment.wall_ms,
            "wall_latency_ms": max(0, moment.wall_ms - self.start.wall_ms),
            "plant_latency_ms": max(0, moment.plant_ms - self.start.plant_ms),
            "text": text,
            "text_zh": text_zh,
            "sql": sql,
        }
        return True

    @property
    def complete(self) -> bool:
        """True once every stage was seen."""
        return len(self.stages) == len(TRACE_STAGES)

    def payload(self) -> dict[str, object]:
        """Return the page's `trace` topic."""
        stages = [self.stages[name] for name in TRACE_STAGES if name in self.stages]
        return {"station": self.station, "stages": stages}


_ANSWERS = {
    "expedite_repair": ("repair first", "优先维修"),
    "redirect": ("orders sent round it", "订单改派"),
    "sequence": ("queues changed", "队列重排"),
}


def plan_text(names: Sequence[str], latency_ms: int) -> tuple[str, str]:
    """Return what a re-plan came to, in both languages; `names` are those of its commands."""
    counts = Counter(names)
    said = [(f"{n} × {_ANSWERS[name][0]}", f"{_ANSWERS[name][1]} {n} 项")
            for name in _ANSWERS if (n := counts[name])]  # fmt: skip
    if not said:
        return f"decided in {latency_ms} ms: the plan stands", f"{latency_ms} 毫秒内决定：计划不变"
    english, chinese = ", ".join(t for t, _ in said), "、".join(t for _, t in said)
    return f"decided in {latency_ms} ms: {english}", f"{latency_ms} 毫秒内决定：{chinese}"


def row_of_order(order: str) -> str:
    """SQL that shows an order as it was received."""
    return f"SELECT * FROM orders WHERE order_id = {quoted(order)}"


def row_of_decision(order: str) -> str:
    """SQL that shows the decisions about an order."""
    return (
        "SELECT plant_ts, trigger, action, site, line, promise_ts, reason, latency_ms "
        f"FROM decisions WHERE order_id = {quoted(order)} ORDER BY wall_ts"
    )


def rows_of_decision(decision: str) -> str:
    """SQL that shows everything that was decided at once."""
    return f"SELECT * FROM decisions WHERE decision_id LIKE {quoted(decision + '%')}"


def row_of_command(command_id: str) -> str:
    """SQL that shows a command with its result."""
    return (
        "SELECT c.command_id, c.node, c.name, c.args, c.issued_wall_ts, r.status, r.reason, "
        "r.plant_ts, r.wall_ts AS executed_wall_ts FROM commands c "
        f"LEFT JOIN command_results r USING (command_id) WHERE c.command_id = {quoted(command_id)}"
    )


def row_of_pieces(order: str) -> str:
    """SQL that shows the newest station visits of an order's garments."""
    return (
        "SELECT ts, site, node, station, op, piece, sewing_ms, outcome, last, batch_id FROM pieces "
        f"WHERE order_id = {quoted(order)} ORDER BY ts DESC LIMIT 20"
    )


def row_of_breakdown(site: str, node: str, station: str, seq: int) -> str:
    """SQL that shows the event of a breakdown."""
    return (
        "SELECT * FROM station_events WHERE site = "
        f"{quoted(site)} AND node = {quoted(node)} AND station = {quoted(station)} AND seq = {seq}"
    )


def row_of_batch(batch_id: int) -> str:
    """SQL that shows the batch that carried an event."""
    return f"SELECT * FROM batches WHERE batch_id = {batch_id}"


def sizes_text(sizes: Mapping[str, int]) -> str:
    """Return `S 30, M 40` for a size map."""
    return ", ".join(f"{size} {pieces}" for size, pieces in sizes.items() if pieces)
