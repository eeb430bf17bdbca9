"""The REST API: every path, its models and its limits. What is behind it is handed in."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Query, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp

from seamline_broker.errors import SeamlineError
from seamline_platform.api import rest_models as models
from seamline_platform.api.compare_rest import CompareService, comparing
from seamline_platform.api.gate import Gate, GateMiddleware
from seamline_platform.api.hub import Hub
from seamline_platform.api.insight_rest import InsightService, insight
from seamline_platform.api.live import beat, live
from seamline_platform.api.live_models import Plan
from seamline_platform.api.model_rest import ModelService, modelling
from seamline_platform.api.pages import load_page
from seamline_platform.api.plan_rest import PlanService, planning
from seamline_platform.api.problems import RequestError, problem
from seamline_platform.api.promise_rest import PromiseService, promising

_log = logging.getLogger(__name__)
Lifespan = Callable[[], AbstractAsyncContextManager[object]]
_Name = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Services:
    """What the API serves: callables for the paths, called from worker threads.

    A callable that does not find what was asked for raises `RequestError(404, ...)`; any other
    `SeamlineError` becomes an answer with status 400.
    """

    run: Callable[[], models.RunInfo]
    floor: Callable[[], models.Floor]
    orders: Callable[[str, int], models.OrderList]
    """(state or "", limit)"""
    order: Callable[[str], models.OrderDetail]
    plan: Callable[[], Plan]
    forecasts: Callable[[], models.ForecastList]
    forecast: Callable[[str], models.ForecastDetail]
    kpis: Callable[[str, str, str, int], models.KpiHistory]
    """(site or "", line or "", name or "", limit)"""
    devices: Callable[[], models.DeviceList]
    readings: Callable[[str, str, str, str, int], models.ReadingList]
    """(site, node, device, metric, last)"""
    decisions: Callable[[int], models.DecisionList]
    log: Callable[[int], models.LogList]
    command: Callable[[str], models.CommandStatus]
    control: Callable[[str, Mapping[str, object]], str]
    """(name, args) -> command id"""
    query: Callable[[str, int], models.QueryResult]
    export: Callable[[str], models.ExportResult]
    health: Callable[[], models.Health]
    metrics: Callable[[], Mapping[str, float]]
    panels: Callable[[], Sequence[models.Panel]]
    compare: CompareService
    models: ModelService
    insight: InsightService
    promise: PromiseService
    planning: PlanService


_ERRORS: dict[int | str, dict[str, object]] = {
    400: {"model": models.Error, "description": "The request cannot be served as it is."},
    401: {"model": models.Error, "description": "Not signed in."},
    403: {"model": models.Error, "description": "Host or Origin is not this server."},
    404: {"model": models.Error, "description": "There is no such thing."},
    409: {"model": models.Error, "description": "Not possible as things stand."},
    422: {"model": models.Error, "description": "A parameter or the body breaks its rules."},
}


def create_app(
    services: Services,
    hub: Hub,
    gate: Gate,
    lifespan: Lifespan = nullcontext,
    page: ASGIApp | None = None,
) -> FastAPI:
    """Return the whole web app: REST, websocket, page; the hub ticks while it runs.

    Args:
        services: what the paths answer.
        hub: the live topics, fed by others.
        gate: who may come in.
        lifespan: entered at start, left at shutdown.
        page: the page; by default the one that is installed.
    """

    @asynccontextmanager
    async def run(_: FastAPI) -> AsyncIterator[None]:
        async with lifespan(), asyncio.TaskGroup() as group:
            ticking = group.create_task(beat(hub))
            try:
                yield
            finally:
                ticking.cancel()

    app = FastAPI(
        title="Seamline",
        summary="What a garment maker knows about itself: orders, floor, forecasts, KPIs, devices.",
        openapi_url="/api/openapi.json",
        # The interactive documents would load scripts from another host.
        docs_url=None,
        redoc_url=None,
        lifespan=run,
        responses=_ERRORS,
    )
    # Insight first: its paths would otherwise be names of series.
    routers = [
        insight(services.insight),
        promising(services.promise),
        planning(services.planning),
        _reading(services),
        _acting(services),
        comparing(services.compare),
        modelling(services.models),
    ]
    for router in routers:
        app.include_router(router)
    _add_unknown(app, routers)
    _add_problems(app)

    @app.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await live(websocket, hub)

    app.mount("/", page if page is not None else load_page())
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    app.add_middleware(GateMiddleware, gate=gate)
    return app


def _reading(services: Services) -> APIRouter:
    router = APIRouter(tags=["read"])
    _add_state(router, services)
    _add_history(router, services)
    _add_service(router, services)
    return router


def _add_state(router: APIRouter, services: Services) -> None:
    @router.get("/api/run")
    def run() -> models.RunInfo:
        """Which run this is, its clock, and how a device of your own joins."""
        return services.run()

    @router.get("/api/floor")
    def floor() -> models.Floor:
        """Plants, lines and stations as installed."""
        return services.floor()

    @router.get("/api/orders")
    def orders(
        state: Annotated[str, Query(max_length=32)] = "",
        limit: Annotated[int, Query(ge=1, le=10_000)] = 500,
    ) -> models.OrderList:
        """Orders, newest first; `state` keeps those in one state."""
        return services.orders(state, limit)

    @router.get("/api/orders/{order}")
    def order(order: Annotated[str, Path(max_length=64)]) -> models.OrderDetail:
        """One order with its decisions, commands and events."""
        return services.order(order)

    @router.get("/api/plan")
    def plan() -> Plan:
        """The Gantt."""
        return services.plan()

    @router.get("/api/devices")
    def devices() -> models.DeviceList:
        """Every device heard of, with its latest values."""
        return services.devices()


def _add_history(router: APIRouter, services: Services) -> None:
    @router.get("/api/forecast")
    def forecasts() -> models.ForecastList:
        """All series of the newest forecast, biggest first."""
        return services.forecasts()

    @router.get("/api/forecast/{unique_id}")
    def forecast(unique_id: Annotated[str, Path(max_length=200)]) -> models.ForecastDetail:
        """One series: what was sold, what is expected, what was expected before."""
        return services.forecast(unique_id)

    @router.get("/api/kpis")
    def kpis(
        site: _Name = "",
        line: _Name = "",
        name: _Name = "",
        limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
    ) -> models.KpiHistory:
        """Closed windows of KPIs, oldest first."""
        return services.kpis(site, line, name, limit)

    @router.get("/api/readings")
    def readings(
        site: Annotated[str, Query(min_length=1, max_length=64)],
        node: Annotated[str, Query(min_length=1, max_length=200)],
        device: Annotated[str, Query(max_length=64)],
        metric: Annotated[str, Query(min_length=1, max_length=64)],
        last: Annotated[int, Query(ge=1, le=10_000)] = 600,
    ) -> models.ReadingList:
        """The last samples of one metric, oldest first."""
        return services.readings(site, node, device, metric, last)

    @router.get("/api/decisions")
    def decisions(
        limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    ) -> models.DecisionList:
        """Decisions of the dispatch hub, newest first."""
        return services.decisions(limit)

    @router.get("/api/log")
    def log(limit: Annotated[int, Query(ge=1, le=10_000)] = 200) -> models.LogList:
        """The event log, newest last."""
        return services.log(limit)


def _add_service(router: APIRouter, services: Services) -> None:
    @router.get("/api/health")
    def health() -> models.Health:
        """Whether all parts work; needs no sign-in."""
        return services.health()

    @router.get("/metrics.json")
    def metrics() -> models.Metrics:
        """Counters and gauges."""
        return models.Metrics(metrics=dict(services.metrics()))

    @router.get("/api/panels")
    def panels() -> models.PanelList:
        """Charts that are declared in TOML."""
        return models.PanelList(panels=list(services.panels()))


def _acting(services: Services) -> APIRouter:
    router = APIRouter(tags=["act"])

    @router.get("/api/commands/{command_id}")
    def command(command_id: Annotated[str, Path(max_length=64)]) -> models.CommandStatus:
        """One command and what became of it."""
        return services.command(command_id)

    @router.post("/api/control", status_code=202)
    def control(body: models.ControlRequest) -> models.ControlAccepted:
        """Act on the run: pause, speed, next morning, a burst, a breakdown, a rush order."""
        return models.ControlAccepted(command_id=services.control(body.name, body.args))

    @router.post("/api/query")
    def query(body: models.QueryRequest) -> models.QueryResult:
        """Run one SELECT, read-only and limited in time."""
        return services.query(body.sql, body.limit)

    @router.post("/api/export")
    def export(body: models.ExportRequest) -> models.ExportResult:
        """Write all tables as Parquet into a folder of this machine."""
        return services.export(body.dir)

    return router


def _add_unknown(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Answer unknown paths and methods below /api: without this they would reach the page."""
    routes = [r for router in routers for r in router.routes if isinstance(r, APIRoute)]
    exists = sorted(f"{method} {r.path}" for r in routes for method in r.methods or ())

    @app.api_route(
        "/api/{rest:path}",
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        include_in_schema=False,
    )
    async def unknown(request: Request) -> Response:
        known = any(r.matches(request.scope)[0] is Match.PARTIAL for r in routes)
        what = f"{request.method} {request.url.path}"
        return problem(405 if known else 404, what, "a path and method of the API", exists)


def _add_problems(app: FastAPI) -> None:
    @app.exception_handler(RequestError)
    async def refused(_: Request, exc: RequestError) -> Response:
        return problem(exc.status, exc.what, exc.expected, exc.exists)

    @app.exception_handler(SeamlineError)
    async def wrong(_: Request, exc: SeamlineError) -> Response:
        return problem(400, str(exc))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, exc: RequestValidationError) -> Response:
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem(422, f"{place}: {first.get('input')!r:.200}", str(first["msg"]))

    @app.exception_handler(HTTPException)
    async def http(request: Request, exc: HTTPException) -> Response:
        return problem(exc.status_code, f"{request.method} {request.url.path}", exc.detail)

    @app.exception_handler(Exception)
    async def failed(request: Request, exc: Exception) -> Response:
        _log.error("A request failed. path=%s", request.url.path, exc_info=exc)
        return problem(500, "Seamline made a mistake here.", "a look into the platform's log")
