"""The evidence of an experiment as tables for a terminal of 100 columns."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seamline_platform.experiments.evidence.designs import switch_names
from seamline_platform.experiments.evidence.figures import (
    difference,
    judgement,
    signed,
    value,
)
from seamline_platform.experiments.evidence.intervals import Difference
from seamline_platform.experiments.evidence.kpis import KPIS, PRIMARY
from seamline_platform.experiments.evidence.rows import SAME_SWITCH, rows_of
from seamline_platform.experiments.evidence.study import Study

WIDTH = 100


def print_study(study: Study, console: Console | None = None) -> None:
    """Print rows, order, KPIs, what was asked for besides, and how far to trust it."""
    console = console or Console()
    if not console.is_terminal:  # a file or another program has no narrow window
        console = Console(file=console.file, width=WIDTH)
    for table in (_rows(study), _ladder(study), _kpis(study), _shapley(study), _hardware(study)):
        if table is not None and table.row_count:
            console.print(table)
            console.print()
    for line in _remarks(study):
        console.print(line, highlight=False, soft_wrap=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", width=WIDTH)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", overflow="fold")
    return table


def _effect(found: Difference | None, metric: str = PRIMARY) -> Text:
    if found is None:
        return Text("")
    if found.verdict == "not distinguishable":
        return Text(f"~ {difference(metric, found)}", style="dim")
    mark = "= " if found.verdict == "equal" else ""
    return Text(mark + difference(metric, found))


def _rows(study: Study) -> Table:
    title = f"{study.options.experiment}: effect on profit, k yuan, mean and 95 % interval"
    table = _table(title, "row", "alone", "left out of the whole", "in the published order")
    for row in rows_of(study.comparison):
        if row.row.switch is None:
            table.add_row(row.row.title[0], "unchanged by design", "", "")
        else:
            title = f"{row.row.title[0]} ({row.row.switch})"
            effects = (row.alone, row.left_out, row.in_order)
            table.add_row(title, *(_effect(found) for found in effects))
    return table


def _ladder(study: Study) -> Table:
    table = _table("One switch after the other, profit in k yuan", "switched on", "profit", "step")
    comparison = study.comparison
    ladder = comparison.plan.design.ladder
    steps = {
        (step.start, step.end): (step.switch, found[PRIMARY])
        for step, found in comparison.steps
        if step.kind == "in_order"
    }
    for before, name in zip((None, *ladder), ladder, strict=False):
        mean = value(PRIMARY, comparison.policies[name][PRIMARY].mean)
        switch, found = steps.get((before or "", name), (name, None))
        title = switch_names()[switch].en if switch in switch_names() else name
        table.add_row(title if before is None else f"+ {title}", mean, _effect(found))
    total = comparison.difference("total", "all")
    table.add_row("all together", "", _effect(total))
    return table


def _kpis(study: Study) -> Table | None:
    comparison = study.comparison
    design = comparison.plan.design
    found = next((d for step, d in comparison.steps if step.kind == "total"), None)
    if found is None:
        return None
    table = _table("From nothing on to everything on", "metric", "nothing", "everything",
                   "difference", "verdict")  # fmt: skip
    first, last = (comparison.policies[name] for name in (design.baseline, design.ladder[-1]))
    for metric, kpi in KPIS.items():
        unit = f", {kpi.unit_en}" if kpi.unit_en else ""
        table.add_row(
            f"{kpi.en}{unit}",
            value(metric, first[metric].mean),
            value(metric, last[metric].mean),
            difference(metric, found[metric]),
            judgement(metric, found[metric])[0],
        )
    return table


def _shapley(study: Study) -> Table:
    table = _table("Shapley values of profit, k yuan", "switch", "value and 95 % interval")
    names = switch_names()
    for switch, found in study.comparison.shapley.items():
        lo, hi = signed(PRIMARY, found.lo), signed(PRIMARY, found.hi)
        table.add_row(names[switch].en, f"{signed(PRIMARY, found.mean)} [{lo}, {hi}]")
    return table


def _hardware(study: Study) -> Table | None:
    if not study.hardware:
        return None
    worse, better = study.hardware
    title = "Effect on profit, k yuan, with other hardware (parameters as tuned)"
    columns = (f"hardware {worse.percent:+d} %", "as it is", f"hardware {better.percent:+d} %")
    table = _table(title, "step", *columns)
    for step, found in study.comparison.steps:
        if step.kind in ("total", "left_out"):
            key = (step.kind, step.switch)
            label = "all together" if step.kind == "total" else f"{step.switch}, left out"
            cells = (worse.steps[key], found[PRIMARY], better.steps[key])
            table.add_row(label, *(_effect(d) for d in cells))
    return table


def _remarks(study: Study) -> list[str]:
    options, comparison = study.options, study.comparison
    lines = [
        f"capacity {options.setting.capacity}, {options.setting.days} days, {options.seeds} seeds, "
        f"scenario {options.setting.scenario}; paired by seed, 95 % {options.method} intervals.",
        "~ not distinguishable from nothing   = at most 1 %, counts as equal",
    ]
    total = comparison.difference("total", "all")
    if total is not None:
        share = 100 * total.detectable / abs(_baseline_profit(study) or 1)
        lines.append(
            f"With these seeds a true total effect of {value(PRIMARY, total.detectable)} k yuan "
            f"({share:.1f} % of the profit with nothing on) is found in four cases of five."
        )
    lines.append("Profit is primary; the other metrics are corrected together (Holm).")
    if options.experiment == "table2":
        lines.append(SAME_SWITCH[0])
    lines += [f"Note: {note}" for note in study.notes]
    lines.append(f"digest {study.digest}")
    return lines


def _baseline_profit(study: Study) -> float:
    comparison = study.comparison
    return comparison.policies[comparison.plan.design.baseline][PRIMARY].mean
