"""How the answer depends on the problem: lead time, cost ratio, capacity, minimum order, shortage.

One parameter at a time is changed from the task's terms; forecasts stay the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.contract import (
    Forecasted,
    OtherTerms,
    Task,
    Terms,
    Window,
)
from seamline_platform.experiments.forecasting.decisions import measures
from seamline_platform.experiments.forecasting.decisions.ladder import Ladder
from seamline_platform.experiments.forecasting.decisions.study import (
    LadderKey,
    Setup,
    play,
)

LEAD_REVIEWS: Final = (1, 2, 4)
"""Lead times, in review periods."""
COST_RATIOS: Final = (1.0, 4.0, 9.0, 19.0)
"""Underage over what a piece too many costs: critical ratios of .5, .8, .9 and .95."""
CAPACITIES: Final = (0.9, 1.0, 1.2, None)
MINIMUM_ORDERS: Final = (0, 20, 100)
BASE: Final = "base"


def variants(terms: Terms) -> Iterator[tuple[str, str, Terms]]:
    """Yield parameter, value and terms: the base first, then one change at a time."""
    yield BASE, "", terms
    for reviews in LEAD_REVIEWS:
        lead = reviews * terms.review
        yield "lead_time", str(lead), replace(terms, lead_time=lead)
    for ratio in COST_RATIOS:
        yield "cost_ratio", f"{ratio:g}", replace(terms, underage=ratio * terms.risk)
    for capacity in CAPACITIES:
        name = "none" if capacity is None else f"{capacity:g}"
        yield "capacity", name, replace(terms, capacity=capacity)
    for moq in MINIMUM_ORDERS:
        yield "moq", str(moq), replace(terms, moq=moq)
    for unmet in ("lost", "backorder"):
        yield "unmet", unmet, replace(terms, unmet=unmet)


def sensitivity(
    task: Task, windows: Sequence[Window], forecasts: Mapping[str, Sequence[Forecasted]]
) -> tuple[OtherTerms, ...]:
    """Return rows for every variant of the task's terms and every model.

    A variant that the windows cannot carry (an order would cover more periods than were forecast)
    has one row without a model that says so.

    Raises:
        ConfigError: if the task has no terms.
    """
    if task.terms is None:
        raise ConfigError(f"Task {task.name} has no terms: no decisions are made in it.")
    rows: list[OtherTerms] = []
    best = ""
    bench = _Bench(task, windows, forecasts)
    for parameter, value, terms in variants(task.terms):
        found, note = bench.costs(terms)
        if not found:
            rows.append(OtherTerms(task.name, parameter, value, "", None, None, None, note=note))
            continue
        order = sorted(found, key=lambda m: (found[m][0], m))
        best = best or order[0]
        rows += [
            OtherTerms(task.name, parameter, value, model, *found[model], rank, order[0] != best)
            for rank, model in enumerate(order, start=1)
        ]
    return tuple(rows)


class _Bench:
    """Plays terms, and keeps what is the same for several of them."""

    def __init__(
        self,
        task: Task,
        windows: Sequence[Window],
        forecasts: Mapping[str, Sequence[Forecasted]],
    ) -> None:
        self._task, self._windows, self._forecasts = task, windows, forecasts
        self._setups: dict[int, Setup] = {}
        self._ladders: dict[LadderKey, Ladder] = {}

    def costs(self, terms: Terms) -> tuple[dict[str, tuple[float, float]], str]:
        """Return cost and fill rate by model, or nothing and the reason."""
        try:
            if terms.lead_time not in self._setups:
                self._setups[terms.lead_time] = Setup.of(self._task, self._windows, terms)
        except ValueError as exc:
            return {}, f"not run: {exc}"
        setup = self._setups[terms.lead_time].under(terms)
        played, left_out = play(
            setup, self._windows, self._forecasts, [terms.critical_ratio], self._ladders
        )
        found = {}
        for one in played:
            per = one.ledger.demand.shape[1] * one.ledger.periods
            found[one.model] = (
                float(one.ledger.cost[0].sum()) / per,
                measures.fill_rate(one.ledger, 0),
            )
        return found, "; ".join(f"{m}: {why}" for m, (_, why) in left_out.items())
