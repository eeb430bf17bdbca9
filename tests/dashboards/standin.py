"""A stand-in for the platform: the REST paths and the websocket of the page, with moving data.

For tests of the page and for work on it: `python tests/dashboards/standin.py 8765`.
"""

import asyncio
import contextlib
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from seamline_dashboards.pages import page_app
from seamline_dashboards.panels import panels

sys.path.insert(0, str(Path(__file__).parent))
from standin_data import Maker  # a neighbour that is not a package

SET, PUT, APP = "set", "put", "app"
KINDS = {
    "clock": PUT, "floor": SET, "lines": SET, "kpi": PUT, "orders": SET, "plan": PUT,
    "forecast": PUT, "devices": SET, "log": APP, "strip": PUT, "trace": PUT,
    "compare": PUT, "compare_days": SET, "compare_marks": SET,
    "board": PUT, "plan_bars": SET, "plan_proposal": PUT,
}  # fmt: skip


_YOUNG_ALARMS = {
    "closed_ms": 0, "days": 0, "first_days": 28, "false_alarms_per_year": 0.1, "alarms": [],
    "styles": [],
}  # fmt: skip
_YOUNG_QUALITY: dict[str, Any] = {"model": "", "nights": [], "horizons": [], "levels": []}


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Client:
    """One websocket: its topics and the numbers that it has been sent."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.topics: set[str] = set()
        self.rate = 5
        self.due = 0


class Standin:
    """The platform as the page sees it."""

    def __init__(self, seed: int = 1) -> None:
        self.maker = Maker(seed, _wall_ms())
        self.epoch = f"{random.SystemRandom().getrandbits(32):08x}"
        self.seq: dict[str, int] = {}
        self.clients: set[Client] = set()
        self.controls: list[dict[str, Any]] = []
        self.compared_with: list[tuple[str, dict[str, Any]]] = []
        self.resyncs: list[str] = []
        self.subscriptions: list[dict[str, Any]] = []
        self.rates: list[int] = []
        self.skip: dict[str, int] = {}
        self.refuse: str = ""
        self.silent = False
        self.young = False
        """Before the first night: nothing is closed yet."""
        self.loop: asyncio.AbstractEventLoop | None = None
        self.app = Starlette(
            routes=[
                Route("/api/run", self.run),
                Route("/api/floor", self.floor),
                Route("/api/orders/{order}", self.order),
                Route("/api/forecast", self.forecasts),
                Route("/api/forecast/alarms", self.alarms),
                Route("/api/forecast/quality", self.quality),
                Route("/api/forecast/{unique_id}/explain", self.explanation),
                Route("/api/forecast/{unique_id:path}", self.forecast),
                Route("/api/models", self.models),
                Route("/api/models/{model_id}/promote", self.promote, methods=["POST"]),
                Route("/api/models/rollback", self.rollback, methods=["POST"]),
                Route("/api/kpis", self.kpis),
                Route("/api/readings", self.readings),
                Route("/api/devices", self.devices),
                Route("/api/log", self.log),
                Route("/api/panels", self.panels),
                Route("/api/commands/{id}", self.command),
                Route("/api/control", self.control, methods=["POST"]),
                Route("/api/query", self.query, methods=["POST"]),
                Route("/api/compare", self.compared),
                Route("/api/compare/{what}", self.compare, methods=["POST"]),
                Route("/api/plan/board", self.plan_board),
                Route("/api/plan/predictions", self.plan_predictions),
                Route("/api/plan/order/{order}", self.plan_order),
                Route("/api/plan/{what}", self.plan_act, methods=["POST"]),
                Route("/api/promise", self.promise),
                WebSocketRoute("/ws", self.socket),
                Mount("/", page_app()),
            ],
            lifespan=self.lifespan,
        )

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Starlette):
        self.loop = asyncio.get_running_loop()
        task = asyncio.create_task(self.beat())
        yield
        task.cancel()

    def raw(self, device: str, metric: str, value: float) -> None:
        """Let a raw device report: from any thread."""
        change = self.maker.raw(device, metric, value, _wall_ms())
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(self.tell("devices", change), self.loop).result(5)

    async def beat(self) -> None:
        """Move the maker and tell the clients, ten times a second at most."""
        while True:
            await asyncio.sleep(0.1)
            changes = self.maker.step(_wall_ms())
            if self.silent:
                continue
            for topic, change in changes.items():
                await self.tell(topic, change)

    async def tell(self, topic: str, change: Any) -> None:
        last = self.seq[topic] = self.seq.get(topic, 0) + 1
        if self.skip.get(topic, 0) > 0:
            self.skip[topic] -= 1
            return
        kind = APP if topic.startswith("sensor:") else KINDS[topic]
        payload = {kind: change}
        if kind == SET:
            gone = change.get("del") if isinstance(change.get("del"), list) else None
            payload = {"set": {} if gone is not None else change, "del": gone or []}
        text = json.dumps({"t": "delta", "topic": topic, "seq": [last, last], "d": payload})
        for client in list(self.clients):
            if topic in client.topics:
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                    await client.socket.send_text(text)

    async def snapshot(self, client: Client, topic: str) -> None:
        seq = self.seq.setdefault(topic, 0)
        data = self.maker.snapshot(topic)
        frame = {"t": "snap", "topic": topic, "seq": seq, "d": data}
        await client.socket.send_text(json.dumps(frame))

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept()
        client = Client(socket)
        self.clients.add(client)
        hello = {"t": "hello", "v": 1, "epoch": self.epoch, "now": time.time(),
                 "rates": [1, 2, 5, 10], "topics": sorted(KINDS)}  # fmt: skip
        try:
            await socket.send_text(json.dumps(hello))
            while True:
                await self.operate(client, json.loads(await socket.receive_text()))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self.clients.discard(client)

    async def operate(self, client: Client, message: dict[str, Any]) -> None:
        match message["op"]:
            case "sub":
                self.subscriptions.append(message)
                client.topics.update(message["topics"])
                for topic in message["topics"]:
                    if topic.startswith("sensor:"):
                        self.maker.sensors.add(topic)
                    await self.snapshot(client, topic)
            case "unsub":
                client.topics.difference_update(message["topics"])
            case "rate":
                self.rates.append(message["rate"])
            case "resync":
                self.resyncs.append(message["topic"])
                await self.snapshot(client, message["topic"])

    async def run(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.run_info())

    async def floor(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.floor_plan())

    async def order(self, request: Request) -> JSONResponse:
        found = self.maker.order_detail(request.path_params["order"])
        if found is None:
            error = {"what": "There is no such order.", "expected": "an order id", "exists": []}
            return JSONResponse({"error": error}, 404)
        return JSONResponse(found)

    async def forecasts(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.forecast_list())

    async def forecast(self, request: Request) -> JSONResponse:
        return JSONResponse(self.maker.forecast_detail(request.path_params["unique_id"]))

    async def alarms(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.alarms() if not self.young else _YOUNG_ALARMS)

    async def quality(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.quality() if not self.young else _YOUNG_QUALITY)

    async def explanation(self, request: Request) -> JSONResponse:
        if self.refuse:
            error = {"what": self.refuse, "expected": "a model", "exists": []}
            return JSONResponse({"error": error}, 503)
        return JSONResponse(self.maker.explanation(request.path_params["unique_id"]))

    async def models(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.models())

    async def promote(self, request: Request) -> JSONResponse:
        self.maker.champion = request.path_params["model_id"]
        return JSONResponse(self.maker.models())

    async def rollback(self, _: Request) -> JSONResponse:
        self.maker.champion = self.maker.models()["rollback_to"]
        return JSONResponse(self.maker.models())

    async def kpis(self, request: Request) -> JSONResponse:
        q = request.query_params
        return JSONResponse(
            self.maker.kpi_history(q.get("site", ""), q.get("line", ""), q.get("name", "oee"))
        )

    async def readings(self, request: Request) -> JSONResponse:
        return JSONResponse(self.maker.readings(dict(request.query_params)))

    async def log(self, _: Request) -> JSONResponse:
        return JSONResponse({"entries": self.maker.snapshot("log")})

    async def devices(self, _: Request) -> JSONResponse:
        return JSONResponse({"devices": self.maker.devices})

    async def panels(self, _: Request) -> JSONResponse:
        return JSONResponse({"panels": [panel.document() for panel in panels()]})

    async def command(self, request: Request) -> JSONResponse:
        return JSONResponse(self.maker.command(request.path_params["id"], self.refuse))

    async def control(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.controls.append(body)
        self.maker.control(body["name"], body["args"], _wall_ms())
        return JSONResponse({"command_id": f"c-{len(self.controls)}"}, 202)

    async def compared(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.duel.state)

    async def compare(self, request: Request) -> JSONResponse:
        what, body = request.path_params["what"], await request.json()
        self.compared_with.append((what, body))
        duel = self.maker.duel
        if what in ("pace", "switch") and not duel.alive:
            error = {"what": "No comparison runs.", "expected": "a start before it", "exists": []}
            return JSONResponse({"error": error}, 409)
        if what == "start":
            gone = list(duel.days), list(duel.marks)
            state = duel.start(body)
            for topic, keys in zip(("compare_days", "compare_marks"), gone, strict=True):
                await self.tell(topic, {"del": keys})
        else:
            state = duel.stop() if what == "stop" else getattr(duel, what)(body)
        return JSONResponse(state)

    async def plan_board(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.plans.view())

    async def plan_predictions(self, _: Request) -> JSONResponse:
        return JSONResponse(self.maker.plans.predictions())

    async def plan_order(self, request: Request) -> JSONResponse:
        found = self.maker.plans.order(request.path_params["order"])
        if found is None:
            error = {"what": "No plan holds it.", "expected": "a planned order", "exists": []}
            return JSONResponse({"error": error}, 404)
        return JSONResponse(found)

    async def plan_act(self, request: Request) -> JSONResponse:
        plans, what = self.maker.plans, request.path_params["what"]
        done = plans.act(what, await request.json())
        if done is None:
            error = {"what": "That plan is not proposed any more.", "expected": "", "exists": []}
            return JSONResponse({"error": error}, 409)
        for topic in ("board", "plan_bars", "plan_proposal"):
            await self.tell(topic, self.maker.snapshot(topic))
        return JSONResponse(done)

    async def promise(self, request: Request) -> JSONResponse:
        return JSONResponse(self.maker.plans.promise(dict(request.query_params)))

    async def query(self, request: Request) -> JSONResponse:
        body = await request.json()
        if "nonsense" in body["sql"]:
            error = {"what": "Parser Error: syntax error at or near 'nonsense'.",
                     "expected": "one SELECT statement", "exists": []}  # fmt: skip
            return JSONResponse({"error": error}, 400)
        return JSONResponse(self.maker.query(body["sql"]))


def config(standin: Standin, port: int) -> uvicorn.Config:
    """Settings of a server for `standin`."""
    return uvicorn.Config(
        standin.app, host="127.0.0.1", port=port, log_level="warning",
        ws="websockets-sansio", ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip


if __name__ == "__main__":
    uvicorn.Server(config(Standin(), int(sys.argv[1]))).run()
