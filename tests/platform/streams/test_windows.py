"""Windows follow the node's own clock; tiles follow the plant day."""

import random

import pytest

from seamline_broker.contracts.events import Event
from seamline_platform.api.live_models import KpiBoard
from seamline_platform.streams import KPIS, Kpis
from seamline_platform.streams.kpis import WINDOW_MS

START = 1_757_376_000_000
HOUR = 3_600_000
NODE = "suzhou/line-1"


def shift(seq: int, ts_ms: int, phase: str, operators: int = 10) -> Event:
    return Event(seq, ts_ms, NODE, "shift", (phase, operators, 10))


def piece(seq: int, ts_ms: int, number: int, node: str = NODE, last: bool = True) -> Event:
    values = ("st-01", "o-1", number, "pack", 30_000, 60_000, "ok", last, "M", True, ts_ms)
    return Event(seq, ts_ms, node, "piece", values)


def test_a_window_closes_only_after_the_allowed_lateness(feed) -> None:
    kpis = Kpis(lateness_ms=60_000)
    feed(kpis, shift(1, START, "start"), piece(2, START + 1_000, 0))
    feed(kpis, piece(3, START + WINDOW_MS + 59_999, 1))
    assert kpis.take_rows() == []
    feed(kpis, piece(4, START + WINDOW_MS + 60_000, 2))
    rows = {row.name: row for row in kpis.take_rows()}
    assert rows["throughput_per_h"].value == 4
    assert rows["throughput_per_h"].window_end_ms == START + WINDOW_MS
    assert rows["availability"].value == pytest.approx(30_000 / (WINDOW_MS * 10))


def test_another_node_does_not_close_the_windows_of_a_silent_one(feed) -> None:
    kpis = Kpis()
    feed(kpis, shift(1, START, "start"), piece(2, START + 1_000, 0))
    feed(kpis, piece(9, START + 30 * HOUR, 0, node="chengdu/line-1"))
    assert all(row.site == "chengdu" for row in kpis.take_rows())
    feed(kpis, piece(3, START + 2_000, 1), shift(4, START + HOUR, "end"))
    kept = [r for r in kpis.take_rows() if r.name == "throughput_per_h"]
    assert [r.value for r in kept] == [8.0, 0.0, 0.0]
    assert kpis.late == 0


def test_an_event_behind_the_watermark_is_counted_as_late(feed) -> None:
    kpis = Kpis()
    feed(kpis, shift(1, START, "start"), piece(2, START + 3 * WINDOW_MS, 0))
    feed(kpis, piece(3, START + 1_000, 1))
    assert kpis.late == 1


def test_tiles_show_the_plant_day_up_to_now_and_begin_anew_at_midnight(feed) -> None:
    kpis = Kpis()
    feed(kpis, shift(1, START + 8 * HOUR, "start"))
    feed(kpis, *[piece(10 + n, START + 8 * HOUR + (n + 1) * 60_000, n) for n in range(60)])
    tiles = {t.name: t for t in kpis.snapshot() if t.site == ""}
    assert list(tiles) == list(KPIS)
    assert tiles["throughput_per_h"].value == pytest.approx(60)
    assert tiles["line_efficiency"].value == pytest.approx(0.1)
    assert tiles["oee"].iso22400
    assert not tiles["line_efficiency"].iso22400
    assert len(tiles["oee"].trend) == 3
    assert kpis.today()[NODE]["performance"] == pytest.approx(2.0)
    feed(kpis, shift(90, START + 18 * HOUR, "end"), shift(91, START + 32 * HOUR, "start"))
    feed(kpis, piece(92, START + 33 * HOUR, 0))
    assert kpis.today()[NODE]["throughput_per_h"] == pytest.approx(1.0)


def test_the_board_follows_the_page_contract(floor) -> None:
    kpis = Kpis()
    for batch in floor.batches(random.Random(1)):
        kpis.apply(batch)
    board = KpiBoard.model_validate(kpis.board())
    assert [item.name for item in board.items if item.site == ""] == list(KPIS)
    assert all(len(item.trend) <= 60 for item in board.items)
