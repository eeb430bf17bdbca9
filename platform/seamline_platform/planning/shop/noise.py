"""What may go otherwise than planned, drawn for runs of a plan."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.compiled import CANNOT, Compiled
from seamline_platform.planning.shop.luck import Floats, Luck

NEVER_FAILS: Final = 1 << 40


def _require(ok: bool, what: str, came: object, allowed: str) -> None:
    if not ok:
        raise ConfigError(f"{what} is {came!r}; allowed: {allowed}.")


@dataclass(frozen=True, slots=True)
class Failures:
    """How often a line stops and for how long, in ticks: exponential up, lognormal down."""

    mtbf: float
    """Mean ticks of sewing between two stops."""
    mttr: float
    """Mean working ticks until it sews again."""
    repair_cv: float = 1.0

    def __post_init__(self) -> None:
        _require(0 < self.mtbf < math.inf, "Failures.mtbf", self.mtbf, "above 0")
        _require(0 <= self.mttr < math.inf, "Failures.mttr", self.mttr, "0 or more")
        _require(0 <= self.repair_cv <= 5, "Failures.repair_cv", self.repair_cv, "0 to 5")


@dataclass(frozen=True, slots=True)
class Noise:
    """Coefficients of variation (sd / mean) of what is planned as a fixed time, and mishaps.

    Times are multiplied by lognormal numbers of mean 1, so that a plan is right on average. Zero
    everywhere is the plan itself.
    """

    sewing_cv: float = 0.15
    setup_cv: float = 0.15
    cutting_cv: float = 0.15
    finishing_cv: float = 0.15
    failures: Mapping[str, Failures] = field(default_factory=dict)
    """By line."""
    other_lines: Failures | None = None
    """Of lines that `failures` does not name; None: they do not stop."""
    late_share: float = 0.0
    """Share of cloth and kits still on the way that come late."""
    late_ticks: float = 0.0
    """How late they then are on average (exponential), in ticks."""

    def __post_init__(self) -> None:
        for name in ("sewing_cv", "setup_cv", "cutting_cv", "finishing_cv"):
            value = getattr(self, name)
            _require(0 <= value <= 3, f"Noise.{name}", value, "0 to 3")
        _require(0 <= self.late_share <= 1, "Noise.late_share", self.late_share, "0 to 1")
        _require(0 <= self.late_ticks < math.inf, "Noise.late_ticks", self.late_ticks, "0 or more")

    def of(self, line: str) -> Failures | None:
        """Return how `line` fails."""
        return self.failures.get(line, self.other_lines)


QUIET: Final = Noise(0.0, 0.0, 0.0, 0.0)
"""Nothing goes otherwise than planned."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The luck of some runs as tables: by run and order, or run and line (and number of stop)."""

    sewing: Any
    setup: Any
    cut: Any
    finish: Any
    release: Any
    """Work at the cutting tables from which the cloth is there."""
    kit: Any
    sewn: Any
    free: Any
    """Work of the line at which it is free."""
    stops: Any
    """Sewing ticks of the line after which it stops; `repairs` how long."""
    repairs: Any


def draw(c: Compiled, noise: Noise, luck: Luck, sewing_ticks: Sequence[int]) -> Drawn:
    """Return the luck of the runs; `sewing_ticks` is what each line has to sew in the plan."""
    orders = [o.order for o in c.problem.orders]
    factors = {
        kind: luck.lognormal(kind, orders, cv)[:, :, 0]
        for kind, cv in (
            ("sewing", noise.sewing_cv), ("setup", noise.setup_cv),
            ("cutting", noise.cutting_cv), ("finishing", noise.finishing_cv),
        )
    }  # fmt: skip
    late = _lateness(noise, luck, orders)
    running = luck.lognormal("running", [x.line for x in c.problem.lines], noise.sewing_cv)
    release, kit = (
        tick + np.where(tick > 0, late, 0)
        for tick in (np.array(row, dtype=np.int64) for row in (c.release, c.kit))
    )
    to_work = np.vectorize(c.cutting.to_work, otypes=[np.int64])
    stops, repairs = _stops(c, noise, luck, sewing_ticks, factors["sewing"])
    return Drawn(
        sewing=factors["sewing"], setup=factors["setup"],
        cut=_whole(np.array(c.cut) * factors["cutting"]),
        finish=_whole(np.array(c.finish) * factors["finishing"]),
        release=release if c.plain else to_work(release), kit=kit,
        sewn=_sewn(c, running[:, :, 0]), free=_free(c, running[:, :, 0]),
        stops=stops, repairs=repairs,
    )  # fmt: skip


def _whole(values: Any) -> Any:
    return np.floor(values + 0.5).astype(np.int64)


def _lateness(noise: Noise, luck: Luck, orders: Sequence[str]) -> Any:
    if noise.late_share == 0 or noise.late_ticks == 0:
        return np.zeros((len(luck.runs), len(orders)), dtype=np.int64)
    happens = luck.uniform("late", orders)[:, :, 0] < noise.late_share
    by = luck.exponential("late by", orders)[:, :, 0] * noise.late_ticks
    return _whole(np.where(happens, by, 0.0))


def _free(c: Compiled, running: Floats) -> Any:
    """What runs on a line until it is free takes as much longer as its luck says."""
    planned = np.array([t.to_work(f) for t, f in zip(c.times, c.line_free, strict=True)])
    return _whole(planned * running)


def _sewn(c: Compiled, running: Floats) -> Any:
    """An order that is being sewn ends with the luck of its line."""
    result = np.tile(np.array(c.sewn, dtype=np.int64), (len(running), 1))
    number = {x.line: k for k, x in enumerate(c.problem.lines)}
    for i, end in enumerate(c.sewn):
        if end != CANNOT and end > 0:
            k = number[c.problem.orders[i].lines[0]]
            axis = c.times[k]
            planned = axis.to_work(end)
            works = _whole(planned * running[:, k])
            result[:, i] = [end if w == planned else axis.end_at(int(w)) for w in works]
    return result


def _stops(
    c: Compiled, noise: Noise, luck: Luck, sewing_ticks: Sequence[int], factors: Floats
) -> tuple[Any, Any]:
    """Return cumulated sewing ticks up to each stop, and repairs, until all that is to be sewn."""
    names = [x.line for x in c.problem.lines]
    kinds = [noise.of(name) for name in names]
    if not any(kinds):
        shape = (len(luck.runs), len(names), 1)
        return np.full(shape, NEVER_FAILS, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    most = float(factors.max(initial=1.0))
    needs = [ticks * most + 1 for ticks in sewing_ticks]
    mean = max((n / f.mtbf for n, f in zip(needs, kinds, strict=True) if f), default=0.0)
    count = math.ceil(mean + 4 * math.sqrt(mean) + 4)
    mtbf = np.array([f.mtbf if f else float(NEVER_FAILS) for f in kinds])[None, :, None]
    while True:
        up = np.cumsum(luck.exponential("up", names, count) * mtbf, axis=2)
        if bool((up[:, :, -1] > np.array(needs)[None, :]).all()):
            break
        count *= 2
    repairs = np.stack(
        [
            luck.lognormal("repair", [name], f.repair_cv if f else 0.0, count)[:, 0]
            * (f.mttr if f else 0.0)
            for name, f in zip(names, kinds, strict=True)
        ],
        axis=1,
    )
    return np.minimum(np.ceil(up), NEVER_FAILS).astype(np.int64), _whole(repairs)
