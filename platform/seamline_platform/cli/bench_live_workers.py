"""Processes of the live benchmark: a node that sends, open pages that listen, an alternative.

They tell in JSON lines and are steered as `bench_workers` are. Every value that the node sends is
the wall time of its sending, so that whoever receives it knows how old it is.
"""

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from time import time
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as ws_connect
from websockets.asyncio.server import ServerConnection, serve

from seamline_broker.client import MqttClient
from seamline_broker.contracts.batch import (
    BatchBody,
    BatchHeader,
    Readings,
    encode_body,
    encode_message,
    split_message,
)
from seamline_broker.contracts.topics import NodeId
from seamline_broker.parentwatch import watch_parent
from seamline_platform.cli.bench_workers import Orders, say

NODE: Final = NodeId("bench", "line-1")
SIGNALS: Final = 50
BATCHES_PER_S: Final = 20
SENSORS_PER_CLIENT: Final = 4
PAGE_TOPICS: Final = ("clock", "floor", "lines", "kpi", "strip", "log", "orders", "devices")
"""What the page's first view asks for."""
RATE: Final = 5


def signal_name(number: int) -> tuple[str, str]:
    """Return device and metric of a signal: ten stations with five signals each."""
    return f"st-{number // 5:02}", f"signal-{number % 5}"


def sensors_of(client: int) -> list[str]:
    """Return the names of the signals that a client watches."""
    first = client * SENSORS_PER_CLIENT
    names = [signal_name((first + i) % SIGNALS) for i in range(SENSORS_PER_CLIENT)]
    return [f"{NODE}/{device}/{metric}" for device, metric in names]


def _login(work: dict[str, Any], name: str, **more: Any) -> MqttClient:
    client_id = f"{work['prefix']}-bench-{name}"
    return MqttClient(work["host"], work["port"], client_id=client_id, **work[name], **more)


# ---- the node ------------------------------------------------------------------------------------


