"""The stand-in says what the platform says: every answer and payload fits the API's models."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from seamline_platform.api.live_models import TOPICS
from seamline_platform.api.schemas import REST

ANSWERS = {
    "/api/run": "GET /api/run",
    "/api/floor": "GET /api/floor",
    "/api/orders/o-4210": "GET /api/orders/{order}",
    "/api/forecast": "GET /api/forecast",
    "/api/forecast/TS01-WHT-S@east": "GET /api/forecast/{unique_id}",
    "/api/forecast/alarms": "GET /api/forecast/alarms",
    "/api/forecast/quality": "GET /api/forecast/quality",
    "/api/forecast/TS01-WHT-S@east/explain": "GET /api/forecast/{unique_id}/explain",
    "/api/models": "GET /api/models",
    "/api/plan/board": "GET /api/plan/board",
    "/api/plan/order/o-4190": "GET /api/plan/order/{order}",
    "/api/plan/predictions": "GET /api/plan/predictions",
    "/api/promise?style=TS01&pieces=300&region=east": "GET /api/promise",
    "/api/promise?style=TS01&pieces=30&region=east": "GET /api/promise",
    "/api/kpis?name=oee&site=suzhou&line=line-1": "GET /api/kpis",
    "/api/readings?site=a&node=b&device=c&metric=rpm": "GET /api/readings",
    "/api/devices": "GET /api/devices",
    "/api/log": "GET /api/log",
    "/api/panels": "GET /api/panels",
    "/api/compare": "GET /api/compare",
    "/api/commands/c-1": "GET /api/commands/{command_id}",
}


@pytest.fixture
def standin(standin_class: type) -> Any:
    return standin_class()


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_fits_its_model(standin: Any, path: str) -> None:
    answer = TestClient(standin.app).get(path)
    assert answer.status_code == 200
    REST[ANSWERS[path]][1].model_validate(answer.json())


def test_a_query_is_answered_by_its_model(standin: Any) -> None:
    answer = TestClient(standin.app).post("/api/query", json={"sql": "SELECT 1", "limit": 5})
    REST["POST /api/query"][1].model_validate(answer.json())


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("policy", {"accept": "auto"}),
        ("edit", {"kind": "lock", "order": "o-4182"}),
        ("accept", {"version": 8}),
        ("reject", {"version": 8}),
        ("undo", {}),
    ],
)
def test_what_a_person_does_to_plans_is_answered_by_its_model(
    standin: Any, what: str, body: dict[str, Any]
) -> None:
    model = REST[f"POST /api/plan/{what}"]
    if model[0] is not None:
        model[0].model_validate(body)
    answer = TestClient(standin.app).post(f"/api/plan/{what}", json=body)
    # changes are told by the running loop, which a call without it does not have
    model[1].model_validate(answer.json())


@pytest.mark.parametrize("topic", [name for name in TOPICS if name != "sensor:*"])
def test_every_payload_fits_its_model(standin: Any, topic: str) -> None:
    maker = standin.maker
    maker.control("break_machine", {"station": ""}, maker.wall_ms)
    maker.duel.start({"days": 90, "seed": 1, "capacity": "slack", "days_per_s": 5.0})
    maker.duel.switch({"side": "left", "name": "scope", "value": "plant"})
    for _ in range(20):
        maker.step(maker.wall_ms + 100)
    kind, model = TOPICS[topic]
    assert model is not None
    content = maker.snapshot(topic)
    assert content
    each = {"set": lambda: list(content.values()), "app": lambda: content, "put": lambda: [content]}
    for payload in each[kind]():
        model.model_validate(payload)
