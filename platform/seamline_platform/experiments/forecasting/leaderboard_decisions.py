"""The leaderboard's decisions: cost and its parts, trade-off curves, rank flips, other terms."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from seamline_platform.experiments.document import both, paragraph, section
from seamline_platform.experiments.forecasting import leaderboard_charts as charts
from seamline_platform.experiments.forecasting import leaderboard_words as say
from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    RankFlip,
    Result,
    Task,
    TaskResult,
)
from seamline_platform.experiments.forecasting.leaderboard_tables import (
    REFERENCE,
    figure,
    key_of,
    known,
    label_of,
    name_cell,
    raw_table,
)

Colours = Mapping[str, int]


def decisions_part(found: TaskResult, result: Result, colours: Colours) -> str:
    """Return what a task's decisions came to; empty if none were made."""
    rows = [row for row in result.decisions if row.task == found.task.name]
    if not rows:
        return ""
    rows = sorted(rows, key=lambda row: (row.status != "ok", known(row.cost)))
    cost = both(("Cost, with 95 % intervals", "成本及 95 % 区间"))
    figures = [_figure(cost, charts.cost_chart(rows, colours), both(say.COST_READ), "wide3")]
    scatter = charts.scatter(found, rows, colours, found.task.metric)
    if scatter:
        caption = both(say.SCATTER_READ) + _tau(result, found.task)
        title = both(("Accuracy against cost", "精度与成本"))
        figures.append(_figure(title, scatter, caption))
    curve = charts.trade_off(rows, colours)
    if curve:
        key = key_of([row.model for row in rows], colours)
        title = both(("Stock against fill rate", "库存与满足率"))
        figures.append(_figure(title, key + curve, both(say.CURVE_READ)))
    return (
        f"<h3>{both(say.DECISIONS)}</h3>{paragraph(say.DECISIONS_READ, 'soft')}"
        f"{_terms(found.task)}{_table(rows, colours)}"
        f'<div class="charts">{"".join(figures)}</div>'
    )


def _figure(title: str, drawing: str, caption: str, css: str = "") -> str:
    return (
        f'<figure class="{css}"><h4>{title}</h4>{drawing}<figcaption>{caption}</figcaption>'
        "</figure>"
    )


def _tau(result: Result, task: Task) -> str:
    for flip in result.rank_flips:
        if (flip.task, flip.metric) == (task.name, task.metric):
            return f" <b>Kendall τ = {charts.tau_text(flip.kendall_tau)}</b>"
    return ""


def _terms(task: Task) -> str:
    terms = task.terms
    if terms is None:
        return ""
    capacity = "–" if terms.capacity is None else f"{terms.capacity:g}"
    unmet = {"lost": "缺货即失销", "backorder": "缺货可补"}[terms.unmet]
    english = (
        f"lead time {terms.lead_time} · review every {terms.review} · underage {terms.underage:g} "
        f"to overage {terms.overage:g} (critical ratio {terms.critical_ratio:.2f}) · unmet demand "
        f"is {'lost' if terms.unmet == 'lost' else 'backordered'} · MOQ {terms.moq} · "
        f"capacity {capacity} · {task.decision_origins} origins"
    )
    chinese = (
        f"提前期 {terms.lead_time} · 每 {terms.review} 期检查一次 · 缺货成本 {terms.underage:g} 比 "
        f"持有成本 {terms.overage:g}（临界比 {terms.critical_ratio:.2f}）· {unmet} · "
        f"最小起订量 {terms.moq} · 产能 {capacity} · {task.decision_origins} 个起点"
    )
    return f'<p class="facts">{both((english, chinese))}</p>'


def _table(rows: Sequence[DecisionRow], colours: Colours) -> str:
    parts = [name for name in say.PARTS if any(name in row.parts for row in rows)]
    rivals = list(dict.fromkeys(name for row in rows for name in row.versus))
    head = [both(("model", "模型")), both(("cost", "成本"))]
    head += [both((f"against {rival}", f"相对 {rival}")) for rival in rivals]
    head += [both(("fill rate", "满足率")), both(("regret", "遗憾"))]
    head += [both(say.PARTS[part]) for part in parts]
    head.append(both(("sums over the lead time", "提前期总量")))
    cheapest = min((row.cost for row in rows if row.cost is not None), default=math.nan)
    body = []
    for row in rows:
        name = name_cell(row.model, colours)
        if row.status != "ok":
            told = f'<b class="alarm">{both(say.STATUS[row.status])}</b>'
            body.append([name, f"{told} <small>{escape(row.note[:160])}</small>"])
            continue
        versus = [_versus(row, rival) for rival in rivals]
        figures = [figure(row.parts.get(part, math.nan)) for part in parts]
        fill = f"{100 * known(row.fill_rate):.1f} %"
        regret = figure(known(row.regret))
        cells = [name, _cost(row, cheapest), *versus, fill, regret, *figures]
        body.append([*cells, escape(row.aggregation)])
    return raw_table(head, body)


