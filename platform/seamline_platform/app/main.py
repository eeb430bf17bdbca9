"""The platform process: `serve(settings)` runs it until it is told to stop."""

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn

from seamline_broker.clock import WallClock
from seamline_broker.errors import ConfigError
from seamline_broker.users import write_private
from seamline_platform.api.gate import Gate
from seamline_platform.api.live import server_config
from seamline_platform.api.pages import load_page
from seamline_platform.api.rest import create_app
from seamline_platform.app import tasks
from seamline_platform.app.runtime import Runtime
from seamline_platform.app.services import services_of
from seamline_platform.settings import Settings

log = logging.getLogger(__name__)

_TASKS = {
    "decide": tasks.decide,
    "nights": tasks.nights,
    "trainings": tasks.trainings,
    "page": tasks.page,
    "plans": tasks.plans,
    "keep": tasks.keep,
}


def serve(settings: Settings) -> int:
    """Run the platform until SIGTERM or SIGINT; return the exit code.

    Raises:
        SeamlineError: if port or store cannot be had, with the reason in one line.
    """
    listener = _listen(settings.api.host, settings.api.port)
    try:
        runner = asyncio.Runner(loop_factory=_loop_factory())
        with runner:
            runner.run(_serve(settings, listener))
    finally:
        listener.close()
    return 0


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as exc:
        listener.close()
        raise ConfigError(
            f"The page cannot listen on {host}:{port}: {exc.strerror}. Choose another with --port."
        ) from exc
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    token = _page_token(settings)
    runtime = Runtime(settings, WallClock())
    page = load_page()
    state = getattr(page, "state", None)
    panels = getattr(state, "panels", None) if state is not None else None

    def listed() -> Sequence[Mapping[str, object]]:
        return panels() if panels is not None else []

    @asynccontextmanager
    async def life() -> AsyncIterator[None]:
        with runtime.running():
            group = [
                asyncio.create_task(tasks.for_ever(name, task, runtime))
                for name, task in _TASKS.items()
            ]
            try:
                yield
            finally:
                for task in group:
                    task.cancel()
                await asyncio.gather(*group, return_exceptions=True)

    gate = Gate(token, (settings.api.host,))
    app = create_app(services_of(runtime, listed), runtime.hub, gate, life, page)
    config = server_config(app, settings.api.host, settings.api.port)
    server = _Server(config, lambda: _announce(settings, listener, token))
    try:
        _survive_signals()
        await server.serve(sockets=[listener])
    finally:
        with suppress(FileNotFoundError):
            _platform_file(settings).unlink()
        await asyncio.to_thread(runtime.close)


def _survive_signals() -> None:
    """Let the process outlive the signal that stops its server: the store is closed after it.

    Uvicorn handles SIGTERM and SIGINT while it serves, then raises them anew. They are handled, not
    ignored: a child process would inherit that.
    """
    with suppress(ValueError):  # only the main thread may set handlers
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: log.info("The platform is stopping already."))


class _Server(uvicorn.Server):
    """Says that it is there once it takes connections."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()


def _announce(settings: Settings, listener: socket.socket, token: str) -> None:
    """Write down where the page is; the command line and the supervisor read it."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    document = {"url": f"http://{shown}:{port}/?token={token}", "token": token, "pid": os.getpid()}
    path = _platform_file(settings)
    temporary = path.with_suffix(".tmp")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(path)
    log.info("platform_ready port=%s", port)


def _page_token(settings: Settings) -> str:
    """Return the token of the page's link: the same for a run, so that open pages stay signed in.

    Raises:
        SeamlineError: if it cannot be read or made.
    """
    path = settings.run_dir / "page.token"
    try:
        token = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    except OSError as exc:
        raise ConfigError(f"{path} cannot be read: {exc.strerror}.") from exc
    if not token:
        token = secrets.token_urlsafe(24)
        write_private(path, token + "\n")
    return token


def _platform_file(settings: Settings) -> Path:
    return settings.run_dir / "platform.json"
