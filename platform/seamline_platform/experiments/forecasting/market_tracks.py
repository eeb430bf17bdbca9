"""market-v1 as tasks see it: one long frame per track, sales observed and demand as it was.

| track | a series is | which |
|---|---|---|
| mature | SKU in a region | basics: sold on all days |
| censored | SKU in a region | basics that were out of stock most, in the training part |
| new_style | SKU, all regions | fashion styles: sold for 8 to 14 weeks |
| promotion | style in a region | basics, with planned price and announced streams |
| livestream | style in a region | the same; windows score series with a stream ahead |
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.dataset.frozen import load_market_v1, open_sealed_v1
from seamline_platform.experiments.forecasting.contract import Task

FESTIVALS: Final = (
    "", "women_day", "before_618", "peak_618", "after_618", "before_1111", "peak_1111",
    "after_1111", "peak_1212", "school",
)  # fmt: skip
"""Column `festival` holds the place in this list."""
CENSORED_SERIES: Final = 150
_DAY_MIN: Final = 1440.0
_STYLE: Final = ("style", "category", "fabric", "target", "colour_family", "price_band",
                 "brand_tier", "season", "fit", "pattern", "basic", "launch", "last")  # fmt: skip

Frames = tuple[pa.Table, pa.Table, dict[str, str]]
"""Observed, truth, and the style of each series."""


def load_track(task: Task) -> Frames:
    """Return what a task's track shows, what was truly asked for, and each series' style.

    Raises:
        ConfigError: if there is no such track, or market-v1 was altered or cannot be made.
    """
    if task.track not in TRACKS:
        raise ConfigError(
            f"Task {task.name}: track is {task.track!r}; allowed: {', '.join(TRACKS)}."
        )
    return TRACKS[task.track]()


@lru_cache(maxsize=1)
def _attributes() -> pa.Table:
    table = load_market_v1("attributes")
    basic = pc.if_else(table["basic"], "basic", "fashion")
    table = table.set_column(table.column_names.index("basic"), "basic", basic)
    for name in ("launch", "last"):
        place = table.column_names.index(name)
        table = table.set_column(place, name, pc.cast(table[name], pa.string()))
    return table.select(_STYLE)


@lru_cache(maxsize=1)
def _calendar() -> pa.Table:
    table = load_market_v1("calendar")
    names = pa.array(FESTIVALS)
    festival = pc.cast(pc.index_in(table["festival"], value_set=names), pa.float64())
    return pa.table(
        {
            "ds": table["ds"],
            "festival": festival,
            "new_year": pc.cast(table["days_from_new_year"], pa.float64()),
        }
    )


def _days(wanted: Callable[[pa.Table], Any]) -> pa.Table:
    """Return one row per SKU, region and day: sales, demand, price, promotion, stock-out."""
    sales, truth, stock = load_market_v1("sales"), open_sealed_v1("truth"), load_market_v1("stock")
    for other in (truth, stock):
        if not (sales["unique_id"].equals(other["unique_id"]) and sales["ds"].equals(other["ds"])):
            raise ConfigError("market-v1: sales, stock and truth do not have the same rows.")
    empty = pc.equal(sales["y"], 0)
    minutes = pc.if_else(stock["out"], pc.if_else(empty, _DAY_MIN, _DAY_MIN / 2), 0.0)
    table = pa.table(
        {
            "unique_id": sales["unique_id"],
            "ds": sales["ds"],
            "y": pc.cast(sales["y"], pa.float64()),
            "demand": pc.cast(truth["y"], pa.float64()),
            "stockout_min": minutes,
        }
    )
    keys = load_market_v1("hierarchy").select(
        ["unique_id", "sku", "style", "colour", "size", "region"]
    )
    keys = keys.filter(pc.is_in(keys["style"], value_set=_styles(wanted)))
    table = table.join(keys, "unique_id", join_type="inner")
    place = pc.binary_join_element_wise(table["style"], table["region"], "@")
    return table.append_column("place", place).join(_prices(), ["place", "ds"])


def _styles(wanted: Callable[[pa.Table], Any]) -> pa.Array:
    attributes = _attributes()
    return attributes.filter(wanted(attributes))["style"].combine_chunks()


def _prices() -> pa.Table:
    prices = load_market_v1("prices")
    return pa.table(
        {
            "place": prices["unique_id"],
            "ds": prices["ds"],
            "price_fen": pc.multiply(pc.cast(prices["y"], pa.float64()), 100.0),
            "promo": pc.cast(pc.cast(prices["promotion"], pa.int8()), pa.float64()),
            "coupon": pc.cast(pc.cast(prices["coupon"], pa.int8()), pa.float64()),
        }
    )


def _basics(table: pa.Table) -> Any:
    return pc.equal(table["basic"], "basic")


def _fashion(table: pa.Table) -> Any:
    return pc.equal(table["basic"], "fashion")


def _grouped(table: pa.Table, series: str, keep: tuple[str, ...]) -> pa.Table:
    """Return rows summed over what `series` does not tell apart; out of stock on average."""
    sums, means = ("y", "demand"), ("stockout_min", "price_fen", "promo", "coupon")
    grouped = table.group_by([series, "ds", *keep]).aggregate(
        [*((name, "sum") for name in sums), *((name, "mean") for name in means)]
    )
    names = {f"{name}_sum": name for name in sums} | {f"{name}_mean": name for name in means}
    names[series] = "unique_id"
    return grouped.rename_columns([names.get(name, name) for name in grouped.column_names])


def _frames(table: pa.Table, signals: pa.Table | None = None) -> Frames:
    """Return a track from its rows: calendar and attributes added, truth and styles apart."""
    truth = table.select(["unique_id", "ds", "demand"]).rename_columns(["unique_id", "ds", "y"])
    observed = table.drop_columns("demand")
    if signals is not None:
        observed = pa.concat_tables([observed, signals], promote_options="default")
    observed = observed.join(_calendar(), "ds").join(_attributes(), "style")
    styles = observed.group_by(["unique_id", "style"]).aggregate([])
    blocks = dict(zip(styles["unique_id"].to_pylist(), styles["style"].to_pylist(), strict=True))
    truth = truth.sort_by([("unique_id", "ascending"), ("ds", "ascending")])
    return observed, truth, blocks


def _mature() -> Frames:
    table = _days(_basics)
    return _frames(table.drop_columns(["place", "sku"]))


def _censored() -> Frames:
    """Return the series that were out of stock most in the training part; ties by name."""
    table = _days(_basics)
    border = pc.min(load_market_v1("sales", "test")["ds"])
    train = table.filter(pc.less(table["ds"], border))
    share = train.group_by("unique_id").aggregate([("stockout_min", "mean")])
    share = share.sort_by([("stockout_min_mean", "descending"), ("unique_id", "ascending")])
    chosen = share["unique_id"].slice(0, CENSORED_SERIES).combine_chunks()
    kept = table.filter(pc.is_in(table["unique_id"], value_set=chosen))
    return _frames(kept.drop_columns(["place", "sku"]))


def _style_region() -> Frames:
    table = _grouped(_days(_basics), "place", ("style", "region"))
    return _frames(table)


def _new_style() -> Frames:
    table = _grouped(_days(_fashion), "sku", ("style", "colour", "size"))
    return _frames(table, _signals(table))


def _signals(table: pa.Table) -> pa.Table:
    """Return rows before a launch: what a style's favourites and deposits were, on each SKU."""
    signals = load_market_v1("signals")
    style = pc.list_element(pc.split_pattern(signals["unique_id"], "@"), 0)
    signals = signals.append_column("style", style).append_column(
        "value", pc.cast(signals["y"], pa.float64())
    )
    sums = signals.group_by(["style", "ds", "signal"]).aggregate([("value", "sum")])
    wide = None
    for name in ("favourites", "deposits"):
        part = sums.filter(pc.equal(sums["signal"], name)).select(["style", "ds", "value_sum"])
        part = part.rename_columns(["style", "ds", name])
        wide = part if wide is None else wide.join(part, ["style", "ds"], join_type="full outer")
    skus = table.group_by(["unique_id", "style", "colour", "size"]).aggregate([])
    first = table.group_by("unique_id").aggregate([("ds", "min")])
    rows = skus.join(first, "unique_id").join(wide, "style", join_type="inner")
    before = rows.filter(pc.less(rows["ds"], rows["ds_min"]))
    return before.drop_columns("ds_min")


def streams_ahead(window: pa.Table, cut_off: int) -> frozenset[str]:
    """Return the series of a window's history with an announced stream after the cut-off day."""
    day = pc.cast(window["ds"], pa.int32()).to_numpy(zero_copy_only=False)
    promo = window["promo"].fill_null(0.0).to_numpy(zero_copy_only=False)
    ids = window["unique_id"].to_numpy(zero_copy_only=False)
    return frozenset(ids[(np.asarray(day) > cut_off) & (np.asarray(promo) > 0)].tolist())


TRACKS: Final[dict[str, Callable[[], Frames]]] = {
    "mature": _mature,
    "censored": _censored,
    "new_style": _new_style,
    "promotion": _style_region,
    "livestream": _style_region,
}
