"""Charts as SVG text, in English and Chinese at once: lines with bands, scatters, quartile rows.

Pure functions of numbers and words. Colours and fonts come from the page (`document.py`), so that
one chart serves light, dark and paper.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Words = tuple[str, str]
"""A text in English and in Chinese."""

WIDTH: Final = 640
HEIGHT: Final = 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 42, 50
COLOURS: Final = 6
"""Classes c0 to c5 of the page's style sheet."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; `low` and `high` draw a band, `dashed` stands for theory."""

    name: Words
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dashed: bool = False
    colour: int = 0

    def __post_init__(self) -> None:
        lengths = {len(self.x), len(self.y)} | {len(b) for b in (self.low, self.high) if b}
        if len(lengths) != 1 or not self.x or bool(self.low) != bool(self.high):
            raise ValueError(f"line {self.name[0]!r} has parts of lengths {sorted(lengths)}")


@dataclass(frozen=True, slots=True)
class Points:
    """One group of points of a scatter."""

    name: Words
    x: Sequence[float]
    y: Sequence[float]
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Quartiles:
    """One bar of a quartile row: from the first to the third quartile, a mark at the median."""

    name: Words
    q1: float
    median: float
    q3: float
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: label, range, and whether it is logarithmic."""

    label: Words
    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return round values within the range."""
        if self.log:
            first = math.floor(math.log10(self.low) + 1e-9)
            marks = [m * 10.0**e for e in range(first, first + 12) for m in (1, 2, 5)]
        else:
            raw = (self.high - self.low) / 5
            size = 10.0 ** math.floor(math.log10(raw))
            step = next(m * size for m in (1, 2, 5, 10) if m * size >= raw)
            start = math.ceil(self.low / step - 1e-9)
            marks = [round(step * (start + i), 12) for i in range(12)]
        return [m for m in marks if self.low * (1 - 1e-9) <= m <= self.high * (1 + 1e-9)]


def words(text: Words, x: float, y: float, css: str = "", more: str = "") -> str:
    """Return a text element in both languages; the page shows one of them."""
    return "".join(
        f'<text class="{lang} {css}" x="{x:.1f}" y="{y:.1f}" {more}>{escape(part)}</text>'
        for lang, part in zip(("en", "zh"), text, strict=True)
    )


def line_chart(
    title: Words, x_label: Words, y_label: Words, lines: Sequence[Line], *,
    log_x: bool = False, from_zero: bool = False,
) -> str:  # fmt: skip
    """Return a chart of lines, their bands behind them, names in a legend above."""
    values = [v for line in lines for part in (line.y, line.low, line.high) for v in part]
    x = _x_axis(x_label, [v for line in lines for v in line.x], log_x)
    y = _axis(y_label, [*values, 0.0] if from_zero else values)
    body = [_band(line, x, y) for line in lines if line.low]
    for line in lines:
        points = " ".join(_at(x, y, a, b) for a, b in zip(line.x, line.y, strict=True))
        dash = " dashed" if line.dashed else ""
        body.append(f'<polyline class="line s{line.colour}{dash}" points="{points}"/>')
        if not line.dashed and len(line.x) <= 24:
            body += [_dot(x, y, a, b, line.colour) for a, b in zip(line.x, line.y, strict=True)]
    legend = _legend([(line.name, line.colour, line.dashed) for line in lines])
    return _frame(title, x, y, "".join(body) + legend)


def scatter_chart(title: Words, x_label: Words, y_label: Words, groups: Sequence[Points]) -> str:
    """Return a chart of points."""
    x = _axis(x_label, [v for group in groups for v in group.x])
    y = _axis(y_label, [v for group in groups for v in group.y])
    body = [
        _dot(x, y, a, b, group.colour, " faint", 2.6)
        for group in groups
        for a, b in zip(group.x, group.y, strict=True)
    ]
    return _frame(title, x, y, "".join(body) + _legend([(g.name, g.colour, None) for g in groups]))


