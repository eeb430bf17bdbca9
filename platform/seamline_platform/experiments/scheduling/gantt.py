"""A plan as a Gantt chart: one row per line or machine, bars coloured by group, as SVG."""

from collections.abc import Sequence
from html import escape
from typing import Final

from seamline_platform.experiments.charts import Axis, Words, number, words
from seamline_platform.experiments.scheduling.contract import GanttBar

WIDTH: Final = 980
ROW: Final = 26
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 28, 40
COLOURS: Final = 8
_LETTER: Final = 6.4
"""About the width of a letter of a bar's label."""


def gantt(title: Words, bars: Sequence[GanttBar], unit: Words) -> str:
    """Return a chart; set-ups are hatched, late bars have a frame."""
    rows = list(dict.fromkeys(sorted((bar.row for bar in bars), key=_natural)))
    groups = sorted({bar.group for bar in bars}, key=_natural)
    colour = {group: k % COLOURS for k, group in enumerate(groups)}
    end = max((bar.end for bar in bars), default=1)
    axis = Axis(unit, 0.0, float(end))
    height = _TOP + ROW * len(rows) + _BOTTOM
    body = [_grid(axis, _TOP + ROW * len(rows))]
    for k, row in enumerate(rows):
        y = _TOP + ROW * k
        body.append(words((row, row), _LEFT - 6, y + ROW / 2 + 4, "tick end"))
        body += [_bar(bar, axis, y, colour[bar.group]) for bar in bars if bar.row == row]
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    body.append(words(unit, middle, height - 6, "label middle"))
    return (
        f'<svg class="gantt" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title[0])}">{words(title, 0, 15, "title")}{"".join(body)}</svg>'
    )


def _natural(name: str) -> tuple[str, int]:
    digits = "".join(letter for letter in name if letter.isdigit())
    return name.rstrip("0123456789"), int(digits or 0)


def _x(axis: Axis, tick: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * axis.place(tick)


def _grid(axis: Axis, base: float) -> str:
    return "".join(
        f'<line class="grid" x1="{_x(axis, t):.1f}" x2="{_x(axis, t):.1f}" y1="{_TOP}" '
        f'y2="{base}"/>' + words((number(t), number(t)), _x(axis, t), base + 15, "tick middle")
        for t in axis.ticks()
    )


def _bar(bar: GanttBar, axis: Axis, y: float, colour: int) -> str:
    start, work, end = (_x(axis, t) for t in (bar.start, bar.start + bar.before, bar.end))
    tip = f"{bar.label} ({bar.group}): {bar.start}-{bar.end}"
    parts = [f"<g><title>{escape(tip)}</title>"]
    if bar.before:
        parts.append(_rect(start, y, work - start, f"f{colour} setup"))
    late = " late" if bar.late else ""
    parts.append(_rect(work, y, end - work, f"f{colour} work{late}"))
    if end - work > _LETTER * len(bar.label) + 4:
        parts.append(
            f'<text class="on middle" x="{(work + end) / 2:.1f}" y="{y + ROW / 2 + 4:.1f}">'
            f"{escape(bar.label)}</text>"
        )
    return "".join(parts) + "</g>"


def _rect(x: float, y: float, width: float, css: str) -> str:
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y + 3}" width="{max(width, 0.6):.1f}" '
        f'height="{ROW - 6}" rx="2"/>'
    )
