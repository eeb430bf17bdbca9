"""The open door: raw messages of any MQTT client, collected into batches by node."""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Final

from seamline_broker.errors import ContractError
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.ingest import raw
from seamline_platform.ingest.inbox import Message
from seamline_platform.ingest.plantclock import PlantClock
from seamline_platform.ingest.raw import Door, RawRows, Sample

Signal = tuple[str, str, str, str]
Latest = dict[Signal, tuple[float | None, int]]

_MAX_TOPICS: Final = 100_000


class DoorReader:
    """Reads raw messages and remembers enough to know a retained one again.

    A broker sends a retained message anew at every subscription. It is taken only if the store does
    not end with the same value for that signal: published while the platform was away, or before it
    ever ran.
    """

    def __init__(self, latest: Callable[[], Latest]) -> None:
        self._load_latest = latest
        self._latest: Latest | None = None
        self._payloads: dict[str, bytes] = {}  # digests: payloads themselves may be long
        self._rows: dict[tuple[str, str], RawRows] = {}

    def read(self, message: Message, wall_ms: int) -> tuple[int, list[str], bool]:
        """Collect the samples of a message.

        Returns:
            The number of samples taken, what was wrong in words, and whether it was known already.

        Raises:
            ContractError: if the topic is not one of the open door.
        """
        door = raw.door(message.topic)
        if isinstance(door, str):
            raise ContractError(door)
        digest = blake2b(message.payload, digest_size=16).digest()
        if message.retain and self._payloads.get(message.topic) == digest:
            return 0, [], True
        samples, faults = raw.read(door.metric, message.payload)
        if message.retain and message.topic not in self._payloads:
            known = bool(samples)
            samples = [sample for sample in samples if not self._is_stored(door, sample)]
            if known and not samples:
                return 0, faults, True
        if len(self._payloads) >= _MAX_TOPICS:
            self._payloads.clear()
        self._payloads[message.topic] = digest
        if samples:
            rows = self._rows.get((door.site, door.node))
            if rows is None:
                rows = self._rows[door.site, door.node] = RawRows()
            for sample in samples:
                rows.add(door.device, sample, wall_ms)
        return len(samples), faults, False

    def forget(self) -> None:
        """Forget what was seen, because it may not have been stored."""
        self._payloads.clear()
        self._latest = None

    def _is_stored(self, door: Door, sample: Sample) -> bool:
        if self._latest is None:
            self._latest = self._load_latest()
        stored = self._latest.get((door.site, door.node, door.device, sample.metric))
        if stored is None:
            return False
        value, ts_ms = stored
        return value == sample.value and sample.ts_ms in (None, ts_ms)

    def take_batches(
        self, next_id: Callable[[], int], plant_clock: PlantClock, wall_ms: int
    ) -> Iterator[DecodedBatch]:
        """Yield what was collected since the last call, one batch for each node."""
        collected, self._rows = self._rows, {}
        plant_ms = plant_clock.plant_ms(wall_ms) or 0
        for (site, node), rows in collected.items():
            yield DecodedBatch(site, node, next_id(), wall_ms, plant_ms, "raw", rows.readings, {})
