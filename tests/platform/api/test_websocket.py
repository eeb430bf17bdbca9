"""The protocol on a real socket: uvicorn with our settings, `websockets` as an independent peer."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from seamline_broker.clock import WallClock
from seamline_platform.api.gate import Gate
from seamline_platform.api.hub import SPECS, Hub
from seamline_platform.api.live import server_config
from seamline_platform.api.live_models import FRAMES, Model
from seamline_platform.api.rest import Services, create_app

TOKEN = "a-token-for-tests"
SIGNED_IN = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE_S = 10.0
MODELS: dict[str, type[Model]] = {
    model.model_fields["t"].annotation.__args__[0]: model  # type: ignore[union-attr]
    for model in FRAMES
}


class Server:
    """The API behind a port that the system chose."""

    def __init__(self, services: Services, hub: Hub) -> None:
        app = create_app(services, hub, Gate(TOKEN), page=PlainTextResponse("the page"))
        self.hub = hub
        self.config = server_config(app, "127.0.0.1", 0)
        self.server = uvicorn.Server(self.config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        end_s = time.monotonic() + PATIENCE_S
        while not self.server.started and time.monotonic() < end_s:
            threading.Event().wait(0.01)
        assert self.server.started
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()

    def open(
        self, headers: dict[str, str] | None = None, path: str = "/ws?v=1", **more: Any
    ) -> ClientConnection:
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers=SIGNED_IN if headers is None else headers,
            open_timeout=PATIENCE_S,
            proxy=None,
            max_size=None,
            **more,
        )


@pytest.fixture
def server(services: Services) -> Iterator[Server]:
    server = Server(services, Hub(WallClock(), "e1", max_clients=5))
    server.start()
    yield server
    server.stop()


def refused(server: Server, headers: dict[str, str] | None = None, path: str = "/ws") -> Any:
    """Return the answer to a handshake that must fail."""
    with pytest.raises(InvalidStatus) as caught, server.open(headers, path):
        pytest.fail("the websocket was accepted")
    return caught.value.response


def receive(socket: ClientConnection) -> dict[str, Any]:
    """Read one frame and hold it against its model."""
    frame = json.loads(socket.recv(PATIENCE_S))
    MODELS[frame["t"]].model_validate(frame)
    return frame


def receive_until(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> Any:
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        frame = receive(socket)
        if wanted(frame):
            return frame
    pytest.fail("the frame did not come")


def test_a_page_is_served_from_hello_to_delta(server: Server) -> None:
    server.hub.post(lambda hub: hub.set("lines", {"a/1": {"wip": 1}}))
    with server.open() as socket:
        hello = receive(socket)
        assert (hello["t"], hello["epoch"], hello["topics"]) == ("hello", "e1", list(SPECS))
        socket.send('{"op":"sub","id":1,"topics":["lines","kpi"],"rate":10}')
        snaps = [receive_until(socket, lambda f: f["t"] == "snap") for _ in range(2)]
        assert {snap["topic"] for snap in snaps} == {"lines", "kpi"}
        have = next(snap["seq"] for snap in snaps if snap["topic"] == "lines")
        server.hub.post(lambda hub: hub.set("lines", {"a/1": {"wip": 2}, "a/2": {"wip": 7}}))
        delta = receive_until(socket, lambda f: f["t"] == "delta")
        assert delta["topic"] == "lines"
        assert delta["seq"][0] == have + 1
        assert delta["d"]["set"]["a/1"] == {"wip": 2}


def test_silence_is_filled_with_heartbeats(server: Server) -> None:
    with server.open() as socket:
        begin_s = time.monotonic()
        beat = receive_until(socket, lambda f: f["t"] == "hb")
        assert abs(beat["ts"] - time.time()) < 5
        assert time.monotonic() - begin_s > 0.8


def test_a_client_that_comes_back_resumes(server: Server) -> None:
    with server.open() as socket:
        socket.send('{"op":"sub","topics":["log"],"rate":10}')
        have = receive_until(socket, lambda f: f["t"] == "snap")["seq"]
    server.hub.post(lambda hub: hub.append("log", [{"id": 1}]))
    server.hub.post(lambda hub: hub.append("log", [{"id": 2}]))
    with server.open() as socket:
        resume = {"epoch": "e1", "seq": {"log": have}}
        socket.send(json.dumps({"op": "sub", "topics": ["log"], "rate": 10, "resume": resume}))
        entries: list[dict[str, int]] = []
        while len(entries) < 2:
            frame = receive(socket)
            assert frame["t"] != "snap"
            if frame["t"] == "delta":
                assert frame["seq"][0] == have + 1
                have = frame["seq"][1]
                entries += frame["d"]["app"]
        assert entries == [{"id": 1}, {"id": 2}]


def test_nonsense_is_answered_and_the_socket_stays_open(server: Server) -> None:
    with server.open() as socket:
        socket.send("nonsense")
        assert receive_until(socket, lambda f: f["t"] == "err")["what"] == "nonsense"
        socket.send(b"\x00\x01")
        assert receive_until(socket, lambda f: f["t"] == "err")["what"] == ""
        socket.send('{"op":"resync","topic":"kpi"}')
        error = receive_until(socket, lambda f: f["t"] == "err")
        assert error["expected"] == "a topic that is subscribed"


def test_a_frame_that_is_too_big_ends_the_socket(server: Server) -> None:
    with server.open() as socket:
        receive(socket)
        socket.send("x" * 5_000)
        with pytest.raises(ConnectionClosed) as caught:
            receive_until(socket, lambda _: False)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009


def test_nothing_is_compressed_for_each_socket_anew(server: Server) -> None:
    with server.open() as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({**SIGNED_IN, "Origin": "http://evil.example"}, 403),
        ({**SIGNED_IN, "Origin": "null"}, 403),
    ],
)
def test_a_stranger_is_refused_before_the_handshake(
    server: Server, headers: dict[str, str], status: int
) -> None:
    response = refused(server, headers)
    assert response.status_code == status
    assert json.loads(response.body)["error"]["what"]
    assert server.hub.clients == 0


def test_another_version_is_refused_in_words(server: Server) -> None:
    response = refused(server, path="/ws?v=9")
    assert response.status_code == 400
    assert "'9'" in json.loads(response.body)["error"]["what"]


def test_a_full_house_is_told_to_the_next_in_words(server: Server) -> None:
    with ExitStack() as house:
        for _ in range(5):
            house.enter_context(server.open())
        response = refused(server)
        assert response.status_code == 503
        assert "5 are allowed" in json.loads(response.body)["error"]["what"]
    end_s = time.monotonic() + PATIENCE_S
    while server.hub.clients and time.monotonic() < end_s:
        threading.Event().wait(0.02)
    with server.open() as socket:
        assert receive(socket)["t"] == "hello"


def test_a_socket_that_is_never_read_does_not_disturb_the_others(server: Server) -> None:
    """The stalled peer's queue runs over and is dropped; the healthy one misses nothing."""
    big = "x" * 250_000
    with server.open(max_queue=1, close_timeout=0.2) as stalled, server.open() as healthy:
        for socket in (stalled, healthy):
            socket.send('{"op":"sub","topics":["log"],"rate":10}')
        have = receive_until(healthy, lambda f: f["t"] == "snap")["seq"]
        got: list[int] = []
        number = 0
        end_s = time.monotonic() + 30
        while not server.hub.counters["overflows"] and time.monotonic() < end_s:
            number += 1
            server.hub.post(lambda hub, n=number: hub.append("log", [{"id": n, "text": big}] * 8))
            frame = receive_until(healthy, lambda f: f["t"] == "delta")
            assert frame["seq"][0] == have + 1
            have = frame["seq"][1]
            got += sorted({entry["id"] for entry in frame["d"]["app"]})
        assert server.hub.counters["overflows"] >= 1
        assert got == list(range(1, number + 1))


def test_the_loop_survives_a_feed_that_fails(server: Server) -> None:
    def broken(_: Hub) -> None:
        raise RuntimeError("a feed of ours")

    server.hub.post(broken)
    with server.open() as socket:
        socket.send('{"op":"sub","topics":["kpi"],"rate":10}')
        receive_until(socket, lambda f: f["t"] == "snap")
        server.hub.post(lambda hub: hub.put("kpi", {"n": 1}))
        assert receive_until(socket, lambda f: f["t"] == "delta")["d"] == {"put": {"n": 1}}
    assert server.hub.counters["feed_errors"] == 1


def test_the_server_ends_quickly_with_pages_open(services: Services) -> None:
    server = Server(services, Hub(WallClock(), "e1"))
    server.start()
    with server.open() as socket:
        receive(socket)
        begin_s = time.monotonic()
        server.stop()
        assert time.monotonic() - begin_s < 4
