"""Seasons: tokens of several garments give the same world as single garments, only faster."""

import hashlib
import random
from collections.abc import Callable

import pytest

from seamline_broker.contracts.events import Event
from seamline_sim import Replay, Scenario, World, foreman_for, run_headless
from seamline_sim.core import DAY_US, HOUR_US, MINUTE_US
from seamline_sim.state import Line
from seamline_sim.tables import any_defect, defects, means
from seamline_sim.tokens import AWAY_MS, TOKEN_PIECES, clock_ms, on_line


def season(scenario: Scenario, seed: int = 1) -> World:
    return World.create(scenario, seed, resolution="bundle")


def check_line(world: World, line: Line) -> None:
    tokens = on_line(line)
    assert len({token.number for token in tokens}) == len(tokens)
    assert sum(token.hung for token in tokens) == line.wip
    assert line.wip == line.entered - line.sewn - line.scrapped
    assert all(1 <= token.n <= line.token_pieces for token in tokens)
    assert all(token.hung == token.n for token in tokens if token not in line.tail)
    for order_id in line.sewing:
        order = world.orders[order_id]
        held = sum(token.n for token in tokens if token.order is order)
        assert order.loaded == held + order.sewn + order.scrapped
    now_ms = clock_ms(world, line)
    assert all(due >= now_ms for due, _, _ in line.heap)
    for st in line.stations:
        assert line.open is False or (line.free[st.index] >= AWAY_MS) == (
            bool(st.down) or not st.manned
        )


def test_everything_is_somewhere_at_every_quarter_of_an_hour(pi: Scenario) -> None:
    world = season(pi)
    policy = foreman_for(world)
    for quarter in range(1, 4 * 24 * 5):
        run_headless(world, quarter * 15 * MINUTE_US, policy)
        for line in world.lines:
            check_line(world, line)
    assert sum(line.sewn for line in world.lines) > 3000
    assert sum(line.scrapped for line in world.lines) > 5


def test_integral_of_wip_is_the_sum_of_sojourns(pi: Scenario) -> None:
    world = season(pi, seed=2)
    run_headless(world, 5 * DAY_US + 11 * HOUR_US, foreman_for(world))
    for line in world.lines:
        present = sum(token.hung * world.now_ms - token.in_ms for token in on_line(line))
        area = line.wip_area + line.wip * (world.now_us - line.wip_us)
        assert area == 1000 * (line.sojourn_ms + present) > 0


def _fold(digest: "hashlib._Hash") -> Callable[[list[Event]], None]:
    def take(events: list[Event]) -> None:
        for event in events:
            digest.update(repr(event).encode())

    return take


@pytest.mark.parametrize("seed", [3, 4])
def test_uneven_chunks_equal_one_run(demo: Scenario, seed: int) -> None:
    end = 3 * DAY_US + 12 * HOUR_US
    whole, shown = season(demo, seed), hashlib.sha256()
    run_headless(whole, end, foreman_for(whole), _fold(shown), every_us=HOUR_US)
    parts, again = season(demo, seed), hashlib.sha256()
    policy, cut = foreman_for(parts), random.Random(seed)
    while parts.now_us < end:
        step = cut.choice((777, 1_000_003, 61_000_000, 5 * HOUR_US))
        for _ in range(cut.randint(1, 40)):
            until = min(parts.now_us + step, end)
            run_headless(parts, until, policy, _fold(again), every_us=HOUR_US)
    assert parts.digest() == whole.digest()
    assert again.hexdigest() == shown.hexdigest()


def test_events_come_in_the_order_of_time_and_none_tells_of_single_garments(
    demo: Scenario,
) -> None:
    world, seen = season(demo), []
    run_headless(world, 3 * DAY_US, foreman_for(world), seen.extend)
    assert [e.seq for e in seen] == sorted({e.seq for e in seen})
    assert [e.ts_ms for e in seen] == sorted(e.ts_ms for e in seen)
    kinds = {e.kind for e in seen}
    assert kinds >= {"order", "seller_order", "shift", "sale_day", "stock", "cloth"}
    assert not kinds & {"piece", "station", "qc", "andon", "sale"}


@pytest.mark.parametrize("hour", [0, 10, 12, 17])
def test_a_restored_snapshot_and_a_fork_go_on_as_the_original(pi: Scenario, hour: int) -> None:
    world = season(pi, seed=8)
    policy = foreman_for(world)
    run_headless(world, 2 * DAY_US + hour * HOUR_US + 123_456_789, policy)
    data = world.snapshot()
    restored, fork = World.restore(data), world.fork()
    assert restored.resolution == "bundle"
    assert restored.snapshot() == data
    for other in (world, restored, fork):
        run_headless(other, 3 * DAY_US + 9 * HOUR_US, policy)
    assert restored.digest() == fork.digest() == world.digest()


def test_the_inputs_of_a_season_replay_it(pi: Scenario) -> None:
    world, inputs = season(pi, seed=6), []
    run_headless(world, 3 * DAY_US, foreman_for(world), inputs=inputs)
    world.command("field/field", "break_machine", {"station": "", "minutes": 60}, "x")
    again = season(pi, seed=6)
    Replay(inputs).run(again, world.now_us)
    again.command("field/field", "break_machine", {"station": "", "minutes": 60}, "x")
    for one in (world, again):
        one.step_until(4 * DAY_US)
    assert again.digest() == world.digest()


def test_the_resolution_must_be_known(pi: Scenario) -> None:
    with pytest.raises(ValueError, match="allowed: piece, bundle"):
        World.create(pi, 1, resolution="crowd")  # type: ignore[arg-type]


def test_defects_of_a_token_are_binomial_in_whole_numbers() -> None:
    quarter, all_draws = 16_384, 1 << 32
    one, two = all_draws * 7 // 16, all_draws // 16  # of two garments at least one, both
    assert any_defect(2, quarter) == one
    assert [defects(draw, 2, quarter) for draw in (0, two - 1, two, one - 1, one)] == [
        2,
        2,
        1,
        1,
        0,
    ]
    assert any_defect(3, 0) == defects(0, 3, 0) == 0
    draws = [all_draws * (2 * i + 1) // 8192 for i in range(4096)]
    mean = sum(defects(draw, 20, 300) for draw in draws) / len(draws)
    assert mean == pytest.approx(20 * 300 / 65_536, rel=0.02)


def test_the_mean_of_n_times_has_the_spread_of_one_over_the_root_of_n() -> None:
    tables = means(200)
    for n in (1, 4, TOKEN_PIECES):
        mean = sum(tables[n]) / 1024
        spread = (sum((x - mean) ** 2 for x in tables[n]) / 1024) ** 0.5 / mean
        assert mean == pytest.approx(1024, rel=0.01)
        assert spread == pytest.approx(0.2 / n**0.5, rel=0.05)
