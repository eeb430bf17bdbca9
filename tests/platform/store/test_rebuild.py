"""What the store gives back after a restart is what went in."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.events import Columns
from seamline_broker.errors import StoreError
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.store import Store, rebuild
from seamline_platform.store.events import EVENT_TABLES

T0 = 1_757_376_000_000
HOUR = 3_600_000


def columns_of(kind: str, seqs: list[int], ts_ms: list[int]) -> Columns:
    """Columns of a kind with a value of the right type in every cell."""
    made: dict[str, list[object]] = {}
    for column in EVENT_TABLES[kind].columns:
        cell: dict[str, object] = {"str": f"{column.name} 缝", "float": 0.1, "bool": True, "int": 7}
        made[column.wire_name] = [cell[column.type]] * len(seqs)
        if column.is_time:
            made[column.wire_name] = [ts + 5 for ts in ts_ms]
    return {**made, "seq": list(seqs), "ts_ms": list(ts_ms)}  # type: ignore[return-value]


def sql_row(batch: DecodedBatch, kind: str, i: int) -> dict[str, object]:
    table = EVENT_TABLES[kind]
    row = {c.name: batch.events[kind][c.wire_name][i] for c in table.columns}
    return {**row, "site": batch.site, "node": batch.node, "batch_id": batch.batch_id}


def insert(store: Store, batch: DecodedBatch) -> None:
    r = batch.readings
    store.insert(
        "readings",
        [
            {
                "source_ts": ts, "plant_ts": ts, "wall_ts": batch.wall_ms, "site": batch.site,
                "node": batch.node, "device": r.device[d], "metric": r.metric[m], "value": value,
                "quality": quality, "source": "gateway", "batch_id": batch.batch_id,
            }
            for ts, d, m, value, quality in zip(
                r.ts_ms, r.d, r.m, r.value, r.quality, strict=True
            )
        ],
    )  # fmt: skip
    for kind, columns in batch.events.items():
        rows = [sql_row(batch, kind, i) for i in range(len(columns["seq"]))]
        store.insert(EVENT_TABLES[kind].table, rows)
    number = {"batch_id": batch.batch_id, "site": batch.site, "node": batch.node, "epoch": "ab"}
    store.insert("batches", [{**number, "n": batch.batch_id, "wall_ts": batch.wall_ms, "rows": 0}])


def batch_of(number: int, kinds: list[str], with_readings: bool = True) -> DecodedBatch:
    at = T0 + number * HOUR
    readings = Readings.empty()
    if with_readings:
        values = [1.5, None, 1e-300]
        readings = Readings(
            ["st-1", "st-2"], ["rpm"], [at, at + 1, at + 2], [0, 1, 0], [0, 0, 0], values, [0, 2, 1]
        )
    events = {k: columns_of(k, [number * 10, number * 10 + 1], [at, at + 9]) for k in kinds}
    newest = max([at + 9 for _ in kinds] + readings.ts_ms)
    return DecodedBatch("hangzhou", "line-1", number, 1_700, newest, "rebuild", readings, events)


def by_content(batch: DecodedBatch) -> tuple[object, ...]:
    r = batch.readings
    return (
        batch.batch_id,
        [
            (r.device[d], r.metric[m], ts, v, q)
            for d, m, ts, v, q in zip(r.d, r.m, r.ts_ms, r.value, r.quality, strict=True)
        ],
        batch.events,
    )


@pytest.fixture
def filled(open_store: Callable[..., Store]) -> tuple[Store, list[DecodedBatch]]:
    """A store that was closed and opened again, and the batches that it was given before."""
    batches = [
        batch_of(1, ["piece", "order"]),
        batch_of(2, [], with_readings=True),
        batch_of(3, list(EVENT_TABLES), with_readings=False),
        batch_of(4, ["sale_day"]),
    ]
    store = open_store()
    for batch in batches:
        insert(store, batch)
    store.close()
    return open_store(), batches


def test_batches_come_back_in_order_with_every_value(
    filled: tuple[Store, list[DecodedBatch]],
) -> None:
    store, batches = filled
    found = list(store.rebuild(readings=True))
    assert [by_content(b) for b in found] == [by_content(b) for b in batches]
    for one, other in zip(found, batches, strict=True):
        empty = Readings.empty()
        assert replace(one, readings=empty) == replace(other, readings=empty)


def test_only_what_is_asked_for_comes_back(filled: tuple[Store, list[DecodedBatch]]) -> None:
    store, batches = filled
    (found,) = store.rebuild(kinds=["order", "qc"], since_ms=T0 + 2 * HOUR)
    assert found.batch_id == 3
    assert found.events == {kind: batches[2].events[kind] for kind in ("order", "qc")}
    assert len(found.readings) == 0
    (kind,) = set(batches[1].readings.metric[:1])
    some = list(store.rebuild(kinds=[], readings=(kind,)))
    assert {name for batch in some for name in batch.readings.metric} == {kind}
    assert list(store.rebuild(kinds=[], readings=("unknown",))) == []
    newer = list(store.rebuild(since_ms=T0 + 4 * HOUR + 1, readings=True))
    assert [b.batch_id for b in newer] == [4]
    assert newer[0].readings.ts_ms == [T0 + 4 * HOUR + 1, T0 + 4 * HOUR + 2]
    assert newer[0].events["sale_day"]["seq"] == [41]


def test_it_reads_step_by_step(
    filled: tuple[Store, list[DecodedBatch]], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, batches = filled
    monkeypatch.setattr(rebuild, "_STEP", 1)
    found = list(store.rebuild(readings=True))
    assert [by_content(b) for b in found] == [by_content(b) for b in batches]


def test_an_empty_store_gives_nothing(open_store: Callable[..., Store]) -> None:
    assert list(open_store().rebuild(readings=True)) == []


def test_an_unknown_time_comes_back_as_zero(open_store: Callable[..., Store]) -> None:
    store = open_store()
    batch = batch_of(1, ["order"], with_readings=False)
    insert(store, batch)
    store.insert("order_events", [{**sql_row(batch, "order", 0), "seq": 99, "due_ts": None}])
    store.flush()
    (found,) = store.rebuild()
    assert found.events["order"]["due_ms"] == [T0 + HOUR + 5, T0 + HOUR + 14, 0]


def test_marks_numbers_and_orders_are_those_before_the_restart(
    open_store: Callable[..., Store],
) -> None:
    store = open_store()
    assert (store.marks(), store.next_batch_id(), store.order_sellers()) == ({}, 1, {})
    rows = [
        {"batch_id": i, "site": "s", "node": node, "epoch": epoch, "n": n}
        for i, (node, epoch, n) in enumerate(
            [("a", "11", 1), ("a", "11", 2), ("a", "22", 1), ("b", "33", 7), ("x/y", "raw", 0)], 5
        )
    ]
    store.insert("batches", rows)
    store.insert("orders", [{"order_id": "o-1", "seller": "s-1"}, {"order_id": "o-2"}])
    store.flush()
    before = (store.marks(), store.next_batch_id(), store.order_sellers())
    store.close()
    store = open_store()
    assert (store.marks(), store.next_batch_id(), store.order_sellers()) == before
    assert before == (
        {("s", "a", "11"): 2, ("s", "a", "22"): 1, ("s", "b", "33"): 7},
        10,
        {"o-1": "s-1", "o-2": ""},
    )


def test_raw_devices_end_with_the_value_that_came_last(
    store: Store, rows: Callable[..., list[dict[str, object]]]
) -> None:
    one = {"source": "raw", "device": "pi-1", "metric": "t"}
    store.insert("readings", rows(1, 9, **one, batch_id=1))
    store.insert("readings", rows(1, 5, **one, batch_id=2))
    store.insert("readings", rows(1, 7, device="st-1"))
    store.flush()
    assert store.raw_latest() == {("hangzhou", "line-1", "pi-1", "t"): (5.0, 5_000)}


def test_reading_with_a_mistake_raises_in_words(store: Store) -> None:
    with pytest.raises(StoreError, match=r"Reading from the store failed: .*nowhere"):
        store.read("SELECT * FROM nowhere")
