"""Insight from a store: alarms, quality and explanations of what was really stored."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from seamline_broker.contracts.catalogue import Catalogue
from seamline_platform.api.problems import RequestError
from seamline_platform.app.history import DAY_MS, sales_history
from seamline_platform.app.insight import Insight
from seamline_platform.app.insight_words import explanation_note, part_words
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.insight.worker import Answer, Question
from seamline_platform.demand.seasonal_naive import SeasonalNaive
from seamline_platform.store import Store, StoreSettings

FIRST_DAY = 20_500
CATALOGUE = Catalogue({}, {}, (), (), {}, {}, 0, (0,))
DAYS = 100
NIGHTS = (FIRST_DAY + 90, FIRST_DAY + 97, FIRST_DAY + 100)
LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
STYLES = [f"TS0{n}" for n in range(8)]


def _sales() -> list[dict[str, object]]:
    """Eight styles in one colour, two sizes; TS03 doubles on the 80th day."""
    rng = np.random.default_rng(6)
    return [
        {
            "seq": 1, "ts": (FIRST_DAY + day + 1) * DAY_MS, "site": "east", "node": "warehouse",
            "sku": f"{style}-WHT-{size}", "qty": int(rng.poisson(
                25 * (2.0 if style == "TS03" and day >= 80 else 1.0)
            )),
            "stockout_min": 0, "price_fen": 9_900, "promo": False,
            "day_ts": (FIRST_DAY + day) * DAY_MS, "batch_id": 1,
        }
        for day in range(DAYS) for style in STYLES for size in "ML"
    ]  # fmt: skip


def _forecasts(sales: list[dict[str, object]]) -> Iterator[pa.Table]:
    day = pa.array([int(str(row["day_ts"])) // DAY_MS for row in sales], pa.int32())
    history = long_frame({
        "unique_id": [f"{row['sku']}@{row['site']}" for row in sales],
        "ds": day.cast(pa.date32()),
        "y": [float(str(row["qty"])) for row in sales],
    })  # fmt: skip
    for night in NIGHTS:
        origin = pa.scalar(night, pa.int32()).cast(pa.date32())
        past = history.filter(pc.less(history["ds"], origin))
        made = SeasonalNaive().forecast(past, 14, LEVELS)
        yield pa.table({
            "origin_ts": pa.repeat(pa.scalar(night * DAY_MS, pa.timestamp("ms")), len(made)),
            "model": pa.repeat("seasonal_naive", len(made)),
            "unique_id": made["unique_id"],
            "ds": pc.cast(made["ds"], pa.timestamp("ms")),
            "quantile": made["quantile"],
            "value": made["value"],
        })  # fmt: skip


def insight_of(store: Store) -> Insight:
    return Insight(store, lambda origin_ms: sales_history(store, CATALOGUE, origin_ms))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("insight") / "seamline.duckdb"
    store = Store.open(path, settings=StoreSettings(commit_ms=5))
    sales = _sales()
    store.insert("sales_daily", sales)
    for table in _forecasts(sales):
        store.insert("forecasts", table)
    store.flush()
    yield store
    store.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "seamline.duckdb", settings=StoreSettings(commit_ms=5))
    yield store
    store.close()


def test_the_style_that_doubled_has_an_alarm_and_all_are_watched(store: Store) -> None:
    found = insight_of(store).alarms()
    assert found.closed_ms == (FIRST_DAY + DAYS - 1) * DAY_MS
    assert found.days == DAYS
    assert len(found.styles) == len(STYLES)
    assert found.styles[0].style == "TS03"
    assert len(found.styles[0].weeks) == DAYS // 7
    (alarm,) = [one for one in found.alarms if one.style == "TS03"]
    assert alarm.direction == "up"
    assert abs(alarm.change_ms - (FIRST_DAY + 80) * DAY_MS) <= DAY_MS
    assert alarm.before == pytest.approx(50, rel=0.15)
    assert alarm.after == pytest.approx(100, rel=0.15)
    assert not alarm.recent  # it was given more than two weeks ago
    assert alarm.reason.startswith("TS03 sells more")
    assert alarm.reason_zh.startswith("TS03 自")


def test_each_alarm_is_told_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    insight = insight_of(store)
    everything = insight.alarms()
    assert insight.new_alarms() == []  # no alarm on the last closed day
    early = everything.model_copy(update={"closed_ms": (FIRST_DAY + 79) * DAY_MS, "alarms": []})
    monkeypatch.setattr(insight, "alarms", lambda: early)
    assert insight.new_alarms() == []
    monkeypatch.setattr(insight, "alarms", lambda: everything)
    assert insight.new_alarms() == list(reversed(everything.alarms))
    assert insight.new_alarms() == []


def test_quality_counts_closed_days_alone_and_naive_equals_itself(store: Store) -> None:
    quality = insight_of(store).quality()
    assert [night.days for night in quality.nights] == [10, 3]  # the newest night has no day yet
    assert quality.model == "seasonal_naive"
    for night in quality.nights:
        assert night.pinball == night.naive_pinball
        assert night.values == night.days * len(STYLES) * 2
    assert [step.ahead for step in quality.horizons] == list(range(1, 15))
    assert quality.horizons[0].values == 2 * len(STYLES) * 2
    assert quality.horizons[13].values == 0
    assert quality.horizons[13].pinball is None
    assert [level.level for level in quality.levels] == list(LEVELS)
    assert all(level.below <= level.at_most for level in quality.levels)


def test_an_explanation_adds_up_and_is_asked_for_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insight = insight_of(store)
    found = insight.explanation("TS03-WHT-M@east")
    assert found.model == "seasonal_naive"
    assert found.origin_ms == NIGHTS[-1] * DAY_MS
    assert found.days_ms[0] == found.origin_ms
    assert len(found.days_ms) == 14
    total = found.reference_7d + sum(part.pieces_7d for part in found.parts)
    assert total == pytest.approx(found.forecast_7d, abs=0.05)
    # It doubled three weeks ago, and the last week tells seasonal naive so.
    assert found.parts[0].name == "last_week"
    assert found.parts[0].text == "The last 7 days sold more than usual"
    monkeypatch.setattr("seamline_platform.app.insight.ask_worker", None)
    assert insight.explanation("TS03-WHT-M@east") is found


def test_who_comes_while_another_is_explained_is_asked_to_come_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insight = insight_of(store)
    codes: list[int] = []

    def meanwhile(*_: object) -> Answer:
        with pytest.raises(RequestError) as caught:
            insight.explanation("TS01-WHT-M@east")
        codes.append(caught.value.status)
        return Answer(
            NIGHTS[-1], [1.0], [2.0], {"last_week": [1.0]}, True, 8, 0.1, "seasonal_naive"
        )

    monkeypatch.setattr("seamline_platform.app.insight.ask_worker", meanwhile)
    assert insight.explanation("TS03-WHT-M@east").forecast_7d == 2.0
    assert codes == [503]


def test_a_model_that_proved_too_slow_is_not_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insight = insight_of(store)
    asked: list[bool] = []

    def stand_in(question: Question, *_: object) -> Answer:
        asked.append(question.slow)
        return Answer(NIGHTS[-1], [1.0], [2.0], {"last_week": [1.0]}, True, 8, 0.1, "Another")

    monkeypatch.setattr("seamline_platform.app.insight.ask_worker", stand_in)
    first = insight.explanation("TS03-WHT-M@east")
    insight.explanation("TS01-WHT-M@east")
    assert asked == [False, True]
    assert (first.model, first.asked) == ("seasonal_naive", "Another")
    assert "the reasons of Another" in first.note


def test_while_a_night_is_counted_the_last_count_is_answered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    insight = insight_of(store)
    before = insight.alarms(), insight.quality()
    seen: list[object] = []

    def meanwhile(closed_ms: int) -> object:
        seen.extend([insight.alarms(), insight.quality()])
        return before[0]

    monkeypatch.setattr(insight, "_closed_ms", lambda: (FIRST_DAY + DAYS) * DAY_MS)
    monkeypatch.setattr(insight, "_find_alarms", meanwhile)
    insight.alarms()
    assert seen == list(before)


def test_a_series_without_a_forecast_is_not_there(store: Store) -> None:
    with pytest.raises(RequestError) as caught:
        insight_of(store).explanation("nobody@nowhere")
    assert caught.value.status == 404


def test_before_the_first_night_everything_is_empty(empty: Store) -> None:
    insight = insight_of(empty)
    alarms = insight.alarms()
    assert (alarms.closed_ms, alarms.alarms, alarms.styles) == (0, [], [])
    assert alarms.first_days == 28
    assert insight.quality().nights == []
    with pytest.raises(RequestError):
        insight.explanation("TS03-WHT-M@east")


def test_a_model_that_cannot_be_asked_again_is_told(empty: Store) -> None:
    sales = _sales()
    empty.insert("sales_daily", sales)
    table = next(_forecasts(sales))
    model = table.column_names.index("model")
    gone = table.set_column(model, "model", pa.repeat("gone.py:Gone", len(table)))
    empty.insert("forecasts", gone)
    empty.flush()
    with pytest.raises(RequestError, match=r"gone\.py") as caught:
        insight_of(empty).explanation("TS03-WHT-M@east")
    assert caught.value.status == 503


@pytest.mark.parametrize("name", ["last_week", "promotion", "festival"])
def test_parts_have_words_for_more_less_and_nothing(name: str) -> None:
    words = {part_words(name, pieces) for pieces in (5.0, -5.0, 0.0)}
    assert len(words) == 3
    assert all(english and chinese for english, chinese in words)


def test_the_note_says_how_it_was_made_and_what_was_corrected() -> None:
    assert explanation_note(True, 64, 10.0, 10.0)[0] == (
        "The model was asked 64 times: every combination of these parts was tried."
    )
    english, chinese = explanation_note(False, 12, 10.0, 14.0)
    assert "learns anew each time" in english
    assert "median is 10 pieces" in english
    assert "14 件" in chinese
    english, chinese = explanation_note(True, 64, 10.0, 14.0, ("DemandBrain", "Other"))
    assert "the reasons of Other" in english
    assert "DemandBrain expects 14" in english
    assert "Other 的原因" in chinese
