"""The scheduling benchmark as tables for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from seamline_platform.experiments.scheduling.document import lines_of
from seamline_platform.experiments.scheduling.rows import PEERS, few, rows_of
from seamline_platform.experiments.scheduling.study import Result
from seamline_platform.experiments.scheduling.targets import Target

WIDTH = 130
_HEADS = ("instance", "CPU-s", "objective", "best known", "gap", "best rule", "better by",
          "CP-SAT cold", "hinted", "PyJobShop")  # fmt: skip


def print_result(result: Result, console: Console | None = None) -> None:
    """Print a table per family, then what has to be reached and what was."""
    console = console or Console()
    if not console.is_terminal:  # a file or another program has no narrow window
        console = Console(file=console.file, width=WIDTH)
    rows = rows_of(result)
    for family in result.families:
        mine = [row for row in rows if row["family"] == family.name]
        console.print(_table(f"{family.name}: {family.title} ({family.objective})", mine, result))
        for row in mine:
            for column, reason in row.get("failures", {}).items():
                console.print(f"{row['instance']} {column}: {reason}", highlight=False)
    console.print(_targets(lines_of(result)))
    for text in result.notes:
        console.print(text, highlight=False)
    console.print(f"Seed {result.options.seed}.", highlight=False)


def _table(title: str, rows: Sequence[Mapping[str, Any]], result: Result) -> Table:
    more = [column for column in result.columns if column not in (*PEERS, "Seamline")]
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for head in (*_HEADS, *more):
        table.add_column(head, justify="left" if head == "instance" else "right", overflow="fold")
    for row in rows:
        means = row["instance"].startswith("mean")
        table.add_row(
            row["instance"] if row["feasible"] else f"{row['instance']} (not feasible)",
            number(row["cpu_s"], 1), number(row["objective"]), number(row["best_known"]),
            percent(row["gap"]), number(row["best_rule"]),
            percent(row["improvement_over_best_rule"]),
            *(few(row, peer) or number(row[peer]) for peer in PEERS),
            *(number(row.get("solvers", {}).get(column)) for column in more),
            style="bold" if means else None,
        )  # fmt: skip
    return table


def _targets(lines: Sequence[Target]) -> Table:
    table = Table(title="To be reached", title_justify="left", box=SIMPLE_HEAD)
    for head in ("what", "target", "reached", ""):
        table.add_column(head, overflow="fold")
    marks = {True: "ok", False: "NOT", None: "-"}
    for line in lines:
        table.add_row(line.what, line.target, reached(line), marks[line.ok])
    return table


def reached(line: Target) -> str:
    """Return what was reached, short enough for a table."""
    value = line.reached
    if value is None:
        return "not measured"
    if isinstance(value, str | int):
        return str(value)
    return f"{value:.2%}" if "%" in line.target else f"{value:.4g}"


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands apart; nothing for None."""
    return "" if value is None else f"{value:,.{digits}f}"


def percent(value: float | None) -> str:
    """Return a share in per cent; nothing for None."""
    return "" if value is None else f"{100 * value:.1f} %"
