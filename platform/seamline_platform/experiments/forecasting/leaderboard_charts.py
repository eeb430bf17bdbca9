"""The leaderboard's charts of one task: ranks, calibration, fans, trade-off curves, scatter."""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Final

from seamline_platform.experiments.charts import Axis, Words
from seamline_platform.experiments.evidence.intervals import Interval
from seamline_platform.experiments.forecasting import leaderboard_plot as plot
from seamline_platform.experiments.forecasting.contract import DecisionRow, ModelScore, TaskResult
from seamline_platform.experiments.forecasting.leaderboard_plot import REST, Curve, Dot
from seamline_platform.experiments.forecasting.leaderboard_tables import (
    REFERENCE,
    Row,
    figure,
    interval_rows,
    known,
    label_of,
    ranked,
)
from seamline_platform.experiments.forecasting.ranks import Ranks

TOLERANCE: Final = 0.03
"""Share by which a level may be missed: calibrated all the same."""
_LEVEL: Final[Words] = ("quantile level", "分位水平")
_PERIOD: Final[Words] = ("periods from the origin", "距起点的期数")

Colours = Mapping[str, int]


def rank_chart(ranks: Ranks, colours: Colours) -> str:
    """Return the multiple comparison with the best: mean ranks with their critical distance."""
    half = ranks.half_width
    rows = [
        Row(model, Interval(mean, mean - half, mean + half), ranks.like_best(model), f"{mean:.2f}")
        for model, mean in zip(ranks.models, ranks.means, strict=True)
    ]
    return interval_rows(rows, colours, ("rank", "名次"))


_CD_WIDTH, _CD_LEFT, _CD_RIGHT, _CD_TOP, _CD_STEP = 640, 150, 490, 46, 18


