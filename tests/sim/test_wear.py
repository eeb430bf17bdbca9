"""Machines wear out by running time alone; sensors see it coming, maintenance forestalls it."""

from collections.abc import Callable
from statistics import median

import pytest

from seamline_broker.contracts.events import Event
from seamline_edge.field.sensors import StationSensors
from seamline_sim import Scenario, World, foreman_for, repair, run_headless, wear
from seamline_sim.core import DAY_US, HOUR_US, MINUTE_US

STEP_MS = 3_600_000


def lives(machine: str, count: int) -> list[wear.Life]:
    return [wear.life(1, machine, n, 250, 3000) for n in range(1, count + 1)]


def test_a_life_lasts_400_steps_in_the_mean_and_spreads_by_a_quarter() -> None:
    hours = [life.length(STEP_MS) / STEP_MS for life in lives("m", 800)]
    mean = sum(hours) / len(hours)
    spread = (sum((h - mean) ** 2 for h in hours) / len(hours)) ** 0.5
    assert mean == pytest.approx(400, rel=0.03)
    # threshold: lognormal of sd .25; Gamma process of 400 steps of shape 1/2: sqrt(2 / 400) = .07
    assert spread / mean == pytest.approx((0.254**2 + 0.07**2) ** 0.5, abs=0.03)


