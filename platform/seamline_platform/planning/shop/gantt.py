"""A plan as a Gantt chart: bars of any problem, drawn as SVG or as one HTML file without scripts.

Set-ups are pale, late orders hatched, closed hours shaded; the axis is in time of the plant where
it is known, else in ticks. What a bar is stands in its tooltip.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from html import escape
from typing import Final, Literal, Protocol

from seamline_platform.planning.shop.gantt_axis import Mark, moments, round_ticks, text_at
from seamline_platform.planning.shop.problem import Problem
from seamline_platform.planning.shop.schedule import Row, Schedule

Lang = Literal["en", "zh"]
WIDTH: Final = 1080
ROW: Final = 28
_LEFT, _RIGHT, _TOP, _BOTTOM = 92, 14, 10, 34
COLOURS: Final = 8
_LETTER: Final = 6.6
"""About the width of a letter of a bar's label."""
_STYLE: Final = """
:root{--paper:#fff;--ink:#1d2430;--soft:#5b6675;--rule:#d9dee6;--shut:#eceff3}
@media(prefers-color-scheme:dark){:root{--paper:#14181f;--ink:#e6eaf0;--soft:#9aa5b5;
--rule:#303846;--shut:#1f2530}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:1360px;margin:0 auto;padding:24px 20px 48px}h1{font-size:24px;margin:0 0 4px}
p{margin:6px 0;color:var(--soft)}.wide{overflow-x:auto;margin-top:14px}
svg.plan{width:100%;min-width:760px;height:auto;display:block}li{margin:4px 0}
"""
_SVG_STYLE: Final = """
.plan text{font:12px system-ui,"Noto Sans CJK SC",sans-serif;fill:var(--ink,#1d2430)}
.plan .tick{fill:var(--soft,#5b6675)}.plan .grid{stroke:var(--rule,#d9dee6)}
.plan .shut{fill:var(--shut,#eceff3)}.plan .setup{fill-opacity:.35}
.plan .on{fill:#fff;font-size:11px;font-weight:600;pointer-events:none}
.plan .late{fill:url(#late);pointer-events:none}
.k0{fill:#1f6fb2}.k1{fill:#b3461a}.k2{fill:#23774a}.k3{fill:#7640a6}.k4{fill:#8a6a05}
.k5{fill:#a3325f}.k6{fill:#15717a}.k7{fill:#596273}
"""
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "cutting": ("Cutting", "裁剪"),
    "finishing": ("Finishing", "后整"),
    "pieces": ("pieces", "件"),
    "setup": ("set-up", "换款"),
    "min": ("min", "分钟"),
    "late": ("late by", "延误"),
    "due": ("due", "交期"),
    "title": ("Plan", "排程"),
    "cost": ("cost", "成本"),
    "orders": ("orders", "订单"),
    "lates": ("late", "延误"),
    "unplanned": ("Without a place", "未能排入"),
    "legend": (
        "Colours are families; pale: set-up; hatched: late; shaded: closed. "
        "Point at a bar to see what it is.",
        "颜色表示款式族；浅色为换款；斜线为延误；灰底为非工作时间。将鼠标移到色块上查看详情。",
    ),
}


class BarLike(Protocol):
    """A bar in ticks; `before` is a set-up at its start, `group` what has one colour."""

    @property
    def row(self) -> str:
        """Line, machine or place."""

    @property
    def label(self) -> str:
        """What stands on it."""

    @property
    def group(self) -> str:
        """What bars of one colour have in common."""

    @property
    def start(self) -> int:
        """First tick, with its set-up."""

    @property
    def end(self) -> int:
        """Tick at which it ends."""

    @property
    def before(self) -> int:
        """Ticks of set-up at its start."""

    @property
    def late(self) -> bool:
        """True if its order is late."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with a tooltip of its own."""

    row: str
    label: str
    group: str
    start: int
    end: int
    before: int = 0
    late: bool = False
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the bars: marks of the axis, and closed hours by row."""

    end: int
    marks: Sequence[Mark]
    closed: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    rows: Sequence[str] = ()
    """Rows from top to bottom; those that bars name besides come after them."""


def gantt_html(problem: Problem, schedule: Schedule, lang: Lang = "en", zone: tzinfo = UTC) -> str:
    """Return a plan as one HTML file, light or dark as the reader's system is."""
    said = {key: pair[lang == "zh"] for key, pair in _WORDS.items()}
    bars = bars_of(problem, schedule, lang, zone)
    value = schedule.value
    facts = (
        f"{len(schedule.rows)} {said['orders']} · {value.late} {said['lates']} · "
        f"{said['cost']} {value.cost:,} · {zone}"
    )
    lost = "".join(
        f"<li><b>{escape(order)}</b> {escape(why)}</li>"
        for order, why in schedule.unplanned.items()
    )
    tail = f"<h2>{said['unplanned']}</h2><ul>{lost}</ul>" if lost else ""
    title = f"{said['title']}: {problem.name}"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{escape(title)}</h1><p>{escape(facts)}</p><p>{said['legend']}</p>"
        f'<div class="wide">{gantt_svg(bars, frame_of(problem, bars, lang, zone), title)}</div>'
        f"{tail}</main></body></html>\n"
    )


