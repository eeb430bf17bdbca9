"""Features of a demand series that do not drift with its length.

All take one series of counts or amounts, equally spaced, and return one number; nan where a feature
is not defined (a constant series has no autocorrelation, one sale no spread of sizes).
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
ADI_LIMIT: Final = 1.32
CV2_LIMIT: Final = 0.49
CLASSES: Final = ("smooth", "erratic", "intermittent", "lumpy")


def zero_share(y: Floats) -> float:
    """Return the share of periods without demand."""
    return float(np.mean(y == 0))


def adi(y: Floats) -> float:
    """Return the average demand interval: periods per period with demand."""
    sold = int(np.count_nonzero(y))
    return len(y) / sold if sold else math.nan


def cv2(y: Floats) -> float:
    """Return the squared coefficient of variation of demand sizes, zeros left out."""
    sold = y[y != 0]
    return float((sold.std() / sold.mean()) ** 2) if len(sold) > 1 else math.nan


def autocorrelation(y: Floats, lag: int) -> float:
    """Return the autocorrelation at a lag: sum of lagged products over sum of squares."""
    off = y - y.mean()
    squares = float(off @ off)
    if squares <= 1e-12 or len(y) <= lag:
        return math.nan
    return float(off[lag:] @ off[:-lag]) / squares


def seasonal_strength(y: Floats, period: int) -> float:
    """Return the share of variance that the place in the season explains, corrected for chance.

    Adjusted R^2 of one mean per place in the season, at least 0; the trend is taken off first. nan
    for fewer than two seasons.
    """
    if len(y) < 2 * period:
        return math.nan
    rest = y - _polynomial(y)
    means = np.array([rest[i::period].mean() for i in range(period)])
    return _adjusted(rest, rest - means[np.arange(len(y)) % period], period - 1)


def trend_strength(y: Floats) -> float:
    """Return the share of variance that a cubic in time explains, corrected for chance."""
    return _adjusted(y, y - _polynomial(y), 3)


def _polynomial(y: Floats) -> Floats:
    t = np.linspace(-1, 1, len(y))
    basis = np.stack([np.ones_like(t), t, t**2, t**3], axis=1)
    fitted: Floats = basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    return fitted


def _adjusted(y: Floats, rest: Floats, parameters: int) -> float:
    total = float(((y - y.mean()) ** 2).sum())
    free = len(y) - 1 - parameters
    if total <= 1e-12 or free < 1:
        return math.nan
    share = 1 - float((rest**2).sum()) / free / (total / (len(y) - 1))
    return max(share, 0.0)


def spectral_entropy(y: Floats) -> float:
    """Return the entropy of the periodogram, 0 (one wave) to 1 (white noise).

    Smoothed over five neighbouring frequencies, so that white noise does not look ordered only
    because a raw periodogram is rough.
    """
    power = np.abs(np.fft.rfft(y - y.mean())[1:]) ** 2
    if len(power) < 8 or power.sum() <= 1e-12:
        return math.nan
    power = np.convolve(power, np.ones(5) / 5, mode="valid")
    share = power / power.sum()
    share = share[share > 0]
    return float(-(share * np.log(share)).sum() / math.log(len(power)))


def burst(y: Floats) -> float:
    """Return the highest period over the mean."""
    mean = float(y.mean())
    return float(y.max()) / mean if mean > 0 else math.nan


def tail_index(y: Floats) -> float:
    """Return Hill's index of the highest tenth (at least five values): small is heavy.

    Mean of log(x / threshold) over the values above the threshold, inverted. Hill (1975).
    """
    values = np.sort(y[y > 0])[::-1]
    count = max(len(values) // 10, 5)
    if len(values) <= count:
        return math.nan
    mean = float(np.log(values[:count] / values[count]).mean())
    return 1 / mean if mean > 1e-12 else math.nan


def demand_class(y: Floats) -> str:
    """Return the class of Syntetos and Boylan (2005): limits ADI 1.32 and CV^2 .49."""
    interval, sizes = adi(y), cv2(y)
    often = not interval > ADI_LIMIT
    even = not sizes > CV2_LIMIT
    if often:
        return "smooth" if even else "erratic"
    return "intermittent" if even else "lumpy"


FEATURES: Final[Mapping[str, Callable[[Floats, int], float]]] = {
    "zero_share": lambda y, _: zero_share(y),
    "adi": lambda y, _: adi(y),
    "cv2": lambda y, _: cv2(y),
    "acf1": lambda y, _: autocorrelation(y, 1),
    "acf_season": autocorrelation,
    "seasonal_strength": seasonal_strength,
    "trend_strength": lambda y, _: trend_strength(y),
    "spectral_entropy": lambda y, _: spectral_entropy(y),
    "burst": lambda y, _: burst(y),
    "tail_index": lambda y, _: tail_index(y),
}
"""Each feature of a series and its season's length."""


def feature_table(series: list[Floats], period: int) -> Floats:
    """Return one row of `FEATURES` per series."""
    return np.array([[f(y, period) for f in FEATURES.values()] for y in series]).reshape(
        len(series), len(FEATURES)
    )
