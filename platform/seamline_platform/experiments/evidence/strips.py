"""Strips: one SVG per line of a table, places in percent, so that it fits a desk and a phone.

Pure functions of numbers. Colours and words come from the page around them.
"""

from collections.abc import Iterable, Sequence

from seamline_platform.experiments.charts import Axis
from seamline_platform.experiments.evidence.intervals import Interval

HEIGHT = 20


def scale(values: Iterable[float], with_zero: bool = True) -> Axis:
    """Return an axis that holds all values (and zero), with some room at both ends."""
    known = [*values, 0.0] if with_zero else list(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    room = (high - low) * 0.05 or max(abs(high), 1.0) * 0.1
    return Axis(("", ""), low - room, high + room)


def interval_strip(axis: Axis, found: Interval, colour: int, certain: bool, margin: float) -> str:
    """Return an interval as a line with a dot, hollow if it is not certain.

    The grey band is what counts as equal: `margin` on both sides of zero.
    """
    y = HEIGHT / 2
    lo, mean, hi = (_at(axis, v) for v in (found.lo, found.mean, found.hi))
    caps = "".join(
        f'<line class="line s{colour}" x1="{x}" x2="{x}" y1="{y - 4}" y2="{y + 4}"/>'
        for x in (lo, hi)
    )
    fill = f"f{colour}" if certain else "hollow"
    return _strip(
        axis,
        f"{_band(axis, -margin, margin, 'same')}"
        f'<line class="line s{colour}" x1="{lo}" x2="{hi}" y1="{y}" y2="{y}"/>{caps}'
        f'<circle class="line s{colour} {fill}" cx="{mean}" cy="{y}" r="4.5"/>',
    )


def step_strip(axis: Axis, before: float, found: Interval, certain: bool) -> str:
    """Return a step of a waterfall: a bar from `before` to after, its interval as a whisker."""
    after = before + found.mean
    kind = ("up" if found.mean >= 0 else "down") + ("" if certain else " unsure")
    low, high = sorted((before, after))
    y = HEIGHT / 2
    whisker = (
        f'<line class="whisker" x1="{_at(axis, before + found.lo)}" '
        f'x2="{_at(axis, before + found.hi)}" y1="{y}" y2="{y}"/>'
    )
    return _strip(axis, _band(axis, low, high, kind, 4) + whisker)


def level_strip(axis: Axis, found: Interval) -> str:
    """Return a level: a mark at the mean and a band for its interval."""
    at = _at(axis, found.mean)
    return _strip(
        axis,
        _band(axis, found.lo, found.hi, "level", 6)
        + f'<line class="mark" x1="{at}" x2="{at}" y1="2" y2="{HEIGHT - 2}"/>',
    )


def scale_strip(axis: Axis, ticks: Sequence[tuple[float, str]]) -> str:
    """Return the numbers of an axis."""
    texts = "".join(
        f'<text class="tick middle" x="{_at(axis, at)}" y="13">{text}</text>' for at, text in ticks
    )
    return f'<svg class="strip" height="{HEIGHT}" aria-hidden="true">{texts}</svg>'


def _strip(axis: Axis, body: str) -> str:
    grid = "".join(
        f'<line class="{"zero" if tick == 0 else "grid"}" x1="{_at(axis, tick)}" '
        f'x2="{_at(axis, tick)}" y1="0" y2="{HEIGHT}"/>'
        for tick in axis.ticks()
    )
    return f'<svg class="strip" height="{HEIGHT}" aria-hidden="true">{grid}{body}</svg>'


def _band(axis: Axis, low: float, high: float, css: str, inset: float = 0) -> str:
    start, end = (max(0.0, min(1.0, axis.place(v))) * 100 for v in (low, high))
    return (
        f'<rect class="{css}" x="{start:.2f}%" width="{max(end - start, 0.3):.2f}%" '
        f'y="{inset}" height="{HEIGHT - 2 * inset}"/>'
    )


def _at(axis: Axis, value: float) -> str:
    return f"{100 * axis.place(value):.2f}%"
