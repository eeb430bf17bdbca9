"""The REST API answers every path by its model, and every error in one form."""

import re

import pytest
from starlette.testclient import TestClient

from seamline_platform.api.schemas import REST, json_schema

PATHS = [
    "/api/run",
    "/api/floor",
    "/api/orders",
    "/api/orders/o-1",
    "/api/plan",
    "/api/plan/board",
    "/api/plan/order/o-1",
    "/api/plan/predictions",
    "/api/forecast",
    "/api/forecast/TS01-WHT-M@east",
    "/api/forecast/alarms",
    "/api/forecast/quality",
    "/api/forecast/TS01-WHT-M@east/explain",
    "/api/promise?style=TS01&pieces=300&region=east",
    "/api/kpis",
    "/api/devices",
    "/api/readings?site=lab&node=area/line&device=cell&metric=temperature",
    "/api/decisions",
    "/api/log",
    "/api/commands/c-1",
    "/api/health",
    "/metrics.json",
    "/api/panels",
    "/api/compare",
]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_answers_with_its_model(signed_in: TestClient, path: str) -> None:
    answer = signed_in.get(path)
    assert answer.status_code == 200, answer.text
    asked = "GET " + path.split("?")[0]
    fits = [known for known in REST if re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), asked)]
    assert fits, f"{path} has no model"
    # A path that is written out goes before one with a name in it.
    REST[min(fits, key=lambda known: known.count("{"))][1].model_validate(answer.json())


def test_every_declared_path_exists_in_the_openapi_document(signed_in: TestClient) -> None:
    document = signed_in.get("/api/openapi.json").json()
    declared = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert declared == set(REST)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            good = {"200", "202"} & set(operation["responses"])
            schema = operation["responses"][good.pop()]["content"]["application/json"]["schema"]
            name = REST[f"{method.upper()} {path}"][1].__name__
            assert schema == {"$ref": f"#/components/schemas/{name}"}
            assert {"401", "403", "422"} <= set(operation["responses"])
            assert operation["description"]
    assert document["openapi"].startswith("3.1")


def test_the_schema_document_defines_all_that_it_names() -> None:
    document = json_schema()
    definitions = document["$defs"]
    assert isinstance(definitions, dict)
    text = str(document)
    for name in text.split("'#/$defs/")[1:]:
        assert name.split("'")[0] in definitions
    topics = document["x-topics"]
    assert isinstance(topics, dict)
    assert topics["floor"] == {"kind": "set", "payload": "StationState"}
    assert topics["sensor:*"] == {"kind": "app", "payload": None}
    assert {t["payload"] for t in topics.values()} - {None} <= set(definitions)
    assert definitions["SetDelta"]["required"] == ["set", "del"]
    assert definitions["Clock"]["additionalProperties"] is False


def test_parameters_reach_the_service(signed_in: TestClient, calls) -> None:
    signed_in.get("/api/orders?state=sewing&limit=7")
    signed_in.get("/api/forecast/TS01-WHT-M@east")
    signed_in.get("/api/readings?site=lab&node=a/b&device=c&metric=t&last=5")
    assert calls.seen == [
        ("orders", "sewing", 7),
        ("forecast", "TS01-WHT-M@east"),
        ("readings", "lab", "a/b", "c", "t", 5),
    ]


def test_plans_are_accepted_rejected_and_edited_by_number_and_name(
    signed_in: TestClient, calls
) -> None:
    for path in ("accept", "reject"):
        assert signed_in.post(f"/api/plan/{path}", json={"version": 3}).status_code == 200
    refused = signed_in.post("/api/plan/accept", json={"version": 9})
    assert refused.status_code == 409
    assert refused.json()["error"]["what"] == "No plan 9 waits."
    assert signed_in.post("/api/plan/undo").json()["board"]["accepted"]["version"] == 3
    signed_in.post("/api/plan/policy", json={"accept": "ask"})
    move = {"kind": "move", "order": "o-1", "line": "suzhou/line-2", "position": 1}
    edited = signed_in.post("/api/plan/edit", json=move).json()
    assert (edited["ok"], edited["reason_zh"]) == (False, "冻结")
    assert [seen[1] for seen in calls.seen] == [
        "accept", "reject", "accept", "undo", "policy", "edit",
    ]  # fmt: skip
    for wrong in ({"kind": "burn", "order": "o-1"}, {"kind": "move"}, {"version": 0}):
        assert signed_in.post("/api/plan/edit", json=wrong).status_code == 422


def test_a_control_is_accepted_and_names_its_command(signed_in: TestClient, calls) -> None:
    answer = signed_in.post("/api/control", json={"name": "speed", "args": {"factor": 10}})
    assert answer.status_code == 202
    assert answer.json() == {"command_id": "cmd-1"}
    assert calls.seen == [("control", "speed", {"factor": 10})]


def test_query_and_export_answer(signed_in: TestClient) -> None:
    rows = signed_in.post("/api/query", json={"sql": "SELECT 1"}).json()
    assert rows == {"columns": ["a"], "rows": [[1], [None]], "ms": 0.5}
    assert signed_in.post("/api/export", json={"dir": "out"}).json()["files"] == ["pieces.parquet"]


def test_a_missing_thing_is_404_and_says_what_exists(signed_in: TestClient) -> None:
    answer = signed_in.get("/api/orders/o-9")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"what": "Order 'o-9'", "expected": "an order of this run", "exists": ["o-1"]}
    }


def test_an_error_of_the_platform_is_400_with_its_sentence(signed_in: TestClient) -> None:
    answer = signed_in.post("/api/query", json={"sql": "DROP TABLE pieces"})
    assert answer.status_code == 400
    assert answer.json()["error"]["what"] == "Only one SELECT is allowed."


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/orders?limit=0", None),
        ("GET", "/api/readings?site=lab", None),
        ("POST", "/api/control", {"name": "explode", "args": {}}),
        ("POST", "/api/control", {"name": "pause", "args": {}, "extra": 1}),
        ("POST", "/api/query", {"sql": ""}),
        ("POST", "/api/export", {}),
    ],
)
def test_a_bad_parameter_is_422_and_says_what_was_expected(
    signed_in: TestClient, method: str, path: str, body: object
) -> None:
    answer = signed_in.request(method, path, json=body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["what"]
    assert error["expected"]


def test_a_body_that_is_not_json_is_422(signed_in: TestClient) -> None:
    answer = signed_in.post(
        "/api/query", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_a_wrong_method_is_answered_in_the_same_form(signed_in: TestClient) -> None:
    answer = signed_in.delete("/api/plan")
    assert answer.status_code == 405
    assert "GET /api/plan" in answer.json()["error"]["exists"]


def test_an_unknown_path_below_api_is_404_and_lists_the_paths(signed_in: TestClient) -> None:
    answer = signed_in.get("/api/plans")
    assert answer.status_code == 404
    assert "GET /api/plan" in answer.json()["error"]["exists"]


def test_a_fault_of_ours_is_500_without_inner_words(signed_in: TestClient, caplog) -> None:
    answer = signed_in.get("/api/orders/broken")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert "ZeroDivision" in caplog.text


def test_large_answers_are_compressed(signed_in: TestClient) -> None:
    answer = signed_in.get("/api/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
