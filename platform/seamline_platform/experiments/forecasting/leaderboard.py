"""The leaderboard: one HTML file in two languages, light and dark, with nothing from outside."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

from seamline_platform.experiments.charts import Words
from seamline_platform.experiments.document import both, page, paragraph, section, write
from seamline_platform.experiments.evidence.intervals import Interval
from seamline_platform.experiments.forecasting import leaderboard_charts as charts
from seamline_platform.experiments.forecasting import leaderboard_words as say
from seamline_platform.experiments.forecasting.contract import Result, TaskResult
from seamline_platform.experiments.forecasting.leaderboard_decisions import (
    decisions_part,
    factory_section,
    flips_section,
    sensitivity_section,
)
from seamline_platform.experiments.forecasting.leaderboard_tables import (
    Row,
    colours_of,
    interval_rows,
    key_of,
    known,
    label_of,
    ranked,
    raw_table,
    score_table,
)
from seamline_platform.experiments.forecasting.machine import machine, versions
from seamline_platform.experiments.forecasting.ranks import series_ranks, task_ranks

Colours = Mapping[str, int]

STYLE: Final = """<style>
:root{--c6:#0f8b8d;--c7:#b0306a}@media(prefers-color-scheme:dark){:root{--c6:#3cc4c6;--c7:#f078b0}}
.s6{stroke:var(--c6)}.f6{fill:var(--c6)}.s7{stroke:var(--c7)}.f7{fill:var(--c7)}
.rest{stroke:var(--soft);opacity:.38;stroke-width:1.2;fill:none}.frest{fill:var(--soft);opacity:.55}
.name{white-space:nowrap}.name i{display:inline-block;width:10px;height:10px;border-radius:50%;
margin-right:7px;background:var(--soft);opacity:1}i.f0{background:var(--c0)}i.f1{background:var(--c1)}
i.f2{background:var(--c2)}i.f3{background:var(--c3)}i.f4{background:var(--c4)}
i.f5{background:var(--c5)}i.f6{background:var(--c6)}i.f7{background:var(--c7)}i.frest{opacity:.4}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;margin:6px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,140px),1fr));gap:14px;
margin:22px 0 0}.tile{border:1px solid var(--rule);border-radius:10px;padding:14px 16px}
.tile b{display:block;font-size:24px;font-weight:650;font-variant-numeric:tabular-nums;
overflow-wrap:anywhere}.tile span{color:var(--soft);font-size:14px}
nav{display:flex;flex-wrap:wrap;gap:6px 10px;margin:18px 0 0}nav a{color:inherit;font-size:14px;
text-decoration:none;border:1px solid var(--rule);border-radius:999px;padding:2px 12px}
nav a:hover,nav a:focus-visible{border-color:var(--c0)}
.charts{margin-top:18px;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr));align-items:start}
figure{min-width:0}.pair{grid-template-columns:repeat(auto-fill,minmax(min(100%,520px),1fr))}
@media(min-width:900px){.charts:not(.pair)>.wide3{grid-column:span 2}}
figcaption{font-size:13px;color:var(--soft);margin:4px 0 10px;max-width:60ch}
figure h4,h3{margin:0 0 6px;font-size:15px}h3{font-size:17px;margin:26px 0 4px}
.line3{display:grid;grid-template-columns:minmax(0,13.6em) minmax(0,1fr) var(--last,9ch);
align-items:center;gap:10px;font-size:13px;font-variant-numeric:tabular-nums;padding:1px 0}
.line3>:first-child,.line3 .name{overflow:hidden;text-overflow:ellipsis}
.line3>:last-child{text-align:right;white-space:nowrap}.axis span{color:var(--soft);font-size:12px}
svg.strip{width:100%;height:20px;display:block;overflow:visible}svg.strip .tick{font-size:11px}
.zero{stroke:var(--soft);stroke-width:1.2}.hollow{fill:var(--paper)}
.same{fill:var(--soft);opacity:.16}.fan{opacity:.16}.came{fill:var(--ink)}
.thin{stroke:var(--ink);stroke-width:1.2}.ink{stroke:var(--ink);stroke-width:1.4}
.clique{stroke:var(--ink);stroke-width:4.5}small{font-size:12px;color:var(--soft)}
td b{font-weight:650}.alarm{color:var(--c1)}td small{white-space:nowrap}
.tau{display:inline-block;padding:1px 9px;border-radius:5px}
.good{background:color-mix(in srgb,var(--c2) 24%,transparent)}.bad{background:color-mix(in srgb,
var(--c1) 24%,transparent)}td .good:not(.tau),td .bad:not(.tau){padding:1px 5px;border-radius:4px}
.calm{color:var(--soft)}th{white-space:normal;vertical-align:bottom;min-width:70px}
th:first-child,td:first-child{position:sticky;left:0;background:var(--paper)}
details{margin:10px 0}summary{cursor:pointer;padding:6px 0}ul{padding-left:20px;max-width:78ch}
li{margin:6px 0}code,pre{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere;
white-space:pre-wrap}pre{background:color-mix(in srgb,var(--rule) 45%,transparent);
padding:10px 12px;border-radius:8px}.facts{font-size:14px;color:var(--soft);margin:2px 0 8px;
max-width:110ch}
@media(max-width:720px){main{padding:18px 14px 40px}h1{font-size:23px}
.line3{grid-template-columns:minmax(0,9.5em) minmax(0,1fr) var(--last,9ch);gap:8px;font-size:12px}
.wide3 .line3{grid-template-columns:minmax(0,1fr) auto;padding:3px 0}
.wide3 .line3>:nth-child(2){grid-row:2;grid-column:1/3}}
</style>"""


def write_html(result: Result, path: Path, refused: Sequence[str] = ()) -> None:
    """Write the leaderboard of a run, or of many cards together.

    Args:
        result: what was run, or merged from cards.
        path: file to write.
        refused: a sentence for each card that could not join.

    Raises:
        ConfigError: if the file cannot be written.
    """
    write(path, page_of(result, refused))


def page_of(result: Result, refused: Sequence[str] = ()) -> str:
    """Return the leaderboard as one HTML file."""
    colours = colours_of(_by_rank(result))
    there = [found for found in result.tasks if found.models]
    parts = [
        STYLE + _tiles(result) + _notes(result) + _navigation(there),
        _overall(result, colours),
        flips_section(result),
        *(_task(found, result, colours) for found in there),
        factory_section(result, colours),
        sensitivity_section(result, colours),
        _skipped(result),
        _refused(refused),
        _claims(),
        _repeat(result),
    ]
    return page(say.TITLE, say.INTRO, [part for part in parts if part])


def _by_rank(result: Result) -> list[str]:
    """Return all models by their mean place over tasks and decisions, best first."""
    places: dict[str, list[float]] = {}
    for found in result.tasks:
        for i, score in enumerate(ranked(found)):
            places.setdefault(score.model, []).append((i + 1) / len(found.models))
    for task in {row.task for row in result.decisions}:
        rows = [r for r in result.decisions if r.task == task and r.status == "ok"]
        rows.sort(key=lambda row: known(row.cost))
        for i, row in enumerate(rows):
            places.setdefault(row.model, []).append((i + 1) / len(rows))
    return sorted(places, key=lambda model: (sum(places[model]) / len(places[model]), model))


def _tiles(result: Result) -> str:
    there = [found for found in result.tasks if found.models]
    models = {score.model for found in there for score in found.models}
    seconds = sum(score.seconds for found in there for score in found.models)
    tiles: list[tuple[str, Words]] = [
        (str(len(there)), ("tasks", "个任务")),
        (str(len(models)), ("models", "个模型")),
        (f"{seconds / 60:,.1f} min", ("training and prediction", "训练与预测")),
        (str(result.seed), ("seed", "随机种子")),
    ]
    return '<div class="tiles">' + "".join(
        f'<div class="tile"><b>{escape(text)}</b><span>{both(words)}</span></div>'
        for text, words in tiles
    ) + "</div>"  # fmt: skip


def _notes(result: Result) -> str:
    return "".join(f'<p class="facts">{escape(text)}</p>' for text in result.notes)


def _navigation(there: Sequence[TaskResult]) -> str:
    links = []
    for found in there:
        title = (found.task.title or found.task.name).partition(",")[0]
        links.append(f'<a href="#{escape(found.task.name)}">{escape(title)}</a>')
    return f"<nav>{''.join(links)}</nav>"


def _overall(result: Result, colours: Colours) -> str:
    from seamline_platform.experiments.forecasting.overall import standings

    rows = standings(result)
    if not rows:
        return ""
    skill = [(row.model, row.skill) for row in rows]
    wins = [(row.model, row.win_rate) for row in rows]
    figures = [
        _standing(("Skill score", "技能分"), skill, colours, 0.0),
        _standing(("Win rate", "胜率"), wins, colours, 0.5),
    ]
    diagram = task_ranks(result)
    cliques = ""
    if diagram is not None:
        head = both(("Critical differences over tasks", "任务间临界差异"))
        cliques = f"<h3>{head}</h3>{charts.critical_diagram(diagram)}"
    return section(
        say.OVERALL, paragraph(say.OVERALL_READ, "soft"),
        f'<div class="charts pair">{"".join(figures)}</div>', cliques,
    )  # fmt: skip


def _standing(
    title: Words, found: Sequence[tuple[str, Interval]], colours: Colours, plain: float
) -> str:
    """Return a chart of shares; hollow where the interval holds what is nothing special."""
    rows = [
        Row(model, interval, not interval.lo <= plain <= interval.hi, _share(interval))
        for model, interval in sorted(found, key=lambda pair: -pair[1].mean)
    ]
    strips = interval_rows(rows, colours, title, with_zero=True)
    return f'<figure class="wide3"><h4>{both(title)}</h4>{strips}</figure>'


def _share(found: Interval) -> str:
    return (
        f"{100 * found.mean:.1f} % <small>[{100 * found.lo:.0f}, {100 * found.hi:.0f}]</small>"
    ).replace("-", "−")


def _task(found: TaskResult, result: Result, colours: Colours) -> str:
    task = found.task
    models = [score.model for score in ranked(found)]
    figures = []
    ranks = series_ranks(found)
    if ranks is not None:
        over = (f"Mean ranks over {ranks.blocks:,} series", f"{ranks.blocks:,} 条序列上的平均名次")
        figures.append(_figure(over, charts.rank_chart(ranks, colours), say.RANKS_READ))
    calibration = charts.calibration_chart(found, colours)
    if calibration:
        figures.append(_figure(("Calibration", "校准"), key_of(models, colours) + calibration,
                               say.CALIBRATION_READ))  # fmt: skip
    fans = [
        f"<figure><h4>{escape(caption)}</h4>{drawing}</figure>"
        for caption, drawing in charts.fan_charts(found, colours)
    ]
    shown = ""
    if fans:
        few = both(("A few series", "几条序列"))
        shown = (
            f"<h3>{few}</h3>{paragraph(say.FANS_READ, 'soft')}"
            f'<div class="charts">{"".join(fans)}</div>'
        )
    title: Words = (task.title or task.name,) * 2
    body = section(
        title, _facts(found), score_table(found, colours), _beside(found),
        f'<div class="charts">{"".join(figures)}</div>', shown,
        decisions_part(found, result, colours),
    )  # fmt: skip
    return body.replace("<section>", f'<section id="{escape(task.name)}">', 1)


def _figure(title: Words, drawing: str, caption: Words) -> str:
    return (
        f"<figure><h4>{both(title)}</h4>{drawing}<figcaption>{both(caption)}</figcaption></figure>"
    )


def _facts(found: TaskResult) -> str:
    task = found.task
    lengths = (len(v) for score in found.models for v in score.per_series.values())
    series = max(lengths, default=0)
    english = [f"<code>{escape(task.name)}</code>", f"horizon {task.horizon}",
               f"season {task.season_length}", f"origins {task.windows}",
               f"ranked by {label_of(task.metric)[0]}"]  # fmt: skip
    chinese = [f"<code>{escape(task.name)}</code>", f"预测期 {task.horizon}",
               f"季节 {task.season_length}", f"起点 {task.windows} 个",
               f"按 {label_of(task.metric)[1]} 排名"]  # fmt: skip
    if series:
        english.insert(1, f"{series:,} series")
        chinese.insert(1, f"{series:,} 条序列")
    if task.tuned_on:
        english.append(escape(f"tuned on: {task.tuned_on}"))
        chinese.append(escape(f"调参数据：{task.tuned_on}"))
    english.append(f"data {found.data_sha256[:12]}")
    chinese.append(f"数据 {found.data_sha256[:12]}")
    about = f'<p class="facts">{escape(task.about)}</p>' if task.about else ""
    return (
        f'<p class="facts"><span class="en">{" · ".join(english)}</span>'
        f'<span class="zh" lang="zh">{" · ".join(chinese)}</span></p>{about}'
    )


def _beside(found: TaskResult) -> str:
    """Return published figures of models that were not run here, and who was left out, and why."""
    task, here = found.task, {score.model for score in found.models}
    others = [
        f"{escape(model)} " + ", ".join(f"{label_of(m)[0]} {v:g}" for m, v in figures.items())
        for model, figures in task.published.items()
        if model not in here
    ]
    lines = []
    if others:
        source = f" ({escape(task.published_source)})" if task.published_source else ""
        lines.append(f"{both(('Published, not run here:', '已发表、此处未运行：'))} "
                     f"{'; '.join(others)}{source}")  # fmt: skip
    if found.left_out:
        names = "; ".join(f"{escape(m)}: {escape(why)}" for m, why in found.left_out.items())
        lines.append(f"{both(('Left out:', '未参加：'))} {names}")
    return "".join(f'<p class="facts">{line}</p>' for line in lines)


def _skipped(result: Result) -> str:
    missing = [found for found in result.tasks if found.skipped]
    if not missing:
        return ""
    items = "".join(
        f"<li><code>{escape(found.task.name)}</code>: {escape(found.skipped)}</li>"
        for found in missing
    )
    return section(("Tasks without their data", "缺少数据的任务"), f"<ul>{items}</ul>")


def _refused(refused: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(reason)}</li>" for reason in refused)
    return section(say.REFUSED, f"<ul>{items}</ul>") if refused else ""


def _claims() -> str:
    return section(say.CLAIMS, f"<ul>{''.join(f'<li>{both(c)}</li>' for c in say.CLAIM_LIST)}</ul>")


def _repeat(result: Result) -> str:
    tasks = ",".join(found.task.name for found in result.tasks if found.models)
    names = dict.fromkeys(score.model for found in result.tasks for score in found.models)
    models = ",".join(name.partition(" [")[0] for name in names)
    quick = " --quick" if any(text.startswith("Quick") for text in result.notes) else ""
    command = (
        f"seamline bench forecast --data DIR --task {tasks} --models {models} "
        f"--seed {result.seed}{quick}"
    )
    with_what = {**{k: v for k, v in versions().items() if v}, **machine()}
    rows = [[escape(key), escape(value)] for key, value in with_what.items()]
    return section(
        say.REPEAT, f"<pre>{escape(command)}</pre>", paragraph(say.REPEAT_READ, "soft"),
        f"<details><summary>{both(('Versions and machine', '版本与机器'))}</summary>"
        f"{raw_table([both(('what', '项目')), both(('value', '值'))], rows)}</details>",
    )  # fmt: skip
