"""What the API answers about forecasts: the list of series, one series with its fans."""

from collections.abc import Iterable, Mapping

from seamline_platform.api import live_models, rest_models
from seamline_platform.api.problems import RequestError
from seamline_platform.app.sql import (
    FORECAST_TOTALS,
    LAST_ORIGIN,
    LAST_SCORE,
    SERIES_FANS,
    SERIES_SALES,
    integer,
    text,
)
from seamline_platform.store.store import Store

Row = Mapping[str, object]
EARLIER_FANS = 6
TOP_SERIES = 40


def forecast_list(store: Store) -> rest_models.ForecastList:
    """Return all series of the newest forecast, biggest first."""
    origin_ms, model = newest(store)
    return rest_models.ForecastList(
        origin_ms=origin_ms, model=model, series=_series(store, origin_ms) if origin_ms else []
    )


def newest(store: Store) -> tuple[int, str]:
    """Return origin and model of the newest forecast, (0, "") if there is none."""
    row = store.read(LAST_ORIGIN)[0]
    return integer(row["origin_ms"]), text(row["model"])


def _series(store: Store, origin_ms: int) -> list[rest_models.ForecastSeries]:
    rows = store.read(FORECAST_TOTALS, [origin_ms] * 4)
    return [
        rest_models.ForecastSeries(
            unique_id=text(row["unique_id"]),
            q50_7d=round(_number(row["q50"]), 2),
            q10_7d=round(_number(row["q10"]), 2),
            q90_7d=round(_number(row["q90"]), 2),
            sold_7d=_number(row["sold"]),
        )
        for row in rows
    ]


def forecast_detail(store: Store, unique_id: str) -> rest_models.ForecastDetail:
    """Return actuals, the newest fan and some earlier ones of one series.

    Raises:
        RequestError: 404 if nothing was ever forecast or sold under this name.
    """
    sku, _, region = unique_id.partition("@")
    sales = store.read(SERIES_SALES, [sku, region])
    fans = _fans(store.read(SERIES_FANS, [unique_id]))
    if not sales and not fans:
        raise RequestError(404, f"Series {unique_id[:80]!r}", "SKU@region, as in /api/forecast")
    return rest_models.ForecastDetail(
        unique_id=unique_id,
        actuals=[
            rest_models.ActualDay(
                ds_ms=integer(row["day_ms"]),
                y=_number(row["y"]),
                stockout_min=integer(row["stockout_min"]),
            )
            for row in sales
        ],
        fan=fans[0] if fans else rest_models.Fan(origin_ms=0, model="", days=[]),
        earlier=fans[1 : 1 + EARLIER_FANS],
    )


def _fans(rows: Iterable[Row]) -> list[rest_models.Fan]:
    days: dict[tuple[int, str], dict[int, dict[str, float]]] = {}
    for row in rows:
        key = (integer(row["origin_ms"]), text(row["model"]))
        day = days.setdefault(key, {}).setdefault(integer(row["ds_ms"]), {})
        day[f"{_number(row['quantile']):g}"] = round(_number(row["value"]), 3)
    return [
        rest_models.Fan(
            origin_ms=origin_ms,
            model=model,
            days=[rest_models.FanDay(ds_ms=ds, quantiles=q) for ds, q in sorted(fan.items())],
        )
        for (origin_ms, model), fan in days.items()
    ]


def summary(store: Store, seconds: float, note: str, note_zh: str) -> live_models.ForecastSummary:
    """Return the payload of topic `forecast`: the newest forecast and the newest score."""
    origin_ms, model = newest(store)
    series = _series(store, origin_ms) if origin_ms else []
    scores = store.read(LAST_SCORE)
    score = scores[0] if scores else {}
    return live_models.ForecastSummary(
        origin_ms=origin_ms,
        model=model,
        seconds=round(seconds, 2),
        series_count=len(series),
        note=note,
        note_zh=note_zh,
        pinball=_optional(score.get("pinball")),
        coverage_80=_optional(score.get("coverage_80")),
        bias=_optional(score.get("bias")),
        top=[
            live_models.ForecastTop(unique_id=s.unique_id, q50_7d=s.q50_7d, sold_7d=s.sold_7d)
            for s in series[:TOP_SERIES]
        ],
    )


def _number(value: object) -> float:
    return 0.0 if value is None else float(str(value))


def _optional(value: object) -> float | None:
    return None if value is None else float(str(value))
