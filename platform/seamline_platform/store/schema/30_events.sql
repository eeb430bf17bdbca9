-- What happened, one table per kind of event (see docs/messages.md). `seq` is the field's running
-- number, `ts` the plant time of the event, `batch_id` the batch that brought it.

-- A station finished one operation on one garment.
CREATE TABLE pieces (
    seq        BIGINT,     -- running number of the event
    ts         TIMESTAMP,  -- plant time at which the operation ended
    site       VARCHAR,    -- plant
    node       VARCHAR,    -- line
    station    VARCHAR,    -- station within the line
    order_id   VARCHAR,    -- order
    piece      BIGINT,     -- garment within its order, from 0
    op         VARCHAR,    -- operation code of the bulletin; qc and pack are operations too
    sewing_ms  BIGINT,     -- time the station worked on it
    smv_ms     BIGINT,     -- standard time of the operation
    outcome    VARCHAR,    -- ok | rework | scrap
    last       BOOLEAN,    -- true if the garment left the line complete and good
    size       VARCHAR,    -- size of the garment
    first_pass BOOLEAN,    -- false once the garment was ever sent back
    in_ts      TIMESTAMP,  -- plant time at which the garment entered the line
    batch_id   BIGINT      -- batch that brought the event
);

-- A station broke down, came back, or began or ended a set-up.
CREATE TABLE station_events (
    seq         BIGINT,     -- running number of the event
    ts          TIMESTAMP,  -- plant time
    site        VARCHAR,    -- plant
    node        VARCHAR,    -- line
    station     VARCHAR,    -- station within the line
    state       VARCHAR,    -- down | up | setup | ready
    cause       VARCHAR,    -- breakdown, thread, needle, injected, style_change, repaired, ...
    expected_ms BIGINT,     -- expected length; 0 if unknown
    batch_id    BIGINT      -- batch that brought the event
);

-- A shift or a break began or ended on a line.
CREATE TABLE shift_events (
    seq       BIGINT,     -- running number of the event
    ts        TIMESTAMP,  -- plant time
    site      VARCHAR,    -- plant
    node      VARCHAR,    -- line
    phase     VARCHAR,    -- start | end | break_start | break_end | joined | left
    operators BIGINT,     -- operators present
    stations  BIGINT,     -- stations of the line
    batch_id  BIGINT      -- batch that brought the event
);

-- The physical progress of an order.
CREATE TABLE order_events (
    seq        BIGINT,     -- running number of the event
    ts         TIMESTAMP,  -- plant time
    site       VARCHAR,    -- site of the node that saw it: region of the warehouse, or plant
    node       VARCHAR,    -- warehouse or line
    order_id   VARCHAR,    -- order
    state      VARCHAR,    -- cutting | in_transit | queued | sewing | sewn | packed | delivered | refused
    order_kind VARCHAR,    -- seller | replenishment
    style      VARCHAR,    -- style
    colour     VARCHAR,    -- colour
    sizes      VARCHAR,    -- JSON object size -> pieces
    pieces     BIGINT,     -- pieces concerned by this event
    region     VARCHAR,    -- region that the goods are for
    to_site    VARCHAR,    -- plant that sews; empty while none is chosen
    line       VARCHAR,    -- line that sews; empty while none is chosen
    due_ts     TIMESTAMP,  -- due date
    scrapped   BIGINT,     -- pieces written off so far
    batch_id   BIGINT      -- batch that brought the event
);

-- Quality control found a defect.
CREATE TABLE qc_events (
    seq       BIGINT,     -- running number of the event
    ts        TIMESTAMP,  -- plant time
    site      VARCHAR,    -- plant
    node      VARCHAR,    -- line
    station   VARCHAR,    -- inspecting station
    order_id  VARCHAR,    -- order
    piece     BIGINT,     -- garment
    defect    VARCHAR,    -- defect code
    origin_op VARCHAR,    -- operation that made it
    action    VARCHAR,    -- rework | scrap
    batch_id  BIGINT      -- batch that brought the event
);

-- A call for help at a station.
CREATE TABLE andon_events (
    seq      BIGINT,     -- running number of the event
    ts       TIMESTAMP,  -- plant time
    site     VARCHAR,    -- plant
    node     VARCHAR,    -- line
    station  VARCHAR,    -- station within the line
    call     VARCHAR,    -- mechanic | material | quality
    phase    VARCHAR,    -- open | answered | closed
    batch_id BIGINT      -- batch that brought the event
);

-- Consumers bought from a region's stock during the hour that ends at ts.
CREATE TABLE sales (
    seq       BIGINT,     -- running number of the event
    ts        TIMESTAMP,  -- plant time
    site      VARCHAR,    -- region
    node      VARCHAR,    -- warehouse
    sku       VARCHAR,    -- style-colour-size
    channel   VARCHAR,    -- shelf | live | shop
    qty       BIGINT,     -- pieces sold
    price_fen BIGINT,     -- price of one piece in fen
    batch_id  BIGINT      -- batch that brought the event
);

