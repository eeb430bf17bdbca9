"""The benchmark as one HTML file: tables, profiles, anytime curves, Gantt charts, targets.

Two languages, light and dark, for telephones too, and nothing from outside.
"""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from seamline_platform.experiments.charts import Line, Words, line_chart, number
from seamline_platform.experiments.document import both, page, paragraph, section, write
from seamline_platform.experiments.forecasting.leaderboard import STYLE as SHARED
from seamline_platform.experiments.forecasting.leaderboard_tables import raw_table
from seamline_platform.experiments.forecasting.machine import machine, versions
from seamline_platform.experiments.scheduling import page_words as say
from seamline_platform.experiments.scheduling.contract import Family
from seamline_platform.experiments.scheduling.document import lines_of
from seamline_platform.experiments.scheduling.gantt import gantt
from seamline_platform.experiments.scheduling.outcome import Outcome, solution_of
from seamline_platform.experiments.scheduling.plan import OURS
from seamline_platform.experiments.scheduling.profiles import Curve, anytime, columns_of, profiles
from seamline_platform.experiments.scheduling.rows import PEERS, few, rows_of
from seamline_platform.experiments.scheduling.store import LIBRARIES
from seamline_platform.experiments.scheduling.study import CaseResult, Result
from seamline_platform.experiments.scheduling.targets import Target

MOST_RATIO: Final = 3.0
NEAR_ZERO: Final = 0.5
LOG_FROM: Final = 4.0
"""Ratios beyond which a profile's axis is logarithmic."""
FEW_ROWS: Final = 12
GANTT_FAMILIES: Final = ("garment_40x8", "garment_60x12", "jobshop", "fjsp")
_ORDER: Final = ("best_rule", OURS, *PEERS)
_COLOURS: Final = {"best_rule": 5, OURS: 0, "cpsat_cold": 1, "cpsat_hinted": 2, "pyjobshop": 3}
STYLE: Final = """<style>
.gantt{min-width:720px}.gantt rect.setup{opacity:.32}.gantt rect.work{opacity:.82}
.gantt rect.late{stroke:var(--ink);stroke-width:1.6}.gantt .on{font-size:10.5px;fill:#fff;
paint-order:stroke;stroke:rgba(0,0,0,.45);stroke-width:2px}
td.mark{text-align:center;font-weight:700}.met{color:var(--c2)}.missed{color:var(--c1)}
tr.mean td{font-weight:650}table.targets td,table.targets th{white-space:normal;text-align:left}
table.targets th:first-child{min-width:24px}
table.targets td:nth-child(4){min-width:92px;overflow-wrap:break-word}
</style>"""


def write_html(result: Result, path: Path) -> None:
    """Write the page of a run.

    Raises:
        ConfigError: if the file cannot be written.
    """
    write(path, page_of(result))


def page_of(result: Result) -> str:
    """Return the page of a run as one HTML file."""
    lines, rows = lines_of(result), rows_of(result)
    parts = [
        SHARED + STYLE + _tiles(result, lines) + _notes(result) + _navigation(result),
        section(
            say.TARGETS,
            paragraph(say.TARGETS_READ, "soft"),
            _targets(lines),
            paragraph(say.MEANS_READ, "soft"),
        ),
        *(_family(family, result, rows) for family in result.families),
        _gantts(result),
        _repeat(result),
    ]
    return page(say.TITLE, say.INTRO, [part for part in parts if part])


def _tiles(result: Result, lines: Sequence[Target]) -> str:
    met, judged = sum(line.ok is True for line in lines), sum(line.ok is not None for line in lines)
    spent = sum(o.cpu_s for found in result.cases for o in found.outcomes.values())
    tiles: list[tuple[str, Words]] = [
        (f"{met} / {judged}", ("targets reached", "项目标达成")),
        (str(len(result.cases)), ("instances", "个实例")),
        (str(len(columns_of(result.cases))), ("columns, rules among them", "列（含规则）")),
        (f"{spent:,.0f}", ("CPU seconds of solvers", "求解 CPU 秒")),
        (str(result.options.seed), ("seed", "随机种子")),
    ]
    return '<div class="tiles">' + "".join(
        f'<div class="tile"><b>{escape(text)}</b><span>{both(words)}</span></div>'
        for text, words in tiles
    ) + "</div>"  # fmt: skip


def _notes(result: Result) -> str:
    return "".join(f'<p class="facts">{escape(text)}</p>' for text in result.notes)


