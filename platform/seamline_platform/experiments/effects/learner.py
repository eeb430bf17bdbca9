"""Learners in a market that changes or hides: drift with forgetting, censored sales, a loop."""

import math
from typing import Final

import numpy as np

from seamline_platform.experiments.effects.attributes import Model, Styles, Truth, fit
from seamline_platform.experiments.effects.bands import Floats
from seamline_platform.experiments.inventory import mismatch_cost
from seamline_platform.experiments.theory import critical_ratio

UNDERAGE: Final = 24.0
OVERAGE: Final = 8.0
"""Percent of the wholesale price lost per piece short and per piece left over (Obermeyer case)."""
WINDOWS: Final = (20, 40, 80, 160, 320, 100_000)
_CHECK: Final = 40
"""So many newest styles decide how far back a forgetting learner looks."""


def buy(model: Model, x: Floats, service: float) -> Floats:
    """Return orders at the `service` quantile of a lognormal around the model's prediction."""
    from statistics import NormalDist

    return np.exp(model.predict(x) + NormalDist().inv_cdf(service) * model.rmse)


def outcome(model: Model, styles: Styles) -> tuple[float, float]:
    """Return mismatch cost as a share of perfect-information profit, and the fill rate."""
    order = buy(model, styles.x, critical_ratio(UNDERAGE, OVERAGE))
    demand = np.exp(styles.log_size)
    cost = mismatch_cost(demand, order, UNDERAGE, OVERAGE).sum()
    fill = np.minimum(demand, order).sum() / demand.sum()
    return float(cost / (UNDERAGE * demand.sum())), float(fill)


def drifting(x: Floats, truth: Truth, half_life: float, seed: int) -> Styles:
    """Return styles with these attributes in a market whose tastes change.

    Each level's effect is an AR(1) from style to style whose correlation halves in `half_life`
    styles; the attribute part keeps its spread.
    """
    rng = np.random.default_rng([seed, 1])
    keep = math.exp2(-1 / half_life)
    attributes = float(x[0].sum())
    scale = truth.spread / math.sqrt(attributes)
    shocks = rng.normal(0, scale, x.shape)
    effects = np.empty_like(shocks)
    effects[0] = shocks[0]
    for i in range(1, len(x)):
        effects[i] = keep * effects[i - 1] + math.sqrt(1 - keep**2) * shocks[i]
    rest = rng.normal(0, truth.irreducible, len(x))
    return Styles(x, (x * effects).sum(axis=1) + rest)


def forgetting_fit(styles: Styles) -> Model:
    """Fit to the newest styles; how many is decided by what would have predicted the last 40."""
    n = len(styles.log_size)
    windows = [w for w in WINDOWS if w < n] + [n]
    if n < 2 * _CHECK:
        return fit(styles)
    old, new = styles.part(0, n - _CHECK), styles.part(n - _CHECK, n)
    errors = []
    for window in windows:
        model = fit(old.part(max(n - _CHECK - window, 0), n - _CHECK))
        errors.append(float(np.mean((model.predict(new.x) - new.log_size) ** 2)))
    return fit(styles.part(max(n - windows[int(np.argmin(errors))], 0), n))


def loop(styles: Styles, test: Styles, first: int, base: int, traffic: float, periods: int,
         ) -> tuple[list[float], list[float]]:  # fmt: skip
    """Return examples and fill rate by period when service brings customers, and they data.

    Each period adds `base` x (1 + `traffic` x (fill - fill at the start)) examples.
    """
    known, number, fill_0 = [float(first)], [], 0.0
    for period in range(periods):
        n = min(round(known[-1]), len(styles.log_size))
        fill = outcome(fit(styles.part(0, n)), test)[1]
        fill_0 = fill if period == 0 else fill_0
        number.append(fill)
        known.append(known[-1] + max(base * (1 + traffic * (fill - fill_0)), 0.0))
    return known[:-1], number


def kaplan_meier_quantile(sold: Floats, censored: Floats, share: float) -> float | None:
    """Return the `share` quantile of demand from sales that may have been cut off by stock.

    None if the sales that were not cut off do not reach that far. Kaplan and Meier (1958).
    """
    order = np.lexsort((censored, sold))  # of equal weeks, the whole ones come first
    survival, left = 1.0, len(sold)
    for value, cut in zip(sold[order].tolist(), censored[order].tolist(), strict=True):
        survival *= 1.0 if cut else 1 - 1 / left
        left -= 1
        if 1 - survival >= share - 1e-12:
            return float(value)
    return None


def stocked_weeks(demand: Floats, start: float, way: str, memory: int = 26) -> Floats:
    """Return profit by week, as a share of knowing the demand, of one item that is reordered.

    `way`: "greedy" takes sales for demand; "explore" knows that sold-out weeks are cut off and buys
    half as much again every fourth week; "sensed" sees also who left without buying.
    """
    service = critical_ratio(UNDERAGE, OVERAGE)
    order, sold, cut = start, np.empty(len(demand)), np.empty(len(demand))
    profit = np.empty(len(demand))
    for week, wanted in enumerate(demand):
        stock = round(order * 1.5 if way == "explore" and week % 4 == 3 else order)
        sold[week], cut[week] = min(wanted, stock), float(wanted >= stock)
        profit[week] = UNDERAGE * sold[week] - OVERAGE * (stock - sold[week])
        recent = slice(max(week + 1 - memory, 0), week + 1)
        if way == "sensed":
            order = float(np.quantile(demand[recent], service))
        elif way == "greedy":
            order = float(np.quantile(sold[recent], service))
        else:
            guess = kaplan_meier_quantile(sold[recent], cut[recent], service)
            order = guess if guess is not None else 1.25 * float(sold[recent].max())
    share: Floats = profit / (UNDERAGE * demand.mean())
    return share
