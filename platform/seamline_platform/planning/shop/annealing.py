"""Simulated annealing as an anytime solver: it takes a plan and gives a plan that costs no more."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import Plan, evaluate
from seamline_platform.planning.shop.times import WorkTimes

CHUNK_MOVES: Final = 4_000


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to search: CPU seconds of this process, or a number of moves; the first that ends.

    A number of moves alone gives equal results on every machine.
    """

    cpu_s: float = math.inf
    moves: int = 0

    def __post_init__(self) -> None:
        if not self.cpu_s > 0 or self.moves < 0 or (math.isinf(self.cpu_s) and not self.moves):
            raise ValueError(
                f"A budget needs CPU seconds or moves above 0; got {self.cpu_s} s, {self.moves}."
            )


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan, its cost, and the moves it took."""

    plan: Plan
    cost: int
    moves: int
    cpu_s: float


Improved = Callable[[Plan, int], None]
Cancelled = Callable[[], bool]


class Timer(Protocol):
    """Tells CPU seconds."""

    def __call__(self) -> float:
        """Return CPU seconds used so far."""


def anneal_plan(
    c: Compiled,
    plan: Plan,
    budget: Budget,
    cpu: Timer,
    *,
    seed: int = 1,
    fixed: Sequence[int] | None = None,
    on_improve: Improved | None = None,
    cancelled: Cancelled = lambda: False,
) -> Found:
    """Return a plan that costs at most what `plan` costs.

    `fixed` is the number of orders at the head of each line that stay (by default the problem's).
    Orders of one line alone, and plans without an order, come back as they are.

    Raises:
        ValueError: if an order has to come after another (the inner loop does not know that).
    """
    if any(c.before):
        raise ValueError("Annealing does not handle orders that have to come after others.")
    cost = evaluate(c, plan)
    count = sum(len(s) for s in plan.sequences)
    began = cpu()
    if count < 2:
        return Found(plan, cost, 0, 0.0)
    from seamline_platform.planning.shop import annealing_kernel as kernel

    search = _Search(c, plan, fixed)
    x, best, done = 1 + seed % 2_147_483_646, cost, 0
    kernel.evaluate_all(search.tables, search.state)
    # One move that changes nothing for the worse: what is compiled is so before the clock runs.
    x, cost, best = kernel.anneal(
        search.tables, search.state, x, cost, best, 1, 1e-9, 1e-9, *search.best
    )
    began = cpu()
    hot, cold = _temperatures(c, plan, cost)
    while True:
        share = _share(budget, done, cpu() - began)
        if share >= 1 or cancelled() or best == 0:
            break
        moves = min(CHUNK_MOVES, budget.moves - done) if budget.moves else CHUNK_MOVES
        ahead = min(share + (moves / budget.moves if budget.moves else 0.01), 1.0)
        a, b = (hot * (cold / hot) ** min(s / 0.9, 1.0) for s in (share, ahead))
        x, cost, new = kernel.anneal(
            search.tables, search.state, x, cost, best, moves, a, b, *search.best
        )
        done += moves
        if new < best and on_improve is not None:
            on_improve(search.best_plan(), int(new))
        best = int(new)
    return Found(search.best_plan(), int(best), done, cpu() - began)


def _share(budget: Budget, moves: int, cpu_s: float) -> float:
    by_moves = moves / budget.moves if budget.moves else 0.0
    return max(by_moves, cpu_s / budget.cpu_s)


def _temperatures(c: Compiled, plan: Plan, cost: int) -> tuple[float, float]:
    """Return the first and the last temperature, in costs of one order (found on drawn plants)."""
    each = max(cost / max(sum(len(s) for s in plan.sequences), 1), 1.0)
    return 2.0 * each, 0.01 * each


class _Search:
    """Tables and state of the inner loop."""

    def __init__(self, c: Compiled, plan: Plan, fixed: Sequence[int] | None) -> None:
        from seamline_platform.planning.shop.annealing_kernel import State, Tables

        lines, orders = len(c.work), len(c.cut)
        as_table, as_row = _makers()
        axes = _axes([*c.times, c.cutting, c.finishing])
        heads = fixed if fixed is not None else [
            len(c.problem.fixed.get(line.line, ())) for line in c.problem.lines
        ]  # fmt: skip
        self.tables = Tables(
            work=as_table(c.work), klass=as_row(c.klass), setup=as_table(c.setup),
            change=as_table(c.change), losses=as_table(c.losses),
            states=as_table([
                [c.times[k].to_work(c.line_free[k]), c.line_class[k], c.line_age[k]]
                for k in range(lines)
            ]),
            anticipatory=int(c.problem.setups.anticipatory),
            release=as_row([c.cutting.to_work(r) for r in c.release]), cut=as_row(c.cut),
            cut_transport=c.problem.cutting.transport, finish=as_row(c.finish),
            finish_transport=c.problem.finishing.transport, due=as_row(c.due),
            weight=as_row(c.weight), fixed=as_row(heads), axes=as_table(axes.bounds),
            cut_busy=as_row(c.cut_busy), finish_busy=as_row(c.finish_busy),
            starts=as_row(axes.starts), ends=as_row(axes.ends), done=as_row(axes.done),
            tardiness=c.problem.objective.tardiness, set_up=c.problem.objective.setup,
        )  # fmt: skip
        planned = [i for s in plan.sequences for i in s]
        width = max(len(planned), 1)
        rows = [[*s, *[0] * (width - len(s))] for s in plan.sequences]
        planned += [i for i, end in enumerate(c.sewn) if end != CANNOT]
        line_of = [-1] * orders
        for number, sequence in enumerate(plan.sequences):
            for i in sequence:
                line_of[i] = number
        cuts = set(c.cuts)
        cut_order = [i for i in plan.cut_order if i in cuts]
        self.state = State(
            sequences=as_table(rows), lengths=as_row([len(s) for s in plan.sequences]),
            line_of=as_row(line_of), cut_order=as_row(cut_order), kit=as_row(c.kit),
            sew_end=as_row(c.sewn), setups=as_row([0] * lines), ranked=as_row(planned),
            tables=as_row([0] * c.problem.cutting.places), taken=as_row([0] * orders),
            places=as_row([0] * c.problem.finishing.places), saved_kit=as_row([0] * orders),
            saved_end=as_row([0] * orders), saved_setups=as_row([0] * lines),
        )  # fmt: skip
        self.best: tuple[Any, Any, Any] = (
            as_table(rows), as_row([len(s) for s in plan.sequences]), as_row(cut_order)
        )  # fmt: skip

    def best_plan(self) -> Plan:
        """Return the best state as a plan."""
        sequences, lengths, cut_order = self.best
        return Plan(
            tuple(
                tuple(int(i) for i in row[: int(n)])
                for row, n in zip(sequences, lengths, strict=True)
            ),
            tuple(int(i) for i in cut_order),
        )


@dataclass(frozen=True, slots=True)
class _Axes:
    bounds: list[list[int]]
    starts: list[int]
    ends: list[int]
    done: list[int]


def _axes(times: Sequence[WorkTimes]) -> _Axes:
    result = _Axes([], [], [], [])
    for axis in times:
        first = len(result.starts)
        result.bounds.append([first, first + len(axis.starts)])
        result.starts.extend(axis.starts)
        result.ends.extend(axis.ends)
        result.done.extend(axis.done)
    return result


def _makers() -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Return makers of tables and rows: arrays where the loop is compiled, else lists."""
    from seamline_platform.planning.shop.kernels import HAVE_NUMBA

    if not HAVE_NUMBA:
        return lambda rows: [list(row) for row in rows], list
    import numpy as np

    def make(values: Any) -> Any:
        return np.array(values, dtype=np.int64)

    return make, make
