"""Features of continuous values: differences from an anchor, in units of the series' own spread."""

from typing import Final

import numpy as np

from seamline_platform.demand.features import FeatureMaker
from seamline_platform.demand.frame import FloatArray, IntArray
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.history_sums import mean_of_known

LAGS: Final = 8
CYCLES_BACK: Final = 3
MEMORY: Final = {"h": 168, "D": 56, "W": 52, "MS": 24, "QS": 12, "YS": 8, "int": 24}
"""Periods over which a series' spread and level are taken, unless a cycle is longer."""
LEAST_SPREAD: Final = 1e-3
"""Share of the level that counts as spread at least: a constant series has some scale, too."""


def memory_of(freq: str, cycles: tuple[int, ...]) -> int:
    """Return the periods that the local scale is taken over: one long cycle, or up to four short.

    Without a cycle it depends on the frequency.
    """
    if not cycles:
        return MEMORY[freq]
    return max(cycles[-1], min(4 * cycles[-1], 24))


def windows_of(memory: int, cycles: tuple[int, ...]) -> tuple[int, ...]:
    """Return the lengths of rolling means: parts of the memory, and the cycles."""
    parts = {max(2, memory // 8), max(3, memory // 4), memory // 2, memory}
    return tuple(sorted(parts | set(cycles)))


class AnchoredFeatures(FeatureMaker):
    """Lags, values of one to three cycles before, and rolling means, measured from an anchor.

    The anchor is the last value (`outlook.anchor` 0) or the value one cycle before the target: what
    is learned is the difference to it, so that a level never seen before does no harm. The scale is
    the standard deviation over one long or a few short cycles: local scaling.
    """

    def _columns(
        self, series: IntArray, origin: IntArray, horizon: IntArray
    ) -> tuple[FloatArray, FloatArray, dict[str, FloatArray]]:
        sums, target = self._sums, origin + horizon
        memory = memory_of(self._panel.freq.name, self._outlook.cycles)
        mean, spread = sums.mean(series, origin, memory), sums.spread(series, origin, memory)
        scale = np.maximum(spread + LEAST_SPREAD * np.abs(mean), 1e-9)
        last = sums.at(series, origin)
        last = np.where(np.isnan(last), mean, last)
        anchor = self._outlook.anchor
        base = last if not anchor else self._cycle_before(series, origin, target, anchor, last)
        columns = {"horizon": horizon.astype(np.float64)}
        if anchor:
            columns["last"] = (last - base) / scale
        for k in range(1, LAGS + 1):
            columns[f"lag_{k}"] = (sums.at(series, origin - k) - last) / scale
        for cycle in self._outlook.cycles:
            columns |= self._cycle(series, origin, target, cycle, base, scale)
        for window in windows_of(memory, self._outlook.cycles):
            columns[f"mean_{window}"] = (sums.mean(series, origin, window) - base) / scale
            columns[f"change_{window}"] = (last - sums.at(series, origin - window)) / scale
        step = sums.mean_step(series, origin, memory)
        columns |= {
            "spread": spread / scale,
            "step": step / scale,
            "relative_scale": np.log(scale / np.maximum(np.abs(mean), 1e-9)),
            "age": sums.count(series, origin, sums.periods),
        }
        if self._panel.freq.name == "MS":
            days = working_days(
                self._panel.freq, self._panel.start, sums.periods + int(horizon.max())
            )
            from_period = origin if not anchor else self._back(origin, target, anchor)
            columns["working_days"] = days[target]
            columns["more_working_days"] = days[target] - days[np.maximum(from_period, 0)]
        if self._offers.told:
            columns["promo"] = self._offers.promo_at(series, target)
            columns["price_ratio"] = self._offers.price_at(series, target)
        return base, scale, columns

    def _cycle_before(
        self, series: IntArray, origin: IntArray, target: IntArray, cycle: int, last: FloatArray
    ) -> FloatArray:
        """Return the newest known value of the target's place in the cycle, else the last value."""
        value = self._sums.at(series, self._back(origin, target, cycle))
        return np.where(np.isnan(value), last, value)

    @staticmethod
    def _back(origin: IntArray, target: IntArray, cycle: int) -> IntArray:
        """Return the newest period up to the origin at the target's place in the cycle."""
        back: IntArray = target - ((target - origin + cycle - 1) // cycle) * cycle
        return back

    def _cycle(
        self,
        series: IntArray,
        origin: IntArray,
        target: IntArray,
        cycle: int,
        base: FloatArray,
        scale: FloatArray,
    ) -> dict[str, FloatArray]:
        """Return values of the target's place in earlier cycles, and how far it went from here.

        `move` is the step from the origin's place to the target's, one to three cycles before.
        """
        shift = ((target - origin + cycle - 1) // cycle) * cycle
        values, moves = [], []
        columns: dict[str, FloatArray] = {}
        for k in range(CYCLES_BACK):
            there = self._sums.at(series, target - shift - k * cycle)
            here = self._sums.at(series, origin - shift - k * cycle)
            values.append((there - base) / scale)
            moves.append((there - here) / scale)
            columns[f"cycle_{cycle}_{k}"] = values[-1]
            columns[f"move_{cycle}_{k}"] = moves[-1]
        columns[f"cycle_{cycle}_mean"] = mean_of_known(values)
        columns[f"move_{cycle}_mean"] = mean_of_known(moves)
        return columns


def working_days(freq: Frequency, start: int, months: int) -> FloatArray:
    """Return the Mondays to Fridays of so many months from ordinal `start` on.

    What is counted by the month (patients, parts, invoices) moves with them, by up to a seventh.
    """
    first = freq.ds(np.arange(start, start + months + 1)).to_numpy(zero_copy_only=False)
    days = first.astype("datetime64[D]")
    return np.asarray(np.busday_count(days[:-1], days[1:]), dtype=np.float64)
