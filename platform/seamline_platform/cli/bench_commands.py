"""`seamline sim run` and `seamline bench ...`: figures for comparison."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer

from seamline_platform.cli.forecast_bench_commands import bench_forecast
from seamline_platform.cli.schedule_bench_commands import bench_schedule
from seamline_platform.cli.words import JsonOption, note, print_figures, print_json

sim_app = typer.Typer(help="The simulated world alone, as fast as it goes.", no_args_is_help=True)
bench_app = typer.Typer(help="Measure this machine, forecasters and solvers.", no_args_is_help=True)
bench_app.command("forecast")(bench_forecast)
bench_app.command("schedule")(bench_schedule)

SecondsOption = Annotated[
    float | None, typer.Option("--seconds", help="How long to measure.  [default: its own]")
]


@sim_app.callback()
def sim() -> None:
    """The simulated world alone, as fast as it goes."""


@sim_app.command("run")
def sim_run(
    scenario: Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")] = "demo",
    days: Annotated[float, typer.Option(help="Plant days.", min=0.01, max=3_650)] = 5,
    seed: Annotated[int, typer.Option(help="Seed of all draws.", min=0)] = 1,
    as_json: JsonOption = False,
) -> None:
    """Run the world without a platform; equal seeds give equal digests on every machine."""
    from seamline_platform.experiments.headless import run_scenario

    whole = int(days) if days == int(days) else days
    figures = run_scenario(scenario=scenario, days=whole, seed=seed)
    _show(figures, f"{scenario}, {whole} plant days, seed {seed}", as_json)


@bench_app.command("sim")
def bench_sim(seconds: SecondsOption = None, as_json: JsonOption = False) -> None:
    """Station visits per second, beside the same line in SimPy."""
    _bench("bench_sim", as_json, seconds=seconds)


@bench_app.command("ingest")
def bench_ingest(seconds: SecondsOption = None, as_json: JsonOption = False) -> None:
    """Messages and values per second into the store, every row verified."""
    _bench("bench_ingest", as_json, seconds=seconds)


@bench_app.command("live")
def bench_live(
    seconds: SecondsOption = None,
    clients: Annotated[
        int | None, typer.Option(help="Open pages.  [default: 40]", min=1, max=500)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Time from publish to the websocket frame of many open pages."""
    _bench("bench_live", as_json, seconds=seconds, clients=clients)


def _bench(module_name: str, as_json: bool, **options: object) -> None:
    module = import_module(f"seamline_platform.cli.{module_name}")
    run: Callable[..., Mapping[str, Any]] = module.run
    given = {name: value for name, value in options.items() if value is not None}
    known = inspect.signature(run).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in known.values())
    for name in [name for name in given if name not in known and not takes_any]:
        note(f"This benchmark has no option --{name}; it is ignored.")
        del given[name]
    _show(run(note, **given), module_name.replace("_", " "), as_json)


def _show(figures: Mapping[str, Any], title: str, as_json: bool) -> None:
    if as_json:
        print_json(figures)
    else:
        print_figures(dict(figures), title)
