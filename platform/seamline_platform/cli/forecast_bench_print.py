"""The forecasting benchmark as tables for a terminal."""

import math

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seamline_platform.experiments.forecasting.contract import (
    DecisionRow,
    ModelScore,
    Result,
    TaskResult,
)
from seamline_platform.experiments.forecasting.overall import standings

WIDTH = 130
_DIGITS = {"smape": 3, "coverage_80": 3, "coverage_95": 3}
_COLUMNS = ("owa", "mase", "rmsse", "wrmsse", "smape", "scaled_pinball", "crps", "coverage_80",
            "miscalibration", "bias")  # fmt: skip
_HEADS = {"scaled_pinball": "pinball", "coverage_80": "cover 80", "miscalibration": "miscal"}


def print_result(result: Result, console: Console | None = None) -> None:
    """Print tasks with intervals, decisions, standings over tasks, and what was skipped."""
    console = console or Console()
    if not console.is_terminal:  # a file or another program has no narrow window
        console = Console(file=console.file, width=WIDTH)
    for found in result.tasks:
        if found.skipped:
            continue
        console.print(_scores(found))
        for line in _remarks(found):
            console.print(line, highlight=False, style="dim")
        rows = [row for row in result.decisions if row.task == found.task.name]
        if rows:
            console.print(_decisions(found, rows))
        console.print()
    _print_factory(result, console)
    _print_grid(result, console)
    _print_overall(result, console)
    for found in result.tasks:
        if found.skipped:
            console.print(f"Skipped {found.task.name}: {found.skipped}", highlight=False)
    for note in (*result.notes, f"Seed {result.seed}."):
        console.print(note, highlight=False)


def _scores(found: TaskResult) -> Table:
    task = found.task
    columns = [c for c in _COLUMNS if any(c in score.metrics for score in found.models)]
    table = _table(f"{task.name}: {task.title}")
    table.add_column("model", no_wrap=True, max_width=32, min_width=20)
    for column in columns:
        mark = "*" if column == task.metric else ""
        table.add_column(
            _HEADS.get(column, column) + mark, justify="right", no_wrap=True, min_width=6
        )
    for head in ("95 % interval", "cpu s", "MB"):
        table.add_column(head, justify="right", no_wrap=True, min_width=4)
    for score in sorted(found.models, key=lambda s: _order(s, task.metric)):
        if score.status != "ok":
            continue
        table.add_row(
            score.model,
            *(_figure(score.metrics.get(column), _DIGITS.get(column, 3)) for column in columns),
            _ends(score, task.metric), f"{score.cpu_seconds:.1f}", f"{score.rss_mb:.0f}",
        )  # fmt: skip
    for model, figures in task.published.items():
        table.add_row(
            Text(f"{model}, published", style="italic"),
            *(_figure(figures.get(column), 3) for column in columns), "", "", "",
            style="dim",
        )  # fmt: skip
    return table


def _table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        header_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )


def _order(score: ModelScore, metric: str) -> tuple[float, str]:
    return (score.metrics.get(metric, math.inf), score.model)


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _ends(score: ModelScore, metric: str) -> str:
    if metric not in score.intervals:
        return ""
    low, high = score.intervals[metric]
    return f"{low:.3f} .. {high:.3f}"


def _remarks(found: TaskResult) -> list[str]:
    task = found.task
    lines = [
        f"{score.model} {score.status}: {score.note}"
        for score in found.models
        if score.status != "ok"
    ]
    lines.append(f"* ranks models here. {task.about}".strip())
    if task.published_source:
        lines.append(f"Published figures: {task.published_source}.")
    if task.tuned_on:
        lines.append(f"Tuned on: {task.tuned_on}".strip())
    lines += [f"Not run: {model}: {reason}" for model, reason in found.left_out.items()]
    return lines


def _print_factory(result: Result, console: Console) -> None:
    tasks = {found.task.name for found in result.tasks}
    for task in dict.fromkeys(row.task for row in result.decisions if row.task not in tasks):
        rows = [row for row in result.decisions if row.task == task]
        title = f"{task}: the whole factory, yuan lost per SKU and day (intervals over seeds)"
        console.print(_costs(title, rows))
        for row in rows:
            if row.cost is not None:
                profit, late = row.parts["profit_k"], row.parts["lateness"]
                console.print(
                    f"{row.model}: profit {profit:.0f} thousand yuan, {row.parts['stock']:.1f} "
                    f"pieces of a SKU in stock, sellers' orders {late:.1f} days late on average",
                    highlight=False, style="dim",
                )  # fmt: skip
        console.print()


def _print_grid(result: Result, console: Console) -> None:
    """Say under which other terms another model is the cheapest."""
    base = {r.task: r.model for r in result.sensitivity if r.parameter == "base" and r.rank == 1}
    for task, model in base.items():
        rows = [r for r in result.sensitivity if r.task == task and r.rank == 1]
        moved = [f"{r.parameter} {r.value}: {r.model}" for r in rows if r.cheapest_changes]
        told = "; ".join(moved) or "the same under all other terms tried"
        console.print(f"{task}: cheapest {model}; {told}", highlight=False)


def _decisions(found: TaskResult, rows: list[DecisionRow]) -> Table:
    terms = found.task.terms
    said = "" if terms is None else (
        f" (lead time {terms.lead_time}, review {terms.review}, underage {terms.underage:g}, "
        f"overage {terms.overage:g}, {terms.unmet})"
    )  # fmt: skip
    return _costs(f"{found.task.name}: decisions{said}", rows)


def _costs(title: str, rows: list[DecisionRow]) -> Table:
    table = _table(title)
    heads = ("model", "cost", "95 % interval", "fill rate", "regret", "against SeasonalNaive",
             "lead-time demand")  # fmt: skip
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if 0 < place < 6 else "left", overflow="fold")
    for row in rows:
        if row.cost is None:
            table.add_row(row.model, Text(f"{row.status}: {row.note}", style="red"))
            continue
        against = row.versus.get("SeasonalNaive")
        table.add_row(
            row.model, _figure(row.cost, 3),
            f"{_figure(row.cost_lo, 3)} .. {_figure(row.cost_hi, 3)}",
            _figure(row.fill_rate, 3), _figure(row.regret, 3),
            "" if against is None else
            f"{100 * against[0]:+.1f} % [{100 * against[1]:+.1f}, {100 * against[2]:+.1f}]",
            row.aggregation,
        )  # fmt: skip
    return table


def _print_overall(result: Result, console: Console) -> None:
    found = standings(result)
    if found:
        table = _table("Over all tasks, against SeasonalNaive")
        for head in ("model", "skill score", "95 % interval", "win rate", "95 % interval", "tasks"):
            table.add_column(head, justify="left" if head == "model" else "right")
        for row in found:
            table.add_row(
                row.model, f"{row.skill.mean:.3f}", f"{row.skill.lo:.3f} .. {row.skill.hi:.3f}",
                f"{row.win_rate.mean:.3f}", f"{row.win_rate.lo:.3f} .. {row.win_rate.hi:.3f}",
                str(row.tasks),
            )  # fmt: skip
        console.print(table)
    if result.rank_flips:
        table = _table("Kendall's tau of accuracy with cost (1: the same order)")
        for head in ("task", "metric", "tau", "models", "cheapest", "most accurate"):
            table.add_column(head, justify="right" if head in ("tau", "models") else "left")
        for flip in result.rank_flips:
            table.add_row(flip.task, flip.metric, f"{flip.kendall_tau:+.2f}", str(flip.models),
                          flip.cheapest, flip.most_accurate)  # fmt: skip
        console.print(table)
