"""The evidence as one HTML file: rows beside effects, a waterfall, metrics, and the rules."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from seamline_platform.experiments.charts import Axis, number
from seamline_platform.experiments.document import both, page, paragraph, section, table
from seamline_platform.experiments.evidence import report_words as say
from seamline_platform.experiments.evidence.designs import switch_names
from seamline_platform.experiments.evidence.figures import (
    difference,
    value,
    with_interval,
)
from seamline_platform.experiments.evidence.intervals import EQUAL_SHARE, Difference, Interval
from seamline_platform.experiments.evidence.jobs import knobs_document
from seamline_platform.experiments.evidence.kpis import PRIMARY, TFP
from seamline_platform.experiments.evidence.report_metrics import (
    metrics_section,
    moves_section,
)
from seamline_platform.experiments.evidence.rows import SAME_SWITCH, MeasuredRow, rows_of
from seamline_platform.experiments.evidence.strips import (
    interval_strip,
    level_strip,
    scale,
    scale_strip,
    step_strip,
)
from seamline_platform.experiments.evidence.study import Study

Words = tuple[str, str]

_STYLE: Final = """<style>
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,220px),1fr));gap:14px;
margin:22px 0 0}.tile{border:1px solid var(--rule);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:26px;font-weight:650;font-variant-numeric:tabular-nums}
.tile span{color:var(--soft);font-size:14px}
.row{display:grid;grid-template-columns:minmax(0,5fr) minmax(0,7fr);gap:8px 28px;padding:14px 0;
border-bottom:1px solid var(--rule)}.row h3{margin:0;font-size:16px}.row p{margin:2px 0;
font-size:14px;color:var(--soft)}.row .after{color:var(--ink)}
.line3{display:grid;grid-template-columns:84px minmax(0,1fr) 176px;align-items:center;gap:10px;
font-size:13px;font-variant-numeric:tabular-nums}.fall .line3{grid-template-columns:
minmax(0,5fr) minmax(0,7fr) 176px;padding:3px 0}.line3>:last-child{text-align:right;
white-space:nowrap}.faded{color:var(--soft)}
svg.strip{width:100%;height:20px;display:block;overflow:visible}svg.strip .tick{font-size:11px}
.zero{stroke:var(--soft);stroke-width:1.4}.hollow{fill:var(--paper)}.same{fill:var(--soft);
opacity:.16}.up{fill:var(--c2)}.down{fill:var(--c1)}.unsure{opacity:.35}
.whisker{stroke:var(--ink);stroke-width:1.4}.level{fill:var(--c0);opacity:.25}
.mark{stroke:var(--c0);stroke-width:3}.key{display:flex;flex-wrap:wrap;gap:4px 18px;
font-size:13px;margin:6px 0}.key i{display:inline-block;width:11px;height:11px;
border-radius:50%;margin-right:6px}ol{padding-left:22px;max-width:78ch}li{margin:5px 0}
th{white-space:normal;vertical-align:bottom;min-width:76px}th:first-child{min-width:140px}
.good,.bad,.calm{font-variant-numeric:tabular-nums}.good{background:color-mix(in srgb,var(--c2) 22%,
transparent)}.bad{background:color-mix(in srgb,var(--c1) 22%,transparent)}.calm{color:var(--soft)}
.moves td{padding:4px 10px}details{margin-top:14px}
summary{cursor:pointer;padding:6px 0}details table{font-size:13px}
code,pre{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
pre{background:color-mix(in srgb,var(--rule) 45%,transparent);padding:10px 12px;border-radius:8px}
@media(max-width:720px){main{padding:18px 14px 40px}.row{grid-template-columns:minmax(0,1fr)}
.line3{grid-template-columns:52px minmax(0,1fr) 138px;gap:6px;font-size:12px}
.fall .line3{grid-template-columns:minmax(0,1fr) 150px}.fall .line3>:nth-child(2){grid-row:2;
grid-column:1/3}.fall .axis>:first-child,.fall .axis>:last-child{display:none}h1{font-size:23px}}
</style>"""
_COLOUR: Final = {"alone": 0, "left_out": 3, "in_order": 2}


def page_of(study: Study) -> str:
    """Return the report of a study as one HTML file."""
    name = study.options.experiment
    parts = [
        _STYLE + _tiles(study),
        _rows(study),
        _waterfall(study),
        metrics_section(study),
        moves_section(study),
        _shapley(study),
        _hardware(study),
        _rules(),
        _tuning(study),
        _repeat(study),
    ]
    return page(say.TITLES[name], say.INTROS[name], [part for part in parts if part])


def _tiles(study: Study) -> str:
    comparison = study.comparison
    total = comparison.difference("total", "all")
    tfp = comparison.difference("total", "all", TFP)
    setting = study.options.setting
    tiles: list[tuple[str, Words]] = []
    if total is not None and tfp is not None:
        base = comparison.policies[comparison.plan.design.baseline][PRIMARY].mean
        share = f" ({100 * total.interval.mean / abs(base):+.0f} %)" if base else ""
        tiles = [
            (difference(PRIMARY, total).partition(" ")[0] + share,
             ("profit, k yuan, everything against nothing", "利润（千元），全开对全关")),
            (value(TFP, 1 + tfp.interval.mean),
             ("total factor productivity (baseline = 1)", "全要素生产率（基准 = 1）")),
            (value(PRIMARY, total.detectable),
             ("smallest true effect, k yuan, that these seeds show in four cases of five",
              "这些种子五次中有四次能显示的最小真实效应（千元）")),
        ]  # fmt: skip
    words = (f"seeds, {setting.days} days, capacity {setting.capacity}",
             f"个种子，{setting.days} 天，产能{_capacity_zh(study)}")  # fmt: skip
    tiles.append((str(study.options.seeds), words))
    return '<div class="tiles">' + "".join(
        f'<div class="tile"><b>{figure}</b><span>{both(text)}</span></div>'
        for figure, text in tiles
    ) + "</div>"  # fmt: skip


def _rows(study: Study) -> str:
    rows = rows_of(study.comparison)
    effects = [e for row in rows for e in _effects(row).values()]
    if not effects:
        return ""
    axis = scale(v for e in effects for v in (e.interval.lo, e.interval.hi))
    key = "".join(
        f'<span><i style="background:var(--c{_COLOUR[kind]})"></i>{both(words)}</span>'
        for kind, words in say.KINDS.items()
    )
    body = "".join(_row(row, axis, _margin(study)) for row in rows)
    ends = '<div class="row"><div></div>' + _line3("", _axis(axis), both(_UNIT)) + "</div>"
    same = paragraph(SAME_SWITCH, "soft") if study.options.experiment == "table2" else ""
    return section(
        ("Effect of each row on profit", "各行对利润的效应"),
        paragraph(say.HOW_TO_READ, "soft"), f'<div class="key">{key}</div>', body, ends, same,
    )  # fmt: skip


_UNIT: Final[Words] = ("k yuan", "千元")


def _row(row: MeasuredRow, axis: Axis, margin: float) -> str:
    words = (
        f"<div><h3>{both(row.row.title)}</h3><p>{both(row.row.before)}</p>"
        f'<p class="after">→ {both(row.row.after)}</p></div>'
    )
    if row.row.switch is None:
        effect = f'<div class="faded">{both(("unchanged by design", "按设计不变"))}</div>'
    else:
        effect = "<div>" + "".join(
            _line3(
                both(say.KINDS[kind]),
                interval_strip(axis, e.interval, _COLOUR[kind], e.distinguishable, margin),
                _number(e),
            )
            for kind, e in _effects(row).items()
        ) + "</div>"  # fmt: skip
    return f'<div class="row">{words}{effect}</div>'


def _effects(row: MeasuredRow) -> dict[str, Difference]:
    found = {"alone": row.alone, "left_out": row.left_out, "in_order": row.in_order}
    return {kind: effect for kind, effect in found.items() if effect is not None}


def _number(found: Difference) -> str:
    css = "" if found.distinguishable else ' class="faded"'
    return f"<span{css}>{difference(PRIMARY, found)}</span>"


def _line3(label: str, strip: str, text: str, css: str = "") -> str:
    return f'<div class="line3 {css}"><span>{label}</span>{strip}<span>{text}</span></div>'


def _axis(axis: Axis) -> str:
    return scale_strip(axis, [(tick, number(tick)) for tick in axis.ticks()])


def _waterfall(study: Study) -> str:
    comparison = study.comparison
    ladder = comparison.plan.design.ladder
    levels = {name: comparison.policies[name][PRIMARY] for name in ladder}
    steps = {
        (step.start, step.end): (step.switch, found[PRIMARY])
        for step, found in comparison.steps
        if step.kind == "in_order"
    }
    walk = [(a, b, *steps[a, b]) for a, b in pairwise(ladder)
            if (a, b) in steps]  # fmt: skip
    if not walk:
        return ""
    marks = [v for a, _, _, d in walk
             for v in (levels[a].mean + d.interval.lo, levels[a].mean + d.interval.hi)]  # fmt: skip
    marks += [v for name in (ladder[0], ladder[-1]) for v in (levels[name].lo, levels[name].hi)]
    axis = scale([*marks, *(levels[name].mean for name in ladder)], with_zero=False)
    names = switch_names()
    lines = [_level(("Nothing on", "全部关闭"), axis, levels[ladder[0]])]
    for start, _, switch, found in walk:
        strip = step_strip(axis, levels[start].mean, found.interval, found.distinguishable)
        words = (f"+ {names[switch].en}", f"+ {names[switch].zh}")
        lines.append(_line3(both(words), strip, _number(found)))
    lines.append(_level(("Everything on", "全部打开"), axis, levels[ladder[-1]]))
    lines.append(_line3("", _axis(axis), both(_UNIT), "axis"))
    return section(("Step by step", "逐步累加"), paragraph(say.WATERFALL, "soft"),
                   f'<div class="fall">{"".join(lines)}</div>')  # fmt: skip


def _level(words: Words, axis: Axis, found: Interval) -> str:
    return _line3(f"<b>{both(words)}</b>", level_strip(axis, found), with_interval(PRIMARY, found))


def _shapley(study: Study) -> str:
    found = study.comparison.shapley
    if not found:
        return ""
    axis = scale(v for interval in found.values() for v in (interval.lo, interval.hi))
    names, margin = switch_names(), _margin(study)
    lines = "".join(
        _line3(
            both((names[switch].en, names[switch].zh)),
            interval_strip(axis, interval, 3, not interval.has_zero, margin),
            with_interval(PRIMARY, interval),
        )
        for switch, interval in found.items()
    )
    note = (
        "What each is worth on average over all orders of switching on; the values add up to the "
        "whole effect. Each seed is a game of its own.",
        "各项在所有打开顺序上的平均价值；各值之和等于总效应。每个种子单独计算。",
    )
    return section(("Shapley values of profit", "利润的 Shapley 值"), paragraph(note, "soft"),
                   f'<div class="fall">{lines}{_line3("", _axis(axis), both(_UNIT), "axis")}</div>'
                   )  # fmt: skip


def _hardware(study: Study) -> str:
    if not study.hardware:
        return ""
    head: list[Words] = [("Step", "步骤"), ("As it is", "原值")]
    head += [(f"Hardware {v.percent:+d} %", f"硬件 {v.percent:+d} %") for v in study.hardware]
    names = switch_names()
    rows: list[Sequence[str | Words]] = []
    for step, found in study.comparison.steps:
        if step.kind not in ("total", "left_out"):
            continue
        switch = names.get(step.switch)
        title: Words = (
            ("Everything against nothing", "全开对全关")
            if switch is None
            else (f"{switch.en}, left out", f"去除：{switch.zh}")
        )
        others = [difference(PRIMARY, v.steps[step.kind, step.switch]) for v in study.hardware]
        rows.append([title, difference(PRIMARY, found[PRIMARY]), *others])
    note = (
        "Machines fail less and are mended and set up faster, or the reverse; parameters stay as "
        "they were tuned. A conclusion that holds in all columns does not hang on these constants.",
        "机器故障更少、维修与换款更快，或相反；参数保持原调参结果。各列一致的结论不依赖于这些常数。",
    )
    return section(("With other hardware", "改变硬件常数"), paragraph(note, "soft"),
                   table(head, rows))  # fmt: skip


def _rules() -> str:
    items = "".join(f"<li>{both(rule)}</li>" for rule in say.RULES)
    return section(("Rules of evidence", "证据规则"), f"<ol>{items}</ol>")


def _tuning(study: Study) -> str:
    plan, tuning = study.comparison.plan, study.tuning
    head: list[Words] = [("Policy", "方案"), *say.KNOBS.values()]
    rows = [
        [name, *(str(knobs_document(knobs)[knob]) for knob in say.KNOBS)]
        for name, knobs in plan.knobs.items()
    ]
    said = []
    if tuning:
        trials, seeds = tuning["budget"]["trials"], tuning["training_seeds"]
        said.append(paragraph((
            f"Each policy tried at most {trials} sets of parameters on training seeds "
            f"{seeds[0]} to {seeds[-1]}, over {tuning['days']} days; evaluation seeds are "
            f"{plan.seeds[0]} to {plan.seeds[-1]}.",
            f"每个方案在训练种子 {seeds[0]} 至 {seeds[-1]} 上（{tuning['days']} 天）至多尝试 "
            f"{trials} 组参数；评估种子为 {plan.seeds[0]} 至 {plan.seeds[-1]}。",
        ), "soft"))  # fmt: skip
    said += [paragraph((note, note)) for note in study.notes]
    return section(("Tuned parameters", "调参结果"), *said, table(head, rows))


def _repeat(study: Study) -> str:
    options = study.options
    words = [f"seamline {options.experiment}", f"--capacity {options.setting.capacity}",
             f"--seeds {options.seeds}", f"--days {options.setting.days}"]  # fmt: skip
    words += ["--shapley"] if options.shapley else []
    words += [f"--hardware {options.hardware_percent}"] if options.hardware_percent else []
    words += ["--bootstrap"] if options.method == "bootstrap" else []
    words += [f"--only {name}" for name in options.only]
    if options.setting.scenario != "season":
        words.append("--scenario FILE")
    return section(
        ("Repeat it", "如何复现"),
        f"<pre>{' '.join(words)}</pre>",
        paragraph(("Equal inputs give an equal digest:", "相同输入得到相同摘要：")),
        f"<p><code>{study.digest}</code></p>",
        paragraph((f"Code {study.code}, scenario {study.scenario}.",
                   f"代码 {study.code}，场景 {study.scenario}。"), "soft"),
    )  # fmt: skip


def _margin(study: Study) -> float:
    comparison = study.comparison
    return EQUAL_SHARE * abs(comparison.policies[comparison.plan.design.baseline][PRIMARY].mean)


def _capacity_zh(study: Study) -> str:
    return {"slack": "宽松", "tight": "紧张"}[study.options.setting.capacity]
