"""The checks: each asks a forecaster for something and raises if a promise is broken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from seamline_broker.clock import WallClock
from seamline_broker.errors import PluginError
from seamline_platform.demand.answers import check_cumulative, check_paths
from seamline_platform.demand.conformance import cases
from seamline_platform.demand.conformance.cases import Case
from seamline_platform.demand.conformance.findings import BrokenPromiseError
from seamline_platform.demand.frame import panel_of
from seamline_platform.demand.frequency import SEASONS
from seamline_platform.demand.protocol import (
    LEVELS,
    CumulativeForecaster,
    Forecaster,
    PathSampler,
    Trainable,
    check_forecast,
    load_forecaster,
)

MANY: Final = 10_000
PROBE: Final = 300
WIDE_LEVELS: Final = (0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.975, 0.99)


@dataclass(frozen=True, slots=True)
class Subject:
    """The forecaster under test, and how many seconds one forecast may take."""

    spec: str
    time_budget_s: float

    def make(self, **options: object) -> Forecaster:
        """Return a new one."""
        return load_forecaster(self.spec, **options)


def answer(model: Forecaster, case: Case, levels: tuple[float, ...] = LEVELS) -> pa.Table:
    """Return the complete, checked forecast of a case.

    Raises:
        BrokenPromiseError: if the model raises, or its answer is not complete.
    """
    panel = panel_of(case.history)
    try:
        if isinstance(model, Trainable):
            model.fit(case.history, case.horizon, levels)
        made = model.forecast(case.history, case.horizon, levels)
    except Exception as exc:  # a plug-in may raise anything
        raise BrokenPromiseError(
            f"it raised {_told(exc)}",
            "Answer for such series too, with something plain: the last value, or the mean.",
        ) from exc
    try:
        return check_forecast(made, panel, case.horizon, levels)
    except PluginError as exc:
        raise BrokenPromiseError(str(exc), _MEND_SHAPE) from exc


_MEND_SHAPE: Final = (
    "Build the answer with forecast_table(panel.ids, panel.next_period, quantiles, values, "
    "panel.freq) from values of shape (series, horizon, quantiles), without NaN, not below zero "
    "unless the history is, and rising with the quantile (np.maximum.accumulate over the last "
    "axis)."
)


def _told(exc: Exception) -> str:
    step, place = exc.__traceback__, ""
    while step is not None:
        place = f" ({step.tb_frame.f_code.co_filename}, line {step.tb_lineno})"
        step = step.tb_next
    return f"{exc!r}{place}"


def same(one: pa.Table, other: pa.Table) -> str:
    """Return where two forecasts differ first; empty if they are byte-identical."""
    if one.equals(other):
        return ""
    a, b = one["value"].to_numpy(), other["value"].to_numpy()
    if len(a) != len(b):
        return f"{len(a)} and {len(b)} rows"
    differ = np.flatnonzero(a != b)
    if not len(differ):
        return "other columns than value differ"
    row = one.slice(int(differ[0]), 1).to_pylist()[0]
    return (
        f"{len(differ)} of {len(a)} values differ, first series {row['unique_id']!r}, {row['ds']}, "
        f"quantile {row['quantile']}: {a[differ[0]]:.6g} and {b[differ[0]]:.6g}"
    )


def loads(subject: Subject) -> str:
    """Make it, with and without options."""
    for options in ({}, {"season_length": 7, "threads": 1, "seed": 1}):
        try:
            subject.make(**options)
        except PluginError as exc:
            raise BrokenPromiseError(
                str(exc),
                "Give every argument of the constructor a default, and name the method 'forecast'.",
            ) from exc
    return "made with and without options"


def whole_answer(subject: Subject) -> str:
    """Ask for two weeks, one day, one quantile and eleven."""
    case = cases.daily()
    rows = len(answer(subject.make(), case))
    answer(subject.make(), Case(case.history, 1, case.words))
    answer(subject.make(), case, (0.5,))
    answer(subject.make(), case, WIDE_LEVELS)
    return f"{rows} rows, each series, day and quantile once; so for 1 day, and 1 and 11 quantiles"


def every_frequency(subject: Subject) -> str:
    """Ask for hours, days, weeks, months, quarters, years and integers."""
    for name in SEASONS:
        try:
            answer(subject.make(), cases.of_frequency(name))
        except BrokenPromiseError as exc:
            raise BrokenPromiseError(f"for frequency {name!r}: {exc.came}", exc.mend) from exc
    return f"complete forecasts for {', '.join(SEASONS)}"


def further_columns(subject: Subject) -> str:
    """Ask with covariates, static text, and rows that tell what is known ahead."""
    answer(subject.make(), cases.with_extras())
    return "a complete forecast"


def gaps(subject: Subject) -> str:
    """Ask with missing rows, empty values and stock-outs."""
    answer(subject.make(), cases.with_gaps())
    return "a complete forecast"


def short_series(subject: Subject) -> str:
    """Ask for series of one, two and three values among others; then for nothing but those."""
    answer(subject.make(), cases.late_starters())
    refused = [n for n in (1, 2, 3) if not answers_or_refuses(subject, cases.only(n))]
    return "answered" + (
        f"; refuses a whole history of {refused} days with a reason" * bool(refused)
    )


def odd_series(subject: Subject) -> str:
    """Ask for constant, zero, rare, huge, tiny and unknown series; then for zeros alone."""
    answer(subject.make(), cases.odd_neighbours())
    refused = [
        case.words
        for case in (cases.nothing_sold(), cases.all_constant())
        if not answers_or_refuses(subject, case)
    ]
    return "answered" + (f"; refuses {' and '.join(refused)} with a reason" if refused else "")


def answers_or_refuses(subject: Subject, case: Case) -> bool:
    """Return True if a case is answered, False if it is refused with a ValueError in words."""
    model, panel = subject.make(), panel_of(case.history)
    try:
        if isinstance(model, Trainable):
            model.fit(case.history, case.horizon, LEVELS)
        made = model.forecast(case.history, case.horizon, LEVELS)
    except (ValueError, PluginError) as exc:
        if len(str(exc)) < 10:
            raise BrokenPromiseError(
                f"it refused {case.words} with {exc!r}", "Say in the ValueError what is missing."
            ) from exc
        return False
    except Exception as exc:  # a plug-in may raise anything
        raise BrokenPromiseError(
            f"for {case.words} it raised {_told(exc)}",
            "Answer plainly, or refuse with a ValueError that says what is missing.",
        ) from exc
    try:
        check_forecast(made, panel, case.horizon, LEVELS)
    except PluginError as exc:
        raise BrokenPromiseError(f"for {case.words}: {exc}", _MEND_SHAPE) from exc
    return True


def below_zero(subject: Subject) -> str:
    """Ask for values of which some are negative."""
    answer(subject.make(), cases.negative())
    return "a complete forecast"


def no_crossing(subject: Subject) -> str:
    """Ask for eleven quantiles of sales with a heavy tail."""
    answer(subject.make(), cases.wild(), WIDE_LEVELS)
    return "quantiles in rising order"


def any_order(subject: Subject) -> str:
    """Ask with shuffled rows: the forecast is that of sorted rows."""
    case = cases.daily()
    mixed = np.random.default_rng(4).permutation(len(case.history))
    one = answer(subject.make(), case)
    shuffled = Case(case.history.take(pa.array(mixed)), case.horizon, case.words)
    other = answer(subject.make(), shuffled)
    if not np.allclose(one["value"].to_numpy(), other["value"].to_numpy(), rtol=1e-6, atol=1e-9):
        raise BrokenPromiseError(
            f"the forecast depends on the order of rows: {same(one, other)}",
            "Take arrays from panel_of(history), or sort by unique_id and ds first.",
        )
    return "the same forecast"


def bad_frames(subject: Subject) -> str:
    """Ask with two rows for one day, and with days and weeks mixed."""
    table = cases.daily().history
    twice = pa.concat_tables([table, table.slice(5, 3)])
    weekly = cases.of_frequency("W").history
    names = pa.array([f"weekly {name}" for name in weekly["unique_id"].to_pylist()])
    weekly = weekly.set_column(0, "unique_id", names)
    words = []
    for what, frame in (("duplicates", twice), ("mixed", pa.concat_tables([table, weekly]))):
        try:
            subject.make().forecast(frame, 7, LEVELS)
        except (ValueError, PluginError):
            words.append(f"refuses {what}")
        except Exception as exc:  # a plug-in may raise anything
            raise BrokenPromiseError(
                f"for {what} rows it raised {_told(exc)}",
                "Begin with panel_of(history): it refuses such frames with a ValueError that says "
                "which series is wrong.",
            ) from exc
        else:
            words.append(f"answers {what}")
    return ", ".join(words)


def deterministic(subject: Subject) -> str:
    """Ask two new forecasters, and one of them twice: byte-identical answers."""
    case, first = cases.with_extras(), subject.make()
    one, again = answer(first, case), answer(first, case)
    other = answer(subject.make(), case)
    for what, table in (("asked twice, it", again), ("a second new forecaster", other)):
        if difference := same(one, table):
            raise BrokenPromiseError(
                f"{what} gave another answer: {difference}",
                "Draw all random numbers from np.random.default_rng(seed), made anew inside "
                "forecast, and keep nothing between calls.",
            )
    return "byte-identical answers"


def no_leakage(subject: Subject) -> str:
    """Ask at day 84 after it saw day 98 of either of two data sets that differ from day 84 on."""
    early = cases.known_at(84, changed_after=84, factor=1.0)
    fresh = answer(subject.make(), early)
    for factor in (1.0, 7.0):
        model = subject.make()
        answer(model, cases.known_at(98, changed_after=84, factor=factor))
        table = answer(model, cases.known_at(84, changed_after=84, factor=factor))
        if difference := same(fresh, table):
            raise BrokenPromiseError(
                f"having seen later days, its forecast of earlier ones changed: {difference}",
                "Keep nothing of earlier calls: not in self, not in the class, not in a file.",
            )
    return "altering everything after the cut-off changes no byte of the forecast"


def strangers(subject: Subject) -> str:
    """Ask for some series, then for others that it never saw."""
    model, case = subject.make(), cases.daily()
    ids = panel_of(case.history).ids
    for chosen in (ids[:3], ids[2:]):
        keep = pa.array([name in chosen for name in case.history["unique_id"].to_pylist()])
        answer(model, Case(case.history.filter(keep), case.horizon, case.words))
    return "complete forecasts for both"


def optional_methods(subject: Subject) -> str:
    """Ask for sample paths and sums, if it says that it has them."""
    model, case = subject.make(), cases.daily()
    panel, found = panel_of(case.history), []
    try:
        if isinstance(model, Trainable):
            model.fit(case.history, case.horizon, LEVELS)
            found.append("fit")
        if isinstance(model, PathSampler):
            paths = [
                check_paths(model.sample_paths(case.history, 14, 20, seed), panel, 14, 20)
                for seed in (1, 1, 2)
            ]
            if (paths[0] != paths[1]).any():
                raise PluginError("The sample paths of one seed differ from call to call.")
            found.append("sample_paths")
        if isinstance(model, CumulativeForecaster):
            made = model.cumulative(case.history, (1, 7, 14), LEVELS)
            check_cumulative(made, panel, (1, 7, 14), LEVELS)
            found.append("cumulative")
    except Exception as exc:  # a plug-in may raise anything
        came = str(exc) if isinstance(exc, PluginError) else f"it raised {_told(exc)}"
        raise BrokenPromiseError(
            came, "See docs/forecasters.md for what this method returns, or leave it out."
        ) from exc
    return f"has {', '.join(found)}" if found else "has none of them, and needs none"


def in_time(subject: Subject) -> str:
    """Ask for many series within the time budget."""
    clock = WallClock()
    start = clock.steady_s()
    answer(subject.make(), cases.many(PROBE))
    taken = clock.steady_s() - start
    if taken > subject.time_budget_s:
        raise BrokenPromiseError(
            f"{PROBE} series took {taken:.1f} s",
            f"The budget is {subject.time_budget_s:g} s: work on all series at once with numpy.",
        )
    if taken * MANY / PROBE > subject.time_budget_s / 2:
        able = int(subject.time_budget_s / taken * PROBE)
        return (
            f"{PROBE} series in {taken:.2f} s; if seconds grow with the series, about {able:,} fit "
            f"into the budget, so {MANY:,} were not tried"
        )
    start = clock.steady_s()
    answer(subject.make(), cases.many(MANY))
    return f"{MANY:,} series in {clock.steady_s() - start:.2f} s"


Check = Callable[[Subject], str]
CHECKS: Final[dict[str, tuple[Check, str]]] = {
    "loads": (loads, "It is made without arguments, and with the options that it names."),
    "shapes": (whole_answer, "Every series, period and quantile once, with a finite number."),
    "frequencies": (every_frequency, "Hours, days, weeks, months, quarters, years and integers."),
    "columns": (further_columns, "Covariates, texts and rows known ahead do not disturb it."),
    "gaps": (gaps, "Missing rows, an empty y and days out of stock do not disturb it."),
    "short": (short_series, "Series of 1, 2 and 3 values get a forecast."),
    "odd": (odd_series, "Constant, all-zero, rare, huge and tiny series get a forecast."),
    "negative": (below_zero, "Values below zero get a forecast."),
    "crossing": (no_crossing, "A higher quantile is never lower."),
    "order": (any_order, "The order of rows does not matter."),
    "bad frames": (bad_frames, "Duplicates and mixed frequencies: refused by ValueError, or met."),
    "determinism": (deterministic, "The same question gets the same answer, to the byte."),
    "leakage": (no_leakage, "Nothing after the cut-off has any influence."),
    "unseen ids": (strangers, "Series that it never saw get a forecast."),
    "optional": (optional_methods, "fit, sample_paths and cumulative, where it has them."),
    "time": (in_time, f"{PROBE} series within the time budget, {MANY:,} if it can."),
}
"""Every check by name: what runs, and what is asked, in words."""
