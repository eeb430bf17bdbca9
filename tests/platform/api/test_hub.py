"""The hub: one encoding for all, rates, bounded queues, snapshots after an overflow, resume."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from seamline_broker.clock import ManualClock
from seamline_platform.api.hub import (
    MAX_INCOMING_BYTES,
    MAX_TOPICS_PER_CLIENT,
    QUEUE_BUNDLES,
    SPECS,
    Client,
    Hub,
    HubFullError,
)

TICK_MS = 100


class Peer:
    """A client with a memory: drains when told to, or stalls in the middle of a write."""

    def __init__(self, hub: Hub) -> None:
        self.ready = 0
        self.hub = hub
        self.client: Client = hub.connect(self._ready)
        self.frames: list[dict[str, Any]] = []

    def _ready(self) -> None:
        self.ready += 1

    def send(self, **op: object) -> None:
        self.hub.receive(self.client, json.dumps(op))

    def stall(self) -> None:
        """Take one bundle as the shell does, and do not come back."""
        assert self.client.take()

    def drain(self) -> list[dict[str, Any]]:
        """Take everything that waits and return it; also kept in `frames`."""
        new: list[dict[str, Any]] = []
        while texts := self.client.take():
            new += [json.loads(text) for text in texts]
        self.frames += new
        return new


@pytest.fixture
def peer(hub: Hub) -> Callable[..., Peer]:
    """Connects a client and subscribes it."""

    def connect(*topics: str, rate: int = 10) -> Peer:
        one = Peer(hub)
        one.drain()
        if topics:
            one.send(op="sub", topics=list(topics), rate=rate)
        return one

    return connect


@pytest.fixture
def tick(hub: Hub, clock: ManualClock) -> Callable[..., None]:
    def run(times: int = 1) -> None:
        for _ in range(times):
            clock.advance(TICK_MS)
            hub.tick()

    return run


def kinds(frames: list[dict[str, Any]]) -> list[str]:
    return [frame["t"] for frame in frames]


# ---- hello, snapshot, delta ----------------------------------------------------------------------


def test_the_first_frame_says_epoch_time_rates_and_topics(hub: Hub) -> None:
    [hello] = Peer(hub).drain()
    assert hello == {
        "t": "hello", "v": 1, "epoch": "e1", "now": 1_800_000_000.0, "rates": [1, 2, 5, 10],
        "topics": list(SPECS),
    }  # fmt: skip


def test_a_subscription_gets_a_snapshot_at_once_and_then_what_changes(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    hub.set("lines", {"a/1": {"wip": 3}})
    one = peer("lines")
    [snap] = one.drain()
    assert snap == {"t": "snap", "topic": "lines", "seq": 1, "d": {"a/1": {"wip": 3}}}
    hub.set("lines", {"a/1": {"wip": 4}})
    hub.set("lines", {"a/1": {"wip": 5}})
    tick()
    [delta] = one.drain()
    assert delta["seq"] == [2, 3]
    assert delta["d"] == {"set": {"a/1": {"wip": 5}}, "del": []}


def test_nothing_is_sent_when_nothing_changed(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("lines", "kpi")
    one.drain()
    tick(5)
    assert one.drain() == []


def test_only_what_is_subscribed_is_sent(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("kpi")
    one.drain()
    hub.set("lines", {"a": 1})
    hub.put("kpi", {"n": 1})
    tick()
    assert [f["topic"] for f in one.drain()] == ["kpi"]
    one.send(op="unsub", topics=["kpi"])
    hub.put("kpi", {"n": 2})
    tick()
    assert one.drain() == []


def test_a_feed_may_come_from_another_thread_by_post(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("log")
    one.drain()
    hub.post(lambda h: h.append("log", [{"id": 1}]))
    assert one.drain() == []
    tick()
    assert one.drain()[0]["d"] == {"app": [{"id": 1}]}


# ---- rates and one encoding ----------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1, 2, 5, 10])
def test_a_rate_is_frames_a_second_and_a_frame_covers_all_steps_between(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None], rate: int
) -> None:
    one = peer("clock", rate=rate)
    one.drain()
    for n in range(30):
        hub.put("clock", {"n": n})
        tick()
        one.drain()
    frames = [f for f in one.frames if f["t"] == "delta"]
    assert len(frames) == 3 * rate
    for before, after in pairwise(frames):
        assert after["seq"][0] == before["seq"][1] + 1


def test_one_encoding_serves_all_clients_of_a_rate(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    many = [peer("floor", rate=5) for _ in range(40)]
    for one in many:
        one.drain()
    tick(2)
    before = hub.metrics()["ws_encodings"]
    for n in range(10):
        hub.set("floor", {"a": n})
        tick(2)
    assert hub.metrics()["ws_encodings"] - before == 10
    texts = {json.dumps(one.drain()) for one in many}
    assert len(texts) == 1
    assert hub.metrics()["ws_clients"] == 40


def test_a_client_may_change_its_rate(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("clock", rate=10)
    one.send(op="rate", rate=1)
    assert one.client.rate == 1
    one.send(op="rate", rate=3)
    assert one.client.rate == 1
    error = one.drain()[-1]
    assert error == {
        "t": "err", "what": "rate 3", "expected": "frames per second",
        "exists": ["1", "2", "5", "10"],
    }  # fmt: skip


def test_a_heartbeat_comes_after_a_second_of_silence_only(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("kpi")
    one.drain()
    tick(9)
    assert one.drain() == []
    tick()
    assert one.drain() == [{"t": "hb", "ts": 1_800_000_001.0}]
    hub.put("kpi", {"n": 1})
    tick()
    one.drain()
    tick(9)
    assert one.drain() == []
    tick()
    assert kinds(one.drain()) == ["hb"]


# ---- overflow ------------------------------------------------------------------------------------


def fill(hub: Hub, tick: Callable[..., None], times: int) -> None:
    for n in range(times):
        hub.append("log", [{"id": n}])
        tick()


def test_a_queue_never_holds_more_than_its_bundles(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    stalled, healthy = peer("log"), peer("log")
    stalled.stall()
    most = 0
    for n in range(100):
        hub.append("log", [{"id": n}])
        tick()
        most = max(most, stalled.client.queued)
        healthy.drain()
    assert most == QUEUE_BUNDLES
    assert hub.counters["overflows"] == 1
    ids = [e["id"] for f in healthy.frames if f["t"] == "delta" for e in f["d"]["app"]]
    assert ids == list(range(100))


def test_after_an_overflow_a_drained_client_gets_snapshots(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("log", "kpi")
    one.stall()
    fill(hub, tick, QUEUE_BUNDLES + 3)
    assert one.client.queued == 0, "what could not be sent is dropped at once"
    assert one.drain() == []
    tick()
    frames = one.drain()
    assert kinds(frames) == ["snap", "snap"]
    assert {f["topic"]: f["seq"] for f in frames}["log"] == QUEUE_BUNDLES + 3
    fill(hub, tick, 1)
    assert kinds(one.drain()) == ["delta"]


def test_a_socket_that_still_writes_is_not_drained(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("log")
    one.stall()
    fill(hub, tick, QUEUE_BUNDLES + 50)
    assert one.client.queued == 1, "a heartbeat, nothing else"
    assert one.client.in_flight
    assert hub.counters["overflows"] == 1
    assert kinds(one.drain()) == ["hb"]
    tick()
    assert kinds(one.drain()) == ["snap"]


def test_three_overflows_lower_the_rate_and_the_client_is_told(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("log", rate=10)
    one.stall()
    told: list[dict[str, Any]] = []
    for _ in range(3):
        fill(hub, tick, QUEUE_BUNDLES + 1)
        told += one.drain()
        fill(hub, tick, 2)
        one.stall()
    assert one.client.overflows == 3
    assert [f["rate"] for f in told if f["t"] == "rate"] == [5]
    assert one.client.rate == 5
    assert hub.counters["slowed"] == 1


# ---- resync and resume ---------------------------------------------------------------------------


def test_resync_answers_with_a_snapshot(hub: Hub, peer: Callable[..., Peer]) -> None:
    hub.put("kpi", {"n": 1})
    one = peer("kpi")
    one.drain()
    one.send(op="resync", topic="kpi")
    assert kinds(one.drain()) == ["snap"]
    one.send(op="resync", topic="plan")
    [error] = one.drain()
    assert (error["what"], error["exists"]) == ("plan", ["kpi"])


def test_resume_after_the_same_epoch_replays_what_was_missed(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    one = peer("log")
    fill(hub, tick, 3)
    have = one.drain()[-1]["seq"][1]
    hub.disconnect(one.client)
    fill(hub, tick, 4)
    again = peer()
    again.send(op="sub", topics=["log"], resume={"epoch": "e1", "seq": {"log": have}})
    [delta] = again.drain()
    assert delta["t"] == "delta"
    assert delta["seq"] == [have + 1, have + 4]
    assert len(delta["d"]["app"]) == 4


@pytest.mark.parametrize(
    "resume",
    [
        {"epoch": "other", "seq": {"log": 2}},
        {"epoch": "e1", "seq": {"log": 999}},
        {"epoch": "e1", "seq": {"log": -7}},
        {"epoch": "e1", "seq": {"kpi": 2}},
    ],
)
def test_a_resume_that_does_not_fit_gets_a_snapshot(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None], resume: dict
) -> None:
    fill(hub, tick, 3)
    one = peer()
    one.send(op="sub", topics=["log"], resume=resume)
    assert kinds(one.drain()) == ["snap"]


def test_a_resume_with_nothing_missed_sends_nothing(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    fill(hub, tick, 3)
    one = peer()
    one.send(op="sub", topics=["log"], rate=10, resume={"epoch": "e1", "seq": {"log": 3}})
    assert one.drain() == []
    fill(hub, tick, 1)
    assert one.drain()[0]["seq"] == [4, 4]


# ---- sensors -------------------------------------------------------------------------------------


def test_a_sensor_is_fed_while_somebody_watches(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    name = "sensor:hangzhou/line-1/st-01/rpm"
    hub.append(name, [[1, 1.0]])
    assert hub.wanted_sensors == frozenset()
    one, two = peer(name), peer(name)
    assert hub.wanted_sensors == {"hangzhou/line-1/st-01/rpm"}
    hub.append(name, [[2, 2.0], [3, None]])
    tick()
    assert one.drain()[-1]["d"] == {"app": [[2, 2.0], [3, None]]}
    hub.disconnect(one.client)
    assert hub.wanted_sensors
    two.send(op="unsub", topics=[name])
    assert hub.wanted_sensors == frozenset()
    hub.append(name, [[4, 4.0]])
    tick()


def test_the_numbers_of_a_sensor_that_was_given_up_never_come_again(
    hub: Hub, peer: Callable[..., Peer], tick: Callable[..., None]
) -> None:
    name = "sensor:a/b/c/d"
    one = peer(name)
    hub.append(name, [[1, 1.0]])
    tick()
    had = one.drain()[-1]["seq"][1]
    hub.disconnect(one.client)
    hub.put("kpi", {"n": 1})
    again = peer()
    again.send(op="sub", topics=[name], resume={"epoch": "e1", "seq": {name: had - 1}})
    [snap] = again.drain()
    assert (snap["t"], snap["d"]) == ("snap", [])
    assert snap["seq"] >= had


@pytest.mark.parametrize("topic", ["orderz", "sensor:", "sensor:a b", "sensor:a/#", "sensor:a+b"])
def test_an_unknown_topic_is_refused_and_the_others_are_served(
    hub: Hub, peer: Callable[..., Peer], topic: str
) -> None:
    one = peer(topic, "kpi")
    error, snap = one.drain()
    assert error["what"] == topic
    assert "lines" in error["exists"]
    assert snap["topic"] == "kpi"


def test_feeding_an_unknown_topic_is_our_own_mistake(hub: Hub) -> None:
    with pytest.raises(KeyError):
        hub.append("lgo", [1])


# ---- limits and nonsense -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "[]", "{}", '{"op":"drop"}', '{"op":"sub"}', '{"op":"sub","topics":[]}',
        '{"op":"sub","topics":["kpi"],"more":1}', '{"op":"rate","rate":"fast"}',
        '{"op":"resync"}', '{"op":"resync","topic":"\\ud83e"}',
    ],
)  # fmt: skip
def test_nonsense_is_answered_and_the_client_stays(
    hub: Hub, peer: Callable[..., Peer], text: str
) -> None:
    one = peer()
    hub.receive(one.client, text)
    [error] = one.drain()
    assert error["t"] == "err"
    assert '"op":"sub"' in error["expected"]
    assert error["exists"] == ["sub", "unsub", "rate", "resync"]
    one.send(op="sub", topics=["kpi"])
    assert kinds(one.drain()) == ["snap"]


def test_what_is_too_long_is_not_even_read(hub: Hub, peer: Callable[..., Peer]) -> None:
    one = peer()
    hub.receive(one.client, "x" * (MAX_INCOMING_BYTES + 1))
    [error] = one.drain()
    assert error["what"] == "4097 characters"
    assert error["expected"] == "at most 4096"


def test_a_client_has_a_limited_number_of_topics(hub: Hub, peer: Callable[..., Peer]) -> None:
    one = peer(*[f"sensor:a/b/c/m{n}" for n in range(MAX_TOPICS_PER_CLIENT)])
    one.drain()
    one.send(op="sub", topics=["kpi"])
    [error] = one.drain()
    assert error["expected"] == f"at most {MAX_TOPICS_PER_CLIENT} topics"


def test_a_full_hub_refuses_and_says_how_many_there_are(clock: ManualClock) -> None:
    hub = Hub(clock, "e", max_clients=2)
    first = Peer(hub)
    Peer(hub)
    with pytest.raises(HubFullError, match="2 pages are connected, and 2 are allowed"):
        Peer(hub)
    assert hub.counters["refused"] == 1
    hub.disconnect(first.client)
    Peer(hub)


def test_frames_wake_the_shell(hub: Hub, peer: Callable[..., Peer]) -> None:
    one = peer("kpi")
    assert one.ready == 2, "hello, snapshot"
    one.drain()
    assert one.client.take() == []
    assert not one.client.in_flight


def test_a_client_that_left_twice_is_forgotten_once(hub: Hub, peer: Callable[..., Peer]) -> None:
    one = peer("sensor:a/b/c/d")
    hub.disconnect(one.client)
    hub.disconnect(one.client)
    assert hub.clients == 0