def quartile_chart(title: Words, label: Words, rows: Sequence[tuple[Words, Sequence[Quartiles]]],
                   ) -> str:  # fmt: skip
    """Return rows of bars from first to third quartile: one row per feature, a bar per data set."""
    bars = [bar for _, group in rows for bar in group]
    x = _axis(label, [v for bar in bars for v in (bar.q1, bar.q3)])
    left, step = 150.0, 13.0
    height = _TOP + sum(step * len(group) + 12 for _, group in rows) + _BOTTOM
    span = WIDTH - left - _RIGHT
    body, y = [], float(_TOP) + 4
    for name, group in rows:
        body.append(words(name, left - 8, y + step * len(group) / 2 + 4, "tick end"))
        for bar in group:
            a, m, b = (left + span * x.place(v) for v in (bar.q1, bar.median, bar.q3))
            body.append(
                f'<rect class="band f{bar.colour}" x="{a:.1f}" y="{y:.1f}" '
                f'width="{max(b - a, 1):.1f}" height="{step - 3:.1f}"/>'
                f'<line class="line s{bar.colour}" x1="{m:.1f}" x2="{m:.1f}" '
                f'y1="{y:.1f}" y2="{y + step - 3:.1f}"/>'
            )
            y += step
        y += 12
    for tick in x.ticks():
        at = left + span * x.place(tick)
        body.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{y:.1f}"/>')
        body.append(words((number(tick),) * 2, at, y + 16, "tick middle"))
    body.append(words(label, left + span / 2, y + 36, "label middle"))
    first = rows[0][1] if rows else ()
    legend = _legend([(bar.name, bar.colour, None) for bar in first])
    return _svg(title, "".join(body) + legend, height)


def number(value: float) -> str:
    """Return a number short enough for an axis or a table."""
    if value == 0:
        return "0"
    if abs(value) >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _axis(label: Words, values: Iterable[float]) -> Axis:
    known = [v for v in values if math.isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = (high - low) * 0.06 or max(abs(high), 1.0) * 0.1
    return Axis(label, 0.0 if low == 0 else low - room, high + room)


def _x_axis(label: Words, values: Sequence[float], log: bool) -> Axis:
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    return Axis(label, low, high, log)


def _xy(x: Axis, y: Axis, a: float, b: float) -> tuple[float, float]:
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    return _LEFT + wide * x.place(a), HEIGHT - _BOTTOM - tall * y.place(b)


def _at(x: Axis, y: Axis, a: float, b: float) -> str:
    px, py = _xy(x, y, a, b)
    return f"{px:.1f},{py:.1f}"


def _dot(x: Axis, y: Axis, a: float, b: float, colour: int, css: str = "", r: float = 3.2) -> str:
    px, py = _xy(x, y, a, b)
    return f'<circle class="dot f{colour}{css}" cx="{px:.1f}" cy="{py:.1f}" r="{r}"/>'


def _band(line: Line, x: Axis, y: Axis) -> str:
    there = [_at(x, y, a, b) for a, b in zip(line.x, line.high, strict=True)]
    back = [_at(x, y, a, b) for a, b in zip(line.x, line.low, strict=True)]
    return f'<polygon class="band f{line.colour}" points="{" ".join(there + back[::-1])}"/>'


def _legend(entries: Sequence[tuple[Words, int, bool | None]]) -> str:
    """Return the names above the chart; None as third part stands for points or bars."""
    out, room = [], (WIDTH - _LEFT) / max(len(entries), 1)
    for i, (name, colour, dashed) in enumerate(entries):
        x = _LEFT + room * i
        if dashed is None:
            out.append(f'<circle class="dot f{colour}" cx="{x + 8:.1f}" cy="30" r="4"/>')
        else:
            css = f"line s{colour}{' dashed' if dashed else ''}"
            out.append(f'<line class="{css}" x1="{x:.1f}" x2="{x + 16:.1f}" y1="30" y2="30"/>')
        out.append(words(name, x + 20, 34, "tick"))
    return "".join(out)


def _frame(title: Words, x: Axis, y: Axis, body: str) -> str:
    parts = []
    for tick in y.ticks():
        _, at = _xy(x, y, x.low, tick)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        parts.append(words((number(tick),) * 2, _LEFT - 6, at + 4, "tick end"))
    for tick in x.ticks():
        at, base = _xy(x, y, tick, y.low)
        parts.append(words((number(tick),) * 2, at, base + 16, "tick middle"))
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(words(x.label, middle, HEIGHT - 12, "label middle"))
    upright = f'transform="rotate(-90 14 {HEIGHT / 2:.0f})"'
    parts.append(words(y.label, 14, HEIGHT / 2, "label middle", upright))
    return _svg(title, "".join(parts) + body, HEIGHT)


def _svg(title: Words, body: str, height: float) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title[0])}">'
        f"{words(title, 0, 15, 'title')}{body}</svg>"
    )
