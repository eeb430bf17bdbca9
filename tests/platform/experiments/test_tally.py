"""The tally on a shift that can be added up by hand."""

import pytest

from seamline_broker.contracts.events import Event
from seamline_platform.experiments import Tally
from seamline_platform.streams.sums import values

MIN = 60_000


def _piece(seq: int, minute: int, op: str, smv_s: int, took_s: int, outcome: str = "ok",
           last: bool = False, first: bool = True, piece: int = 0) -> Event:  # fmt: skip
    row = ("st-01", "A", piece, op, took_s * 1000, smv_s * 1000, outcome, last, "M", first, 0)
    return Event(seq, minute * MIN, "p/line-1", "piece", row)


def _order(seq: int, minute: int, state: str, kind: str, name: str, pieces: int) -> Event:
    row = (name, state, kind, "TS01", "WHT", '{"M":2}', pieces, "east", "p", "line-1", 90 * MIN, 0)
    return Event(seq, minute * MIN, "east/warehouse", "order", row)


def _placed(seq: int, minute: int, name: str) -> Event:
    row = (name, "s", "TS01", "WHT", '{"M":2}', 2, "east", 90 * MIN, 1, 3000, False)
    return Event(seq, minute * MIN, "market/s", "seller_order", row)


@pytest.fixture
def tally() -> Tally:
    result = Tally()
    result.take(
        [
            _placed(1, 0, "A"),
            Event(2, 0, "p/line-1", "shift", ("start", 2, 3)),
            _order(3, 1, "cutting", "seller", "A", 2),
            _order(4, 2, "cutting", "replenishment", "R", 2),
            *(
                Event(4, MIN, "p/line-1", "station", (f"st-0{n}", "setup", "style_change", 1))
                for n in (1, 2, 3)
            ),
            Event(5, 3 * MIN, "p/line-1", "station", ("st-01", "down", "thread", 100)),
            Event(6, 4 * MIN, "p/line-1", "station", ("st-02", "down", "breakdown", 100)),
            _piece(7, 10, "a", 60, 80),
            _piece(8, 20, "b", 120, 100, last=True),
            Event(9, 30 * MIN, "p/line-1", "shift", ("break_start", 2, 3)),
            Event(10, 50 * MIN, "p/line-1", "shift", ("break_end", 2, 3)),
            _piece(11, 55, "a", 60, 60, piece=1),
            Event(12, 56 * MIN, "p/line-1", "qc", ("st-03", "A", 1, "stain", "a", "scrap")),
            _piece(13, 56, "b", 120, 60, outcome="scrap", first=False, piece=1),
        ]
    )
    result.take(
        [
            _order(14, 80, "delivered", "seller", "A", 1),
            _order(15, 100, "delivered", "replenishment", "R", 2),
            Event(16, 100 * MIN, "east/warehouse", "sale_day", ("X", 3, 75, 1, False, 0)),
        ]
    )
    result.close(80 * MIN)
    return result


def test_kpis(tally: Tally) -> None:
    kpis = values(tally.sums)
    # open 30 + 30 min; 3 stations; worked 300 s; standard 360 s; 1 of 2 garments good
    assert kpis["availability"] == pytest.approx(300 / (3 * 3600))
    assert kpis["performance"] == pytest.approx(360 / 300)
    assert kpis["quality_ratio"] == 0.5
    assert kpis["oee"] == pytest.approx(360 / 10_800 / 2)
    assert kpis["line_efficiency"] == pytest.approx(180 / (2 * 3600))  # one garment of 180 s
    assert kpis["throughput_per_h"] == 1.0
    assert kpis["lead_time_h"] == pytest.approx((80 + 98) / 60 / 2)
    assert kpis["on_time_delivery"] == 0.5  # due after 90 minutes


def test_counts(tally: Tally) -> None:
    assert (tally.orders, tally.replenishment_orders, tally.dispatched) == (1, 1, 2)
    assert tally.deliveries == {"seller": 1, "replenishment": 1}
    assert (tally.delivered_pieces, tally.stops, tally.breakdowns) == (3, 1, 1)
    assert tally.style_changes == 1  # three stations of one line
    assert (tally.first_pass, tally.defects, tally.stockout_min) == (1, 1, 75)
    assert tally.flow_ms == 20 * MIN
