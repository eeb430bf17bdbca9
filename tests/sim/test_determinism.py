"""Equal digests, whatever way the world was run."""

import hashlib
import random
from collections.abc import Callable

import pytest

from seamline_broker.clock import WallClock
from seamline_broker.contracts.commands import check_args
from seamline_broker.contracts.events import Event
from seamline_broker.errors import ConfigError
from seamline_sim import InputLog, Replay, Scenario, World, foreman_for, prerun, run_headless
from seamline_sim.core import DAY_US, HOUR_US
from seamline_sim.drivers import give

CONTROLS: list[tuple[str, dict[str, object]]] = [
    ("burst", {"region": "", "style": "", "minutes": 120, "factor": 6.0}),
    ("break_machine", {"station": "", "minutes": 45}),
    ("rush_order", {"style": "", "pieces": 150}),
    ("speed", {"factor": 10.0, "for_s": 5.0}),
]


def _fold(digest: "hashlib._Hash") -> Callable[[list[Event]], None]:
    def take(events: list[Event]) -> None:
        for event in events:
            digest.update(repr(event).encode())

    return take


def test_two_runs_are_equal_in_state_and_in_every_event(pi: Scenario) -> None:
    digests = []
    for _ in range(2):
        world, shown = World.create(pi, seed=3), hashlib.sha256()
        run_headless(world, 3 * DAY_US, foreman_for(world), _fold(shown))
        digests.append((world.digest(), shown.hexdigest()))
    assert digests[0] == digests[1]


