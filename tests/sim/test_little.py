"""Little's law: exactly as an identity over any window, and within 2 % over a long steady run."""

from collections.abc import Callable

import pytest

from seamline_broker.contracts.events import Event
from seamline_sim import Scenario, World, foreman_for, run_headless
from seamline_sim.core import DAY_US, HOUR_US

Sojourn = tuple[int, int]
"""Milliseconds at which a garment entered and left its line."""


def _reader(done: list[Sojourn]) -> Callable[[list[Event]], None]:
    def read(events: list[Event]) -> None:
        for event in events:
            if event.kind == "piece" and (event.values[7] or event.values[6] == "scrap"):
                done.append((int(event.values[10]), event.ts_ms))

    return read


def _area(world: World) -> int:
    return sum(ln.wip_area + ln.wip * (world.now_us - ln.wip_us) for ln in world.lines)


def _on_lines(world: World) -> list[int]:
    jobs = [st.job for ln in world.lines for st in ln.stations if st.job is not None]
    queued = [g for ln in world.lines for st in ln.stations for g in st.queue]
    return [garment.in_ms for garment in [*jobs, *queued]]


@pytest.mark.parametrize("hours", [(56, 64), (51, 75), (57, 140)])
def test_integral_of_wip_is_the_sum_of_clipped_sojourns(
    pi: Scenario, hours: tuple[int, int]
) -> None:
    world = World.create(pi, seed=2)
    done: list[Sojourn] = []
    policy, read = foreman_for(world), _reader(done)
    run_headless(world, hours[0] * HOUR_US, policy, read)
    start_ms, before = world.now_ms, _area(world)
    run_headless(world, hours[1] * HOUR_US, policy, read)
    clipped = sum(max(0, out - max(came, start_ms)) for came, out in done)
    clipped += sum(world.now_ms - max(came, start_ms) for came in _on_lines(world))
    assert clipped > 0
    assert _area(world) - before == clipped * 1000


def test_wip_is_throughput_times_lead_time_over_a_long_run(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    done: list[Sojourn] = []
    policy, read = foreman_for(world), _reader(done)
    run_headless(world, 3 * DAY_US, policy, read)
    done.clear()
    before = _area(world)
    run_headless(world, 14 * DAY_US, policy, read)
    wip = (_area(world) - before) / (11 * DAY_US)
    throughput_per_ms = len(done) / (11 * DAY_US / 1000)
    lead_ms = sum(out - came for came, out in done) / len(done)
    assert len(done) > 8_000
    assert wip == pytest.approx(throughput_per_ms * lead_ms, rel=0.02)


def test_little_holds_on_a_full_line_by_hand(ideal: Scenario, kit: Callable[..., object]) -> None:
    # 63 hangers on a line with a takt of .324 min: a garment takes 63 x .324 = 20.4 minutes
    world = World.create(ideal, seed=1)
    world.step_until(36 * HOUR_US)
    kit(world, "A", "TS01", "WHT", {"M": 4000})
    done: list[Sojourn] = []
    world.step_until((48 + 10) * HOUR_US)
    world.outbox.clear()
    world.step_until((48 + 12) * HOUR_US)
    _reader(done)(world.take_outbox())
    assert world.lines[0].wip == 63
    mean_min = sum(out - came for came, out in done) / len(done) / 60_000
    assert mean_min == pytest.approx(63 * 0.324, rel=0.02)
