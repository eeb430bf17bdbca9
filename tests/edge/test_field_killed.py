"""A field that is killed at random moments shows nothing that it takes back."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from seamline_broker.errors import ConfigError, StoreError
from seamline_edge.bus import BusClient
from seamline_edge.field.journal import Journal
from seamline_edge.field.ring import RingEvent
from seamline_sim import World, load_scenario

NODES = ["hangzhou", "east", "market", "field"]


@contextmanager
def running(folder: Path, speed: int = 20_000) -> Iterator["subprocess.Popen[bytes]"]:
    (folder / "field" / "port.json").unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "seamline_edge.field", "--run-dir", str(folder), "--scenario", "pi",
        "--seed", "3", "--no-prerun", "--speed", str(speed),
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def connected(folder: Path, eventually: Callable[..., bool]) -> BusClient:
    path = folder / "field" / "port.json"
    assert eventually(path.exists, 30.0)
    return BusClient("127.0.0.1", json.loads(path.read_text())["port"])


def read(
    bus: BusClient, seen: dict[int, list[Any]], until: int, eventually: Callable[..., bool]
) -> None:
    """Read until so many events are known; one that was seen before must be the same."""

    def look() -> bool:
        for frame in bus.receive():
            assert "lost" not in frame
            for event in frame.get("ev", ()):
                assert seen.setdefault(event[0], event) == event
        return len(seen) >= until

    assert eventually(look, 60.0)


def write(bus: BusClient, key: str, name: str, **args: object) -> dict[str, Any]:
    request = {"op": "write", "id": key, "node": "field/field", "name": name, "args": args}
    return bus.ask(request, "id", key, timeout_s=20.0)


def test_killed_at_random_it_goes_on_as_if_nothing_had_been(
    tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    draw = random.Random(5)
    seen: dict[int, list[Any]] = {}
    goal = 530  # the day before the first shift has some
    for life in range(3):
        with running(tmp_path) as process:
            bus = connected(tmp_path, eventually)
            # From the beginning each time: what was shown is compared.
            bus.send({"op": "sub", "nodes": NODES, "after_seq": 0})
            goal = max(goal, len(seen)) + draw.randrange(40, 400)
            read(bus, seen, goal, eventually)
            answer = write(bus, f"c{life}", "break_machine", station="", minutes=30)
            assert answer["status"] == "done"
            if life:
                assert write(bus, f"c{life - 1}", "break_machine", station="", minutes=30)[
                    "status"
                ] == "seen"  # fmt: skip
            goal = len(seen) + draw.randrange(20, 100)
            read(bus, seen, goal, eventually)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            bus.close()
    with running(tmp_path) as process:
        bus = connected(tmp_path, eventually)
        bus.send({"op": "sub", "nodes": NODES, "after_seq": 0})
        read(bus, seen, goal, eventually)
        write(bus, "end", "pause")
        end = bus.ask({"op": "digest"}, "digest", timeout_s=20.0)
        process.terminate()
        assert process.wait(20) == 0
        bus.close()
    world, events = replayed(tmp_path, int(end["plant_us"]))
    assert world.digest() == end["digest"]
    shown = {seq: event for seq, event in events.items() if seq in seen}
    assert shown == seen


def replayed(folder: Path, until_us: int) -> tuple[World, dict[int, list[Any]]]:
    """Do all again in a world that was never killed; returns it and the events by number."""
    world = World.create(load_scenario("pi"), 3, None)
    events: dict[int, list[Any]] = {}

    def keep() -> None:
        for e in world.take_outbox():
            events[e.seq] = json.loads(json.dumps([e.seq, e.ts_ms, e.node, e.kind, e.values]))

    keep()
    for entry in Journal(folder / "field").history():
        if entry[0] == "t":
            world.step_until(entry[1])
        elif entry[0] == "c":
            _, key, node, name, args = entry
            world.command(node, name, args, key)
        keep()
    world.step_until(until_us)
    keep()
    return world, events


def test_another_seed_is_refused_for_a_run_that_exists(
    tmp_path: Path, eventually: Callable[..., bool]
) -> None:
    with running(tmp_path) as process:
        connected(tmp_path, eventually).close()
        process.terminate()
        assert process.wait(20) == 0
    command = [sys.executable, "-m", "seamline_edge.field", "--run-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, "--scenario", "pi", "--seed", "4"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "was started with seed=3, not 4. Start with --fresh" in done.stderr


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--speed", "0"], "--speed 0 is not in 0.1 to 20000"),
        (["--sample-budget", "0"], "--sample-budget 0 is not in"),
        (["--scenario", "atlantis"], "atlantis"),
        (["--demand", "/nowhere.csv"], "/nowhere.csv"),
    ],
)
def test_a_wrong_flag_is_one_clear_line(tmp_path: Path, flags: list[str], reason: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seamline_edge.field", "--run-dir", str(tmp_path), *flags],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert reason in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def event(seq: int) -> RingEvent:
    return RingEvent(seq, "a/b", b'[%d,0,"a/b","k",[]]' % seq)


def test_a_damaged_snapshot_falls_back_to_the_one_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.save({"seq": 1}, b"world one", [event(1)], 1)
    journal.log(["t", 5])
    journal.save({"seq": 2}, b"world two", [event(2)], 1)
    journal.log(["t", 9])
    journal.close()
    newest = tmp_path / "snapshot-000002.bin"
    newest.write_bytes(newest.read_bytes()[:-3])
    restored = Journal(tmp_path).restore()
    assert restored.world == b"world one"
    assert restored.entries == [["t", 5], ["t", 9]]
    assert [e.seq for e in restored.events] == [1]


def test_a_log_whose_last_line_was_cut_loses_that_line_only(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.save({"seq": 0}, b"w", [], 1)
    journal.log(["t", 5])
    journal.log(["t", 9])
    journal.close()
    log = tmp_path / "input-000001.jsonl"
    log.write_bytes(log.read_bytes()[:-4])
    assert Journal(tmp_path).restore().entries == [["t", 5]]


def test_no_readable_snapshot_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"No snapshot in .* is readable\. Start with --fresh"):
        Journal(tmp_path).restore()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((StoreError, ConfigError), match="cannot be made"):
        Journal(tmp_path / "file" / "field")
