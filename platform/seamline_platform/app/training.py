"""Training between the nights: by the calendar, on drift, and of what people have imported.

A night never waits for a training: it predicts with the champion. Whatever is trained here becomes
a candidate in a worker process of low priority, is measured on the last days, and takes over from
the next night on if it is not clearly worse.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from seamline_broker.errors import ConfigError, SeamlineError
from seamline_platform.app.history import DAY_MS
from seamline_platform.app.nightly import MAX_FALLBACKS, BrainSettings, Run
from seamline_platform.app.register import ModelRegister
from seamline_platform.app.sql import FIRST_DAY_SCORES, SALES_SPAN, integer
from seamline_platform.demand.drift import Drift, DriftSettings, find_drift
from seamline_platform.demand.job import ForecastReport
from seamline_platform.demand.registry import ModelRecord
from seamline_platform.demand.worker import run_worker
from seamline_platform.store.store import Store

log = logging.getLogger(__name__)

ORIGINS: Final = 2
MIN_MEASURED_DAYS: Final = 5 * 7
"""Three weeks to learn from and two to measure on."""
DRIFT_PAUSE_DAYS: Final = 3
"""So long after a training or a change of champion no drift asks for another."""
TIMES_SLOWER: Final = 5
"""A training with its measurements may take so many times as long as a night's forecast."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be trained now, why, and in words."""

    cause: str
    record: ModelRecord
    note: str
    note_zh: str