def _cost(row: DecisionRow, cheapest: float) -> str:
    mean, low, high = (figure(known(v)) for v in (row.cost, row.cost_lo, row.cost_hi))
    text = f"<b>{mean}</b>" if row.cost == cheapest else mean
    return f"{text} <small>[{low}, {high}]</small>"


def _versus(row: DecisionRow, rival: str) -> str:
    """Return the paired difference in percent, in colour where its interval leaves out zero."""
    if rival not in row.versus:
        return "–"
    mean, low, high = row.versus[rival]
    css = "calm" if low <= 0 <= high else ("good" if mean < 0 else "bad")
    text = f"{100 * mean:+.1f} % [{100 * low:+.1f}, {100 * high:+.1f}]".replace("-", "−")
    return f'<span class="{css}">{text}</span>'


def flips_section(result: Result) -> str:
    """Return the table of Kendall's tau, metrics by tasks; empty if none were reckoned."""
    if not result.rank_flips:
        return ""
    tasks = list(dict.fromkeys(flip.task for flip in result.rank_flips))
    metrics = list(dict.fromkeys(flip.metric for flip in result.rank_flips))
    found = {(flip.task, flip.metric): flip for flip in result.rank_flips}
    head = [both(("metric", "指标")), *(f"<code>{escape(task)}</code>" for task in tasks)]
    rows = [
        [both(label_of(metric)), *(_flip(found.get((task, metric))) for task in tasks)]
        for metric in metrics
    ]
    return section(say.FLIPS, paragraph(say.FLIPS_READ, "soft"), raw_table(head, rows))


def _flip(flip: RankFlip | None) -> str:
    if flip is None or not math.isfinite(flip.kendall_tau):
        return "–"
    css = "bad" if flip.kendall_tau < 0 else ("calm" if flip.kendall_tau < 0.5 else "good")
    title = f"{flip.models} models; cheapest {flip.cheapest}; most accurate {flip.most_accurate}"
    moved = ""
    if flip.cheapest != flip.most_accurate:
        moved = f"<br><small>{escape(flip.most_accurate)} → {escape(flip.cheapest)}</small>"
    return (
        f'<span class="tau {css}" title="{escape(title)}">'
        f"{charts.tau_text(flip.kendall_tau)}</span>{moved}"
    )


def factory_section(result: Result, colours: Colours) -> str:
    """Return what models made of the whole factory; empty if none drove it."""
    tasks = {found.task.name for found in result.tasks}
    parts = []
    for task in dict.fromkeys(row.task for row in result.decisions if row.task not in tasks):
        rows = [row for row in result.decisions if row.task == task]
        rows = sorted(rows, key=lambda row: (row.status != "ok", known(row.cost)))
        title = both(("Cost, with 95 % intervals", "成本及 95 % 区间"))
        chart = _figure(title, charts.cost_chart(rows, colours), both(say.COST_READ), "wide3")
        parts.append(
            f"<h3><code>{escape(task)}</code></h3>{_table(rows, colours)}"
            f'<div class="charts">{chart}</div>'
        )
    if not parts:
        return ""
    return section(say.FACTORY, paragraph(say.FACTORY_READ, "soft"), *parts)


def sensitivity_section(result: Result, colours: Colours) -> str:
    """Return cost under other terms relative to SeasonalNaive's; empty if none were tried."""
    tables = []
    for task in dict.fromkeys(row.task for row in result.sensitivity):
        rows = [row for row in result.sensitivity if row.task == task]
        settings = list(dict.fromkeys((row.parameter, row.value) for row in rows if row.model))
        cost = {(row.parameter, row.value, row.model): row.cost for row in rows}
        moved = {(row.parameter, row.value) for row in rows if row.cheapest_changes}
        head = [both(("model", "模型")), *(_setting(s, s in moved) for s in settings)]
        body = [
            [name_cell(model, colours), *(_relative(cost, setting, model) for setting in settings)]
            for model in dict.fromkeys(row.model for row in rows if row.model)
        ]
        notes = dict.fromkeys(row.note for row in rows if row.note and not row.model)
        said = "".join(f"<p class='facts'>{escape(note)}</p>" for note in notes)
        tables.append(f"<h3><code>{escape(task)}</code></h3>{raw_table(head, body)}{said}")
    if not tables:
        return ""
    return section(say.SENSITIVITY, paragraph(say.SENSITIVITY_READ, "soft"), *tables)


def _setting(setting: tuple[str, str], moved: bool) -> str:
    name, value = setting
    words = say.TERMS.get(name, (name.replace("_", " "),) * 2)
    mark = " *" if moved else ""
    return both((f"{words[0]} {value}{mark}", f"{words[1]} {value}{mark}"))


def _relative(
    cost: Mapping[tuple[str, str, str], float | None], setting: tuple[str, str], model: str
) -> str:
    mine, base = cost.get((*setting, model)), cost.get((*setting, REFERENCE))
    if mine is None or base is None or not base:
        return "–"
    ratio = mine / base
    css = "good" if ratio < 0.98 else ("bad" if ratio > 1.02 else "calm")
    return f'<span class="tau {css}">{ratio:.2f}</span>'
