-- What the demand brain foretold, and how well; key figures; the life of single readings.

-- Forecasts: one row per origin, series, day and quantile.
CREATE TABLE forecasts (
    origin_ts TIMESTAMP,  -- plant time at which the forecast was made
    model     VARCHAR,    -- forecaster
    unique_id VARCHAR,    -- series: SKU@region
    ds        TIMESTAMP,  -- day foretold
    quantile  DOUBLE,     -- 0.1 means: one chance in ten that sales stay below value
    value     DOUBLE,     -- pieces
    raw       DOUBLE      -- pieces before earlier nights corrected them; NULL: not corrected
);

-- Scores of forecasts, once the sales they foretold are known.
CREATE TABLE forecast_scores (
    origin_ts    TIMESTAMP,  -- origin of the forecast
    model        VARCHAR,    -- forecaster
    scored_ts    TIMESTAMP,  -- plant time of scoring
    horizon_days INTEGER,    -- days foretold
    series       INTEGER,    -- series scored
    pinball      DOUBLE,     -- mean quantile loss in pieces; smaller is better
    coverage_80  DOUBLE,     -- share of sales inside the 10 % to 90 % band; 0.8 is right
    bias         DOUBLE      -- mean of forecast median minus sales
);

-- Models that were registered. Facts may come later (metrics): of equal model_id the newest counts.
CREATE TABLE models (
    model      VARCHAR,    -- forecaster
    trained_ts TIMESTAMP,  -- plant time of the origin it was trained for; NULL: not trained here
    data_hash  VARCHAR,    -- hash of the training data
    rows       BIGINT,     -- rows of the training data
    params     VARCHAR,    -- JSON object: arguments of the forecaster's constructor
    seconds    DOUBLE,     -- wall seconds of training and measuring
    status     VARCHAR,    -- ok | failed
    note       VARCHAR,    -- what a person should know
    model_id     VARCHAR,  -- id
    series       BIGINT,   -- series of the training data
    quantiles    VARCHAR,  -- JSON list: levels that it was asked for
    recalibrate  BOOLEAN,  -- whether earlier nights correct its quantiles
    code_version VARCHAR,  -- hash of the forecaster's source
    rss_mb       DOUBLE,   -- peak memory of the worker process
    metrics      VARCHAR,  -- JSON object: rolling-origin pinball, coverage_80, bias; empty: not yet
    kept         BOOLEAN,  -- whether its trained state is kept in the run directory
    cause        VARCHAR,  -- start | settings | schedule | drift | person | import
    source       VARCHAR,  -- run and plant that it comes from
    note_zh      VARCHAR,  -- note in Chinese
    wall_ts      TIMESTAMP -- wall time of the row
);

-- What happened to models: the newest promotion or rollback names the champion.
CREATE TABLE model_events (
    seq      BIGINT,     -- running number
    plant_ts TIMESTAMP,  -- plant time
    kind     VARCHAR,    -- registered | promoted | rolled_back | failed | drift
    model_id VARCHAR,    -- model; of a rollback: the one that is champion again
    cause    VARCHAR,    -- start | settings | schedule | drift | person | import | fallback
    note     VARCHAR,    -- why
    note_zh  VARCHAR,    -- why, in Chinese
    wall_ts  TIMESTAMP   -- wall time
);

-- Nights: one row per forecast that was made for the plant.
CREATE TABLE forecast_nights (
    origin_ts    TIMESTAMP,  -- plant time of the forecast
    model_id     VARCHAR,    -- champion that was asked
    asked        VARCHAR,    -- its forecaster
    model        VARCHAR,    -- forecaster whose quantiles were used
    status       VARCHAR,    -- ok | fallback
    trained      BOOLEAN,    -- whether it was trained in this night; else its kept state was used
    seconds      DOUBLE,     -- wall seconds in the worker process
    cpu_seconds  DOUBLE,     -- processor seconds in the worker process
    rss_mb       DOUBLE,     -- peak memory of the worker process
    series       BIGINT,     -- series foretold
    rows         BIGINT,     -- rows of history
    data_hash    VARCHAR,    -- hash of the history
    residuals    BIGINT,     -- residuals of earlier nights that corrected the quantiles; 0: none did
    aggregation  VARCHAR,    -- demand over the lead time: own sums of the model | moments, gamma
    note         VARCHAR,    -- what a person should know
    note_zh      VARCHAR,    -- note in Chinese
    wall_ts      TIMESTAMP   -- wall time of the row
);

-- Key figures of closed windows.
CREATE TABLE kpis (
    window_start TIMESTAMP,  -- plant time, included
    window_end   TIMESTAMP,  -- plant time, not included
    site         VARCHAR,    -- plant
    line         VARCHAR,    -- line; empty for the plant
    name         VARCHAR,    -- name by ISO 22400 where there is one
    value        DOUBLE,     -- value
    unit         VARCHAR     -- unit
);

-- The life of single readings and orders: when each stage was reached.
CREATE TABLE trace (
    trace_id VARCHAR,    -- what is traced
    stage    VARCHAR,    -- sensed | stored | replanned | commanded | executed | ...
    plant_ts TIMESTAMP,  -- plant time
    wall_ts  TIMESTAMP,  -- wall time
    detail   VARCHAR     -- JSON or words
);
