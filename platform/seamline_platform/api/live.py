"""The websocket shell around the hub, the beat of its ticks, and the server's settings."""

import asyncio
import logging
from collections.abc import Mapping

import uvicorn
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from seamline_platform.api.hub import (
    MAX_INCOMING_BYTES,
    TICKS_PER_S,
    Client,
    Hub,
    HubFullError,
)
from seamline_platform.api.problems import problem

_log = logging.getLogger(__name__)


async def beat(hub: Hub) -> None:
    """Tick the hub ten times a second until cancelled."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + 1 / TICKS_PER_S, loop.time())
        await asyncio.sleep(due - loop.time())
        try:
            hub.tick()
        except Exception:  # a feed that fails must not stop the live page
            hub.counters["feed_errors"] += 1
            _log.exception("A feed of the live page failed.")


async def live(websocket: WebSocket, hub: Hub) -> None:
    """Serve one websocket until it closes (the gate has checked it before)."""
    version = websocket.query_params.get("v", "1")
    if version != "1":
        await _refuse(websocket, 400, f"Websocket version {version[:20]!r}", "v=1")
        return
    ready = asyncio.Event()
    try:
        client = hub.connect(ready.set)
    except HubFullError as exc:
        await _refuse(websocket, 503, str(exc), "fewer pages open at once")
        return
    try:
        await websocket.accept()
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(_write(websocket, client, ready))
            await _read(websocket, hub, client)
            writer.cancel()
    finally:
        hub.disconnect(client)


async def _refuse(websocket: WebSocket, status: int, what: str, expected: str) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem(status, what, expected))
    else:
        await websocket.close(1008)


async def _read(websocket: WebSocket, hub: Hub, client: Client) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        hub.receive(client, message.get("text") or "")


async def _write(websocket: WebSocket, client: Client, ready: asyncio.Event) -> None:
    try:
        while True:
            frames = client.take()
            if not frames:
                ready.clear()
                await ready.wait()
                continue
            for frame in frames:
                await websocket.send_text(frame)
    except (WebSocketDisconnect, RuntimeError, OSError):
        # The reader hears of the end too, and finishes.
        return


def server_config(app: ASGIApp, host: str, port: int, **more: object) -> uvicorn.Config:
    """Return uvicorn's settings: small incoming frames only, no compression per socket."""
    options: Mapping[str, object] = {
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "timeout_graceful_shutdown": 2,
        "ws_max_size": MAX_INCOMING_BYTES,
        "ws_per_message_deflate": False,
        "ws_ping_interval": 20,
        "ws_ping_timeout": 20,
        **more,
    }
    return uvicorn.Config(app, host=host, port=port, **options)  # type: ignore[arg-type]  # by name
