"""The duel of real seasons: the experiment's numbers, told day by day."""

from datetime import UTC, datetime

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.duel.makers import SeasonMaker, calendar_of, open_season
from seamline_platform.experiments.duel.worker import begin
from seamline_platform.experiments.season.contract import Knobs, Links, Setting
from seamline_platform.experiments.season.run import make_market, run_one

SETTING = Setting(days=60, capacity="tight")
CONNECTED = Links(True, True, True, True, True, "platform")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def test_the_calendar_has_festivals_of_both_years() -> None:
    spans = {name: (first, last) for name, first, last in calendar_of(ms("2025-06-14"), 300)}
    assert spans["618"] == (2, 4)
    assert spans["1111"][1] == 150
    assert spans["1212"] == (180, 181)
    assert spans["new_year"][0] == 247, "17 February 2026, and its eve"
    assert spans["38"] == (265, 267)
    assert [name for name, _, _ in calendar_of(ms("2025-07-01"), 60)] == []


def test_a_request_that_is_not_whole_is_named() -> None:
    with pytest.raises(ConfigError, match="not whole: 'days'"):
        begin({"seed": 1})


@pytest.mark.slow
def test_without_a_flip_a_season_ends_with_the_numbers_of_the_experiment() -> None:
    season = open_season(SETTING, 3, Links(), CONNECTED)
    duel = season.duel
    days = [duel.advance() for _ in range(SETTING.days)]
    left, right = duel.digests()
    assert left == right
    layer = make_market(SETTING, 3)
    for side, links in (("left", Links()), ("right", CONNECTED)):
        alone = run_one(SETTING, links, Knobs(), 3, layer).kpis
        last = getattr(days[-1], side)
        assert last["profit_k"] == round(alone["profit_k"], 1)
        assert last["fill_rate"] == round(alone["fill_rate"], 4)
        assert last["line_efficiency"] == round(alone["line_efficiency"], 4)
    assert days[-1].left != days[-1].right


@pytest.mark.slow
def test_a_flip_changes_its_own_side_alone() -> None:
    calm = open_season(SETTING, 3, Links(), Links()).duel
    flipped = open_season(SETTING, 3, Links(), Links()).duel
    for _ in range(30):
        assert calm.advance() == flipped.advance()
    flipped.flip("right", "close_loop", True)
    flipped.flip("right", "sense_market", True)
    pairs = [(calm.advance(), flipped.advance()) for _ in range(30)]
    assert all(one.left == other.left for one, other in pairs)
    assert any(one.right != other.right for one, other in pairs)
    assert calm.digests() == flipped.digests()


def test_a_maker_tells_launches_and_shares_are_unknown_before_the_warm_up_ends() -> None:
    maker = SeasonMaker(SETTING, Links(), make_market(SETTING, 3))
    maker.advance_day()
    kpis = maker.kpis()
    assert kpis["fill_rate"] is None
    assert kpis["profit_k"] == 0.0
    due = {style.style for style in maker.run.maker.plan.styles if style.launch == 0}
    assert {mark.name for mark in maker.take_marks() if mark.kind == "launch"} == due
    assert maker.take_marks() == []
