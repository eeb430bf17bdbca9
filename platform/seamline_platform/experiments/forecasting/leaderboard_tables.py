"""Tables of the leaderboard: HTML cells, the best of a column in bold, models in their colour."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from seamline_platform.experiments.charts import Axis, Words, number
from seamline_platform.experiments.document import both
from seamline_platform.experiments.evidence.intervals import Interval
from seamline_platform.experiments.evidence.strips import interval_strip, scale, scale_strip
from seamline_platform.experiments.forecasting import leaderboard_words as say
from seamline_platform.experiments.forecasting.contract import ModelScore, Task, TaskResult
from seamline_platform.experiments.forecasting.leaderboard_plot import REST

_TAG: Final = re.compile(r"<[^>]*>")
COLOURS: Final = 8
REFERENCE: Final = "SeasonalNaive"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of an interval chart: a name, an interval, and whether it is told from its rival."""

    model: str
    found: Interval
    certain: bool
    text: str


def colours_of(models: Sequence[str]) -> Mapping[str, int]:
    """Return a colour per model: newcomers from a file first, then in the order given.

    SeasonalNaive is always grey; models beyond the last colour have `REST`.
    """
    given: dict[str, int] = {REFERENCE: 5}
    free = [i for i in range(COLOURS) if i != 5]
    for model in sorted(dict.fromkeys(models), key=lambda m: ".py:" not in m):
        if model not in given:
            given[model] = free.pop(0) if free else REST
    return given


def name_cell(model: str, colours: Mapping[str, int]) -> str:
    """Return a model's name with its colour."""
    colour = colours.get(model, REST)
    css = "frest" if colour == REST else f"f{colour}"
    return f'<span class="name"><i class="{css}"></i>{escape(model)}</span>'


def raw_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of ready HTML cells."""
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def label_of(metric: str) -> Words:
    """Return what a metric is called for people."""
    return say.LABELS.get(metric, (metric.replace("_", " "),) * 2)


def less_is_better(metric: str) -> bool:
    """Return whether a metric ranks: coverage and bias have their best value elsewhere."""
    return not metric.startswith(say.UNRANKED)


def ranked(found: TaskResult) -> list[ModelScore]:
    """Return a task's models, best first by its metric, those without a number last."""

    def key(score: ModelScore) -> tuple[bool, float, str]:
        value = score.metrics.get(found.task.metric, math.nan)
        there = score.status == "ok" and math.isfinite(value)
        return (not there, value if there else 0.0, score.model)

    return sorted(found.models, key=key)


def score_table(found: TaskResult, colours: Mapping[str, int]) -> str:
    """Return the table of a task: metrics, the first with its interval, seconds, memory."""
    rows = ranked(found)
    metrics = _metrics(found)
    best = {m: _best(rows, m) for m in metrics if less_is_better(m)}
    head = [both(("model", "模型")), *(both(label_of(metric)) for metric in metrics)]
    head += [
        both(("train s", "训练 秒")),
        both(("predict s", "预测 秒")),
        both(("memory MB", "内存 MB")),
    ]
    body = []
    for score in rows:
        if score.status != "ok":
            reason = escape(score.note[:160])
            told = f'<b class="alarm">{both(say.STATUS[score.status])}</b> <small>{reason}</small>'
            body.append([name_cell(score.model, colours), told])
            continue
        cells = [_metric_cell(score, metric, found.task, best.get(metric)) for metric in metrics]
        seconds = [seconds_text(score.train_seconds), seconds_text(score.predict_seconds)]
        memory = f"{score.rss_mb:,.0f}" if score.rss_mb else ""
        body.append([name_cell(score.model, colours), *cells, *seconds, memory])
    return raw_table(head, body)


def _metrics(found: TaskResult) -> list[str]:
    names = dict.fromkeys([found.task.metric])
    for score in found.models:
        names.update(dict.fromkeys(score.metrics))
    there = [
        m for m in names if any(math.isfinite(s.metrics.get(m, math.nan)) for s in found.models)
    ]
    return there[:12]


def _best(rows: Sequence[ModelScore], metric: str) -> float:
    values = [s.metrics.get(metric, math.nan) for s in rows if s.status == "ok"]
    return min((v for v in values if math.isfinite(v)), default=math.nan)


def _metric_cell(score: ModelScore, metric: str, task: Task, best: float | None) -> str:
    value = score.metrics.get(metric, math.nan)
    text = figure(value)
    text = f"<b>{text}</b>" if best is not None and value == best else text
    if metric == task.metric and metric in score.intervals:
        low, high = score.intervals[metric]
        text += f" <small>[{figure(low)}, {figure(high)}]</small>"
    published = task.published.get(score.model, {}).get(metric)
    if published is not None:
        title = both((f"published {published:g}", f"发表值 {published:g}"))
        text += f'<br><small class="soft">{title}</small>'
    return text


def figure(value: float) -> str:
    """Return a figure of a table: three decimals below 100, a dash where there is none."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def known(value: float | None) -> float:
    """Return a figure; NaN where there is none."""
    return math.nan if value is None else value


def seconds_text(value: float) -> str:
    """Return seconds short."""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def interval_rows(
    rows: Sequence[Row], colours: Mapping[str, int], unit: Words, with_zero: bool = False
) -> str:
    """Return intervals one below the other on one scale; hollow where `certain` is False."""
    ends = [v for row in rows for v in (row.found.lo, row.found.mean, row.found.hi)]
    axis: Axis = scale([v for v in ends if math.isfinite(v)], with_zero)
    lines = []
    for row in rows:
        colour = colours.get(row.model, REST)
        strip = interval_strip(axis, row.found, colour, row.certain, 0.0)
        css = ' class="line3 faint3"' if colour == REST else ' class="line3"'
        strip = strip.replace("s-1", "rest").replace("f-1", "frest")
        name = name_cell(row.model, colours)
        lines.append(f"<div{css}><span>{name}</span>{strip}<span>{row.text}</span></div>")
    ticks = scale_strip(axis, [(tick, number(tick)) for tick in axis.ticks()])
    lines.append(f'<div class="line3 axis"><span></span>{ticks}<span>{both(unit)}</span></div>')
    # One width for the last column of all rows: the strips share their scale.
    width = max((len(_TAG.sub("", row.text)) for row in rows), default=0)
    return f'<div class="strips" style="--last:{max(width, 9)}ch">{"".join(lines)}</div>'


def key_of(models: Sequence[str], colours: Mapping[str, int]) -> str:
    """Return which colour is which model, and that grey lines are the others."""
    named = [m for m in models if colours.get(m, REST) != REST]
    others = len(models) - len(named)
    parts = [name_cell(model, colours) for model in named]
    if others:
        grey = both((f"{others} others", f"其余 {others} 个"))
        parts.append(f'<span class="name"><i class="frest"></i>{grey}</span>')
    return f'<div class="key">{"".join(parts)}</div>'
