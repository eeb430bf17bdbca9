"""Services with fixed answers, so that the API is tested without a platform behind it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from seamline_broker.clock import ManualClock
from seamline_broker.errors import StoreError
from seamline_platform.api import insight_models as i
from seamline_platform.api import plan_models as p
from seamline_platform.api import rest_models as m
from seamline_platform.api.compare_models import CONNECTED, SILOED, CompareState
from seamline_platform.api.gate import Gate
from seamline_platform.api.hub import Hub
from seamline_platform.api.live_models import Clock, DeviceState, LogEntry, OrderRow, Plan, PlanBar
from seamline_platform.api.model_models import (
    ForecastModel,
    ModelImport,
    ModelImported,
    ModelList,
    ModelRecipe,
)
from seamline_platform.api.problems import RequestError
from seamline_platform.api.promise_models import PromiseLot, PromiseQuote
from seamline_platform.api.rest import Services, create_app

TOKEN = "a-token-for-tests"

ORDER = OrderRow(
    order="o-1", kind="seller", seller="seller-1", style="TS01", colour="WHT", pieces=120,
    region="east", site="suzhou", line="line-1", state="queued", placed_ms=1, due_ms=9,
    promised_ms=8, sewn=0, delivered=0, weight=1, reason="two days earlier", reason_zh="早两天",
    late=False,
)  # fmt: skip


@dataclass
class Calls:
    """What the API asked of the services."""

    seen: list[tuple[object, ...]] = field(default_factory=list)


MODEL = ForecastModel(
    id="m-1", model="SeasonalNaive", status="champion", params={}, code_version="c",
    data_hash="d", rows=10, series=2, trained_ms=1, seconds=0.5, rss_mb=90.0, metrics=None,
    kept=False, recalibrate=True, cause="start", source="r", nights=3, fallbacks=0, note="",
    note_zh="",
)  # fmt: skip
REGISTER = ModelList(
    champion="m-1", rollback_to="", next_training_ms=0, training="", models=[MODEL], events=[]
)
RECIPE = ModelRecipe(model="SeasonalNaive", quantiles=[0.1, 0.5, 0.9])


class Models:
    """A register with one model; it writes down what it is asked and knows only `m-1`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def listing(self) -> ModelList:
        return REGISTER

    def promote(self, model_id: str) -> ModelList:
        self._known("promote", model_id)
        return REGISTER

    def rollback(self) -> ModelList:
        self._calls.seen.append(("models", "rollback"))
        raise RequestError(409, "There is no earlier champion.", "a champion before this one")

    def recipe(self, model_id: str) -> ModelRecipe:
        self._known("recipe", model_id)
        return RECIPE

    def bring(self, request: ModelImport) -> ModelImported:
        self._calls.seen.append(("models", "import", request))
        return ModelImported(id="m-2", warnings=[], warnings_zh=[])

    def _known(self, what: str, model_id: str) -> None:
        self._calls.seen.append(("models", what, model_id))
        if model_id != "m-1":
            raise RequestError(404, f"Model {model_id!r}", "an id of /api/models", ["m-1"])


COMPARED = CompareState(
    state="running", run=1, seed=1, capacity="tight", days=180, days_per_s=2.0,
    reached_days_per_s=None, start_ms=1, day=0, left=SILOED, right=CONNECTED, calendar=[],
    digest_left="", digest_right="", error="", error_zh="",
)  # fmt: skip