def test_a_machine_fails_exactly_when_its_wear_crosses_the_threshold() -> None:
    for life in lives("m", 50):
        end = life.length(STEP_MS)
        assert life.wear_at(0, STEP_MS) == 0
        assert life.wear_at(end, STEP_MS) == pytest.approx(life.threshold, abs=5)
        assert life.wear_at(end - STEP_MS, STEP_MS) < life.threshold
        steps = [life.wear_at(t, STEP_MS) for t in range(0, end, STEP_MS // 4)]
        assert steps == sorted(steps)


def test_exposure_grows_with_wear_squared_and_can_be_turned_round() -> None:
    assert wear.hazard(0, 3000) == 1000
    assert wear.hazard(500_000, 3000) == 1750
    assert wear.hazard(1_000_000, 3000) == 4000
    for life in lives("m", 20):
        end = life.length(STEP_MS)
        for run_ms in range(0, end, end // 17):
            reached = life.when(life.exposure_at(run_ms, STEP_MS), STEP_MS)
            assert reached == pytest.approx(run_ms, abs=STEP_MS // 500)
        # as long as it is new, an hour is an hour; over a life about twice that
        assert life.exposure_at(end // 50, STEP_MS) == pytest.approx(end // 50, rel=0.02)
        assert 1.3 < life.exposure_at(end, STEP_MS) / end < 5


def test_steps_scale_with_the_mean_life() -> None:
    life = wear.life(1, "m", 1, 250, 3000)
    assert life.length(2 * STEP_MS) == pytest.approx(2 * life.length(STEP_MS), abs=2)


@pytest.fixture(scope="module")
def worn(with_figures: Callable[..., Scenario]) -> Scenario:
    """Machines whose life is a tenth of the usual one, so that a run of days sees many."""
    return with_figures({"machines.hard_mtbf_h": 40, "operators.absence_permille": 0})


Sample = tuple[int, float]


def _run(scenario: Scenario, days: int) -> tuple[World, dict[str, list[Sample]], list[Event]]:
    """Run a world; return daily vibration while running, and breakdowns, by station."""
    world = World.create(scenario, seed=4)
    policy, sensors = foreman_for(world), StationSensors(4)
    seen: dict[str, list[Sample]] = {}
    events: list[Event] = []
    for hour in range(days * 24):
        run_headless(world, hour * HOUR_US + 40 * MINUTE_US, policy, events.extend)
        for line in world.lines:
            for sample in world.observe(line.node):
                if sample.state == "run":
                    value = sensors.sample(line.node, sample, world.now_ms, 24.0)[3]
                    seen.setdefault(f"{line.node}/{sample.id}", []).append((world.now_ms, value))
    return world, seen, [e for e in events if e.kind == "station"]


@pytest.mark.slow
def test_vibration_warns_days_before_most_failures_but_not_of_all(worn: Scenario) -> None:
    """An alarm at three times the vibration of a new machine of this station."""
    _, seen, events = _run(worn, 20)
    leads: list[float] = []
    failures = 0
    for name, samples in seen.items():
        node, _, station = name.rpartition("/")
        ends = [e.ts_ms for e in events
                if e.node == node and e.values[:3] == (station, "down", "breakdown")]  # fmt: skip
        for begin, end in zip([0, *ends], ends, strict=False):
            life = [(t, v) for t, v in samples if begin < t < end]
            if not begin or len(life) < 12:
                continue  # the first life of a run began before it
            failures += 1
            calm = median(v for _, v in life[:4])
            alarms = [
                t
                for i, (t, _) in enumerate(life)
                if i > 3 and median(v for _, v in life[i - 2 : i + 1]) > 3 * calm
            ]
            if alarms:
                leads.append((end - alarms[0]) / 86_400_000)
    assert failures >= 10
    assert failures // 2 < len(leads) < failures + 1
    assert 0.5 < median(leads) < 6  # machines that live ten times as long warn ten times earlier


def test_health_is_for_scorers_and_agrees_with_the_next_failure(pi: Scenario) -> None:
    world = World.create(pi, seed=3)
    line = world.lines[0]
    for truth, st in zip(world.health(line.node), line.stations, strict=True):
        assert truth.left_ms == st.hard_ms - st.run_ms > 0
        by_hand = st.machine in repair.BY_HAND
        assert (truth.threshold_ppm == 0) == by_hand
        assert truth.wear_ppm <= truth.threshold_ppm
    shown = {field for event in world.take_outbox() for field in event.values}
    assert not shown & {truth.wear_ppm for truth in world.health(line.node) if truth.wear_ppm}


def _near_failure(world: World) -> tuple[str, int]:
    line = world.lines[0]
    machines = [st for st in line.stations if st.machine not in repair.BY_HAND]
    worst = min(machines, key=lambda st: st.hard_ms - st.run_ms)
    return f"{line.id}/{worst.id}", worst.index


def test_maintenance_forestalls_the_failure_with_less_stand_still(
    with_figures: Callable[..., Scenario], kit: Callable[..., object], at: Callable[..., int]
) -> None:
    scenario = with_figures({"machines.hard_mtbf_h": 60, "machines.small_mtbf_h": 1_000_000,
                             "operators.absence_permille": 0})  # fmt: skip

    def run(maintained: bool) -> tuple[World, int]:
        world = World.create(scenario, seed=9)
        world.step_until(at(1))
        kit(world, "A", "TS01", "WHT", {"M": 3000})
        world.step_until(at(2, 9))
        path, index = _near_failure(world)
        if maintained:
            outcome = world.command("hangzhou/plant", "maintain", {"station": path}, "m1")
            assert (outcome.status, outcome.reason) == ("done", "under way")
            assert world.lines[0].stations[index].down == "maintenance"
        world.step_until(at(2, 17, 59))
        return world, index

    left, index = run(False)
    kept, _ = run(True)
    assert left.lines[0].stations[index].hard_n == 2  # it failed and was repaired, or
    assert kept.lines[0].stations[index].hard_n == 2  # it was renewed in time
    without, with_ = left.meters().all, kept.meters().all
    assert with_.maintenance == 1
    assert with_.stops["maintenance"] == 1
    assert without.repairs == with_.repairs + 1
    assert with_.stop_ms < without.stop_ms
    assert kept.health("hangzhou/line-1")[index].wear_ppm < 300_000


def test_maintenance_waits_for_a_free_mechanic_and_for_the_shift(
    ideal: Scenario, at: Callable[..., int]
) -> None:
    world = World.create(ideal, seed=1)
    world.step_until(at(0, 6))
    line = world.lines[0]
    machine = next(st for st in line.stations if st.machine == "SNL")
    args = {"station": f"line-1/{machine.id}"}
    outcome = world.command("hangzhou/plant", "maintain", args, "m1")
    assert outcome.reason == "when a mechanic is free in the shift"
    again = world.command("hangzhou/plant", "maintain", args, "m2")
    assert again.reason == "maintenance is planned or under way already"
    world.step_until(at(0, 8))
    assert machine.down == "maintenance"
    assert world.plants[0].free == 0  # the plant's only mechanic
    other = next(st for st in line.stations if st.machine == "OL")
    args = {"station": f"line-1/{other.id}"}
    assert world.command("hangzhou/plant", "maintain", args, "m3").status == "done"
    assert other.down == ""
    world.step_until(at(0, 8, 12))
    assert (machine.down, other.down) == ("", "maintenance")
    table = next(st for st in line.stations if st.machine == "MNL")
    refused = world.command("hangzhou/plant", "maintain", {"station": f"line-1/{table.id}"}, "m4")
    assert (refused.status, "work by hand (MNL)" in refused.reason) == ("refused", True)
    away = world.command("paris/plant", "maintain", args, "m5")
    assert away.reason == "paris/plant is not a plant; there are hangzhou/plant"


def test_a_worn_machine_makes_more_defects_and_a_fork_goes_on_alike(pi: Scenario) -> None:
    world = World.create(pi, seed=1)
    run_headless(world, DAY_US, foreman_for(world))
    line = world.lines[0]
    machines = [st for st in line.stations if st.machine not in repair.BY_HAND]
    by_wear = sorted(machines, key=lambda st: repair.wear_ppm(world, line, st, st.run_ms))
    assert by_wear[0].defect_limit < by_wear[-1].defect_limit
    copy = World.restore(world.snapshot())
    for twin in (world, copy):
        twin.step_until(3 * DAY_US)
    assert world.digest() == copy.digest()
