"""What a plan is worth when things do not go as planned: Monte Carlo from the present state on.

Every run starts from what the problem describes (what runs until a line is free, what a line is set
up for, kits on the way, calendars) and carries the plan out in its own sequences with noisy times,
stops of lines and late material. Luck is drawn by key (`luck`), so plans are compared under the
same luck, and a run costs what `decode.value` says.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, Final

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.decode import NEVER, Plan, Times, Value, decode, value
from seamline_platform.planning.shop.kernels import HAVE_NUMBA
from seamline_platform.planning.shop.luck import Luck
from seamline_platform.planning.shop.noise import Drawn, Noise, draw
from seamline_platform.planning.shop.tables import joined_axes, maker

MAX_RUNS: Final = 100_000
_CHUNK: Final = 1_000_000
"""Orders times runs of which the luck is drawn at once: about 60 MB."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and quantiles over the runs.

    A quantile is the least outcome that at least that share of the runs does not exceed (the
    inverse of the empirical distribution), so P90 holds in nine of ten runs.
    """

    mean: float
    p10: float
    p50: float
    p90: float

    @classmethod
    def of(cls, outcomes: Any) -> "Spread":
        """Return the spread of these outcomes."""
        low, middle, high = np.quantile(outcomes, (0.1, 0.5, 0.9), method="inverted_cdf")
        return cls(float(np.mean(outcomes)), float(low), float(middle), float(high))


@dataclass(frozen=True, slots=True)
class OrderRisk:
    """When an order is sewn and done, in ticks, and how likely it is in time.

    `planned` is the plan's own `done`. What is promised should be `done.p90`.
    """

    order: str
    line: str
    due: int
    planned: int
    sewn: Spread
    done: Spread
    in_time: float


@dataclass(frozen=True)
class Risk:
    """What came of a plan in `runs` runs; `values` holds what each of them cost."""

    planned: Value
    values: tuple[Value, ...]
    orders: tuple[OrderRisk, ...]
    seed: int

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.values)

    @cached_property
    def cost(self) -> Spread:
        """Cost over the runs."""
        return Spread.of([v.cost for v in self.values])

    @cached_property
    def weighted_tardiness(self) -> Spread:
        """Sum w_j T_j over the runs, in ticks."""
        return Spread.of([v.weighted_tardiness for v in self.values])

    @cached_property
    def late(self) -> Spread:
        """Number of late orders."""
        return Spread.of([v.late for v in self.values])

    @property
    def late_share(self) -> float:
        """Mean share of orders that are late."""
        return self.late.mean / len(self.orders) if self.orders else 0.0

    @cached_property
    def makespan(self) -> Spread:
        """Tick at which the last order is done."""
        return Spread.of([v.makespan for v in self.values])

    def promise(self, order: str) -> int:
        """Return the tick by which `order` is done in nine of ten runs.

        Raises:
            ConfigError: if the plan does not have that order.
        """
        for row in self.orders:
            if row.order == order:
                return int(row.done.p90)
        raise ConfigError(f"The plan does not have the order {order!r}.")


def simulate(c: Compiled, plan: Plan, noise: Noise, seed: int = 1, runs: int = 200) -> Risk:
    """Return what comes of `plan` under chance.

    Raises:
        ConfigError: if `runs` is out of range.
        DeadlockError: if orders wait for each other across lines.
    """
    if not 1 <= runs <= MAX_RUNS:
        raise ConfigError(f"Number of runs is {runs!r}; allowed: 1 to {MAX_RUNS}.")
    planned = decode(c, plan)
    values: list[Value] = []
    sewn: list[Sequence[int]] = []
    done: list[Sequence[int]] = []
    for times in run_forward(c, plan, noise, seed, range(runs)):
        values.append(value(c, times))
        sewn.append(times.sew_end)
        done.append(times.done)
    orders = _orders(c, planned, np.array(sewn), np.array(done))
    return Risk(value(c, planned), tuple(values), orders, seed)


def _orders(c: Compiled, planned: Times, sewn: Any, done: Any) -> tuple[OrderRisk, ...]:
    known = [i for i, tick in enumerate(planned.done) if tick != NEVER]
    if not known:
        return ()
    rows = []
    quantiles = [
        np.quantile(x[:, known], (0.1, 0.5, 0.9), axis=0, method="inverted_cdf").T.tolist()
        for x in (sewn, done)
    ]
    means = [x[:, known].mean(axis=0).tolist() for x in (sewn, done)]
    late = (done[:, known] > np.array(c.due)[known]).mean(axis=0).tolist()
    for k, i in enumerate(known):
        order = c.problem.orders[i]
        line = c.problem.lines[planned.line[i]].line if planned.line[i] >= 0 else order.lines[0]
        spreads = [Spread(m[k], *q[k]) for m, q in zip(means, quantiles, strict=True)]
        rows.append(
            OrderRisk(
                order.order, line, c.due[i], planned.done[i], spreads[0], spreads[1], 1 - late[k]
            )
        )
    return tuple(rows)


def run_forward(
    c: Compiled, plan: Plan, noise: Noise, seed: int, runs: Sequence[int]
) -> Iterator[Times]:
    """Yield the times of `plan` in each of the runs; those of cutting are not kept.

    The plan must decode (no deadlock).
    """
    from seamline_platform.planning.shop import risk_kernel as kernel

    tables, room = _tables(c, plan), _Room(c, plan)
    never = [NEVER] * len(c.cut)
    line = _line_of(c, plan)
    sewing = [
        sum(c.work[k][i] + _lost(c) for i in sequence) for k, sequence in enumerate(plan.sequences)
    ]
    size = max(_CHUNK // max(len(c.cut), 1), 1)
    for at in range(0, len(runs), size):
        drawn = draw(c, noise, Luck(seed, runs[at : at + size]), sewing)
        for luck, kit, sewn in _lucks(drawn):
            out = room.times(kit, sewn)
            kernel.run_once(tables, luck, out)
            rows = (out.setup_start, out.setup, out.sew_start, out.sew_end, out.finish_start)
            setup_start, setup, sew_start, sew_end, finish_start = map(_listed, rows)
            yield Times(
                line, never, never, setup_start, setup, sew_start, sew_end, finish_start,
                _listed(out.done),
            )  # fmt: skip


class _Room:
    """Room for the times of one run after another."""

    def __init__(self, c: Compiled, plan: Plan) -> None:
        self.as_table = self.as_row = maker()
        self.never, self.nothing = [NEVER] * len(c.cut), [0] * len(c.cut)
        planned = sorted(chain.from_iterable(plan.sequences))
        planned += [i for i, end in enumerate(c.sewn) if end != CANNOT]
        self.ranked = self.as_row(planned)
        self.lines = self.as_table([[0] * 7 for _ in c.work])
        self.tables = self.as_row([0] * c.problem.cutting.places)
        self.places = self.as_row([0] * c.problem.finishing.places)
        self.taken = self.as_row(self.nothing)

    def times(self, kit: Any, sewn: Any) -> Any:
        """Return room in which kits have come, and orders are sewn, as one run has it."""
        from seamline_platform.planning.shop.risk_kernel import RunTimes

        return RunTimes(
            kit=kit, setup_start=self.as_row(self.never), setup=self.as_row(self.nothing),
            sew_start=self.as_row(self.never), sew_end=sewn,
            finish_start=self.as_row(self.never), done=self.as_row(self.never),
            lines=self.lines, tables=self.tables, taken=self.taken, places=self.places,
            ranked=self.ranked,
        )  # fmt: skip


def _listed(row: Any) -> list[int]:
    made: list[int] = row.tolist() if HAVE_NUMBA else row
    return made


def _lost(c: Compiled) -> int:
    """Return the most that an order loses to learning."""
    return max(max(table) for table in c.losses)


def _line_of(c: Compiled, plan: Plan) -> list[int]:
    line = [NEVER] * len(c.cut)
    for number, sequence in enumerate(plan.sequences):
        for i in sequence:
            line[i] = number
    return line


def _lucks(drawn: Drawn) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the luck of each run, its kits and what is sewn already: arrays, or lists."""
    from seamline_platform.planning.shop.risk_kernel import RunLuck

    parts = (
        drawn.sewing, drawn.setup, drawn.cut, drawn.finish, drawn.release, drawn.free,
        drawn.stops, drawn.repairs, drawn.kit, drawn.sewn,
    )  # fmt: skip
    rows = parts if HAVE_NUMBA else [x.tolist() for x in parts]
    for row in zip(*rows, strict=True):
        yield RunLuck(*row[:8]), row[8], row[9]


