"""`seamline forecaster`: write a new one, check one, list those that are there."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_platform.cli.words import JsonOption, parse_duration, print_json, print_table

if TYPE_CHECKING:
    from seamline_platform.demand.conformance import Finding

app = typer.Typer(
    no_args_is_help=True, help="Forecasters: write a new one, check it, list those installed."
)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the class, as in MyForecaster.")],
    folder: Annotated[
        Path, typer.Option("--dir", help="Where to write the file.", metavar="DIR")
    ] = Path(),
) -> None:
    """Write a starter: a whole forecaster in one file that passes every check."""
    from seamline_platform.demand.conformance.starter import write_starter

    path = write_starter(name, folder)
    sys.stdout.write(
        f"Wrote {path}\n"
        f"  check it:   seamline forecaster check {path}:{name}\n"
        f"  compare it: seamline bench forecast --quick --models {path}:{name},SeasonalNaive\n"
        f"  use it:     SEAMLINE_DEMAND__MODEL={path}:{name} seamline demo --fresh\n"
    )


@app.command()
def check(
    forecaster: Annotated[
        str, typer.Argument(help="A registered name, mine.py:Mine, or mine.py with one class.")
    ],
    as_json: JsonOption = False,
    time_budget: Annotated[
        str, typer.Option(help="How long one check may take: 60s, 5m.", metavar="TIME")
    ] = "60s",
) -> None:
    """Run the conformance suite: each promise of a forecaster, and how to mend a broken one."""
    from seamline_platform.demand.conformance import check_forecaster
    from seamline_platform.demand.conformance.loose import spec_of

    spec = spec_of(forecaster)
    report = check_forecaster(spec, parse_duration(time_budget), None if as_json else print_finding)
    if as_json:
        print_json(report.document())
    else:
        broken = sum(not finding.ok for finding in report.findings)
        said = f"{broken} promise(s) broken" if broken else "all promises kept"
        sys.stdout.write(f"{report.forecaster}: {said}, {len(report.findings)} checks\n")
    raise typer.Exit(0 if report.ok else 1)


def print_finding(finding: "Finding") -> None:
    """Print a kept promise on one line, a broken one with what was asked and how to mend it."""
    if finding.ok:
        sys.stdout.write(f"ok      {finding.check:<12} {finding.came}\n")
    else:
        sys.stdout.write(
            f"BROKEN  {finding.check:<12} {finding.asked}\n"
            f"        {'came:':<12} {finding.came}\n"
            f"        {'mend:':<12} {finding.mend}\n"
        )
    sys.stdout.flush()


@app.command("list")
def list_forecasters(as_json: JsonOption = False) -> None:
    """List the forecasters that are registered, and whether each can be loaded here."""
    from seamline_broker.errors import PluginError
    from seamline_platform.demand.protocol import forecaster_names, load_forecaster

    rows = []
    for name in forecaster_names():
        try:
            words = (type(load_forecaster(name)).__doc__ or "").strip().splitlines()
            rows.append((name, "ok", words[0] if words else ""))
        except PluginError as exc:
            rows.append((name, "missing", str(exc)))
    if as_json:
        keys = ("name", "status", "text")
        print_json({"forecasters": [dict(zip(keys, row, strict=True)) for row in rows]})
        return
    print_table(("name", "status", "what it does"), rows)
