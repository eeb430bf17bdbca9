"""Which models' costs differ at all: ranks over blocks, Friedman's test, Nemenyi's comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from seamline_platform.experiments.forecasting.contract import DecisionRow
from seamline_platform.experiments.forecasting.ranks import ranks_of
from seamline_platform.experiments.forecasting.statistics import friedman, nemenyi


def ranked(rows: Sequence[DecisionRow], losses: Mapping[str, Sequence[float]]) -> list[DecisionRow]:
    """Return rows with their mean rank by cost and what the tests say.

    `losses` are costs by block (or series). `rank_lo` and `rank_hi` are half a critical difference
    away: models whose intervals are disjoint differ. With three models or more, `parts` gets
    `friedman_p` (do any differ?) and `nemenyi_p` (does this one differ from the best by rank?).
    """
    ranks = ranks_of(losses)
    if ranks is None:
        return list(rows)
    many = len(ranks.models) >= 3
    any_differ = friedman(losses)[1] if many else 1.0
    pairs = nemenyi(losses) if many else {}
    best = ranks.models[0]
    result = []
    for row in rows:
        mean = ranks.means[ranks.models.index(row.model)]
        parts = dict(row.parts)
        if many:
            key = (best, row.model)
            parts["friedman_p"] = any_differ
            parts["nemenyi_p"] = pairs.get(key, pairs.get((row.model, best), 1.0))
        half = ranks.half_width
        result.append(
            replace(row, parts=parts, rank=mean, rank_lo=mean - half, rank_hi=mean + half)
        )
    return result