def publisher(work: dict[str, Any]) -> None:
    """Publish 20 batches a second with a value of each of the 50 signals: 1,000 values/s."""
    orders = Orders()
    client = _login(work, "node")
    client.start()
    client.wait_connected(10.0)
    devices = [f"st-{i:02}" for i in range(SIGNALS // 5)]
    metrics = [f"signal-{i}" for i in range(5)]
    columns = ([i // 5 for i in range(SIGNALS)], [i % 5 for i in range(SIGNALS)])
    epoch = f"{int(time() * 1000):x}"
    due_s, n = time(), 0
    while not orders.leave.wait(max(0.0, due_s - time())):
        n += 1
        due_s += 1 / BATCHES_PER_S
        now_ms = time() * 1000
        values: list[float | None] = [now_ms] * SIGNALS
        readings = Readings(devices, metrics, [int(now_ms)] * SIGNALS, *columns, values, [0] * 50)
        body = encode_body(BatchBody(readings, {}))
        client.publish(NODE.data_topic, encode_message(BatchHeader(epoch, n, n, SIGNALS), body), 1)
        if n % BATCHES_PER_S == 0:
            say({"sent": n * SIGNALS, "behind_ms": round((time() - due_s) * 1000, 1)})
    client.stop(2.0)


# ---- open pages ----------------------------------------------------------------------------------


class _Ages:
    """How old values were when they came, in milliseconds."""

    def __init__(self) -> None:
        self.sensors: list[float] = []
        self.devices: list[float] = []
        self.frames = 0

    def page_frame(self, text: str) -> None:
        """Take a frame of the platform."""
        now_ms = time() * 1000
        self.frames += 1
        frame = json.loads(text)
        if frame["t"] != "delta":
            return
        if frame["topic"] == "devices":
            for device in frame["d"]["set"].values():
                newest = max((m["value"] or 0.0) for m in device["metrics"].values())
                self.devices.append(now_ms - newest)
        elif frame["topic"].startswith("sensor:"):
            self.sensors += [now_ms - value for _, value in frame["d"]["app"]]

    def bare_frame(self, text: str) -> None:
        """Take a frame of the alternative."""
        now_ms = time() * 1000
        self.frames += 1
        self.sensors.append(now_ms - json.loads(text)["value"])


async def _page(work: dict[str, Any], number: int, ages: _Ages) -> None:
    """One open page: it subscribes and reads what comes."""
    bare = work.get("bare", False)
    headers = None if bare else {"Authorization": f"Bearer {work['token']}"}
    async with ws_connect(
        work["url"], additional_headers=headers, compression=None, max_size=None, proxy=None
    ) as socket:
        await _ask(socket, number, bare)
        take = ages.bare_frame if bare else ages.page_frame
        async for text in socket:
            take(str(text))


async def _ask(socket: ClientConnection, number: int, bare: bool) -> None:
    names = sensors_of(number)
    if bare:
        await socket.send(json.dumps(names))
        return
    topics = [*PAGE_TOPICS, *(f"sensor:{name}" for name in names)]
    await socket.send(json.dumps({"op": "sub", "id": 1, "topics": topics, "rate": RATE}))


async def _pages(work: dict[str, Any], orders: Orders) -> None:
    ages = _Ages()
    pages = []
    for number in range(work["clients"]):
        pages.append(asyncio.create_task(_page(work, number, ages)))
        await asyncio.sleep(1 / (RATE * work["clients"]))  # people do not come at one moment
    while not orders.leave.is_set():
        await asyncio.sleep(0.5)
        failed = [page.exception() for page in pages if page.done()]
        if failed:
            raise RuntimeError(f"{len(failed)} pages were cut: {failed[0]!r}")
        say({"frames": ages.frames, "sensors": ages.sensors, "devices": ages.devices})
        ages.sensors, ages.devices = [], []
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)


def pages(work: dict[str, Any]) -> None:
    """Open pages and tell twice a second how old the values were that came."""
    asyncio.run(_pages(work, Orders()))


# ---- the alternative -----------------------------------------------------------------------------


class _Naive:
    """What one would write first: for each value and each client one `json.dumps` and one send."""

    def __init__(self) -> None:
        self.clients: dict[ServerConnection, set[str]] = {}

    async def serve(self, socket: ServerConnection) -> None:
        """Serve one client until it goes."""
        self.clients[socket] = set(json.loads(await socket.recv()))
        try:
            await socket.wait_closed()
        finally:
            del self.clients[socket]

    async def take(self, payload: bytes) -> None:
        """Send the values of a batch to whoever watches them."""
        _, body = split_message(payload)
        r = json.loads(body)["readings"]
        for d, m, ts_ms, value in zip(r["d"], r["m"], r["ts_ms"], r["value"], strict=True):
            name = f"{NODE}/{r['device'][d]}/{r['metric'][m]}"
            for socket, wanted in list(self.clients.items()):
                if name in wanted:
                    await socket.send(json.dumps({"topic": name, "ts": ts_ms, "value": value}))


async def _naive(work: dict[str, Any], orders: Orders) -> None:
    naive, loop = _Naive(), asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    def arrived(_topic: str, payload: bytes, *_: object) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, payload)

    async def forward() -> None:
        while True:
            await naive.take(await queue.get())

    client = _login(work, "platform", on_message=arrived)
    client.subscribe(NODE.data_topic, 1)
    client.start()
    async with serve(naive.serve, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        forwarding = asyncio.create_task(forward())
        while not orders.leave.is_set():
            say({"url": f"ws://127.0.0.1:{port}/", "connected": client.connected})
            await asyncio.sleep(0.5)
        forwarding.cancel()
    client.stop(0.0)


def naive(work: dict[str, Any]) -> None:
    """Run the alternative."""
    asyncio.run(_naive(work, Orders()))


PARTS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "publisher": publisher,
    "pages": pages,
    "naive": naive,
}

if __name__ == "__main__":
    watch_parent()
    threading.current_thread().name = "bench"
    PARTS[sys.argv[1]](json.loads(sys.argv[2]))
