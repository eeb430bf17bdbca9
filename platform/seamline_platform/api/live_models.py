"""What the websocket carries: the payload of every topic, and the frames around it."""

from typing import Literal

from pydantic import Field

from seamline_platform.api.compare_models import CompareDay, CompareMark, CompareState
from seamline_platform.api.model_base import Model, PlantMs, Text, TextZh, WallMs
from seamline_platform.api.plan_models import PlanBoard, PlannedOrder, PlanProposal


class Clock(Model):
    """Topic `clock` (put): where plant time stands."""

    plant_ms: PlantMs
    wall_ms: WallMs
    speed: float = Field(description="plant seconds per wall second")
    state: str = Field(description="running | paused | skipping | waiting (no clock seen yet)")
    lag_ms: int = Field(description="wall ms since the clock was last heard")


class StationState(Model):
    """Topic `floor` (set by `site/line/station`): what one station does."""

    state: Literal["run", "idle", "starved", "blocked", "setup", "down", "off"] = Field(
        description="off = shift closed; down = broken"
    )
    order: str = Field(description="order on the machine, empty if none")
    op: str = Field(description="operation code, empty if none")
    pieces: int = Field(description="pieces finished today")


class LineState(Model):
    """Topic `lines` (set by `site/line`): what one line does."""

    open: bool = Field(description="a shift is on and it is not a break")
    style: str = Field(description="style the line is set up for, empty if none")
    orders: list[str] = Field(description="orders being sewn")
    queue: list[str] = Field(description="orders waiting, first to be sewn first")
    wip: int = Field(description="garments on the hangers")
    pieces_today: int = Field(description="good garments that left the line today")
    efficiency: float | None = Field(description="line efficiency today, 0 to about 1.2")
    oee: float | None = Field(description="overall equipment effectiveness today, 0 to 1")
    power_kw: float | None = Field(description="electric power now")
    down: list[str] = Field(description="stations that are down")


class KpiItem(Model):
    """One KPI tile."""

    name: str = Field(description="ISO 22400 name where the standard has one, snake_case")
    unit: str = Field(description="1 (a share), 1/h, pieces, h, kWh")
    value: float | None = Field(description="null while nothing has been measured")
    trend: list[float | None] = Field(description="up to 60 closed windows, oldest first")
    site: str = Field(description="empty for the whole maker")
    iso22400: bool = Field(description="true if ISO 22400-2 defines it")


class KpiBoard(Model):
    """Topic `kpi` (put): the tiles, all of plant today."""

    window_ms: int = Field(description="length of one window of the trends, plant time")
    ends_ms: list[int] = Field(description="plant time at which each window of the trends ended")
    items: list[KpiItem]


class OrderRow(Model):
    """Topic `orders` (set by order id): one order with what was decided about it."""

    order: str = Field(description="order id")
    kind: str = Field(description="seller | replenishment")
    seller: str = Field(description="who ordered; empty for replenishment")
    style: str
    colour: str
    pieces: int = Field(description="pieces ordered")
    region: str = Field(description="region that the goods are for")
    site: str = Field(description="plant that sews it, empty while none is chosen")
    line: str = Field(description="line that sews it, empty while none is chosen")
    state: str = Field(
        description="received | promised | cutting | in_transit | queued | sewing | sewn | packed"
        " | delivered | refused"
    )
    placed_ms: PlantMs
    due_ms: PlantMs
    promised_ms: int = Field(description="promised delivery, epoch ms; 0 while none is given")
    sewn: int = Field(description="good garments sewn")
    delivered: int = Field(description="garments delivered")
    weight: int = Field(description="priority, 1 ordinary to 10 rush")
    reason: str = Field(description="why this plant and line, one English sentence")
    reason_zh: str = Field(description="the same in Chinese")
    late: bool = Field(description="due date passed, or promised or delivered after it")


class PlanBar(Model):
    """One bar of the Gantt: an order on a line."""

    order: str
    site: str
    line: str
    start_ms: PlantMs
    end_ms: PlantMs
    setup_ms: int = Field(description="length of the style change before start_ms")
    state: str = Field(description="state of the order, as in OrderRow")
    late: bool
    style: str


class Plan(Model):
    """Topic `plan` (put): the whole Gantt."""

    now_ms: PlantMs
    bars: list[PlanBar]


class ForecastTop(Model):
    """One series in the summary: what is expected and what was sold."""

    unique_id: str = Field(description="SKU@region")
    q50_7d: float = Field(description="median forecast of the next seven days, pieces")
    sold_7d: float = Field(description="pieces sold in the last seven days")


class ForecastSummary(Model):
    """Topic `forecast` (put): the newest forecast and how good the last ones were."""

    origin_ms: int = Field(description="plant time from which it looks ahead; 0 = none yet")
    model: str
    seconds: float = Field(description="wall seconds that training and forecasting took")
    series_count: int
    note: Text
    note_zh: TextZh
    pinball: float | None = Field(description="mean pinball loss, scored; null before a score")
    coverage_80: float | None = Field(description="share of actuals inside the 80 % interval")
    bias: float | None = Field(description="mean forecast minus actual, share of actual")
    top: list[ForecastTop]


class MetricValue(Model):
    """The latest value of one metric."""

    value: float | None
    unit: str
    ts_ms: int = Field(description="the device's own source time, epoch ms")


class DeviceState(Model):
    """Topic `devices` (set by `site/node`, or `site/area/line/cell` for raw devices)."""

    kind: str = Field(description="line | plant | warehouse | field | seller | raw | replay")
    source: Literal["gateway", "raw", "replay"]
    online: bool
    last_ms: int = Field(description="wall time it was last heard, epoch ms")
    metrics: dict[str, MetricValue] = Field(
        description="latest values; `device/metric` for nodes, `metric` for raw devices"
    )


