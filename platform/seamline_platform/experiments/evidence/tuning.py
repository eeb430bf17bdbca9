"""Tunes the knobs of policies on training seeds, each with the same budget.

A walk goes along one knob at a time to the neighbouring values of a grid, as long as it earns more
(coordinate descent). First one walk is made for two policies at once, the baseline and the one that
differs most from it: it ends at the knobs that all policies start from. Then every policy walks by
itself, and at last tries the best knobs of the policies most like it, so that none loses to a
neighbour for having been searched less luckily. Training seeds are the same for all.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from seamline_platform.experiments.evidence.designs import Policy, fields_of
from seamline_platform.experiments.evidence.jobs import Job
from seamline_platform.experiments.evidence.kpis import PRIMARY
from seamline_platform.experiments.season import KNOB_GRID, Knobs, Outcome, Setting

FIRST_TRAINING_SEED: Final = 100_001
"""Evaluation seeds are below: the two never meet."""
START_TRIALS: Final = 10
"""Knobs that the common walk may try."""
TRIALS: Final = 5
"""Knobs that a policy may try by itself, the common start and those of others included."""
EXCHANGED: Final = 1
"""How many of them are knobs that did best for other policies."""
TRAINING_SEEDS: Final = 2

RunJobs = Callable[[Sequence[Job]], Mapping[str, Outcome]]
"""Runs jobs and returns outcomes by key."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What each policy may use: trials (knobs tried), of which `exchanged` from others; seeds."""

    start_trials: int = START_TRIALS
    trials: int = TRIALS
    exchanged: int = EXCHANGED
    seeds: int = TRAINING_SEEDS

    def training_seeds(self) -> list[int]:
        """Return the seeds that policies are tuned on."""
        return [FIRST_TRAINING_SEED + n for n in range(self.seeds)]


@dataclass(slots=True)
class Search:
    """The walk of one policy over the grid. Give it profits; it says what to try next."""

    knobs: Knobs = field(default_factory=Knobs)
    tried: dict[Knobs, float] = field(default_factory=dict)
    _place: int = 0
    """Knob under way, by place in the grid."""
    _still: int = 0
    """Knobs in turn that brought nothing."""

    @property
    def best(self) -> float:
        """Return the profit of the best knobs so far."""
        return self.tried.get(self.knobs, -math.inf)

    def next(self, left: int) -> list[Knobs]:
        """Return up to `left` knobs to try now; none if the walk is over."""
        if self.knobs not in self.tried:
            return [self.knobs]
        names = list(KNOB_GRID)
        while self._still < len(names):
            wanted = [k for k in neighbours(self.knobs, names[self._place]) if k not in self.tried]
            if wanted:
                return wanted[:left]
            self._place, self._still = (self._place + 1) % len(names), self._still + 1
        return []

    def take(self, profits: Mapping[Knobs, float]) -> None:
        """Learn what knobs earned; the best of them become the place to walk from."""
        before = self.best
        self.tried.update(profits)
        best = max(self.tried, key=lambda k: (self.tried[k], k == self.knobs))
        if self.tried[best] > before:
            self.knobs, self._still = best, 0


def neighbours(knobs: Knobs, name: str) -> list[Knobs]:
    """Return the knobs with one of them a grid step lower, and a grid step higher."""
    value, grid = getattr(knobs, name), KNOB_GRID[name]
    below = [g for g in grid if g < value][-1:]
    above = [g for g in grid if g > value][:1]
    return [replace(knobs, **{name: g}) for g in (*below, *above)]


@dataclass(frozen=True, slots=True)
class Tuner:
    """Tunes many policies at once through `run`."""

    setting: Setting
    world: str
    run: RunJobs
    budget: Budget = field(default_factory=Budget)

    def tune(self, policies: Mapping[str, Policy]) -> dict[str, Search]:
        """Return the finished search of every policy; its `knobs` are what to use."""
        start = self._start(policies)
        searches = {name: Search(start) for name in policies}
        own = self.budget.trials - self.budget.exchanged
        while True:
            wanted = {
                name: search.next(own - len(search.tried))
                for name, search in searches.items()
                if len(search.tried) < own
            }
            if not any(wanted.values()):
                break
            self._round(policies, searches, wanted)
        others = exchanged(policies, searches, self.budget.exchanged)
        self._round(policies, searches, others)
        return searches

    def _start(self, policies: Mapping[str, Policy]) -> Knobs:
        """Return knobs that do well for the baseline and for what differs most from it."""
        first = next(iter(policies))
        last = max(policies, key=lambda name: distance(policies[first], policies[name]))
        anchors = {name: policies[name] for name in dict.fromkeys((first, last))}
        common, scale = Search(), dict.fromkeys(anchors, 1.0)
        while len(common.tried) < self.budget.start_trials:
            wanted = common.next(self.budget.start_trials - len(common.tried))
            if not wanted:
                break
            profits = self._profits(anchors, dict.fromkeys(anchors, wanted))
            if not common.tried:  # in shares of the first try, so that both count alike
                scale = {name: abs(profits[name][wanted[0]]) or 1.0 for name in anchors}
            common.take({k: sum(profits[n][k] / scale[n] for n in anchors) for k in wanted})
        return common.knobs

    def _round(
        self,
        policies: Mapping[str, Policy],
        searches: Mapping[str, Search],
        wanted: Mapping[str, Sequence[Knobs]],
    ) -> None:
        for name, profits in self._profits(policies, wanted).items():
            searches[name].take(profits)

    def _profits(
        self, policies: Mapping[str, Policy], wanted: Mapping[str, Sequence[Knobs]]
    ) -> dict[str, dict[Knobs, float]]:
        """Return the mean profit over training seeds, by policy and knobs."""
        jobs = {
            (name, knobs): [
                Job(name, self.setting, policies[name], knobs, seed)
                for seed in self.budget.training_seeds()
            ]
            for name, tries in wanted.items()
            for knobs in tries
        }
        outcomes = self.run([job for some in jobs.values() for job in some])
        return {
            name: {knobs: self._mean(jobs[name, knobs], outcomes) for knobs in tries}
            for name, tries in wanted.items()
        }

    def _mean(self, jobs: Sequence[Job], outcomes: Mapping[str, Outcome]) -> float:
        profits = [outcomes[job.key(self.world)].kpis[PRIMARY] for job in jobs]
        return math.fsum(profits) / len(profits)


def exchanged(
    policies: Mapping[str, Policy], searches: Mapping[str, Search], count: int
) -> dict[str, list[Knobs]]:
    """Return for each policy untried knobs that did best for others, those most like it first."""
    result: dict[str, list[Knobs]] = {}
    for name, search in searches.items():
        ranked = sorted(searches, key=lambda o: distance(policies[name], policies[o]))
        found = dict.fromkeys(searches[other].knobs for other in ranked)
        result[name] = [knobs for knobs in found if knobs not in search.tried][:count]
    return result


def distance(one: Policy, other: Policy) -> int:
    """Return in how many switches two policies differ."""
    a, b = fields_of(one), fields_of(other)
    return sum(a[name] != b[name] for name in a)
