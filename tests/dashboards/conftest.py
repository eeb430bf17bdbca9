"""A real Chromium before a stand-in of the platform; each page keeps a list of what went wrong."""

import asyncio
import importlib.util
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from seamline_dashboards.pages import STATIC

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE_S = 20.0


def _standin_module() -> ModuleType:
    name = "dashboards_standin"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / "standin.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def _until(condition: Callable[[], object], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end_s:
            pytest.fail(f"Waited {PATIENCE_S:.0f} s in vain: {what}.")
        threading.Event().wait(0.02)


@pytest.fixture(scope="session")
def standin_class() -> type:
    """The stand-in of the platform."""
    found: type = _standin_module().Standin
    return found


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], object], str], None]:
    """Waits until a condition holds, else fails."""
    return _until


class Served:
    """A stand-in behind a real socket; it can go away and come back at the same address."""

    def __init__(self) -> None:
        self.module = _standin_module()
        self.standin: Any = self.module.Standin()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve, and wait until it does."""
        server = self._server = uvicorn.Server(self.module.config(self.standin, self.port))
        self._thread = threading.Thread(target=server.run, daemon=True)
        self._thread.start()
        _until(lambda: server.started, "the stand-in listens")

    def stop(self) -> None:
        """End the server, and with it all connections."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()

    def tell(self, topic: str, change: object) -> None:
        """Publish a change of a topic now."""
        loop = self.standin.loop
        asyncio.run_coroutine_threadsafe(self.standin.tell(topic, change), loop).result(PATIENCE_S)

    def restart(self, fresh: bool) -> None:
        """Come back: as the same platform, or as a new one with a new epoch."""
        if fresh:
            self.standin = self.module.Standin(seed=2)
        self.start()


@pytest.fixture
def served() -> Iterator[Served]:
    """A stand-in of its own for one test."""
    served = Served()
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    """One stand-in for tests that only look."""
    served = Served()
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, once for each file: its loop must not be in the way of tests with loops."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    path = path or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium)")
    if not (STATIC / "index.html").is_file():
        pytest.skip("the page has not been built (make setup, or npm run build)")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as exc:
            pytest.skip(f"Chromium does not start here: {exc.message.splitlines()[0]}")
        yield browser
        browser.close()


class Watched:
    """A page, and everything that a reader must never meet."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"exception: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text}")

    def open(self, url: str) -> Page:
        """Go there and wait until the feed lives."""
        self.page.goto(url)
        self.page.locator("[data-testid=connection][data-state=live]").wait_for()
        return self.page

    def foreign(self, own: str) -> list[str]:
        """Requests to other hosts."""
        harmless = (own, own.replace("http", "ws", 1), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(harmless)]


def _context(browser: Browser, **options: Any) -> BrowserContext:
    settings = {
        "viewport": {"width": 1400, "height": 900},
        "locale": "en-GB",
        "color_scheme": "light",
        "reduced_motion": "reduce",
        **options,
    }
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE_S * 1_000)
    return context


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """The usual context, shared so that scripts come out of its cache."""
    context = _context(browser)
    yield context
    context.close()


@pytest.fixture
def visit(browser: Browser, desk: BrowserContext) -> Iterator[Callable[..., Watched]]:
    """Opens a page; with options (size, theme, language) or `own` in a context of its own."""
    opened: list[Page | BrowserContext] = []

    def new(*, own: bool = False, **options: Any) -> Watched:
        context = _context(browser, **options) if options or own else desk
        page = context.new_page()
        opened.append(page if context is desk else context)
        return Watched(page)

    yield new
    for one in opened:
        one.close()
