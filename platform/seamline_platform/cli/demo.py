"""`seamline demo`: the supervisor of a whole maker on one machine."""

import contextlib
import json
import os
import signal
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import psutil

from seamline_broker.clock import Clock, WallClock
from seamline_broker.errors import BrokerError
from seamline_broker.users import PLATFORM_USER, Secrets, write_private
from seamline_platform.cli.demo_parts import BROKER, FIELD, PLATFORM, DemoParts
from seamline_platform.cli.meter import Meter
from seamline_platform.cli.plan import MakerPlan, ensure_users, plan_of, publish_line
from seamline_platform.cli.ports import check_port
from seamline_platform.cli.rundir import RunDir
from seamline_platform.cli.supervisor import Supervisor
from seamline_platform.settings import Settings

START_TIMEOUT_S: Final = 90.0
_LEFTOVER_TIMEOUT_S: Final = 6.0
_TICK_S: Final = 0.1
_SAMPLE_EVERY_TICKS: Final = 10


PartsFactory = Callable[[RunDir, Settings, MakerPlan, Secrets], DemoParts]


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asked for, besides settings."""

    fresh: bool = False
    headless: bool = False
    for_s: float = 0.0
    as_json: bool = False
    given: Mapping[str, bool] = field(default_factory=dict)


class StopFlag:
    """Set by Ctrl-C or SIGTERM; a second one means: at once."""

    def __init__(self) -> None:
        self.count = 0
        self._event = threading.Event()

    def install(self) -> None:
        """Take over the signals that end the supervisor."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self._event.set()

    def is_set(self) -> bool:
        """True once the supervisor shall end."""
        return self.count > 0

    def hurry(self) -> bool:
        """True once somebody lost patience."""
        return self.count > 1

    def wait(self, timeout_s: float) -> None:
        """Wait until set, or until time is up."""
        self._event.wait(timeout_s)


