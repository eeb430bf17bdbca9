"""The plant night: score what was foretold, forecast again, order what stock will not cover."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.clock import Clock
from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.view import OrderView, View
from seamline_broker.errors import PluginError, SeamlineError
from seamline_platform.app.history import DAY_MS, outcomes, sales_history
from seamline_platform.app.lead_demand import LeadDemand, lead_demand
from seamline_platform.app.night_report import NightReport
from seamline_platform.app.register import ModelRegister
from seamline_platform.app.sql import (
    ONE_FORECAST,
    SALES_SPAN,
    UNSCORED,
    integer,
)
from seamline_platform.demand.job import FALLBACK, ForecastRequest, ForecastResult
from seamline_platform.demand.protocol import LEVELS, canonical_name
from seamline_platform.demand.recalibrate import corrected, corrections
from seamline_platform.demand.registry import ModelRecord
from seamline_platform.demand.scoring import Score, score
from seamline_platform.demand.worker import run_worker
from seamline_platform.planning.replenish import ReplenishParams, replenish, reserve_cloth
from seamline_platform.store.store import Store

log = logging.getLogger(__name__)

MIN_HISTORY_DAYS: Final = 28
"""With fewer closed days there is nothing to learn from yet."""
MAX_FALLBACKS: Final = 3
"""So many nights in a row a champion may fail before the one before it takes over."""
SEASON_DAYS: Final = 7
MAX_PIECES: Final = 1e9
"""No SKU sells more on one day; a larger value would overflow what the planner reckons from it."""

Run = Callable[[ForecastRequest, float], Awaitable[ForecastResult]]


@dataclass(frozen=True, slots=True)
class BrainSettings:
    """Which model, how far, how long it may take, when it is trained again."""

    model: str = "DemandBrain"
    horizon_days: int = 14
    timeout_s: float = 60.0
    retrain_days: int = 7
    """Plant days between trainings; 0 = only on drift."""
    drift: bool = True
    recalibrate: bool = True
    threads: int = 1
    local_series: int = 300
    """Handed to forecasters as `most_local`: so many series get models of their own."""

    def options(self) -> dict[str, object]:
        """Return what is handed to every forecaster whose constructor names it."""
        return {"season_length": SEASON_DAYS, "most_local": self.local_series}

    def request(self, record: ModelRecord, history: pa.Table) -> ForecastRequest:
        """Return the request to forecast with a model; it is simply run, nothing is kept."""
        options = {**self.options(), **record.params}
        return ForecastRequest(
            record.model, history, self.horizon_days, LEVELS, self.threads, options
        )


@dataclass(frozen=True, slots=True)
class Night:
    """What one night brought."""

    origin_ms: int
    seconds: float
    note: str
    note_zh: str
    series: int
    orders: tuple[OrderView, ...]
    reservations: tuple[Command, ...]


class Brain:
    """Runs the nights of a plant. What it writes goes through the store alone."""

    def __init__(
        self,
        store: Store,
        view: Callable[[], View],
        settings: BrainSettings,
        clock: Clock,
        register: ModelRegister,
        params: ReplenishParams | None = None,
        run: Run = run_worker,
    ) -> None:
        self._store = store
        self._view = view
        self._settings = settings
        self._clock = clock
        self._register = register
        self._params = params or ReplenishParams()
        self._run = run

    @property
    def options(self) -> dict[str, object]:
        """What is handed to every forecaster whose constructor names it."""
        return self._settings.options()

    def is_due(self, now_ms: int, last_origin_ms: int) -> bool:
        """Return True if yesterday is closed and no forecast starts from today yet."""
        today_ms = now_ms // DAY_MS * DAY_MS
        if last_origin_ms >= today_ms:
            return False
        span = self._store.read(SALES_SPAN)[0]
        yesterday_closed = integer(span["last_ms"]) >= today_ms - DAY_MS
        return yesterday_closed and integer(span["days"]) >= MIN_HISTORY_DAYS

    def history(self, origin_ms: int) -> pa.Table:
        """Return what forecasters learn from at an origin, as a long frame.

        Raises:
            StoreError: if the store cannot be read.
        """
        return sales_history(self._store, self._view().catalogue, origin_ms)

    async def night(self, now_ms: int) -> Night:
        """Score, forecast, order.

        Raises:
            SeamlineError: if even the fall-back model gives no forecast.
        """
        origin_ms = now_ms // DAY_MS * DAY_MS
        history = await asyncio.to_thread(self.history, origin_ms)
        await asyncio.to_thread(self._score, history, origin_ms)
        champion = self._champion(now_ms)
        request = replace(
            self._settings.request(champion, history),
            kept=self._register.kept_file(champion.id),
            refit=not champion.kept,
            steps=(self._days,),
        )
        answer = await self._forecast(request)
        result, residuals = await asyncio.to_thread(self._corrected, champion, answer, origin_ms)
        # Orders first: a night counts as done once its forecast is stored, and whoever is ended in
        # between makes the night again; orders that are known then are not made twice.
        demand = lead_demand(result, answer.table, self._days, self._params.service)
        orders = await asyncio.to_thread(self._orders, demand, now_ms)
        raw = answer.table["value"] if residuals else None
        await asyncio.to_thread(self._keep, result, raw, origin_ms)
        self._learnt(champion, result, origin_ms)
        told = NightReport(champion.id, result.report, residuals, demand.aggregation, len(orders))
        note, note_zh = told.words()
        row = told.row() | {"origin_ts": origin_ms, "wall_ts": self._clock.wall_ms()}
        self._store.insert("forecast_nights", [row])
        more, more_zh = self._after_fallbacks(champion, result, now_ms)
        return Night(
            origin_ms=origin_ms,
            seconds=result.report.seconds,
            note=f"{note}{more}",
            note_zh=f"{note_zh}{more_zh}",
            series=result.report.series,
            orders=tuple(orders),
            reservations=tuple(reserve_cloth(orders, self._view().catalogue)),
        )

    async def _forecast(self, request: ForecastRequest) -> ForecastResult:
        """Return a forecast that the planner can reckon with, whatever the model gave."""
        answer = await self._run(request, self._settings.timeout_s)
        try:
            check_numbers(answer.table)
        except PluginError as exc:
            log.warning("forecast_fallback model=%s: %s", request.model, exc)
            instead = replace(request, model=FALLBACK, options={}, kept=None, refit=False)
            plain = await self._run(instead, self._settings.timeout_s)
            check_numbers(plain.table)
            note = f"{request.model}: {exc} Seasonal naive took its place."
            note_zh = f"{request.model} 的预测含无效数值，改用季节朴素法。"
            told = {"asked": request.model, "status": "fallback", "note": note, "note_zh": note_zh}
            return ForecastResult(plain.table, replace(plain.report, trained=False, **told))  # type: ignore[arg-type]  # texts
        return answer

    def _champion(self, now_ms: int) -> ModelRecord:
        """Return the champion; the settings name the first, and another if they were changed."""
        state = self._register.state
        asked = canonical_name(self._settings.model)
        named = [e for e in state.events if e.cause in ("start", "settings")]
        last = state.records[named[-1].model_id].model if named else ""
        champion = state.champion
        if champion is not None and last == asked:
            return champion
        cause = "start" if champion is None else "settings"
        record = self._register.new(asked, cause, now_ms, recalibrate=self._settings.recalibrate)
        return self._register.promote(
            record.id, now_ms, cause, "named by the settings", "由设置指定"
        )

    def _corrected(
        self, champion: ModelRecord, result: ForecastResult, origin_ms: int
    ) -> tuple[ForecastResult, int]:
        """Correct quantiles by earlier nights; return how many residuals did (0: none)."""
        wanted = self._settings.recalibrate and champion.recalibrate
        if not wanted or result.report.status != "ok":
            return result, 0
        try:
            earlier = outcomes(self._store, champion.model, origin_ms)
            if not len(earlier.ahead):
                return result, 0
            moves = corrections(earlier, LEVELS, self._settings.horizon_days)
            if not moves.any():
                return result, 0
            table = corrected(result.table, moves)
            check_numbers(table)
        except (SeamlineError, ValueError) as exc:
            log.warning("not_corrected model=%s: %s", champion.model, exc)
            return result, 0
        return replace(result, table=table), len(earlier.ahead)

    def _keep(self, result: ForecastResult, raw: pa.ChunkedArray | None, origin_ms: int) -> None:
        table, report = result.table, result.report
        rows = len(table)
        columns = {
            "origin_ts": pa.repeat(pa.scalar(origin_ms, pa.timestamp("ms")), rows),
            "model": pa.repeat(report.model, rows),
            "unique_id": table["unique_id"],
            "ds": pc.cast(table["ds"], pa.timestamp("ms")),
            "quantile": table["quantile"],
            "value": table["value"],
            "raw": pa.nulls(rows, pa.float64()) if raw is None else raw,
        }
        self._store.insert("forecasts", pa.table(columns))

    def _learnt(self, champion: ModelRecord, result: ForecastResult, origin_ms: int) -> None:
        """Write down the facts of a training that this night has made."""
        report = result.report
        new_state = report.kept and report.trained
        first = not champion.trained_ms or champion.code_version != report.code_version
        if report.status == "ok" and (new_state or first):
            self._register.put(
                replace(
                    champion,
                    code_version=report.code_version,
                    data_hash=report.data_hash,
                    rows=report.rows,
                    series=report.series,
                    trained_ms=origin_ms,
                    seconds=report.seconds,
                    rss_mb=report.rss_mb,
                    kept=report.kept,
                )
            )

    def _after_fallbacks(
        self, champion: ModelRecord, result: ForecastResult, now_ms: int
    ) -> tuple[str, str]:
        """Roll back a champion that failed too often in a row; return what to say about it."""
        in_a_row = self._register.night(champion.id, result.report.status == "ok")
        if in_a_row < MAX_FALLBACKS:
            return "", ""
        note = f"{in_a_row} nights in a row without a forecast of its own"
        note_zh = f"连续 {in_a_row} 夜未能给出自己的预测"
        if not self._register.state.earlier:
            return (
                f" {champion.id} has had {note}; there is no earlier champion to return to.",
                f"{champion.id} {note_zh}，且没有可回退的旧模型。",
            )
        self._register.fail(champion.id, now_ms, "fallback", note, note_zh)
        back = self._register.rollback(now_ms, "fallback", note, note_zh)
        return (
            f" {champion.id} has had {note}: rolled back to {back.id} ({back.model}).",
            f"{champion.id} {note_zh}，已回退到 {back.id}（{back.model}）。",
        )

    @property
    def _days(self) -> int:
        """Days of demand that an order has to cover, as far as the forecast reaches."""
        return min(self._params.cover_days, self._settings.horizon_days)

    def _orders(self, demand: LeadDemand, now_ms: int) -> list[OrderView]:
        orders = replenish(self._view(), demand.level, demand.mean, self._params, now_ms)
        wall_ms = self._clock.wall_ms()
        self._store.insert("orders", [order_row(order, wall_ms) for order in orders])
        return orders

    def _score(self, history: pa.Table, origin_ms: int) -> None:
        for row in self._store.read(UNSCORED, [origin_ms]):
            made_ms, model = integer(row["origin_ms"]), str(row["model"])
            rows = self._store.read_table(ONE_FORECAST, [made_ms, model, origin_ms])
            if not len(rows):
                continue
            try:
                result = score(rows, history)
            except (SeamlineError, ValueError) as exc:
                log.warning("score_failed origin_ms=%s model=%s: %s", made_ms, model, exc)
                continue
            if result is not None:
                self._store.insert(
                    "forecast_scores", [_score_row(result, made_ms, model, origin_ms)]
                )


def check_numbers(table: pa.Table) -> None:
    """Check that the planner can reckon with a forecast: it never receives NaN.

    Raises:
        PluginError: if a value is missing, not a number, negative, or beyond `MAX_PIECES`.
    """
    values = np.asarray(table["value"].to_numpy(zero_copy_only=False), dtype=np.float64)
    if not len(values) or not ((values >= 0) & (values <= MAX_PIECES)).all():
        raise PluginError(
            "The forecast holds values that are missing, no numbers, or outside 0 to "
            f"{MAX_PIECES:g}."
        )


def _score_row(result: Score, made_ms: int, model: str, origin_ms: int) -> dict[str, object]:
    return {
        "origin_ts": made_ms,
        "model": model,
        "scored_ts": origin_ms,
        "horizon_days": result.days,
        "series": result.series,
        "pinball": result.pinball,
        "coverage_80": result.coverage_80,
        "bias": result.bias,
    }


def order_row(order: OrderView, wall_ms: int) -> dict[str, object]:
    """Return an order that the platform made as a row of table `orders`."""
    return {
        "order_id": order.order,
        "kind": order.kind,
        "seller": order.seller,
        "style": order.style,
        "colour": order.colour,
        "sizes": dict(order.sizes),
        "pieces": order.pieces,
        "region": order.region,
        "placed_ts": order.placed_ms,
        "due_ts": order.due_ms,
        "weight": order.weight,
        "price_fen": 0,
        "source": "platform",
        "wall_ts": wall_ms,
    }
