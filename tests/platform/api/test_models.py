"""The paths of the model register: who may act, what is refused, what reaches the register."""

import pytest
from starlette.testclient import TestClient

RECIPE = {
    "format": "seamline-model-recipe", "version": 1, "model": "SeasonalNaive",
    "params": {"weeks": 8}, "quantiles": [0.1, 0.5, 0.9],
}  # fmt: skip
POSTS = {
    "/api/models/m-1/promote": None,
    "/api/models/rollback": None,
    "/api/models/import": {"recipe": RECIPE},
}


@pytest.mark.parametrize("path", POSTS)
def test_nobody_acts_on_models_without_the_link_or_from_another_site(
    client: TestClient, path: str, calls
) -> None:
    assert client.post(path, json=POSTS[path]).status_code == 401
    client.headers["Authorization"] = "Bearer a-token-for-tests"
    foreign = client.post(path, json=POSTS[path], headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert calls.seen == []


def test_acts_reach_the_register(signed_in: TestClient, calls) -> None:
    assert signed_in.get("/api/models").json()["champion"] == "m-1"
    assert signed_in.post("/api/models/m-1/promote").json()["champion"] == "m-1"
    assert signed_in.get("/api/models/m-1/recipe").json()["format"] == "seamline-model-recipe"
    imported = signed_in.post("/api/models/import", json={"recipe": RECIPE})
    assert imported.json()["id"] == "m-2"
    assert [call[1] for call in calls.seen] == ["promote", "recipe", "import"]
    assert calls.seen[2][2].recipe.params == {"weeks": 8}
    assert not calls.seen[2][2].accept_other_code


def test_what_is_not_possible_has_a_status_and_a_reason(signed_in: TestClient) -> None:
    unknown = signed_in.post("/api/models/m-9/promote")
    assert (unknown.status_code, unknown.json()["error"]["exists"]) == (404, ["m-1"])
    assert signed_in.get("/api/models/m-9/recipe").status_code == 404
    first = signed_in.post("/api/models/rollback")
    assert first.status_code == 409
    assert "no earlier champion" in first.json()["error"]["what"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "pickle"}, "seamline-model-recipe"),
        ({"version": 2}, "version"),
        ({"quantiles": []}, "quantiles"),
        ({"params": {"code": {"nested": 1}}}, "params"),
        ({"state": "gASVAAAA"}, "state"),
        ({"model": ""}, "model"),
    ],
)
def test_a_recipe_that_breaks_its_rules_is_refused(
    signed_in: TestClient, calls, change: dict, words: str
) -> None:
    answer = signed_in.post("/api/models/import", json={"recipe": RECIPE | change})
    assert answer.status_code == 422
    assert words in str(answer.json()["error"])
    assert calls.seen == []
