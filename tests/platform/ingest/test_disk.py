"""What a wall hour costs on disk at the default settings: at most 200 MB.

A demo of ten minutes left 8.4 bytes for each sample (many machines stand still, and equal values
cost nothing); here nearly all of them sew. Its events come to about 45 MB an hour at x60: pieces
26, forecasts 13, all others 6.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from seamline_broker.contracts.batch import Readings
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.ingest.tables import readings_batch
from seamline_platform.settings import Settings
from seamline_platform.store import Store

T0 = 1_757_376_000_000
STATIONS = 20
METRICS = ["rpm", "current_a", "vibration_mm_s", "temperature_c", "stitches"]
DEVICES = [f"st-{i:02}" for i in range(STATIONS)]
ROWS = STATIONS * len(METRICS)
ROUNDS = 205
LINES = 12


def look(rng: np.random.Generator, stitches: np.ndarray) -> list[float | None]:
    """One look at all stations of a line, as the field's sensors give it: few decimals."""
    sews = rng.random(STATIONS) < 0.7
    stitches += sews * rng.integers(200, 900, STATIONS)
    columns = (
        np.round(rng.normal(4_000, 150, STATIONS)) * sews,
        np.round(rng.normal(2.4, 0.2, STATIONS), 3) * sews,
        np.round(np.abs(rng.normal(0.9, 0.15, STATIONS)), 3),
        np.round(rng.normal(45, 2, STATIONS), 2),
        stitches,
    )
    values: list[float | None] = np.column_stack(columns).ravel().tolist()
    return values


def test_an_hour_of_samples_leaves_room_for_everything_else(
    open_store: Callable[..., Store], tmp_path: Path
) -> None:
    store = open_store()
    file = tmp_path / "store" / "seamline.duckdb"
    before = file.stat().st_size
    rng, stitches = np.random.default_rng(1), np.zeros((LINES, STATIONS))
    devices = np.repeat(np.arange(STATIONS), len(METRICS)).tolist()
    metrics = list(range(len(METRICS))) * STATIONS
    for number in range(ROUNDS):
        for line in range(LINES):
            readings = Readings(
                DEVICES, METRICS, [T0 + number * 15_000 + line] * ROWS, devices, metrics,
                look(rng, stitches[line]), [0] * ROWS,
            )  # fmt: skip
            batch = DecodedBatch(
                "hangzhou", f"line-{line}", number * LINES + line, T0 + number * 250, 0, "gateway",
                readings, {},
            )  # fmt: skip
            rows = readings_batch(batch, None, own_clock=False)
            store.insert("readings", pa.Table.from_batches([rows]))
        if number % 4 == 0:
            store.flush()
        if number % 40 == 0:
            store._database.writer.execute("CHECKPOINT")
    store.flush()
    assert store.read("SELECT count(*) AS n FROM readings")[0]["n"] == ROUNDS * LINES * ROWS
    store.close()
    bytes_per_row = (file.stat().st_size - before) / (ROUNDS * LINES * ROWS)
    mb_per_hour = bytes_per_row * Settings().sample_budget * 3_600 / 1e6
    assert 0 < mb_per_hour < 150, f"{bytes_per_row:.1f} bytes for each sample"