class Demo:
    """One run of the supervisor, from empty hands to the last child."""

    def __init__(
        self,
        settings: Settings,
        options: DemoOptions,
        clock: Clock | None = None,
        parts: PartsFactory = DemoParts,
    ) -> None:
        self._options = options
        self._clock = clock or WallClock()
        self._began_s = self._clock.steady_s()
        self._stop = StopFlag()
        self._run_dir = RunDir(settings.run_dir)
        self._settings = settings
        self._supervisor = Supervisor(self._report, self._clock)
        self._meter = Meter(self._clock)
        self._parts_factory = parts
        self._written: dict[str, int] = {}

    def run(self) -> int:
        """Run until stopped; returns the exit code.

        Raises:
            SeamlineError: with one sentence, if it cannot start or a part does not stay alive.
        """
        self._stop.install()
        self._run_dir.lock()
        try:
            return self._run_locked()
        finally:
            self._run_dir.unlock()

    def _run_locked(self) -> int:
        parts = self._prepare()
        wall_s = 0.0
        viewer_figures: dict[str, float] = {}
        try:
            if self._start(parts):
                wall_s, viewer_figures = self._watch(parts)
                self._say("Stopping: gateways empty their outboxes; then field, platform, broker.")
        finally:
            stop_s = self._clock.steady_s()
            killed = self._supervisor.stop(self._stop.hurry)
            took_s = self._clock.steady_s() - stop_s
            with contextlib.suppress(OSError):
                (self._run_dir.path / "supervisor.json").unlink()
        forced = f"; ended by force: {', '.join(killed)}" if killed else ""
        self._say(f"Stopped in {took_s:.1f} s{forced}.")
        if self._options.as_json and wall_s:
            self._print_summary(wall_s, viewer_figures)
        return 0

    def _prepare(self) -> DemoParts:
        """Make directory, users and configurations ready."""
        self._wait_for_leftovers()
        if self._options.fresh:
            self._run_dir.clear()
        self._run_dir.check_free_space(self._settings.store.min_free_mb)
        plan_of(self._settings.scenario)  # a broken scenario must not be remembered
        asked = {"scenario": self._settings.scenario, "seed": self._settings.seed}
        run = self._run_dir.remember(asked, self._options.given)
        settings = self._settings = self._settings.model_copy(update=run)
        maker = plan_of(settings.scenario)
        secrets = self._run_dir.secrets()
        ensure_users(secrets, maker)
        if settings.broker.url is None:
            check_port(settings.broker.port, "MQTT broker", "--mqtt-port")
        if settings.api.port:
            check_port(settings.api.port, "page", "--port", settings.api.host)
        parts = self._parts_factory(self._run_dir, settings, maker, secrets)
        if settings.broker.url is not None:
            self._check_broker(parts)
        parts.write_configs()
        self._run_dir.platform_path.unlink(missing_ok=True)
        return parts

    def _check_broker(self, parts: DemoParts) -> None:
        from seamline_broker.client import MqttClient

        login = parts.login
        user, password = login.of(PLATFORM_USER)
        name = f"{parts.secrets.client_prefix}-check"
        client = MqttClient(
            login.address.host, login.address.port, client_id=name, user=user, password=password
        )
        client.start()
        reached = client.wait_connected(3)
        error = client.last_error.replace("; trying again", "")
        client.stop(0)
        if not reached:
            raise BrokerError(error or f"Broker {login.address} does not answer within 3 s.")

    def _wait_for_leftovers(self) -> None:
        """Give processes of a supervisor that was killed the time to leave, then end them."""
        left = self._run_dir.leftovers()
        if left:
            self._say(f"Waiting for {len(left)} processes of an earlier supervisor to leave ...")
            _, alive = psutil.wait_procs(left, timeout=_LEFTOVER_TIMEOUT_S)
            for process in alive:
                process.kill()
            psutil.wait_procs(alive, timeout=2)

    def _start(self, parts: DemoParts) -> bool:
        """Start all parts; False if stopped meanwhile."""
        supervisor, stopping = self._supervisor, self._stop.is_set
        broker = parts.broker_spec(supervisor.help_with)
        if broker is not None:
            supervisor.start(broker)
            self._note_pids()
            if not supervisor.wait_ready([BROKER], START_TIMEOUT_S, stopping):
                return False
        for spec in (parts.field_spec(), parts.platform_spec()):
            supervisor.start(spec)
        self._note_pids()
        if not supervisor.wait_ready([FIELD], START_TIMEOUT_S, stopping):
            return False
        for spec in parts.edge_specs():
            supervisor.start(spec)
        self._note_pids()
        return supervisor.wait_ready(list(supervisor.pids), START_TIMEOUT_S, stopping)

    def _note_pids(self) -> None:
        pids = self._supervisor.pids
        if pids != self._written:
            self._written = dict(pids)
            s = self._settings
            document = {
                "pid": os.getpid(),
                "pids": pids,
                "ports": {"page": s.api.port, "mqtt": s.broker.port},
            }
            write_private(self._run_dir.path / "supervisor.json", json.dumps(document))

    def _watch(self, parts: DemoParts) -> tuple[float, dict[str, float]]:
        """Look after all until told to stop; return wall seconds and what a viewer saw."""
        self._greet(parts)
        viewer = None
        if self._options.headless:
            from seamline_platform.cli.viewer import Viewer

            viewer = Viewer()
        self._meter.begin()
        begin_s = self._clock.steady_s()
        watched: tuple[str, str] | None = None
        tick = 0
        while not self._stop.is_set():
            elapsed_s = self._clock.steady_s() - begin_s
            if 0 < self._options.for_s <= elapsed_s:
                break
            self._supervisor.poll()
            if tick % _SAMPLE_EVERY_TICKS == 0:
                self._note_pids()
                self._meter.sample()
                page = parts.page(self._supervisor.pids.get(PLATFORM, -1))
                if viewer is not None and page is not None and page != watched:
                    watched = page
                    viewer.watch(*page)
            tick += 1
            self._stop.wait(_TICK_S)
        self._meter.sample()
        figures = {"ws_frames": 0.0, "plant_hours": 0.0}
        if viewer is not None:
            viewer.stop()
            figures = {"ws_frames": viewer.frames, "plant_hours": viewer.plant_hours}
        return self._clock.steady_s() - begin_s, figures

    def _greet(self, parts: DemoParts) -> None:
        took_s = self._clock.steady_s() - self._began_s
        page = parts.page()
        link = f"{page[0]}/?token={page[1]}" if page else "(no page)"
        self._say(f"\nSeamline runs (started in {took_s:.1f} s). Open its page:\n  {link}")
        self._say(f"Send a value of your own; it appears under Devices:\n  {self._line(parts)}")
        if self._settings.broker.listen:
            self._say(
                "WARNING: the MQTT broker is open to your network. It asks for passwords, but "
                "nothing is encrypted: use --listen only in a network that you trust."
            )
        self._say(f"Ctrl-C stops it; the next start continues this run. Logs: {self._logs()}\n")
        if self._settings.api.open_browser and not self._options.headless and page:
            open_page(link)

    def _line(self, parts: DemoParts) -> str:
        return publish_line(parts.connect)

    def _logs(self) -> str:
        return str(self._run_dir.path / "logs")

    def _print_summary(self, wall_s: float, viewer_figures: Mapping[str, float]) -> None:
        from seamline_platform.cli.summary import summary_of

        costs: dict[str, float] = {
            "wall_s": round(wall_s, 2),
            "restarts": self._supervisor.restarts,
            "rss_mb_total_mean": round(self._meter.rss_mb_mean, 1),
            "rss_mb_total_max": round(self._meter.rss_mb_max, 1),
            "cpu_cores_mean": round(self._meter.cores_mean, 3),
        }
        store = self._settings.store.path or self._run_dir.store_path
        counted = summary_of(store, self._run_dir.path / "outbox")
        summary = {**counted, **viewer_figures, **costs}
        summary["plant_hours"] = round(summary["plant_hours"], 2)
        sys.stdout.write(json.dumps(summary) + "\n")

    def _report(self, name: str, what: str) -> None:
        self._say(f"  {name:<18} {what}")

    def _say(self, text: str) -> None:
        stream = sys.stderr if self._options.as_json else sys.stdout
        with contextlib.suppress(OSError, ValueError):  # the terminal may be gone already
            stream.write(text + "\n")
            stream.flush()


def open_page(link: str) -> None:
    """Open the page in a graphical browser, if there is one; never in a text browser."""
    graphical = sys.platform == "darwin" or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if graphical:
        with contextlib.suppress(webbrowser.Error, OSError):
            webbrowser.open(link)
