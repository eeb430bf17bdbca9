"""The bench's side of the stream: tells the script in plant time, stamps what comes back."""

import json
import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from seamline_broker.clock import Clock
from seamline_broker.contracts.topics import BenchTopics
from seamline_broker.errors import ExperimentError
from seamline_platform.experiments.forecasting.stream.messages import (
    Brief,
    Call,
    End,
    Message,
    Request,
    encode,
)
from seamline_platform.experiments.forecasting.stream.messages import Clock as ClockMessage
from seamline_platform.experiments.forecasting.stream.scorebook import Scorebook
from seamline_platform.experiments.forecasting.stream.script import Script

_POLL_S: Final = 0.05
_CALL_S: Final = 1.0
_PENDING: Final = 200
_SEND_S: Final = 120.0


class Line(Protocol):
    """What the conductor needs of an MQTT client."""

    def publish(self, topic: str, payload: bytes | str, qos: int = 1, retain: bool = False) -> bool:
        """Hand over a message; False if it was not accepted."""

    def wait_pending(self, at_most: int, timeout_s: float) -> bool:
        """Wait until at most so many messages are under way."""


class PlantClock:
    """Plant time: stands still, or runs from a moment on; never goes back.

    The network's thread reads it while the conductor sets it, hence one field, replaced as a whole.
    """

    def __init__(self, wall: Clock) -> None:
        self._wall = wall
        self._state: tuple[int, float, float] = (-(2**62), 0.0, 0.0)

    def set(self, plant_ms: int) -> None:
        """Stand at a moment."""
        self._state = (max(plant_ms, self.now_ms()), 0.0, 0.0)

    def run(self, rate: float) -> None:
        """Run from now on, `rate` plant seconds per second on the wall."""
        self._state = (self.now_ms(), self._wall.steady_s(), rate)

    def now_ms(self) -> int:
        """Return plant time."""
        base_ms, since_s, rate = self._state
        if not rate:
            return base_ms
        return base_ms + int((self._wall.steady_s() - since_s) * 1_000 * rate)


@dataclass(slots=True)
class Conductor:
    """Plays a script to models over a broker.

    Args:
        line: connection to the broker.
        topics: topics of the run.
        script: what is told.
        book: where forecasts are kept.
        models: names (levels of topics) of the models that take part.
        wall: the clock on the wall.
        pace_s: seconds on the wall from watermark to deadline; the plant waits no longer than for
            the last model's answer.
        patience_s: seconds to wait for models to say hello, and to have heard the history.
        gone: names of models whose process has ended badly, with a reason.
    """

    line: Line
    topics: BenchTopics
    script: Script
    book: Scorebook
    models: Sequence[str]
    wall: Clock
    pace_s: float = 20.0
    patience_s: float = 120.0
    gone: Callable[[], Mapping[str, str]] = dict
    _heard: queue.SimpleQueue[tuple[str, bytes, int]] = field(default_factory=queue.SimpleQueue)
    _seq: int = 0
    _hello: set[str] = field(default_factory=set)
    _synced: dict[str, int] = field(default_factory=dict)
    plant: PlantClock = field(init=False)

    def __post_init__(self) -> None:
        self.plant = PlantClock(self.wall)

    def hear(self, topic: str, payload: bytes, *_: object) -> None:
        """Take a message in the network's thread: it is stamped with plant time here."""
        self._heard.put((topic, payload, self.plant.now_ms()))

    def run(self) -> None:
        """Play the whole script.

        Raises:
            ExperimentError: if no model says hello, or the broker takes nothing any more.
        """
        self._call()
        if not self._hello:
            ended = "".join(f" {name} ended: {text}" for name, text in self.gone().items())
            raise ExperimentError(
                f"No model said hello on {self.topics.sent_by('MODEL', 'hello')!r} within "
                f"{self.patience_s:g} s; waited for {', '.join(self.models)}.{ended}"
            )
        brief: Brief = self.script.brief
        self._tell(brief)
        for number, step in enumerate(self.script.steps()):
            self.plant.set(step.plant_ms)
            for message in step.messages:
                self._tell(message)
                self._listen(0.0)
            if number == 0:
                self._sync(step.plant_ms)
            if step.request is not None:
                self._await_answers(step.request)
        self._tell(End())
        self._wait(lambda: False, 2 * _POLL_S)  # what still comes is stamped as late

    def _call(self) -> None:
        """Ask who is there, again and again: a model may come after the first call."""
        end_s = self.wall.steady_s() + self.patience_s
        while (left_s := end_s - self.wall.steady_s()) > 0:
            if self._hello >= set(self._present()):
                return
            self.line.publish(self.topics.out(Call.kind), encode(0, Call()))
            self._wait(lambda: self._hello >= set(self._present()), min(left_s, _CALL_S))

    def _sync(self, plant_ms: int) -> None:
        """Wait until every model has heard the history: its length is not held against it."""
        seq = self._tell(ClockMessage(plant_ms, sync=True))
        self._wait(
            lambda: all(self._synced.get(m, 0) >= seq for m in self._present()), self.patience_s
        )

    def _await_answers(self, request: Request) -> None:
        span_ms = request.deadline_ms - self.plant.now_ms()
        self.plant.run(span_ms / (self.pace_s * 1_000))
        self._wait(
            lambda: all(self.book.complete(m, request) for m in self._present()), self.pace_s
        )
        self._listen(0.0)

    def _present(self) -> list[str]:
        gone = self.gone()
        return [model for model in self.models if model not in gone]

    def _wait(self, done: Callable[[], bool], seconds: float) -> None:
        end_s = self.wall.steady_s() + seconds
        while not done() and (left_s := end_s - self.wall.steady_s()) > 0:
            self._listen(min(left_s, _POLL_S))

    def _listen(self, seconds: float) -> None:
        """Deal with what was heard, waiting at most so long for the first of it."""
        try:
            heard = self._heard.get(timeout=seconds) if seconds else self._heard.get_nowait()
            while True:
                self._deal(*heard)
                heard = self._heard.get_nowait()
        except queue.Empty:
            return

    def _deal(self, topic: str, payload: bytes, plant_ms: int) -> None:
        *_, model, kind = topic.split("/")
        if kind == "hello":
            self._hello.add(model)
        elif kind == "synced":
            self._synced[model] = max(self._synced.get(model, 0), _seq_of(payload))
        elif kind == "forecast":
            answer = self.book.arrived(model, payload, plant_ms)
            self.line.publish(self.topics.answer(model), json.dumps(answer.document()))

    def _tell(self, message: Message) -> int:
        self._seq += 1
        payload = encode(self._seq, message)
        topic = self.topics.out(message.kind)
        if not self.line.publish(topic, payload):
            self.line.wait_pending(_PENDING, _SEND_S)
            if not self.line.publish(topic, payload):
                raise ExperimentError(f"The broker takes no message on {topic!r} any more.")
        return self._seq


def _seq_of(payload: bytes) -> int:
    try:
        found = json.loads(payload)["seq"]
    except (ValueError, KeyError, TypeError):
        return 0
    return found if type(found) is int else 0
