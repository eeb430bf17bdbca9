"""`seamline bench verify|leaderboard|stream|stream-model`: cards, their pages, and streams."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from seamline_platform.cli.words import JsonOption, note, print_json, print_table

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the public data sets.", metavar="DIR")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `seamline bench`."""
    app.command("verify")(verify)
    app.command("leaderboard")(leaderboard)
    app.command("stream")(stream)
    app.command("stream-model")(stream_model)


def verify(
    card: Annotated[Path, typer.Argument(help="A result card.", metavar="CARD")],
    data: DataOption = None,
    model: Annotated[
        str | None,
        typer.Option(help="Where the model's (or solver's) file is now, if it was moved: "
                          "mine.py:Mine."),
    ] = None,
    instances: Annotated[
        Path | None,
        typer.Option(help="Folder of published instances, for cards of schedules.",
                     metavar="DIR"),
    ] = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Run what a card says again and compare: 0 all the same, 1 it differs, 2 it cannot be run.

    Of a card of schedules every stored plan is checked again; what was made with a number of moves
    is searched for again as well.
    """
    from seamline_platform.experiments.forecasting.verify import verify_card
    from seamline_platform.experiments.scheduling.cards import is_schedule_card
    from seamline_platform.experiments.scheduling.verify import verify_schedule_card

    if is_schedule_card(card):
        found = verify_schedule_card(card, instances, solver=model, note=note)
    else:
        found = verify_card(card, data, model=model, note=note)
    if as_json:
        print_json(found.document())
    else:
        sys.stdout.write(found.text())
    raise typer.Exit(found.exit_code)


def leaderboard(
    cards: Annotated[Path, typer.Argument(help="Folder of result cards.", metavar="DIR")],
    html: Annotated[Path, typer.Option("--html", help="File to write.", metavar="FILE")],
    as_json: JsonOption = False,
) -> None:
    """Make one page of many cards; those of other tasks or data are named and stay outside."""
    from seamline_platform.experiments.forecasting.board import write_board

    result, refused = write_board(cards, html)
    for reason in refused:
        note(f"Not joined: {reason}")
    models = {score.model for found in result.tasks for score in found.models}
    figures = {
        "html": str(html), "tasks": len(result.tasks), "models": len(models),
        "refused": list(refused),
    }  # fmt: skip
    if as_json:
        print_json(figures)
    else:
        note(f"{html}: {len(models)} models, {len(result.tasks)} tasks.")


def stream(
    task: Annotated[str, typer.Option(help="Task, or a YAML file.")] = "market_mature",
    models: Annotated[
        str, typer.Option(help="Models that run as MQTT clients here, by commas.")
    ] = "SeasonalNaive",
    wait_for: Annotated[
        str, typer.Option(help="Names of models of your own that will say hello, by commas.")
    ] = "",
    data: DataOption = None,
    series: Annotated[int, typer.Option(help="Series, the first by hash of name.", min=1)] = 30,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="At the task's decision origins, with cost.")
    ] = False,
    late: Annotated[float, typer.Option(help="Share of orders that come late.")] = 0.05,
    late_mean: Annotated[float, typer.Option(help="Their mean delay, in periods.")] = 0.5,
    twice: Annotated[float, typer.Option(help="Share of orders that come twice.")] = 0.01,
    allowed_lateness: Annotated[
        float, typer.Option(help="How long orders are waited for, in periods.")
    ] = 0.25,
    deadline: Annotated[
        float, typer.Option(help="When a forecast has to be there, in periods after the origin.")
    ] = 0.5,
    pace: Annotated[
        float, typer.Option(help="Seconds that a model has between watermark and deadline.")
    ] = 20.0,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for models to say hello.")
    ] = 120.0,
    seed: Annotated[int, typer.Option(help="Seed of delays, and of models.", min=0)] = 1,
    run: Annotated[str, typer.Option(help="Name of the run, a level of its topics.")] = "",
    broker: Annotated[
        str | None, typer.Option(help="Your broker instead of the embedded one.", metavar="URL")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Orders over MQTT alone, in plant time, some late; forecasts are stamped when they come."""
    from seamline_platform.cli import bench_stream
    from seamline_platform.experiments.forecasting.stream.orders import Disorder

    options = bench_stream.StreamOptions(
        task, _listed(models), _listed(wait_for), data, series, decisions, pace, patience, seed,
        run, broker, Disorder(late, late_mean, twice_share=twice), allowed_lateness, deadline,
    )  # fmt: skip
    found = bench_stream.run(options, note)
    if as_json:
        print_json(found)
        return
    metric = found["metric"]
    rows = [
        (m["model"], f"{100 * m['given']:.1f} %", m["late"], m["refused"],
         _number(m["streamed"].get(metric)), _number((m["batch"] or {}).get(metric)),
         _number(m.get("cost")), _number(m.get("batch_cost")))
        for m in found["models"]
    ]  # fmt: skip
    columns = ("model", "given in time", "late", "refused", f"{metric}, streamed",
               f"{metric}, batch", "cost", "cost, batch")  # fmt: skip
    title = f"{found['task']}: {found['series']} series, {found['origins']} origins"
    print_table(columns, rows, title)
    for failed in found["failed"]:
        note(f"{failed['model']} failed: {failed['reason']}")


def stream_model(
    model: Annotated[str, typer.Argument(help="Registered forecaster, or mine.py:Mine.")],
    run: Annotated[str, typer.Option(help="Name of the run.")],
    broker: Annotated[
        str | None,
        typer.Option(help="Broker.  [default: SEAMLINE_BENCH_BROKER]", metavar="URL"),
    ] = None,
) -> None:
    """Let a forecaster take part in a stream as an MQTT client, until its end."""
    from seamline_platform.cli.bench_stream import address_of
    from seamline_platform.experiments.forecasting.stream.client import run_model

    print_json(run_model(model, address_of(broker), run))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