def test_seeds_differ(pi: Scenario) -> None:
    digests = set()
    for seed in range(3):
        world = World.create(pi, seed)
        run_headless(world, DAY_US // 2, foreman_for(world))
        digests.add(world.digest())
    assert len(digests) == 3


def test_uneven_chunks_equal_one_run(pi: Scenario) -> None:
    whole = World.create(pi, seed=4)
    run_headless(whole, 3 * DAY_US, foreman_for(whole))
    pieces = World.create(pi, seed=4)
    policy, cut = foreman_for(pieces), random.Random(4)
    while pieces.now_us < 3 * DAY_US:
        step = cut.choice((1, 777, 1_000_003, 61_000_000, 7 * HOUR_US))
        for _ in range(cut.randint(1, 5)):
            run_headless(pieces, min(pieces.now_us + step, 3 * DAY_US), policy)
    assert pieces.digest() == whole.digest()


def test_a_paced_run_that_took_commands_equals_the_replay_of_its_log(pi: Scenario) -> None:
    live = World.create(pi, seed=5)
    log, policy = InputLog(live), foreman_for(live)
    clock, given, decided = WallClock(), 0, 0
    begun_s = clock.steady_s()
    while live.now_us < 2 * DAY_US + 12 * HOUR_US:
        wall_s = clock.steady_s() - begun_s
        log.advance(max(live.now_us, int(wall_s * 400_000 * 1e6)))  # 400,000 x plant time
        if live.now_us // (HOUR_US // 2) > decided:  # whenever the wall clock happens to say so
            decided = live.now_us // (HOUR_US // 2)
            for command in policy.decide(live.view(), live.now_ms):
                args = check_args(command.name, command.args)
                log.command(command.node, command.name, args, f"p{len(log.inputs)}")
        if wall_s > 0.05 * (given + 1):
            name, args = CONTROLS[given % len(CONTROLS)]
            outcome = log.command("field/field", name, args, f"control-{given}")
            assert outcome.status == "done", outcome.reason
            given += 1
    assert given >= 2
    again = World.create(pi, seed=5)
    Replay(log.inputs).run(again)
    assert again.digest() == live.digest()
    assert [e[1:] for e in again.take_outbox()] == [e[1:] for e in live.take_outbox()]


def test_the_inputs_of_a_headless_run_replay_it(pi: Scenario) -> None:
    world, inputs = World.create(pi, seed=6), []
    run_headless(world, 2 * DAY_US + 10 * HOUR_US, foreman_for(world), inputs=inputs)
    assert len(inputs) > 20
    again = World.create(pi, seed=6)
    Replay(inputs).run(again, world.now_us)
    assert again.digest() == world.digest()


def test_a_fork_goes_on_as_its_original_and_lives_on_its_own(pi: Scenario) -> None:
    world = World.create(pi, seed=7)
    policy = foreman_for(world)
    run_headless(world, 2 * DAY_US + 10 * HOUR_US, policy)
    fork = world.fork()
    assert fork.digest() == world.digest()
    before = world.digest()
    fork.command("field/field", "break_machine", {"station": "", "minutes": 60}, "x")
    fork.step_until(fork.now_us + HOUR_US)
    assert world.digest() == before  # what the fork does is nothing to the original
    other = world.fork()
    run_headless(world, 3 * DAY_US + 12 * HOUR_US, policy)
    run_headless(other, 3 * DAY_US + 12 * HOUR_US, policy)
    assert other.digest() == world.digest()


@pytest.mark.parametrize("hour", [0, 10, 12, 17])
def test_a_restored_snapshot_goes_on_as_the_original(pi: Scenario, hour: int) -> None:
    world = World.create(pi, seed=8)
    policy = foreman_for(world)
    run_headless(world, 2 * DAY_US + hour * HOUR_US + 123_456_789, policy)
    data = world.snapshot()
    assert World.restore(data).snapshot() == data
    run_headless(world, 3 * DAY_US + 9 * HOUR_US, policy)
    restored = World.restore(data)
    assert restored.now_us == 2 * DAY_US + hour * HOUR_US + 123_456_789
    run_headless(restored, 3 * DAY_US + 9 * HOUR_US, policy)
    assert restored.digest() == world.digest()


def test_a_snapshot_keeps_a_demand_file_and_the_outbox(pi: Scenario) -> None:
    rows = [("TS01-WHT-M@east", day, 7.0) for day in range(-14, 14)]
    world = World.create(pi, seed=1, demand=rows)
    world.step_until(30 * HOUR_US)
    restored = World.restore(world.snapshot())
    restored.step_until(60 * HOUR_US)
    world.step_until(60 * HOUR_US)
    assert restored.digest() == world.digest()
    assert restored.take_outbox() == world.take_outbox()


@pytest.mark.parametrize("data", [b"", b"not a snapshot", b"\x00" * 100])
def test_bytes_that_are_no_snapshot_are_refused(data: bytes) -> None:
    with pytest.raises(ConfigError, match="snapshot"):
        World.restore(data)


def test_time_does_not_run_backwards(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    world.step_until(1000)
    with pytest.raises(ValueError, match="cannot go back"):
        world.step_until(999)


def test_looking_changes_nothing(pi: Scenario) -> None:
    world = World.create(pi, seed=9)
    run_headless(world, 2 * DAY_US + 11 * HOUR_US, foreman_for(world))
    before = world.digest()
    world.view()
    for line in world.lines:
        world.observe(line.node)
        world.observe_line(line.node)
        world.stations(line.node)
    world.any_shift_open()
    world.next_shift_start_us()
    world.fork()
    world.snapshot()
    assert world.digest() == before


def test_the_prerun_is_repeated_by_its_inputs(pi: Scenario) -> None:
    world = World.create(pi, seed=2)
    result = prerun(world, days=1, history_days=28)
    again = World.create(pi, seed=2)
    Replay(result.inputs).run(again, world.now_us)
    assert again.digest() == world.digest()
    seqs = [event.seq for event in result.events]
    assert seqs == sorted(set(seqs))


def test_one_id_is_executed_once(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    first = world.command("field/field", "rush_order", {"style": "", "pieces": 120}, "same")
    before = world.digest()
    second = world.command("field/field", "rush_order", {"style": "", "pieces": 120}, "same")
    assert (first.status, second.status) == ("done", "seen")
    assert second.reason == first.reason
    assert world.digest() == before


def test_give_carries_out_what_the_policy_decides(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    world.step_until(10 * HOUR_US)
    outcomes = give(world, foreman_for(world))
    assert outcomes
    assert {o.status for o in outcomes} == {"done"}
