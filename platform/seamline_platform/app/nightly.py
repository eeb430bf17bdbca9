"""The plant night: score what was foretold, forecast again, order what stock will not cover."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from seamline_broker.clock import Clock
from seamline_broker.contracts.commands import Command
from seamline_broker.contracts.view import OrderView, View
from seamline_broker.errors import SeamlineError
from seamline_platform.app.sql import ONE_FORECAST, SALES_HISTORY, SALES_SPAN, UNSCORED, integer
from seamline_platform.demand.frame import long_frame
from seamline_platform.demand.leadtime import lead_time_demand
from seamline_platform.demand.scoring import Score, score
from seamline_platform.demand.worker import ForecastRequest, ForecastResult, run_worker
from seamline_platform.planning.replenish import ReplenishParams, replenish, reserve_cloth
from seamline_platform.store.store import Store

log = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000
HISTORY_DAYS: Final = 120
MIN_HISTORY_DAYS: Final = 28
"""With fewer closed days there is nothing to learn from yet."""


@dataclass(frozen=True, slots=True)
class BrainSettings:
    """Which model, how far, how long it may take."""

    model: str = "hist_gradient_boosting"
    horizon_days: int = 14
    timeout_s: float = 60.0


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
        params: ReplenishParams | None = None,
    ) -> None:
        self._store = store
        self._view = view
        self._settings = settings
        self._clock = clock
        self._params = params or ReplenishParams()

    def is_due(self, now_ms: int, last_origin_ms: int) -> bool:
        """Return True if yesterday is closed and no forecast starts from today yet."""
        today_ms = now_ms // DAY_MS * DAY_MS
        if last_origin_ms >= today_ms:
            return False
        span = self._store.read(SALES_SPAN)[0]
        yesterday_closed = integer(span["last_ms"]) >= today_ms - DAY_MS
        return yesterday_closed and integer(span["days"]) >= MIN_HISTORY_DAYS

    async def night(self, now_ms: int) -> Night:
        """Score, forecast, order.

        Raises:
            SeamlineError: if even the fall-back model gives no forecast.
        """
        origin_ms = now_ms // DAY_MS * DAY_MS
        history = await asyncio.to_thread(self._history, origin_ms)
        await asyncio.to_thread(self._score, history, origin_ms)
        request = ForecastRequest(
            self._settings.model, history, horizon=self._settings.horizon_days
        )
        result = await run_worker(request, self._settings.timeout_s)
        # Orders first: a night counts as done once its forecast is stored, and whoever is ended in
        # between makes the night again; orders that are known then are not made twice.
        orders = self._orders(result, now_ms)
        self._keep(result, origin_ms)
        report = result.report
        note = report.note or (
            f"{report.series} series by {report.model} in {report.seconds:.1f} s; "
            f"{len(orders)} replenishment orders"
        )
        note_zh = report.note_zh or (
            f"{report.model} 在 {report.seconds:.1f} 秒内预测 {report.series} 条序列；"
            f"生成 {len(orders)} 张补货单"
        )
        return Night(
            origin_ms=origin_ms,
            seconds=report.seconds,
            note=note,
            note_zh=note_zh,
            series=report.series,
            orders=tuple(orders),
            reservations=tuple(reserve_cloth(orders, self._view().catalogue)),
        )

    def _history(self, origin_ms: int) -> pa.Table:
        rows = self._store.read(SALES_HISTORY, [origin_ms - HISTORY_DAYS * DAY_MS, origin_ms])
        return long_frame(rows)

    def _keep(self, result: ForecastResult, origin_ms: int) -> None:
        table, report = result.table, result.report
        rows = len(table)
        columns = {
            "origin_ts": pa.repeat(pa.scalar(origin_ms, pa.timestamp("ms")), rows),
            "model": pa.repeat(report.model, rows),
            "unique_id": table["unique_id"],
            "ds": pc.cast(table["ds"], pa.timestamp("ms")),
            "quantile": table["quantile"],
            "value": table["value"],
        }
        self._store.insert("forecasts", pa.table(columns))
        self._store.insert(
            "models",
            [
                {
                    "model": report.model,
                    "trained_ts": origin_ms,
                    "data_hash": report.data_hash,
                    "rows": report.rows,
                    "params": json.dumps({"asked": report.asked, "rss_mb": report.rss_mb}),
                    "seconds": report.seconds,
                    "status": report.status,
                    "note": report.note,
                }
            ],
        )

    def _orders(self, result: ForecastResult, now_ms: int) -> list[OrderView]:
        days = min(self._params.cover_days, self._settings.horizon_days)
        demand = lead_time_demand(result.table, days, result.report.correlation)
        orders = replenish(
            self._view(),
            demand.quantile(self._params.service),
            demand.expected(),
            self._params,
            now_ms,
        )
        wall_ms = self._clock.wall_ms()
        self._store.insert("orders", [order_row(order, wall_ms) for order in orders])
        return orders

    def _score(self, history: pa.Table, origin_ms: int) -> None:
        for row in self._store.read(UNSCORED, [origin_ms]):
            made_ms, model = integer(row["origin_ms"]), str(row["model"])
            rows = self._store.read(ONE_FORECAST, [made_ms, model, origin_ms])
            if not rows:
                continue
            try:
                result = score(_forecast(rows), history)
            except (SeamlineError, ValueError) as exc:
                log.warning("score_failed origin_ms=%s model=%s: %s", made_ms, model, exc)
                continue
            if result is not None:
                self._store.insert(
                    "forecast_scores", [_score_row(result, made_ms, model, origin_ms)]
                )


def _forecast(rows: Sequence[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows))


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
