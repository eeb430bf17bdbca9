-- Plans of the dispatch hub: what was planned and accepted, what was foretold, what came of it.

-- Plans: one row per plan and status that it got, newest last.
CREATE TABLE plan_versions (
    version     BIGINT,     -- number of the plan within the run
    status      VARCHAR,    -- provisional | proposal | accepted | rejected | superseded | undone | refused
    author      VARCHAR,    -- who gave it this status: policy | person | hub
    trigger     VARCHAR,    -- start | breakdown | rush_order | refused | absence | ... | orders | person
    station     VARCHAR,    -- site/line/station concerned; empty if there is none
    order_id    VARCHAR,    -- order concerned; empty if there is none
    reason      VARCHAR,    -- why, in words
    reason_zh   VARCHAR,    -- why, in Chinese
    plant_ts    TIMESTAMP,  -- plant time from which the plan looks ahead
    wall_ts     TIMESTAMP,  -- wall time of the status
    latency_ms  BIGINT,     -- wall milliseconds from hearing of the reason to the status
    cost        BIGINT,     -- cost of the plan
    cost_before BIGINT,     -- cost of what was in force, as things stood
    late        INTEGER,    -- orders that are late by the plan
    orders      INTEGER,    -- orders in the plan
    moved       INTEGER     -- orders on another line than in the accepted plan before
);

-- Rows of accepted plans: one per order, as accepted.
CREATE TABLE plan_rows (
    version  BIGINT,     -- plan
    order_id VARCHAR,    -- order
    site     VARCHAR,    -- plant
    line     VARCHAR,    -- line
    place    INTEGER,    -- place on the line; 0 = first
    start_ts TIMESTAMP,  -- plant time of the set-up, or of sewing if there is none
    end_ts   TIMESTAMP,  -- plant time of the last stitch
    due_ts   TIMESTAMP,  -- last stitch by then = goods in time
    p50_ts   TIMESTAMP,  -- last stitch, median of the simulated runs; NULL: not run
    p90_ts   TIMESTAMP   -- last stitch in nine of ten simulated runs before this; NULL: not run
);

-- What the twin foretold when it compared plans: one row per candidate.
CREATE TABLE plan_predictions (
    version   BIGINT,     -- plan that was chosen
    plant_ts  TIMESTAMP,  -- plant time of the comparison
    trigger   VARCHAR,    -- what it answered
    candidate VARCHAR,    -- plan that was run forward: provisional | improved | ...
    chosen    BOOLEAN,    -- whether it was chosen
    runs      INTEGER,    -- runs, under the same luck for all candidates
    cost      BIGINT,     -- cost by the plan itself, without chance
    mean      DOUBLE,     -- mean cost of the runs
    p50       DOUBLE,     -- median cost
    p90       DOUBLE,     -- cost that nine of ten runs stay below
    late_p50  DOUBLE,     -- late orders, median
    better_by DOUBLE,     -- mean paired difference to the chosen plan
    low       DOUBLE,     -- lower end of its 95 % interval
    high      DOUBLE      -- upper end of its 95 % interval
);

-- Planned against actual finish: one row per order that was sewn while a plan was followed.
CREATE TABLE plan_actuals (
    order_id         VARCHAR,    -- order
    site             VARCHAR,    -- plant
    line             VARCHAR,    -- line that sewed it
    style            VARCHAR,    -- style
    version          BIGINT,     -- plan in force when sewing began
    planned_start_ts TIMESTAMP,  -- first stitch as planned
    actual_start_ts  TIMESTAMP,  -- first stitch as it was
    planned_end_ts   TIMESTAMP,  -- last stitch as planned when sewing began
    actual_end_ts    TIMESTAMP,  -- last stitch as it was
    error_min        DOUBLE,     -- minutes later than planned; negative: earlier
    p50_ts           TIMESTAMP,  -- foretold median of the last stitch; NULL: not foretold
    p90_ts           TIMESTAMP,  -- last stitch in nine of ten runs before this; NULL: not foretold
    efficiency       DOUBLE      -- line efficiency that plans use from then on
);
