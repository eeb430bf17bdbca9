"""A duel and its session: flips count between days, for their side alone, and all is told."""

import queue
from collections.abc import Mapping
from typing import Any

import pytest

from seamline_broker.clock import ManualClock
from seamline_broker.errors import ConfigError
from seamline_platform.experiments.duel.duel import Duel, Kpis, Mark, switched
from seamline_platform.experiments.duel.pace import Pace
from seamline_platform.experiments.duel.session import Inbox, Session, run
from seamline_platform.experiments.season.contract import Links


class Steady:
    """A maker that earns a yuan a day, and ten with a closed loop."""

    def __init__(self, links: Links) -> None:
        self.links, self.day, self.profit = links, 0, 0
        self.marks: list[Mark] = []

    def set_links(self, links: Links) -> None:
        self.links = links

    def advance_day(self) -> None:
        self.profit += 10 if self.links.close_loop else 1
        if self.day == 1:
            self.marks.append(Mark(1, "both", "launch", "S1"))
        if self.day == 2 and not self.links.elastic:
            self.marks.append(Mark(2, "both", "stockout", "S1"))
        self.day += 1

    def kpis(self) -> Kpis:
        return {"profit_k": self.profit}

    def take_marks(self) -> list[Mark]:
        marks, self.marks = self.marks, []
        return marks

    def exogenous_digest(self) -> str:
        return f"met-{self.day}"


def duel(days: int = 5) -> Duel:
    left, right = Links(), Links(elastic=True)
    makers = {"left": Steady(left), "right": Steady(right)}
    return Duel(makers, {"left": left, "right": right}, days)


def profits(made: Duel) -> list[tuple[Any, Any]]:
    days = [made.advance() for _ in range(made.days - made.day)]
    return [(day.left["profit_k"], day.right["profit_k"]) for day in days]


def test_a_flip_changes_its_own_side_from_the_next_day_on() -> None:
    assert profits(duel()) == [(n, n) for n in range(1, 6)]
    made = duel()
    made.advance()
    made.advance()
    assert made.flip("right", "close_loop", True) == Mark(2, "right", "switch", "close_loop", "on")
    assert profits(made) == [(3, 12), (4, 22), (5, 32)]
    assert made.links == {"left": Links(), "right": Links(elastic=True, close_loop=True)}


def test_a_flip_to_what_stands_already_is_none() -> None:
    made = duel()
    assert made.flip("right", "elastic", True) is None
    assert made.flip("left", "scope", "line") is None
    assert made.flip("left", "scope", "region") == Mark(0, "left", "switch", "scope", "region")


def test_what_happens_to_both_is_told_once() -> None:
    made = duel()
    assert [made.advance().marks for _ in range(3)] == [
        (), (Mark(1, "both", "launch", "S1"),), (Mark(2, "left", "stockout", "S1"),),
    ]  # fmt: skip


def test_a_season_that_is_over_does_not_go_on() -> None:
    made = duel(1)
    made.advance()
    assert made.over
    with pytest.raises(ValueError, match="season of 1 days is over"):
        made.advance()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("telepathy", True, "no switch 'telepathy'.*sense_market.*scope"),
        ("elastic", "yes", "elastic is 'yes'; allowed: true, false"),
        ("scope", True, "scope is True; allowed: line, plant, region, platform"),
        ("scope", "galaxy", "scope is 'galaxy'; allowed"),
    ],
)
def test_an_unknown_switch_is_named_with_those_that_exist(
    name: str, value: object, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        switched(Links(), name, value)


# ---- the session ---------------------------------------------------------------------------------


def session(days: int, clock: ManualClock) -> tuple[Session, list[Mapping[str, Any]]]:
    said: list[Mapping[str, Any]] = []
    return Session(duel(days), Pace(2.0), clock, said.append), said


def test_days_are_told_when_they_are_due() -> None:
    clock = ManualClock()
    one, said = session(8, clock)
    assert one.wait_s() == 0
    one.live_a_day()
    assert said == [{"t": "day", "day": 0, "left": {"profit_k": 1}, "right": {"profit_k": 1},
                     "reached_days_per_s": None}]  # fmt: skip
    assert one.wait_s() == pytest.approx(0.5)
    clock.advance(500)
    one.live_a_day()
    assert said[1]["t"] == "mark"
    assert said[2]["reached_days_per_s"] == 2.0


def test_orders_are_obeyed_between_days_and_nonsense_is_answered() -> None:
    clock = ManualClock()
    one, said = session(8, clock)
    one.obey({"op": "switch", "side": "left", "name": "close_loop", "value": True})
    assert said.pop() == {
        "t": "mark", "day": 0, "side": "left", "kind": "switch", "name": "close_loop",
        "value": "on",
    }  # fmt: skip
    one.obey({"op": "pace", "paused": True})
    assert one.wait_s() is None
    one.obey({"op": "pace", "paused": False, "days_per_s": 5.0})
    assert one.wait_s() == 0
    assert said == []
    for wrong in (
        {"op": "dance"}, {"op": "switch", "side": "middle", "name": "elastic", "value": True},
        {"op": "switch", "side": "left", "name": "elastic", "value": 3},
        {"op": "pace", "days_per_s": 500.0},
    ):  # fmt: skip
        one.obey(wrong)
        assert said.pop()["t"] == "refused"


def test_a_run_tells_digests_each_week_and_its_end() -> None:
    class Fast(ManualClock):
        def steady_s(self) -> float:
            self.advance(1_000)
            return super().steady_s()

    one, said = session(9, Fast())
    run(one, queue.Queue())
    assert [doc["day"] for doc in said if doc["t"] == "day"] == list(range(9))
    assert [doc["left"] for doc in said if doc["t"] == "digests"] == ["met-7", "met-9"]
    assert all(doc["left"] == doc["right"] for doc in said if doc["t"] == "digests")
    assert said[-1] == {"t": "done"}


@pytest.mark.parametrize("last", [None, {"op": "stop"}])
def test_a_run_ends_when_it_is_told_or_its_input_ends(last: Mapping[str, Any] | None) -> None:
    one, said = session(9, ManualClock())
    inbox: Inbox = queue.Queue()
    inbox.put({"op": "pace", "paused": True})
    inbox.put(last)
    run(one, inbox)
    assert said == []
