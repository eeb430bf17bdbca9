"""`seamline sim calibrate|realism|market`: the world's figures against real ones, and its data."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seamline_platform.cli.bench_commands import sim_app
from seamline_platform.cli.words import JsonOption, note, print_json, print_table

if TYPE_CHECKING:
    from seamline_platform.experiments.realism.report import Realism

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


@app.command("realism")
def realism(
    against: Annotated[
        list[str],
        typer.Option(
            "--against",
            help="CSV or Parquet with unique_id, ds, y, or a known set: uci_sales_weekly, "
            "hermes_fashion, walmart2014, expsmooth_carparts, expsmooth_hospital. Again for more.",
            metavar="FILE",
        ),
    ],
    data: DataOption = Path("../shared/data"),
    frequency: Annotated[
        str | None,
        typer.Option(help="daily, weekly or monthly, where a file's ds does not tell."),
    ] = None,
    scenario: Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")] = "demo",
    seed: Annotated[int, typer.Option(help="Seed of all draws.", min=0)] = 1,
    days: Annotated[int, typer.Option(help="Days of our market.", min=150, max=3_650)] = 728,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write the HTML report here.", metavar="FILE"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the market's series with real ones: features, classes, distances, a classifier."""
    from seamline_broker.errors import ConfigError
    from seamline_platform.experiments import document
    from seamline_platform.experiments.realism import report as realism_report
    from seamline_platform.experiments.realism.sources import SEASON, read_set

    if frequency is not None and frequency not in SEASON:
        raise ConfigError(f"--frequency is {frequency!r}; allowed: {', '.join(SEASON)}.")
    sets = [read_set(name, data, frequency) for name in against]
    result = realism_report.run(scenario, seed, days, sets)
    if report is not None:
        document.write(report, realism_report.report(result))
        note(f"Report: {report}")
    if as_json:
        print_json(result.document())
        return
    _print_realism(result)


def _print_realism(result: "Realism") -> None:
    from seamline_platform.experiments.realism.report import NAMES

    for c in result.comparisons:
        rows = []
        for feature in NAMES:
            ours, theirs = c.summaries(feature)
            far = c.distance(feature)
            rows.append((
                feature, *(_text(v) for s in (ours, theirs) for v in (s.median, s.q1, s.q3)),
                _text(far.ks), _text(far.wasserstein),
            ))  # fmt: skip
        print_table(
            ("feature", "ours", "q1", "q3", "theirs", "q1", "q3", "KS", "W"), rows,
            f"{c.level} beside {c.name}, {c.length} periods; AUC {c.judgement.auc:.2f} "
            f"({c.judgement.lo:.2f} .. {c.judgement.hi:.2f})",
        )  # fmt: skip
        mixes = (c.our_classes, c.their_classes)
        print_table(
            ("classes", *c.our_classes),
            [(who, *(f"{100 * share:.0f} %" for share in mix.values()))
             for who, mix in zip(("ours", c.name), mixes, strict=True)],
        )  # fmt: skip
    acf1 = ", ".join(f"{name} {value:.2f}" for name, value in result.acf1.items())
    sys.stdout.write(f"Median ACF1 by week: {acf1}\n")


def _text(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "-"


@app.command("market")
def market(
    out: Annotated[Path, typer.Option("--out", help="New folder for the files.", metavar="DIR")],
    scenario: Annotated[str, typer.Option(help="pi, demo, large, or a TOML file.")] = "demo",
    days: Annotated[int, typer.Option(help="Days.", min=56, max=3_650)] = 728,
    styles: Annotated[int, typer.Option(help="Styles drawn.", min=4, max=400)] = 120,
    seed: Annotated[int, typer.Option(help="Seed of all draws.", min=0)] = 1,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV instead of Parquet.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a market's sales, calendar, prices, attributes, stock, signals, hierarchy.

    The truth (demand that shops cannot see) lies apart in sealed/; manifest.json has the hashes.
    """
    from seamline_platform.experiments.dataset import tables, writer

    order = tables.Order(scenario, seed, days, styles)
    drawn, origin = tables.draw(order, f"{scenario} market, seed {seed}", 1)
    manifest = writer.write_dataset(out, drawn, origin, "csv" if csv else "parquet")
    total = sum(record.bytes for record in manifest.files.values())
    if as_json:
        print_json({
            "folder": str(out), "digest": manifest.digest, "bytes": total,
            "files": {path: record.rows for path, record in manifest.files.items()},
        })  # fmt: skip
        return
    print_table(
        ("file", "rows", "bytes", "sha-256"),
        [(path, r.rows, r.bytes, r.sha256[:16]) for path, r in manifest.files.items()],
        f"{out}: {total / 1e6:.1f} MB, manifest sha-256 {manifest.digest}",
    )


@app.command("market-v1")
def market_v1(
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of frozen data sets.", metavar="DIR")
    ] = None,
) -> None:
    """Make market-v1, the frozen data set of benchmarks, and check it; once made, only say where.

    Every table is held to a hash that comes with Seamline.
    """
    from seamline_platform.experiments.dataset.frozen import MARKET_V1

    sys.stdout.write(f"{MARKET_V1.folder(out, note)}\n")
