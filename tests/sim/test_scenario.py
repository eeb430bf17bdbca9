"""Scenarios: the three built-in ones run; a broken file is named with key, value and remedy."""

import re
import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from seamline_broker.errors import ConfigError
from seamline_sim import (
    BUILT_IN,
    CommandOutcome,
    Scenario,
    World,
    foreman_for,
    load_scenario,
    run_headless,
)
from seamline_sim.core import HOUR_US
from seamline_sim.scenario import parse_scenario

DATA = resources.files("seamline_sim") / "data"


@pytest.mark.parametrize(
    ("name", "regions", "plants", "lines", "stations"),
    [
        ("pi", 1, 1, 2, 42),
        ("demo", 3, 4, 12, 252),
        ("large", 5, 50, 600, 15_000),
        ("season", 3, 4, 8, 128),
    ],
)
def test_built_in_scenarios(
    name: str, regions: int, plants: int, lines: int, stations: int
) -> None:
    scenario = load_scenario(name)
    assert len(scenario.regions) == regions
    assert len(scenario.plants) == plants
    world = World.create(scenario, seed=1)
    assert len(world.lines) == lines
    assert sum(len(line.stations) for line in world.lines) == stations
    assert len(world.catalogue.lines) == lines
    assert len({line.node for line in world.lines}) == lines


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_scenarios_sew(name: str, kit: Callable[..., CommandOutcome]) -> None:
    world = World.create(load_scenario(name), seed=1)
    joined = [line for line in world.lines if line.joined]
    first, last = joined[0], joined[-1]
    style = next(s for s in world.catalogue.styles.values() if s.bulletin == "polo")
    for n, line in enumerate((first, last)):
        outcome = kit(world, f"K{n}", style.style, style.colours[0], {"M": 120}, line.node)
        assert outcome.status == "done"
    world.step_until(11 * HOUR_US)
    assert first.sewn > 20
    assert last.sewn > 20
    assert world.digest() == World.restore(world.snapshot()).digest()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "season"])
def test_foreman_keeps_every_scenario_busy(name: str) -> None:
    world = World.create(load_scenario(name), seed=1)
    run_headless(world, 11 * HOUR_US, foreman_for(world))
    busy = sum(line.sewn > 0 for line in world.lines)
    assert busy > 0.7 * len(world.lines)
    assert all(o.state != "received" for o in world.orders.values() if o.id.startswith("SO-B"))


def test_every_figure_has_a_source_and_a_grade() -> None:
    calibration = tomllib.loads((DATA / "calibration.toml").read_text(encoding="utf-8"))
    for section in calibration.values():
        for entry in section.values():
            assert set(entry) == {"value", "unit", "grade", "source"}
            assert entry["grade"] in ("measured", "cited", "estimate")
            assert entry["source"] or entry["grade"] == "estimate"


def test_a_figure_can_be_changed(with_figures: Callable[..., Scenario]) -> None:
    scenario = with_figures({"machines.repair_min": 40, "market.due_days": [2, 3]})
    assert scenario.figure("machines.repair_min") == 40
    assert scenario.figure_list("market.due_days") == [2, 3]


CHANGES = [
    ('name = "pi"', 'name = "a/b"', "name is 'a/b'; allowed: an id without"),
    ('name = "pi"\n', "", "name is missing; allowed: a text"),
    ("start = 2025-09-06", 'start = "tomorrow"', "start is 'tomorrow'; allowed: a date such as"),
    ("start = 2025-09-06", "start = 2025-09-06T08:00:00", "allowed: a date such as"),
    ('start = "08:00"', 'start = "8 h"', "shift.start is '8 h'; allowed: a time of day"),
    ('end = "18:00"', 'end = "25:00"', "shift.end is '25:00'; allowed: a time of day"),
    ('lunch = "12:00"', 'lunch = "19:00"', "shift.lunch is '19:00'; allowed: a time between"),
    ("lunch_min = 60", "lunch_min = 600", "shift.lunch_min is 600; allowed: a whole number from"),
    ("workdays = [0, 1", "workdays = [1, 0", "shift.workdays is [1, 0, 2, 3, 4, 5]; allowed: a"),
    ("workdays = [0, 1, 2, 3, 4, 5]", "workdays = []", "shift.workdays is []; allowed"),
    ("share_permille = 1000", "share_permille = 900", "sum to 900; allowed: 1000"),
    ("cutting_tables = 1", "cutting_tables = 0", "regions.east.cutting_tables is 0; allowed"),
    ("cutting_tables = 1", "tables = 1", "regions.east.tables is unknown; allowed: cutting_tables"),
    ('region = "east"', 'region = "north"', "plants[0].region is 'north'; allowed: east"),
    ("lines = 2", "lines = 2.5", "plants[0].lines is 2.5; allowed: a whole number from 1 to 50"),
    ("lines = 2", "lines = true", "plants[0].lines is True; allowed: a whole number"),
    ("stations = 21", "stations = 13", "plants[0].stations is 13; allowed: a whole number from 14"),
    ('id = "hangzhou"', 'id = "east"', "has the id 'east' twice; allowed: each id once"),
    ('id = "hangzhou"', 'id = "hang+zhou"', "plants[0].id is 'hang+zhou'; allowed: an id without"),
    ("mechanics = 1", "mechanics = 1\nrobots = 3", "plants[0].robots is unknown; allowed: bundle"),
    ("consumer_share_permille = 470", "consumer_share_permille = -1", "is -1; allowed: a whole"),
    ('sellers = ["seller-1", "seller-2", "seller-3", "seller-4"]', "sellers = []",
     "market.sellers is []; allowed: a list"),
    ('"seller-1"', '"seller#1"', "market.sellers: "),
    ("[shift]", "[calibration]\n\"machines.repair\" = 3\n[shift]",
     "calibration.'machines.repair' is unknown; allowed: 'section.figure'"),
    ("[shift]", "[calibration]\n\"machines.repair_min\" = -3\n[shift]",
     "calibration.'machines.repair_min' is -3; allowed: 1 whole number(s) >= 0"),
    ("[shift]", "[calibration]\n\"market.due_days\" = [1]\n[shift]",
     "is [1]; allowed: 2 whole number(s) >= 0"),
    ("[shift]", "[weather]\nrain = 1\n[shift]",
     "weather is unknown; allowed: calibration, collection, market"),
    ("[shift]", "[shift", "not readable as TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), CHANGES)
def test_a_broken_file_is_one_clear_sentence(
    pi: Scenario, tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in pi.document
    file = tmp_path / "mine.toml"
    file.write_text(pi.document.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_scenario(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("section", ["regions", "plants", "shift", "market"])
def test_a_missing_section_is_named(pi: Scenario, section: str) -> None:
    kept: list[str] = []
    skipping = False
    for line in pi.document.splitlines():
        if line.startswith("["):
            skipping = line.strip("[]").split(".")[0] == section
        if not skipping:
            kept.append(line)
    with pytest.raises(ConfigError, match=rf"f\.toml: .*{section}"):
        parse_scenario("\n".join(kept), "f.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read.*Built in: pi, demo, large"):
        load_scenario(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_scenario(tmp_path / "bytes.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_scenario(tmp_path)


def test_copies_of_a_plant_are_numbered(pi: Scenario) -> None:
    text = pi.document.replace('id = "hangzhou"', 'id = "hangzhou"\ncount = 3')
    scenario = parse_scenario(text)
    assert [p.id for p in scenario.plants] == ["hangzhou-01", "hangzhou-02", "hangzhou-03"]