def critical_diagram(ranks: Ranks) -> str:
    """Return Demšar's critical-difference diagram: ranks on a line, bars over what is alike."""
    count, cliques = len(ranks.models), ranks.cliques()
    scale = (_CD_RIGHT - _CD_LEFT) / max(count - 1, 1)

    def at(rank: float) -> float:
        return _CD_LEFT + scale * (rank - 1)

    reach = _CD_LEFT + scale * ranks.critical
    body = [
        f'<line class="line ink" x1="{_CD_LEFT}" x2="{_CD_RIGHT}" y1="{_CD_TOP}" y2="{_CD_TOP}"/>'
        f'<line class="line ink" x1="{_CD_LEFT}" x2="{reach:.1f}" y1="14" y2="14"/>'
        f'<text class="tick" x="{reach + 6:.1f}" y="18">CD = {ranks.critical:.2f}</text>'
    ]
    body += [
        f'<line class="line ink" x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="{_CD_TOP - 5}" '
        f'y2="{_CD_TOP}"/><text class="tick middle" x="{at(tick):.1f}" '
        f'y="{_CD_TOP - 9}">{tick}</text>'
        for tick in range(1, count + 1)
    ]
    body += [
        f'<line class="clique" x1="{at(ranks.means[low]) - 3:.1f}" '
        f'x2="{at(ranks.means[high]) + 3:.1f}" y1="{y}" y2="{y}"/>'
        for y, (low, high) in zip(range(_CD_TOP + 8, 10_000, 10), cliques, strict=False)
    ]
    head = _CD_TOP + 10 * len(cliques) + 14
    body += _cd_names(ranks, at, head)
    height = head + _CD_STEP * ((count + 1) // 2) + 6
    return plot.svg("".join(body), ("Critical differences", "临界差异图"), height, _CD_WIDTH)


def _cd_names(ranks: Ranks, at: Callable[[float], float], head: int) -> list[str]:
    """Return names with their lines: the better half on the left, the others on the right."""
    count, out = len(ranks.models), []
    for i, (model, mean) in enumerate(zip(ranks.models, ranks.means, strict=True)):
        on_left = i < (count + 1) // 2
        y = head + _CD_STEP * (i if on_left else count - 1 - i)
        end, css, gap = (_CD_LEFT - 8, "end", -4) if on_left else (_CD_RIGHT + 8, "", 4)
        out.append(
            f'<polyline class="line thin" points="{at(mean):.1f},{_CD_TOP} {at(mean):.1f},{y} '
            f'{end},{y}"/><text class="tick {css}" x="{end + gap}" y="{y + 4}">'
            f"{escape(f'{model} {mean:.2f}')}</text>"
        )
    return out


def calibration_chart(found: TaskResult, colours: Colours) -> str:
    """Return by how much each level was missed, a line per model; empty if no model says it."""
    curves = [
        Curve(
            [level for level, _, _ in score.calibration],
            [missed(*point) for point in score.calibration],
            colours.get(score.model, REST), dots=True,
        )
        for score in found.models if score.calibration
    ]  # fmt: skip
    if not curves:
        return ""
    x = plot.axis_of(_LEVEL, [0.0, 1.0])
    y = plot.axis_of(("share − level", "比例 − 水平"), [v for c in curves for v in c.y], 0.12)
    body = plot.belt(x, y, -TOLERANCE, TOLERANCE)
    body += plot.rule(x, y, ((x.low, 0.0), (x.high, 0.0))) + plot.curves(x, y, curves)
    return plot.chart(x, y, body, ("Calibration", "校准"))


def missed(level: float, below: float, at_most: float) -> float:
    """Return by how much a level was missed, zero if it lies between the two shares.

    Above zero more truth lay below the forecast than the level says: the forecast is too high.
    """
    return max(0.0, below - level) - max(0.0, level - at_most)


def fan_charts(found: TaskResult, colours: Colours) -> list[tuple[str, str]]:
    """Return one chart per example series of the best model that shows it: (caption, drawing)."""
    best = next((score for score in ranked(found) if score.fans), None)
    if best is None:
        return []
    naive = next((score for score in found.models if score.model == REFERENCE), None)
    return [
        (f"{best.model} · {name}", _fan(found, name, best, naive, colours))
        for name in found.examples
        if name in best.fans
    ]


def _fan(
    found: TaskResult, name: str, score: ModelScore, naive: ModelScore | None, colours: Colours
) -> str:
    before, came = found.examples[name]
    rows = score.fans[name]
    ahead = list(range(1, len(rows[0]) + 1))
    past = list(range(1 - len(before), 1))
    colour = max(colours.get(score.model, 0), 0)
    lines = []
    for low, high in zip(rows, rows[::-1], strict=True):
        if low is high:
            break
        lines.append(Curve(ahead, (), colour, low, high))
    middle = rows[len(rows) // 2]
    shown = [*before, *came, *rows[0], *rows[-1]]
    dashed = [] if naive is None else list(naive.fans.get(name, ()))
    x = plot.axis_of(_PERIOD, [*past, *ahead])
    y = plot.axis_of(("", ""), shown)
    body = "".join(_band_only(x, y, line) for line in lines)
    body += plot.curves(x, y, [Curve(ahead, middle, colour)])
    if dashed and naive is not score:
        body += plot.curves(x, y, [Curve(ahead, dashed[len(dashed) // 2], 5, dashed=True)])
    body += _ink(x, y, past, before) + _dots(x, y, ahead, came)
    body += plot.rule(x, y, ((0.5, y.low), (0.5, y.high)))
    return plot.chart(x, y, body, (f"Forecast of {name}", f"{name} 的预测"))


def _band_only(x: Axis, y: Axis, line: Curve) -> str:
    there = [plot.place(x, y, a, b) for a, b in zip(line.x, line.high, strict=True)]
    back = [plot.place(x, y, a, b) for a, b in zip(line.x, line.low, strict=True)]
    points = " ".join(f"{px:.1f},{py:.1f}" for px, py in there + back[::-1])
    return f'<polygon class="fan f{line.colour}" points="{points}"/>'


def _ink(x: Axis, y: Axis, at: Sequence[float], values: Sequence[float]) -> str:
    there = [(a, b) for a, b in zip(at, values, strict=True) if math.isfinite(b)]
    points = " ".join("{:.1f},{:.1f}".format(*plot.place(x, y, a, b)) for a, b in there)
    return f'<polyline class="line thin" points="{points}"/>'


def _dots(x: Axis, y: Axis, at: Sequence[float], values: Sequence[float]) -> str:
    places = [plot.place(x, y, a, b) for a, b in zip(at, values, strict=False) if math.isfinite(b)]
    return "".join(f'<circle class="came" cx="{a:.1f}" cy="{b:.1f}" r="2.6"/>' for a, b in places)


def trade_off(rows: Sequence[DecisionRow], colours: Colours) -> str:
    """Return stock against fill rate as the service level is turned up; empty without curves."""
    curves = [
        Curve(
            [stock for _, stock, _ in row.curve], [100 * fill for _, _, fill in row.curve],
            colours.get(row.model, REST), dots=True,
        )
        for row in rows if len(row.curve) > 1
    ]  # fmt: skip
    if not curves:
        return ""
    x = plot.axis_of(("stock held, pieces", "持有库存（件）"), [v for c in curves for v in c.x])
    y = plot.axis_of(("fill rate, %", "满足率 %"), [v for c in curves for v in c.y])
    return plot.chart(x, y, plot.curves(x, y, curves), ("Trade-off", "权衡曲线"))


def scatter(found: TaskResult, rows: Sequence[DecisionRow], colours: Colours, metric: str) -> str:
    """Return accuracy against cost, a point per model; empty below two models."""
    cost = {row.model: known(row.cost) for row in rows}
    dots = [
        Dot(score.model, score.metrics[metric], cost[score.model], colours.get(score.model, REST))
        for score in found.models
        if math.isfinite(score.metrics.get(metric, math.nan))
        and math.isfinite(cost.get(score.model, math.nan))
    ]
    if len(dots) < 2:
        return ""
    x = plot.axis_of(label_of(metric), [dot.x for dot in dots])
    y = plot.axis_of(("cost per series and period", "每序列每期成本"), [dot.y for dot in dots])
    return plot.chart(x, y, plot.labelled(x, y, dots), ("Accuracy and cost", "精度与成本"))


def cost_chart(rows: Sequence[DecisionRow], colours: Colours) -> str:
    """Return cost per model with its interval; hollow where it is not told from the cheapest."""
    lines = []
    for row in sorted(rows, key=lambda row: known(row.cost)):
        ends = (known(row.cost), known(row.cost_lo), known(row.cost_hi))
        if row.status == "ok" and all(map(math.isfinite, ends)):
            mean, low, high = map(figure, ends)
            text = f"{mean} <small>[{low}, {high}]</small>"
            lines.append(Row(row.model, Interval(*ends), _like_cheapest(row, rows), text))
    return interval_rows(lines, colours, ("cost", "成本")) if lines else ""


def _like_cheapest(row: DecisionRow, rows: Sequence[DecisionRow]) -> bool:
    """Return whether a row's ranks over blocks overlap those of the best (no ranks: yes)."""
    best = min((known(r.rank_hi) for r in rows if r.rank_hi is not None), default=math.inf)
    return row.rank_lo is None or row.rank_lo <= best


def tau_text(value: float) -> str:
    """Return Kendall's tau with its sign."""
    return "–" if not math.isfinite(value) else f"{value:+.2f}".replace("-", "−")
