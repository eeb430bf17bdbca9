"""Sections of the report on all metrics: levels, differences, and which switch moves what."""

from seamline_platform.experiments.document import both, paragraph, section, table
from seamline_platform.experiments.evidence.designs import switch_names
from seamline_platform.experiments.evidence.figures import (
    VERDICTS,
    difference,
    judgement,
    with_interval,
)
from seamline_platform.experiments.evidence.intervals import Difference
from seamline_platform.experiments.evidence.kpis import KPIS
from seamline_platform.experiments.evidence.study import Study

Words = tuple[str, str]


def metrics_section(study: Study) -> str:
    """Return all metrics with nothing and with everything on, and step by step."""
    comparison = study.comparison
    design = comparison.plan.design
    total = next((found for step, found in comparison.steps if step.kind == "total"), None)
    note = (
        "Means over seeds with 95 % intervals. Intervals of single policies are wide because seeds "
        "differ; differences are paired by seed. Verdicts of all metrics but profit are corrected "
        "together (Holm).",
        "各种子的均值与 95 % 区间。单个方案的区间较宽是因为种子之间不同；差异按种子配对。"
        "除利润外，各指标的判断统一校正（Holm）。",
    )
    parts = [paragraph(note, "soft")]
    if total is not None:
        ends = (comparison.policies[design.baseline], comparison.policies[design.ladder[-1]])
        rows: list[list[str | Words]] = [
            [
                _metric_name(metric),
                *(with_interval(metric, end[metric]) for end in ends),
                difference(metric, total[metric]),
                judgement(metric, total[metric]),
            ]
            for metric in KPIS
        ]
        head: list[Words] = [("Metric", "指标"), ("Nothing on", "全部关闭"),
                             ("Everything on", "全部打开"), ("Difference", "差异"),
                             ("Verdict", "判断")]  # fmt: skip
        parts.append(table(head, rows))
    parts.append(_metrics_in_order(study))
    return section(("All metrics", "全部指标"), *parts)


def _metrics_in_order(study: Study) -> str:
    """Return every metric at every rung, folded until it is wanted."""
    comparison = study.comparison
    ladder = comparison.plan.design.ladder
    names = switch_names()
    added = {s.end: s.switch for s, _ in comparison.steps if s.kind == "in_order"}
    head: list[Words] = [("Metric", "指标"), ("Nothing on", "全部关闭")]
    head += [(f"+ {names[added[n]].en}", f"+ {names[added[n]].zh}") if n in added else (n, n)
             for n in ladder[1:]]  # fmt: skip
    rows: list[list[str | Words]] = [
        [_metric_name(m), *(with_interval(m, comparison.policies[n][m]) for n in ladder)]
        for m in KPIS
    ]
    title = both(("Every metric, step by step", "逐步的全部指标"))
    return f"<details><summary>{title}</summary>{table(head, rows)}</details>"


def _metric_name(metric: str) -> Words:
    kpi = KPIS[metric]
    en = f"{kpi.en}, {kpi.unit_en}" if kpi.unit_en else kpi.en
    return en, f"{kpi.zh}，{kpi.unit_zh}" if kpi.unit_zh else kpi.zh


def moves_section(study: Study) -> str:
    """Return which metric each switch moves when it completes the whole; empty without such."""
    comparison = study.comparison
    columns = [(s, d) for s, d in comparison.steps if s.kind == "left_out"]
    if not columns:
        return ""
    names = switch_names()
    head = "".join(f"<th>{both((names[s.switch].en, names[s.switch].zh))}</th>" for s, _ in columns)
    body = ""
    for metric in KPIS:
        cells = "".join(
            _move(metric, comparison.policies[s.start][metric].mean, d[metric]) for s, d in columns
        )
        body += f"<tr><td>{both(_metric_name(metric))}</td>{cells}</tr>"
    note = (
        "Change in percent when a switch is added to all others. Coloured: better (green, ✓) or "
        "worse (orange, ✗), told from zero after Holm's correction; grey: not distinguishable (~), "
        "or at most 1 %.",
        "在其余全部打开时再打开该开关的变化（%）。着色：Holm 校正后可与零区分，"
        "绿色 ✓ 为变好，橙色 ✗ 为变差；灰色：无法区分，或不超过 1 %。",
    )
    first = f"<th>{both(('Metric', '指标'))}</th>"
    return section(
        ("Which switch moves what", "哪个开关影响哪个指标"),
        paragraph(note, "soft"),
        f'<div class="wide"><table class="moves"><thead><tr>{first}{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>",
    )


def _move(metric: str, start: float, found: Difference) -> str:
    share = f"{100 * found.interval.mean / abs(start):+.1f} %" if start else "–"
    words = judgement(metric, found)
    css = {"better": "good", "worse": "bad"}.get(words[0], "calm")
    mark = {"good": " ✓", "bad": " ✗"}.get(css, "")
    if words == VERDICTS["not distinguishable"]:
        mark = " ~"
    return f'<td class="{css}" title="{words[0]}">{share}{mark}</td>'