class LogEntry(Model):
    """Topic `log` (app): one line of the event log."""

    id: int = Field(description="running number, grows by one")
    wall_ms: WallMs
    plant_ms: PlantMs
    level: Literal["info", "P1", "P2", "P3"]
    kind: str = Field(description="what it is about: order, station, andon, decision, control, ..")
    text: Text
    text_zh: TextZh
    order: str = Field(description="order concerned, or empty")
    station: str = Field(description="site/line/station concerned, or empty")


class StripStage(Model):
    """One step in the life of a rush order."""

    stage: Literal["order", "plant", "line", "command", "piece", "row"]
    plant_ms: PlantMs
    wall_ms: WallMs
    text: Text
    text_zh: TextZh
    sql: str = Field(description="a SELECT that shows the step's row; empty if there is none")


class Strip(Model):
    """Topic `strip` (put): how far the newest rush order has come."""

    order: str
    stages: list[StripStage] = Field(description="the stages reached, in order")


class TraceStage(Model):
    """One step from a disturbance to the answer."""

    stage: Literal["sensed", "stored", "replanned", "commanded", "executed"]
    plant_ms: PlantMs
    wall_ms: WallMs
    wall_latency_ms: int = Field(description="wall ms since the machine broke, as shown")
    plant_latency_ms: int = Field(description="plant ms since the machine broke")
    text: Text
    text_zh: TextZh
    sql: str = Field(description="a SELECT that shows the step's row; empty if there is none")


class Trace(Model):
    """Topic `trace` (put): what followed from the newest disturbance."""

    station: str = Field(description="site/line/station")
    stages: list[TraceStage] = Field(description="the stages reached, in order")


class Hello(Model):
    """First frame: the server's epoch (a new one after each start) and its rates."""

    t: Literal["hello"]
    v: Literal[1]
    epoch: str
    now: float = Field(description="wall time, epoch seconds")
    rates: list[int] = Field(description="frames per second that a client may ask for")
    topics: list[str] = Field(description="topics with data; `sensor:<id>` may be asked for too")


class Snap(Model):
    """The whole of a topic: `d` is an object (set, put), a list (app) or null (nothing yet)."""

    t: Literal["snap"]
    topic: str
    seq: int
    d: object


class SetDelta(Model):
    """Change of a set topic: new values by key, keys that are gone."""

    set: dict[str, object]
    del_: list[str] = Field(alias="del")


class AppDelta(Model):
    """Change of an app topic: entries to append, oldest first; long backlogs come thinned."""

    app: list[object]


class PutDelta(Model):
    """Change of a put topic: the new whole."""

    put: object


class Delta(Model):
    """Merged changes `seq[0]..seq[1]` of a topic: apply if seq[0] <= have + 1, else resync."""

    t: Literal["delta"]
    topic: str
    seq: tuple[int, int]
    d: SetDelta | AppDelta | PutDelta


class Heartbeat(Model):
    """Sent after a second without any other frame."""

    t: Literal["hb"]
    ts: float = Field(description="wall time, epoch seconds")


class RateFrame(Model):
    """The server has lowered this client's rate, because it did not keep up."""

    t: Literal["rate"]
    rate: int


class ErrorFrame(Model):
    """A request that could not be served; the socket stays open."""

    t: Literal["err"]
    what: str = Field(description="what came")
    expected: str = Field(description="what was expected")
    exists: list[str] = Field(description="what there is to choose from")


class Resume(Model):
    """What a client still has: after the same epoch, missed deltas are replayed."""

    epoch: str
    seq: dict[str, int] = Field(description="by topic: last number applied")


class SubOp(Model):
    """Subscribe: answers with a snapshot (or the missed deltas) of each topic."""

    op: Literal["sub"]
    id: int = 0
    topics: list[str] = Field(min_length=1, max_length=64)
    rate: int | None = Field(default=None, description="frames per second: 1, 2, 5 or 10")
    resume: Resume | None = None


class UnsubOp(Model):
    """Unsubscribe."""

    op: Literal["unsub"]
    topics: list[str] = Field(min_length=1, max_length=64)


class RateOp(Model):
    """Change the rate (1 for a hidden tab, 10 for a projector)."""

    op: Literal["rate"]
    rate: int


class ResyncOp(Model):
    """Ask for a snapshot of one topic."""

    op: Literal["resync"]
    topic: str


MergeKind = Literal["set", "app", "put"]
TOPICS: dict[str, tuple[MergeKind, type[Model] | None]] = {
    "clock": ("put", Clock),
    "floor": ("set", StationState),
    "lines": ("set", LineState),
    "kpi": ("put", KpiBoard),
    "orders": ("set", OrderRow),
    "plan": ("put", Plan),
    "board": ("put", PlanBoard),
    "plan_bars": ("set", PlannedOrder),
    "plan_proposal": ("put", PlanProposal),
    "forecast": ("put", ForecastSummary),
    "devices": ("set", DeviceState),
    "log": ("app", LogEntry),
    "strip": ("put", Strip),
    "trace": ("put", Trace),
    "compare": ("put", CompareState),
    "compare_days": ("set", CompareDay),
    "compare_marks": ("set", CompareMark),
    "sensor:*": ("app", None),
}
"""Merge kind and payload of every topic (of one key for set, of one entry for app)."""

FRAMES: tuple[type[Model], ...] = (Hello, Snap, Delta, Heartbeat, RateFrame, ErrorFrame)
OPS: tuple[type[Model], ...] = (SubOp, UnsubOp, RateOp, ResyncOp)
