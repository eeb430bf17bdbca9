-- The KPIs of every window of every node, from the tables of a run: the formulas of formulas.py.
-- Parameter $window_ms: length of a window in plant milliseconds (900000 = 15 minutes).
-- The streams give the same numbers for every window that they have closed.
WITH
-- What stations did, and what left the line.
work AS (
    SELECT site, node, epoch_ms(ts) // $window_ms AS w,
        sum(sewing_ms) AS apt_ms,
        sum(smv_ms) AS standard_ms,
        count(*) FILTER (last) AS good,
        count(*) FILTER (outcome = 'scrap') AS scrapped
    FROM pieces GROUP BY ALL
),
-- Standard time of one garment of an order: every operation of it once.
garment AS (
    SELECT site, node, order_id, sum(smv_ms) AS smv_ms
    FROM (SELECT DISTINCT site, node, order_id, op, smv_ms FROM pieces) GROUP BY ALL
),
earned AS (
    SELECT p.site, p.node, epoch_ms(p.ts) // $window_ms AS w, sum(g.smv_ms) AS earned_ms
    FROM pieces p JOIN garment g USING (site, node, order_id)
    WHERE p.last GROUP BY ALL
),
-- Time present: from each begin to the next event of the shift, cut at the ends of windows.
spans AS (
    SELECT site, node, phase, operators, stations, epoch_ms(ts) AS from_ms,
        lead(epoch_ms(ts)) OVER (PARTITION BY site, node ORDER BY seq) AS until_ms
    FROM shift_events WHERE phase NOT IN ('joined', 'left')
),
cut AS (
    SELECT site, node, operators, stations, w,
        least(until_ms, (w + 1) * $window_ms) - greatest(from_ms, w * $window_ms) AS open_ms
    FROM (
        SELECT *, unnest(range(from_ms // $window_ms, (until_ms - 1) // $window_ms + 1)) AS w
        FROM spans WHERE phase IN ('start', 'break_end') AND until_ms > from_ms
    )
),
present AS (
    SELECT site, node, w,
        sum(open_ms) AS open_ms,
        sum(open_ms * stations) AS pbt_ms,
        sum(open_ms * operators) AS labour_ms
    FROM cut GROUP BY ALL
),
-- Garments on the line at the end of a window: seen at a station, not gone before it.
garment_life AS (
    SELECT site, node, order_id, piece,
        min(epoch_ms(ts)) // $window_ms AS first_w,
        min(epoch_ms(ts)) FILTER (last OR outcome = 'scrap') // $window_ms AS last_w
    FROM pieces GROUP BY ALL
),
wip_steps AS (
    SELECT site, node, first_w AS w, 1 AS step FROM garment_life
    UNION ALL
    SELECT site, node, last_w, -1 FROM garment_life WHERE last_w IS NOT NULL
),
wip AS (
    SELECT p.site, p.node, p.w, coalesce(sum(s.step), 0) AS wip
    FROM present p LEFT JOIN wip_steps s
        ON s.site = p.site AND s.node = p.node AND s.w <= p.w
    GROUP BY ALL
),
-- Electricity: the meter at the end of a window less the meter at the end of the one before.
meter AS (
    SELECT site, node, epoch_ms(source_ts) // $window_ms AS w, max(value) AS kwh
    FROM readings WHERE metric = 'energy_kwh' AND source <> 'raw' GROUP BY ALL
),
energy AS (
    SELECT site, node, w, kwh - lag(kwh) OVER (PARTITION BY site, node ORDER BY w) AS energy_kwh
    FROM meter WHERE kwh IS NOT NULL
),
-- Deliveries, at the node that reported them.
placed AS (
    SELECT order_id, min(epoch_ms(placed_ts)) AS placed_ms FROM orders GROUP BY ALL
),
deliveries AS (
    SELECT e.site, e.node, epoch_ms(e.ts) // $window_ms AS w,
        count(*) AS delivered,
        count(*) FILTER (e.ts <= e.due_ts) AS on_time,
        count(p.placed_ms) AS timed,
        sum(epoch_ms(e.ts) - p.placed_ms) AS lead_ms
    FROM order_events e LEFT JOIN placed p USING (order_id)
    WHERE e.state = 'delivered' GROUP BY ALL
),
sums AS (
    SELECT *
    FROM work
    FULL JOIN earned USING (site, node, w)
    FULL JOIN present USING (site, node, w)
    FULL JOIN wip USING (site, node, w)
    FULL JOIN energy USING (site, node, w)
    FULL JOIN deliveries USING (site, node, w)
),
ratios AS (
    SELECT *,
        CASE WHEN pbt_ms > 0 THEN coalesce(apt_ms, 0) / pbt_ms END AS availability,
        CASE WHEN apt_ms > 0 THEN standard_ms / apt_ms END AS performance,
        CASE WHEN good + scrapped > 0 THEN good / (good + scrapped) END AS quality_ratio
    FROM sums
),
kpis_wide AS (
    SELECT site, node, w,
        availability * performance * quality_ratio AS oee,
        availability,
        performance,
        quality_ratio,
        CASE WHEN labour_ms > 0 THEN coalesce(earned_ms, 0) / labour_ms END AS line_efficiency,
        CASE WHEN open_ms > 0 THEN coalesce(good, 0) * 3600000 / open_ms END AS throughput_per_h,
        CASE WHEN open_ms > 0 THEN wip::DOUBLE END AS wip,
        CASE WHEN timed > 0 THEN (lead_ms / 3600000) / timed END AS lead_time_h,
        CASE WHEN delivered > 0 THEN on_time / delivered END AS on_time_delivery,
        CASE WHEN good > 0 AND energy_kwh >= 0 THEN energy_kwh / good END AS energy_per_piece_kwh
    FROM ratios
)
SELECT
    make_timestamp(w * $window_ms * 1000) AS window_start,
    make_timestamp((w + 1) * $window_ms * 1000) AS window_end,
    site, node AS line, name, value
FROM (UNPIVOT kpis_wide ON COLUMNS(* EXCLUDE (site, node, w)) INTO NAME name VALUE value)
WHERE value IS NOT NULL
ORDER BY window_start, site, line, name
