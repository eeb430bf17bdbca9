"""All models of the API in one place, and one JSON Schema document for those who generate types."""

from pydantic.json_schema import models_json_schema

from seamline_platform.api import (
    compare_models,
    insight_models,
    live_models,
    model_models,
    plan_models,
    promise_models,
    rest_models,
)
from seamline_platform.api.live_models import FRAMES, OPS, TOPICS
from seamline_platform.api.model_base import Model

REST: dict[str, tuple[type[Model] | None, type[Model]]] = {
    "GET /api/run": (None, rest_models.RunInfo),
    "GET /api/floor": (None, rest_models.Floor),
    "GET /api/orders": (None, rest_models.OrderList),
    "GET /api/orders/{order}": (None, rest_models.OrderDetail),
    "GET /api/plan": (None, live_models.Plan),
    "GET /api/plan/board": (None, plan_models.PlanView),
    "POST /api/plan/accept": (plan_models.PlanAccept, plan_models.PlanView),
    "POST /api/plan/reject": (plan_models.PlanAccept, plan_models.PlanView),
    "POST /api/plan/undo": (None, plan_models.PlanView),
    "POST /api/plan/edit": (plan_models.PlanEdit, plan_models.PlanEdited),
    "POST /api/plan/policy": (plan_models.PlanPolicyChange, plan_models.PlanView),
    "GET /api/plan/order/{order}": (None, plan_models.PlanOrder),
    "GET /api/plan/predictions": (None, plan_models.PlanPredictions),
    "GET /api/forecast": (None, rest_models.ForecastList),
    "GET /api/forecast/{unique_id}": (None, rest_models.ForecastDetail),
    "GET /api/forecast/{unique_id}/explain": (None, insight_models.ForecastExplanation),
    "GET /api/forecast/alarms": (None, insight_models.TrendAlarms),
    "GET /api/forecast/quality": (None, insight_models.ForecastQuality),
    "GET /api/promise": (None, promise_models.PromiseQuote),
    "GET /api/kpis": (None, rest_models.KpiHistory),
    "GET /api/devices": (None, rest_models.DeviceList),
    "GET /api/readings": (None, rest_models.ReadingList),
    "GET /api/decisions": (None, rest_models.DecisionList),
    "GET /api/log": (None, rest_models.LogList),
    "GET /api/commands/{command_id}": (None, rest_models.CommandStatus),
    "GET /api/health": (None, rest_models.Health),
    "GET /metrics.json": (None, rest_models.Metrics),
    "GET /api/panels": (None, rest_models.PanelList),
    "GET /api/compare": (None, compare_models.CompareState),
    "POST /api/compare/start": (compare_models.CompareStart, compare_models.CompareState),
    "POST /api/compare/pace": (compare_models.ComparePace, compare_models.CompareState),
    "POST /api/compare/switch": (compare_models.CompareSwitch, compare_models.CompareState),
    "POST /api/compare/stop": (None, compare_models.CompareState),
    "GET /api/models": (None, model_models.ModelList),
    "GET /api/models/{model_id}/recipe": (None, model_models.ModelRecipe),
    "POST /api/models/{model_id}/promote": (None, model_models.ModelList),
    "POST /api/models/rollback": (None, model_models.ModelList),
    "POST /api/models/import": (model_models.ModelImport, model_models.ModelImported),
    "POST /api/control": (rest_models.ControlRequest, rest_models.ControlAccepted),
    "POST /api/query": (rest_models.QueryRequest, rest_models.QueryResult),
    "POST /api/export": (rest_models.ExportRequest, rest_models.ExportResult),
}
"""Every path: model of the request's body (if it has one) and of the answer."""


def json_schema() -> dict[str, object]:
    """Return one JSON Schema document.

    `$defs` holds every model; `x-topics` names merge kind and payload of each websocket topic
    (payload null: a list of `[ts_ms, value]`); `x-rest` names request and answer of each path;
    `x-frames` and `x-ops` name what the server and the client send over the websocket.
    """
    answers: set[type[Model]] = {answer for _, answer in REST.values()}
    payloads = {model for _, model in TOPICS.values() if model is not None}
    given = answers | payloads | set(FRAMES) | {rest_models.Error}
    taken = {request for request, _ in REST.values() if request is not None} | set(OPS)
    by_name = sorted(given, key=lambda m: m.__name__)
    _, document = models_json_schema(
        [(model, "serialization") for model in by_name]
        + [(model, "validation") for model in sorted(taken, key=lambda m: m.__name__)],
        title="Seamline API",
    )
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["x-topics"] = {
        name: {"kind": kind, "payload": model and model.__name__}
        for name, (kind, model) in TOPICS.items()
    }
    document["x-rest"] = {
        path: {"request": request and request.__name__, "answer": answer.__name__}
        for path, (request, answer) in REST.items()
    }
    document["x-frames"] = [model.__name__ for model in FRAMES]
    document["x-ops"] = [model.__name__ for model in OPS]
    return document
