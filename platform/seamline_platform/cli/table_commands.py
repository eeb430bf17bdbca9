"""`seamline table2` and `seamline practices`: the published comparison as an experiment."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_platform.cli.words import JsonOption, note, print_json

if TYPE_CHECKING:
    from seamline_platform.experiments.evidence.study import Options

Progress = Callable[[int, int], None]

CapacityOption = Annotated[
    str, typer.Option(help="slack or tight: how much the plants can sew against demand.")
]
SeedsOption = Annotated[
    int | None,
    typer.Option(help="Seeds that every policy is run on. Default: slack 20, tight 40."),
]
DaysOption = Annotated[
    int | None,
    typer.Option(help="Length of the season; a shorter one has fewer styles. Default: 180."),
]
QuickOption = Annotated[bool, typer.Option("--quick", help="5 seeds, 90 days.")]
FreshOption = Annotated[
    bool, typer.Option("--fresh", help="Run everything again, whatever is kept.")
]
RetuneOption = Annotated[
    bool,
    typer.Option("--retune", help="First tune every policy again, on training seeds."),
]
ShapleyOption = Annotated[
    bool, typer.Option("--shapley", help="All 32 combinations, and Shapley values.")
]
HardwareOption = Annotated[
    int,
    typer.Option(help="Repeat with machines so many percent worse and better.", metavar="PERCENT"),
]
BootstrapOption = Annotated[
    bool, typer.Option("--bootstrap", help="Bootstrap intervals instead of Student's t.")
]
ReportOption = Annotated[
    Path | None, typer.Option(help="Write one self-contained HTML file.", metavar="FILE")
]
ScenarioOption = Annotated[str, typer.Option(help="season, or a TOML file.")]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", help="This policy and the baseline alone; repeat for more.",
                 metavar="POLICY"),
]  # fmt: skip
OutOption = Annotated[
    Path | None,
    typer.Option(help="Folder of finished runs. Default: .seamline/experiments.", metavar="DIR"),
]


def table2(
    capacity: CapacityOption = "slack",
    seeds: SeedsOption = None,
    days: DaysOption = None,
    quick: QuickOption = False,
    fresh: FreshOption = False,
    retune: RetuneOption = False,
    shapley: ShapleyOption = False,
    hardware: HardwareOption = 0,
    bootstrap: BootstrapOption = False,
    only: OnlyOption = None,
    scenario: ScenarioOption = "season",
    report: ReportOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Two digital makers compared, switch by switch, on the same customers and breakdowns.

    Finished runs are kept: after Ctrl-C the same command goes on and gives the same table.
    """
    _experiment("table2", capacity, seeds, days, quick, fresh, retune, shapley, hardware,
                bootstrap, only, scenario, report, out, as_json)  # fmt: skip


def practices(
    capacity: CapacityOption = "slack",
    seeds: SeedsOption = None,
    days: DaysOption = None,
    quick: QuickOption = False,
    fresh: FreshOption = False,
    retune: RetuneOption = False,
    shapley: ShapleyOption = False,
    hardware: HardwareOption = 0,
    bootstrap: BootstrapOption = False,
    only: OnlyOption = None,
    scenario: ScenarioOption = "season",
    report: ReportOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """The five practices of the case added one at a time, and each left out of the whole.

    Finished runs are kept: after Ctrl-C the same command goes on and gives the same table.
    """
    _experiment("practices", capacity, seeds, days, quick, fresh, retune, shapley, hardware,
                bootstrap, only, scenario, report, out, as_json)  # fmt: skip


def _experiment(
    name: str, capacity: str, seeds: int | None, days: int | None, quick: bool, fresh: bool,
    retune: bool, shapley: bool, hardware: int, bootstrap: bool, only: list[str] | None,
    scenario: str, report: Path | None, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    from seamline_broker.errors import ConfigError
    from seamline_platform.experiments.evidence.study import (
        DEFAULT_DAYS,
        DEFAULT_OUT,
        DEFAULT_SEEDS,
        QUICK_DAYS,
        QUICK_SEEDS,
        Options,
    )
    from seamline_platform.experiments.season import CAPACITIES, Setting

    known = {allowed: allowed for allowed in CAPACITIES}
    if capacity not in known:
        raise ConfigError(f"capacity is {capacity!r}; allowed: {', '.join(CAPACITIES)}.")
    if days is None:
        days = QUICK_DAYS if quick else DEFAULT_DAYS
    if seeds is None:
        seeds = QUICK_SEEDS if quick else DEFAULT_SEEDS[capacity]
    options = Options(
        name,
        Setting(days=days, capacity=known[capacity], scenario=scenario),
        seeds,
        out=out or DEFAULT_OUT,
        fresh=fresh,
        retune=retune,
        shapley=shapley,
        hardware_percent=hardware,
        only=tuple(only or ()),
        method="bootstrap" if bootstrap else "t",
    )
    _conduct(options, report, as_json)


def _conduct(options: "Options", report: Path | None, as_json: bool) -> None:
    from seamline_platform.experiments.evidence.document import document
    from seamline_platform.experiments.evidence.study import conduct

    try:
        study = conduct(options, note, _bar)
    except KeyboardInterrupt:
        note(f"Stopped. Finished runs are kept in {options.out}: the same command goes on.")
        raise typer.Exit(130) from None
    if report is not None:
        from seamline_platform.experiments.document import write
        from seamline_platform.experiments.evidence.report import page_of

        write(report, page_of(study))
        note(f"Report: {report}")
    if as_json:
        print_json(document(study))
    else:
        from seamline_platform.cli.table_print import print_study

        print_study(study)


def _bar(title: str) -> AbstractContextManager[Progress]:
    """Return a bar with the time left, on standard error if that is a terminal."""

    @contextmanager
    def bar() -> Iterator[Progress]:
        import sys

        if not sys.stderr.isatty():
            yield lambda done, total: None
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
        )  # fmt: skip
        with Bar(*columns, console=Console(stderr=True), transient=True) as shown:
            task = shown.add_task(title, total=None)

            def progress(done: int, total: int) -> None:
                if shown.tasks[0].total is None:  # what was kept says nothing about the time left
                    shown.reset(task, total=total, completed=done)
                shown.update(task, completed=done, total=total)

            yield progress

    return bar()
