"""`seamline sim run`: KPIs by their formulas, a digest without the machine's own times."""

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.contracts.events import Event
from seamline_broker.errors import ConfigError
from seamline_platform.experiments import Tally, run_scenario
from seamline_platform.streams.sums import KPIS, values
from seamline_platform.streams.windows import NodeWindows
from seamline_sim import World, foreman_for, load_scenario, run_headless
from seamline_sim.core import DAY_US

DAYS = 2.5


class SlowClock(ManualClock):
    """Every look at it costs a second."""

    def steady_s(self) -> float:
        self.advance(1000)
        return super().steady_s()


@pytest.fixture(scope="module")
def figures() -> dict[str, object]:
    return run_scenario(scenario="pi", days=DAYS, seed=1, clock=SlowClock())


@pytest.fixture(scope="module")
def direct() -> tuple[World, list[Event]]:
    """The same run without `run_scenario`; its events are read minute by minute."""
    world, events = World.create(load_scenario("pi"), 1), []
    policy = foreman_for(world)

    def read(shown: list[Event]) -> None:
        events.extend(shown)
        policy.learn(shown)

    run_headless(world, int(DAYS * DAY_US), policy, read)
    return world, events


def test_digest_is_that_of_the_world(
    figures: dict[str, object], direct: tuple[World, list[Event]]
) -> None:
    assert figures["digest"] == direct[0].digest()
    assert figures["events"] == direct[0].events_done


def test_times_of_the_machine_do_not_enter_the_digest(figures: dict[str, object]) -> None:
    again = run_scenario(scenario="pi", days=DAYS, seed=1, clock=ManualClock())
    assert figures["wall_s"] == 1.0  # a second between two looks at the clock
    assert figures["plant_time_ratio"] == DAYS * 86_400
    timing = {"wall_s", "plant_time_ratio", "visits_per_s"}
    assert {k: v for k, v in again.items() if k not in timing} == {
        k: v for k, v in figures.items() if k not in timing
    }


def test_pieces_orders_and_sales_are_those_of_the_world(
    figures: dict[str, object], direct: tuple[World, list[Event]]
) -> None:
    world, events = direct
    assert figures["pieces_sewn"] == sum(line.sewn for line in world.lines) > 1000
    assert figures["pieces_scrapped"] == sum(line.scrapped for line in world.lines)
    assert figures["wip"] == sum(line.wip for line in world.lines)
    assert figures["orders"] == sum(e.kind == "seller_order" for e in events)
    orders = list(world.orders.values())  # none has left memory yet
    assert figures["delivered"] == sum(o.state == "delivered" for o in orders)
    assert figures["replenishment_orders"] == sum(o.kind == "replenishment" for o in orders)
    assert figures["dispatched"] == sum(o.state != "received" and bool(o.site) for o in orders)
    assert figures["station_visits"] == sum(e.kind == "piece" for e in events)
    house = world.warehouses["east"]
    assert (figures["demand_pieces"], figures["sales_pieces"]) == (house.wanted, house.sales)
    assert figures["fill_rate"] == round(house.sales / house.wanted, 4)


def test_kpis_by_hand_from_the_world(
    figures: dict[str, object], direct: tuple[World, list[Event]]
) -> None:
    world, events = direct
    open_h = 9 + 4  # Saturday, and Monday until noon
    pieces = [e for e in events if e.kind == "piece"]
    apt_ms = sum(int(e.values[4]) for e in pieces)
    assert figures["availability"] == round(apt_ms / (42 * open_h * 3_600_000), 4)
    smv_ms = sum(int(e.values[5]) for e in pieces)
    assert figures["performance"] == round(smv_ms / apt_ms, 4)
    good = sum(line.sewn for line in world.lines)
    left = good + sum(line.scrapped for line in world.lines)
    assert figures["quality_ratio"] == round(good / left, 4)
    earned = sum(line.smv_done_ms for line in world.lines)
    manned = sum(ln.manned_ms + ln.operators * (world.now_us - ln.mark_us) // 1000 * ln.open
                 for ln in world.lines)  # fmt: skip
    assert figures["line_efficiency"] == pytest.approx(earned / manned, abs=1e-4)
    kwh = sum(world.observe_line(ln.node).energy_wh for ln in world.lines) / 1000
    assert figures["energy_per_piece_kwh"] == round(kwh / good, 4)