class Compared:
    """A comparison that always runs and writes down what it is told."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def state(self) -> CompareState:
        return COMPARED

    def start(self, request: object) -> CompareState:
        return self._note("start", request)

    def pace(self, request: object) -> CompareState:
        return self._note("pace", request)

    def switch(self, request: object) -> CompareState:
        return self._note("switch", request)

    def stop(self) -> CompareState:
        return self._note("stop", None)

    def _note(self, what: str, request: object) -> CompareState:
        self._calls.seen.append(("compare", what, request))
        return COMPARED


class Promised:
    """A maker that refuses every order below a hundred pieces, and promises nothing else."""

    def quote(self, style: str, pieces: int, region: str, days: int) -> PromiseQuote:
        lot = PromiseLot(
            pieces=pieces, best=None, alternatives=[], in_time=False, refused="full",
            refused_zh="已排满",
        )  # fmt: skip
        return PromiseQuote(
            style=style, pieces=pieces, region=region, due_ms=days, lots=[lot], orders=0,
            moq_pieces=100, ms=0.5,
        )  # fmt: skip


class Told:
    """Insight with one alarm, one night and one explanation."""

    def alarms(self) -> i.TrendAlarms:
        alarm = i.TrendAlarm(
            style="TS01", direction="up", before=10.0, after=22.5, change_ms=1, alarm_ms=2,
            strength=1.4, recent=True, reason="sells more", reason_zh="销量上升",
        )  # fmt: skip
        style = i.StyleTrend(style="TS01", per_day=21.0, weeks=[None, 10.0, 22.5])
        return i.TrendAlarms(
            closed_ms=2, days=60, first_days=28, false_alarms_per_year=0.1, alarms=[alarm],
            styles=[style],
        )  # fmt: skip

    def quality(self) -> i.ForecastQuality:
        night = i.QualityNight(
            origin_ms=1, model="x", days=3, values=90, pinball=1.5, coverage_80=0.79, bias=0.02,
            naive_pinball=1.9, naive_coverage_80=0.7, naive_bias=None,
        )  # fmt: skip
        return i.ForecastQuality(model="x", nights=[night], horizons=[], levels=[])

    def explanation(self, unique_id: str) -> i.ForecastExplanation:
        if unique_id != "TS01-WHT-M@east":
            raise RequestError(404, f"Forecast of {unique_id!r}", "a series of /api/forecast")
        part = i.ForecastPart(
            name="last_week", pieces_7d=4.0, days=[4.0], text="more", text_zh="多"
        )
        return i.ForecastExplanation(
            unique_id=unique_id, origin_ms=1, model="x", asked="x", days_ms=[1], reference=[6.0],
            forecast=[10.0], reference_7d=6.0, forecast_7d=10.0, parts=[part], exact=True,
            evaluations=8, seconds=0.1, note="n", note_zh="注",
        )  # fmt: skip


FIGURES = p.PlanFigures(
    cost=120, tardiness=100, setup=20, move=0, energy=0, late=1, orders=1, p50=130.0, p90=None
)
VERSION = p.PlanVersion(
    version=3, status="accepted", trigger="breakdown", station="suzhou/line-1/st-01", order="",
    reason="down", reason_zh="故障", by="policy", plant_ms=1, wall_ms=2, latency_ms=40,
    figures=FIGURES, moved=0,
)  # fmt: skip
PLANNED = p.PlannedOrder(
    order="o-1", site="suzhou", line="line-1", start_ms=1, sew_ms=1, end_ms=2, setup_min=0,
    kit_ms=0, due_ms=9, late_min=0, p50_ms=3, p90_ms=4, style="TS01", colour="WHT", pieces=120,
    weight=1, state="queued", frozen=True, locked=False,
)  # fmt: skip
CHANGE = p.PlanChange(
    order="o-1", kind="later", from_line="suzhou/line-1", to_line="suzhou/line-1", before_ms=2,
    after_ms=3, shift_min=1, late_before_min=0, late_after_min=0,
)  # fmt: skip
SOLVER = p.PlanSolver(
    state="idle", reason="", reason_zh="", pid=1, restarts=0, improvements=2, cost=120, cpu_s=1.5,
    budget_s=3.0, method="annealing (plain Python)",
)  # fmt: skip
PLAN_VIEW = p.PlanView(
    board=p.PlanBoard(
        now_ms=1, accepted=VERSION, provisional=None, proposal=None, difference=[CHANGE],
        followed=True, locked=["o-1"], can_undo=True, unplanned={"o-9": "no line"}, solver=SOLVER,
        policy=p.PlanPolicy(accept="auto", text="t", text_zh="文"), history=[VERSION],
    ),
    accepted=[PLANNED],
    proposal=p.PlanProposal(version=0, status="none", bars=[]),
)  # fmt: skip


class Planned:
    """A board with one plan in force, and nothing that waits; it writes down what it is asked."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def view(self) -> p.PlanView:
        return PLAN_VIEW

    def accept(self, request: p.PlanAccept) -> p.PlanView:
        return self._waiting("accept", request.version)

    def reject(self, request: p.PlanAccept) -> p.PlanView:
        return self._waiting("reject", request.version)

    def undo(self) -> p.PlanView:
        return self._waiting("undo", 3)

    def policy(self, request: p.PlanPolicyChange) -> p.PlanView:
        self._calls.seen.append(("plan", "policy", request.accept))
        return PLAN_VIEW

    def edit(self, request: p.PlanEdit) -> p.PlanEdited:
        self._calls.seen.append(("plan", "edit", request))
        return p.PlanEdited(
            ok=False, reason="frozen", reason_zh="冻结", cost_before=120, cost_after=None,
            version=0,
        )  # fmt: skip

    def order(self, order: str) -> p.PlanOrder:
        if order != "o-1":
            raise RequestError(404, f"Order {order!r}", "an order of this run", ["o-1"])
        sentence = p.PlanSentence(topic="where", text="t", text_zh="文")
        part = p.LatenessPart(cause="setup", minutes=5, text="t", text_zh="文")
        return p.PlanOrder(
            order=order, planned=PLANNED, unplanned="", explanation=[sentence], lateness=[part],
            promised_ms=8, delivery_p50_ms=5, delivery_p90_ms=6, actual=ACTUAL,
        )  # fmt: skip

    def predictions(self) -> p.PlanPredictions:
        candidate = p.PlanCandidate(
            name="improved", cost=120, mean=130.0, p50=128.0, p90=150.0, late_p50=1.0,
            better_by=0.0, low=0.0, high=0.0,
        )  # fmt: skip
        prediction = p.PlanPrediction(
            version=3, plant_ms=1, trigger="breakdown", chosen="improved", runs=60,
            candidates=[candidate], predicted=1, realised=1, mean_error_min=-2.5, covered_p90=1.0,
        )  # fmt: skip
        line = p.LineError(line="suzhou/line-1", orders=1, mean_error_min=-2.5, efficiency=0.52)
        return p.PlanPredictions(predictions=[prediction], actuals=[ACTUAL], lines=[line])

    def _waiting(self, what: str, version: int) -> p.PlanView:
        self._calls.seen.append(("plan", what, version))
        if version != 3:
            raise RequestError(409, f"No plan {version} waits.", "a plan that waits")
        return PLAN_VIEW


