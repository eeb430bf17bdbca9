"""What a forecast knows besides sales: price, promotion, covariates ahead, attributes of series."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray, IntArray, Panel

CATEGORIES: Final = ("style", "colour", "size", "region")
MAX_CODES: Final = 255
"""scikit-learn takes categories below this number."""
_SKU: Final = re.compile(r"[^@-]+-[^@-]+-[^@]+(@.+)?|[^@]+@.+")


def parts_of(name: str) -> tuple[str, ...]:
    """Return style, colour, size and region of `style-colour-size@region`; empty where not there.

    Names of another form get what there is of it.
    """
    sku, _, region = name.partition("@")
    pieces = [*sku.split("-", 2), "", ""][:3]
    return (*pieces, region)


def attributes_of(panel: Panel) -> dict[str, tuple[str, ...]]:
    """Return texts by attribute, one per series: static columns, and parts of the names.

    Names are taken apart only where most look like an article (`TS01-BLK-M@east`): the parts of
    other names mean nothing.
    """
    found = dict(panel.static)
    if sum(_SKU.fullmatch(name) is not None for name in panel.ids) > len(panel.ids) / 2:
        parts = [parts_of(name) for name in panel.ids]
        for place, attribute in enumerate(CATEGORIES):
            found.setdefault(attribute, tuple(part[place] for part in parts))
    return found


def categories_of(ids: Sequence[str]) -> FloatArray:
    """Return codes of style, colour, size and region from `style-colour-size@region` names.

    Names of another form get what there is of it; the rest is one unknown category.
    """
    parts = [parts_of(name) for name in ids]
    columns = [tuple(part[place] for part in parts) for place in range(len(CATEGORIES))]
    return np.column_stack([_coded(texts, _code_of(texts)) for texts in columns])


def _code_of(texts: Sequence[str]) -> dict[str, int]:
    return {text: min(i, MAX_CODES - 1) for i, text in enumerate(sorted(set(texts)))}


def _coded(texts: Sequence[str], code: Mapping[str, int]) -> FloatArray:
    return np.array([code.get(text, MAX_CODES - 1) for text in texts], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Codes of each attribute's texts, as they were when a model learned; later ones are new.

    Attributes of a single value say nothing and are left out.
    """

    codes: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, panel: Panel) -> "Vocabulary":
        """Return the codes of a panel's attributes."""
        found = {name: _code_of(texts) for name, texts in attributes_of(panel).items()}
        return cls({name: code for name, code in found.items() if len(code) > 1})

    def coded(self, panel: Panel) -> FloatArray:
        """Return (series, attributes) codes."""
        texts = attributes_of(panel)
        nothing = ("",) * len(panel.ids)
        columns = [_coded(texts.get(name, nothing), code) for name, code in self.codes.items()]
        return np.column_stack(columns) if columns else np.zeros((len(panel.ids), 0))


def covariates_ahead(panel: Panel, horizon: int) -> tuple[str, ...]:
    """Return the covariates of which something is known in the `horizon` periods to come."""
    ahead = slice(panel.periods, panel.periods + horizon)
    return tuple(
        name
        for name, values in sorted(panel.covariates.items())
        if not np.isnan(values[:, ahead]).all()
    )


class PriceAndPromo:
    """Price against a series' usual one, and promotions, at any period."""

    def __init__(self, panel: Panel) -> None:
        self.promo = np.nan_to_num(panel.promo, nan=0.0)
        self.price, self.usual = _prices(panel.price)

    @property
    def told(self) -> bool:
        """Whether there is any promotion or price."""
        return bool(self.promo.any() or (self.price != self.usual[:, None]).any())

    def promo_at(self, series: IntArray, column: IntArray) -> FloatArray:
        """Return the promotion there; none where nothing is known."""
        inside = column < self.promo.shape[1]
        place = np.minimum(column, self.promo.shape[1] - 1)
        return np.where(inside, self.promo[series, place], 0.0)

    def price_at(self, series: IntArray, column: IntArray) -> FloatArray:
        """Return the price there, or the last known one, divided by the usual one."""
        place = np.minimum(column, self.price.shape[1] - 1)
        ratio: FloatArray = self.price[series, place] / self.usual[series]
        return ratio


def value_at(values: FloatArray, series: IntArray, column: IntArray) -> FloatArray:
    """Return a covariate at any period; NaN where it is not known."""
    inside = (column >= 0) & (column < values.shape[1])
    place = np.clip(column, 0, values.shape[1] - 1)
    return np.where(inside, values[series, place], np.nan)


def _prices(price: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return prices without holes (the last known one there) and the usual price of each series.

    A period without a sale often has no row, and so no price: any filling that can be told from a
    price would tell a learner that nothing was sold.
    """
    known = ~np.isnan(price)
    usual = np.ones(len(price))
    some = np.asarray(known.any(axis=1))
    if some.any():
        usual[some] = np.nanmedian(price[some], axis=1)
    usual = np.where(usual > 0, usual, 1.0)
    last = np.maximum.accumulate(np.where(known, np.arange(price.shape[1]), -1), axis=1)
    first = known.argmax(axis=1)[:, np.newaxis]
    held = np.take_along_axis(price, np.where(last < 0, first, last), axis=1)
    return np.where(some[:, np.newaxis], held, usual[:, np.newaxis]), usual
