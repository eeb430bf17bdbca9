"""Promises from a live view: what is asked, what is refused, what an answer holds."""

from dataclasses import replace

import pytest

from seamline_broker.contracts.catalogue import Catalogue
from seamline_broker.contracts.view import View
from seamline_platform.api.problems import RequestError
from seamline_platform.app.promise_answers import PromiseAnswers
from seamline_platform.planning.network.live import DAY_MS
from seamline_platform.planning.params import DispatchParams
from seamline_sim import World, load_scenario

MONDAY_MS = 20_514 * DAY_MS + 8 * 3_600_000
"""2026-03-02 08:00 UTC."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return World.create(load_scenario("demo"), seed=1).catalogue


def answers(catalogue: Catalogue) -> PromiseAnswers:
    view = View(MONDAY_MS, catalogue, {}, {}, {})
    return PromiseAnswers(lambda: view, DispatchParams, lambda: 0.0)


def test_a_quote_names_plant_days_and_price(catalogue: Catalogue) -> None:
    quote = answers(catalogue).quote("TS01", 300, "east", 7)
    (lot,) = quote.lots
    assert lot.best is not None
    assert lot.in_time
    assert lot.best.arrives_ms % DAY_MS == 0
    assert MONDAY_MS - DAY_MS < lot.best.sewn_ms <= lot.best.arrives_ms <= quote.due_ms
    assert lot.best.price_per_piece_yuan == pytest.approx(lot.best.price_yuan / 300, abs=1e-4)
    assert lot.best.price_yuan >= lot.best.cost_yuan > 0
    assert quote.due_ms == MONDAY_MS // DAY_MS * DAY_MS + 7 * DAY_MS


def test_large_orders_come_in_lots_and_small_ones_are_refused(catalogue: Catalogue) -> None:
    large = answers(catalogue).quote("TS01", 20_000, "east", 14)
    assert len(large.lots) > 1
    assert sum(lot.pieces for lot in large.lots) == 20_000
    few = answers(catalogue).quote("TS01", catalogue.moq_pieces - 1, "east", 7)
    assert few.lots[0].best is None
    assert str(catalogue.moq_pieces) in few.lots[0].refused
    assert "起订量" in few.lots[0].refused_zh


@pytest.mark.parametrize(
    ("style", "region", "status", "exists"),
    [("XX", "east", 404, "TS01"), ("TS01", "moon", 404, "east")],
)
def test_unknown_styles_and_regions_say_what_exists(
    catalogue: Catalogue, style: str, region: str, status: int, exists: str
) -> None:
    with pytest.raises(RequestError) as refused:
        answers(catalogue).quote(style, 300, region, 7)
    assert refused.value.status == status
    assert exists in refused.value.exists


def test_before_master_data_have_come_nobody_promises(catalogue: Catalogue) -> None:
    with pytest.raises(RequestError) as refused:
        answers(replace(catalogue, lines=())).quote("TS01", 300, "east", 7)
    assert refused.value.status == 503


def test_a_book_is_asked_again_for_a_quarter_of_a_plant_hour(catalogue: Catalogue) -> None:
    views = [View(MONDAY_MS + minutes * 60_000, catalogue, {}, {}, {}) for minutes in (0, 14, 15)]
    made: list[int] = []

    def params() -> DispatchParams:
        made.append(len(views))
        return DispatchParams()

    asked = PromiseAnswers(lambda: views.pop(0), params, lambda: 0.0)
    for _ in range(3):
        asked.quote("TS01", 300, "east", 7)
    assert len(made) == 2
