"""Driver for sensors that the kernel shows as files, and for any text file with a number in it."""

import logging
import os
import queue
import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from math import isfinite
from pathlib import Path
from typing import Final

from seamline_broker.contracts.batch import QUALITY_BAD, QUALITY_GAP, QUALITY_GOOD
from seamline_broker.contracts.messages import Device, Metric
from seamline_broker.contracts.topics import MAX_LEVEL_CHARS, check_level
from seamline_broker.errors import ConfigError, ContractError, DriverError
from seamline_edge.drivers.driver import CursorOf, Intake, NodeProfile, WriteAnswer
from seamline_edge.drivers.sensorfiles import KINDS, kind_of, name_of, quantity_of, read_value
from seamline_edge.outbox import Block

_log = logging.getLogger(__name__)

_PER_METRIC: Final = ("file", "metric", "unit", "kind", "scale", "offset", "device")
_COMMON: Final = ("interval_s",)
_HELP: Final = (
    "file=PATTERN, and if you like metric, unit, kind, scale, offset, device, interval_s; for "
    "several metrics NAME.file=PATTERN, NAME.unit=.. and so on"
)
_MAX_FILES: Final = 200
_INTERVAL_S: Final = (0.1, 86_400.0)
_CURSOR: Final = "file"


@dataclass(frozen=True, slots=True)
class Channel:
    """Files that are read alike: a pattern, and what to make of their numbers."""

    pattern: str
    metric: str = ""
    unit: str = ""
    kind: str = "auto"
    scale: float = 1.0
    offset: float = 0.0
    device: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was found, and under which device and metric its values go."""

    path: Path
    kind: str
    device: str
    metric: Metric
    scale: float
    offset: float

    def read(self) -> float:
        """Return its value now.

        Raises:
            DriverError: if there is none.
        """
        value = read_value(self.path, self.kind) * self.scale + self.offset
        if not isfinite(value):
            raise DriverError(f"File {self.path} holds a number that is not finite.")
        return value


Result = tuple[Source, float | None, str]
"""A source, its value or None, and why there is none."""


def parse_channels(options: Mapping[str, str]) -> tuple[list[Channel], float]:
    """Return channels and interval (seconds) from the driver's options.

    Raises:
        ConfigError: if an option is unknown, missing or not allowed.
    """
    groups: dict[str, dict[str, str]] = {}
    for name, value in options.items():
        if name in _COMMON:
            continue
        group, _, key = name.rpartition(".")
        if key not in _PER_METRIC:
            raise ConfigError(f"Driver 'file' has no option {name!r}; it takes {_HELP}.")
        groups.setdefault(group, {})[key] = value
    if not groups:
        raise ConfigError(f"Driver 'file' needs to know which file to read: {_HELP}.")
    interval_s = _number("interval_s", options.get("interval_s", "2"))
    if not _INTERVAL_S[0] <= interval_s <= _INTERVAL_S[1]:
        raise ConfigError(
            f"Driver 'file': interval_s={interval_s:g} is not in {_INTERVAL_S[0]:g} to "
            f"{_INTERVAL_S[1]:g}."
        )
    return [_channel(name, group) for name, group in groups.items()], interval_s


def _channel(name: str, group: Mapping[str, str]) -> Channel:
    where = f"{name}." if name else ""
    if not group.get("file"):
        raise ConfigError(f"Driver 'file': {where}file=PATTERN is missing.")
    kind = group.get("kind", "auto")
    if kind not in KINDS:
        raise ConfigError(
            f"Driver 'file': {where}kind={kind!r} is unknown; kinds: {', '.join(KINDS)}."
        )
    metric, device = group.get("metric", name), group.get("device", "")
    try:
        for what, text in (("metric", metric), ("device", device)):
            if text:
                check_level(text, what)
    except ContractError as exc:
        raise ConfigError(f"Driver 'file': {exc}") from exc
    return Channel(
        group["file"], metric, group.get("unit", ""), kind,
        _number(f"{where}scale", group.get("scale", "1")),
        _number(f"{where}offset", group.get("offset", "0")),
        device,
    )  # fmt: skip


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not isfinite(value):
        raise ConfigError(f"Driver 'file': {name}={text!r} is not a number.")
    return value


def find_sources(channels: Iterable[Channel]) -> list[Source]:
    """Return the files that are there now, each with a device of its own name, sorted."""
    found: list[Source] = []
    taken: set[tuple[str, str]] = set()
    for channel in channels:
        for text in sorted(glob(channel.pattern, recursive=True)):
            path = Path(text)
            if not path.is_dir() and len(found) < _MAX_FILES:
                source = _source(path, channel, taken)
                taken.add((source.device, source.metric.name))
                found.append(source)
    return found


def _source(path: Path, channel: Channel, taken: set[tuple[str, str]]) -> Source:
    kind = kind_of(path) if channel.kind == "auto" else channel.kind
    quantity = quantity_of(path, kind)
    metric = Metric(channel.metric or quantity.metric, channel.unit or quantity.unit, str(path))
    own = channel.device or _level(name_of(path, kind))
    names = (own, _level(f"{path.parent.name}-{own}"), *(f"{own}-{n}" for n in range(2, 999)))
    device = next(name for name in names if (name, metric.name) not in taken)
    return Source(path, kind, device, metric, channel.scale, channel.offset)


def _level(name: str) -> str:
    """Make a name fit for a topic."""
    return re.sub(r"[+#/\s\x00-\x1f\x7f]+", "-", name)[:MAX_LEVEL_CHARS] or "sensor"


class FileDriver:
    """Reads files at a fixed interval, in a thread of its own: a 1-wire sensor takes 0.75 s.

    A file that cannot be read gives one row without a value; the first value after that is marked
    as the first after a gap, and so is the first one after a restart of the gateway. Files that
    appear later are found. Options: see `parse_channels`.
    """

    def __init__(self, options: Mapping[str, str]) -> None:
        self._channels, self._interval_s = parse_channels(options)
        self._node = ""
        self._due_s = 0.0
        self._reading_ms: int | None = None
        self._again = False
        self._seen: set[tuple[str, str]] = set()
        self._bad: dict[tuple[str, str], str] = {}
        self._known: dict[tuple[str, str], Source] = {}
        self._jobs: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[list[Result]] = queue.SimpleQueue()
        self._wake_read, self._wake_write = -1, -1
        self._thread: threading.Thread | None = None

    def open(self, nodes: Sequence[str], cursor_of: CursorOf) -> None:
        """Begin for one node.

        Raises:
            DriverError: if there are several nodes.
        """
        if len(nodes) != 1:
            raise DriverError(f"Driver 'file' serves one node, got {len(nodes)}: {list(nodes)}.")
        self._node = nodes[0]
        self._again = cursor_of(_CURSOR) > 0
        self._wake_read, self._wake_write = os.pipe()
        self._learn(find_sources(self._channels))
        if not self._known:
            patterns = ", ".join(channel.pattern for channel in self._channels)
            _log.warning("No file matches %s yet; looking again at each interval.", patterns)
        self._thread = threading.Thread(target=self._work, name="sensor-files", daemon=True)
        self._thread.start()

    def _learn(self, sources: Sequence[Source]) -> bool:
        """Remember sources; True if there is a new one among them."""
        before = len(self._known)
        self._known |= {(s.device, s.metric.name): s for s in sources}
        return len(self._known) > before

    def _work(self) -> None:
        """Read all files each time that `poll` asks for it."""
        while self._jobs.get():
            results = self._read_all()
            self._results.put(results)
            os.write(self._wake_write, b"r")

    def _read_all(self) -> list[Result]:
        results: list[Result] = []
        # Known ones first, under the names that they have: devices may come and go.
        sources = dict(self._known)
        paths = {source.path for source in sources.values()}
        for source in find_sources(self._channels):
            if source.path not in paths:
                sources[source.device, source.metric.name] = source
        for source in sources.values():
            try:
                results.append((source, source.read(), ""))
            except (DriverError, ArithmeticError) as exc:
                results.append((source, None, str(exc)))
        return results

    def profiles(self) -> Mapping[str, NodeProfile]:
        """Return the devices found so far."""
        metrics: dict[str, list[Metric]] = {}
        for source in self._known.values():
            metrics.setdefault(source.device, []).append(source.metric)
        devices = tuple(Device(d, "sensor", d, tuple(found)) for d, found in metrics.items())
        return {self._node: NodeProfile("sensor", devices)}

    def fileno(self) -> int:
        """Return a pipe that becomes readable when files have been read."""
        return self._wake_read

    def wait_s(self, now_s: float) -> float:
        """Return the time until the next reading."""
        return 60.0 if self._reading_ms is not None else max(0.0, self._due_s - now_s)

    def poll(self, now_s: float, wall_ms: int) -> Intake:
        """Return values that have been read, stamped with the moment at which reading began."""
        intake = Intake()
        if self._reading_ms is not None and not self._results.empty():
            os.read(self._wake_read, 4096)
            results = self._results.get()
            intake.profile_changed = self._learn([source for source, _, _ in results])
            intake.blocks = [b for r in results for b in self._block(self._reading_ms, *r)]
            if intake.blocks:
                intake.cursor = (_CURSOR, self._reading_ms)
            self._reading_ms = None
        if self._reading_ms is None and now_s >= self._due_s:
            late_s = now_s - self._due_s
            # Keeps the beat; after a pause of the process it starts a new one.
            self._due_s = (self._due_s if late_s < self._interval_s else now_s) + self._interval_s
            self._reading_ms = wall_ms
            self._jobs.put(True)
        return intake

    def _block(self, ts_ms: int, source: Source, value: float | None, why: str) -> Iterable[Block]:
        key = (source.device, source.metric.name)
        quality = QUALITY_GOOD
        if value is None:
            if key in self._bad:
                return
            self._bad[key] = why
            quality = QUALITY_BAD
            _log.warning("%s One row without a value marks the gap. device=%s", why, source.device)
        else:
            first = key not in self._seen
            self._seen.add(key)
            if self._bad.pop(key, None) is not None or (first and self._again):
                quality = QUALITY_GAP
                _log.info("First value after a gap device=%s metric=%s", *key)
        yield Block(self._node, ts_ms, [source.device], [source.metric.name], [[value]], quality)

    def write(
        self, node: str, name: str, args: Mapping[str, object], command_id: str, expires_ms: int
    ) -> WriteAnswer:
        """Refuse: files are only read."""
        return WriteAnswer("refused", "a sensor file takes no commands")

    def close(self) -> None:
        """Let the reading thread end."""
        self._jobs.put(False)
        if self._thread is not None:
            self._thread.join(2.0)
            if not self._thread.is_alive():
                os.close(self._wake_read)
                os.close(self._wake_write)
            self._thread = None
