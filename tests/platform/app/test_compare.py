"""The comparison as the platform keeps it: a child on demand, told to the hub, ended with it."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from seamline_broker.clock import ManualClock
from seamline_platform.api.compare_models import ComparePace, CompareStart, CompareSwitch
from seamline_platform.api.hub import Client, Hub
from seamline_platform.api.problems import RequestError
from seamline_platform.app.compare import Comparison

# Speaks as the worker does: a day for each order it gets, and the order itself as a mark.
CHILD = """
import json, sys
def say(**doc): print(json.dumps(doc), flush=True)
ask = json.loads(sys.stdin.readline())
if ask["seed"] == 13:
    sys.exit("Scenario 'season' cannot be read: no such file.")
say(t="began", start_ms=86_400_000, days=ask["days"],
    calendar=[{"name": "1111", "first": 3, "last": 4}])
kpis = {k: 0 for k in ("profit_k", "revenue_k", "sold_pieces", "stock_pieces", "wip_pieces",
    "orders_late")} | {k: None for k in ("fill_rate", "on_time_delivery", "line_efficiency",
    "lead_time_d", "co2_kg_per_piece")}
day = 0
for line in sys.stdin:
    order = json.loads(line)
    if order["op"] == "switch":
        say(t="mark", day=day, side=order["side"], kind="switch", name=order["name"], value="on")
    say(t="day", day=day, left=kpis, right={**kpis, "profit_k": 3.5}, reached_days_per_s=1.5)
    say(t="digests", left="same", right="same")
    day += 1
    if day == 3:
        say(t="done")
        break
"""


class Page:
    """The hub, and one page that looks at it."""

    def __init__(self) -> None:
        self.hub = Hub(ManualClock(), "e1")
        self.client: Client = self.hub.connect(lambda: None)

    def topic(self, name: str) -> Any:
        self.hub.tick()
        topic = self.hub._topics[name]
        topic.seal()
        return orjson.loads(topic.snapshot())["d"]


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def made(page: Page, tmp_path: Path) -> Iterator[Comparison]:
    command = (sys.executable, "-c", CHILD)
    comparison = Comparison(page.hub.post, tmp_path / "logs" / "compare.log", command)
    yield comparison
    comparison.stop()


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)  # a process of its own: there is nothing else to wait on


FLIP = CompareSwitch(side="left", name="elastic", value=True)


def test_before_the_first_start_pages_see_that_nothing_runs(made: Comparison, page: Page) -> None:
    assert page.topic("compare")["state"] == "idle"
    assert made.state().run == 0


def test_orders_to_nothing_are_a_conflict(made: Comparison) -> None:
    for ask in (lambda: made.pace(ComparePace(paused=True)), lambda: made.switch(FLIP)):
        with pytest.raises(RequestError, match="No comparison runs") as caught:
            ask()
        assert caught.value.status == 409
    assert made.stop().state == "idle"


def test_days_marks_and_digests_reach_the_pages(made: Comparison, page: Page) -> None:
    assert made.start(CompareStart(days=60)).state == "starting"
    until(lambda: made.state().state == "running")
    assert made.switch(FLIP).left.elastic
    until(lambda: made.state().digest_right == "same")
    assert page.topic("compare_days")["0000"]["right"]["profit_k"] == 3.5
    assert page.topic("compare_marks")["00000"]["name"] == "elastic"
    shown = page.topic("compare")
    assert (shown["day"], shown["reached_days_per_s"], shown["run"]) == (1, 1.5, 1)
    assert shown["calendar"] == [{"name": "1111", "first": 3, "last": 4}]


def test_a_pause_shows_at_once_and_the_end_is_told(made: Comparison) -> None:
    made.start(CompareStart(days=60))
    until(lambda: made.state().state == "running")
    assert made.pace(ComparePace(paused=True)).state == "paused"
    assert made.pace(ComparePace(paused=False, days_per_s=7)).days_per_s == 7
    made.switch(FLIP)
    until(lambda: made.state().state == "done")
    with pytest.raises(RequestError, match="No comparison runs"):
        made.switch(FLIP)


def test_a_second_start_ends_the_first_and_forgets_its_days(made: Comparison, page: Page) -> None:
    made.start(CompareStart(days=60))
    until(lambda: made.state().state == "running")
    made.switch(FLIP)
    until(lambda: made.state().day == 1)
    first = made._process
    assert first is not None
    assert made.start(CompareStart(days=90, seed=2)).run == 2
    assert first.poll() is not None
    assert page.topic("compare_days") == {}
    assert page.topic("compare_marks") == {}
    until(lambda: made.state().state == "running")
    assert made.state().day == 0


def test_stopping_ends_the_process_and_keeps_what_it_has_shown(
    made: Comparison, page: Page
) -> None:
    made.start(CompareStart(days=60))
    until(lambda: made.state().state == "running")
    made.switch(FLIP)
    until(lambda: made.state().day == 1)
    process = made._process
    assert process is not None
    assert made.stop().state == "stopped"
    assert process.poll() is not None
    assert list(page.topic("compare_days")) == ["0000"]


def test_a_child_that_fails_is_told_in_its_own_words(made: Comparison) -> None:
    made.start(CompareStart(days=60, seed=13))
    until(lambda: made.state().state == "failed")
    assert made.state().error == "Scenario 'season' cannot be read: no such file."
    assert made.state().error_zh
    with pytest.raises(RequestError, match="No comparison runs"):
        made.switch(FLIP)


def test_a_process_that_cannot_be_started_is_an_answer(page: Page, tmp_path: Path) -> None:
    none = Comparison(page.hub.post, tmp_path / "compare.log", (str(tmp_path / "no-such-program"),))
    with pytest.raises(RequestError, match="No process can be started") as caught:
        none.start(CompareStart())
    assert caught.value.status == 503
    assert none.state().state == "failed"
