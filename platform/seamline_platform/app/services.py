"""What the API is served with: each path's answer, from store, twin and live state."""

import importlib.metadata
import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from seamline_broker.contracts.commands import Command
from seamline_broker.errors import StoreError
from seamline_platform.api import rest_models as models
from seamline_platform.api.live_models import Clock, DeviceState, LogEntry, Plan
from seamline_platform.api.problems import RequestError
from seamline_platform.api.rest import Services
from seamline_platform.app import answers, forecast_answers
from seamline_platform.app.model_answers import ModelAnswers
from seamline_platform.app.promise_answers import PromiseAnswers
from seamline_platform.app.runtime import Runtime
from seamline_platform.app.tasks import give, plan_payload


def services_of(runtime: Runtime, panels: Callable[[], Sequence[Mapping[str, object]]]) -> Services:
    """Return the callables behind the API of one platform."""
    store = runtime.store
    orders = answers.OrderAnswers(
        store, runtime.projection, runtime.reasons, lambda: runtime.now_ms
    )
    return Services(
        run=lambda: _run(runtime),
        floor=lambda: _floor(runtime),
        orders=orders.all,
        order=orders.detail,
        plan=lambda: Plan.model_validate(plan_payload(runtime)),
        forecasts=lambda: forecast_answers.forecast_list(store),
        forecast=lambda unique_id: forecast_answers.forecast_detail(store, unique_id),
        kpis=lambda site, line, name, limit: answers.kpi_history(store, site, line, name, limit),
        devices=lambda: models.DeviceList(
            devices={k: DeviceState.model_validate(d) for k, d in runtime.devices.all().items()}
        ),
        readings=lambda s, n, d, m, last: answers.readings(store, s, n, d, m, last),
        decisions=orders.decisions,
        log=lambda limit: models.LogList(
            entries=[LogEntry.model_validate(e) for e in runtime.publisher.log[-limit:]]
        ),
        command=orders.command,
        control=lambda name, args: _control(runtime, name, args),
        query=lambda sql, limit: _query(runtime, sql, limit),
        export=lambda directory: _export(runtime, directory),
        health=lambda: _health(runtime),
        metrics=lambda: _metrics(runtime),
        panels=lambda: [models.Panel.model_validate(panel) for panel in panels()],
        compare=runtime.comparison,
        models=ModelAnswers(
            store,
            runtime.register,
            runtime.settings.demand.horizon_days,
            lambda: runtime.now_ms,
            lambda: (runtime.trainer.training, runtime.trainer.next_ms()),
        ),
        insight=runtime.insight,
        planning=runtime.plans.answers,
        promise=PromiseAnswers(runtime.view, lambda: runtime.policy.params),
    )


def version() -> str:
    """Return the installed version."""
    return importlib.metadata.version("seamline")


def _clock(runtime: Runtime) -> Clock:
    clock = runtime.run_clock
    if clock is None:
        return Clock(plant_ms=0, wall_ms=0, speed=0, state="waiting", lag_ms=0)
    lag_ms = max(0, runtime.clock.wall_ms() - runtime.clock_arrived_ms)
    return Clock(
        plant_ms=clock.plant_ms,
        wall_ms=clock.wall_ms,
        speed=clock.speed,
        state=clock.state,
        lag_ms=lag_ms,
    )


def _run(runtime: Runtime) -> models.RunInfo:
    c = runtime.settings.connect
    words = ["mosquitto_pub", "-h", c.host, "-p", str(c.port)]
    if c.user:
        words += ["-u", c.user, "-P", c.password]
    words += ["-t", c.topic, "-m", "21.5"]
    return models.RunInfo(
        run=runtime.run_clock.run if runtime.run_clock else runtime.store.store_id,
        version=version(),
        clock=_clock(runtime),
        connect=models.Connect(
            host=c.host,
            port=c.port,
            user=c.user,
            password=c.password,
            topic=c.topic,
            line=shlex.join(words),
        ),
    )


def _floor(runtime: Runtime) -> models.Floor:
    births = runtime.devices.births()
    sites: dict[str, models.FloorSite] = {}
    for info in runtime.view().catalogue.lines:
        site = sites.setdefault(
            info.site, models.FloorSite(site=info.site, region=info.region, lines=[])
        )
        birth = births.get(f"{info.site}/{info.line}")
        stations = [
            models.FloorStation(id=d.id, machine=d.machine, name=d.name)
            for d in (birth.devices if birth else ())
            if d.kind == "station"
        ]
        site.lines.append(
            models.FloorLine(line=info.line, operators=info.operators, stations=stations)
        )
    return models.Floor(sites=list(sites.values()))


def _control(runtime: Runtime, name: str, args: Mapping[str, object]) -> str:
    defaults = {"break_machine": {"station": ""}, "burst": {"region": "", "style": ""}}
    command = Command("field/field", name, {**defaults.get(name, {}), **args})
    command_id = give(runtime, command)
    if command_id is None:
        raise RequestError(
            503, "The broker is away.", "a broker that is connected; see /api/health"
        )
    return command_id


def _query(runtime: Runtime, sql: str, limit: int) -> models.QueryResult:
    s = runtime.settings.store
    result = runtime.store.query(sql, min(limit, s.query_rows), s.query_timeout_s)
    rows: list[list[JsonValue]] = [[_json(value) for value in row] for row in result.rows]
    return models.QueryResult(columns=result.columns, rows=rows, ms=round(result.ms, 2))


def _json(value: object) -> bool | int | float | str | None:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _export(runtime: Runtime, directory: str) -> models.ExportResult:
    target = Path(directory).expanduser()
    if not target.is_absolute():
        raise StoreError(f"Export folder {directory!r} is relative; an absolute path is expected.")
    rows = runtime.store.export(target)
    files = sorted(f"{table}.parquet" for table in rows)
    return models.ExportResult(dir=str(target), files=files, rows=sum(rows.values()))


def _health(runtime: Runtime) -> models.Health:
    clock = _clock(runtime)
    parts = {
        "broker": "ok" if runtime.ingest.connected else "not connected",
        "field": "ok" if clock.state != "waiting" and clock.lag_ms < 10_000 else "not heard",
        "store": "; ".join(runtime.store.warnings) or "ok",
    }
    fine = all(text == "ok" for text in parts.values())
    waiting = clock.state == "waiting"
    status = "ok" if fine else "starting" if waiting else "degraded"
    return models.Health(status=status, version=version(), parts=parts)  # type: ignore[arg-type]


def _metrics(runtime: Runtime) -> Mapping[str, float]:
    flat: dict[str, float] = dict(runtime.hub.metrics())
    for part, counters in runtime.ingest.metrics().items():
        if isinstance(counters, Mapping):
            flat |= {f"{part}_{k}": float(v) for k, v in counters.items() if _is_number(v)}
        elif _is_number(counters):
            flat[part] = float(str(int(bool(counters))))
    flat["planner_decisions"] = float(runtime.planner.decisions)
    flat["planner_replans"] = float(runtime.planner.replans)
    flat["twin_duplicates"] = float(runtime.projection.duplicates)
    flat["streams_late"] = float(runtime.kpis.late)
    flat |= runtime.late.metrics()
    return flat


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