-- One closed day of one SKU in one region: the rows that forecasters learn from.
CREATE TABLE sales_daily (
    seq          BIGINT,     -- running number of the event
    ts           TIMESTAMP,  -- plant time at which the day was closed
    site         VARCHAR,    -- region
    node         VARCHAR,    -- warehouse
    sku          VARCHAR,    -- style-colour-size
    qty          BIGINT,     -- pieces sold that day (censored by stock-outs)
    stockout_min BIGINT,     -- minutes of the day without stock
    price_fen    BIGINT,     -- price of the day
    promo        BOOLEAN,    -- true if a promotion was announced for that day
    day_ts       TIMESTAMP,  -- start of the day
    batch_id     BIGINT      -- batch that brought the event
);

-- Stock on hand of one SKU changed state, was delivered, or was counted.
CREATE TABLE stock_events (
    seq      BIGINT,     -- running number of the event
    ts       TIMESTAMP,  -- plant time
    site     VARCHAR,    -- region
    node     VARCHAR,    -- warehouse
    sku      VARCHAR,    -- style-colour-size
    on_hand  BIGINT,     -- pieces after the event
    reason   VARCHAR,    -- opening | delivery | count | out | back | return | transfer
    batch_id BIGINT      -- batch that brought the event
);

-- What consumers sent back of one SKU on one closed day.
CREATE TABLE returns_daily (
    seq        BIGINT,     -- running number of the event
    ts         TIMESTAMP,  -- plant time at which the day was closed
    site       VARCHAR,    -- region
    node       VARCHAR,    -- warehouse
    sku        VARCHAR,    -- style-colour-size
    qty        BIGINT,     -- pieces that came back
    resaleable BIGINT,     -- of these, pieces that went back into stock
    refund_fen BIGINT,     -- money given back
    day_ts     TIMESTAMP,  -- start of the day
    batch_id   BIGINT      -- batch that brought the event
);

-- What a region's shop knows besides sales: favourites and deposits, cloth cost, coupons.
CREATE TABLE signals (
    seq      BIGINT,     -- running number of the event
    ts       TIMESTAMP,  -- plant time
    site     VARCHAR,    -- region
    node     VARCHAR,    -- warehouse
    style    VARCHAR,    -- style
    what     VARCHAR,    -- favourites | deposits | cost | coupon
    value    BIGINT,     -- number of favourites or deposits; index in permille; 1 for a coupon
    day_ts   TIMESTAMP,  -- start of the day
    batch_id BIGINT      -- batch that brought the event
);

-- Cloth of one fabric and colour changed.
CREATE TABLE cloth_events (
    seq         BIGINT,     -- running number of the event
    ts          TIMESTAMP,  -- plant time
    site        VARCHAR,    -- region
    node        VARCHAR,    -- warehouse
    fabric      VARCHAR,    -- fabric
    colour      VARCHAR,    -- colour
    on_hand_cm  BIGINT,     -- centimetres on hand after the event
    reserved_cm BIGINT,     -- centimetres reserved after the event
    reason      VARCHAR,    -- opening | reserved | cut | received | sent | dyeing | dyed
    batch_id    BIGINT      -- batch that brought the event
);

-- A lay of cloth was spread on a cutting table; its lengths sum to what left the rolls.
CREATE TABLE lays (
    seq        BIGINT,     -- running number of the event
    ts         TIMESTAMP,  -- plant time
    site       VARCHAR,    -- region
    node       VARCHAR,    -- warehouse
    lay        BIGINT,     -- running number of the lay in its warehouse
    orders     VARCHAR,    -- JSON list of the orders cut in it; empty for pieces cut ahead
    fabric     VARCHAR,    -- fabric
    colour     VARCHAR,    -- colour
    pieces     BIGINT,     -- garments cut
    sections   BIGINT,     -- sections, each with a marker of its own
    plies      BIGINT,     -- plies of all sections
    net_cm     BIGINT,     -- cloth in the garments
    marker_cm  BIGINT,     -- waste between the pieces of the markers
    end_cm     BIGINT,     -- waste at the ends of the plies
    splice_cm  BIGINT,     -- waste where a roll ended within the lay
    remnant_cm BIGINT,     -- waste of a roll end too short to spread
    cutting_ms BIGINT,     -- time the table is taken
    batch_id   BIGINT      -- batch that brought the event
);

-- Somebody changed the run itself.
CREATE TABLE control_events (
    seq      BIGINT,     -- running number of the event
    ts       TIMESTAMP,  -- plant time
    site     VARCHAR,    -- field
    node     VARCHAR,    -- field
    action   VARCHAR,    -- pause | resume | speed | next_morning | break_machine | burst | ...
    target   VARCHAR,    -- what it acted on; empty for the whole field
    detail   VARCHAR,    -- JSON object with the arguments
    batch_id BIGINT      -- batch that brought the event
);