def _navigation(result: Result) -> str:
    links = "".join(
        f'<a href="#{family.name}">{both((family.title, family.title_zh))}</a>'
        for family in result.families
    )
    return f"<nav>{links}</nav>"


def _targets(lines: Sequence[Target]) -> str:
    marks = {True: ("✓", "met"), False: ("✗", "missed"), None: ("–", "")}
    body = "".join(
        f'<tr><td class="mark {marks[line.ok][1]}">{marks[line.ok][0]}</td>'
        f"<td>{_both(line.what)}</td><td>{_both(line.target)}</td><td>{_reached(line)}</td></tr>"
        for line in lines
    )
    head = "".join(f"<th>{both(cell)}</th>" for cell in say.TARGET_HEAD)
    return (
        f'<div class="wide"><table class="targets"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _both(text: str) -> str:
    return both((text, say.chinese(text)))


def _reached(line: Target) -> str:
    if line.reached is None:
        return both(("not measured", "未测"))
    if isinstance(line.reached, str):
        return _both(line.reached)
    return f"{line.reached:.2%}" if "%" in line.target else number(line.reached)


def _family(family: Family, result: Result, rows: Sequence[Mapping[str, Any]]) -> str:
    cases = result.of(family.name)
    mine = [row for row in rows if row["family"] == family.name]
    means = [row for row in mine if row["instance"].startswith("mean")]
    whole = _rows_table(mine, result)
    if len(mine) > FEW_ROWS:
        whole = _rows_table(means, result) + (
            f"<details><summary>{both(say.ALL_ROWS)} ({len(cases)})</summary>{whole}</details>"
        )
    charts = _charts(cases, family)
    body = section(
        (family.title, family.title_zh), _facts(family, cases), whole,
        f'<div class="charts pair">{charts}</div>' if charts else "", _failures(cases),
    )  # fmt: skip
    return body.replace("<section>", f'<section id="{escape(family.name)}">', 1)


def _facts(family: Family, cases: Sequence[CaseResult]) -> str:
    chinese = say.OBJECTIVES.get(family.objective, family.objective)
    english = (
        f"{family.name} · {len(cases)} instances · minimised: {family.objective} · "
        f"{family.budget_cpu_s:g} CPU-s each"
    )
    return paragraph(
        (
            english,
            f"{family.name} · {len(cases)} 个实例 · 最小化：{chinese} · "
            f"每个 {family.budget_cpu_s:g} CPU 秒",
        ),
        "facts",
    )


def _rows_table(rows: Sequence[Mapping[str, Any]], result: Result) -> str:
    more = [column for column in result.columns if column not in _ORDER]
    head = [both(cell) for cell in say.HEAD] + [escape(_short(column)) for column in more]
    cells = []
    for row in rows:
        values = [row["objective"], row["best_rule"], *(row[peer] for peer in PEERS)]
        least = min((v for v in values if v is not None), default=None)
        name = escape(row["instance"]) if row["feasible"] else (
            f'{escape(row["instance"])} <span class="alarm">✗</span>'
        )  # fmt: skip
        shown = [
            name, _figure(row["cpu_s"], None, 1), _figure(row["objective"], least),
            _figure(row["best_known"], None), _percent(row["gap"]),
            _figure(row["best_rule"], least), _percent(row["improvement_over_best_rule"]),
            *(escape(few(row, peer)) or _figure(row[peer], least) for peer in PEERS),
            *(_figure(row.get("solvers", {}).get(column), least) for column in more),
        ]  # fmt: skip
        mean = row["instance"].startswith("mean")
        cells.append([f"<b>{cell}</b>" if mean and cell else cell for cell in shown])
    used = [k for k in range(len(head)) if any(row[k] for row in cells)]
    return raw_table([head[k] for k in used], [[row[k] for k in used] for row in cells])


def _figure(value: float | None, least: float | None, digits: int = 0) -> str:
    if value is None:
        return ""
    text = f"{value:,.{digits}f}"
    return f"<b>{text}</b>" if least is not None and value == least else text


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %".replace("-", "−")


def _short(column: str) -> str:
    return column.rpartition("/")[2]


def _name(column: str) -> Words:
    return say.COLUMNS.get(column, (_short(column).rpartition(":")[2],) * 2)


def _charts(cases: Sequence[CaseResult], family: Family) -> str:
    found = ""
    if curves := profiles(cases):
        drawing = line_chart(
            say.PROFILE,
            say.TAU,
            say.SHARE,
            _lines(curves),
            log_x=curves[0].x[-1] > LOG_FROM,
            from_zero=True,
        )
        found += _captioned(drawing, say.PROFILE_READ)
    over_time = [_below(curve) for curve in anytime(cases, family.budget_cpu_s)]
    lines = _lines([curve for curve in over_time if curve.x])
    if lines:
        deep = min(min(line.y) for line in lines) < NEAR_ZERO
        drawing = line_chart(say.ANYTIME, say.SECONDS, say.RATIO, lines, from_zero=deep)
        found += _captioned(drawing, say.ANYTIME_READ)
    return found


def _below(curve: Curve) -> Curve:
    pairs = [(x, y) for x, y in zip(curve.x, curve.y, strict=True) if y <= MOST_RATIO]
    return Curve(curve.column, tuple(x for x, _ in pairs), tuple(y for _, y in pairs))


def _lines(curves: Sequence[Curve]) -> list[Line]:
    others = [curve.column for curve in curves if curve.column not in _COLOURS]
    colours = {**_COLOURS, **dict(zip(others, cycle((4, 6, 7)), strict=False))}
    return [
        Line(_name(c.column), c.x, c.y, dashed=c.column == "best_rule", colour=colours[c.column])
        for c in curves
    ]


def _captioned(drawing: str, caption: Words) -> str:
    return f"<figure>{drawing}<figcaption>{both(caption)}</figcaption></figure>"


def _failures(cases: Sequence[CaseResult]) -> str:
    items = [
        f"<li><code>{escape(found.case.name)}</code> {escape(_short(column))}: "
        f"{escape(outcome.reason)}</li>"
        for found in cases
        for column, outcome in found.outcomes.items()
        if not outcome.ok
    ]
    if not items:
        return ""
    return (
        f"<details><summary>{both(say.FAILED)} ({len(items)})</summary>"
        f"<ul>{''.join(items)}</ul></details>"
    )


def _gantts(result: Result) -> str:
    drawings = []
    for name in GANTT_FAMILIES:
        for found in result.of(name)[:1]:
            ours = found.outcomes.get(OURS)
            for column, outcome in (("best_rule", found.rules), (OURS, ours)):
                if outcome is not None and outcome.solution is not None:
                    drawings.append(_gantt(found, column, outcome))
    if not drawings:
        return ""
    return section(say.GANTTS, paragraph(say.GANTTS_READ, "soft"), *drawings)


def _gantt(found: CaseResult, column: str, outcome: Outcome) -> str:
    if outcome.solution is None or outcome.objective is None:
        return ""
    label = _name(column)
    rule = f" ({outcome.rule})" if outcome.rule else ""
    title: Words = (
        f"{found.case.family} {found.case.name}: {label[0]}{rule}, cost {outcome.objective:,}",
        f"{found.case.family} {found.case.name}：{label[1]}{rule}，成本 {outcome.objective:,}",
    )
    bars = found.case.bars(solution_of(outcome.solution))
    return f'<div class="wide">{gantt(title, bars, say.TICKS)}</div>'


def command_of(result: Result) -> str:
    """Return the command that made a run."""
    options = result.options
    words = ["seamline bench schedule"]
    words += ["--instances DIR"] if options.instances is not None else []
    words += [f"--family {','.join(options.families)}"] if options.families else []
    words += [f"--part {','.join(options.parts)}"] if options.parts else []
    words += [f"--solver {solver}" for solver in options.solvers]
    words += [f"--budget {options.budget_cpu_s:g}"] if options.budget_cpu_s else []
    words += [f"--moves {options.moves}"] if options.moves else []
    words += [f"--peers {options.peers}"] if options.peers != "some" else []
    words += ["--quick"] if options.quick else []
    return " ".join([*words, f"--seed {options.seed} --jobs {options.jobs}"])


def _repeat(result: Result) -> str:
    told = {**{k: v for k, v in versions(LIBRARIES).items() if v}, **machine()}
    rows = [[escape(key), escape(value)] for key, value in told.items()]
    return section(
        say.REPEAT, f"<pre>{escape(command_of(result))}</pre>", paragraph(say.REPEAT_READ, "soft"),
        f"<details><summary>{both(('Versions and machine', '版本与机器'))}</summary>"
        f"{raw_table([both(('what', '项目')), both(('value', '值'))], rows)}</details>",
    )  # fmt: skip
