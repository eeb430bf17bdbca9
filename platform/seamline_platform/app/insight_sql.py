"""The queries behind insight: what was foretold, what was sold, in whole tables."""

from typing import Final

CLOSED_DAY: Final = """
SELECT epoch_ms(max(day_ts)) AS day_ms FROM sales_daily
"""

NIGHTS: Final = """
SELECT epoch_ms(origin_ts) AS origin_ms, model
FROM (SELECT DISTINCT origin_ts, model FROM forecasts)
ORDER BY origin_ts DESC, model LIMIT ?
"""

NIGHT_FORECAST: Final = """
SELECT unique_id, ds::DATE AS ds, quantile, value FROM forecasts
WHERE origin_ts = make_timestamp(? * 1000) AND model = ?
"""

MODEL_PARAMS: Final = """
SELECT m.params FROM forecast_nights n JOIN models m USING (model_id)
WHERE n.origin_ts = make_timestamp(? * 1000) AND n.model = ? AND n.status = 'ok'
ORDER BY n.rowid DESC, m.rowid DESC LIMIT 1
"""

FORETOLD: Final = """
SELECT epoch_ms(min(ds)) AS first_ms, count(DISTINCT ds) AS days,
       sum(value) FILTER (ds < make_timestamp((? + 7 * 86400000) * 1000)) AS pieces_7d
FROM forecasts
WHERE origin_ts = make_timestamp(? * 1000) AND model = ? AND unique_id = ?
  AND abs(quantile - 0.5) < 1e-9
"""
