"""`seamline bench forecast`: models against tasks, by accuracy and by what they cost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_platform.cli.words import JsonOption, note, print_json

if TYPE_CHECKING:
    from seamline_platform.experiments.forecasting.contract import Result
    from seamline_platform.experiments.forecasting.study import Options


def bench_forecast(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of public data sets; without it their tasks are skipped.",
                     metavar="DIR"),
    ] = None,
    task: Annotated[
        str, typer.Option("--task", help="Names or YAML files, by commas.  [default: all]")
    ] = "",
    models: Annotated[
        str,
        typer.Option(help="Names or mine.py:Mine, by commas.  [default: all that make sense]"),
    ] = "",
    quick: Annotated[
        bool, typer.Option("--quick", help="Three tasks, few series: under three minutes.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of all draws.", min=0)] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Keep forecasts here.  [default: .seamline/forecast-bench]",
                     metavar="DIR"),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the leaderboard here.", metavar="FILE")
    ] = None,
    cards: Annotated[
        Path | None, typer.Option(help="Write a result card per model and task here.",
                                  metavar="DIR")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget kept forecasts.")] = False,
    threads: Annotated[int, typer.Option(help="Threads of one model.", min=1)] = 1,
    jobs: Annotated[
        int, typer.Option(help="Models at once.  [default: as many as there are processors]",
                          min=0)
    ] = 0,
    timeout: Annotated[
        float, typer.Option(help="Seconds that a model may take for one task.", min=0.1)
    ] = 1800.0,
    no_decisions: Annotated[
        bool, typer.Option("--no-decisions", help="Accuracy alone, no planner.")
    ] = False,
    factory: Annotated[
        bool | None,
        typer.Option("--factory/--no-factory",
                     help="Also let models drive the whole factory: minutes.  "
                          "[default: if neither tasks nor models are named]"),
    ] = None,
    speed: Annotated[
        bool, typer.Option("--speed", help="Measure the update of 10,000 weekly series instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Forecast public data and the market with every model, and plan with what they say.

    A run that was stopped goes on where it was.
    """
    if speed:
        _speed(as_json)
        return
    from seamline_platform.experiments.forecasting.study import FOLDER, Options

    options = Options(
        data_dir=data, tasks=_names(task), models=_names(models), quick=quick, seed=seed,
        out=out or FOLDER, fresh=fresh, threads=threads, timeout_s=timeout,
        decide=not no_decisions, jobs=jobs,
        factory=factory,
    )  # fmt: skip
    result = _run(options)
    if cards is not None:
        from seamline_platform.experiments.forecasting.card import write_card

        note(f"{len(write_card(result, cards))} result cards: {cards}")
    if html is not None:
        from seamline_platform.experiments.forecasting.leaderboard import write_html

        write_html(result, html)
        note(f"Leaderboard: {html}")
    _say(result, as_json)
    if any(found.skipped.startswith("refused") for found in result.tasks):
        raise typer.Exit(1)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _run(options: "Options") -> "Result":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from seamline_platform.experiments.forecasting import study

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("forecasts", total=None)

        def progress(done: int, total: int, text: str) -> None:
            bar.update(line, completed=done, total=total, description=f"{text:<44.44}")

        return study.run(options, progress, lambda text: bar.console.print(text, highlight=False))


def _say(result: "Result", as_json: bool) -> None:
    if as_json:
        from seamline_platform.experiments.forecasting.document import document_of

        print_json(document_of(result))
    else:
        from seamline_platform.cli.forecast_bench_print import print_result

        print_result(result)


def _speed(as_json: bool) -> None:
    from seamline_platform.cli.words import print_figures
    from seamline_platform.experiments.forecasting.speed import panel_speed

    figures = panel_speed()
    if as_json:
        print_json(figures)
    else:
        print_figures(figures, "10,000 weekly series of 104 weeks")
