"""The running plant: world, pace, input log, ring of events, samples. One thread, no sockets."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from seamline_broker.contracts.events import Event
from seamline_broker.errors import ContractError
from seamline_edge.field import control
from seamline_edge.field.control import Answer
from seamline_edge.field.journal import Entry, Journal, Restored
from seamline_edge.field.nodes import FIELD_NODE, describe
from seamline_edge.field.pace import Pacer, PaceState
from seamline_edge.field.ring import Ring, RingEvent, encode_event
from seamline_edge.field.sampler import Sampler
from seamline_edge.field.world import PlantWorld

_log = logging.getLogger(__name__)

SNAPSHOT_S: Final = 10.0
_IDS_KEPT: Final = 5_000
_SLICE_S: Final = 0.05
_IDLE_SLICE_US: Final = 60_000_000
_WORK_S: Final = 0.25
_MAX_DT_S: Final = 1.0
_MEASURE_S: Final = 1.0


class RunningPlant:
    """Drives a world at its pace and remembers everything that somebody may have seen.

    Args:
        world: the world, as created or restored.
        journal: where log and snapshots go.
        pacer: speed and pause.
        sellers: names of the sellers in the market.
        seed: of the sensor noise.
        sample_budget: values per wall second.
        steady_s: gives steady time.
    """

    def __init__(
        self,
        world: PlantWorld,
        journal: Journal,
        pacer: Pacer,
        sellers: Sequence[str],
        seed: int,
        sample_budget: float,
        steady_s: Callable[[], float],
    ) -> None:
        self.world = world
        self.journal = journal
        self.pacer = pacer
        self.nodes = describe(world, sellers)
        self.sampler = Sampler(world, self.nodes, seed, sample_budget)
        self.ring = Ring()
        self.lag_s = 0.0
        self._steady_s = steady_s
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._saved_seq = 0
        self._saved_s = steady_s()
        self._saved_us = -1
        self._last_s = steady_s()
        self._goal_us = world.now_us
        self._measured = (steady_s(), world.now_us)

    @property
    def plant_ms(self) -> int:
        """Plant time, epoch ms."""
        return self.world.start_ms + self.world.now_us // 1000

    def begin(self, events: Sequence[Event]) -> None:
        """Take the events of the time before the first start and write the first snapshot."""
        self._publish(events)
        self.save()

    def resume(self, restored: Restored) -> None:
        """Go on where a field that is no more has been: its state, then its log once more."""
        state = restored.field
        self._saved_seq = int(state["seq"])
        self.ring.dropped_upto = int(state["dropped_upto"])
        self.ring.extend(e for e in restored.events if e.seq > self.ring.dropped_upto)
        for key, (status, reason, plant_ms) in state["answers"]:
            self._answers[key] = Answer(status, reason, plant_ms)
        pace = state["pace"]
        self.pacer = Pacer(PaceState(pace[0], pace[1], pace[2]))
        for entry in restored.entries:
            self._replay(entry)
        self._goal_us = self.world.now_us
        self.sampler.restart()
        self.save()

    def set_pace(self, speed: float) -> None:
        """Run at another speed than the run was left with, and no longer paused."""
        self.pacer = Pacer(PaceState(speed))
        self.sampler.set_speed(self.pacer.speed)
        self.save()

    def _replay(self, entry: Entry) -> None:
        if entry[0] == "t":
            self.world.step_until(entry[1])
            self._publish(self.world.take_outbox())
        elif entry[0] == "c":
            _, key, node, name, args = entry
            self._apply(key, node, name, args)

    def _publish(self, events: Sequence[Event]) -> None:
        """Put events into the ring, encoded once for all readers."""
        self.ring.extend([RingEvent(e.seq, e.node, encode_event(e)) for e in events])

    def advance(self, hold: bool = False) -> bool:
        """Let plant time catch up with wall time; True if speed or state changed.

        Args:
            hold: readers are far behind: plant time stands until they have caught up.
        """
        now_s = self._steady_s()
        dt_s = min(now_s - self._last_s, _MAX_DT_S)
        self._last_s = now_s
        before = (self.pacer.speed, self.pacer.mode)
        if not hold:
            idle = not self.world.any_shift_open()
            self._goal_us = self.pacer.step(
                dt_s, self._goal_us, idle, self.world.next_shift_start_us() if idle else 0
            )
        self._work(now_s + _WORK_S)
        self._govern(hold, dt_s)
        changed = before != (self.pacer.speed, self.pacer.mode)
        if changed:
            self.sampler.set_speed(self.pacer.speed)
        if now_s >= self._saved_s + SNAPSHOT_S and self.world.now_us != self._saved_us:
            self.save()
        return changed

    def _work(self, until_s: float) -> None:
        """Run towards the goal in slices, each logged before it is run, until time is up."""
        idle = not self.world.any_shift_open()
        while (now_us := self.world.now_us) < self._goal_us:
            if idle and self.world.any_shift_open():  # a break is over: back to ordinary speed
                self._goal_us = now_us
                break
            slice_us = max(1, round(self.pacer.speed * _SLICE_S * 1e6))
            if idle:
                slice_us = min(slice_us, _IDLE_SLICE_US)
            target = min(self._goal_us, now_us + slice_us)
            self.journal.log(["t", target])
            self.sampler.run_to(target)
            self.world.step_until(target)
            self._publish(self.world.take_outbox())
            if self._steady_s() >= until_s:
                break

    def _govern(self, hold: bool, dt_s: float) -> None:
        now_s, now_us = self._steady_s(), self.world.now_us
        behind_s = (self._goal_us - now_us) / 1e6 / self.pacer.speed
        self.lag_s = self.lag_s + dt_s if hold else behind_s
        since_s, since_us = self._measured
        if now_s - since_s < _MEASURE_S:
            return
        achieved = (now_us - since_us) / 1e6 / (now_s - since_s)
        self._measured = (now_s, now_us)
        if self.pacer.report(self.lag_s, achieved):
            _log.warning(
                "Speed lowered: this machine cannot keep up lag_s=%.1f speed=%.0f wanted=%.0f",
                self.lag_s, self.pacer.speed, self.pacer.wanted,
            )  # fmt: skip
        if self.lag_s > 1.0:
            self._goal_us = now_us  # what is lost is lost: no jerk afterwards
            self.lag_s = 0.0

    def write(
        self, key: str, node: str, name: str, args: Mapping[str, object], expired: bool
    ) -> Answer:
        """Carry out a command at most once per `key`.

        Args:
            key: id of the command.
            node: whom it is for.
            name: the command.
            args: its arguments, unchecked.
            expired: its time is over: it is carried out no more, but an old answer is still given.
        """
        known = self._answers.get(key)
        if known is not None:
            status = "seen" if known.status == "done" else known.status
            return Answer(status, known.reason, known.plant_ms)
        if expired:
            return Answer("expired", "the command came after its expiry", self.plant_ms)
        try:
            checked = control.check(self.nodes, node, name, args)
        except ContractError as exc:
            return Answer("refused", str(exc), self.plant_ms)
        self.journal.log(["c", key, node, name, checked])
        answer = self._apply(key, node, name, checked)
        # A plan is made for the goal at the old pace; the command is about now.
        self._goal_us = self.world.now_us
        self.sampler.set_speed(self.pacer.speed)
        return answer

    def _apply(self, key: str, node: str, name: str, args: Mapping[str, Any]) -> Answer:
        outcome = self.world.command(node, name, args, key)
        self._publish(self.world.take_outbox())
        if outcome.status == "done" and node == FIELD_NODE:
            control.set_pace(self.pacer, self.world, name, args)
        answer = Answer(outcome.status, outcome.reason, self.plant_ms)
        self._answers[key] = answer
        while len(self._answers) > _IDS_KEPT:
            self._answers.popitem(last=False)
        return answer

    def save(self) -> None:
        """Write a snapshot."""
        pace = self.pacer.state
        state = {
            "seq": self.ring.head,
            "dropped_upto": self.ring.dropped_upto,
            "answers": [(k, (a.status, a.reason, a.plant_ms)) for k, a in self._answers.items()],
            "pace": [pace.speed, pace.paused, pace.morning_us],
        }
        events = self.ring.since(self._saved_seq)
        self.journal.save(state, self.world.snapshot(), events, self.ring.first_seq)
        self._saved_seq = self.ring.head
        self._saved_us = self.world.now_us
        self._saved_s = self._steady_s()
