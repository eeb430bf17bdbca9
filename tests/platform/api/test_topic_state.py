"""A topic numbers its steps, merges what a client has not seen, and encodes it once for all."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamline_platform.api.topic_state import RING, Topic, TopicSpec, thin

SET, PUT = TopicSpec("set"), TopicSpec("put")
APP = TopicSpec("app", window=5, burst=3)


def delta(topic: Topic, have: int) -> dict:
    text = topic.delta(have)
    assert text is not None
    return json.loads(text)


def test_steps_are_numbered_and_sealed_into_ranges() -> None:
    topic = Topic("lines", SET)
    topic.set({"a": 1})
    topic.set({"a": 2, "b": 1})
    topic.seal()
    assert topic.seq == 2
    topic.set({"b": 9}, delete=["a"])
    topic.seal()
    assert delta(topic, 2) == {
        "t": "delta", "topic": "lines", "seq": [3, 3], "d": {"set": {"b": 9}, "del": ["a"]},
    }  # fmt: skip
    assert delta(topic, 0)["seq"] == [1, 3]
    assert delta(topic, 0)["d"] == {"set": {"b": 9}, "del": ["a"]}


def test_what_stays_the_same_is_no_step() -> None:
    topic = Topic("lines", SET)
    assert topic.set({"a": 1})
    assert not topic.set({"a": 1}, delete=["unknown"])
    put = Topic("kpi", PUT)
    assert put.put({"x": 1})
    assert not put.put({"x": 1})
    assert not Topic("log", APP).append([])


def test_a_value_that_changed_and_came_back_between_two_seals_is_sent_as_it_is() -> None:
    topic = Topic("lines", SET)
    topic.set({"a": 1})
    topic.seal()
    topic.set({}, delete=["a"])
    topic.set({"a": 1})
    topic.seal()
    assert delta(topic, 1)["d"] == {"set": {"a": 1}, "del": []}


def test_a_put_topic_sends_its_last_whole_once() -> None:
    topic = Topic("plan", PUT)
    for n in range(3):
        topic.put({"n": n})
    topic.seal()
    assert delta(topic, 0) == {
        "t": "delta", "topic": "plan", "seq": [1, 3], "d": {"put": {"n": 2}},
    }  # fmt: skip
    assert json.loads(topic.snapshot())["d"] == {"n": 2}


def test_an_app_topic_keeps_its_window_and_sends_its_newest_burst() -> None:
    topic = Topic("log", APP)
    for n in range(7):
        topic.append([n])
        topic.seal()
    assert json.loads(topic.snapshot())["d"] == [2, 3, 4, 5, 6]
    assert delta(topic, 5)["d"] == {"app": [5, 6]}
    assert delta(topic, 1)["d"] == {"app": [4, 5, 6]}


def test_an_empty_topic_has_an_empty_snapshot() -> None:
    assert json.loads(Topic("a", SET).snapshot())["d"] == {}
    assert json.loads(Topic("b", APP).snapshot())["d"] == []
    assert json.loads(Topic("c", PUT).snapshot())["d"] is None


def test_what_the_ring_has_forgotten_needs_a_snapshot() -> None:
    topic = Topic("kpi", PUT)
    for n in range(RING + 2):
        topic.put(n)
        topic.seal()
    assert not topic.knows(1)
    assert topic.delta(1) is None
    assert topic.knows(2)
    assert delta(topic, 2)["seq"] == [3, RING + 2]
    assert topic.knows(topic.seq)
    assert not topic.knows(topic.seq + 1)


def test_a_number_in_the_middle_of_a_sealed_range_is_not_known() -> None:
    topic = Topic("kpi", PUT)
    for n in range(4):
        topic.put(n)
    topic.seal()
    assert topic.knows(0)
    assert not topic.knows(2)


def test_equal_deltas_and_snapshots_are_encoded_once() -> None:
    topic = Topic("lines", SET)
    topic.set({"a": 1})
    topic.seal()
    assert [topic.delta(0) for _ in range(40)] == [topic.delta(0)] * 40
    assert [topic.snapshot() for _ in range(40)] == [topic.snapshot()] * 40
    assert topic.encodings == 2
    topic.set({"a": 2})
    topic.seal()
    topic.delta(1)
    topic.snapshot()
    assert topic.encodings == 4


def test_points_are_thinned_to_their_lows_and_highs_in_order() -> None:
    spec = TopicSpec("app", burst=4, points=True)
    points = [(n, float(v)) for n, v in enumerate([1, 9, 2, 3, 3, 3, -5, 4])]
    assert thin(points, spec) == [(0, 1.0), (1, 9.0), (6, -5.0), (7, 4.0)]


def test_a_bucket_without_a_value_keeps_its_gap() -> None:
    spec = TopicSpec("app", burst=2, points=True)
    points = [(0, None), (1, None), (2, 5.0)]
    assert thin(points, spec) == [(2, 5.0)]
    assert thin([(0, None), (1, None), (2, None)], spec) == [(0, None)]


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=400),
    st.integers(min_value=2, max_value=50),
)
def test_thinning_never_sends_more_and_never_loses_an_extreme(
    values: list[float | None], burst: int
) -> None:
    points = list(enumerate(values))
    kept = thin(points, TopicSpec("app", burst=burst, points=True))
    assert len(kept) <= max(burst, 2)
    assert kept == sorted(kept, key=lambda p: p[0])  # type: ignore[index]
    known = [v for v in values if v is not None]
    left = [p[1] for p in kept if p[1] is not None]  # type: ignore[index]
    if known:
        assert (min(left), max(left)) == (min(known), max(known))


@pytest.mark.parametrize("kind", ["set", "put", "app"])
@given(st.data())
def test_snapshot_plus_deltas_is_the_topic_whatever_a_client_misses(
    kind: str, data: st.DataObject
) -> None:
    topic = Topic("x", TopicSpec(kind, window=1_000, burst=1_000))  # type: ignore[arg-type]
    have, mine = 0, json.loads(topic.snapshot())["d"]
    for number in range(data.draw(st.integers(1, 30))):
        if kind == "set":
            key = data.draw(st.sampled_from("abc"))
            gone = data.draw(st.lists(st.sampled_from("abc"), max_size=1))
            topic.set({key: data.draw(st.integers(0, 2))}, [k for k in gone if k != key])
        elif kind == "put":
            topic.put({"n": data.draw(st.integers(0, 3))})
        else:
            topic.append([number])
        if data.draw(st.booleans()):
            topic.seal()
        if data.draw(st.booleans()) and have != topic.seq:
            frame = delta(topic, have)
            assert frame["seq"] == [have + 1, topic.seq]
            have, mine = topic.seq, apply(mine, frame["d"])
    topic.seal()
    if have != topic.seq:
        mine = apply(mine, delta(topic, have)["d"])
    assert mine == json.loads(topic.snapshot())["d"]


def apply(mine: object, change: dict) -> object:
    if "put" in change:
        return change["put"]
    if "app" in change:
        return [*mine, *change["app"]]  # type: ignore[misc]
    kept = {k: v for k, v in mine.items() if k not in change["del"]}  # type: ignore[attr-defined]
    return {**kept, **change["set"]}
