-- One file per gateway. A row of `meta` per node; a number's bytes in `batch` never change.
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (
    node          TEXT PRIMARY KEY,
    epoch         TEXT NOT NULL,
    store         TEXT NOT NULL DEFAULT '',
    last          INTEGER NOT NULL DEFAULT 0,  -- highest number given
    upto          INTEGER NOT NULL DEFAULT 0,  -- committed by the platform
    safe          INTEGER NOT NULL DEFAULT 0,  -- checkpointed by the platform: deleted here
    fence         INTEGER,                     -- highest number when the file was opened; NULL once the platform answered
    rows_accepted INTEGER NOT NULL DEFAULT 0,  -- rows ever accepted for this node
    rows_epoch    INTEGER NOT NULL DEFAULT 0   -- rows numbered under the present epoch
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (
    node TEXT NOT NULL,
    n    INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    body BLOB NOT NULL,
    UNIQUE (node, n)
) STRICT;
CREATE TABLE IF NOT EXISTS command (
    node     TEXT NOT NULL,
    id       TEXT NOT NULL,
    counter  INTEGER NOT NULL,
    message  BLOB NOT NULL,
    result   BLOB,                             -- NULL: begun, result not known yet
    wall_ms  INTEGER NOT NULL,
    PRIMARY KEY (node, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS command_counter ON command (node, counter);
