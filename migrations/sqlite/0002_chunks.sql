-- The ladder's rungs as compressed chunks. For each rung, its chunks and the rows of rollup_partial are everything.

-- Many buckets of one rung, of all series. Added and dropped, never updated.
CREATE TABLE rollup_chunk (
    tenant_id    TEXT    NOT NULL,
    id           INTEGER NOT NULL, -- rising within the tenant
    rung         INTEGER NOT NULL, -- domain::rollup::Rung
    span         INTEGER NOT NULL, -- start of the stretch of time that it lies in
    from_time    INTEGER NOT NULL, -- start of its first bucket
    to_time      INTEGER NOT NULL, -- end of its last bucket
    bucket_count INTEGER NOT NULL, -- over all series
    byte_count   INTEGER NOT NULL, -- of the three parts
    figures      BLOB    NOT NULL, -- the three parts of store::codec::encode_chunks
    latency      BLOB    NOT NULL,
    ttft         BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX rollup_chunk_by_time ON rollup_chunk (tenant_id, rung, from_time, to_time);

-- How far each tenant's flushes are in chunks, and the last id that a chunk was given.
CREATE TABLE rollup_head (
    tenant_id  TEXT    NOT NULL PRIMARY KEY,
    compacted  INTEGER NOT NULL,
    last_chunk INTEGER NOT NULL
);