class Trainer:
    """Decides what to train, trains it, and lets it take over."""

    def __init__(
        self,
        store: Store,
        register: ModelRegister,
        settings: BrainSettings,
        history: Callable[[int], pa.Table],
        run: Run = run_worker,
        drift: DriftSettings | None = None,
    ) -> None:
        self._store = store
        self._register = register
        self._settings = settings
        self._history = history
        self._run = run
        self._drift = drift or DriftSettings()
        self.training = ""
        """Id of the model that is being trained; empty if none is."""

    def next_ms(self) -> int:
        """Return the plant time from which on the schedule trains again; 0 without a schedule."""
        champion = self._register.champion
        if champion is None or not self._settings.retrain_days or not champion.trained_ms:
            return 0
        return self._rested_since(champion) + self._settings.retrain_days * DAY_MS

    def waiting(self) -> bool:
        """Return True if somebody imported a model that was not trained yet."""
        return self._untrained() is not None

    def due(self, now_ms: int) -> Due | None:
        """Return what is to be trained at a plant time, most urgent first; None if nothing is.

        Raises:
            StoreError: if the store cannot be read.
        """
        champion = self._register.champion
        if champion is None:
            return None
        if 0 < self._register.failures(champion.id) <= MAX_FALLBACKS:
            return Due("fallback", champion, "its night brought no forecast", "当夜未给出预测")
        imported = self._untrained()
        if imported is not None:
            return Due("import", imported, "imported", "已导入")
        found = self._drifted(champion, now_ms)
        if found is not None:
            note, note_zh = _drift_words(found)
            return Due("drift", champion, note, note_zh)
        next_ms = self.next_ms()
        if next_ms and now_ms // DAY_MS * DAY_MS >= next_ms:
            days = self._settings.retrain_days
            return Due("schedule", champion, f"every {days} days", f"每 {days} 天一次")
        if champion.metrics is None and self._measurable():
            return Due("start", champion, "not measured yet", "尚未评估")
        return None

    async def train(self, due: Due, now_ms: int) -> tuple[str, str]:
        """Train what is due, let it take over if it may; return what to say about it.

        Raises:
            SeamlineError: if not even the fall-back of the worker gives an answer.
        """
        fresh = due.cause in ("drift", "schedule")
        record = await asyncio.to_thread(self._begin, due, now_ms) if fresh else due.record
        self.training = record.id
        try:
            history = await asyncio.to_thread(self._history, now_ms // DAY_MS * DAY_MS)
            request = replace(
                self._settings.request(record, history),
                kept=self._register.kept_file(record.id),
                refit=not record.kept or due.cause == "fallback",
                origins=ORIGINS,
            )
            result = await self._run(request, TIMES_SLOWER * self._settings.timeout_s)
            return await asyncio.to_thread(self._end, due, record, result.report, now_ms)
        finally:
            self.training = ""

    def _begin(self, due: Due, now_ms: int) -> ModelRecord:
        old = due.record
        if due.cause == "drift":
            self._register.drifted(old.id, now_ms, due.note, due.note_zh)
        return self._register.new(
            old.model,
            due.cause,
            now_ms,
            old.params,
            recalibrate=old.recalibrate,
            note=due.note,
            note_zh=due.note_zh,
        )

    def _end(
        self, due: Due, record: ModelRecord, report: ForecastReport, now_ms: int
    ) -> tuple[str, str]:
        if report.status != "ok":
            return self._failed(due, record, report, now_ms)
        known = self._register.state.records[record.id]
        measuring = due.cause == "start" and known.trained_ms > 0
        trained = known if measuring else replace(
            known,
            code_version=report.code_version,
            data_hash=report.data_hash,
            rows=report.rows,
            series=report.series,
            trained_ms=now_ms // DAY_MS * DAY_MS,
            seconds=report.seconds,
            rss_mb=report.rss_mb,
            kept=report.kept,
        )  # fmt: skip
        record = replace(trained, metrics=report.metrics)
        self._register.put(record)
        figures, figures_zh = _figures(record)
        what = f"{record.id} ({record.model})"
        if measuring:
            return f"Measured {what}: {figures}", f"已评估 {what}：{figures_zh}"
        told = f"Trained {what}, {due.note}: {figures}"
        told_zh = f"已训练 {what}（{due.note_zh}）：{figures_zh}"
        if due.cause == "fallback":
            return told, told_zh
        if due.cause == "import":
            return f"{told}. Promote it to let it forecast.", f"{told_zh}。提升后即可用于预测。"
        more, more_zh = self._take_over(due, record, now_ms)
        return f"{told}{more}", f"{told_zh}{more_zh}"

    def _failed(
        self, due: Due, record: ModelRecord, report: ForecastReport, now_ms: int
    ) -> tuple[str, str]:
        if due.cause in ("start", "fallback"):  # the champion itself: its nights decide
            log.warning("not_measured model=%s: %s", record.model, report.note)
            return (
                f"{record.id} could not be trained or measured: {report.note}",
                f"{record.id} 训练或评估失败：{report.note_zh}",
            )
        self._register.fail(record.id, now_ms, due.cause, report.note, report.note_zh)
        return (
            f"Training of {record.id} ({record.model}) failed: {report.note}",
            f"{record.id}（{record.model}）训练失败：{report.note_zh}",
        )

    def _take_over(self, due: Due, record: ModelRecord, now_ms: int) -> tuple[str, str]:
        """Promote a retrained champion.

        One trained by the schedule stays behind if it is worse than naive where the old one was
        not. After a drift both were wrong on these days, and the new one has seen more of them.
        """
        champion = self._register.champion
        if champion is None or champion.id != due.record.id:
            return (
                ". Somebody chose another champion meanwhile: it stays a candidate.",
                "。期间已有人更换模型，保留为候选。",
            )
        new, old = record.metrics, champion.metrics
        worse = new is not None and new.skill < 0 and (old is None or old.skill >= 0)
        if worse and due.cause == "schedule":
            return (
                ". It is worse than seasonal naive on these days: it stays a candidate.",
                "。在这些天上不如季节朴素法，保留为候选。",
            )
        try:
            self._register.promote(record.id, now_ms, due.cause, due.note, due.note_zh)
        except ConfigError as exc:
            return f". Not promoted: {exc}", "。未提升。"
        return "; it forecasts from the next night on.", "；自下一夜起用于预测。"

    def _untrained(self) -> ModelRecord | None:
        state = self._register.state
        for record in state.records.values():
            if record.cause == "import" and not record.trained_ms and record.id not in state.failed:
                return record
        return None

    def _rested_since(self, champion: ModelRecord) -> int:
        """Return the day of the last training, attempt at one, or change of champion."""
        state = self._register.state
        tries = [
            e.plant_ms
            for e in state.events
            if e.kind == "registered" and e.cause in ("schedule", "drift")
        ]
        last = max(champion.trained_ms, state.since_ms, *tries[-1:])
        return last // DAY_MS * DAY_MS

    def _watched_since(self) -> int:
        """Return the day from which on scores belong to one and the same way to forecast.

        A training by the schedule does not change it; another champion or a drift does.
        """
        breaks = [
            e.plant_ms
            for e in self._register.state.events
            if e.kind in ("drift", "rolled_back")
            or (e.kind == "promoted" and e.cause not in ("schedule", "drift"))
        ]
        return max(breaks, default=0) // DAY_MS * DAY_MS

    def _measurable(self) -> bool:
        return integer(self._store.read(SALES_SPAN)[0]["days"]) >= MIN_MEASURED_DAYS

    def _drifted(self, champion: ModelRecord, now_ms: int) -> Drift | None:
        if not self._settings.drift:
            return None
        if now_ms - self._rested_since(champion) < DRIFT_PAUSE_DAYS * DAY_MS:
            return None
        rows = self._store.read(FIRST_DAY_SCORES, [champion.model, self._watched_since()])
        pinball = [float(str(row["pinball"])) for row in rows]
        bias = [float(str(row["bias"])) for row in rows]
        try:
            return find_drift(pinball, bias, self._drift)
        except ValueError as exc:
            log.warning("drift_unknown model=%s: %s", champion.model, exc)
            return None


def _drift_words(drift: Drift) -> tuple[str, str]:
    if drift.stream == "pinball":
        return (
            f"its errors have grown over {drift.nights} nights",
            f"误差已连续 {drift.nights} 夜增大",
        )
    way, way_zh = ("too high", "偏高") if drift.up else ("too low", "偏低")
    return (
        f"its forecasts have drifted {way} over {drift.nights} nights",
        f"预测已连续 {drift.nights} 夜漂移{way_zh}",
    )


def _figures(record: ModelRecord) -> tuple[str, str]:
    m = record.metrics
    if m is None:
        return "too few days to measure it", "历史天数不足，未评估"
    return (
        f"pinball {m.pinball:.3f} (seasonal naive {m.naive_pinball:.3f}), "
        f"coverage {m.coverage_80:.0%}, bias {m.bias:+.1%} on {m.days} days",
        f"分位损失 {m.pinball:.3f}（季节朴素 {m.naive_pinball:.3f}），"
        f"覆盖率 {m.coverage_80:.0%}，偏差 {m.bias:+.1%}，{m.days} 天",
    )


async def train_if_due(trainer: Trainer, now_ms: int) -> tuple[str, str] | None:
    """Train what is due at a plant time; return what to say about it, None if nothing was due."""
    due = await asyncio.to_thread(trainer.due, now_ms)
    if due is None:
        return None
    try:
        return await trainer.train(due, now_ms)
    except SeamlineError as exc:
        log.exception("training_failed model=%s", due.record.model)
        return f"A training failed: {exc}", f"训练失败：{exc}"
