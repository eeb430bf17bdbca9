"""The same planner with each model's forecasts: rows of cost, service and regret.

Each review period the planner sees what was sold up to then, with the days without stock hidden in
it (the observed history), and a model's forecast from there. It orders up to the quantile at the
critical ratio of the demand that the order covers. True demand decides what is sold and what is
short. All models meet one demand path, start from one stock and pipeline, and are valued at the
end by one rule.

What a planner orders here does not change the history that the models see: forecasts are those of
the recorded history, one per origin, used by every setting (an open loop with regard to data). The
factory run (`decisions.factory`) closes that loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from seamline_broker.errors import ConfigError
from seamline_platform.experiments.forecasting.contract import (
    Dataset,
    DecisionRow,
    Forecasted,
    Status,
    Task,
    Terms,
    Window,
)
from seamline_platform.experiments.forecasting.decisions import measures
from seamline_platform.experiments.forecasting.decisions.bootstrap import (
    Blocks,
    draw_weights,
    mean_interval,
    relative_difference,
)
from seamline_platform.experiments.forecasting.decisions.demandpath import (
    DemandPath,
    Opening,
    demand_path,
)
from seamline_platform.experiments.forecasting.decisions.dependence import error_correlation
from seamline_platform.experiments.forecasting.decisions.equalservice import (
    EQUAL_FILL,
    equal_parts,
    equal_service,
)
from seamline_platform.experiments.forecasting.decisions.ladder import (
    SWEEP,
    Ladder,
    foresight,
    ladder_of,
    rungs_with,
)
from seamline_platform.experiments.forecasting.decisions.ledger import Ledger, keep_ledger
from seamline_platform.experiments.forecasting.decisions.ranking import ranked
from seamline_platform.experiments.forecasting.ranks import LEAST_BLOCKS

FloatArray = npt.NDArray[np.float64]

_NAIVE: Final = "SeasonalNaive"
REFERENCES: Final = (_NAIVE, "AutoETS")
"""Models that every other one is compared with, where they took part."""


LadderKey = tuple[str, int, tuple[float, ...]]
"""Model, periods that an order covers, rungs."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What all models of a task share."""

    terms: Terms
    path: DemandPath
    opening: Opening
    rungs: tuple[float, ...]
    correlation: float

    @classmethod
    def of(cls, task: Task, windows: Sequence[Window], terms: Terms | None = None) -> "Setup":
        """Return the set-up of a task's windows, under its own terms or others.

        Raises:
            ConfigError: if the task has no terms, or nothing is left after the warm-up.
            ValueError: if the windows do not fit the terms.
        """
        chosen = terms or task.terms
        if chosen is None:
            raise ConfigError(f"Task {task.name} has no terms: no decisions are made in it.")
        if windows and chosen.warm_up >= len(windows):
            raise ConfigError(
                f"Task {task.name}: a warm-up of {chosen.warm_up} origins leaves none of "
                f"{len(windows)} to charge."
            )
        path = demand_path(windows, chosen, task.season_length)
        correlation = error_correlation(
            windows[0].history, path.ids, chosen.protection, task.season_length
        )
        opening = Opening.steady(path.mean, chosen)
        return cls(chosen, path, opening, rungs_with(chosen.critical_ratio), correlation)

    def under(self, terms: Terms) -> "Setup":
        """Return the same demand under terms with the same lead time and review."""
        rungs = rungs_with(terms.critical_ratio)
        return replace(self, terms=terms, rungs=rungs)

    def ladder(self, forecasts: Sequence[Forecasted]) -> Ladder:
        """Return a model's order-up-to levels."""
        return ladder_of(
            forecasts, self.path.ids, self.terms.protection, self.rungs, self.correlation
        )

    def run(self, ladder: Ladder, services: Sequence[float]) -> Ledger:
        """Return the ledger of the planner at each service level."""
        targets = tuple(ladder.at(service) for service in services)
        return keep_ledger(self.path.demand, ladder, targets, self.opening, self.terms)

    def oracle(self) -> Ledger:
        """Return the ledger of perfect foresight under the same policy (no bound of cost)."""
        ladder = foresight(self.path.ahead, self.terms.protection, self.rungs)
        return self.run(ladder, [self.terms.critical_ratio])


@dataclass(frozen=True, slots=True)
class Played:
    """A model that was played through: its ledger at the critical ratio, then over the sweep."""

    model: str
    ladder: Ladder
    ledger: Ledger


def usable(forecasts: Sequence[Forecasted], windows: Sequence[Window]) -> str:
    """Return why a model cannot be played, empty if it can: it needs a forecast at every origin."""
    by_index = {f.window: f for f in forecasts}
    bad = [w.index for w in windows if w.index not in by_index or by_index[w.index].status != "ok"]
    if not bad:
        return ""
    first = by_index.get(bad[0])
    reason = "no forecast" if first is None else f"{first.status}: {first.note}".rstrip(": ")
    return f"left out: no usable forecast at {len(bad)} of {len(windows)} origins ({reason})"


