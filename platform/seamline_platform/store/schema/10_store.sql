-- What the store knows of itself. Every file of this folder is run when a store is made; the comment
-- above a table and the comment behind a column end up in the database (see duckdb_columns()).

-- One row: the identity of this store. Edges are bound to it, so that two stores are never mixed up.
CREATE TABLE store_info (
    store_id       VARCHAR,    -- random, made with the file
    created        TIMESTAMP,  -- wall time at which the file was made
    schema_version INTEGER     -- version of these tables
);

-- One row per transaction of the writer: tells, after a fault, whether a transaction got through.
CREATE TABLE commits (
    commit_id BIGINT,     -- running number
    wall_ts   TIMESTAMP,  -- wall time of the transaction
    row_count INTEGER     -- rows written by it, this one not counted
);

-- One row per Parquet file with readings that were moved out of this database.
CREATE TABLE cold_files (
    path      VARCHAR,    -- file name in the folder cold/ beside the database
    from_ts   TIMESTAMP,  -- oldest plant time in it
    to_ts     TIMESTAMP,  -- plant time before which all of its readings lie
    row_count BIGINT,     -- readings in it
    wall_ts   TIMESTAMP   -- wall time at which they were moved
);
