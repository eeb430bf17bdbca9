-- What was ordered, what was decided about it, and what was commanded.

-- Orders of sellers and replenishment orders of the demand brain.
CREATE TABLE orders (
    order_id  VARCHAR,    -- id given by whoever ordered; the same id again changes nothing
    kind      VARCHAR,    -- seller | replenishment
    seller    VARCHAR,    -- seller; empty for replenishment
    style     VARCHAR,    -- style
    colour    VARCHAR,    -- colour
    sizes     VARCHAR,    -- JSON object size -> pieces
    pieces    BIGINT,     -- sum of sizes
    region    VARCHAR,    -- region to deliver to
    placed_ts TIMESTAMP,  -- plant time at which it was placed
    due_ts    TIMESTAMP,  -- plant time at which it is wanted
    weight    INTEGER,    -- priority, 1 ordinary to 10 rush
    price_fen BIGINT,     -- price of one piece in fen
    source    VARCHAR,    -- mqtt | platform
    wall_ts   TIMESTAMP   -- wall time of arrival
);

-- Every decision about an order or a line, with its reason in words.
CREATE TABLE decisions (
    decision_id  VARCHAR,    -- id
    wall_ts      TIMESTAMP,  -- wall time
    plant_ts     TIMESTAMP,  -- plant time
    trigger      VARCHAR,    -- what made it necessary: order, breakdown, rush, forecast, ...
    order_id     VARCHAR,    -- order that it is about; empty if none
    action       VARCHAR,    -- name of the command decided on
    region       VARCHAR,    -- region
    site         VARCHAR,    -- plant
    line         VARCHAR,    -- line
    promise_ts   TIMESTAMP,  -- promised delivery, plant time
    reason       VARCHAR,    -- why, in English
    reason_zh    VARCHAR,    -- why, in Chinese
    alternatives VARCHAR,    -- JSON: what else was weighed
    latency_ms   DOUBLE      -- wall milliseconds from trigger to decision
);

-- Commands sent to nodes.
CREATE TABLE commands (
    command_id      VARCHAR,    -- id
    decision_id     VARCHAR,    -- decision that it carries out
    node            VARCHAR,    -- site/node
    name            VARCHAR,    -- name of the command
    args            VARCHAR,    -- JSON object
    counter         BIGINT,     -- number that only grows, per node
    issued_wall_ts  TIMESTAMP,  -- wall time of sending
    plant_ts        TIMESTAMP,  -- plant time of sending
    expires_wall_ts TIMESTAMP   -- wall time after which it is not executed any more
);

-- What became of commands. A node tells results again after a reconnect: count distinct command_id.
CREATE TABLE command_results (
    command_id VARCHAR,    -- id of the command
    status     VARCHAR,    -- done | seen | refused | expired | failed
    reason     VARCHAR,    -- why not, in words
    plant_ts   TIMESTAMP,  -- plant time of execution
    wall_ts    TIMESTAMP   -- wall time of execution
);
