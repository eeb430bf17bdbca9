"""Charts of the leaderboard as SVG: narrow enough to be read on a phone, keys beside them as text.

Pure functions of numbers and words. Colours come from the page: classes s0 to s7 and f0 to f7,
`rest` for models that no colour is left for.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from seamline_platform.experiments.charts import Axis, Words, number, words

WIDTH: Final = 440
HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 12, 12, 42
REST: Final = -1
"""Colour of a model that has none."""
_LABEL_PX: Final = 12.5
_LETTER_PX: Final = 6.8


@dataclass(frozen=True, slots=True)
class Curve:
    """A line; `low` and `high` draw a band around it, `dots` marks its points."""

    x: Sequence[float]
    y: Sequence[float]
    colour: int
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dashed: bool = False
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A point with a name."""

    name: str
    x: float
    y: float
    colour: int


def axis_of(label: Words, values: Iterable[float], least: float = 0.0) -> Axis:
    """Return an axis that holds all finite values, with room, at least `least` long."""
    known = [v for v in values if math.isfinite(v)]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = max((high - low) * 0.06, (least - (high - low)) / 2)
    if low == high:  # also where `least` is nothing: an axis has a length
        room = max(room, abs(high) * 0.1, 1e-9)
    return Axis(label, low - room, high + room)


def chart(x: Axis, y: Axis, body: str, title: Words) -> str:
    """Return axes with their ticks around a body."""
    parts = []
    for tick in y.ticks():
        _, at = place(x, y, x.low, tick)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="tick end" x="{_LEFT - 5}" y="{at + 4:.1f}">{number(tick)}</text>'
        )
    for tick in x.ticks():
        at, base = place(x, y, tick, y.low)
        parts.append(
            f'<text class="tick middle" x="{at:.1f}" y="{base + 15:.1f}">{number(tick)}</text>'
        )
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(words(x.label, middle, HEIGHT - 8, "label middle"))
    upright = f'transform="rotate(-90 11 {HEIGHT / 2:.0f})"'
    parts.append(words(y.label, 11, HEIGHT / 2, "label middle", upright))
    return svg("".join(parts) + body, title, HEIGHT)


def svg(body: str, title: Words, height: float, width: float = WIDTH) -> str:
    """Return a drawing with a name for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="{escape(title[0])}">{body}</svg>'
    )


def curves(x: Axis, y: Axis, lines: Sequence[Curve]) -> str:
    """Return lines and their bands; models without a colour lie behind the others."""
    out = []
    for line in sorted(lines, key=lambda line: line.colour != REST):
        kind = "rest" if line.colour == REST else f"s{line.colour}"
        if line.low:
            there = [_at(x, y, a, b) for a, b in zip(line.x, line.high, strict=True)]
            back = [_at(x, y, a, b) for a, b in zip(line.x, line.low, strict=True)]
            out.append(
                f'<polygon class="band f{line.colour}" points="{" ".join(there + back[::-1])}"/>'
            )
        points = " ".join(
            _at(x, y, a, b) for a, b in zip(line.x, line.y, strict=True) if math.isfinite(b)
        )
        dash = " dashed" if line.dashed else ""
        out.append(f'<polyline class="line {kind}{dash}" points="{points}"/>')
        if line.dots and line.colour != REST:
            out += [
                f'<circle class="f{line.colour}" cx="{px:.1f}" cy="{py:.1f}" r="2.4"/>'
                for px, py in (place(x, y, a, b) for a, b in zip(line.x, line.y, strict=True))
                if math.isfinite(py)
            ]
    return "".join(out)


def labelled(x: Axis, y: Axis, dots: Sequence[Dot]) -> str:
    """Return points with their names beside them, moved apart where they would overlap."""
    out: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for dot in sorted(dots, key=lambda dot: (dot.colour == REST, dot.y)):
        px, py = place(x, y, dot.x, dot.y)
        kind = "frest" if dot.colour == REST else f"f{dot.colour}"
        out.append(f'<circle class="{kind}" cx="{px:.1f}" cy="{py:.1f}" r="4.2"/>')
        spot = _free_spot(px, py, _LETTER_PX * len(dot.name), taken)
        if spot is None:
            continue  # the table beside the chart has it
        lx, ly, css = spot
        out.append(f'<text class="tick {css}" x="{lx:.1f}" y="{ly:.1f}">{escape(dot.name)}</text>')
    return "".join(out)


def _free_spot(
    px: float, py: float, wide: float, taken: list[tuple[float, float, float]]
) -> tuple[float, float, str] | None:
    for shift in (4.0, -7.0, 15.0, -18.0, 26.0):
        for right in (True, False):
            start = px + 7 if right else px - 7 - wide
            y = py + shift
            inside = start >= _LEFT and start + wide <= WIDTH and _TOP <= y <= HEIGHT - _BOTTOM
            free = all(
                abs(y - other) >= _LABEL_PX - 1 or start + wide < a or b < start
                for a, b, other in taken
            )
            if inside and free:
                taken.append((start, start + wide, y))
                return (px + 7, y, "") if right else (px - 7, y, "end")
    return None


def rule(x: Axis, y: Axis, ends: tuple[tuple[float, float], tuple[float, float]]) -> str:
    """Return a thin line between two points, in the axes' units."""
    (ax, ay), (bx, by) = (place(x, y, *end) for end in ends)
    return f'<line class="zero" x1="{ax:.1f}" y1="{ay:.1f}" x2="{bx:.1f}" y2="{by:.1f}"/>'


def belt(x: Axis, y: Axis, low: float, high: float) -> str:
    """Return a grey belt over the whole width between two heights."""
    left, top = place(x, y, x.low, high)
    right, bottom = place(x, y, x.high, low)
    return (
        f'<rect class="same" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}"/>'
    )


def place(x: Axis, y: Axis, a: float, b: float) -> tuple[float, float]:
    """Return where a point lies in the drawing."""
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM
    return _LEFT + wide * x.place(a), HEIGHT - _BOTTOM - tall * y.place(b)


def _at(x: Axis, y: Axis, a: float, b: float) -> str:
    px, py = place(x, y, a, b)
    return f"{px:.1f},{py:.1f}"
