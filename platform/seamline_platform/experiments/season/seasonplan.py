"""From a market's public side to a season plan: line plan, reference curves, expected sizes.

A merchandiser knows attributes, launch dates and lives of the collection, the rhythm of week, year
and festivals, the size of the market, and what styles of earlier seasons sold. Nothing of the
seed's chance is read: no size, no taste, no noise.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from seamline_platform.experiments.season.plan import Floats, SeasonPlan, StylePlan, life_curve
from seamline_sim.collection import LEVELS, past_styles
from seamline_sim.market import Market
from seamline_sim.scenario import Scenario

PAST_STYLES = 90
"""Styles of earlier seasons whose sales every maker has on file."""
_RIDGE = 2.0
_BASIC_TAIL = 30
_BASS = (0.05, 0.4)
"""Weekly p and q that a merchandiser plans every fashion life with."""


def expected_sizes(
    past: Sequence[tuple[Mapping[str, str], float]], new: Sequence[Mapping[str, str]]
) -> tuple[list[float], float]:
    """Return the expected log size of new styles by their attributes, and its standard error.

    Ridge regression on one column per level of an attribute; the error is that of the past styles
    around their fit, with the degrees of freedom taken off.
    """
    columns = [(name, level) for name, levels in LEVELS.items() for level in levels]
    x = np.array([[float(a[n] == lv) for n, lv in columns] for a, _ in past])
    y = np.array([size for _, size in past])
    mean = float(y.mean())
    gram = x.T @ x + _RIDGE * np.eye(len(columns))
    theta = np.linalg.solve(gram, x.T @ (y - mean))
    rest = y - mean - x @ theta
    used = float(np.trace(np.linalg.solve(gram, x.T @ x)))
    error = float(np.sqrt((rest**2).sum() / max(len(y) - used, 1.0)) * np.sqrt(1 + used / len(y)))
    rows = np.array([[float(a[n] == lv) for n, lv in columns] for a in new])
    return [float(v) for v in mean + rows @ theta], error


def bass_shape(days: int) -> list[float]:
    """Return the expected share of a life by day: Bass's density with planning values of p, q."""
    p, q = _BASS
    t = (np.arange(days) + 0.5) / 7
    e = np.exp(-(p + q) * t)
    density = (p + q) ** 2 / p * e / (1 + q / p * e) ** 2
    return [float(v) for v in density / density.sum()]


def calendar(market: Market, bulletin: str, days: int) -> list[float]:
    """Return the usual factor of each day: week, year, festivals, as every merchant knows them."""
    rhythm = market.rhythm
    channels = market.scenario.figure_list("market.channels_permille")
    total = sum(channels)
    result = []
    for day in range(days):
        festival = rhythm.festival_permille(day)
        factor = sum(c * f for c, f in zip(channels, festival, strict=True)) / total / 1000
        factor *= rhythm.week_permille(day) / 1000 * rhythm.year_permille(bulletin, day) / 1000
        result.append(factor)
    return result


def season_plan(scenario: Scenario, market: Market, seed: int, days: int) -> SeasonPlan:
    """Return the plan of a season that every maker shares."""
    styles, traits = market.collection.styles, market.collection.traits
    past = [
        (p.attributes, p.log_size_milli / 1000) for p in past_styles(scenario, seed, PAST_STYLES)
    ]
    logs, error = expected_sizes(past, [traits[s].attributes for s in styles])
    lives = {
        s: (market.launch_day(s), traits[s].life_days) if traits[s].life_days else (0, 0)
        for s in styles
    }
    # pieces of an ordinary day of the life, on the scale of log size; what comes back is sold
    # again, so that the market is as large as its net share of capacity
    daily = {
        s: np.exp(log) * (70 / lives[s][1] if lives[s][1] else 1.0)
        for s, log in zip(styles, logs, strict=True)
    }
    smv = {s: market.smv_ms(s) for s in styles}
    active = {s: lives[s][1] / days if lives[s][1] else 1.0 for s in styles}
    work = sum(daily[s] * smv[s] * active[s] for s in styles)
    consumer_ms = market.capacity_ms_per_day() * scenario.consumer_share_permille / 1000
    plans, curves = [], []
    for style in styles:
        launch, life = lives[style]
        end = launch + life if life else days + _BASIC_TAIL
        factors = calendar(market, styles[style].bulletin, days)
        shape = bass_shape(life) if life else [1.0] * end
        curve = life_curve(launch, end, days, shape, factors)
        whole = sum(factors[launch : min(end, days)]) / max(min(end, days) - launch, 1)
        pieces = daily[style] * consumer_ms / work * (min(end, days) - launch) * whole
        curves.append(curve / curve[-1])
        plans.append(_style_plan(scenario, market, style, (launch, end), float(pieces), error))
    return _assemble(scenario, market, days, plans, curves)


def _style_plan(
    scenario: Scenario, market: Market, style: str, life: tuple[int, int], pieces: float,
    error: float,
) -> StylePlan:  # fmt: skip
    record = market.collection.styles[style]
    fig = scenario.figure
    kept = 1000 - fig("costs.selling_permille")
    cost = standard_cost_fen(scenario, record.fabric_cm, market.smv_ms(style))
    return StylePlan(
        style=style,
        bulletin=record.bulletin,
        launch=life[0],
        end=life[1],
        smv_ms=market.smv_ms(style),
        price_fen=round(record.price_fen * kept / 1000),
        cost_fen=cost,
        salvage_fen=cost * fig("costs.salvage_permille") // 1000,
        prior_pieces=max(pieces, 1.0),
        prior_cv=error,
    )


def standard_cost_fen(scenario: Scenario, fabric_cm: int, smv_ms: int) -> int:
    """Return cloth, labour and energy of one garment at standard efficiency."""
    fig = scenario.figure
    cloth = fabric_cm * fig("costs.roll_fen_per_m") // 100
    hours = smv_ms * 1000 / fig("links.planned_permille") / 3_600_000
    return cloth + round(hours * fig("costs.wage_fen_per_h")) + 30


def _assemble(
    scenario: Scenario, market: Market, days: int, plans: list[StylePlan], curves: list[Floats]
) -> SeasonPlan:
    styles = market.collection.styles
    most = max(len(record.colours) * len(record.sizes) for record in styles.values())
    sizes = np.array(scenario.figure_list("market.size_curve_permille"), dtype=np.float64)
    shares = np.zeros((len(plans), most))
    for i, plan in enumerate(plans):
        record = styles[plan.style]
        colours = np.array(market.collection.traits[plan.style].colour_share_permille, float)
        split = np.outer(colours / colours.sum(), sizes[: len(record.sizes)] / sizes.sum())
        shares[i, : split.size] = split.ravel() / split.sum()
    regions = np.array([r.share_permille for r in scenario.regions], float)
    return SeasonPlan(
        days=days,
        regions=tuple(r.id for r in scenario.regions),
        styles=tuple(plans),
        skus=tuple(tuple(styles[p.style].skus()) for p in plans),
        colours=tuple(styles[p.style].colours for p in plans),
        sizes=tuple(styles[p.style].sizes for p in plans),
        region_share=regions / regions.sum(),
        sku_share=shares,
        curve=np.array(curves),
    )
