-- What arrived: samples of sensors, the batches that brought them, and what was refused.
-- All times are UTC. Nothing here has a primary key: it would cost four to eight times the work per
-- row and ten times the space; exactly once comes from the numbers in `batches`.

-- One sample of one metric of one device.
CREATE TABLE readings (
    source_ts TIMESTAMP,  -- time that the device gave; its own, whatever year that is
    plant_ts  TIMESTAMP,  -- plant time of the run when the sample was taken (numbered) or came (raw)
    wall_ts   TIMESTAMP,  -- wall time of arrival at the platform
    site      VARCHAR,    -- plant, region, or group of devices
    node      VARCHAR,    -- node that sent it; area/line for raw devices
    device    VARCHAR,    -- device behind the node; the cell for raw devices
    metric    VARCHAR,    -- name of the signal
    value     DOUBLE,     -- the value; NULL where the device could not say
    quality   UTINYINT,   -- 0 good, 1 first after a gap, 2 bad
    source    VARCHAR,    -- gateway (numbered, exactly once) | raw (open door, at least once)
    batch_id  BIGINT      -- batch that brought it
);

-- One batch of readings and events of one node. `max(n)` per node and epoch is the watermark.
CREATE TABLE batches (
    batch_id BIGINT,     -- running number given by the platform
    site     VARCHAR,    -- site of the node
    node     VARCHAR,    -- node that sent it
    epoch    VARCHAR,    -- life of the sender's outbox file; 'raw' for unnumbered messages
    n        BIGINT,     -- the sender's number, from 1 without holes; 0 for unnumbered messages
    rows     INTEGER,    -- readings and events stored from it
    wall_ts  TIMESTAMP   -- wall time of arrival
);

-- Numbers that a sender no longer holds: their content is lost for good, and this says so.
CREATE TABLE gaps (
    site    VARCHAR,    -- site of the node
    node    VARCHAR,    -- node that sent them
    epoch   VARCHAR,    -- life of the sender's outbox file
    first_n BIGINT,     -- first number missing
    last_n  BIGINT,     -- last number missing
    wall_ts TIMESTAMP   -- wall time at which it was seen
);

-- Messages, or parts of them, that broke a rule.
CREATE TABLE rejected (
    wall_ts     TIMESTAMP,  -- wall time of arrival
    topic       VARCHAR,    -- topic it came on
    reason      VARCHAR,    -- the rule it broke, in words
    first_bytes VARCHAR,    -- its first 256 bytes, unprintable ones escaped
    size_bytes  INTEGER     -- its size
);