ACTUAL = p.PlanActual(
    order="o-1", site="suzhou", line="line-1", style="TS01", version=3, planned_start_ms=1,
    actual_start_ms=1, planned_end_ms=2, actual_end_ms=3, error_min=0, p50_ms=None, p90_ms=None,
)  # fmt: skip


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def services(calls: Calls) -> Services:
    def order(name: str) -> m.OrderDetail:
        if name == "broken":
            raise ZeroDivisionError
        if name != "o-1":
            raise RequestError(404, f"Order {name!r}", "an order of this run", ["o-1"])
        event = m.OrderEvent(ts_ms=1, state="queued", pieces=120, site="suzhou", node="suzhou/x")
        return m.OrderDetail(
            order=ORDER, sizes={"M": 120}, decisions=[], commands=[], events=[event]
        )

    def orders(state: str, limit: int) -> m.OrderList:
        calls.seen.append(("orders", state, limit))
        return m.OrderList(orders=[ORDER], total=1)

    def control(name: str, args: Mapping[str, object]) -> str:
        calls.seen.append(("control", name, dict(args)))
        return "cmd-1"

    def query(sql: str, limit: int) -> m.QueryResult:
        if "drop" in sql.lower():
            raise StoreError("Only one SELECT is allowed.")
        return m.QueryResult(columns=["a"], rows=[[1], [None]], ms=0.5)

    def command(name: str) -> m.CommandStatus:
        return m.CommandStatus(
            command_id=name, decision_id="", node="field/field", name="pause", args={},
            status="done", reason="", issued_wall_ms=1, issued_plant_ms=2, done_wall_ms=3,
            done_plant_ms=4,
        )  # fmt: skip

    def forecast(unique_id: str) -> m.ForecastDetail:
        calls.seen.append(("forecast", unique_id))
        fan = m.Fan(origin_ms=1, model="x", days=[m.FanDay(ds_ms=1, quantiles={"0.5": 3.0})])
        return m.ForecastDetail(unique_id=unique_id, actuals=[], fan=fan, earlier=[])

    def readings(site: str, node: str, device: str, metric: str, last: int) -> m.ReadingList:
        calls.seen.append(("readings", site, node, device, metric, last))
        return m.ReadingList(
            site=site, node=node, device=device, metric=metric, points=[(1, 21.5), (2, None)]
        )

    clock = Clock(plant_ms=1, wall_ms=2, speed=60.0, state="running", lag_ms=3)
    connect = m.Connect(
        host="127.0.0.1", port=1883, user="guest", password="x", topic="t", line="mosquitto_pub"
    )
    station = m.FloorStation(id="st-01", machine="overlock", name="Overlock 1")
    line = m.FloorLine(line="line-1", operators=20, stations=[station])
    device = DeviceState(kind="line", source="gateway", online=True, last_ms=1, metrics={})
    entry = LogEntry(
        id=1, wall_ms=1, plant_ms=1, level="P2", kind="station", text="t", text_zh="t", order="",
        station="",
    )  # fmt: skip
    bar = PlanBar(
        order="o-1", site="suzhou", line="line-1", start_ms=1, end_ms=2, setup_ms=0,
        state="queued", late=False, style="TS01",
    )  # fmt: skip
    point = m.KpiPoint(
        window_start_ms=0, window_end_ms=900_000, site="suzhou", line="line-1", name="oee",
        value=None, unit="1",
    )  # fmt: skip
    panel = m.Panel(
        id="p", title="P", title_zh="P", chart="line", topic="kpi", sql="", fields=["value"],
        labels={}, labels_zh={}, unit="1", every_s=0,
    )  # fmt: skip
    return Services(
        run=lambda: m.RunInfo(run="r", version="0.1.0", clock=clock, connect=connect),
        floor=lambda: m.Floor(sites=[m.FloorSite(site="suzhou", region="east", lines=[line])]),
        orders=orders,
        order=order,
        plan=lambda: Plan(now_ms=1, bars=[bar]),
        forecasts=lambda: m.ForecastList(origin_ms=0, model="", series=[]),
        forecast=forecast,
        kpis=lambda site, line, name, limit: m.KpiHistory(points=[point]),
        devices=lambda: m.DeviceList(devices={"suzhou/line-1": device}),
        readings=readings,
        decisions=lambda limit: m.DecisionList(decisions=[]),
        log=lambda limit: m.LogList(entries=[entry]),
        command=command,
        control=control,
        query=query,
        export=lambda folder: m.ExportResult(dir=folder, files=["pieces.parquet"], rows=1),
        health=lambda: m.Health(status="ok", version="0.1.0", parts={"store": "ok"}),
        metrics=lambda: {"rows_stored": 5.0},
        panels=lambda: [panel],
        compare=Compared(calls),
        models=Models(calls),
        insight=Told(),
        promise=Promised(),
        planning=Planned(calls),
    )


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000_000)


@pytest.fixture
def hub(clock: ManualClock) -> Hub:
    return Hub(clock, "e1")


@pytest.fixture
def client(services: Services, hub: Hub) -> Iterator[TestClient]:
    app = create_app(services, hub, Gate(TOKEN), page=PlainTextResponse("the page"))
    with TestClient(app, "http://127.0.0.1:8800", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def signed_in(client: TestClient) -> TestClient:
    client.headers["Authorization"] = f"Bearer {TOKEN}"
    return client