def test_headless_kpis_are_those_of_the_live_page(direct: tuple[World, list[Event]]) -> None:
    """One window as long as the run, fed with the events as columns: the platform's own way."""
    from seamline_broker.contracts.events import columns_of

    world, events = direct
    tally = Tally()
    tally.take(events)
    tally.close(world.now_ms)
    for line in world.lines:
        mine = Tally()
        own = [e for e in events if e.node == line.node]
        mine.take(e for e in own if e.kind != "order")
        mine.close(own[-1].ts_ms)
        node = NodeWindows(window_ms=1 << 42, lateness_ms=0)
        columns = columns_of(own)
        node.shifts(columns["shift"])
        node.pieces(columns["piece"])
        node.heard(own[-1].ts_ms)
        (sums,) = node.running().values()
        ours, theirs = values(mine.sums), values(sums)
        skipped = {"wip", "lead_time_h", "on_time_delivery", "energy_per_piece_kwh"}
        for name in KPIS.keys() - skipped:
            assert ours[name] == pytest.approx(theirs[name]), name
        assert theirs["oee"] is not None
    assert tally.sums.good == sum(line.sewn for line in world.lines)


def test_progress_reaches_one_and_never_falls() -> None:
    shares: list[float] = []
    run_scenario(scenario="pi", days=1, seed=1, progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) == 24  # every hour
    assert shares[-1] == 1


def test_a_run_leaves_the_collector_as_it_was_and_no_garbage_of_its_own() -> None:
    run_scenario(scenario="pi", days=0.3, seed=1)
    gc.collect()
    run_scenario(scenario="pi", days=0.5, seed=1)
    assert gc.isenabled()
    assert gc.collect() < 2_000  # the world itself makes no cycles: it has 100,000 objects


@pytest.mark.parametrize("days", [0, -1, 4_000, float("nan")])
def test_days_must_make_sense(days: float) -> None:
    with pytest.raises(ConfigError, match=r"days is .*allowed: more than 0"):
        run_scenario(scenario="pi", days=days, seed=1)


def _cli(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "seamline_platform.cli.main", "sim", "run", *arguments],
        capture_output=True, text=True, timeout=120, cwd=cwd, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    done = _cli("--scenario", "pi", "--days", "0.5", "--seed", "4", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    figures = json.loads(done.stdout)
    timing = {"wall_s", "plant_time_ratio", "visits_per_s"}
    assert timing < figures.keys()
    assert figures["digest"] == run_scenario(scenario="pi", days=0.5, seed=4)["digest"]
    assert set(KPIS) < figures.keys()


def test_a_broken_scenario_file_is_one_line_and_a_failure(tmp_path: Path) -> None:
    text = load_scenario("pi").document.replace("lines = 2", "lines = 0")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    done = _cli("--scenario", "mine.toml", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "seamline: mine.toml: plants[0].lines is 0; allowed: a whole number from 1 to 50.\n"
    )


def test_a_scenario_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    done = _cli("--scenario", "paris", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Built in: pi, demo, large" in done.stderr


@pytest.mark.slow
def test_a_month_of_demo_is_that_of_a_garment_maker() -> None:
    """Figures of the trade (sources: the calibration): outside them the world is ill."""
    figures = run_scenario(scenario="demo", days=30, seed=1)
    assert 0.40 < figures["line_efficiency"] < 0.70
    assert 0.85 < figures["on_time_delivery"] <= 1
    assert 0.90 < figures["fill_rate"] < 1
    assert 24 < figures["lead_time_h"] < 7 * 24
    assert 7 < figures["stock_days"] < 25
    # Cay 2018: .22 to .40 for a knit garment; a month of full lines lies at the lower end of it
    assert 0.20 < figures["energy_per_piece_kwh"] < 0.40
    assert 3 < figures["defects_per_hundred"] < 8
    assert 0.99 < figures["quality_ratio"] < 1
    assert 0.35 < figures["oee"] < 0.7
    assert figures["orders_waiting"] < 40
    assert figures["wip_mean"] < 63 * 12
    assert figures["breakdowns"] > 20
    assert figures["dispatched"] - figures["delivered"] < 150  # no queue grows without bound


def test_what_needs_a_whole_day_is_left_open_before_one_is_over() -> None:
    figures = run_scenario(scenario="pi", days=0.5, seed=1)
    assert figures["days"] == 0.5
    assert figures["stockout_share"] is None
