"""A small season, whole: equal twice, equal chance for every policy, no truth for any of them."""

from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.season import (
    KPI_NAMES,
    ExogenousLayer,
    Knobs,
    Links,
    Outcome,
    Practices,
    SeasonRun,
    Setting,
    make_market,
    run_one,
)

SMALL = """
name = "small"
title = "Two plants"
start = 2025-06-14
[shift]
start = "08:00"
end = "18:00"
lunch = "12:00"
lunch_min = 60
workdays = [0, 1, 2, 3, 4, 5]
[regions.east]
share_permille = 600
cutting_tables = 1
[regions.west]
share_permille = 400
cutting_tables = 1
[[plants]]
id = "hangzhou"
region = "east"
lines = 1
stations = 14
mechanics = 1
cost_fen_per_smv_min = 60
[[plants]]
id = "chengdu"
region = "west"
lines = 2
joined = 1
stations = 14
mechanics = 1
cost_fen_per_smv_min = 50
[market]
consumer_share_permille = 500
seller_share_permille = 60
sellers = ["seller-1"]
[collection]
styles = 24
days = 60
[calibration]
"supply.auto_reorder" = 0
"market.due_days" = [20, 40]
"market.backlog_days" = 0
"warehouse.opening_days" = [20, 35]
"""
FULL = Links(True, True, True, True, True, "platform")


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    path: Path = tmp_path_factory.mktemp("scenario") / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return Setting(days=60, scenario=str(path))


@pytest.fixture(scope="module")
def layer(setting: Setting) -> ExogenousLayer:
    return make_market(setting, 3)


@pytest.fixture(scope="module")
def baseline(setting: Setting, layer: ExogenousLayer) -> Outcome:
    return run_one(setting, Links(), Knobs(), 3, layer)


def test_a_season_gives_every_kpi_and_equal_ones_twice(setting, layer, baseline):
    assert set(baseline.kpis) == set(KPI_NAMES)
    assert 0.2 < baseline.kpis["fill_rate"] <= 1
    assert baseline.kpis["revenue_k"] > 0
    again = run_one(setting, Links(), Knobs(), 3)
    assert again.world_digest == baseline.world_digest
    assert again.kpis == baseline.kpis
    assert again.exogenous_digest == baseline.exogenous_digest


def test_all_policies_meet_the_same_chance_and_make_different_things_of_it(
    setting, layer, baseline
):
    full = run_one(setting, FULL, Knobs(), 3, layer)
    manual = run_one(setting, Practices(), Knobs(), 3)
    digests = {baseline.exogenous_digest, full.exogenous_digest, manual.exogenous_digest}
    assert len(digests) == 1
    assert len({o.world_digest for o in (baseline, full, manual)}) == 3
    assert make_market(setting, 4).digest not in digests


class _Sealed:
    """A world that nobody may look at while a decision is made."""

    def __init__(self, world):
        self.world, self.shut = world, False

    def __getattr__(self, name):
        if self.shut:
            raise AssertionError(f"a policy read {name} of the world")
        return getattr(self.world, name)


def test_no_policy_reads_the_world(setting, layer):
    run = SeasonRun(setting, FULL, Knobs(), layer)
    run.world = sealed = _Sealed(run.world)
    planner = run.planner
    looked = {"n": 0}

    class Watched:
        def __getattr__(self, name):
            value = getattr(planner, name)
            if name not in ("morning", "shift_start", "evening", "told"):
                return value

            def decide(*args):
                looked["n"] += 1
                sealed.shut = True
                try:
                    return value(*args)
                finally:
                    sealed.shut = False

            return decide

    run.planner = Watched()
    for _ in range(4):
        run.advance_day()
    assert looked["n"] >= 12


def test_links_can_change_while_a_season_runs(setting, layer):
    run = SeasonRun(setting, Links(), Knobs(), layer)
    for _ in range(10):
        run.advance_day()
    assert not run.lens.sight.sales
    book = run.planner.book
    run.set_links(FULL)
    before = book.level.copy()
    for _ in range(3):
        run.advance_day()
    assert run.planner.book is book
    assert (book.level != before).any()


def test_a_market_of_another_seed_or_setting_is_refused(setting, layer):
    with pytest.raises(ConfigError, match="seed 3"):
        run_one(setting, Links(), Knobs(), 4, layer)


def test_unknown_hardware_is_named(setting):
    broken = Setting(days=60, scenario=setting.scenario, hardware={"machines.speed": 500})
    with pytest.raises(ConfigError, match=r"machines\.speed"):
        make_market(broken, 1)


def test_a_scenario_without_a_collection_is_refused():
    with pytest.raises(ConfigError, match="collection"):
        make_market(Setting(days=60, scenario="pi"), 1)
