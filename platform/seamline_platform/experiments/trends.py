"""How good the trend alarms are: on drawn counts, and on the simulated market with its known truth.

`python -m seamline_platform.experiments.trends` prints the tables of docs/insight.md. The market's
sealed means say how much a style really changed against all others, so that every alarm can be told
true or false; trends are planted on top of what the market does by itself.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, Panel, long_frame, panel_of
from seamline_platform.demand.insight.alarms import Alarm, Detector, detect
from seamline_platform.demand.insight.common import adjust
from seamline_platform.demand.insight.planted import (
    PATIENCE_DAYS,
    Detection,
    Quiet,
    detection,
    false_alarms,
    judge,
    plant,
)
from seamline_platform.demand.insight.style_days import StyleDays, style_days
from seamline_platform.experiments.dataset.tables import Order, draw

SMALLEST: Final = 1.1
"""A true change against all others that is smaller makes an alarm false."""
LEVELS: Final = (5, 20, 80)
FACTORS: Final = (0.5, 0.7, 1.5, 2.0)
_BEFORE: Final = 56


@dataclass(frozen=True, slots=True)
class MarketTruth:
    """A drawn market as a detector sees it, and what each style's mean really was."""

    days: StyleDays
    means: FloatArray
    """(styles, days): pieces wanted on average, 0 where a style is not on sale."""
    basic: tuple[str, ...]
    """Styles that are on sale from the first to the last day."""


@dataclass(frozen=True, slots=True)
class MarketReport:
    """Alarms on the market as it is, and on the same market with planted trends."""

    style_years: float
    alarms: int
    true: int
    unclear: int
    """Alarms on styles too young to have a truth before the change."""
    planted: Detection

    @property
    def false_per_year(self) -> float:
        """False alarms per style and year on sale."""
        return (self.alarms - self.true - self.unclear) / self.style_years


def market_truth(order: Order) -> MarketTruth:
    """Draw a market and return its daily sales by style beside the means behind them."""
    drawn, _ = draw(order, "trends", 1)
    days = style_days(_panel(drawn.public))
    means = np.zeros(days.sold.shape)
    place = {style: i for i, style in enumerate(days.styles)}
    table = drawn.sealed["means"]
    column = table["ds"].cast("int32").to_numpy() - days.first_day
    for name, day, mean in zip(table["unique_id"].to_pylist(), column, table["y"], strict=True):
        means[place[name.partition("@")[0]], day] += mean.as_py()
    basic = tuple(s for s in days.styles if (means[place[s]] > 0).all())
    return MarketTruth(days, means, basic)


def _panel(tables: Any) -> Panel:
    """Return the public tables as the panel that a plant would have stored."""
    sales, stock, prices = tables["sales"], tables["stock"], tables["prices"]
    offers = {
        (row["unique_id"], row["ds"]): (row["y"] * 100.0, float(row["promotion"] or row["coupon"]))
        for row in prices.to_pylist()
    }
    rows: dict[str, list[Any]] = {name: [] for name in ("stockout_min", "price_fen", "promo")}
    names, dates = sales["unique_id"].to_pylist(), sales["ds"].to_pylist()
    outs, sold = stock["out"].to_pylist(), sales["y"].to_pylist()
    for name, date, out, y in zip(names, dates, outs, sold, strict=True):
        sku, _, region = name.partition("@")
        price, promo = offers[f"{sku.partition('-')[0]}@{region}", date]
        # The table says only that it was sold out: all day if nothing was sold, else half of it.
        rows["stockout_min"].append((1440.0 if y == 0 else 720.0) if out else 0.0)
        rows["price_fen"].append(price)
        rows["promo"].append(promo)
    columns = {"unique_id": names, "ds": sales["ds"], "y": [float(y) for y in sold], **rows}
    return panel_of(long_frame(columns))


def net_change(truth: MarketTruth, alarm: Alarm) -> float | None:
    """Return the factor by which a style's mean really changed against all others; None if young.

    From the eight weeks before the estimated first day to the days from it to the alarm.
    """
    s = truth.days.styles.index(alarm.style)
    change = alarm.change_day - truth.days.first_day
    until = alarm.alarm_day - truth.days.first_day + 1
    begin = max(change - _BEFORE, 0)
    own = _ratio(truth.means[s], begin, change, until)
    others = [_ratio(m, begin, change, until) for i, m in enumerate(truth.means) if i != s]
    known = [ratio for ratio in others if ratio is not None]
    if own is None or not known:
        return None
    return own / float(np.median(known))


