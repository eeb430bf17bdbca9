"""`seamline`: every command. Parts are imported inside commands, so that each starts quickly."""

import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from seamline_broker.errors import SeamlineError
from seamline_platform.cli import (
    bench_card_commands,
    bench_commands,
    broker_commands,
    cut_commands,
    data_commands,
    docs_commands,
    experiment_commands,
    explain_commands,
    floor_commands,
    forecaster_commands,
    model_commands,
    network_commands,
    part_commands,
    scheduler_commands,
    shop_commands,
    sim_commands,
    table_commands,
)
from seamline_platform.cli.words import (
    JsonOption,
    RunDirOption,
    SettingsOption,
    parse_duration,
    print_json,
    print_table,
)

_VERBOSE = ("-v", "--verbose")

app = typer.Typer(
    name="seamline",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A garment maker in a box: market, sewing lines, MQTT, DuckDB, forecasts, dispatch, "
    "and a live page. Start with 'seamline demo'.",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        sys.stdout.write(f"seamline {version('seamline')}\n")
        raise typer.Exit


@app.callback()
def common(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show where an error came from.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Options of every command (`main` has read --verbose already, wherever it stood)."""


@app.command()
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin a new run, drop the old.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
    for_: Annotated[
        str | None, typer.Option("--for", help="Stop after so long: 60s, 5m, 1h.", metavar="TIME")
    ] = None,
    as_json: JsonOption = False,
    speed: Annotated[
        float | None, typer.Option(help="Plant seconds per wall second.  [default: 60]")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="pi, demo, large, or a TOML file.  [default: demo]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all draws.  [default: 1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the page.  [default: 8420]")] = None,
    mqtt_port: Annotated[
        int | None, typer.Option(help="Port of the embedded broker.  [default: 11883]")
    ] = None,
    broker: Annotated[
        str | None,
        typer.Option(help="Use this broker instead: mqtt://[user:password@]host[:port].",
                     metavar="URL"),
    ] = None,
    broker_users: Annotated[
        bool,
        typer.Option("--broker-users",
                     help="Log in there with the users of 'seamline broker mosquitto-conf'."),
    ] = False,
    listen: Annotated[
        bool, typer.Option("--listen", help="Open the embedded broker to the local network.")
    ] = False,
    demand: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet with unique_id, ds, y: real sales become the market.",
                     metavar="FILE"),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the page.")] = False,
    run_dir: RunDirOption = None,
    config: SettingsOption = None,
) -> None:  # fmt: skip
    """Run the whole maker: broker, plants, gateways, sellers, platform and page.

    A second start continues the same run; --fresh begins a new one. Ctrl-C stops everything within
    five seconds and leaves no process behind.
    """
    from seamline_platform.cli.demo import Demo, DemoOptions
    from seamline_platform.settings import load_settings

    overrides: dict[str, object] = {
        "run_dir": run_dir,
        "scenario": scenario,
        "seed": seed,
        "speed": speed,
        "demand_file": demand,
        "api.port": port,
        "api.open_browser": False if no_open or headless else None,
        "broker.port": mqtt_port,
        "broker.url": broker,
        "broker.users": broker_users or None,
        "broker.listen": listen or None,
    }
    settings = load_settings(config, overrides).settings
    given = {"scenario": scenario is not None, "seed": seed is not None}
    for_s = parse_duration(for_) if for_ else 0.0
    options = DemoOptions(fresh, headless, for_s, as_json, given)
    raise typer.Exit(Demo(settings, options).run())


@app.command()
def doctor(
    as_json: JsonOption = False, run_dir: RunDirOption = None, config: SettingsOption = None
) -> None:
    """Check this machine and explain what is wrong: Python, disk, memory, ports, broker, store."""
    from seamline_platform.cli.doctor import diagnose
    from seamline_platform.settings import load_settings

    checks = diagnose(load_settings(config, {"run_dir": run_dir}).settings)
    healthy = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": healthy, "checks": [check.document() for check in checks]})
    else:
        for check in checks:
            sys.stdout.write(f"{check.mark}  {check.name:<18} {check.text}\n")
            if check.remedy:
                sys.stdout.write(f"      {'':<18} -> {check.remedy}\n")
    raise typer.Exit(0 if healthy else 1)


@app.command()
def settings(as_json: JsonOption = False, config: SettingsOption = None) -> None:
    """Print all settings, and where each value came from."""
    from seamline_platform.settings import load_settings

    loaded = load_settings(config)
    if as_json:
        print_json({key: {"value": value, "source": source}
                    for key, value, source, _ in loaded.rows()})  # fmt: skip
        return
    print_table(("setting", "value", "from", "meaning"), loaded.rows())


app.add_typer(broker_commands.app, name="broker")
app.add_typer(data_commands.replay_app, name="replay")
app.add_typer(sim_commands.app, name="sim")
bench_card_commands.add_to(bench_commands.bench_app)
app.add_typer(bench_commands.bench_app, name="bench")
app.add_typer(experiment_commands.app, name="experiment")
app.add_typer(model_commands.app, name="models")
app.add_typer(forecaster_commands.app, name="forecaster")
app.add_typer(scheduler_commands.app, name="scheduler")
app.add_typer(docs_commands.docs_app, name="docs")
app.command("query")(data_commands.query)
app.command("export")(data_commands.export)
app.command("field")(part_commands.field)
app.command("edge")(part_commands.edge)
app.command("edge-pyz")(part_commands.edge_pyz)
app.command("sellers")(part_commands.sellers)
app.command("platform")(part_commands.platform)
app.command("plan")(shop_commands.plan)
app.command("explain")(explain_commands.explain)
app.command("balance")(floor_commands.balance)
app.command("cut")(cut_commands.cut)
app.command("dispatch")(network_commands.dispatch)
app.command("promise")(network_commands.promise)
app.command("table2")(table_commands.table2)
app.command("practices")(table_commands.practices)


def main() -> None:
    """Run the command line; an error that a person can mend is one line and exit code 1."""
    arguments = [word for word in sys.argv[1:] if word not in _VERBOSE]
    verbose = len(arguments) < len(sys.argv) - 1
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app(arguments)
    except SeamlineError as exc:
        if verbose:
            traceback.print_exc()
        sys.stderr.write(f"seamline: {exc}\n")
        sys.exit(1)
    except BrokenPipeError:  # the reader of our output has gone, as in `seamline query ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
