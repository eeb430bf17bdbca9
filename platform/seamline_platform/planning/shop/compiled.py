"""A problem as tables of whole numbers: what the decoders of a plan read, in Python or compiled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from seamline_platform.planning.shop.problem import Line, Order, Problem, Stage
from seamline_platform.planning.shop.tariff import Meter, meter, rates_per_tick
from seamline_platform.planning.shop.times import ALWAYS, WorkTimes

CANNOT: Final = -1
CONTINUE, FAMILY, OTHER = 0, 1, 2
"""Kinds of change for learning: the same style goes on, its family, something else."""
_RAMP_SPANS: Final = 12
"""After so many tau what is still to be learned is below one thousandth of a per cent."""


@dataclass(frozen=True)
class Compiled:
    """Tables by order (index as in the problem), line and class; a class is a (style, colour).

    Class 0 is "nothing set up". `work[line][order]` is CANNOT where the line may not sew it.
    """

    problem: Problem
    work: list[list[int]]
    cut: list[int]
    finish: list[int]
    release: list[int]
    due: list[int]
    weight: list[int]
    kit: list[int]
    """Tick at which the kit is there; CANNOT where the order is still to be cut."""
    sewn: list[int]
    """Tick at which it is sewn by what runs; CANNOT where the order is still to be sewn."""
    klass: list[int]
    setup: list[list[int]]
    change: list[list[int]]
    line_class: list[int]
    line_free: list[int]
    line_age: list[int]
    losses: list[list[int]]
    """Ticks lost to learning in the first t working ticks, by kind of change."""
    before: list[list[int]]
    times: list[WorkTimes]
    """Of each line."""
    cutting: WorkTimes
    finishing: WorkTimes
    cut_busy: list[int]
    """Work at which each cutting table is free, in rising order."""
    finish_busy: list[int]

    @cached_property
    def cuts(self) -> list[int]:
        """Orders that are still to be cut."""
        return [i for i, kit in enumerate(self.kit) if kit == CANNOT and self.sewn[i] == CANNOT]

    @cached_property
    def planned(self) -> list[int]:
        """Line of every order in the plan before; CANNOT where it had none."""
        number = {line.line: k for k, line in enumerate(self.problem.lines)}
        before = self.problem.planned
        return [
            number[before[o.order]] if o.order in before else CANNOT for o in self.problem.orders
        ]

    @cached_property
    def money(self) -> list[Meter]:
        """Of each line: what sewing costs in electricity, in millionths of the tariff's money."""
        tariff = self.problem.tariff
        return self._meters(tariff.price if tariff else ())

    @cached_property
    def co2(self) -> list[Meter]:
        """Of each line: the CO2 of that electricity in mg."""
        tariff = self.problem.tariff
        return self._meters(tariff.co2 if tariff else ())

    def _meters(self, per_kwh: Sequence[float]) -> list[Meter]:
        tariff, tick_ms = self.problem.tariff, self.problem.tick_ms
        made: dict[tuple[str, float], Meter] = {}
        for line, times in zip(self.problem.lines, self.times, strict=True):
            kind = (line.calendar, line.power_kw)
            if tariff is None or not line.power_kw:
                made[kind] = Meter()
            elif kind not in made:
                rates = rates_per_tick(per_kwh, line.power_kw, tick_ms)
                made[kind] = meter(tariff.starts, rates, times)
        return [made[line.calendar, line.power_kw] for line in self.problem.lines]

    @property
    def plain(self) -> bool:
        """True if nothing ever closes: ticks of work are ticks on the wall."""
        return all(t is ALWAYS for t in (*self.times, self.cutting, self.finishing))


def compile_problem(problem: Problem) -> Compiled:
    """Return the tables of a problem."""
    index = {o.order: i for i, o in enumerate(problem.orders)}
    classes = _classes(problem)
    ramp = problem.ramp
    names = list(classes)
    return Compiled(
        problem=problem,
        work=[[_work(problem, line, o) for o in problem.orders] for line in problem.lines],
        cut=[math.ceil(o.pieces * problem.style_of[o.style].cut) for o in problem.orders],
        finish=[math.ceil(o.pieces * problem.style_of[o.style].finish) for o in problem.orders],
        release=[o.release for o in problem.orders],
        due=[o.due for o in problem.orders],
        weight=[o.weight for o in problem.orders],
        kit=[CANNOT if o.kit is None else o.kit for o in problem.orders],
        sewn=[CANNOT if o.sewn is None else o.sewn for o in problem.orders],
        klass=[classes[o.style, o.colour] for o in problem.orders],
        setup=[[_setup(problem, a, b) for b in names] for a in names],
        change=[[_change(problem, a, b) for b in names] for a in names],
        line_class=[classes[line.style, line.colour] for line in problem.lines],
        line_free=[line.free for line in problem.lines],
        line_age=[line.age for line in problem.lines],
        losses=[_losses(depth, ramp.tau) for depth in (0.0, ramp.depth_family, ramp.depth_other)],
        before=[[index[name] for name in o.after] for o in problem.orders],
        times=[problem.times(line.calendar) for line in problem.lines],
        cutting=problem.times(problem.cutting.calendar),
        finishing=problem.times(problem.finishing.calendar),
        cut_busy=_busy(problem, problem.cutting),
        finish_busy=_busy(problem, problem.finishing),
    )


def _busy(problem: Problem, stage: Stage) -> list[int]:
    axis = problem.times(stage.calendar)
    held = [axis.to_work(tick) for tick in stage.busy]
    return sorted([0] * (stage.places - len(held)) + held)


def _classes(problem: Problem) -> dict[tuple[str, str], int]:
    """Return numbers of (style, colour), the empty one first; an unknown style counts as empty."""
    result = {("", ""): 0}
    for order in problem.orders:
        result.setdefault((order.style, order.colour), len(result))
    for line in problem.lines:
        result.setdefault((line.style, line.colour), len(result))
    return result


def _work(problem: Problem, line: Line, order: Order) -> int:
    if not problem.can(line, order):
        return CANNOT
    style = problem.style_of[order.style]
    return math.ceil(
        order.pieces * style.smv / (line.operators * line.efficiency[style.family]) - 1e-9
    )


def _setup(problem: Problem, before: tuple[str, str], after: tuple[str, str]) -> int:
    setups = problem.setups
    if (before[0], after[0]) in setups.pairs:
        return setups.pairs[before[0], after[0]]
    if before == after:
        return 0
    if before[0] == after[0]:
        return setups.same_style
    return setups.same_family if _same_family(problem, before, after) else setups.other


def _change(problem: Problem, before: tuple[str, str], after: tuple[str, str]) -> int:
    if before[0] == after[0]:
        return CONTINUE
    return FAMILY if _same_family(problem, before, after) else OTHER


def _same_family(problem: Problem, before: tuple[str, str], after: tuple[str, str]) -> bool:
    a, b = problem.style_of.get(before[0]), problem.style_of.get(after[0])
    return a is not None and b is not None and a.family == b.family


def _losses(depth: float, tau: int) -> list[int]:
    """Return round(depth tau (1 - e^(-t / tau))) for t = 0 .. 12 tau: whole, so sums telescope."""
    return [round(-depth * tau * math.expm1(-t / tau)) for t in range(_RAMP_SPANS * tau + 1)]
