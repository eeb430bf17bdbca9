"""The queries behind the API, and safe ways to read their rows."""

from typing import Final

DECISIONS: Final = """
SELECT decision_id, epoch_ms(wall_ts) AS wall_ms, epoch_ms(plant_ts) AS plant_ms, trigger, order_id,
       action, region, site, line, epoch_ms(promise_ts) AS promise_ms, reason, reason_zh,
       alternatives, latency_ms
FROM decisions
"""

COMMANDS: Final = """
SELECT c.command_id, c.decision_id, c.node, c.name, c.args, r.status, r.reason,
       epoch_ms(c.issued_wall_ts) AS issued_ms, epoch_ms(c.plant_ts) AS plant_ms,
       epoch_ms(r.wall_ts) AS done_wall_ms, epoch_ms(r.plant_ts) AS done_plant_ms
FROM commands c
LEFT JOIN (
    SELECT command_id, arg_min(status, wall_ts) AS status, arg_min(reason, wall_ts) AS reason,
           min(wall_ts) AS wall_ts, min(plant_ts) AS plant_ts
    FROM command_results GROUP BY command_id
) r USING (command_id)
"""

LAST_PLAN: Final = """
SELECT r.version, r.site || '/' || r.line AS line, r.order_id,
       (SELECT max(version) FROM plan_versions) AS numbers,
       (SELECT epoch_ms(max(plant_ts)) FROM plan_versions) AS as_of_ms
FROM plan_rows r
WHERE r.version = (SELECT arg_max(version, wall_ts) FROM plan_versions WHERE status = 'accepted')
ORDER BY r.site, r.line, r.place
"""

ORDER_EVENTS: Final = """
SELECT epoch_ms(ts) AS ts_ms, state, pieces, to_site, site || '/' || node AS node
FROM order_events
"""

KPIS: Final = """
SELECT epoch_ms(window_start) AS start_ms, epoch_ms(window_end) AS end_ms, site, line, name, value,
       unit
FROM kpis
"""

READINGS: Final = """
SELECT epoch_ms(source_ts) AS ts_ms, value FROM readings
WHERE site = ? AND node = ? AND device = ? AND metric = ?
ORDER BY batch_id DESC, source_ts DESC LIMIT ?
"""

SALES_HISTORY: Final = """
SELECT sku || '@' || site AS unique_id, day_ts::DATE AS ds, qty::DOUBLE AS y,
       stockout_min::DOUBLE AS stockout_min, price_fen::DOUBLE AS price_fen, promo::DOUBLE AS promo
FROM sales_daily
WHERE day_ts >= make_timestamp(? * 1000) AND day_ts < make_timestamp(? * 1000)
ORDER BY ALL
"""

OUTCOMES: Final = """
WITH f AS (
    SELECT unique_id, origin_ts, ds, list(coalesce(raw, value) ORDER BY quantile) AS q
    FROM forecasts
    WHERE origin_ts >= make_timestamp($1 * 1000) AND origin_ts < make_timestamp($2 * 1000)
      AND ds < make_timestamp($2 * 1000) AND model = $3
      AND hash(unique_id) % greatest(1, (
          SELECT count(DISTINCT unique_id) // $4 FROM forecasts
          WHERE origin_ts >= make_timestamp($1 * 1000) AND origin_ts < make_timestamp($2 * 1000)
      )) = 0
    GROUP BY unique_id, origin_ts, ds
), widest AS (SELECT max(len(q)) AS levels FROM f)
SELECT date_diff('day', f.origin_ts, f.ds) + 1 AS ahead, coalesce(s.qty, 0)::DOUBLE AS y, f.q
FROM f CROSS JOIN widest
LEFT JOIN (
    SELECT sku || '@' || site AS unique_id, day_ts, sum(qty) AS qty, max(stockout_min) AS out_min
    FROM sales_daily WHERE day_ts >= make_timestamp($1 * 1000) GROUP BY ALL
) s ON s.unique_id = f.unique_id AND s.day_ts = f.ds
WHERE coalesce(s.out_min, 0) = 0 AND len(f.q) = widest.levels
ORDER BY f.origin_ts, f.ds, f.unique_id
"""

NEWEST_NIGHTS: Final = """
SELECT model_id, status FROM forecast_nights ORDER BY rowid DESC LIMIT ?
"""

FIRST_DAY_SCORES: Final = """
SELECT epoch_ms(origin_ts) AS origin_ms, pinball, bias FROM forecast_scores
WHERE model = ? AND horizon_days = 1 AND origin_ts >= make_timestamp(? * 1000)
QUALIFY row_number() OVER (PARTITION BY origin_ts ORDER BY scored_ts) = 1
ORDER BY origin_ts
"""

SALES_SPAN: Final = """
SELECT count(DISTINCT day_ts) AS days, epoch_ms(max(day_ts)) AS last_ms FROM sales_daily
"""

