"""The streaming benchmark without a broker: scripts, buffers, deadlines, the batch's forecasts."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from seamline_broker.errors import ConfigError, ContractError
from seamline_platform.demand.frame import grid_of, long_frame, panel_of
from seamline_platform.demand.frequency import Frequency
from seamline_platform.demand.protocol import load_forecaster
from seamline_platform.experiments.forecasting.contract import Dataset, Task, Window
from seamline_platform.experiments.forecasting.stream.buffer import Buffer
from seamline_platform.experiments.forecasting.stream.client import Pupil, name_of
from seamline_platform.experiments.forecasting.stream.messages import (
    Brief,
    Call,
    Clock,
    Known,
    Message,
    Orders,
    Request,
    Series,
    decode,
    decode_forecast,
    encode,
    encode_forecasts,
)
from seamline_platform.experiments.forecasting.stream.orders import Disorder, orders_of
from seamline_platform.experiments.forecasting.stream.periods import Periods
from seamline_platform.experiments.forecasting.stream.scorebook import Scorebook
from seamline_platform.experiments.forecasting.stream.script import Rules, Script
from seamline_platform.experiments.forecasting.windows import windows_of

DAY_MS = 86_400_000
TASK = Task(
    name="toy", title="Toy", dataset="toy", horizon=3, season_length=7, metric="mase", windows=3,
    step=3, levels=(0.1, 0.5, 0.9), frequency="D", covariates=("festival",), static=("style",),
)  # fmt: skip


def dataset(days: int = 40, frequency: str = "D") -> Dataset:
    draw = np.random.default_rng(2)
    ids = ["A", "B", "C"]
    freq = Frequency(frequency)
    y = draw.poisson([[5.0], [0.4], [2.0]], (3, days)).astype(float)
    y[2] = y[2] * 1.5 + 0.25  # no whole pieces
    table = long_frame(
        {
            "unique_id": np.repeat(ids, days),
            "ds": freq.ds(np.tile(np.arange(1000, 1000 + days), 3)),
            "y": y.reshape(-1),
            "stockout_min": draw.integers(0, 2, 3 * days) * 30.0,
            "promo": draw.integers(0, 2, 3 * days).astype(float),
            "festival": np.tile(draw.integers(0, 2, days).astype(float), 3),
            "style": np.repeat(["x", "x", "z"], days),
        }
    )
    return Dataset("toy", table, table.select(["unique_id", "ds", "y"]), "00")


def windows(days: int = 40) -> tuple[Window, ...]:
    return windows_of(TASK, dataset(days), "accuracy")


def rehearse(
    script: Script, book: Scorebook, spec: str, think_ms: int = 0, shuffle: int = 0
) -> Pupil:
    """Play a script to one model without a broker; it answers `think_ms` after the watermark."""
    pupil, draw = Pupil(spec), np.random.default_rng(shuffle)
    fresh: list[tuple[int, Message]] = [(1, script.brief)]
    told: list[tuple[int, Message]] = []
    for step in script.steps():
        fresh += [(len(told) + len(fresh) + 1 + i, m) for i, m in enumerate(step.messages)]
        told += fresh
        # Shuffled, everything comes once more and in another order.
        numbered_now = [told[i] for i in draw.permutation(len(told))] if shuffle else fresh
        fresh = []
        for seq, message in numbered_now:
            for part in pupil.take(*decode(encode(seq, message))):
                book.arrived(name_of(spec), part, step.plant_ms + think_ms)
    return pupil


def play(
    spec: str, disorder: Disorder, think_ms: int = 0, shuffle: int = 0
) -> tuple[Pupil, Scorebook]:
    script = Script(TASK, windows(), Rules(), disorder, seed=7)
    book = Scorebook(TASK, windows(), script.requests(), script.frequency)
    return rehearse(script, book, spec, think_ms, shuffle), book


def batch(spec: str) -> list[np.ndarray]:
    model = load_forecaster(spec, season_length=7, threads=1, seed=7)
    return [grid_of(model.forecast(w.history, w.horizon, TASK.levels)).values for w in windows()]


def streamed(book: Scorebook, spec: str) -> list[np.ndarray]:
    return [grid_of(f.table).values for f in book.forecasts(name_of(spec))]


@pytest.mark.parametrize("spec", ["SeasonalNaive", "Naive", "HistGradientBoosting"])
def test_with_nothing_late_the_stream_gives_the_batchs_forecasts_to_the_bit(spec: str) -> None:
    if spec == "HistGradientBoosting":
        pytest.importorskip("sklearn")
    _, book = play(spec, Disorder.none())
    for ours, theirs in zip(streamed(book, spec), batch(spec), strict=True):
        assert np.array_equal(ours, theirs)
    assert book.punctuality(name_of(spec)).given == 1.0


def test_disorder_and_duplicates_within_the_allowed_lateness_change_nothing() -> None:
    untidy = Disorder(late_share=0.5, late_mean=0.01, jitter=0.1, twice_share=0.5)
    pupil, book = play("SeasonalNaive", untidy, shuffle=3)
    assert pupil.buffer.counts.twice > 50
    assert pupil.buffer.counts.late == 0
    for ours, theirs in zip(streamed(book, "SeasonalNaive"), batch("SeasonalNaive"), strict=True):
        assert np.array_equal(ours, theirs)


def test_orders_behind_the_watermark_are_missed_once_and_counted_later() -> None:
    late = Disorder(late_share=1.0, late_mean=1.0, jitter=0.0, twice_share=0.0)
    pupil, book = play("SeasonalNaive", late)
    script = Script(TASK, windows(), Rules(), late, seed=7)
    watermarks = np.array([r.close_ms + DAY_MS // 4 for r in book.requests])
    periods = script.book.at_ms // DAY_MS
    closed_ms = np.array([watermarks[np.array(script.origins) >= p].min() for p in periods])
    heard = script.book.told_ms <= book.requests[-1].deadline_ms
    assert pupil.buffer.counts.late == (heard & (script.book.told_ms > closed_ms)).sum() > 0
    first, *_ = streamed(book, "SeasonalNaive")
    assert not np.array_equal(first, batch("SeasonalNaive")[0])
    # Words that came late were heard in the end: the same history, asked for again, is whole.
    again = panel_of(pupil.buffer.history(book.requests[0])).y
    assert np.array_equal(again, panel_of(windows()[0].history).y, equal_nan=True)


def test_the_history_is_the_batchs_with_covariates_and_what_is_known_ahead() -> None:
    pupil, book = play("SeasonalNaive", Disorder.none())
    for request, window in zip(book.requests, windows(), strict=True):
        ours, truly = panel_of(pupil.buffer.history(request)), panel_of(window.history)
        assert (ours.ids, ours.start, ours.static) == (truly.ids, truly.start, truly.static)
        for name in ("y", "out_share", "promo"):
            assert np.array_equal(getattr(ours, name), getattr(truly, name), equal_nan=True), name
        festival = ours.covariates["festival"]
        assert np.array_equal(festival, truly.covariates["festival"], equal_nan=True)
        assert festival.shape[1] == ours.periods + window.horizon


def test_a_forecast_after_the_deadline_counts_as_not_given() -> None:
    _, in_time = play("Naive", Disorder.none(), think_ms=DAY_MS // 4 - 1)
    _, too_late = play("Naive", Disorder.none(), think_ms=DAY_MS // 4)
    assert in_time.punctuality("Naive").given == 1.0
    assert in_time.punctuality("Naive").worst_delay_ms == DAY_MS // 2 - 1
    found = too_late.punctuality("Naive")
    assert (found.given, found.late) == (0.0, 9)
    for ours, theirs in zip(streamed(too_late, "Naive"), batch("SeasonalNaive"), strict=True):
        assert np.array_equal(ours, theirs)
    assert too_late.forecasts("Naive")[0].note == "3 of 3 series not given in time"


def test_what_is_missing_is_filled_by_the_last_forecast_that_covers_it_then_seasonally() -> None:
    near = tuple(windows_of(replace(TASK, step=1), dataset(), "accuracy"))
    script = Script(TASK, near, Rules(), Disorder.none(), 1)
    book = Scorebook(TASK, near, script.requests(), script.frequency)
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
    first = book.requests[0]
    (part,) = encode_forecasts(first.origin, {"A": rows})
    assert book.arrived("mine", part, first.close_ms).accepted == 1
    tables = [grid_of(f.table).values for f in book.forecasts("mine")]
    model = load_forecaster("SeasonalNaive", season_length=7)
    naive = [grid_of(model.forecast(w.history, 3, TASK.levels)) for w in near]
    assert tables[0][0].tolist() == rows
    assert tables[1][0].tolist() == [*rows[1:], naive[1].values[0, 2].tolist()]
    assert tables[2][0].tolist() == [rows[2], *naive[2].values[0, 1:].tolist()]
    assert np.array_equal(tables[1][1:], naive[1].values[1:])


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"\xff", "not JSON"),
        (b"[1]", "a JSON object"),
        (b'{"v":1}', "A forecast is"),
        (b'{"v":1,"origin":"2020-01-01","series":{}}', "No forecast from '2020-01-01'"),
        (b'{"v":1,"origin":"X","series":{"A":[[1,2,3]]}}', "needs 3 rows"),
        (b'{"v":1,"origin":"X","series":{"A":[[1,2],[1,2],[1,2]]}}', "3 numbers"),
        (b'{"v":1,"origin":"X","series":{"A":[[1,2,"q"],[1,2,3],[1,2,3]]}}', "no number"),
        (b'{"v":1,"origin":"X","series":{"A":[[1,2,NaN],[1,2,3],[1,2,3]]}}', "not finite"),
        (b'{"v":1,"origin":"X","series":{"A":[[3,2,1],[1,2,3],[1,2,3]]}}', "falls with the level"),
        (b'{"v":1,"origin":"X","series":{"A":7}}', "no number"),
    ],
)
def test_a_forecast_that_is_none_is_refused_with_a_reason(payload: bytes, says: str) -> None:
    script = Script(TASK, windows(), Rules(), Disorder.none(), 1)
    book = Scorebook(TASK, windows(), script.requests(), script.frequency)
    answer = book.arrived("mine", payload, 0)
    assert says in answer.error
    assert json.loads(json.dumps(answer.document()))["accepted"] == 0
    assert book.punctuality("mine").refused == 1


def test_series_that_the_task_does_not_have_are_told_of() -> None:
    script = Script(TASK, windows(), Rules(), Disorder.none(), 1)
    book = Scorebook(TASK, windows(), script.requests(), script.frequency)
    rows = [[1.0, 1.0, 1.0]] * 3
    (part,) = encode_forecasts(book.requests[0].origin, {"A": rows, "nobody": rows})
    answer = book.arrived("mine", part, book.requests[0].close_ms)
    assert (answer.accepted, answer.unknown, answer.late) == (1, 1, 0)
    assert not book.complete("mine", book.requests[0])


def test_no_message_before_an_origins_deadline_tells_of_what_lies_behind_its_end() -> None:
    script = Script(TASK, windows(), Rules(), Disorder(), 5)
    for request in script.requests():
        heard: list[Message] = []
        for step in script.steps():
            heard += step.messages
            if step.request == request:
                break
        ends = request.deadline_ms
        orders = [at for m in heard if isinstance(m, Orders) for at in m.at_ms]
        assert max(orders) < ends
        wanted = set(request.ds)
        known = [m for m in heard if isinstance(m, Known)]
        ahead = [
            name for m in known for name, values in m.columns.items()
            for ds, value in zip(m.ds, values, strict=True) if ds in wanted and value is not None
        ]  # fmt: skip
        assert set(ahead) <= {"festival", "promo", "price_fen"}


def test_orders_add_up_and_are_the_same_for_the_same_seed() -> None:
    y = np.array([0.0, 1.0, 2.0, 7.0, 2.5, -3.0, np.nan])
    opens = np.arange(7, dtype=np.int64) * DAY_MS
    book = orders_of(y, opens, opens + DAY_MS, Disorder(0.3, 1.0, 0.1, 0.3), 11)
    once = np.unique(book.order, return_index=True)[1]
    sums = np.zeros(7)
    np.add.at(sums, book.row[once], book.qty[once])
    assert sums.tolist() == [0.0, 1.0, 2.0, 7.0, 2.5, -3.0, 0.0]
    assert (np.diff(book.told_ms) >= 0).all()
    assert (book.told_ms >= book.at_ms).all()
    assert ((book.at_ms >= opens[book.row]) & (book.at_ms < opens[book.row] + DAY_MS)).all()
    again = orders_of(y, opens, opens + DAY_MS, Disorder(0.3, 1.0, 0.1, 0.3), 11)
    assert np.array_equal(book.told_ms, again.told_ms)
    assert not np.array_equal(
        book.told_ms, orders_of(y, opens, opens + DAY_MS, Disorder(0.3, 1.0, 0.1, 0.3), 12).told_ms
    )


@pytest.mark.parametrize("name", ["h", "D", "W", "MS", "QS", "YS", "int"])
def test_periods_have_names_and_follow_each_other(name: str) -> None:
    periods = Periods(Frequency(name))
    ordinals = np.arange(40, 60)
    labels = periods.labels(ordinals)
    assert periods.ordinals(tuple(json.loads(json.dumps(labels)))).tolist() == ordinals.tolist()
    opens = periods.opens_ms(ordinals)
    assert (np.diff(opens) > 0).all()
    assert periods.close_ms(40) == opens[1]
    with pytest.raises(ContractError, match="Not the name of a period"):
        periods.ordinals(("yesterday",))


def test_messages_survive_the_wire() -> None:
    said: Sequence[Message] = (
        Brief("t", "W", 4, 52, 13, (0.5,), 100, 2, 9),
        Series(("A",), ("2020-01-06",), {"style": ("x",)}),
        Orders(("o1",), ("A",), (7,), (12,), (1.5,)),
        Known(("A",), (7,), (True,), {"promo": (None,)}),
        Clock(5, True),
        Request(7, (8, 9), 100, 200),
        Call(),
    )
    for seq, message in enumerate(said, start=1):
        assert decode(encode(seq, message)) == (seq, message)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"v": 2}, "v 2"),
        ({"kind": "gossip"}, "kind 'gossip'"),
        ({"seq": "1"}, "seq '1'"),
        ({"qty": [1.0, 2.0]}, "different lengths"),
        ({"qty": None}, "or none"),
        ({"kind": "known"}, "not complete"),
    ],
)
def test_a_message_of_another_form_is_refused(change: dict[str, Any], says: str) -> None:
    document = json.loads(encode(1, Orders(("o1",), ("A",), (7,), (12,), (1.0,))))
    with pytest.raises(ContractError, match=says):
        decode(json.dumps({**document, **change}).encode())


def test_a_long_forecast_comes_in_several_messages_that_make_it_up() -> None:
    rows = [[float(i)] * 13 for i in range(48)]
    parts = encode_forecasts("2020-01-01", {f"S{i:03}": rows for i in range(60)})
    assert len(parts) > 1
    assert max(map(len, parts)) < 64_000
    found: dict[str, Any] = {}
    for part in parts:
        found.update(decode_forecast(part, 48, 13).series)
    assert len(found) == 60


def test_a_buffer_counts_what_it_hears_twice_and_answers_once() -> None:
    buffer = Buffer()
    request = Request(10, (11,), 950, 1_000)
    talk: list[Message] = [
        Brief("t", "int", 0, 1, 1, (0.5,), 10),
        Orders(("a", "b"), ("A", "A"), (9, 10), (1, 2), (2.0, 3.0)),
        Orders(("b",), ("A",), (10,), (2,), (3.0,)),
        request,
        Clock(950),
        Clock(960),
        Orders(("c",), ("A",), (10,), (3,), (4.0,)),
        Clock(970),
    ]
    due = [r for seq, m in enumerate(talk, 1) for r in buffer.take(seq, m)]
    due += [r for seq, m in enumerate(talk, 1) for r in buffer.take(seq, m)]  # all once more
    assert due == [request]
    assert (buffer.counts.orders, buffer.counts.twice, buffer.counts.late) == (3, 1, 1)
    history = buffer.history(request)
    assert history["y"].to_pylist() == [2.0, 7.0]  # the late order counts from now on


def test_windows_that_cannot_be_told_as_one_story_are_refused() -> None:
    some = windows()
    fewer = some[0].history.filter(pc.not_equal(some[0].history["unique_id"], "A"))
    with pytest.raises(ConfigError, match="different series"):
        Script(TASK, (replace(some[0], history=fewer), *some[1:]), Rules(), Disorder(), 1)
    other = some[0].history.set_column(2, "y", pc.add(some[0].history["y"], 1.0))
    with pytest.raises(ConfigError, match="tells the past otherwise"):
        Script(TASK, (replace(some[0], history=other), *some[1:]), Rules(), Disorder(), 1)
    with pytest.raises(ConfigError, match="no windows"):
        Script(TASK, (), Rules(), Disorder(), 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rules(0.5, 0.5), lambda: Rules(-0.1, 0.5), lambda: Rules(0.2, 1.5),
        lambda: Disorder(late_share=1.5), lambda: Disorder(late_mean=-1.0),
    ],
)  # fmt: skip
def test_rules_and_disorder_without_sense_are_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"allowed|expected"):
        make()


def test_a_model_speaks_under_a_name_that_fits_a_topic() -> None:
    assert name_of("/home/me/mine.py:Mine") == "mine-py-Mine"
    assert name_of("SeasonalNaive") == "SeasonalNaive"
