"""The paths of the comparison: who may, what is refused, and what reaches the service."""

from typing import get_args

import pytest
from starlette.testclient import TestClient

from seamline_platform.api.compare_models import (
    CONNECTED,
    SILOED,
    CompareKpis,
    CompareLinks,
    CompareScope,
    CompareStart,
    SwitchName,
)
from seamline_platform.experiments.duel.duel import SWITCHES
from seamline_platform.experiments.season.contract import CAPACITIES, SCOPES, Links

POSTS = {
    "/api/compare/start": {},
    "/api/compare/pace": {"paused": True},
    "/api/compare/switch": {"side": "left", "name": "elastic", "value": True},
    "/api/compare/stop": None,
}


def test_the_api_names_what_the_experiment_has() -> None:
    assert get_args(CompareScope) == SCOPES
    assert get_args(SwitchName) == SWITCHES == tuple(CompareLinks.model_fields)
    assert get_args(CompareStart.model_fields["capacity"].annotation) == ("slack", "tight")
    assert set(CAPACITIES) == {"slack", "tight"}
    assert Links(**SILOED.model_dump()) == Links()
    assert Links(**CONNECTED.model_dump()).scope == "platform"
    assert "profit_k" in CompareKpis.model_fields


@pytest.mark.parametrize("path", POSTS)
def test_nobody_acts_without_the_link_or_from_another_site(client: TestClient, path: str) -> None:
    assert client.post(path, json=POSTS[path]).status_code == 401
    client.headers["Authorization"] = "Bearer a-token-for-tests"
    foreign = client.post(path, json=POSTS[path], headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert client.get("/api/compare", headers={"Host": "evil.example"}).status_code == 403


def test_what_is_asked_reaches_the_service(signed_in: TestClient, calls) -> None:
    for path, body in POSTS.items():
        answer = signed_in.post(path, json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "running"
    assert [call[:2] for call in calls.seen] == [
        ("compare", "start"), ("compare", "pace"), ("compare", "switch"), ("compare", "stop"),
    ]  # fmt: skip
    start = calls.seen[0][2]
    assert (start.left, start.right, start.days) == (SILOED, CONNECTED, 180)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("switch", {"side": "left", "name": "telepathy", "value": True}, "sense_market"),
        ("switch", {"side": "top", "name": "elastic", "value": True}, "left"),
        ("switch", {"side": "left", "name": "elastic", "value": "plant"}, "elastic takes true"),
        ("switch", {"side": "left", "name": "scope", "value": True}, "scope takes line, plant"),
        ("switch", {"side": "left", "name": "scope", "value": "galaxy"}, "platform"),
        ("pace", {"days_per_s": 500}, "less than or equal to 20"),
        ("start", {"days": 5}, "greater than or equal to 60"),
        ("start", {"capacity": "huge"}, "slack"),
        ("start", {"left": {"elastic": True}}, "required"),
        ("start", {"turbo": 1}, "not permitted"),
    ],
)
def test_what_is_wrong_is_refused_in_words(
    signed_in: TestClient, calls, path: str, body: dict, words: str
) -> None:
    answer = signed_in.post(f"/api/compare/{path}", json=body)
    assert answer.status_code == 422
    assert words in str(answer.json()["error"])
    assert calls.seen == []
