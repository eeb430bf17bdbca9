"""The outbox file and the collector: bytes, transactions, damage, locks."""

import json
import math
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.batch import MAX_BODY_BYTES, QUALITY_BAD, QUALITY_GAP
from seamline_broker.contracts.events import EVENT_KINDS, Event
from seamline_broker.errors import ContractError, StoreError
from seamline_edge.outbox import Block, Collector, Outbox, OutboxFile

NODE = "a/b"


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(OutboxFile(tmp_path / "o.sqlite", [NODE]), ManualClock(1_000))
    yield made
    made.file.close()


def block(value: float | None = 1.0, quality: int = 0) -> Block:
    return Block(NODE, 5, ["d"], ["m"], [[value]], quality)


def test_rows_and_cursor_go_into_one_transaction(outbox: Outbox) -> None:
    outbox.take([block()], [], ("source", 7))
    assert outbox.file.cursor("source") == 0
    outbox.flush()
    assert outbox.file.cursor("source") == 7
    assert outbox.file.accepted() == {NODE: 1}
    assert outbox.accepted_rows == 1


def test_rows_are_accepted_a_second_after_they_were_taken(tmp_path: Path) -> None:
    clock = ManualClock(0)
    outbox = Outbox(OutboxFile(tmp_path / "o.sqlite", [NODE]), clock)
    outbox.take([block()], [], None)
    clock.advance(999)
    outbox.run(lambda *_: False)
    assert outbox.waiting_rows == 1
    clock.advance(1)
    outbox.run(lambda *_: False)
    assert outbox.waiting_rows == 0
    outbox.file.close()


def test_a_failed_write_keeps_the_rows_for_another_try(outbox: Outbox) -> None:
    outbox.take([block(1.0)], [], ("source", 1))
    outbox.file._db.execute("CREATE TEMP TRIGGER no BEFORE INSERT ON batch BEGIN "
                            "SELECT RAISE(ABORT, 'disk is full'); END")  # fmt: skip
    with pytest.raises(StoreError, match=r"the disk is full \(\d+ MB free\)"):
        outbox.flush()
    assert outbox.file.cursor("source") == 0
    outbox.take([block(2.0)], [], ("source", 2))
    outbox.file._db.execute("DROP TRIGGER no")
    outbox.flush()
    bodies = [json.loads(outbox.file.body(NODE, n)[1]) for n in (1, 2)]
    assert [b["readings"]["value"] for b in bodies] == [[1.0], [2.0]]
    assert outbox.file.cursor("source") == 2


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "o.sqlite"
    path.write_bytes(b"this is not a database, and long enough to be looked at" * 20)
    with pytest.raises(StoreError, match=r"o\.sqlite cannot be opened: it is damaged .*Move it"):
        OutboxFile(path, [NODE])


def test_a_second_gateway_on_the_same_file_is_refused(tmp_path: Path) -> None:
    first = OutboxFile(tmp_path / "o.sqlite", [NODE])
    with pytest.raises(StoreError, match=r"is in use by process \d+"):
        OutboxFile(tmp_path / "o.sqlite", [NODE])
    first.close()
    OutboxFile(tmp_path / "o.sqlite", [NODE]).close()


def test_a_database_locked_by_another_program_is_said_so(outbox: Outbox) -> None:
    outbox.file._db.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(outbox.file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outbox.take([block()], [], None)
    with pytest.raises(StoreError, match="locked by another process"):
        outbox.flush()
    other.execute("ROLLBACK")
    other.close()
    outbox.flush()


def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    OutboxFile(tmp_path / "o.sqlite", [NODE]).close()
    assert (tmp_path / "o.sqlite").stat().st_mode & 0o777 == 0o600


def test_identity_stays_and_epochs_differ(tmp_path: Path) -> None:
    first = OutboxFile(tmp_path / "o.sqlite", [NODE])
    identity = first.identity
    first.close()
    second = OutboxFile(tmp_path / "o.sqlite", [NODE, "a/c"])
    assert second.identity == identity
    epochs = [state.epoch for state in second.states().values()]
    assert len(set(epochs)) == 2
    second.close()


def test_values_that_are_not_finite_become_rows_without_a_value() -> None:
    collector = Collector()
    for value in (1.5, math.nan, math.inf, None):
        collector.add_block(block(value, QUALITY_GAP))
    (cut,) = collector.cut()
    readings = json.loads(cut.body)["readings"]
    assert readings["value"] == [1.5, None, None, None]
    assert readings["quality"] == [QUALITY_GAP, QUALITY_BAD, QUALITY_BAD, QUALITY_BAD]
    assert cut.rows == 4


def test_an_event_that_is_not_in_the_contract_is_left_out_and_counted() -> None:
    collector = Collector()
    collector.add_events([Event(1, 5, NODE, "magic", ()), Event(2, 5, NODE, "sale", (1,))])
    assert (collector.unfit, collector.rows, collector.cut()) == (2, 0, [])


def test_a_row_that_no_batch_can_hold_is_refused_with_its_size() -> None:
    collector = Collector()
    collector.add_block(Block(NODE, 5, ["d" * 60_000], ["m"], [[1.0]]))
    with pytest.raises(ContractError, match=r"One row of node a/b takes \d+ bytes"):
        collector.cut()


VALUES = {
    "str": st.text(max_size=300),
    "int": st.integers(-(2**53), 2**53),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
}


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    kinds = draw(st.lists(st.sampled_from(sorted(EVENT_KINDS)), max_size=60))
    return [
        Event(
            seq, 5, NODE, kind, tuple(draw(VALUES[c.type]) for c in EVENT_KINDS[kind].columns)
        )
        for seq, kind in enumerate(kinds, start=1)
    ]  # fmt: skip


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=40), st.integers(0, 2**42),
                       st.floats(allow_nan=False, allow_infinity=False)), max_size=300),
    events(),
)  # fmt: skip
def test_cuts_hold_every_row_once_and_never_exceed_a_batch(
    rows: list[tuple[str, int, float]], happened: list[Event]
) -> None:
    collector = Collector()
    for name, ts_ms, value in rows:
        collector.add_block(Block(NODE, ts_ms, [name], [name + "m"], [[value]]))
    collector.add_events(happened)
    cuts = collector.cut()
    assert all(len(cut.body) <= MAX_BODY_BYTES for cut in cuts)
    documents = [json.loads(cut.body) for cut in cuts]
    found = [
        (r["device"][d], r["metric"][m], ts_ms, value)
        for r in (document["readings"] for document in documents)
        for d, m, ts_ms, value in zip(r["d"], r["m"], r["ts_ms"], r["value"], strict=True)
    ]
    assert found == [(name, name + "m", ts_ms, value) for name, ts_ms, value in rows]
    seqs = sorted(
        seq for document in documents for columns in document["events"].values()
        for seq in columns["seq"]
    )  # fmt: skip
    assert seqs == [event.seq for event in happened]
    assert sum(cut.rows for cut in cuts) == len(rows) + len(happened)


def test_many_rows_are_cut_into_several_bodies() -> None:
    collector = Collector()
    for i in range(3_000):
        collector.add_block(Block(NODE, i, [f"d{i % 50}"], ["m"], [[i / 7]]))
    cuts = collector.cut()
    assert len(cuts) > 1
    assert sum(cut.rows for cut in cuts) == 3_000
    assert all(len(cut.body) <= MAX_BODY_BYTES for cut in cuts)