SERIES_SALES: Final = """
SELECT epoch_ms(day_ts) AS day_ms, sum(qty) AS y, max(stockout_min) AS stockout_min
FROM sales_daily WHERE sku = ? AND site = ? GROUP BY ALL ORDER BY day_ms
"""

SERIES_FANS: Final = """
SELECT epoch_ms(origin_ts) AS origin_ms, model, epoch_ms(ds) AS ds_ms, quantile, value
FROM forecasts
WHERE unique_id = ?
ORDER BY origin_ts DESC, ds, quantile
"""

LAST_ORIGIN: Final = """
SELECT epoch_ms(max(origin_ts)) AS origin_ms, arg_max(model, origin_ts) AS model FROM forecasts
"""

FORECAST_TOTALS: Final = """
WITH f AS (
    SELECT unique_id,
           sum(value) FILTER (abs(quantile - 0.5) < 1e-9) AS q50,
           sum(value) FILTER (abs(quantile - 0.1) < 1e-9) AS q10,
           sum(value) FILTER (abs(quantile - 0.9) < 1e-9) AS q90
    FROM forecasts
    WHERE origin_ts = make_timestamp(? * 1000) AND ds < make_timestamp((? + 7 * 86400000) * 1000)
    GROUP BY unique_id
), s AS (
    SELECT sku || '@' || site AS unique_id, sum(qty) AS sold
    FROM sales_daily
    WHERE day_ts >= make_timestamp((? - 7 * 86400000) * 1000) AND day_ts < make_timestamp(? * 1000)
    GROUP BY ALL
)
SELECT unique_id, coalesce(q50, 0) AS q50, coalesce(q10, 0) AS q10, coalesce(q90, 0) AS q90,
       coalesce(sold, 0) AS sold
FROM f LEFT JOIN s USING (unique_id)
ORDER BY q50 DESC, unique_id
"""

UNSCORED: Final = """
SELECT epoch_ms(f.origin_ts) AS origin_ms, f.model
FROM (SELECT DISTINCT origin_ts, model FROM forecasts) f
LEFT JOIN forecast_scores s ON s.origin_ts = f.origin_ts AND s.model = f.model
GROUP BY f.origin_ts, f.model
HAVING f.origin_ts < make_timestamp($1 * 1000)
   AND (max(s.scored_ts) IS NULL OR max(s.scored_ts) < make_timestamp($1 * 1000))
ORDER BY f.origin_ts DESC LIMIT 2
"""

ONE_FORECAST: Final = """
SELECT unique_id, ds::DATE AS ds, quantile, value FROM forecasts
WHERE origin_ts = make_timestamp(? * 1000) AND model = ? AND ds < make_timestamp(? * 1000)
"""

LAST_SCORE: Final = """
SELECT pinball, coverage_80, bias FROM forecast_scores ORDER BY scored_ts DESC LIMIT 1
"""

MODELS: Final = """
SELECT model_id, model, params, quantiles, recalibrate, code_version, data_hash, rows, series,
       epoch_ms(trained_ts) AS trained_ms, seconds, rss_mb, metrics, kept, cause, source, note,
       note_zh
FROM models
WHERE model_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY model_id ORDER BY rowid DESC) = 1
ORDER BY min(rowid) OVER (PARTITION BY model_id)
"""

MODEL_EVENTS: Final = """
SELECT seq, epoch_ms(plant_ts) AS plant_ms, kind, model_id, cause, note, note_zh
FROM model_events ORDER BY seq
"""

NIGHTS_OF_MODELS: Final = """
SELECT model_id, count(*) FILTER (status = 'ok') AS nights,
       count(*) FILTER (status = 'fallback') AS fallbacks
FROM forecast_nights GROUP BY model_id
"""

REASONS: Final = """
SELECT order_id, arg_max(reason, wall_ts) AS reason, arg_max(reason_zh, wall_ts) AS reason_zh,
       arg_max(site, wall_ts) AS site, arg_max(line, wall_ts) AS line,
       epoch_ms(max(promise_ts)) AS promise_ms, bool_or(action = 'refuse') AS refused
FROM decisions
WHERE order_id <> '' AND action IN ('kit', 'promise', 'redirect', 'refuse')
GROUP BY order_id
"""

PLATFORM_ORDERS: Final = """
SELECT order_id, kind, seller, style, colour, sizes, region, epoch_ms(placed_ts) AS placed_ms,
       epoch_ms(due_ts) AS due_ms, weight, price_fen
FROM orders
"""


def integer(value: object) -> int:
    """Return a whole number of a row, 0 for NULL."""
    return 0 if value is None else int(str(value))


def text(value: object) -> str:
    """Return a text of a row, empty for NULL."""
    return "" if value is None else str(value)
