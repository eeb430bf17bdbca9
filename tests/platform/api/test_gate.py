"""Nobody comes in without the link; other sites and other names do not come in at all."""

from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient, WebSocketDenialResponse

from seamline_platform.api.gate import Gate
from seamline_platform.api.problems import RequestError

TOKEN = "a-token-for-tests"
HOST = "127.0.0.1:8800"
OWN = {"Origin": f"http://{HOST}"}
FOREIGN = [
    "http://evil.example",
    "https://127.0.0.1:9999",
    "http://127.0.0.1",
    f"http://{HOST}.evil.example",
    f"http://evil.example@{HOST}",
    "null",
    "http://[",
    f"file://{HOST}",
    "",
]


def denied(client: TestClient, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Try to open the websocket; return status and error of the refusal."""
    refusal = pytest.raises(WebSocketDenialResponse)
    with refusal as caught, client.websocket_connect(f"ws://{HOST}/ws?v=1", headers=headers):
        pytest.fail("the websocket was accepted")
    response = caught.value
    return response.status_code, response.json()["error"]


# ---- the link ------------------------------------------------------------------------------------


def test_the_link_gives_a_cookie_and_leads_to_an_address_without_the_token(
    client: TestClient,
) -> None:
    answer = client.get(f"/?token={TOKEN}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    cookie = answer.headers["set-cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {p.strip() for p in cookie.split(";")}
    assert client.get("/api/run").status_code == 200


def test_over_https_the_cookie_never_travels_in_the_open() -> None:
    assert "Secure" in Gate(TOKEN).welcome(secure=True).headers["set-cookie"]
    assert "Secure" not in Gate(TOKEN).welcome(secure=False).headers["set-cookie"]


def test_a_wrong_link_gives_nothing(client: TestClient) -> None:
    answer = client.get("/?token=guessed", follow_redirects=False)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "printed at its start" in answer.json()["error"]["expected"]


def test_a_program_signs_in_with_the_token(client: TestClient) -> None:
    for scheme in ("Bearer", "bearer"):
        given = {"Authorization": f"{scheme} {TOKEN}"}
        assert client.get("/api/run", headers=given).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": "seamline_00000000=x"},
        {"Cookie": '"; broken='},
    ],
)
@pytest.mark.parametrize("path", ["/api/run", "/api/openapi.json", "/metrics.json", "/api/none"])
def test_without_sign_in_the_api_says_nothing(
    client: TestClient, headers: dict[str, str], path: str
) -> None:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["what"] == "Not signed in."


def test_the_cookie_of_another_run_does_not_fit(client: TestClient) -> None:
    other = Gate("another-token").welcome(secure=False).headers["set-cookie"].split(";")[0]
    name, value = other.split("=")
    assert name != Gate(TOKEN).cookie_name
    mine = {"Cookie": f"{Gate(TOKEN).cookie_name}={value}"}
    assert client.get("/api/run", headers=mine).status_code == 401


def test_the_token_itself_is_no_cookie(client: TestClient) -> None:
    mine = {"Cookie": f"{Gate(TOKEN).cookie_name}={TOKEN}"}
    assert client.get("/api/run", headers=mine).status_code == 401


def test_health_and_the_page_need_no_sign_in(client: TestClient) -> None:
    assert client.get("/api/health").status_code == 200
    assert client.get("/orders").text == "the page"


# ---- names and sites -----------------------------------------------------------------------------


@pytest.mark.parametrize("host", [HOST, "localhost:8800", "LOCALHOST.:1", "[::1]:8800"])
def test_our_own_names_are_let_in(client: TestClient, host: str) -> None:
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8800", "", "[::1", "a b"])
def test_a_name_that_only_points_here_is_refused(signed_in: TestClient, host: str) -> None:
    answer = signed_in.get("/api/run", headers={"Host": host})
    assert answer.status_code == 403
    error = answer.json()["error"]
    assert repr(host) in error["what"]
    assert "localhost" in error["exists"]
    assert signed_in.get("/", headers={"Host": host}).status_code == 403


def test_names_of_the_lan_are_let_in_when_given() -> None:
    gate = Gate(TOKEN, ["maker.lan", "192.168.1.7", "fd00::7"])
    for host in ("maker.lan:8420", "192.168.1.7:8420", "[fd00::7]:8420"):
        gate.check_host(Headers({"host": host}))
    with pytest.raises(RequestError, match=r"other\.lan"):
        gate.check_host(Headers({"host": "other.lan:8420"}))


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_can_change_nothing(
    signed_in: TestClient, calls, origin: str
) -> None:
    body = {"name": "pause", "args": {}}
    answer = signed_in.post("/api/control", json=body, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "a page of this server" in answer.json()["error"]["expected"]
    assert calls.seen == []


def test_our_own_page_may_change_something(signed_in: TestClient) -> None:
    body = {"name": "pause", "args": {}}
    assert signed_in.post("/api/control", json=body, headers=OWN).status_code == 202


# ---- the websocket -------------------------------------------------------------------------------


def test_the_websocket_opens_for_whoever_has_link_and_own_origin(client: TestClient, hub) -> None:
    client.get(f"/?token={TOKEN}")
    with client.websocket_connect(f"ws://{HOST}/ws?v=1", headers=OWN) as socket:
        assert socket.receive_json()["t"] == "hello"
        assert hub.clients == 1


def test_a_program_without_origin_may_use_the_token(signed_in: TestClient) -> None:
    with signed_in.websocket_connect(f"ws://{HOST}/ws") as socket:
        assert socket.receive_json()["v"] == 1


@pytest.mark.parametrize("origin", FOREIGN)
def test_the_websocket_refuses_other_sites_before_it_accepts(
    signed_in: TestClient, hub, origin: str
) -> None:
    status, error = denied(signed_in, {"Origin": origin})
    assert status == 403
    assert repr(origin) in error["what"]
    assert hub.clients == 0


def test_the_websocket_refuses_other_names_before_it_accepts(signed_in: TestClient, hub) -> None:
    status, _ = denied(signed_in, {"Host": "evil.example", "Origin": "http://evil.example"})
    assert status == 403
    assert hub.clients == 0


def test_the_websocket_refuses_whoever_is_not_signed_in(client: TestClient, hub) -> None:
    status, error = denied(client, OWN)
    assert status == 401
    assert error["what"] == "Not signed in."
    assert hub.clients == 0


def test_another_version_of_the_protocol_is_refused_in_words(signed_in: TestClient) -> None:
    refusal = pytest.raises(WebSocketDenialResponse)
    with refusal as caught, signed_in.websocket_connect(f"ws://{HOST}/ws?v=2"):
        pytest.fail("the websocket was accepted")
    assert caught.value.status_code == 400
    assert caught.value.json()["error"] == {
        "what": "Websocket version '2'", "expected": "v=1", "exists": [],
    }  # fmt: skip
