"""What a maker sees, and exactly when: planted events come through each channel at their time."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seamline_broker.contracts.events import Event
from seamline_platform.experiments.season.abilities import Abilities
from seamline_platform.experiments.season.lens import (
    DAY_MS,
    Lens,
    hugged,
    month_seen_ms,
    next_monday_ms,
    next_morning_ms,
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


START = ms("2025-06-14")  # a Saturday
SILOED = Abilities()
OPEN = Abilities(market_daily=True, floor_events=True, shared=True, closed_loop=True)


def lens() -> Lens:
    return Lens(START, 1, 700)


def sale(day: str, qty: int = 5, out_min: int = 30) -> Event:
    day_ms = ms(day)
    values = ("TS101-WHT-M", qty, out_min, 4900, False, day_ms)
    return Event(1, day_ms + DAY_MS, "east/warehouse", "sale_day", values)


def order(state: str, at: str, pieces: int = 40) -> Event:
    values = (
        "P1-east", state, "replenishment", "TS101", "WHT", '{"M":40}', pieces, "east", "hangzhou",
        "line-1", 0, 0,
    )  # fmt: skip
    return Event(1, ms(at), "hangzhou/line-1", "order", values)


def first_seen(made: Lens, when: int, read) -> bool:
    """Return whether something is unseen a millisecond before an instant, and seen at it."""
    before = bool(read(made.look(when - 1)))
    return not before and bool(read(made.look(when)))


def test_rows_of_a_day_are_seen_at_seven_next_morning():
    made = lens()
    made.take([sale("2025-06-18")], OPEN)
    assert first_seen(made, ms("2025-06-19T07:00"), lambda s: s.sales)
    assert made.sight.sales[0].out_min == 30
    assert made.sight.seen_to == {"east": 4}


def test_without_integration_the_markets_rows_come_on_monday():
    made = lens()
    made.take([sale("2025-06-18")], replace(OPEN, shared=False))
    assert first_seen(made, ms("2025-06-23T07:00"), lambda s: s.sales)


def test_a_months_shipments_are_seen_two_weeks_after_its_end_and_say_no_size():
    made = lens()
    made.take([sale("2025-06-18", 5), sale("2025-06-20", 7)], SILOED)
    made.take([sale("2025-06-30", 1)], SILOED)
    assert first_seen(made, ms("2025-07-15T07:00"), lambda s: s.shipments)
    (row,) = made.sight.shipments
    assert (row.region, row.style, row.qty) == ("east", "TS101", 13)
    assert not made.sight.sales
    assert month_seen_ms(ms("2025-12-31")) == ms("2026-01-15T07:00")


@pytest.mark.parametrize(
    ("able", "state", "when"),
    [
        (OPEN, "sewn", "2025-06-18T10:00"),
        (SILOED, "sewn", "2025-06-23T07:00"),
        (replace(OPEN, shared=False), "sewn", "2025-06-18T10:00"),
        (replace(OPEN, shared=False, scope="platform"), "sewn", "2025-06-23T07:00"),
        (replace(OPEN, shared=False), "delivered", "2025-06-23T07:00"),
        (OPEN, "cutting", "2025-06-18T10:00"),
    ],
)
def test_progress_of_an_order(able, state, when):
    made = lens()
    made.take([order(state, "2025-06-18T10:00")], able)
    assert first_seen(made, ms(when), lambda s: s.states)


@pytest.mark.parametrize(
    ("able", "when"), [(OPEN, "2025-06-19T00:00"), (SILOED, "2025-06-23T07:00")]
)
def test_a_delivery_is_seen_with_the_count_of_stock_that_holds_it(able, when):
    made = lens()
    made.take([order("delivered", "2025-06-18T10:00")], able)
    count = Event(2, ms("2025-06-19"), "east/warehouse", "stock", ("TS101-WHT-M", 44, "count"))
    made.take([count], able)
    assert first_seen(made, ms(when), lambda s: s.delivered)
    assert made.sight.stock == {("east", "TS101-WHT-M"): 44}
    assert made.sight.delivered == {"P1-east": 40}


def test_stops_of_machines_are_seen_at_once_or_never():
    stop = Event(1, ms("2025-06-18T10:00"), "hangzhou/line-1", "station",
                 ("st-03", "down", "breakdown", 0))  # fmt: skip
    seeing, blind = lens(), lens()
    seeing.take([stop], OPEN)
    blind.take([stop], SILOED)
    assert first_seen(seeing, stop.ts_ms, lambda s: s.down)
    assert seeing.sight.down == {"hangzhou/line-1": {"st-03"}}
    assert not blind.look(stop.ts_ms + 30 * DAY_MS).down


def test_memory_outlives_a_change_of_links():
    made = lens()
    made.take([sale("2025-06-18")], SILOED)
    made.take([sale("2025-06-19")], OPEN)
    seen = made.look(ms("2025-06-20T07:00"))
    assert [row.day for row in seen.sales] == [5]
    assert made.look(ms("2025-07-15T07:00")).shipments[0].qty == 5


def test_mornings_and_mondays():
    assert next_morning_ms(ms("2025-06-18T07:00")) == ms("2025-06-18T07:00")
    assert next_morning_ms(ms("2025-06-18T07:01")) == ms("2025-06-19T07:00")
    assert next_monday_ms(ms("2025-06-23T06:00")) == ms("2025-06-23T07:00")
    assert next_monday_ms(ms("2025-06-23T08:00")) == ms("2025-06-30T07:00")


def test_reports_hug_the_target_six_times_in_ten_when_the_truth_is_near():
    said = [hugged(1, "hangzhou/line-1", day, 660, 700) for day in range(2_000)]
    assert set(said) == {660, 700}
    assert 0.57 < said.count(700) / len(said) < 0.63
    assert {hugged(1, "a/b", day, 400, 700) for day in range(200)} == {400}