def play(
    setup: Setup,
    windows: Sequence[Window],
    forecasts: Mapping[str, Sequence[Forecasted]],
    services: Sequence[float],
    kept: dict[LadderKey, Ladder] | None = None,
) -> tuple[list[Played], dict[str, tuple[Status, str]]]:
    """Return the models played through, and status and reason of those that could not be.

    `kept` holds ladders between calls with the same windows: most terms ask for the same ones.
    """
    kept = {} if kept is None else kept
    played: list[Played] = []
    left_out: dict[str, tuple[Status, str]] = {}
    for model, found in forecasts.items():
        reason = usable(found, windows)
        if reason:
            statuses = [f.status for f in found if f.status != "ok"]
            left_out[model] = (statuses[0] if statuses else "failed", reason)
            continue
        by_index = {f.window: f for f in found}
        try:
            key = (model, setup.terms.protection, setup.rungs)
            if key not in kept:
                kept[key] = setup.ladder([by_index[w.index] for w in windows])
            ladder = kept[key]
        except (ValueError, KeyError) as exc:
            left_out[model] = ("failed", f"left out: {exc}")
            continue
        played.append(Played(model, ladder, setup.run(ladder, services)))
    return played, left_out


def decide(
    task: Task,
    dataset: Dataset,
    windows: Sequence[Window],
    forecasts: Mapping[str, Sequence[Forecasted]],
    seed: int = 0,
) -> tuple[DecisionRow, ...]:
    """Return one row per model, cheapest first, models that could not be played last.

    Raises:
        ConfigError: if the task has no terms.
        ValueError: if the windows are not consecutive reviews that reach as far as an order covers.
    """
    setup = Setup.of(task, windows)
    services = [setup.terms.critical_ratio, *SWEEP]
    played, left_out = play(setup, windows, forecasts, services)
    blocks = Blocks.of(setup.path.ids, dataset.blocks)
    draws = draw_weights(len(blocks.names), seed)
    oracle = float(setup.oracle().cost[0].sum())
    costs = {p.model: blocks.sums(p.ledger.cost[0]) for p in played}
    equal = {p.model: equal_service(p.ledger, 1, blocks, draws) for p in played}
    rows = [
        _row(task, setup, p, blocks, draws, oracle, costs, equal_parts(p.model, equal, _NAIVE))
        for p in played
    ]
    rows = ranked(rows, losses_by_block(played, blocks))
    rows.sort(key=lambda row: (row.cost or 0.0, row.model))
    rows += [_empty(task, model, status, note) for model, (status, note) in left_out.items()]
    return tuple(rows)


def losses_by_block(played: Sequence[Played], blocks: Blocks) -> Mapping[str, Sequence[float]]:
    """Return each model's cost by block, or by series where there are fewer than 30 blocks."""
    if len(blocks.names) < LEAST_BLOCKS:
        return {p.model: p.ledger.cost[0].tolist() for p in played}
    return {p.model: (blocks.sums(p.ledger.cost[0]) / blocks.sizes).tolist() for p in played}


def _row(
    task: Task,
    setup: Setup,
    played: Played,
    blocks: Blocks,
    draws: FloatArray,
    oracle: float,
    costs: Mapping[str, FloatArray],
    equal: Mapping[str, float],
) -> DecisionRow:
    ledger = played.ledger
    mine = costs[played.model]
    cost, low, high = mean_interval(mine, blocks.sizes * ledger.periods, draws)
    oracle_cost = oracle / (len(setup.path.ids) * ledger.periods)
    versus = {
        base: found
        for base in REFERENCES
        if base in costs
        and base != played.model
        and (found := relative_difference(mine, costs[base], draws)) is not None
    }
    note = "" if equal else f"{EQUAL_FILL:.0%} fill is not on its curve"
    if setup.path.left_out:
        note = f"{note}; {setup.path.left_out} series left out for all".lstrip("; ")
    return DecisionRow(
        task=task.name,
        model=played.model,
        cost=cost,
        cost_lo=low,
        cost_hi=high,
        fill_rate=measures.fill_rate(ledger, 0),
        regret=cost - oracle_cost,
        parts={**_parts(setup, played), "oracle_cost": oracle_cost, **equal},
        aggregation=played.ladder.aggregation,
        versus=versus,
        curve=_curve(ledger),
        note=note,
        demand_sha256=ledger.demand_sha256,
    )


def _parts(setup: Setup, played: Played) -> dict[str, float]:
    ledger, terms = played.ledger, setup.terms
    first = terms.warm_up * terms.review
    some = {
        "bullwhip": measures.bullwhip(
            ledger.orders[terms.warm_up :, 0], setup.path.demand[:, first:], terms.review
        ),
        "stability": measures.stability(played.ladder, played.ladder.at(terms.critical_ratio)),
    }
    return {
        **measures.cost_parts(ledger, 0),
        **measures.service_parts(ledger, 0, terms.review, terms.warm_up),
        **{name: value for name, value in some.items() if value is not None},
        **measures.best_of_sweep(ledger, SWEEP),
        "correlation": setup.correlation,
        "series": float(len(setup.path.ids)),
        "periods": float(ledger.periods),
    }


def _curve(ledger: Ledger) -> tuple[tuple[float, float, float], ...]:
    per = ledger.demand.shape[1] * ledger.periods
    return tuple(
        (service, float(ledger.stock[i].sum()) / per, measures.fill_rate(ledger, i))
        for i, service in enumerate(SWEEP, start=1)
    )


def _empty(task: Task, model: str, status: Status, note: str) -> DecisionRow:
    return DecisionRow(
        task=task.name,
        model=model,
        cost=None,
        cost_lo=None,
        cost_hi=None,
        fill_rate=None,
        regret=None,
        status=status,
        note=note,
    )
