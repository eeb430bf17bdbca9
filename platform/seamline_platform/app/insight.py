"""What the API answers about insight, from the store; each answer is kept until a night passes."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.errors import PluginError
from seamline_platform.api import insight_models as models
from seamline_platform.api.problems import RequestError
from seamline_platform.app.forecast_answers import newest
from seamline_platform.app.history import DAY_MS
from seamline_platform.app.insight_sql import (
    CLOSED_DAY,
    FORETOLD,
    MODEL_PARAMS,
    NIGHT_FORECAST,
    NIGHTS,
)
from seamline_platform.app.insight_words import explanation_note, part_words
from seamline_platform.app.sql import SALES_HISTORY, integer, text
from seamline_platform.demand.frame import ForecastGrid, Panel, grid_of, long_frame, panel_of
from seamline_platform.demand.insight.alarms import DEFAULT_FALSE_ALARMS, Alarm, Detector, detect
from seamline_platform.demand.insight.common import WEEK, Adjusted, adjust
from seamline_platform.demand.insight.quality import Tally, add_up, tally
from seamline_platform.demand.insight.style_days import style_days
from seamline_platform.demand.insight.worker import Answer, Question, ask_worker
from seamline_platform.demand.seasonal_naive import SeasonalNaive
from seamline_platform.store.store import Store

ALARM_HISTORY_DAYS: Final = 400
RECENT_DAYS: Final = 14
SHOWN_WEEKS: Final = 16
QUALITY_NIGHTS: Final = 21
NAIVE: Final = "seasonal_naive"
_NAIVE_DAYS: Final = 84
_KEPT_EXPLANATIONS: Final = 512
_EXPLAIN_TIMEOUT_S: Final = 240.0

_Kept = TypeVar("_Kept")


class Insight:
    """Answers of the three paths; calls come from worker threads."""

    def __init__(
        self,
        store: Store,
        history: Callable[[int], pa.Table],
        options: Mapping[str, object] | None = None,
    ) -> None:
        """Answer from `store`.

        Args:
            store: what was sold and foretold.
            history: what forecasters learn from at an origin (epoch ms), as a long frame.
            options: handed to a forecaster whose constructor names them, as at night.
        """
        self._store = store
        self._learned_from = history
        self._options = dict(options or {})
        self._alarms: tuple[int, models.TrendAlarms] | None = None
        self._told_ms: int | None = None
        self._quality: tuple[tuple[int, int], models.ForecastQuality] | None = None
        self._naive: dict[int, ForecastGrid] = {}
        self._explained: OrderedDict[tuple[int, str, str], models.ForecastExplanation]
        self._explained = OrderedDict()
        self._slow: set[str] = set()
        """Models that proved too slow to be asked again and again."""
        self._counting = threading.Lock()
        self._asking = threading.Lock()
        """One explanation at a time: a class of forty must not start forty processes."""

    # ---- alarms ----------------------------------------------------------------------------------

    def alarms(self) -> models.TrendAlarms:
        """Return the trend alarms over everything that was sold."""
        with _turn(self._counting, wait=self._alarms is None) as mine:
            if mine:
                closed_ms = self._closed_ms()
                if self._alarms is None or self._alarms[0] != closed_ms:
                    self._alarms = closed_ms, self._find_alarms(closed_ms)
            return _there(self._alarms)

    def new_alarms(self) -> list[models.TrendAlarm]:
        """Return the alarms of the days closed since the last call, oldest first.

        The first call after a start tells those of the last closed day.
        """
        found = self.alarms()
        told_ms = found.closed_ms - DAY_MS if self._told_ms is None else self._told_ms
        self._told_ms = found.closed_ms
        return [alarm for alarm in reversed(found.alarms) if alarm.alarm_ms > told_ms]

    def _find_alarms(self, closed_ms: int) -> models.TrendAlarms:
        rule = Detector()
        panel = self._panel(closed_ms + DAY_MS, ALARM_HISTORY_DAYS) if closed_ms else None
        if panel is None:
            return _alarms(closed_ms, 0, rule, (), [])
        sales = adjust(style_days(panel))
        return _alarms(closed_ms, panel.days, rule, detect(sales, rule), _styles(sales))

    # ---- quality ---------------------------------------------------------------------------------

    def quality(self) -> models.ForecastQuality:
        """Return how good the forecasts of the last nights were, seasonal naive beside them."""
        with _turn(self._counting, wait=self._quality is None) as mine:
            if mine:
                closed_ms = self._closed_ms()
                key = closed_ms, newest(self._store)[0]
                if self._quality is None or self._quality[0] != key:
                    self._quality = key, self._score(closed_ms)
            return _there(self._quality)

    def _score(self, closed_ms: int) -> models.ForecastQuality:
        rows = self._store.read(NIGHTS, [QUALITY_NIGHTS])
        nights = [(integer(row["origin_ms"]), text(row["model"])) for row in reversed(rows)]
        nights = [night for night in nights if night[0] <= closed_ms]
        if not nights:
            return models.ForecastQuality(model="", nights=[], horizons=[], levels=[])
        days = (closed_ms + DAY_MS - nights[0][0]) // DAY_MS + _NAIVE_DAYS
        history = self._history(closed_ms + DAY_MS, days)
        panel = panel_of(history)
        scored = [
            (origin, model, *self._both(history, panel, origin, model)) for origin, model in nights
        ]
        self._naive = {origin: self._naive[origin] for origin, *_ in scored}
        return _quality(scored)

    def _both(
        self, history: pa.Table, panel: Panel, origin_ms: int, model: str
    ) -> tuple[Tally, Tally]:
        grid = grid_of(self._store.read_table(NIGHT_FORECAST, [origin_ms, model]))
        if origin_ms not in self._naive:
            days = pc.cast(history["ds"], pa.int32())
            end, start = origin_ms // DAY_MS, origin_ms // DAY_MS - _NAIVE_DAYS
            past = history.filter(pc.and_(pc.less(days, end), pc.greater_equal(days, start)))
            made = SeasonalNaive().forecast(past, grid.values.shape[1], grid.quantiles)
            self._naive[origin_ms] = grid_of(made)
        return tally(grid, panel), tally(self._naive[origin_ms], panel)

    # ---- explanation -----------------------------------------------------------------------------

    def explanation(self, unique_id: str) -> models.ForecastExplanation:
        """Return why the newest forecast of a series is what it is.

        Raises:
            RequestError: 404 if it was not forecast, 503 if the model cannot be asked, or not now.
        """
        origin_ms, model = newest(self._store)
        row = self._store.read(FORETOLD, [origin_ms, origin_ms, model, unique_id])[0]
        if not integer(row["days"]):
            raise RequestError(404, f"Forecast of {unique_id[:80]!r}", "a series of /api/forecast")
        key = origin_ms, model, unique_id
        known = self._explained.get(key)
        if known is not None:
            return known
        with _turn(self._asking, wait=False) as mine:
            if not mine:
                raise RequestError(503, "Another forecast is being explained.", "to be asked again")
            if key not in self._explained:
                question = Question(
                    model,
                    unique_id,
                    integer(row["days"]),
                    self._params(model, origin_ms),
                    slow=model in self._slow,
                )
                answer = self._ask(question, origin_ms)
                if answer.asked != model:
                    self._slow.add(model)
                stored = float(str(row["pieces_7d"] or 0.0))
                self._explained[key] = _explanation(question, origin_ms, answer, stored)
                while len(self._explained) > _KEPT_EXPLANATIONS:
                    self._explained.popitem(last=False)
            return self._explained[key]

    def _params(self, model: str, origin_ms: int) -> dict[str, object]:
        """Return what the forecaster was made with in that night."""
        rows = self._store.read(MODEL_PARAMS, [origin_ms, model])
        params = json.loads(text(rows[0]["params"]) or "{}") if rows else {}
        return {**self._options, **params}

    def _ask(self, question: Question, origin_ms: int) -> Answer:
        try:
            return ask_worker(question, self._learned_from(origin_ms), _EXPLAIN_TIMEOUT_S)
        except (PluginError, ValueError) as exc:
            raise RequestError(503, str(exc), "a model that can be asked again") from exc

    # ---- the store -------------------------------------------------------------------------------

    def _closed_ms(self) -> int:
        return integer(self._store.read(CLOSED_DAY)[0]["day_ms"])

    def _history(self, until_ms: int, days: int) -> pa.Table:
        rows = self._store.read_table(SALES_HISTORY, [until_ms - days * DAY_MS, until_ms])
        return long_frame(rows)

    def _panel(self, until_ms: int, days: int) -> Panel | None:
        history = self._history(until_ms, days)
        return panel_of(history) if len(history) else None


@contextmanager
def _turn(lock: threading.Lock, *, wait: bool) -> Iterator[bool]:
    """Give the lock if it is free, or after a wait; forty readers must not all stand in a queue."""
    mine = lock.acquire(blocking=wait)
    try:
        yield mine
    finally:
        if mine:
            lock.release()


def _there(kept: tuple[object, _Kept] | None) -> _Kept:
    if kept is None:
        raise RuntimeError("Nothing was counted before somebody else's turn.")
    return kept[1]


def _alarms(
    closed_ms: int,
    days: int,
    rule: Detector,
    found: tuple[Alarm, ...],
    styles: list[models.StyleTrend],
) -> models.TrendAlarms:
    return models.TrendAlarms(
        closed_ms=closed_ms,
        days=days,
        first_days=rule.first_day,
        false_alarms_per_year=DEFAULT_FALSE_ALARMS,
        alarms=[_alarm(alarm, closed_ms) for alarm in reversed(found)],
        styles=styles,
    )


def _alarm(alarm: Alarm, closed_ms: int) -> models.TrendAlarm:
    reason, reason_zh = alarm.reason()
    return models.TrendAlarm(
        style=alarm.style,
        direction=alarm.direction,
        before=round(alarm.before, 2),
        after=round(alarm.after, 2),
        change_ms=alarm.change_day * DAY_MS,
        alarm_ms=alarm.alarm_day * DAY_MS,
        strength=round(alarm.strength, 2),
        recent=closed_ms - alarm.alarm_day * DAY_MS < RECENT_DAYS * DAY_MS,
        reason=reason,
        reason_zh=reason_zh,
    )


def _styles(sales: Adjusted) -> list[models.StyleTrend]:
    """Return the styles that were on sale in the last week, with their adjusted weeks."""
    days = sales.sold.shape[1]
    weeks = min(SHOWN_WEEKS, days // WEEK)
    found = []
    for s, style in enumerate(sales.styles):
        last = slice(max(days - WEEK, 0), days)
        if not (sales.exposure[s, last] > 0).any():
            continue
        usual = float(np.mean(sales.exposure[s][sales.exposure[s] > 0]))
        values = []
        for week in range(weeks, 0, -1):
            window = slice(days - week * WEEK, days - (week - 1) * WEEK)
            exposure = float(sales.exposure[s, window].sum())
            sold = float(sales.sold[s, window].sum())
            values.append(round(sold / exposure * usual, 2) if exposure > 0 else None)
        per_day = float(sales.sold[s, last].mean())
        found.append(models.StyleTrend(style=style, per_day=round(per_day, 2), weeks=values))
    return sorted(found, key=lambda one: (-one.per_day, one.style))


def _quality(scored: list[tuple[int, str, Tally, Tally]]) -> models.ForecastQuality:
    nights = [_night(*one) for one in scored]
    model = scored[-1][1]
    mine = [one for one in scored if one[1] == model]
    total, naive = add_up(one[2] for one in mine), add_up(one[3] for one in mine)
    if total is None or naive is None:
        raise RuntimeError("Nights were scored, but there is nothing to add up.")
    return models.ForecastQuality(
        model=model,
        nights=nights,
        horizons=[_horizon(total, naive, ahead) for ahead in range(1, total.horizon + 1)],
        levels=[
            models.QualityLevel(
                level=level,
                below=round(below, 4),
                at_most=round(at_most, 4),
                values=int(total.values.sum()),
            )
            for level, below, at_most in total.calibration()
        ],
    )


def _night(origin_ms: int, model: str, mine: Tally, naive: Tally) -> models.QualityNight:
    return models.QualityNight(
        origin_ms=origin_ms,
        model=model,
        days=int((mine.values > 0).sum()),
        values=int(mine.values.sum()),
        pinball=_rounded(mine.pinball()),
        coverage_80=_rounded(mine.coverage_80()),
        bias=_rounded(mine.bias()),
        naive_pinball=_rounded(naive.pinball()),
        naive_coverage_80=_rounded(naive.coverage_80()),
        naive_bias=_rounded(naive.bias()),
    )


def _horizon(total: Tally, naive: Tally, ahead: int) -> models.QualityHorizon:
    step = total.step(ahead)
    return models.QualityHorizon(
        ahead=ahead,
        values=int(step.values.sum()),
        pinball=_rounded(step.pinball()),
        coverage_80=_rounded(step.coverage_80()),
        bias=_rounded(step.bias()),
        naive_pinball=_rounded(naive.step(ahead).pinball()),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _explanation(
    question: Question, origin_ms: int, answer: Answer, stored_7d: float
) -> models.ForecastExplanation:
    parts = []
    for name, days in answer.contributions.items():
        pieces = sum(days[:WEEK])
        words, words_zh = part_words(name, pieces)
        parts.append(
            models.ForecastPart(
                name=name, pieces_7d=round(pieces, 2), days=days, text=words, text_zh=words_zh
            )
        )
    forecast_7d = sum(answer.forecast[:WEEK])
    asked = None if answer.asked == question.model else (question.model, answer.asked)
    note, note_zh = explanation_note(
        answer.exact, answer.evaluations, forecast_7d, stored_7d, asked
    )
    return models.ForecastExplanation(
        unique_id=question.unique_id,
        origin_ms=origin_ms,
        model=question.model,
        asked=answer.asked,
        days_ms=[(answer.first_day + i) * DAY_MS for i in range(len(answer.forecast))],
        reference=answer.reference,
        forecast=answer.forecast,
        reference_7d=round(sum(answer.reference[:WEEK]), 2),
        forecast_7d=round(forecast_7d, 2),
        parts=sorted(parts, key=lambda part: -abs(part.pieces_7d)),
        exact=answer.exact,
        evaluations=answer.evaluations,
        seconds=answer.seconds,
        note=note,
        note_zh=note_zh,
    )
