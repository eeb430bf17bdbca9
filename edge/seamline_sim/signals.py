"""Signals of the market: what shops can see before sales, and what moves prices.

`favourites` come in the two weeks before a launch, `deposits` in the last days before it and before
11.11; both are noisy functions of what will be wanted (`[collection]` of calibration.toml says how
noisy). `cost` and `coupon` are instruments: they move prices and nothing else.
"""

from seamline_sim import rng, tables
from seamline_sim.core import DAY_MS, Core
from seamline_sim.market import Market, festivals

_DEPOSIT_DAYS = 7

Signal = tuple[str, str, int]
"""(style, name, value)."""


def tell(w: Core, day: int) -> None:
    """Emit the signals of a day in each region."""
    if w.market.frame is not None:
        return
    for house in w.warehouses.values():
        for style, name, value in of_day(w.market, house.region, day):
            day_ms = w.start_ms + day * DAY_MS
            w.emit(house.node, "signal", style, name, value, day_ms)


def of_day(market: Market, region: str, day: int) -> list[Signal]:
    """Return the signals of a region on a day; a market that keeps its days keeps them too."""
    if not market.keep_days:
        return _of_day(market, region, day)
    if (region, day) not in market.kept_signals:
        market.kept_signals[region, day] = _of_day(market, region, day)
    return market.kept_signals[region, day]


def _of_day(market: Market, region: str, day: int) -> list[Signal]:
    rows: list[Signal] = []
    for style in market.collection.styles:
        before = market.launch_day(style) - day
        if market.collection.traits[style].fashion and before > 0:
            rows += _before_launch(market, region, style, before)
        if market.on_sale(style, day) and festivals.deposits_open(market.rhythm.first_day + day):
            rows += _before_peak(market, region, style, day)
    if market.weekday(day) == 0:
        rows += _instruments(market, day)
    return rows


def launch_pieces(market: Market, region: str, style: str) -> int:
    """Return what the first four weeks of a life are worth: the truth behind the signals."""
    first = market.launch_day(style)
    base = market.base_milli[region, style]
    return sum(base * market.life_permille(style, first + d) // 1_000_000 for d in range(28))


def _before_launch(market: Market, region: str, style: str, before: int) -> list[Signal]:
    fig = market.scenario.figure
    days = fig("collection.signal_days")
    if before > days:
        return []
    truth = launch_pieces(market, region, style)
    rows = [_noisy(market, region, style, "favourites", before, truth, days)]
    if before <= _DEPOSIT_DAYS:
        rows.append(_noisy(market, region, style, "deposits", before, truth, _DEPOSIT_DAYS))
    return [row for row in rows if row[2]]


def _before_peak(market: Market, region: str, style: str, day: int) -> list[Signal]:
    away = festivals.days_to_1111(market.rhythm.first_day + day)
    truth = 2 * market.plain_milli(region, style, day + away) // 1000
    row = _noisy(market, region, style, "deposits", away, truth, 21)
    return [row] if row[2] else []


def _noisy(
    market: Market, region: str, style: str, name: str, before: int, truth: int, days: int
) -> Signal:
    """Return one day's part: truth x rate / days, Poisson, under one lasting error per style.

    The lasting error is common to all days and regions: waiting longer does not make a signal more
    than `signal_noise_permille` true.
    """
    fig = market.scenario.figure
    spread = fig("collection.signal_noise_permille")
    z = tables.normal_milli()[rng.u32(market.seed, "signal error", f"{style}|{name}") >> 22]
    mean = truth * fig(f"collection.{name}_permille") // days
    mean = mean * tables.exp_permille(z * spread // 1000) // 1000
    draw = rng.u32(market.seed, "signal", f"{region}|{style}|{name}", before)
    return style, name, tables.count(draw, mean, 50)


def _instruments(market: Market, day: int) -> list[Signal]:
    rows: list[Signal] = []
    rhythm = market.rhythm
    for style, record in market.collection.styles.items():
        if market.on_sale(style, day):
            rows.append((style, "cost", rhythm.cost_permille(record.fabric, day)))
            if rhythm.coupon(style, day):
                rows.append((style, "coupon", 1))
    return rows
