"""Numbers as a reader sees them: digits of the metric, signs on differences, verdicts in words."""

from typing import Final

from seamline_platform.experiments.evidence.intervals import Difference, Interval
from seamline_platform.experiments.evidence.kpis import KPIS

VERDICTS: Final = {
    "more": ("more", "增加"),
    "less": ("less", "减少"),
    "equal": ("equal (±1 %)", "相等（±1 %）"),
    "not distinguishable": ("not distinguishable", "无法区分"),
}


def value(metric: str, number: float) -> str:
    """Return a value with the digits of its metric: `1,234`, `0.873`."""
    return f"{_zero(number, KPIS[metric].digits):,.{KPIS[metric].digits}f}"


def signed(metric: str, number: float) -> str:
    """Return a difference with its sign: `+1,234`, `-0.020`, `0`."""
    digits = KPIS[metric].digits
    rounded = _zero(number, digits)
    return f"{rounded:+,.{digits}f}" if rounded else f"{rounded:.{digits}f}"


def with_interval(metric: str, interval: Interval) -> str:
    """Return `123 [110, 136]`."""
    lo, hi = value(metric, interval.lo), value(metric, interval.hi)
    return f"{value(metric, interval.mean)} [{lo}, {hi}]"


def difference(metric: str, found: Difference) -> str:
    """Return `+12 [+3, +21]`."""
    lo, hi = signed(metric, found.interval.lo), signed(metric, found.interval.hi)
    return f"{signed(metric, found.interval.mean)} [{lo}, {hi}]"


def judgement(metric: str, found: Difference) -> tuple[str, str]:
    """Return the verdict in English and Chinese, with better or worse where that is known."""
    en, zh = VERDICTS[found.verdict]
    if found.verdict not in ("more", "less") or not KPIS[metric].better:
        return en, zh
    up = found.interval.mean > 0
    return ("better", "变好") if up == (KPIS[metric].better > 0) else ("worse", "变差")


def _zero(number: float, digits: int) -> float:
    """Return the rounded number, without a minus sign on zero."""
    return round(number, digits) + 0.0
