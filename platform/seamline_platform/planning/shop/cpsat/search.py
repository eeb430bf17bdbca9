"""Large neighbourhood search (Shaw 1998): CP-SAT solves one small part of the plan after another.

The choice of the neighbourhood adapts to what each has gained per tick (Ropke and Pisinger 2006),
and its size to whether the last part was solved to the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from seamline_platform.planning.shop.annealing import (
    Budget,
    Cancelled,
    Found,
    Improved,
    Timer,
)
from seamline_platform.planning.shop.compiled import Compiled
from seamline_platform.planning.shop.cpsat.engine import Limits
from seamline_platform.planning.shop.cpsat.neighbourhoods import (
    NEIGHBOURHOODS,
    Choice,
    Neighbourhood,
    View,
)
from seamline_platform.planning.shop.cpsat.subproblem import SubResult, heads_of, improve
from seamline_platform.planning.shop.decode import Plan, decode, evaluate, lines_for

PART_TICKS: Final = 0.1
"""Deterministic time of one part; 0.1 takes about half a CPU second."""
FIRST_SIZE: Final = 10
_SIZES: Final = (4, 24)
_MEMORY: Final = 0.8
_EVEN: Final = 0.15
"""Share of draws in which all neighbourhoods are as likely."""
MAX_IDLE: Final = 400
"""Draws in a row that bring nothing new (all were solved before) after which the search ends."""


@dataclass(slots=True)
class _Arm:
    """A neighbourhood with what it has gained per tick, and how many orders it frees."""

    name: str
    choose: Neighbourhood
    gain: float = 0.0
    size: float = FIRST_SIZE

    def learn(self, gained: int, result: SubResult) -> None:
        """Take in one result."""
        rate = gained / max(result.ticks, 1e-3)
        self.gain = _MEMORY * self.gain + (1 - _MEMORY) * rate
        grown = self.size * (1.1 if result.status == "optimal" else 0.9)
        self.size = min(max(grown, _SIZES[0]), _SIZES[1])


@dataclass(slots=True)
class _Search:
    c: Compiled
    plan: Plan
    cost: int
    fixed: Sequence[int]
    rng: Random
    arms: list[_Arm]
    solved: set[Choice] = field(default_factory=set)
    """Parts of this very plan that are solved to the end."""

    def view(self) -> View:
        held = {i for n, row in zip(self.fixed, self.plan.sequences, strict=True) for i in row[:n]}
        movable = (i for row in self.plan.sequences for i in row if i not in held)
        return View(self.c, self.plan, decode(self.c, self.plan), tuple(sorted(movable)))

    def draw(self) -> _Arm:
        total = sum(arm.gain for arm in self.arms)
        if total <= 0 or self.rng.random() < _EVEN:
            return self.rng.choice(self.arms)
        return self.rng.choices(self.arms, [arm.gain + 0.05 * total for arm in self.arms])[0]

    def take(self, result: SubResult) -> bool:
        """Go on from a result; return True if it costs less."""
        better = result.cost < self.cost
        if result.plan != self.plan:
            self.solved.clear()
        self.plan, self.cost = result.plan, result.cost
        return better


def lns(
    c: Compiled,
    plan: Plan,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    fixed: Sequence[int] | None = None,
    neighbourhoods: Mapping[str, Neighbourhood] = NEIGHBOURHOODS,
    on_improve: Improved | None = None,
    cancelled: Cancelled = lambda: False,
) -> Found:
    """Return a plan that costs at most what `plan` costs, by the decoder.

    The budget counts CPU seconds, parts (as its moves) or ticks; parts and ticks give equal results
    everywhere. It also ends between parts, and inside one, when `cancelled` says so.

    Raises:
        ConfigError: if OR-Tools is not installed.
        DeadlockError: if the orders of `plan` wait for each other across lines.
    """
    began, ticks, parts, idle = cpu(), 0.0, 0, 0
    arms = [_Arm(name, choose) for name, choose in neighbourhoods.items()]
    heads = heads_of(c) if fixed is None else fixed
    search = _Search(c, plan, evaluate(c, plan), heads, Random(f"lns {seed}"), arms)
    view = search.view()

    def over() -> bool:
        return cancelled() or cpu() - began >= budget.cpu_s

    while len(view.movable) > 1 and search.cost > 0 and idle < MAX_IDLE:
        if budget.used(cpu() - began, parts, ticks) >= 1 or cancelled():
            break
        arm = search.draw()
        choice = arm.choose(view, search.rng, round(arm.size))
        if len(choice.free) < 2 or choice in search.solved:
            idle, arm.size = idle + 1, min(arm.size + 0.5, _SIZES[1])
            continue
        limits = Limits(min(PART_TICKS, budget.ticks - ticks) if budget.ticks else PART_TICKS)
        able = {i: lines_for(c, i) for i in choice.free} if choice.anywhere else None
        result = improve(
            c, search.plan, choice.free, limits, lines=able, seed=seed + parts, fixed=heads,
            cpu=cpu, stop=over,
        )  # fmt: skip
        ticks, parts, idle = ticks + result.ticks, parts + 1, 0
        arm.learn(search.cost - result.cost, result)
        if result.status == "optimal":
            search.solved.add(choice)
        if search.take(result):
            view = search.view()
            if on_improve is not None:
                on_improve(search.plan, search.cost)
    return Found(search.plan, search.cost, parts, cpu() - began, ticks)
