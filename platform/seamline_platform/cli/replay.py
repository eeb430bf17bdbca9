"""`seamline replay sensors`: a gateway of its own sends the recording; this shows how far it is."""

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seamline_broker.contracts.topics import NodeId
from seamline_broker.embedded import open_running
from seamline_broker.errors import ConfigError, ContractError, SeamlineError
from seamline_broker.parentwatch import child_environment
from seamline_broker.users import Secrets, user_of_node
from seamline_platform.cli.broker_commands import changing_secrets
from seamline_platform.cli.plan import write_config
from seamline_platform.cli.rundir import RunDir, read_json

_STOP_S: Final = 5.0
_QUIET_LINES: Final = 40
"""So many lines of progress (a quarter of a second each) without an answer of the platform."""

Note = Callable[[str], None]


class ReplayError(SeamlineError):
    """A recording was not sent to its end."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file, the site and name that its device appears under, and the column with its times.

    Raises:
        ConfigError: if there is no such file, or site or name cannot be part of a topic.
    """

    file: Path
    site: str
    name: str | None = None
    time_column: str | None = None

    def __post_init__(self) -> None:
        if not self.file.is_file():
            raise ConfigError(f"Recording {self.file} does not exist or is not a file.")
        try:
            NodeId.parse(self.node)
        except ContractError as exc:
            raise ConfigError(f"--site, --name: {exc}") from exc

    @property
    def device(self) -> str:
        """Name of the node and its device: the one given, else that of the file."""
        return self.name or re.sub(r"[^\w.-]+", "_", self.file.stem)[:60] or "recording"

    @property
    def node(self) -> str:
        """The node, `site/name`."""
        return f"{self.site}/{self.device}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the broker is, and how the node of the recording logs in."""

    host: str
    port: int
    user: str | None
    password: str | None
    client_prefix: str


def send_recording(
    run_dir: Path, recording: Recording, speed: float, note: Note
) -> dict[str, object]:
    """Send a recording through the broker of a run and wait until the platform has stored it.

    Rows are numbered and each is stored once. A replay that was cut off goes on where it was; a
    recording that the run holds already is not sent again.

    Args:
        run_dir: directory of the run.
        recording: what to send, and as whom.
        speed: times its own pace; 0 is as fast as it goes.
        note: says something to a person.

    Returns:
        `rows` and `values` that were sent now, `rows_before` that were sent earlier, and `node`.

    Raises:
        SeamlineError: if no run is here, the file cannot be used, or the replay was stopped.
    """
    directory = RunDir(run_dir)
    place = _place(directory, recording.node)
    label = "replay-" + recording.node.replace("/", "-")
    _configure(directory, label, place, recording, speed)
    log = directory.log(label)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "seamline_edge.gateway", "--progress"]
    command += ["--config", str(directory.config(label))]
    with log.open("ab") as errors:
        begin = errors.tell()
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=child_environment()
        )
    figures = _follow(process, recording, note)
    if process.returncode:
        raise ReplayError(_complaint(log, begin) or f"Replay failed; see {log}.")
    rows = figures.get("rows_done", 0) - figures.get("rows_before", 0)
    whole = figures.get("rows_done") == figures.get("rows_in_file")
    if figures.get("batches_unacked", 1) or not whole:
        raise ReplayError(
            f"Replay was stopped after {rows} rows. The same command goes on from there."
        )
    if not rows:
        note(f"This run holds {recording.file.name} as {recording.node} already; --name sends it "
             "again as another device.")  # fmt: skip
    return {
        "rows": rows,
        "values": rows * figures.get("columns", 0),
        "rows_before": figures.get("rows_before", 0),
        "node": recording.node,
    }


def _place(directory: RunDir, node: str) -> _Place:
    """Find the run's broker; give the node a login there if the broker is ours.

    Raises:
        ConfigError: if no run is here, or another broker's users are not ours to make.
    """
    if not directory.secrets_path.exists():
        raise ConfigError(
            f"No run in {directory.path}. Start one with 'seamline demo', or name it: --run-dir."
        )
    with changing_secrets(directory) as secrets:
        broker = open_running(secrets, directory.path / "broker")
        if broker is None:
            return _other_broker(directory, secrets, node)
        user = secrets.ensure(user_of_node(node), "gateway", node)
        broker.reload()
    prefix = secrets.client_prefix
    return _Place(broker.connect_host, broker.port, user.name, user.password, prefix)


def _other_broker(directory: RunDir, secrets: Secrets, node: str) -> _Place:
    """Return the broker that the run was told to use, and the login that fits there."""
    try:
        said: Any = read_json(directory.config("platform"))["broker"]
        host, port, user, password = (said[k] for k in ("host", "port", "user", "password"))
    except (ConfigError, KeyError, TypeError) as exc:
        raise ConfigError(
            f"No broker runs in {directory.path}. Start 'seamline demo' first."
        ) from exc
    own = secrets.get(str(user)) if user else None
    if own is not None and own.password == password:  # the users of 'mosquitto-conf'
        login = secrets.get(user_of_node(node))
        if login is None:
            raise ConfigError(
                f"The broker at {host}:{port} has no user for {node}. Make one with 'seamline "
                f"broker user add {node} --gateway', then 'seamline broker mosquitto-conf' again."
            )
        user, password = login.name, login.password
    return _Place(str(host), int(port), user, password, secrets.client_prefix)


def _configure(
    directory: RunDir, label: str, place: _Place, recording: Recording, speed: float
) -> None:
    options = {"file": str(recording.file.absolute()), "speed": f"{speed!r}"}
    if recording.time_column:
        options["time_column"] = recording.time_column
    write_config(
        directory,
        label,
        {
            "gateway": label,
            "broker": {"host": place.host, "port": place.port},
            "outbox": str(directory.outbox(label)),
            "client_prefix": place.client_prefix,
            "nodes": [{"node": recording.node, "user": place.user, "password": place.password}],
            "driver": "replay",
            "driver_options": options,
        },
    )


def _follow(process: "subprocess.Popen[str]", recording: Recording, note: Note) -> dict[str, Any]:
    """Show the progress of the gateway until it ends; Ctrl-C ends it in order."""
    figures: dict[str, Any] = {}
    quiet = 0
    try:
        with _bar() as bar:
            task = bar.add_task(recording.file.name, total=None)
            for figures in _lines(process):
                done, rows = figures.get("rows_done", 0), figures.get("rows_in_file")
                bar.update(task, completed=done, total=rows)
                quiet = quiet + 1 if done == rows and figures["batches_unacked"] else 0
                if quiet == _QUIET_LINES:
                    note("All rows are in the outbox; the platform has not stored all of them yet.")
    except KeyboardInterrupt:
        process.terminate()
        figures = ([figures, *_lines(process)])[-1]
    finally:
        _end(process)
    return figures


def _end(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_S)
    if process.poll() is None:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _lines(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    for line in process.stdout or ():
        with contextlib.suppress(ValueError):
            yield json.loads(line)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip


def _complaint(log: Path, begin: int) -> str:
    """Return what the gateway said before it gave up."""
    with log.open("rb") as file:
        file.seek(begin)
        said = file.read().decode(errors="replace").splitlines()
    found = [line.removeprefix("Error: ") for line in said if line.startswith("Error: ")]
    return found[-1] if found else ""
