"""What a wall hour costs on disk at the default settings: at most 200 MB.

A demo of ten minutes left 8.4 bytes for each sample (many machines stand still, and equal values
cost nothing); here nearly all of them sew. Its events come to about 45 MB an hour at x60: pieces
26, forecasts 13, all others 6.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seamline_broker.contracts.batch import BatchBody, BatchHeader, Readings, encode_body
from seamline_broker.contracts.batch import encode_message as encode_batch
from seamline_platform.settings import Settings
from seamline_platform.store import Store

T0 = 1_757_376_000_000
STATIONS = 20
METRICS = ("rpm", "current_a", "vibration_mm_s", "temperature_c", "stitches")
ROUNDS = 205
LINES = 12


def look(rng: random.Random, line: int, number: int, stitches: list[int]) -> Readings:
    """One look at all stations of a line, as the field's sensors give it: few decimals."""
    devices = [f"st-{i:02}" for i in range(STATIONS)]
    r = Readings(devices, list(METRICS), [], [], [], [], [])
    for station in range(STATIONS):
        sewing = rng.random() < 0.7
        at = line * STATIONS + station
        stitches[at] += rng.randint(200, 900) if sewing else 0
        values = (
            round(rng.gauss(4_000, 150)) if sewing else 0.0,
            round(rng.gauss(2.4, 0.2), 3) if sewing else 0.0,
            round(abs(rng.gauss(0.9, 0.15)), 3),
            round(rng.gauss(45, 2), 2),
            float(stitches[at]),
        )
        for metric, value in enumerate(values):
            r.ts_ms.append(T0 + number * 15_000 + line)
            r.d.append(station)
            r.m.append(metric)
            r.value.append(float(value))
            r.quality.append(0)
    return r


def test_an_hour_of_samples_leaves_room_for_everything_else(
    open_store: Callable[..., Store], rig_of: Callable[[Store], Any], tmp_path: Path
) -> None:
    store = open_store()
    rig = rig_of(store)
    file = tmp_path / "store" / "seamline.duckdb"
    before = file.stat().st_size
    rng, stitches = random.Random(1), [0] * (LINES * STATIONS)
    for number in range(1, ROUNDS + 1):
        messages = []
        for line in range(LINES):
            body = BatchBody(look(rng, line, number, stitches), {})
            head = BatchHeader("ab", number, 1, body.rows)
            topic = f"seamline/v1/data/hangzhou/line-{line}"
            messages.append(rig.message(topic, encode_batch(head, encode_body(body)), session=0))
        rig.clock.advance(250)
        rig.take(*messages)
        if number % 40 == 0:
            store._database.writer.execute("CHECKPOINT")
    rows = ROUNDS * LINES * STATIONS * len(METRICS)
    assert rig.rows("SELECT count(*) FROM readings") == [(rows,)]
    store.close()
    bytes_per_row = (file.stat().st_size - before) / rows
    mb_per_hour = bytes_per_row * Settings().sample_budget * 3_600 / 1e6
    assert mb_per_hour < 150, f"{bytes_per_row:.1f} bytes for each sample"