def gantt_svg(bars: Sequence[BarLike], frame: Frame | None = None, title: str = "Gantt") -> str:
    """Return bars of any problem as an SVG; without a frame the axis counts ticks."""
    end = max((bar.end for bar in bars), default=1)
    around = frame if frame is not None else Frame(end, round_ticks(end))
    rows = list(dict.fromkeys([*around.rows, *(bar.row for bar in bars)]))
    groups = sorted({bar.group for bar in bars})
    colour = {group: k % COLOURS for k, group in enumerate(groups)}
    base = _TOP + ROW * len(rows)
    at = {row: _TOP + ROW * k for k, row in enumerate(rows)}
    parts = [_shut(around, at), _grid(around, base)]
    parts += [
        f'<text x="{_LEFT - 8}" y="{y + ROW / 2 + 4}" text-anchor="end">{escape(row)}</text>'
        for row, y in at.items()
    ]
    parts += [_bar(bar, around.end, at[bar.row], colour[bar.group]) for bar in bars]
    return (
        f'<svg class="plan" viewBox="0 0 {WIDTH} {base + _BOTTOM}" role="img" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">'
        f"<style>{_SVG_STYLE}</style><defs>"
        '<pattern id="late" width="7" height="7" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path d="M0 0V7" stroke="#fff" stroke-opacity=".75" '
        f'stroke-width="4"/></pattern></defs>{"".join(parts)}</svg>'
    )


def bars_of(
    problem: Problem,
    schedule: Schedule,
    lang: Lang = "en",
    zone: tzinfo = UTC,
    stages: bool = True,
) -> tuple[Bar, ...]:
    """Return the bars of a plan: lines, and (with `stages`) cutting and finishing places."""
    bars = []
    for row in schedule.rows:
        if row.sew_end > row.setup_start:
            before = row.sew_start - row.setup_start if row.setup else 0
            start = row.setup_start if row.setup else row.sew_start
            bars.append(_of(problem, row, row.line, (start, row.sew_end), before, lang, zone))
    if stages:
        cuts = [
            (r.cut_start, r.cut_end, r)
            for r in schedule.rows
            if r.cut_start is not None and r.cut_end is not None
        ]
        ends = [(r.finish_start, r.done - problem.finishing.transport, r) for r in schedule.rows]
        for name, spans in (("cutting", cuts), ("finishing", ends)):
            word = _WORDS[name][lang == "zh"]
            for place, start, end, row in _on_places(spans):
                at = f"{word} {place + 1}"
                bars.append(_of(problem, row, at, (start, end), 0, lang, zone))
    return tuple(bars)


def frame_of(problem: Problem, bars: Sequence[Bar], lang: Lang, zone: tzinfo) -> Frame:
    """Return the frame of a plan: rows in order of the stages, closed hours, time of the plant."""
    end = max((bar.end for bar in bars), default=1)
    calendar = {line.line: line.calendar for line in problem.lines}
    for bar in bars:
        for name, stage in (("cutting", problem.cutting), ("finishing", problem.finishing)):
            if bar.row.startswith(_WORDS[name][lang == "zh"] + " ") and bar.row not in calendar:
                calendar[bar.row] = stage.calendar
    places = sorted(row for row in calendar if row not in problem.line_of)
    cut = [row for row in places if row.startswith(_WORDS["cutting"][lang == "zh"])]
    rows = [*cut, *problem.line_of, *(row for row in places if row not in cut)]
    closed = {row: _closed(problem, name, end) for row, name in calendar.items()}
    return Frame(end, moments(problem.start_ms, problem.tick_ms, end, zone), closed, rows)


