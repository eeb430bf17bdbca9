"""`seamline experiment flywheel|snowball`: what more data, and more members, are worth."""

from pathlib import Path
from typing import Annotated

import typer

from seamline_platform.cli.words import JsonOption, note, print_json, print_table

app = typer.Typer(
    help="Experiments on effects: the flywheel and the snowball.", no_args_is_help=True
)

SeedsOption = Annotated[int, typer.Option(help="Seeds 1 to N.", min=2, max=1000)]
ScenarioOption = Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", help="Write the HTML report (English, Chinese) here.", metavar="FILE"),
]


@app.command("flywheel")
def flywheel(
    seeds: SeedsOption = 12,
    scenario: ScenarioOption = "demo",
    half_life: Annotated[
        float, typer.Option(help="Styles in which half of the taste changes.")
    ] = 120.0,
    traffic: Annotated[
        float, typer.Option(help="Share of traffic gained per unit of fill rate.")
    ] = 5.0,
    report: ReportOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cost and accuracy against accumulated data, with the hard floor, beside theory."""
    from seamline_platform.experiments import document
    from seamline_platform.experiments.effects import flywheel as effect
    from seamline_platform.experiments.effects.flywheel_report import report as page

    plan = effect.Plan(scenario, seeds, half_life, traffic)
    result = effect.run(plan)
    if report is not None:
        document.write(report, page(result))
        note(f"Report: {report}")
    if as_json:
        print_json(result.document())
        return
    print_table(
        ("styles", "RMSE", "95 % interval", "theory", "cost share", "theory", "fill rate"),
        [
            (
                n, f"{result.rmse.mean[i]:.3f}",
                f"{result.rmse.lo[i]:.3f} .. {result.rmse.hi[i]:.3f}",
                f"{result.rmse_theory(n):.3f}", f"{100 * result.cost.mean[i]:.1f} %",
                f"{100 * result.cost_theory(n):.1f} %", f"{100 * result.fill.mean[i]:.1f} %",
            )
            for i, n in enumerate(effect.NUMBERS)
        ],
        f"Flywheel, {seeds} seeds; hard floor: RMSE {result.floor[0]:.3f}, "
        f"cost share {100 * result.floor[1]:.1f} %",
    )  # fmt: skip


@app.command("snowball")
def snowball(
    seeds: SeedsOption = 12,
    scenario: ScenarioOption = "demo",
    members: Annotated[int, typer.Option(help="Factories that join.", min=2, max=64)] = 16,
    correlation: Annotated[float, typer.Option(help="Of the factories' demand, 0 to 1.")] = 0.2,
    load: Annotated[float, typer.Option(help="Use of each line, up to .97.")] = 0.85,
    congestion: Annotated[
        float, typer.Option(help="Coordination cost each member adds, thousand yuan a year.")
    ] = 1.5,
    report: ReportOption = None,
    as_json: JsonOption = False,
) -> None:
    """Benefit as factories join a pool, with shared data on and off, beside theory."""
    from seamline_platform.experiments import document
    from seamline_platform.experiments.effects import snowball as effect
    from seamline_platform.experiments.effects.snowball_report import report as page

    plan = effect.Plan(
        scenario, seeds, members, correlation=correlation, load=load, congestion=congestion
    )
    result = effect.run(plan)
    if report is not None:
        document.write(report, page(result))
        note(f"Report: {report}")
    if as_json:
        print_json(result.document())
        return
    print_table(
        ("members", "stock", "theory", "wait", "theory", "RMSE shared", "alone", "cost shared",
         "not shared", "own saving", "others'"),
        [
            (
                i + 1, f"{result.stock[correlation].mean[i]:.2f}",
                f"{result.stock_theory(i + 1, correlation):.2f}", f"{result.wait.mean[i]:.2f}",
                f"{result.wait_theory(i + 1):.2f}", f"{result.error['raw'].mean[i]:.3f}",
                f"{result.error['nothing'].mean[i]:.3f}",
                f"{result.average['raw'].mean[i]:.0f}", f"{result.average['nothing'].mean[i]:.0f}",
                f"{result.own['raw'].mean[i]:.0f}", f"{result.others['raw'].mean[i]:.0f}",
            )
            for i in range(members)
        ],
        f"Snowball, {seeds} seeds, thousand yuan per member and year; least cost at "
        f"{result.best_size} members",
    )  # fmt: skip
