"""The strip and the trace show each stage once, in order, with its latencies."""

import json

from seamline_broker.contracts.batch import Readings
from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.commands import Command, CommandResult
from seamline_broker.contracts.events import Event, columns_of
from seamline_broker.contracts.view import LineView, View
from seamline_platform.app.desk import CommandDesk
from seamline_platform.app.diary import notes
from seamline_platform.app.planner import Outcome
from seamline_platform.app.stories import Stories
from seamline_platform.app.story import Moment, Strip, Trace, quoted
from seamline_platform.app.triggers import Trigger
from seamline_platform.app.uns import Namespace, raw_value_message
from seamline_platform.domain.batches import DecodedBatch
from seamline_platform.twin import Projection


def test_a_trace_measures_from_the_breakdown_in_both_clocks() -> None:
    trace = Trace("T-1", "hangzhou/line-1/st-07", Moment(plant_ms=60_000, wall_ms=1_000))
    assert trace.note("stored", Moment(66_000, 1_100), "", "", "")
    assert trace.note("sensed", Moment(63_000, 1_050), "", "", "")
    assert not trace.note("sensed", Moment(99_000, 9_999), "", "", "")
    stages = trace.payload()["stages"]
    assert [s["stage"] for s in stages] == ["sensed", "stored"]  # type: ignore[attr-defined]
    assert stages[1]["wall_latency_ms"] == 100  # type: ignore[index]
    assert stages[1]["plant_latency_ms"] == 6_000  # type: ignore[index]
    assert not trace.complete


def test_a_strip_keeps_the_first_time_of_each_stage() -> None:
    strip = Strip("SO-1")
    assert strip.note("order", Moment(1, 1), "placed", "下单", "SELECT 1")
    assert not strip.note("order", Moment(2, 2), "again", "又", "")
    assert strip.payload()["order"] == "SO-1"


def test_names_cannot_break_out_of_the_shown_sql() -> None:
    assert quoted("a'; DROP TABLE orders; --") == "'a''; DROP TABLE orders; --'"


def _batch(kind: str, *values: object, seq: int = 1) -> DecodedBatch:
    events = columns_of([Event(seq, 1_000, "hangzhou/line-1", kind, values)])  # type: ignore[arg-type]
    return DecodedBatch("hangzhou", "line-1", 1, 0, 0, "gateway", Readings.empty(), events)


def test_a_breakdown_is_logged_and_a_thread_break_is_not() -> None:
    [note] = notes(_batch("station", "st-07", "down", "breakdown", 0))
    assert (note.level, note.station) == ("P2", "hangzhou/line-1/st-07")
    assert "st-07" in note.text
    assert "停机" in note.text_zh
    assert list(notes(_batch("station", "st-07", "down", "thread", 0))) == []


def test_the_namespace_publishes_changes_only() -> None:
    catalogue = Catalogue({}, {}, (), (), {}, {}, 100, ())
    line = LineView("hangzhou", "line-1", True, 20, "TS01", (), ("SO-1",), (), 12)
    view = View(0, catalogue, {"hangzhou/line-1": line}, {}, {})
    space = Namespace()
    first = space.changes(view, {"hangzhou/line-1": {"oee": 0.7}})
    topic = "seamline/v1/uns/seamline/hangzhou/sewing/line-1"
    assert json.loads(first[topic])["oee"] == 0.7
    assert space.changes(view, {"hangzhou/line-1": {"oee": 0.7}}) == {}
    assert set(space.changes(view, {"hangzhou/line-1": {"oee": 0.8}})) == {topic}
    space.forget()
    assert topic in space.changes(view, {})


def test_a_raw_device_has_its_place_in_the_namespace() -> None:
    topic, payload = raw_value_message("home", "kitchen/bench", "pi-7", {"temp": 21.5}, 5)
    assert topic == "seamline/v1/uns/seamline/home/kitchen/bench/pi-7"
    assert json.loads(payload) == {"temp": 21.5, "ts": 5}


STATION = "hangzhou/line-1/st-07"


def _answer(*commands: Command) -> Outcome:
    desk = CommandDesk("C", 0)
    sent = tuple(desk.issue(command, "D1", 1_200, 66_000) for command in commands)
    trigger = Trigger("breakdown", 1_100, station=STATION)
    return Outcome(trigger, "D1", commands, sent, 0, 100, 1_200, 66_000)


def _broken_line() -> tuple[Stories, dict[str, object]]:
    shown: dict[str, object] = {}
    stories = Stories(shown.__setitem__)
    batch = _batch("station", "st-07", "down", "injected", 0)
    stories.breakdown(batch, lambda ms: Moment(ms, 900), Moment(3_500, 950))
    return stories, shown


def _stages(shown: dict[str, object]) -> dict[str, dict[str, object]]:
    trace = shown["trace"]
    assert isinstance(trace, dict)
    return {stage["stage"]: stage for stage in trace["stages"]}


def test_the_command_about_the_broken_station_is_followed_to_its_execution() -> None:
    stories, shown = _broken_line()
    queue = Command("hangzhou/line-2", "sequence", {"orders": ["o-2"]}, "o-2")
    repair = Command("hangzhou/plant", "expedite_repair", {"station": "line-1/st-07"}, "o-1",
                     "st-07 holds up 120 pieces", "影响 120 件")  # fmt: skip
    outcome = _answer(queue, repair)
    stories.decided(outcome)
    stages = _stages(shown)
    assert stages["replanned"]["text"] == "decided in 100 ms: 1 × repair first, 1 × queues changed"
    assert stages["commanded"]["text"] == (
        "hangzhou/plant, repair first: st-07 holds up 120 pieces"
    )
    assert "executed" not in stages
    assert (stages["sensed"]["wall_latency_ms"], stages["sensed"]["plant_latency_ms"]) == (
        50,
        2_500,
    )
    sent = outcome.sent[1]
    stories.executed(sent, CommandResult(sent.message.id, "done", "", 70_000, 1_300))
    assert _stages(shown)["executed"]["wall_latency_ms"] == 400


def test_a_plan_that_stands_ends_the_trace_in_words() -> None:
    stories, shown = _broken_line()
    stories.decided(_answer())
    stages = _stages(shown)
    assert list(stages) == ["sensed", "replanned", "commanded", "executed"]
    assert stages["replanned"]["text"] == "decided in 100 ms: the plan stands"
    assert "no order gains" in str(stages["commanded"]["text"])


def test_a_line_knows_which_of_its_stops_need_a_mechanic() -> None:
    projection = Projection()
    projection.apply(_batch("station", "st-07", "down", "breakdown", 0, seq=1))
    projection.apply(_batch("station", "st-08", "down", "thread", 0, seq=2))
    line = projection.lines()["hangzhou/line-1"]
    assert line.down == ("st-07", "st-08")
    assert line.broken == ("st-07",)
    projection.apply(_batch("station", "st-07", "up", "repaired", 0, seq=3))
    assert projection.lines()["hangzhou/line-1"].broken == ()
