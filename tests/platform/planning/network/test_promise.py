"""Promises: prices by hand, room made by others, least orders, lots, and the live view."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from seamline_broker.contracts.view import OrderView, View
from seamline_broker.errors import ConfigError
from seamline_platform.planning.network.check import check
from seamline_platform.planning.network.dispatch import dispatch
from seamline_platform.planning.network.generate import NetworkRecipe, draw_network
from seamline_platform.planning.network.live import (
    DAY_MS,
    Ask,
    demand_of_ask,
    network_of_catalogue,
    network_of_view,
)
from seamline_platform.planning.network.problem import Demand, Network, Plant, Terms
from seamline_platform.planning.network.promise import Book, PromiseTerms, in_words
from seamline_platform.planning.params import DispatchParams
from seamline_sim import World, load_scenario

MONDAY_MS = 4 * DAY_MS
MONDAY_8 = 1_772_438_400_000
"""2026-03-02 08:00 UTC."""
TERMS = Terms(late_per_h_day=60, early_per_h_day=1, outside_per_h=600)


def book_of(*orders: Demand, hours: tuple[float, ...] = (10.0, 10.0, 10.0)) -> Book:
    plant = Plant("E", "east", hours, {"tee": 1.0}, 50.0)
    network = Network("one", (plant,), orders, TERMS)
    return Book.of(network, dispatch(network, time.process_time))


def tee(name: str, hours: float = 4.0, due: int = 2, pieces: int = 100) -> Demand:
    return Demand(name, "tee", pieces, hours, "east", due)


def test_an_empty_plant_promises_the_first_day_at_its_cost() -> None:
    quote = book_of().quote(tee("new"))
    assert quote.best is not None
    assert (quote.best.plant, quote.best.day, quote.best.arrives) == ("E", 0, 0)
    assert quote.best.cost == quote.best.price == 4 * 50 + 100 * 0.1
    assert quote.in_time
    assert quote.alternatives == ()  # later days cost the same: nothing to say


def test_a_later_day_is_offered_where_it_is_cheaper() -> None:
    # day 0 is full of work that loses 6 h x 60 by moving a day: that is what its room costs
    book = book_of(tee("a", 6.0, due=0), hours=(6.0, 10.0, 10.0))
    quote = book.quote(tee("new", 6.0, due=0))
    assert quote.best is not None
    assert quote.best.arrives == 0
    assert quote.best.moves == "a"
    assert quote.best.price == 6 * 50 + 10 + 6 * 60
    (later,) = quote.alternatives
    assert (later.arrives, later.price) == (1, 310)
    assert in_words(quote, later) == (
        "1 day later is 54% cheaper (E)",
        "晚 1 天，便宜 54%（E）",
    )


def test_accepting_books_hours_and_moves_who_made_room() -> None:
    book = book_of(tee("a", 6.0, due=0), hours=(6.0, 10.0, 10.0))
    quote = book.quote(tee("new", 6.0, due=0))
    after = book.accept(quote)
    assert after.placed == {"a": ("E", 1), "new": ("E", 0)}
    assert after.room == {("E", 0): 0.0, ("E", 1): 4.0, ("E", 2): 10.0}
    assert check(after.network, after.placed) == []
    assert book.placed == {"a": ("E", 0)}  # the book before is as it was
    with pytest.raises(ConfigError, match="in the book already"):
        after.accept(quote)
    chosen = book.accept(quote, quote.alternatives[0])
    assert chosen.placed["new"] == ("E", 1)


def test_too_few_pieces_and_unknown_families_are_refused_with_a_way_out() -> None:
    few = book_of().quote(tee("new", pieces=60))
    assert few.best is None
    assert few.refused.startswith("60 pieces; the least order is 100. Order 40 more")
    assert "起订量 100" in few.refused_zh
    assert not few.in_time
    unknown = book_of().quote(Demand("new", "jacket", 100, 4.0, "east", 2))
    assert unknown.refused == "No plant sews jacket; there is: tee."
    full = book_of(hours=(1.0, 1.0)).quote(tee("new"))
    assert "room up to day 1" in full.refused
    with pytest.raises(ConfigError, match="has no option to accept"):
        book_of().accept(few)
    with pytest.raises(ConfigError, match="moq_pieces"):
        PromiseTerms(moq_pieces=-1)


def test_a_large_order_is_promised_in_lots_that_do_not_push_each_other() -> None:
    quotes = book_of().quote_lots(tee("new", 24.0, pieces=600))
    assert sum(q.order.pieces for q in quotes) == 600
    days = [q.best.day for q in quotes if q.best is not None]
    assert len(days) == len(quotes)
    assert max(days.count(d) for d in days) * 4.8 <= 10
    assert not any(q.best and q.best.moves for q in quotes)
    assert book_of().quote_lots(tee("new", pieces=50))[0].best is None


@pytest.mark.parametrize("seed", [1, 2])
def test_every_accepted_promise_can_be_carried_out(seed: int) -> None:
    network = draw_network(NetworkRecipe(150, 4, days=8, load=0.85, seed=seed))
    book = Book.of(network, dispatch(network, time.process_time), PromiseTerms(moq_pieces=1))
    made = 0
    for number, order in enumerate(network.orders[:25]):
        quote = book.quote(replace(order, order=f"new {number}", plants=()))
        if quote.best is not None:
            book = book.accept(quote)
            made += bool(quote.best.moves)
            assert check(book.network, book.placed) == []
    assert len(book.placed) > 150
    assert made > 0  # some needed room to be made


def test_the_demo_promises_within_seven_days_by_default() -> None:
    catalogue = World.create(load_scenario("demo"), seed=1).catalogue
    network = network_of_catalogue(catalogue, DispatchParams(), MONDAY_MS)
    book = Book.of(network, dispatch(network, time.process_time))
    demand = demand_of_ask(catalogue, Ask("TS01", 300, "east"))
    assert demand.due == 7
    quote = book.quote(demand)
    assert quote.in_time
    assert quote.best is not None
    # 300 shirts, by hand: hours over efficiency times the plant's yuan, and the way
    plant = network.plant_of[quote.best.plant]
    hours = 300 * catalogue.smv_ms("TS01") / 3_600_000 / plant.efficiency[demand.family]
    way = network.terms.way_cost(plant.region, "east")
    assert quote.best.cost == pytest.approx(hours * plant.cost_per_h + 300 * way)


def test_sunday_and_the_evening_have_no_hours() -> None:
    catalogue = World.create(load_scenario("demo"), seed=1).catalogue
    line = catalogue.lines[0]
    noon = (line.shift_start_min + line.shift_end_min) // 2
    params = DispatchParams()
    whole = network_of_catalogue(catalogue, params, MONDAY_MS).plants[0].capacity_h
    half = network_of_catalogue(catalogue, params, MONDAY_MS + noon * 60_000).plants[0].capacity_h
    late = network_of_catalogue(catalogue, params, MONDAY_MS + 1_439 * 60_000).plants[0].capacity_h
    assert half[0] == pytest.approx(whole[0] / 2, rel=0.01)
    assert late[0] == 0 or line.shift_end_min >= 1_439
    closed = [d for d in range(7) if d not in catalogue.workdays]
    assert all(whole[d] == 0 for d in closed)
    assert whole[7] == whole[0]


def test_bound_work_fills_the_first_days_and_free_orders_are_to_be_dispatched(
    make_view: Callable[..., View], make_order: Callable[..., OrderView]
) -> None:
    params = DispatchParams(efficiency=0.5)
    cut = make_order("cut", state="queued", site="hangzhou", line="line-1", sizes={"S": 1_200})
    free = make_order("free", region="west", due_ms=MONDAY_8 + 3 * DAY_MS)
    before = network_of_view(make_view([free]), params, MONDAY_8)
    network = network_of_view(make_view([cut, free]), params, MONDAY_8)
    # 1,200 pieces x 5 min at efficiency .5 are 200 of the 600 hours of Monday (3 lines x 20 x 10 h)
    assert before.plant_of["hangzhou"].capacity_h[0] == 600
    assert network.plant_of["hangzhou"].capacity_h[:2] == (400, 600)
    assert network.plant_of["suzhou"].capacity_h[0] == 600
    assert network.plant_of["hangzhou"].capacity_h[6] == 0  # Sunday
    demand = network.order_of["free"]
    assert (demand.hours, demand.due, demand.region) == (10.0, 3, "west")
    plan = dispatch(network, time.process_time)
    assert [(p.order, p.plant) for p in plan.places] == [("free", "chengdu")]
