"""Numbered batches, orders, births, results, the clock: what is stored, told and acknowledged."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from seamline_broker.contracts.batch import BatchBody, BatchHeader, Readings, encode_body
from seamline_broker.contracts.batch import encode_message as encode_batch
from seamline_broker.contracts.commands import CommandResult
from seamline_broker.contracts.events import Event, columns_of
from seamline_broker.contracts.messages import Birth, RunClock, SellerOrder
from seamline_broker.contracts.topics import NodeId
from seamline_broker.errors import StoreError
from seamline_platform.ingest import pipeline as pipeline_module
from seamline_platform.store import Store
from seamline_platform.store.database import Database

WALL = 1_795_000_000_000
T0 = 1_757_376_000_000
DATA = "seamline/v1/data/hangzhou/line-1"
CLOCK = "seamline/v1/run/clock"
ORDER = SellerOrder("o-1", "seller-1", "PL01", "NVY", {"M": 3, "L": 2}, "east", T0, T0 + 9, 5, 700)


def test_a_batch_is_stored_told_and_acknowledged(rig: Any) -> None:
    rig.take(rig.batch(1))
    columns = (
        "epoch_ms(source_ts), epoch_ms(plant_ts), epoch_ms(wall_ts), site, node, device, metric, "
        "value, quality, source, batch_id"
    )
    assert rig.rows(f"SELECT {columns} FROM readings ORDER BY value LIMIT 2") == [
        (T0, T0, WALL, "hangzhou", "line-1", "st-1", "rpm", 0.0, 0, "gateway", 1),
        (T0 + 1_000, T0 + 1_000, WALL, "hangzhou", "line-1", "st-2", "rpm", 1.0, 0, "gateway", 1),
    ]
    assert rig.rows("SELECT batch_id, site, node, epoch, n, rows FROM batches") == [
        (1, "hangzhou", "line-1", "ab", 1, 10)
    ]
    (told,) = rig.batches
    assert (told.source, told.plant_ms, told.wall_ms) == ("gateway", T0 + 9_000, WALL)
    assert told.readings.value == [float(i) for i in range(10)]
    (ack,) = rig.acks
    assert (ack.site, ack.node, ack.ack.upto, ack.ack.safe) == ("hangzhou", "line-1", 1, 0)
    assert ack.ack.store == rig.store.store_id


def test_events_go_to_the_table_of_their_kind(rig: Any) -> None:
    events = [
        Event(1, T0, "hangzhou/line-1", "andon", ("st-1", "mechanic", "open")),
        Event(2, T0 + 5, "hangzhou/line-1", "andon", ("st-1", "mechanic", "closed")),
        Event(
            3, T0 + 9, "hangzhou/line-1", "order",
            ("o-1", "sewing", "seller", "PL01", "NVY", '{"M":5}', 5, "east", "hangzhou", "line-1",
             0, 0),
        ),
    ]  # fmt: skip
    body = encode_body(BatchBody(Readings.empty(), columns_of(events)))
    rig.take(rig.message(DATA, encode_batch(BatchHeader("ab", 1, 1, 3), body), session=0))
    assert rig.rejected() == []
    columns = "seq, epoch_ms(ts), site, node, station, call, phase, batch_id"
    assert rig.rows(f"SELECT {columns} FROM andon_events ORDER BY seq") == [
        (1, T0, "hangzhou", "line-1", "st-1", "mechanic", "open", 1),
        (2, T0 + 5, "hangzhou", "line-1", "st-1", "mechanic", "closed", 1),
    ]
    sql = "SELECT order_id, to_site, line, due_ts, pieces FROM order_events"
    assert rig.rows(sql) == [("o-1", "hangzhou", "line-1", None, 5)]
    assert rig.rows("SELECT rows FROM batches") == [(3,)]


def test_repeated_and_missing_numbers(rig: Any) -> None:
    rig.take(rig.batch(1), rig.batch(1), rig.batch(3), rig.batch(2), rig.batch(3))
    assert rig.values() == [float(i) for i in range(30)]
    counters = rig.pipeline.counters
    assert (counters.batches, counters.duplicates, counters.ahead) == (3, 1, 1)
    assert rig.upto() == 3


def test_lost_numbers_are_recorded_for_good(rig: Any, rig_of: Callable[[Store], Any]) -> None:
    rig.take(rig.batch(1), rig.batch(5, floor=5))
    assert rig.rows("SELECT site, node, epoch, first_n, last_n FROM gaps") == [
        ("hangzhou", "line-1", "ab", 2, 4)
    ]
    assert rig.pipeline.counters.gaps == 3
    assert rig.upto() == 5
    again = rig_of(rig.store)
    again.take(again.batch(3), again.batch(6, floor=6))
    assert again.pipeline.counters.duplicates == 1
    assert again.rows("SELECT count(*) FROM gaps") == [(1,)]


def test_a_gap_before_a_number_ahead_is_recorded_with_its_mark(rig: Any) -> None:
    rig.take(rig.batch(9, floor=5))
    assert rig.rows("SELECT n, rows FROM batches") == [(4, 0)]
    rig.take(rig.batch(5, floor=5))
    assert rig.rows("SELECT n, rows FROM batches ORDER BY n") == [(4, 0), (5, 10)]


@pytest.mark.parametrize("body", [b"", b"{", b'{"readings":7}', b"\x00\xff", b"[" * 9_999])
def test_p5_a_body_that_does_not_decode_is_rejected_and_its_number_committed(
    rig: Any, body: bytes
) -> None:
    bad = encode_batch(BatchHeader("ab", 2, 1, 10), body)
    rig.take(rig.batch(1), rig.message(DATA, bad, session=0), rig.batch(3))
    assert rig.rows("SELECT n, rows FROM batches ORDER BY n") == [(1, 10), (2, 0), (3, 10)]
    assert len(rig.rejected()) == 1
    assert rig.upto() == 3


def test_p5_a_batch_above_64_kib_is_rejected_and_its_number_committed(rig: Any) -> None:
    big = encode_batch(BatchHeader("ab", 1, 1, 10), b"x" * 70_000)
    rig.take(rig.message(DATA, big, session=0), rig.batch(2))
    assert rig.rows("SELECT n, rows FROM batches ORDER BY n") == [(1, 0), (2, 10)]
    ((_, reason),) = rig.rejected()
    assert "the limit is 65536" in reason


def test_p5_a_batch_that_breaks_our_own_code_counts_all_the_same(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a mistake of ours")

    with monkeypatch.context() as patch:
        patch.setattr(pipeline_module, "readings_batch", broken)
        rig.take(rig.batch(1))
    rig.take(rig.batch(2))
    assert rig.upto() == 2
    assert rig.rejected() == [(DATA, "ZeroDivisionError: a mistake of ours")]


def test_a_number_that_no_table_can_hold_stops_nobody(rig: Any) -> None:
    head = '{"v":1,"epoch":"ab","n":%d,"floor":%d,"rows":1}\n{}'
    rig.take(
        rig.message(DATA, head % (2**70, 2**70), session=0),
        rig.message(DATA, head % (2**63, 1), session=0),
        rig.batch(1),
    )
    assert rig.upto() == 1
    assert [reason for _, reason in rig.rejected()] == [
        "Batch number 1180591620717411303424 is above 9007199254740992.",
        "Batch number 9223372036854775808 is above 9007199254740992.",
    ]


def test_a_handler_that_fails_stops_nothing(rig: Any) -> None:
    rig.pipeline._handlers.on_batch = lambda batch: 1 / 0
    rig.take(rig.batch(1), rig.batch(2))
    assert rig.pipeline.counters.handler_errors == 2
    assert rig.upto() == 2


# ---- a node's life -------------------------------------------------------------------------------


def birth(kind: str = "line", **more: Any) -> bytes:
    return Birth("hangzhou", "line-1", kind, True, WALL, **{"epoch": "ab", **more}).encode()


def test_a_birth_is_told_and_answered_with_the_mark(rig: Any) -> None:
    rig.take(rig.batch(1))
    rig.acks.clear()
    rig.send("seamline/v1/node/hangzhou/line-1", birth())
    assert [(a.ack.upto, a.ack.resume) for a in rig.acks] == [(1, True)]
    assert rig.others[0].kind == "line"


def test_a_death_is_told_and_not_answered(rig: Any) -> None:
    dead = Birth("hangzhou", "line-1", "line", False, WALL, epoch="ab")
    rig.send("seamline/v1/node/hangzhou/line-1", dead.encode())
    assert [b.online for b in rig.others] == [False]
    assert rig.acks == []


def test_a_certificate_of_another_node_is_refused(rig: Any) -> None:
    rig.send("seamline/v1/node/hangzhou/line-2", birth())
    ((_, reason),) = rig.rejected()
    assert reason == "Certificate of hangzhou/line-1 came on hangzhou/line-2."


def test_a_replayed_recording_keeps_its_year_and_gets_plant_time_of_its_arrival(
    rig: Any,
) -> None:
    rig.send(CLOCK, RunClock("r", T0 + 500, WALL, 60.0, "running").encode())
    rig.clock.advance(1_000)
    rig.send("seamline/v1/node/hangzhou/line-1", birth("replay"))
    rig.take(rig.batch(1, rows=1))
    sql = "SELECT epoch_ms(source_ts), epoch_ms(plant_ts) FROM readings"
    assert rig.rows(sql) == [(T0, T0 + 500 + 60 * 1_000)]


@pytest.mark.parametrize("state", ["paused", "skipping"])
def test_plant_time_stands_still_when_the_run_does(rig: Any, state: str) -> None:
    rig.send(CLOCK, RunClock("r", T0, WALL, 60.0, state).encode())
    assert rig.pipeline.plant_clock.plant_ms(WALL + 5_000) == T0


# ---- results and orders --------------------------------------------------------------------------


def test_a_result_is_stored_and_told(rig: Any) -> None:
    result = CommandResult("C1", "refused", "above the limit", T0, WALL)
    rig.send("seamline/v1/result/hangzhou/line-1", result.encode())
    assert rig.others == [(NodeId("hangzhou", "line-1"), result)]
    assert rig.rows("SELECT command_id, status, reason FROM command_results") == [
        ("C1", "refused", "above the limit")
    ]
    assert rig.confirmed == [1]


def test_an_order_is_stored_told_once_and_confirmed_each_time(rig: Any) -> None:
    topic = "seamline/v1/orders/seller-1/new"
    rig.take(rig.message(topic, ORDER.encode()), rig.message(topic, ORDER.encode()))
    rig.send(topic, ORDER.encode())
    assert rig.orders == [ORDER]
    assert rig.confirmed == [1, 2, 3]
    columns = "order_id, kind, seller, sizes, pieces, epoch_ms(due_ts), weight, price_fen, source"
    assert rig.rows(f"SELECT {columns} FROM orders") == [
        ("o-1", "seller", "seller-1", '{"M": 3, "L": 2}', 5, T0 + 9, 5, 700, "mqtt")
    ]
    assert rig.pipeline.counters.repeated_orders == 2
    assert rig.repeated == [ORDER, ORDER]


def test_an_order_known_before_the_restart_changes_nothing(
    rig: Any, rig_of: Callable[[Store], Any]
) -> None:
    topic = "seamline/v1/orders/seller-1/new"
    rig.send(topic, ORDER.encode())
    again = rig_of(rig.store)
    again.send(topic, ORDER.encode())
    assert again.orders == []
    assert again.rows("SELECT count(*) FROM orders") == [(1,)]


def test_an_order_id_belongs_to_the_seller_that_used_it_first(rig: Any) -> None:
    rig.send("seamline/v1/orders/seller-1/new", ORDER.encode())
    rig.send("seamline/v1/orders/seller-2/new", replace(ORDER, seller="seller-2").encode())
    assert rig.rows("SELECT order_id, seller FROM orders") == [("o-1", "seller-1")]
    assert rig.repeated == []  # nobody hears the promise of another
    ((topic, reason),) = rig.rejected()
    assert topic == "seamline/v1/orders/seller-2/new"
    assert "'o-1' is taken by another order" in str(reason)


# ---- faults of the store -------------------------------------------------------------------------


def test_p6_without_a_commit_there_is_no_ack_and_nothing_is_confirmed(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1]
    monkeypatch.setattr(Database, "free_mb", lambda self: free[0])
    topic = "seamline/v1/orders/seller-1/new"
    rig.pipeline.handle([rig.batch(1), rig.message(topic, ORDER.encode())])
    with pytest.raises(StoreError):
        rig.store.flush(0.1)
    assert (rig.acks, rig.confirmed, rig.orders) == ([], [], [])
    free[0] = 1_000
    rig.store.flush()
    assert (rig.upto(), rig.confirmed, rig.orders) == (1, [2], [ORDER])


def test_a_round_that_the_store_does_not_take_is_asked_for_again(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("full")

    topic = "seamline/v1/orders/seller-1/new"
    rig.take(rig.batch(1))
    rig.acks.clear()
    with monkeypatch.context() as patch:
        patch.setattr(rig.store, "submit", full)
        with pytest.raises(StoreError):
            rig.pipeline.handle([rig.batch(2), rig.message(topic, ORDER.encode())])
    rig.pipeline.send_acks()
    assert [(a.ack.upto, a.ack.resume) for a in rig.acks] == [(1, True)]
    rig.take(rig.batch(2), rig.message(topic, ORDER.encode()))
    assert rig.values() == [float(i) for i in range(20)]
    assert rig.orders == [ORDER]


def test_numbers_that_still_wait_are_not_taken_twice_after_a_refused_round(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1]
    monkeypatch.setattr(Database, "free_mb", lambda self: free[0])
    rig.pipeline.handle([rig.batch(1)])  # waits for the disk
    with monkeypatch.context() as patch:
        patch.setattr(rig.store, "submit", lambda *_, **__: (_ for _ in ()).throw(StoreError("x")))
        with pytest.raises(StoreError):
            rig.pipeline.handle([rig.batch(2)])
    rig.pipeline.handle([rig.batch(1), rig.batch(2)])  # the node resumes at the stored mark
    free[0] = 1_000
    rig.store.flush()
    assert rig.values() == [float(i) for i in range(20)]


class Faulty:
    """A connection on which one INSERT after the other fails."""

    def __init__(self, real: duckdb.DuckDBPyConnection, failures: int) -> None:
        self.real, self.failures = real, failures

    def execute(self, sql: str, *args: object) -> duckdb.DuckDBPyConnection:
        if sql.startswith("INSERT") and self.failures > 0:
            self.failures -= 1
            raise duckdb.IOException("IO Error: injected")
        return self.real.execute(sql, *args)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


def test_after_a_round_given_up_no_later_number_is_committed_without_it(
    open_store: Callable[..., Store], rig_of: Callable[[Store], Any]
) -> None:
    store = open_store(commit_ms=200)
    rig = rig_of(store)
    # Five times the three rounds together, then the first alone: then the disk works again.
    store._database.writer = Faulty(store._database.writer, 6)  # type: ignore[assignment]
    for n in (1, 2, 3):
        rig.pipeline.handle([rig.batch(n), rig.message("seamline/v1/raw/a/b/c/d", str(100 + n))])
    store.flush()
    assert store.stats.failed_groups == 3
    assert rig.rows("SELECT count(*) FROM batches") == [(0,)]
    assert (rig.upto(), rig.acks[-1].ack.resume) == (0, True)
    assert rig.confirmed == []
    assert rig.again == [2, 4, 6]  # the raw values, which no node sends again
    rig.take(*(rig.batch(n) for n in (1, 2, 3)))
    assert rig.values() == [float(i) for i in range(30)]
    assert rig.upto() == 3


def test_a_round_under_way_takes_nothing_once_the_marks_went_back(rig: Any) -> None:
    rig.take(rig.batch(1, epoch="bb"))
    handled = rig.pipeline._handlers.on_batch

    def fault(batch: object) -> None:
        handled(batch)
        if len(rig.batches) == 2:
            rig.pipeline._begin_anew()  # as the writer thread does when it gives a group up

    rig.pipeline._handlers.on_batch = fault
    rig.take(rig.batch(1, epoch="aa"), rig.batch(2, epoch="bb"))
    stored = "SELECT epoch, n FROM batches ORDER BY epoch, n"
    assert rig.rows(stored) == [("bb", 1)]
    rig.take(rig.batch(3, epoch="bb"))
    assert rig.rows(stored) == [("bb", 1)]  # no number is hidden behind a later one
    assert (rig.acks[-1].ack.epoch, rig.upto(), rig.acks[-1].ack.resume) == ("bb", 1, True)
    rig.take(rig.batch(1, epoch="aa"), rig.batch(2, epoch="bb"), rig.batch(3, epoch="bb"))
    assert rig.rows(stored) == [("aa", 1), ("bb", 1), ("bb", 2), ("bb", 3)]


def test_after_a_fatal_fault_without_loss_nothing_is_asked_for_again(rig: Any) -> None:
    rig.take(rig.batch(1))
    rig.store._database.writer.execute("CHECKPOINT")
    writer = rig.store._database.writer

    class Fatal(Faulty):
        def execute(self, sql: str, *args: object) -> duckdb.DuckDBPyConnection:
            if sql == "COMMIT" and self.failures:
                self.failures -= 1
                raise duckdb.FatalException("FATAL Error: injected")
            return self.real.execute(sql, *args)

    rig.store._database.writer = Fatal(writer, 1)
    rig.take(rig.batch(2), rig.batch(3))
    assert rig.store.stats.reopened == 1
    assert not any(a.ack.resume for a in rig.acks)
    assert rig.values() == [float(i) for i in range(30)]


def test_rows_that_the_file_lost_are_asked_for_again(rig: Any) -> None:
    rig.take(rig.batch(1), rig.batch(2))
    rig.store._database.writer.execute("DELETE FROM batches WHERE n = 2")
    rig.store._database.writer.execute("DELETE FROM readings WHERE batch_id = 2")
    rig.acks.clear()
    rig.store._writer._on_reopen()  # as after a damaged log was put aside
    rig.pipeline.send_acks()
    assert [(a.ack.upto, a.ack.resume) for a in rig.acks] == [(1, True)]
    rig.take(rig.batch(2), rig.batch(3))
    assert rig.values() == [float(i) for i in range(30)]
