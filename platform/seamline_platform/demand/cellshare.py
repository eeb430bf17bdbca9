"""A series' share of its style: colour x size x region, shrunk where little was sold."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from seamline_platform.demand.frame import FloatArray
from seamline_platform.demand.sizecurve import fit_concentration, fit_size_curves
from seamline_platform.demand.stylemap import StyleMap

_WINDOW: Final = 28
_LEAST_OPEN: Final = 0.25
"""Sales are scaled up at most fourfold for what stock-outs hid."""


def cell_shares(styles: StyleMap, sales: FloatArray, in_stock: FloatArray) -> FloatArray:
    """Return shares (series,) that sum to one in each style.

    Sizes and regions are shrunk to the curve of the category, colours to even shares; a series is
    shrunk to the product of the three: (y + kappa prior) / (N o + kappa), with N the style's sales
    and o the share of them that came while the series was in stock. A size that was out for a month
    is not taken for one that nobody wants, and with o = 1 this is `sizecurve.shrunk_shares`.
    """
    sold, open_share = sales.sum(axis=1), _open_share(styles, sales, in_stock)
    counts = sold / np.maximum(open_share, _LEAST_OPEN)
    prior = np.ones(len(counts))
    for column in (styles.size, styles.region, styles.colour):
        prior = prior * _margin(styles, counts, column, even=column is styles.colour)
    prior = _within(styles, prior)
    kappa = _cell_concentration(styles, counts, prior)
    total = styles.total(counts)[styles.of]
    return _within(styles, (sold + kappa * prior) / (total * open_share + kappa))


def _open_share(styles: StyleMap, sales: FloatArray, in_stock: FloatArray) -> FloatArray:
    """Return the share of its style's sales that came while a series was in stock."""
    pace = _running_mean(styles.total(sales))
    total = pace.sum(axis=1)[styles.of]
    reach = (in_stock * pace[styles.of]).sum(axis=1)
    result: FloatArray = np.where(total > 0, reach / np.maximum(total, 1e-9), 1.0)
    return result


def _running_mean(values: FloatArray) -> FloatArray:
    window = min(_WINDOW, values.shape[1])
    total = np.cumsum(np.pad(values, ((0, 0), (window, 0))), axis=1)
    mean: FloatArray = (total[:, window:] - total[:, :-window]) / window
    return mean


def _within(styles: StyleMap, values: FloatArray) -> FloatArray:
    """Return values that sum to one in each style; even where they are all zero."""
    total = styles.total(values)[styles.of]
    count = styles.total(np.ones(len(values)))[styles.of]
    result: FloatArray = np.where(total > 0, values / np.maximum(total, 1e-300), 1.0 / count)
    return result


def _margin(styles: StyleMap, counts: FloatArray, labels: Sequence[str], even: bool) -> FloatArray:
    """Return each series' factor for its label (size, region or colour), shrunk.

    The factor is the label's share of the style, divided by the number of series of that label, so
    that a product of factors spreads a style over its series.
    """
    names = sorted(set(labels))
    if len(names) < 2:
        return np.ones(len(counts))
    place = {name: i for i, name in enumerate(names)}
    code = np.array([place[label] for label in labels])
    shape = (len(styles.names), len(names))
    table, offered = np.zeros(shape), np.zeros(shape)
    np.add.at(table, (styles.of, code), counts)
    np.add.at(offered, (styles.of, code), 1.0)
    if even:
        shares = _shrunk_to_even(table, offered)
    else:
        curves = fit_size_curves(table, styles.category)
        shares = np.where(offered > 0, curves.shares(table, styles.category), 0.0)
    factor = shares / np.maximum(offered, 1.0)
    result: FloatArray = factor[styles.of, code]
    return result


def _shrunk_to_even(table: FloatArray, offered: FloatArray) -> FloatArray:
    """Return shares of colours: which colours a style has differs, so even shares are the prior."""
    here = offered > 0
    even = here / np.maximum(here.sum(axis=1, keepdims=True), 1)
    kappa = 8.0
    total = table.sum(axis=1, keepdims=True)
    result: FloatArray = (table + kappa * even) / (total + kappa)
    return result


def _cell_concentration(styles: StyleMap, counts: FloatArray, prior: FloatArray) -> float:
    """Return the concentration of series around the product, from styles of the commonest form."""
    number = np.bincount(styles.of)
    common = int(np.bincount(number).argmax())
    rows = np.flatnonzero(number == common)
    if common < 2:
        return 1.0
    order = np.argsort(styles.of, kind="stable")
    place = np.cumsum(number) - number
    cells = np.array([order[place[row] : place[row] + common] for row in rows])
    # Each style has its own prior: counts are scaled to the mean prior, which keeps their sum.
    mean = prior[cells].mean(axis=0)
    scaled = counts[cells] * mean / np.maximum(prior[cells], 1e-9)
    scaled *= counts[cells].sum(axis=1, keepdims=True) / np.maximum(
        scaled.sum(axis=1, keepdims=True), 1e-9
    )
    return fit_concentration(scaled, mean / mean.sum())
