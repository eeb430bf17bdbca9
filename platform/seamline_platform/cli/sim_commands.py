"""`seamline sim calibrate|realism|market`: the world's figures against real ones, and its data."""

from pathlib import Path
from typing import Annotated

import typer

from seamline_platform.cli.bench_commands import sim_app
from seamline_platform.cli.words import JsonOption, print_json, print_table

app = sim_app

DataOption = Annotated[
    Path, typer.Option("--data", help="Folder of public data sets.", metavar="DIR")
]


@app.command("calibrate")
def calibrate(
    data: DataOption = Path("../shared/data"),
    as_json: JsonOption = False,
) -> None:
    """Refit plant figures from real team-days; print them beside the published and our own."""
    from seamline_platform.experiments.calibrate_report import compare

    fits = compare(data)
    if as_json:
        print_json({
            "figures": [fit.document() for fit in fits],
            "agree": all(fit.agrees for fit in fits),
            "in_use_agree": all(fit.in_use_agrees is not False for fit in fits),
        })  # fmt: skip
        return
    print_table(
        ("figure", "unit", "fitted", "se", "published", "in use", ""),
        [
            (
                fit.name, fit.unit, f"{fit.fitted:.4g}",
                "" if fit.se is None else f"{fit.se:.3f}", f"{fit.published:g}",
                "" if fit.in_use is None else f"{fit.in_use:g}",
                "" if fit.agrees else "differs from the published figure",
            )
            for fit in fits
        ],
        "Fitted from real team-days (UCI 597), published, and in calibration.toml",
    )  # fmt: skip
