"""The open door: what a payload means, whose time it keeps, and retained messages."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_broker.contracts.messages import RunClock
from seamline_platform.ingest.raw import Sample, read, source_time
from seamline_platform.store import Store

WALL = 1_795_000_000_000
CELL = "seamline/v1/raw/home/desk/bench/pi-1"
Y2020 = 1_583_020_800_000  # 2020-03-01


@pytest.mark.parametrize(
    ("metric", "payload", "samples"),
    [
        ("t", b"21.5", [("t", 21.5, None)]),
        ("t", b" -3e2\r\n", [("t", -300.0, None)]),
        (None, b"7", [("value", 7.0, None)]),
        ("t", b'{"value":21.5}', [("t", 21.5, None)]),
        ("t", b'{"value":21.5,"ts":1583020800000}', [("t", 21.5, Y2020)]),
        ("t", b'{"value":21.5,"ts":1583020800}', [("t", 21.5, Y2020)]),
        ("t", b'{"value":21.5,"ts":"1583020800000"}', [("t", 21.5, Y2020)]),
        ("t", b'{"value":21.5,"ts":1583020800.25}', [("t", 21.5, Y2020 + 250)]),
        ("t", b'{"value":21.5,"ts":null}', [("t", 21.5, None)]),
        ("t", b'{"value":null}', [("t", None, None)]),
        ("t", b'{"value":"21.5"}', [("t", 21.5, None)]),
        ("t", b'"21.5"', [("t", 21.5, None)]),
        ("t", b"null", [("t", None, None)]),
        ("on", b"true", [("on", 1.0, None)]),
        (None, b'{"temperature":21.5,"humidity":60}',
         [("temperature", 21.5, None), ("humidity", 60.0, None)]),
        (None, b'{"ts":1583020800000,"temperature":21.5}', [("temperature", 21.5, Y2020)]),
        ("env", b'{"t":1,"value":2}', [("env.t", 1.0, None), ("env", 2.0, None)]),
        (None, '{"温度":1}'.encode(), [("温度", 1.0, None)]),
    ],
)  # fmt: skip
def test_what_a_payload_means(
    metric: str | None, payload: bytes, samples: list[tuple[str, float | None, int | None]]
) -> None:
    assert read(metric, payload) == ([Sample(*s) for s in samples], [])


@given(st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
def test_any_bytes_give_samples_or_a_reason(payload: bytes) -> None:
    samples, faults = read("t", payload)
    assert samples or faults
    for sample in samples:
        assert sample.value is None or abs(sample.value) < float("inf")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_kept_to_the_last_bit(value: float) -> None:
    ((sample,), faults) = read("t", repr(value).encode())
    assert (sample.value, faults) == (value, [])


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        (631_152_000_000, 631_152_000_000),  # 1990 in milliseconds
        (631_152_000, 631_152_000_000),  # and in seconds
        (4_102_444_800_000, 4_102_444_800_000),
        (4_102_444_800, 4_102_444_800_000),
        (None, None),
    ],
)
def test_seconds_and_milliseconds_are_told_apart(ts: float | None, expected: int | None) -> None:
    assert source_time(ts) == (expected, "")


@pytest.mark.parametrize("ts", [0, 1, -1, 631_151_999, 4_102_444_801, 10**15, 10**18, "x", True])
def test_an_impossible_time_is_refused(ts: object) -> None:
    value, fault = source_time(ts)
    assert value is None
    assert "ts" in fault


def test_own_time_is_kept_and_nothing_is_late_because_plant_time_is_another_year(
    rig: Any,
) -> None:
    plant = 1_900_000_000_000  # 2030
    rig.send("seamline/v1/run/clock", RunClock("r", plant, WALL, 60.0, "running").encode())
    rig.clock.advance(500)
    rig.send(f"{CELL}/t", f'{{"value":21.5,"ts":{Y2020}}}')
    rig.send(f"{CELL}/t", "22.5")
    columns = (
        "site, node, device, metric, value, quality, source, epoch_ms(source_ts), "
        "epoch_ms(plant_ts), epoch_ms(wall_ts)"
    )
    arrived = (plant + 30_000, WALL + 500)
    assert rig.rows(f"SELECT {columns} FROM readings ORDER BY value") == [
        ("home", "desk/bench", "pi-1", "t", 21.5, 0, "raw", Y2020, *arrived),
        ("home", "desk/bench", "pi-1", "t", 22.5, 0, "raw", WALL + 500, *arrived),
    ]
    assert rig.rejected() == []


def test_before_the_run_s_clock_was_heard_plant_time_is_unknown(rig: Any) -> None:
    rig.send(f"{CELL}/t", "1")
    assert rig.rows("SELECT plant_ts, value FROM readings") == [(None, 1.0)]


def test_a_null_is_a_bad_value(rig: Any) -> None:
    rig.send(CELL, '{"t":null,"h":60}')
    sql = "SELECT metric, value, quality FROM readings ORDER BY metric"
    assert rig.rows(sql) == [("h", 60.0, 0), ("t", None, 2)]


def test_a_round_of_many_cells_is_a_batch_for_each_line(rig: Any) -> None:
    topics = [f"seamline/v1/raw/home/desk/line-{i % 2}/cell-{i}/t" for i in range(6)]
    rig.take(*(rig.message(topic, str(i)) for i, topic in enumerate(topics)))
    assert [(b.node, b.source, b.readings.value) for b in rig.raw] == [
        ("desk/line-0", "raw", [0.0, 2.0, 4.0]),
        ("desk/line-1", "raw", [1.0, 3.0, 5.0]),
    ]
    assert rig.rows("SELECT node, epoch, n, rows FROM batches ORDER BY node") == [
        ("desk/line-0", "raw", 0, 3),
        ("desk/line-1", "raw", 0, 3),
    ]
    assert rig.confirmed == [1, 2, 3, 4, 5, 6]
    assert rig.acks == []


def test_equal_values_one_after_the_other_are_all_kept(rig: Any) -> None:
    for _ in range(3):
        rig.send(f"{CELL}/t", "21.5")
    assert rig.values() == [21.5] * 3


# ---- retained messages: sent anew by the broker at every subscription ----------------------------


def test_a_retained_value_that_is_stored_is_not_stored_again(
    rig: Any, rig_of: Callable[[Store], Any]
) -> None:
    rig.send(f"{CELL}/t", "21.5", retain=False)
    rig.send(f"{CELL}/t", "21.5", retain=True)  # a reconnect
    restarted = rig_of(rig.store)
    restarted.send(f"{CELL}/t", "21.5", retain=True)
    assert restarted.values() == [21.5]
    assert (rig.pipeline.counters.retained_known, restarted.pipeline.counters.retained_known) == (
        1,
        1,
    )
    assert restarted.confirmed == [1]


def test_a_retained_value_published_while_the_platform_was_away_is_taken(
    rig: Any, rig_of: Callable[[Store], Any]
) -> None:
    rig.send(f"{CELL}/t", "21.5")
    restarted = rig_of(rig.store)
    restarted.send(f"{CELL}/t", "22.5", retain=True)
    restarted.send(f"{CELL}/new", "1", retain=True)
    assert restarted.values() == [1.0, 21.5, 22.5]


def test_a_retained_object_with_one_new_value_gives_that_value(
    rig: Any, rig_of: Callable[[Store], Any]
) -> None:
    rig.send(CELL, '{"t":21.5,"h":60}')
    restarted = rig_of(rig.store)
    restarted.send(CELL, '{"t":21.5,"h":61}', retain=True)
    assert restarted.rows("SELECT metric, value FROM readings WHERE batch_id = 2") == [("h", 61.0)]


def test_a_retained_value_with_a_time_of_its_own_is_known_by_it(
    rig: Any, rig_of: Callable[[Store], Any]
) -> None:
    rig.send(CELL, f'{{"t":1,"ts":{Y2020}}}')
    restarted = rig_of(rig.store)
    restarted.send(CELL, f'{{"t":1,"ts":{Y2020}}}', retain=True)
    assert restarted.values() == [1.0]
    again = rig_of(rig.store)
    again.send(CELL, f'{{"t":1,"ts":{Y2020 + 1}}}', retain=True)
    assert again.values() == [1.0, 1.0]