def _tables(c: Compiled, plan: Plan) -> Any:
    from seamline_platform.planning.shop.risk_kernel import RunTables

    as_table = as_row = maker()
    axes = joined_axes([*c.times, c.cutting, c.finishing])
    width = max(map(len, plan.sequences), default=0) or 1
    cuts = set(c.cuts)
    return RunTables(
        sequences=as_table([[*s, *[0] * (width - len(s))] for s in plan.sequences]),
        lengths=as_row([len(s) for s in plan.sequences]),
        cut_order=as_row([i for i in plan.cut_order if i in cuts]),
        work=as_table(c.work), klass=as_row(c.klass), setup=as_table(c.setup),
        change=as_table(c.change), losses=as_table(c.losses),
        states=as_table([
            [c.times[k].to_work(c.line_free[k]), c.line_class[k], c.line_age[k]]
            for k in range(len(c.work))
        ]),
        anticipatory=int(c.problem.setups.anticipatory),
        cut_transport=c.problem.cutting.transport, cut_busy=as_row(c.cut_busy),
        finish_transport=c.problem.finishing.transport, finish_busy=as_row(c.finish_busy),
        first_before=as_row(list(accumulate(map(len, c.before), initial=0))),
        before=as_row([*chain.from_iterable(c.before), 0]),
        axes=as_table(axes.bounds), starts=as_row(axes.starts), ends=as_row(axes.ends),
        done=as_row(axes.done),
    )  # fmt: skip
