"""What ingest hands on at decode: one batch of readings and events with its arrival."""

from collections.abc import Mapping
from dataclasses import dataclass

from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.events import Columns


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """One batch as streams, twin and live page see it, before its transaction commits.

    `source` is `gateway` (numbered, exactly once), `raw` (the open door) or `rebuild` (read back
    from the store after a restart). For raw devices `node` is `area/line` and the device the cell.
    """

    site: str
    node: str
    batch_id: int
    wall_ms: int
    plant_ms: int
    source: str
    readings: Readings
    events: Mapping[str, Columns]
