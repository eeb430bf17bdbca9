from dataclasses import replace

import pytest

from seamline_broker.errors import ConfigError
from seamline_platform.planning.shop.annealing import Budget
from seamline_platform.planning.shop.check import check
from seamline_platform.planning.shop.compiled import compile_problem
from seamline_platform.planning.shop.dispatching import best_rule
from seamline_platform.planning.shop.generate import Recipe, draw_plant
from seamline_platform.planning.shop.pareto import Point, pareto, pareto_html, undominated
from seamline_platform.planning.shop.problem import Order, Problem
from seamline_platform.planning.shop.tariff import Tariff


def plant() -> Problem:
    """Fast lines draw much more than slow ones, and days are dear."""
    p = draw_plant(Recipe(14, 4, 3))
    ticks = tuple(range(0, 1_440, 36))
    return replace(
        p,
        lines=tuple(replace(x, power_kw=5.0 + 20.0 * k) for k, x in enumerate(p.lines)),
        tariff=Tariff(
            ticks,
            tuple((0.3, 1.2)[k % 2] for k in range(len(ticks))),
            tuple((0.4, 0.7)[k % 2] for k in range(len(ticks))),
            "CNY",
        ),
    )


@pytest.mark.parametrize("good", ["energy", "co2"])
def test_no_point_is_dominated_and_every_plan_is_sound(good: str) -> None:
    p = plant()
    seen: list[float] = []
    points = pareto(p, Budget(moves=6_000), lambda: 0.0, 2, seen.append, good)  # type: ignore[arg-type]
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    amounts = [x.energy_cost if good == "energy" else x.co2 for x in points]
    assert len(points) >= 2
    assert [x.cost for x in points] == sorted({x.cost for x in points})
    assert amounts == sorted(set(amounts), reverse=True)
    for x in points:
        assert check(p, x.schedule) == []
        assert (x.schedule.value.energy_cost, x.schedule.value.co2) == (x.energy_cost, x.co2)
    assert points[0].cost <= best_rule(compile_problem(p)).cost
    again = pareto(p, Budget(moves=6_000), lambda: 0.0, 2, good=good)  # type: ignore[arg-type]
    assert again == points


def test_dominated_points_are_left_out() -> None:
    p = plant()
    base = pareto(p, Budget(moves=600), lambda: 0.0)[0]

    def at(cost: int, money: float) -> Point:
        return replace(base, cost=cost, energy_cost=money)

    given = [at(5, 9.0), at(7, 9.0), at(7, 4.0), at(6, 9.5), at(9, 4.0), at(10, 1.0)]
    assert [(x.cost, x.energy_cost) for x in undominated(given)] == [(5, 9.0), (7, 4.0), (10, 1.0)]


def test_orders_that_follow_others_and_problems_without_tariff() -> None:
    p = plant()
    first = p.orders[0].order
    follows: Order = replace(p.orders[1], after=(first,))
    chained = replace(p, orders=(p.orders[0], follows, *p.orders[2:]))
    points = pareto(chained, Budget(moves=600), lambda: 0.0)
    assert len(points) == 1
    assert check(chained, points[0].schedule) == []
    with pytest.raises(ConfigError, match="no tariff; give it one"):
        pareto(replace(p, tariff=None), Budget(moves=10), lambda: 0.0)


def test_the_page_names_what_is_weighed() -> None:
    p = plant()
    points = pareto(p, Budget(moves=1_200), lambda: 0.0)
    html = pareto_html(p, points)
    assert html.count("<circle") == len(points)
    assert "Electricity (CNY)" in html
    assert "电费 (CNY)" in pareto_html(p, points, "zh")
    assert "http" not in html
