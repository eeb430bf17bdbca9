-- What the demand brain foretold, and how well; key figures; the life of single readings.

-- Forecasts: one row per origin, series, day and quantile.
CREATE TABLE forecasts (
    origin_ts TIMESTAMP,  -- plant time at which the forecast was made
    model     VARCHAR,    -- forecaster
    unique_id VARCHAR,    -- series: SKU@region
    ds        TIMESTAMP,  -- day foretold
    quantile  DOUBLE,     -- 0.1 means: one chance in ten that sales stay below value
    value     DOUBLE      -- pieces
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

-- Models that were trained.
CREATE TABLE models (
    model      VARCHAR,    -- forecaster
    trained_ts TIMESTAMP,  -- plant time
    data_hash  VARCHAR,    -- hash of the training data
    rows       BIGINT,     -- rows of the training data
    params     VARCHAR,    -- JSON object
    seconds    DOUBLE,     -- wall seconds of training
    status     VARCHAR,    -- ok | fallback | failed
    note       VARCHAR     -- what a person should know
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
