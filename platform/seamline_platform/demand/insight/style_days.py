"""Sales of whole styles, day by day, with how much of each style was there to be bought."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_platform.demand.frame import FloatArray, IntArray, Panel

OFFERS: Final = ("none", "announced", "up to 10 % off", "up to 20 % off", "more than 20 % off")
"""Kinds of offer; the effect of each is learned over all styles together."""
_DISCOUNTS: Final = (0.02, 0.10, 0.20)


@dataclass(frozen=True, slots=True)
class StyleDays:
    """Daily sales of styles: arrays are (styles, days); day 0 is `first_day` since 1970-01-01.

    `sold` are pieces as sold, not corrected; `open_share` says which part of the style (of its
    sizes, colours and regions, each by its part of the sales) was in stock and for how much of the
    day, 0 where nothing is known; `offer` is an index into `OFFERS`.
    """

    styles: tuple[str, ...]
    first_day: int
    sold: FloatArray
    open_share: FloatArray
    offer: IntArray

    def __post_init__(self) -> None:
        shape = self.sold.shape
        if len(shape) != 2 or shape[0] != len(self.styles):
            raise ValueError(f"Sales of {len(self.styles)} styles do not have the shape {shape}.")
        if self.open_share.shape != shape or self.offer.shape != shape:
            raise ValueError(
                f"Sales, open shares and offers differ in shape: {shape}, "
                f"{self.open_share.shape}, {self.offer.shape}."
            )
        if not np.isfinite(self.sold).all() or (self.sold < 0).any():
            raise ValueError("Sales are numbers of pieces: none negative, none missing.")

    @property
    def days(self) -> int:
        """Number of days."""
        return int(self.sold.shape[1])


def style_of(unique_id: str) -> str:
    """Return the style of a series `style-colour-size@region`."""
    return unique_id.partition("@")[0].partition("-")[0]


def style_days(panel: Panel) -> StyleDays:
    """Return the daily sales of the styles in a daily panel of SKUs and regions.

    A stock-out is not corrected by blowing up what was sold, which would turn two pieces into
    twelve with the certainty of twelve; it makes the exposure of the day smaller instead.
    """
    names = [style_of(name) for name in panel.ids]
    styles = tuple(sorted(set(names)))
    place = {style: i for i, style in enumerate(styles)}
    rows = np.array([place[name] for name in names], dtype=np.int64)
    known = _on_sale(panel)
    sold = np.where(known, panel.y, 0.0)
    opened = np.where(known, 1.0 - np.clip(panel.out_share, 0.0, 1.0), 0.0)
    weight = sold.sum(axis=1) / np.maximum(opened.sum(axis=1), 1.0)
    weight = np.where(known.any(axis=1), weight + 1e-6, 0.0)
    total = _add_up(weight[:, None], rows, len(styles))
    share = weight / np.maximum(total[rows, 0], 1e-12)
    offer = _offers(panel, known.shape[1])
    return StyleDays(
        styles,
        panel.first_day,
        _add_up(sold, rows, len(styles)),
        _add_up(opened * share[:, None], rows, len(styles)),
        _leading(offer, share, rows, len(styles)),
    )


def _on_sale(panel: Panel) -> npt.NDArray[np.bool_]:
    """Return where a series was on sale: it has a number, and a price if it ever has one.

    The panel fills days without a row with zeros, also those after a style was taken from sale.
    """
    price = panel.price[:, : panel.days]
    priced = ~np.isnan(price)
    never = ~np.any(priced, axis=1, keepdims=True)
    result: npt.NDArray[np.bool_] = ~np.isnan(panel.y) & (priced | never)
    return result


def _add_up(values: FloatArray, rows: IntArray, count: int) -> FloatArray:
    result = np.zeros((count, values.shape[1]))
    np.add.at(result, rows, values)
    return result


def _offers(panel: Panel, days: int) -> IntArray:
    """Return the offer of each SKU on each day, from its price against its usual price."""
    price = panel.price[:, :days]
    promo = np.nan_to_num(panel.promo[:, :days], nan=0.0) > 0
    usual = np.ones(len(price))
    some = ~np.isnan(price).all(axis=1)
    if some.any():
        usual[some] = np.nanmedian(price[some], axis=1)
    off = np.nan_to_num(1.0 - price / np.maximum(usual, 1e-9)[:, None], nan=0.0)
    depth = np.searchsorted(_DISCOUNTS, np.round(off, 6), side="left").astype(np.int64)
    result: IntArray = np.where(depth > 0, depth + 1, promo.astype(np.int64))
    return result


def _leading(offer: IntArray, share: FloatArray, rows: IntArray, count: int) -> IntArray:
    """Return for each style and day the offer that holds for the biggest part of the style."""
    parts = [_add_up((offer == kind) * share[:, None], rows, count) for kind in range(len(OFFERS))]
    result: IntArray = np.argmax(np.stack(parts), axis=0).astype(np.int64)
    return result


def plain_days(
    sold: FloatArray, first_day: int = 0, styles: Sequence[str] | None = None
) -> StyleDays:
    """Return series that were always in stock and never on offer, for example drawn ones."""
    names = tuple(styles or (f"S{i:04d}" for i in range(len(sold))))
    return StyleDays(
        names, first_day, sold, np.ones(sold.shape), np.zeros(sold.shape, dtype=np.int64)
    )
