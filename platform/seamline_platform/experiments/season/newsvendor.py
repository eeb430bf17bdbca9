"""How much to buy: newsvendor quantities, order-up-to levels, and what can still be sold. Pure."""

import math
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_EDGE: Final = 0.002
"""Quantiles nearer to 0 or 1 are not asked for: no data tells them apart."""


def critical_ratio(under: float, over: float) -> float:
    """Return cu / (cu + co): the service at which a piece more earns as much as it risks.

    `under` is the margin of a piece that is missing, `over` the loss on one that is left, both in
    one currency. A piece without margin is not bought; one without risk is bought generously.
    Source: the newsvendor's optimality condition (Arrow, Harris and Marschak 1951).
    """
    if under <= 0:
        return _EDGE
    return min(max(under / (under + max(over, 0.0)), _EDGE), 1 - _EDGE)


def quantile(mean: float, sd: float, share: float) -> float:
    """Return the quantile of a lognormal demand with this mean and standard deviation."""
    if mean <= 0:
        return 0.0
    spread = math.log1p((sd / mean) ** 2)
    z = _NORMAL.inv_cdf(min(max(share, _EDGE), 1 - _EDGE))
    return mean * math.exp(z * math.sqrt(spread) - spread / 2)


def newsvendor(mean: float, sd: float, under: float, over: float) -> int:
    """Return the whole quantity that a single period's expected profit is greatest with."""
    return round(quantile(mean, sd, critical_ratio(under, over)))


def order_up_to(mean: float, sd: float, safety: float) -> float:
    """Return demand over lead time, review and cover, and `safety` standard deviations of it."""
    return mean + safety * sd


def still_useful(
    after_mean: float, after_sd: float, before_mean: float, position: float, share: float
) -> float:
    """Return how many pieces that come late can still be sold, at a service of `share`.

    `after` is demand from their arrival to the end of the life, `before` that from now to their
    arrival, `position` what is there or on its way already.
    """
    left = max(position - before_mean, 0.0)
    return max(quantile(after_mean, after_sd, share) - left, 0.0)


def lot_size(need: float, moq: int, useful: float) -> int:
    """Return the pieces of a lot for a need: at least the minimum order, or none.

    A lot that the minimum order makes larger than what can still be sold is taken only if at least
    half of it is useful.
    """
    wanted = min(need, useful)
    if wanted < 1:
        return 0
    if wanted >= moq:
        return round(wanted)
    return moq if useful >= moq or 2 * wanted >= moq else 0
