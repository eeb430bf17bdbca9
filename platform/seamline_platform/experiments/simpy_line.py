"""The line of `one_line` once more, in SimPy as its users write it: a process per station.

Same stations, machines and operation tree, same rule of routing, and through the same draws the
same sewing times, defects, stops and repairs. What differs is the engine. SimPy is a development
dependency: import this module only where it is there.
"""

import copy
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from seamline_platform.experiments.one_line import SIZE, OneLine
from seamline_sim import repair, rng
from seamline_sim.state import Station

_Steps = Generator[simpy.Event, Any, None]
_CANNOT = 1_000
"""Added to the load of a station that is down: hangers avoid it."""


@dataclass(slots=True, eq=False)
class Hanger:
    """A garment on its way: operations done and ready are bits."""

    order: str
    piece: int
    draws: tuple[int, ...]
    ready: int
    in_ms: float
    done: int = 0
    op: int = 0
    defects: int = 0
    redo: int = 0
    redo_bits: int = 0


@dataclass(slots=True, eq=False)
class Post:
    """A station: its store of waiting hangers, and how long until it stops."""

    index: int
    id: str
    queue: simpy.Store
    machine: Station
    """A copy of the world's station, whose machine wears out by the same draws."""
    load: int = 0
    visits: int = 0


class SimpyLine:
    """The line as SimPy processes; times are milliseconds."""

    def __init__(self, like: OneLine) -> None:
        """Take over stations, plan, figures and seed of a line that has just been fed."""
        self._world, self._line = like.world, like.line
        self._plan = like.line.plan
        self._seed, self._factor = like.world.seed, like.world.time_factor
        self._fig = like.world.fig
        self.env = simpy.Environment()
        self._mechanics = simpy.Resource(self.env, capacity=1)
        self.posts = [
            Post(st.index, st.id, simpy.Store(self.env), self._machine_of(st))
            for st in like.line.stations
        ]
        self.records: list[tuple[object, ...]] = []
        self.sewn = 0
        self._pieces = 0
        for post in self.posts:
            self.env.process(self._station(post))
        for _ in range(like.line.limit):
            self._load()

    @property
    def visits(self) -> int:
        """Station visits done so far."""
        return sum(post.visits for post in self.posts)

    def advance(self, hours: int) -> None:
        """Run on; records of visits are made, as the world makes its events, and dropped."""
        for _ in range(hours):
            self.env.run(until=self.env.now + 3_600_000)
            self.records.clear()

    def _load(self) -> None:
        order = f"B{1 + self._pieces // 5_000}"
        piece = self._pieces % 5_000
        self._pieces += 1
        draws = rng.words(
            self._seed, "sew", f"{self._line.style}-{SIZE}|{self._pieces - 1}", len(self._plan.ops)
        )
        self._route(Hanger(order, piece, draws, self._plan.ready, self.env.now))

    def _route(self, hanger: Hanger) -> None:
        pairs = self._plan.candidates.get(hanger.ready) or self._plan.options(hanger.ready)
        posts = self.posts
        index, op = pairs[0]
        best = posts[index]
        for index, other_op in pairs:
            if posts[index].load < best.load:
                best, op = posts[index], other_op
        hanger.op = op
        best.load += 1
        best.queue.put(hanger)

    def _station(self, post: Post) -> _Steps:
        env = self.env
        while True:
            hanger: Hanger = yield post.queue.get()
            left = ms = self._sewing_ms(post, hanger)
            while left:
                to_stop = post.machine.stop_ms - post.machine.run_ms
                step = min(left, to_stop)
                yield env.timeout(step)
                post.machine.run_ms += step
                left -= step
                if left:
                    yield from self._stop(post)
            post.visits += 1
            post.load -= 1
            self._finish(post, hanger, ms)

    def _sewing_ms(self, post: Post, hanger: Hanger) -> int:
        op = hanger.op
        ms = post.machine.base[op] * self._factor[self._draw(hanger) & 1023] >> 10
        if hanger.redo_bits >> op & 1:
            return ms * self._fig("quality.rework_permille") // 1000
        return ms

    def _draw(self, hanger: Hanger) -> int:
        if hanger.redo_bits >> hanger.op & 1:
            name = f"{hanger.order}|{hanger.piece}|{hanger.redo}"
            return rng.u32(self._seed, "redo", name, hanger.op)
        return hanger.draws[hanger.op]

    def _finish(self, post: Post, hanger: Hanger, ms: int) -> None:
        plan, op = self._plan, hanger.op
        outcome, last = "ok", op == plan.pack
        if op < plan.qc:
            if self._draw(hanger) >> 16 < post.machine.defect_limit:
                outcome = self._defect(hanger)
        elif op == plan.qc and hanger.defects:
            outcome = self._inspect(hanger)
        if outcome == "ok":
            self._next(hanger)
        self.records.append(
            (
                self.env.now, post.id, hanger.order, hanger.piece, plan.ops[op].op, ms,
                plan.smv_ms[op], outcome, last, "M", hanger.redo == 0, hanger.in_ms,
            )
        )  # fmt: skip
        if last or outcome == "scrap":
            self.sewn += last
            self._load()
        else:
            self._route(hanger)

    def _next(self, hanger: Hanger) -> None:
        plan, bit = self._plan, 1 << hanger.op
        hanger.redo_bits &= ~bit
        hanger.done |= bit
        hanger.ready &= ~bit
        follower = plan.succ[hanger.op]
        if follower >= 0 and not (
            hanger.done >> follower & 1 or plan.preds[follower] & ~hanger.done
        ):
            hanger.ready |= 1 << follower
        hanger.ready = hanger.ready or plan.qc_bit

    def _defect(self, hanger: Hanger) -> str:
        found = (self._draw(hanger) >> 10 & 63) * 1000 < self._fig("quality.inline_permille") * 64
        if not found or hanger.redo >= self._fig("quality.max_reworks"):
            hanger.defects |= 1 << hanger.op
            return "ok"
        hanger.redo += 1
        hanger.redo_bits |= 1 << hanger.op
        return "rework"

    def _inspect(self, hanger: Hanger) -> str:
        name = f"{hanger.order}|{hanger.piece}|{hanger.redo}"
        draw, *looks = rng.words(self._seed, "endline", name, 1 + self._plan.qc)
        power = self._fig("quality.endline_permille")
        found = sum(
            1 << op
            for op, look in enumerate(looks)
            if hanger.defects >> op & 1 and rng.below(look, 1000) < power
        )
        if not found:
            return "ok"
        if rng.below(draw, 1000) < self._fig("quality.scrap_permille") or hanger.redo >= self._fig(
            "quality.max_reworks"
        ):
            return "scrap"
        hanger.redo += 1
        hanger.redo_bits |= found
        hanger.done &= ~found
        hanger.ready, hanger.defects = found, hanger.defects & ~found
        return "rework"

    def _stop(self, post: Post) -> _Steps:
        post.load += _CANNOT
        machine = post.machine
        if machine.run_ms >= machine.hard_ms:
            yield from self._breakdown(post)
        else:
            _, stop_ms, _ = repair.small_stop(self._world, self._line, machine)
            yield self.env.timeout(stop_ms)
            repair.plan_small(self._world, self._line, machine)
        post.load -= _CANNOT

    def _breakdown(self, post: Post) -> _Steps:
        waiting, post.queue.items = list(post.queue.items), []
        post.load -= len(waiting)
        for hanger in waiting:
            self._route(hanger)
        repair_ms = repair.repair_ms(self._world, self._line, post.machine)
        with self._mechanics.request() as mechanic:
            yield mechanic
            yield self.env.timeout(self._fig("machines.walk_s") * 1000 + repair_ms)
        repair.renew(self._world, self._line, post.machine)

    def _machine_of(self, st: Station) -> Station:
        return copy.copy(st)  # as it is now, some minutes into the run
