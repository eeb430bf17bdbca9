"""What REST carries: bodies of requests and responses."""

from typing import Literal

from pydantic import Field, JsonValue

from seamline_platform.api.live_models import Clock, DeviceState, LogEntry, OrderRow
from seamline_platform.api.model_base import Model, PlantMs, Point, WallMs


class Connect(Model):
    """How a device of your own joins: the raw door of the broker."""

    host: str
    port: int
    user: str = Field(description="user of the open door, confined to its own topics")
    password: str
    topic: str = Field(description="a topic this user may publish to")
    line: str = Field(description="a `mosquitto_pub ...` command, ready to paste")


class RunInfo(Model):
    """GET /api/run: which run this is."""

    run: str
    version: str
    clock: Clock
    connect: Connect


class FloorStation(Model):
    """A station as installed."""

    id: str = Field(description="station id within the line, e.g. st-07")
    machine: str = Field(description="machine class, e.g. lockstitch")
    name: str


class FloorLine(Model):
    """A line as installed."""

    line: str
    operators: int
    stations: list[FloorStation] = Field(description="in the order of the conveyor")


class FloorSite(Model):
    """A plant as installed."""

    site: str
    region: str
    lines: list[FloorLine]


class Floor(Model):
    """GET /api/floor: plants, lines and stations."""

    sites: list[FloorSite]


class OrderList(Model):
    """GET /api/orders: newest first."""

    orders: list[OrderRow]
    total: int = Field(description="orders that match, before the limit")


class Decision(Model):
    """One decision of the dispatch hub, with its reason."""

    decision_id: str
    wall_ms: WallMs
    plant_ms: PlantMs
    trigger: str = Field(description="what made it decide: order, forecast, station, timer, ..")
    order: str
    action: str = Field(description="kit, sequence, redirect, promise, ..")
    region: str
    site: str
    line: str
    promise_ms: int = Field(description="promised delivery, epoch ms; 0 = none")
    reason: str
    reason_zh: str
    alternatives: list[JsonValue] = Field(description="what else was weighed, as the rule wrote it")
    latency_ms: float = Field(description="wall ms from trigger to decision")


class CommandStatus(Model):
    """GET /api/commands/{id}: one command and what became of it."""

    command_id: str
    decision_id: str = Field(description="empty if a person gave it")
    node: str = Field(description="site/node that executes it")
    name: str
    args: dict[str, JsonValue]
    status: str = Field(description="sent | done | seen | refused | expired | failed")
    reason: str
    issued_wall_ms: WallMs
    issued_plant_ms: PlantMs
    done_wall_ms: int = Field(description="wall time of the result, 0 while there is none")
    done_plant_ms: int = Field(description="plant time of the execution, 0 while there is none")


class OrderEvent(Model):
    """One physical step of an order, as its place reported it."""

    ts_ms: PlantMs
    state: str
    pieces: int
    site: str
    node: str = Field(description="site/node that reported it")


class OrderDetail(Model):
    """GET /api/orders/{id}: everything about one order."""

    order: OrderRow
    sizes: dict[str, int] = Field(description="pieces per size")
    decisions: list[Decision]
    commands: list[CommandStatus]
    events: list[OrderEvent]


class ForecastSeries(Model):
    """One series of the newest forecast."""

    unique_id: str = Field(description="SKU@region")
    q50_7d: float
    q10_7d: float
    q90_7d: float
    sold_7d: float


class ForecastList(Model):
    """GET /api/forecast: all series of the newest forecast, biggest first."""

    origin_ms: int = Field(description="0 = no forecast yet")
    model: str
    series: list[ForecastSeries]


class ActualDay(Model):
    """One closed day of sales."""

    ds_ms: int = Field(description="start of the day, epoch ms UTC")
    y: float
    stockout_min: int = Field(description="minutes without stock: sales are a lower bound")


class FanDay(Model):
    """One day ahead, as quantiles."""

    ds_ms: int = Field(description="start of the day, epoch ms UTC")
    quantiles: dict[str, float] = Field(description='by level, e.g. {"0.1": 2, "0.5": 6}')


class Fan(Model):
    """One forecast of one series."""

    origin_ms: int
    model: str
    days: list[FanDay]


class ForecastDetail(Model):
    """GET /api/forecast/{unique_id}: the fan with actuals, and older fans beside them."""

    unique_id: str
    actuals: list[ActualDay] = Field(description="oldest first")
    fan: Fan
    earlier: list[Fan] = Field(description="forecasts made before, newest first")


class KpiPoint(Model):
    """One closed window of one KPI."""

    window_start_ms: PlantMs
    window_end_ms: PlantMs
    site: str
    line: str
    name: str
    value: float | None
    unit: str


class KpiHistory(Model):
    """GET /api/kpis: closed windows, oldest first."""

    points: list[KpiPoint]


class DeviceList(Model):
    """GET /api/devices: every device heard of, by the key of topic `devices`."""

    devices: dict[str, DeviceState]


class ReadingList(Model):
    """GET /api/readings: the last samples of one metric, oldest first."""

    site: str
    node: str
    device: str
    metric: str
    points: list[Point]


class DecisionList(Model):
    """GET /api/decisions: newest first."""

    decisions: list[Decision]


class LogList(Model):
    """GET /api/log: newest last."""

    entries: list[LogEntry]


class Health(Model):
    """GET /api/health: needs no sign-in."""

    status: Literal["ok", "starting", "degraded"]
    version: str
    parts: dict[str, str] = Field(description="part -> ok, or what is wrong")


class Metrics(Model):
    """GET /metrics.json: counters and gauges by name."""

    metrics: dict[str, float]


class Panel(Model):
    """A chart declared in TOML: no TypeScript needed."""

    id: str
    title: str
    title_zh: str
    chart: Literal["line", "bar", "number", "table"]
    topic: str = Field(description="live topic it shows; empty if it shows a query")
    sql: str = Field(description="SELECT that it shows; empty if it shows a topic")
    fields: list[str] = Field(description="fields of the payload, or columns of the query")
    labels: dict[str, str] = Field(description="names of columns for a reader")
    labels_zh: dict[str, str] = Field(description="the same in Chinese")
    unit: str
    every_s: float = Field(description="how often a query is asked again")


class PanelList(Model):
    """GET /api/panels."""

    panels: list[Panel]


ControlName = Literal[
    "pause", "resume", "speed", "next_morning", "burst", "break_machine", "rush_order"
]


class ControlRequest(Model):
    """POST /api/control: a person acts on the run."""

    name: ControlName
    args: dict[str, JsonValue] = Field(default_factory=dict)


class ControlAccepted(Model):
    """The command is on its way: ask GET /api/commands/{command_id} what became of it."""

    command_id: str


class QueryRequest(Model):
    """POST /api/query: one read-only SELECT over the run's tables."""

    sql: str = Field(min_length=1, max_length=20_000)
    limit: int = Field(default=1_000, ge=1, le=100_000)


class QueryResult(Model):
    """Rows of a query; times are ISO 8601 texts."""

    columns: list[str]
    rows: list[list[JsonValue]]
    ms: float


class ExportRequest(Model):
    """POST /api/export: write all tables as Parquet."""

    dir: str = Field(min_length=1, max_length=4_096)


class ExportResult(Model):
    """What was written."""

    dir: str
    files: list[str]
    rows: int


class ErrorBody(Model):
    """What went wrong, in three answers."""

    what: str = Field(description="what came or happened")
    expected: str = Field(description="what was expected")
    exists: list[str] = Field(description="what there is to choose from, if that helps")


class Error(Model):
    """Body of every answer that is not a success."""

    error: ErrorBody