def _ratio(mean: FloatArray, begin: int, change: int, until: int) -> float | None:
    before, after = mean[begin:change], mean[change:until]
    if (before > 0).sum() < 14 or not (after > 0).all():
        return None
    return float(after.mean() / before[before > 0].mean())


def judge_market(truth: MarketTruth, seed: int, detector: Detector | None = None) -> MarketReport:
    """Return what the alarms on a market are worth, and what becomes of planted trends."""
    adjusted = adjust(truth.days)
    alarms = detect(adjusted, detector)
    changes = [net_change(truth, alarm) for alarm in alarms]
    true = sum(
        change is not None and (change if alarm.direction == "up" else 1 / change) >= SMALLEST
        for alarm, change in zip(alarms, changes, strict=True)
    )
    return MarketReport(
        style_years=float((adjusted.exposure > 0).sum()) / 365.0,
        alarms=len(alarms),
        true=true,
        unclear=sum(change is None for change in changes),
        planted=_planted(truth, seed, detector),
    )


def _planted(truth: MarketTruth, seed: int, detector: Detector | None) -> Detection:
    """Plant doubling or halving in one basic style after the other, one at a time."""
    rng = np.random.default_rng(seed)
    planted: dict[str, tuple[int, float]] = {}
    found: list[Alarm] = []
    for number, style in enumerate(truth.basic):
        s = truth.days.styles.index(style)
        start = int(rng.integers(120, truth.days.days - PATIENCE_DAYS))
        factor = 2.0 if number % 2 else 0.5
        sold = truth.days.sold.copy()
        mean = truth.means[s, start:] * truth.days.open_share[s, start:]
        sold[s, start:] = plant(sold[s, start:], mean, factor, rng)
        first = truth.days.first_day
        days = StyleDays(truth.days.styles, first, sold, truth.days.open_share, truth.days.offer)
        planted[style] = first + start, factor
        found += [alarm for alarm in detect(adjust(days), detector) if alarm.style == style]
    return judge(found, planted)


def quiet_table(seed: int, styles: int = 60, days: int = 758) -> list[str]:
    """Return rows of false alarms per style and year on sales in which nothing happens."""
    rows = ["| pieces a day | Poisson | k = 20 | k = 5 |", "|---|---|---|---|"]
    for level in (2, 10, 40, 150):
        rates = [false_alarms(Quiet(level, k), styles, days, seed) for k in (0.0, 20.0, 5.0)]
        rows.append(f"| {level} | " + " | ".join(f"{rate:.2f}" for rate in rates) + " |")
    return rows


def planted_table(seed: int, series: int = 400) -> list[str]:
    """Return rows of what becomes of steps planted in drawn styles."""
    rows = [
        "| pieces a day | spread | factor | found | days, median | days, 90 % | first day off by |",
        "|---|---|---|---|---|---|---|",
    ]
    for level in LEVELS:
        for k, spread in ((0.0, "Poisson"), (10.0, "k = 10")):
            for factor in FACTORS:
                one = detection(Quiet(level, k), factor, seed, series=series)
                rows.append(
                    f"| {level} | {spread} | x{factor:g} | {one.share:.0%} | {one.days_median:.0f}"
                    f" | {one.days_p90:.0f} | {one.first_day_error:.0f} |"
                )
    return rows


def market_table(seeds: Sequence[int], days: int = 420, styles: int = 60) -> list[str]:
    """Return rows of what the alarms on simulated markets are worth."""
    rows = [
        "| seed | style-years | alarms | true | too young to tell | false per style-year |"
        " planted found | days, median |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for seed in seeds:
        one = judge_market(market_truth(Order("demo", seed, days, styles)), seed)
        planted = one.planted
        rows.append(
            f"| {seed} | {one.style_years:.1f} | {one.alarms} | {one.true} | {one.unclear} | "
            f"{one.false_per_year:.2f} | {planted.found} of {planted.planted} | "
            f"{planted.days_median:.0f} |"
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables of docs/insight.md."""
    parser = argparse.ArgumentParser(prog="python -m seamline_platform.experiments.trends")
    parser.add_argument("--seed", type=int, default=11, help="of drawn counts (default 11)")
    parser.add_argument(
        "--markets", type=int, default=3, help="markets to draw, seeds from 1 (default 3)"
    )
    given = parser.parse_args(arguments)
    tables = (
        ("False alarms per style and year on quiet sales", quiet_table(given.seed)),
        ("Planted steps", planted_table(given.seed)),
        ("The simulated market", market_table(range(1, given.markets + 1))),
    )
    for title, rows in tables:
        sys.stdout.write("\n".join([f"{title}:", "", *rows, "", ""]))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
