"""Energy and carbon dioxide: by hand, and in the published band over a run."""

from datetime import UTC, datetime

import pytest

from seamline_sim import Scenario, World, energy, foreman_for, run_headless
from seamline_sim.core import DAY_US


def test_grid_factors_are_the_published_ones(pi: Scenario) -> None:
    assert energy.grid_mg_per_kwh(pi.figures, "E", 2022) == 561_700
    assert energy.grid_mg_per_kwh(pi.figures, "SW", 2023) == 247_200
    assert energy.grid_mg_per_kwh(pi.figures, "S", 2025) == 404_200
    # 10 kWh at .55 kg and 2 kWh of gas at .202 kg
    assert energy.co2_mg(10 * 3_600_000_000, 550_000, 2000, 202_000) == 5_904_000


@pytest.mark.parametrize("date", [(2022, 12, 31), (2023, 1, 1), (2024, 2, 29), (2025, 12, 31)])
def test_the_year_of_a_time(date: tuple[int, int, int]) -> None:
    ms = int(datetime(*date, 23, tzinfo=UTC).timestamp() * 1000)
    assert energy.year_of(ms) == date[0]


def test_a_garment_takes_what_is_published(pi: Scenario) -> None:
    """Cay 2018, knit garments from dyed fabric: .22 to .40 kWh and .09 to .17 kg CO2."""
    world = World.create(pi, seed=1)
    run_headless(world, 7 * DAY_US, foreman_for(world))
    meters = world.meters().all
    assert 0.22 < sum(meters.energy_wh.values()) / 1000 / meters.good < 0.40
    assert 0.09 < meters.co2_g / 1000 / meters.good < 0.17
    assert 2.0 < 100 * meters.defects / meters.inspected < 8.0
    assert 0 < meters.slipped < meters.good // 50
    assert meters.smv_good_ms < meters.running_ms < meters.planned_ms <= meters.labour_ms
    assert 0 <= meters.good - meters.finished < 200
