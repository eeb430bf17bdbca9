"""The council that the demand brain listens to: forecasters behind one face, days and sums."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from seamline_broker.errors import PluginError
from seamline_platform.demand.frame import FloatArray, IntArray, Panel, grid_of
from seamline_platform.demand.holdout import known
from seamline_platform.demand.leadtime import error_correlation, gamma_quantile, moments
from seamline_platform.demand.protocol import Forecaster, Trainable, load_forecaster
from seamline_platform.demand.stylecast import StyleCast

log = logging.getLogger(__name__)
ASKED: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles that members are asked for."""
_LOCAL_PERIODS: Final = 182


@dataclass(frozen=True, slots=True)
class Moment:
    """A history at one origin."""

    history: pa.Table
    panel: Panel
    horizon: int


class Voice(Protocol):
    """What one member says at one origin; `series` are the rows of the panel that it speaks of."""

    series: IntArray

    def days(self, quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles (series, horizon, quantiles)."""

    def sums(self, steps: Sequence[int], quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles of sums over the first periods (series, steps, quantiles)."""


class StyleVoice:
    """The style model: speaks of all series, and knows sums itself."""

    def __init__(self, moment: Moment, seed: int) -> None:
        self._cast = StyleCast(moment.panel, moment.horizon, seed)
        self.series: IntArray = np.arange(len(moment.panel.ids))

    def days(self, quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles (series, horizon, quantiles)."""
        return self._cast.daily(quantiles)

    def sums(self, steps: Sequence[int], quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles of sums over the first periods (series, steps, quantiles)."""
        return self._cast.sums(steps, quantiles)


class PlainVoice:
    """Any forecaster, asked for five quantiles at most: others lie between them.

    Each quantile of a boosting model is a model of its own, which is where a night's time goes.
    Beyond the outermost ones quantiles go on as an exponential; sums come from means, variances and
    one correlation of errors (`leadtime`).
    """

    def __init__(self, moment: Moment, forecaster: Forecaster, series: IntArray) -> None:
        self._moment, self.series = moment, series
        made = forecaster.forecast(moment.history, moment.horizon, ASKED)
        self._values = grid_of(made, moment.panel.freq).values

    def days(self, quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles (series, horizon, quantiles)."""
        return np.stack([between(self._values, level) for level in quantiles], axis=2)

    def sums(self, steps: Sequence[int], quantiles: Sequence[float]) -> FloatArray:
        """Return quantiles of sums over the first periods (series, steps, quantiles)."""
        mean, variance = moments(ASKED, self._values)
        r = error_correlation(self._moment.panel)
        result = np.empty((len(mean), len(steps), len(quantiles)))
        for i, count in enumerate(steps):
            alone = variance[:, :count].sum(axis=1)
            together = np.sqrt(variance[:, :count]).sum(axis=1) ** 2
            sd = np.sqrt((1 - r) * alone + r * together)
            total = mean[:, :count].sum(axis=1)
            for j, level in enumerate(quantiles):
                result[:, i, j] = gamma_quantile(total, sd, level)
        return result


def between(values: FloatArray, level: float) -> FloatArray:
    """Return the quantile at `level` of distributions known at `ASKED` (.., five).

    Straight between the levels that are known; beyond them the logarithm of the tail's probability
    goes on at its last slope.
    """
    known = np.asarray(ASKED)
    if known[0] <= level <= known[-1]:
        right = int(np.clip(np.searchsorted(known, level), 1, len(known) - 1))
        share = (level - known[right - 1]) / (known[right] - known[right - 1])
        result: FloatArray = (1 - share) * values[..., right - 1] + share * values[..., right]
        return result
    end, inner = (0, 1) if level < known[0] else (-1, -2)
    tail = known if level < known[0] else 1 - known
    steps = np.log(tail[end] / min(level, 1 - level)) / np.log(tail[inner] / tail[end])
    beyond: FloatArray = values[..., end] + steps * (values[..., end] - values[..., inner])
    return beyond if (values < 0).any() else np.maximum(beyond, 0.0)


class Member(ABC):
    """One forecaster of the brain, asked at a past origin first and at the last one then."""

    name = ""

    @abstractmethod
    def speak(self, moment: Moment) -> Voice | None:
        """Return what it says; None where it has nothing to say of this panel."""


class Styles(Member):
    """The style model, for days and for counts of pieces."""

    name = "styles"

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def speak(self, moment: Moment) -> Voice | None:
        """Return the style model's voice."""
        if moment.panel.freq.name != "D" or np.nanmin(moment.panel.y) < 0:
            return None
        return StyleVoice(moment, self._seed)


class Registered(Member):
    """A registered forecaster for all series; one that can be fitted learns once, at first."""

    def __init__(self, name: str, options: dict[str, object]) -> None:
        self.name, self._options = name, options
        self._forecaster: Forecaster | None = None

    def speak(self, moment: Moment) -> Voice | None:
        """Return its voice."""
        series: IntArray = np.arange(len(moment.panel.ids))
        if self._forecaster is None:
            self._forecaster = load_forecaster(self.name, **self._options)
            if isinstance(self._forecaster, Trainable):
                self._forecaster.fit(moment.history, moment.horizon, ASKED)
        return PlainVoice(moment, self._forecaster, series)


class Local(Member):
    """A registered forecaster for the series that sold most, as far as the local extra is there."""

    def __init__(self, name: str, most: int, options: dict[str, object]) -> None:
        self.name, self._most, self._options = name, most, options

    def speak(self, moment: Moment) -> Voice | None:
        """Return its voice for at most `most` series; None if its library is not installed."""
        panel = moment.panel.tail(_LOCAL_PERIODS)
        sold = np.nansum(panel.y, axis=1)
        series = np.sort(np.argsort(-sold, kind="stable")[: self._most])
        series = series[sold[series] > 0]
        if not len(series):
            return None
        ids = [panel.ids[i] for i in series]
        first = panel.freq.ds([panel.start])[0]
        history = known(moment.history, ids)
        recent = history.filter(_from(history["ds"], first))
        part = Moment(recent, panel, moment.horizon)
        return PlainVoice(part, load_forecaster(self.name, **self._options), series)


def _from(ds: pa.ChunkedArray, first: pa.Scalar) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.greater_equal(ds, first.cast(ds.type))


def heard(member: Member, moment: Moment) -> Voice | None:
    """Return a member's voice; None, with a line in the log, if it fails."""
    try:
        return member.speak(moment)
    except (ValueError, PluginError) as exc:  # too little history, an extra that is not installed
        log.info("brain_member_silent member=%s: %s", member.name, exc)
    except Exception:  # libraries raise anything; the others still have something to say
        log.exception("brain_member_failed member=%s", member.name)
    return None
