"""The field bus: cursors, a ring that overflows, refusals, and readers that take nothing."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.clock import WallClock
from seamline_broker.contracts.batch import QUALITY_GAP, QUALITY_GOOD
from seamline_broker.errors import BrokerError, DriverError
from seamline_edge.bus import BusClient
from seamline_edge.drivers import Intake
from seamline_edge.drivers.field import FieldDriver
from seamline_edge.field.command_line import FieldLoop
from seamline_edge.field.journal import Journal
from seamline_edge.field.pace import Pacer, PaceState
from seamline_edge.field.plant import RunningPlant
from seamline_edge.field.ring import Ring, RingEvent
from seamline_edge.field.server import BusServer
from seamline_sim import World, load_scenario

HOUR_US = 3_600_000_000


class Field:
    """A field of two lines in a thread, from 8:00 on, an hour of plant time per second."""

    def __init__(self, folder: Path) -> None:
        clock = WallClock()
        scenario = load_scenario("pi")
        world = World.create(scenario, 1, None)
        world.step_until(8 * HOUR_US)
        journal = Journal(folder)
        self.plant = RunningPlant(
            world, journal, Pacer(PaceState(3_600.0)), scenario.sellers, 1, 500.0, clock.steady_s
        )
        self.plant.begin(world.take_outbox())
        journal.begin({"run": "r1"})
        self.server = BusServer(self.plant, "r1", "127.0.0.1", 0, clock.steady_s, clock.wall_ms)
        self.loop = FieldLoop(self.plant, self.server, clock)
        self.thread = threading.Thread(target=self.loop.run, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.stop()
            self.thread.join(10)
        else:
            self.plant.journal.close()
            self.server.close()
        assert not self.thread.is_alive()


@pytest.fixture
def field(tmp_path: Path) -> Iterator[Field]:
    made = Field(tmp_path)
    yield made
    made.stop()


class Reader:
    """Reads frames; ends with the test."""

    def __init__(self, port: int) -> None:
        self.bus = BusClient("127.0.0.1", port)
        self.frames: list[dict[str, Any]] = []

    def more(self) -> None:
        self.frames.extend(self.bus.receive())

    @property
    def events(self) -> list[list[Any]]:
        return [event for frame in self.frames for event in frame.get("ev", ())]


@pytest.fixture
def connect(field: Field) -> Iterator[Callable[[], Reader]]:
    made: list[Reader] = []

    def make() -> Reader:
        made.append(Reader(field.server.port))
        return made[-1]

    yield make
    for reader in made:
        reader.bus.close()


def until(reader: Reader, condition: Callable[[], object], eventually: Callable[..., bool]) -> None:
    def look() -> object:
        reader.more()
        return condition()

    assert eventually(look, 20.0)


def test_hello_describes_every_node(field: Field, connect: Callable[[], Reader]) -> None:
    field.start()
    hello = connect().bus.ask({"op": "hello"}, "hello")["hello"]
    kinds = {node["node"]: node["kind"] for node in hello["nodes"]}
    assert kinds["hangzhou/line-1"] == "line"
    assert kinds["field/field"] == "field"
    line = next(n for n in hello["nodes"] if n["node"] == "hangzhou/line-1")
    assert line["commands"] == ["sequence", "rebalance", "join", "leave"]
    assert {m["name"] for m in line["devices"][1]["metrics"]} == {
        "stitches", "rpm", "current_a", "vibration_mm_s", "temperature_c",
    }  # fmt: skip
    assert hello["run"] == "r1"
    assert hello["catalogue"]


def test_a_cursor_gets_each_later_event_once(
    field: Field, connect: Callable[[], Reader], eventually: Callable[..., bool]
) -> None:
    field.start()
    first = connect()
    nodes = ["hangzhou", "east/warehouse", "market"]
    first.bus.send({"op": "sub", "nodes": nodes, "after_seq": 0})
    until(first, lambda: len(first.events) > 60, eventually)
    seqs = [event[0] for event in first.events]
    assert seqs == sorted(set(seqs))
    second = connect()
    second.bus.send({"op": "sub", "nodes": nodes, "after_seq": seqs[29]})
    until(second, lambda: len(second.events) > 30, eventually)
    assert second.events[:30] == first.events[30:60]


def test_only_the_nodes_that_were_asked_for(
    field: Field, connect: Callable[[], Reader], eventually: Callable[..., bool]
) -> None:
    field.start()
    reader = connect()
    wanted = ["hangzhou/line-2", "market/seller-1"]
    reader.bus.send({"op": "sub", "nodes": wanted, "after_seq": 0})
    until(reader, lambda: len(reader.events) > 2, eventually)
    assert {event[2] for event in reader.events} <= set(wanted)
    assert {event.node for event in field.plant.ring.since(0)} > set(wanted[1:])
    until(reader, lambda: any(f.get("s") for f in reader.frames), eventually)
    assert {node for f in reader.frames for node, _ in f.get("s", ())} == {"hangzhou/line-2"}


def test_a_ring_that_overflowed_says_what_is_lost() -> None:
    ring = Ring(capacity=100)
    ring.extend(RingEvent(n, "a/b", b"[%d]" % n) for n in range(1, 127))
    assert len(ring) == 100
    assert (ring.dropped_upto, ring.first_seq, ring.head) == (26, 27, 126)
    assert ring.lost(10) == (11, 26)
    assert ring.lost(26) is None
    assert ring.read(26, {"a/b"}, 2) == ([b"[27]", b"[28]"], 28)
    assert ring.read(26, {"x/y"}, 2) == ([], 126)
    assert ring.behind(120) == 6


def test_a_gateway_that_lost_events_marks_the_gap_in_its_samples(
    field: Field, eventually: Callable[..., bool]
) -> None:
    field.plant.ring.dropped_upto = 40  # as after an overflow
    field.start()
    driver = FieldDriver({"host": "127.0.0.1", "port": str(field.server.port)})
    driver.open(["hangzhou/line-1"], lambda _source: 0)
    seen = Intake()

    def poll() -> bool:
        intake = driver.poll(0.0, 0)
        seen.blocks.extend(intake.blocks)
        seen.events.extend(intake.events)
        return len(seen.blocks) >= 4

    assert eventually(poll, 20.0)
    driver.close()
    assert min((e.seq for e in seen.events), default=41) > 40
    marked = [b for b in seen.blocks if b.quality == QUALITY_GAP]
    # All samples of the first moment, and none later.
    assert marked
    assert {b.ts_ms for b in marked} == {seen.blocks[0].ts_ms}
    assert all(b.quality == QUALITY_GOOD for b in seen.blocks if b.ts_ms > seen.blocks[0].ts_ms)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "Not understood"),
        (b"[]", "Not understood"),
        (b'{"op":"open"}', "known: hello, sub, write, digest"),
        (b'{"op":5}', "known: hello, sub, write, digest"),
        (b'{"op":"sub"}', "nodes"),
        (b'{"op":"sub","nodes":[],"after_seq":"x"}', "Not understood"),
        (b'{"op":"write","id":"1"}', "node"),
        (b'{"op":"write","id":"1","node":"a/b","name":"pause","args":7}', "Not understood"),
        (b"[" * 50_000, "Not understood"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_an_error(
    field: Field, connect: Callable[[], Reader], line: bytes, reason: str
) -> None:
    field.start()
    reader = connect()
    reader.bus._socket.sendall(line + b"\n")
    answer = reader.bus.ask({"op": "hello"}, "hello")
    assert answer["hello"]["run"] == "r1"  # the connection goes on
    (error,) = [f["error"] for f in reader.bus._kept]
    assert reason in error


@pytest.mark.parametrize(
    ("node", "name", "args", "reason"),
    [
        ("hangzhou/line-9", "sequence", {"orders": []}, "'hangzhou/line-9' is unknown"),
        ("hangzhou/line-1", "pause", {}, "'pause' is for a field; hangzhou/line-1 is a line"),
        ("field/field", "speed", {"factor": 0}, "factor"),
        ("field/field", "selfdestruct", {}, "selfdestruct"),
    ],
)
def test_a_write_that_may_not_be_is_refused_with_a_reason(
    field: Field, connect: Callable[[], Reader], node: str, name: str, args: object, reason: str
) -> None:
    field.start()
    request = {"op": "write", "id": "w", "node": node, "name": name, "args": args}
    answer = connect().bus.ask(request, "id", "w")
    assert answer["status"] == "refused"
    assert reason in answer["reason"]


def test_a_write_is_done_once_and_an_expired_one_not_at_all(
    field: Field, connect: Callable[[], Reader]
) -> None:
    field.start()
    bus = connect().bus
    request = {"op": "write", "node": "field/field", "name": "pause", "args": {}}
    assert bus.ask(request | {"id": "a"}, "id", "a")["status"] == "done"
    assert bus.ask(request | {"id": "a"}, "id", "a")["status"] == "seen"
    late = bus.ask(request | {"id": "b", "expires_ms": 1}, "id", "b")
    assert (late["status"], late["reason"]) == ("expired", "the command came after its expiry")
    # An answer given before is given again, even when the repetition comes late.
    assert bus.ask(request | {"id": "a", "expires_ms": 1}, "id", "a")["status"] == "seen"


def test_a_line_without_end_costs_the_connection_and_nothing_else(
    field: Field, connect: Callable[[], Reader], eventually: Callable[..., bool]
) -> None:
    field.start()
    with socket.create_connection(("127.0.0.1", field.server.port)) as bad:
        bad.settimeout(10)
        with pytest.raises(OSError, match="reset|pipe|abort"):  # noqa: PT012, RUF043
            while True:
                bad.sendall(b"x" * 65_536)
                eventually(lambda: True)
    assert connect().bus.ask({"op": "hello"}, "hello")


def test_a_port_that_is_taken_is_one_clear_sentence(field: Field) -> None:
    with pytest.raises(BrokerError, match=r"cannot listen on 127\.0\.0\.1:\d+: .* --port"):
        BusServer(field.plant, "r", "127.0.0.1", field.server.port, lambda: 0.0, lambda: 0)


def test_a_field_that_is_not_there_is_one_clear_sentence() -> None:
    with pytest.raises(DriverError, match=r"Field 127\.0\.0\.1:1 cannot be reached"):
        BusClient("127.0.0.1", 1)


def test_frames_are_json_lines(field: Field) -> None:
    field.start()
    with socket.create_connection(("127.0.0.1", field.server.port)) as raw:
        raw.sendall(b'{"op":"digest"}\n')
        answer = json.loads(raw.makefile("rb").readline())
    assert set(answer) == {"digest", "plant_us"}
