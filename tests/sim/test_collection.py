"""Drawn collections: attributes that explain sizes, lives that are never cut, one per seed."""

from collections import defaultdict

import pytest

from seamline_broker.errors import ConfigError
from seamline_sim import Scenario, World
from seamline_sim.collection import LEVELS, collection_of, effects, past_styles
from seamline_sim.core import DAY_US
from seamline_sim.market import Market
from seamline_sim.scenario import parse_scenario


def season(base: Scenario, styles: int = 60, days: int = 180) -> Scenario:
    return parse_scenario(f"{base.document}\n[collection]\nstyles = {styles}\ndays = {days}\n")


def test_a_collection_belongs_to_its_seed(demo: Scenario) -> None:
    scenario = season(demo)
    assert collection_of(scenario, 1) == collection_of(scenario, 1)
    assert collection_of(scenario, 1) != collection_of(scenario, 2)
    assert set(World.create(scenario, 1).catalogue.styles) == set(collection_of(scenario, 1).styles)


def test_lives_lie_within_the_season_and_a_shorter_one_drops_styles(pi: Scenario) -> None:
    long, short = (collection_of(season(pi, 200, d), 3) for d in (180, 90))
    for collection, days in ((long, 180), (short, 90)):
        lives = [(t.launch_day, t.life_days) for t in collection.traits.values() if t.fashion]
        assert lives
        assert all(56 <= life <= 98 and life % 7 == 0 for _, life in lives)
        assert all(first >= 14 and first + life <= days for first, life in lives)
    assert len(long.styles) == 200 > len(short.styles)
    assert short.styles.keys() <= long.styles.keys()
    same = [s for s, t in short.traits.items() if t.fashion]
    assert all(short.traits[s].life_days == long.traits[s].life_days for s in same)
    assert all(short.styles[s] == long.styles[s] for s in short.styles)


def test_a_style_is_wanted_in_its_life_alone(pi: Scenario) -> None:
    market = Market(season(pi), seed=5)
    style, trait = next((s, t) for s, t in market.collection.traits.items() if t.fashion)
    first, last = trait.launch_day, trait.launch_day + trait.life_days - 1
    assert [market.on_sale(style, d) for d in (first - 1, first, last, last + 1)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert market.sku_demand("east", style, first - 1) == []
    life = [market.life_permille(style, d) for d in range(first, last + 1)]
    assert sum(life) / len(life) == pytest.approx(1000, abs=2)
    stock = World.create(season(pi), 5).warehouses["east"].stock
    assert all(n == 0 for sku, n in stock.items() if sku.startswith(f"{style}-"))


def test_attributes_explain_sd_83_of_log_size_and_the_rest_is_40(demo: Scenario) -> None:
    past = past_styles(season(demo), seed=1, number=4000)
    theta = effects(1, 830)
    known = [sum(theta[a] for a in p.attributes.items()) for p in past]
    rest = [p.log_size_milli - k for p, k in zip(past, known, strict=True)]

    def sd(values: list[int]) -> float:
        mean = sum(values) / len(values)
        return (sum((x - mean) ** 2 for x in values) / len(values)) ** 0.5

    assert sd(known) == pytest.approx(830, rel=0.03)
    assert sd(rest) == pytest.approx(400, rel=0.03)
    # what a level does can be learnt: the mean of those who have it
    by_level: dict[tuple[str, str], list[int]] = defaultdict(list)
    for p in past:
        for item in p.attributes.items():
            by_level[item].append(p.log_size_milli)
    centre = sum(p.log_size_milli for p in past) / len(past)
    for item, values in by_level.items():
        error = 3.5 * 920 / len(values) ** 0.5
        assert sum(values) / len(values) - centre == pytest.approx(theta[item], abs=error)
    assert {name for name, _ in by_level} == set(LEVELS)


def test_consumers_take_their_share_of_capacity_over_the_season(demo: Scenario) -> None:
    market = Market(season(demo), seed=2)
    smv_min = sum(
        market.base_milli[r.id, s] / 1000 * market.smv_ms(s) / 60_000
        * (t.life_days / 180 if t.fashion else 1)
        for r in demo.regions for s, t in market.collection.traits.items()
    )  # fmt: skip
    net = 1 - market.consumers.net_returns_permille() / 1000
    assert smv_min * net == pytest.approx(0.53 * market.capacity_ms_per_day() / 60_000, rel=0.01)


def test_a_season_runs_from_a_snapshot_as_from_the_start(pi: Scenario) -> None:
    world = World.create(season(pi, 12), 1)
    world.step_until(DAY_US // 2)
    again = World.restore(world.snapshot())
    for w in (world, again):
        w.step_until(DAY_US + DAY_US // 2)
    assert world.digest() == again.digest()


@pytest.mark.parametrize(
    ("text", "message"),
    [("styles = 3\ndays = 90", "styles is 3; allowed: a whole number from 4 to 400"),
     ("styles = 30\ndays = 20", "days is 20; allowed: a whole number from 56 to 3650"),
     ("styles = 30\ndays = 90\nseed = 1", "collection.seed is unknown; allowed: days, styles"),
     ("days = 90", "collection.styles is missing")],
)  # fmt: skip
def test_a_broken_collection_is_named(pi: Scenario, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_scenario(f"{pi.document}\n[collection]\n{text}\n", "mine.toml")
