"""The bench: both engines run the same line, and say the same of it."""

import sys

import pytest

from seamline_broker.clock import ManualClock, WallClock
from seamline_broker.errors import PluginError
from seamline_platform.cli import bench_sim
from seamline_platform.experiments.engines import HOURS_PER_STEP, compare, measure
from seamline_platform.experiments.one_line import OneLine

pytest.importorskip("simpy", reason="SimPy is a development dependency")
from seamline_platform.experiments.simpy_line import SimpyLine


class Steps:
    """An engine that makes 100 visits an hour and takes two seconds for it."""

    def __init__(self, clock: ManualClock) -> None:
        self.visits = 0
        self._clock = clock

    def advance(self, hours: int) -> None:
        self.visits += 100 * hours
        self._clock.advance(2000 * hours)


def test_speed_by_hand() -> None:
    clock = ManualClock()
    speed, hours = measure(Steps(clock), seconds=17, now_s=clock.steady_s)
    assert (speed, hours) == (50.0, 3 * HOURS_PER_STEP)  # 8, 16, 24 seconds


@pytest.mark.parametrize("style", ["TS01", "HD01"])
def test_both_engines_make_the_same_of_a_line(style: str) -> None:
    ours = OneLine(style)
    theirs = SimpyLine(ours)
    for line in (ours, theirs):
        line.advance(6)
    sewn, simpy_sewn = ours.line.sewn, theirs.sewn
    visits, simpy_visits = ours.visits, theirs.visits
    for line in (ours, theirs):
        line.advance(24)
    assert ours.line.wip == ours.line.limit
    assert theirs.sewn - simpy_sewn == pytest.approx(ours.line.sewn - sewn, rel=0.02)
    assert theirs.visits - simpy_visits == pytest.approx(ours.visits - visits, rel=0.02)
    stops = [st.small_n for st in ours.line.stations]
    assert sum(stops) > 14
    assert sum(p.machine.small_n for p in theirs.posts) == pytest.approx(sum(stops), abs=5)


def test_the_line_never_runs_dry_and_never_stops() -> None:
    line = OneLine()
    for _ in range(30):
        line.advance(1)
        assert line.line.wip == line.line.limit
        assert line.line.open


def test_without_simpy_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "simpy", None)
    monkeypatch.delitem(sys.modules, "seamline_platform.experiments.simpy_line")
    with pytest.raises(PluginError, match=r"SimPy is not installed.*pip install 'simpy") as caught:
        compare(0.1, WallClock())
    assert "\n" not in str(caught.value)


def test_the_bench_returns_its_figures() -> None:
    said: list[str] = []
    figures = bench_sim.run(said.append, seconds=0.5, days=0.5)
    assert {"visits_per_s", "simpy_visits_per_s", "ratio", "plant_time_ratio"} < figures.keys()
    assert figures["visits_per_s"] > 0
    assert figures["pieces_per_h"] == pytest.approx(figures["simpy_pieces_per_h"], rel=0.05)
    assert len(said) == 3