def _closed(problem: Problem, calendar: str, end: int) -> list[tuple[int, int]]:
    times = problem.times(calendar)
    edges = [0]
    for opens, closes in zip(times.starts, times.ends, strict=True):
        if opens >= end:
            break
        edges += [opens, closes]
    edges.append(max(end, edges[-1]))
    return [(a, min(b, end)) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _on_places(
    spans: Iterable[tuple[int, int, Row]],
) -> Iterable[tuple[int, int, int, Row]]:
    """Yield (place, start, end, row): each goes to the first place that is free."""
    free: list[int] = []
    for start, end, row in sorted(spans, key=lambda s: (s[0], s[1], s[2].order)):
        if end <= start:
            continue
        place = next((k for k, tick in enumerate(free) if tick <= start), len(free))
        free[place : place + 1] = [end]
        yield place, start, end, row


def _of(
    problem: Problem,
    row: Row,
    at: str,
    span: tuple[int, int],
    before: int,
    lang: Lang,
    zone: tzinfo,
) -> Bar:
    order = problem.order_of[row.order]
    said = {key: pair[lang == "zh"] for key, pair in _WORDS.items()}

    def when(tick: int) -> str:
        return text_at(problem.start_ms + tick * problem.tick_ms, zone)

    minutes = problem.tick_ms / 60_000
    parts = [
        f"{row.order} · {at}",
        f"{order.style} {order.colour} · {order.pieces} {said['pieces']}".strip(),
        f"{when(span[0])} - {when(span[1])}",
    ]
    if before:
        parts.append(f"{said['setup']} {row.setup * minutes:g} {said['min']}")
    parts.append(f"{said['due']} {when(order.due)}")
    if row.late:
        parts.append(f"{said['late']} {row.late * minutes:g} {said['min']}")
    family = problem.style_of[order.style].family
    return Bar(at, row.order, family, *span, before, row.late > 0, "\n".join(parts))


def _x(tick: float, end: int) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * tick / max(end, 1)


def _shut(frame: Frame, at: Mapping[str, float]) -> str:
    return "".join(
        f'<rect class="shut" x="{_x(a, frame.end):.1f}" y="{at[row]}" '
        f'width="{_x(b, frame.end) - _x(a, frame.end):.1f}" height="{ROW}"/>'
        for row, spans in frame.closed.items()
        if row in at
        for a, b in spans
    )


def _grid(frame: Frame, base: float) -> str:
    return "".join(
        f'<line class="grid" x1="{_x(m.tick, frame.end):.1f}" x2="{_x(m.tick, frame.end):.1f}" '
        f'y1="{_TOP}" y2="{base}"/><text class="tick" text-anchor="middle" '
        f'x="{_x(m.tick, frame.end):.1f}" y="{base + 16}">{escape(m.text)}</text>'
        for m in frame.marks
    )


def _bar(bar: BarLike, end: int, y: float, colour: int) -> str:
    left, work, right = (_x(t, end) for t in (bar.start, bar.start + bar.before, bar.end))
    tip = getattr(bar, "tip", "") or f"{bar.label} ({bar.group}): {bar.start} - {bar.end}"

    def box(css: str, a: float, b: float) -> str:
        return (
            f'<rect class="{css}" x="{a:.1f}" y="{y + 3}" width="{max(b - a, 0.8):.1f}" '
            f'height="{ROW - 6}" rx="2"/>'
        )

    parts = [f"<g><title>{escape(tip)}</title>"]
    if bar.before:
        parts.append(box(f"setup k{colour}", left, work))
    parts.append(box(f"k{colour}", work, right))
    if bar.late:
        parts.append(box("late", work, right))
    room = int((right - work - 6) / _LETTER)
    if not bar.late and 1 <= len(bar.label) <= room:
        parts.append(f'<text class="on" x="{work + 4:.1f}" y="{y + 18}">{escape(bar.label)}</text>')
    elif bar.late and 1 <= len(bar.label) <= room:
        wide = len(bar.label) * _LETTER + 6
        parts.append(box(f"k{colour}", work + 1, work + 1 + wide))
        parts.append(f'<text class="on" x="{work + 4:.1f}" y="{y + 18}">{escape(bar.label)}</text>')
    return "".join(parts) + "</g>"
