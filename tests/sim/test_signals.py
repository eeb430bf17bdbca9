"""Signals: before launches and 11.11, noisy by a known measure; instruments move prices alone."""

import pytest

from seamline_sim import Scenario, World, signals
from seamline_sim.core import DAY_US
from seamline_sim.market import Market
from seamline_sim.scenario import parse_scenario


@pytest.fixture(scope="module")
def market(demo: Scenario) -> Market:
    text = f"{demo.document}\n[collection]\nstyles = 150\ndays = 180\n"
    return Market(parse_scenario(text), seed=1)


def _sum(market: Market, style: str, what: str) -> int:
    first = market.launch_day(style)
    return sum(
        value
        for region in ("east", "south", "west")
        for day in range(first - 20, first + 1)
        for name, kind, value in signals.of_day(market, region, day)
        if (name, kind) == (style, what)
    )


def test_signals_come_before_the_launch_and_speak_of_the_size(market: Market) -> None:
    new = [s for s, t in market.collection.traits.items() if t.fashion][:12]
    errors = []
    for style in new:
        truth = sum(signals.launch_pieces(market, r, style) for r in ("east", "south", "west"))
        errors.append(_log(_sum(market, style, "favourites") / (3 * truth)))
    mean = sum(errors) / len(errors)
    sd = (sum((x - mean) ** 2 for x in errors) / len(errors)) ** 0.5
    assert sd == pytest.approx(0.45, abs=0.25)  # the calibrated noise
    assert abs(mean) < 0.5


def _log(x: float) -> float:
    import math

    return math.log(x)


def test_no_signal_comes_earlier_than_two_weeks_or_after_the_launch(market: Market) -> None:
    style = next(s for s, t in market.collection.traits.items() if t.fashion and t.launch_day > 20)
    first = market.launch_day(style)

    def kinds(day: int) -> set[str]:
        rows = signals.of_day(market, "east", day)
        return {what for name, what, _ in rows if name == style} - {"cost", "coupon"}

    assert kinds(first - 15) == set()
    assert "favourites" in {k for d in range(1, 15) for k in kinds(first - d)}
    assert kinds(first) == set()
    assert "deposits" not in {k for d in range(8, 15) for k in kinds(first - d)}


def test_events_tell_the_signals_and_costs_on_mondays(demo: Scenario) -> None:
    world = World.create(demo, seed=1, resolution="bundle")
    world.step_until(8 * DAY_US)
    rows = [e for e in world.take_outbox() if e.kind == "signal"]
    costs = [e for e in rows if e.values[1] == "cost"]
    assert {(int(e.values[3]) - demo.start_ms) // 86_400_000 for e in costs} == {2}  # a Monday
    assert all(800 < int(e.values[2]) < 1200 for e in costs)


def test_cost_and_coupon_move_the_price_but_not_the_noise(demo: Scenario) -> None:
    market = Market(demo, seed=3)
    rhythm = market.rhythm
    weeks = range(0, 7 * 150, 7)
    prices = [rhythm.price_permille("TS01", "jersey160", d) for d in weeks]
    costs = [rhythm.cost_permille("jersey160", d) for d in weeks]
    shocks = [rhythm.week_shock_milli("TS01", d) for d in weeks]
    assert _correlation(costs, prices) > 0.5
    assert abs(_correlation(costs, shocks)) < 0.35
    assert _correlation(shocks, prices) > 0.2  # endogenous: naive regressions are biased


def _correlation(x: list[int], y: list[int]) -> float:
    mx, my = sum(x) / len(x), sum(y) / len(y)
    cov = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    return cov / (sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y)) ** 0.5
