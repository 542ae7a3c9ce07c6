-- The ladder's rungs as compressed chunks. For each rung, its chunks and the rows of rollup_partial are everything.

-- Many buckets of one rung, of all series. Added and dropped, never updated.
CREATE TABLE rollup_chunk (
    tenant_id    TEXT   NOT NULL,
    id           BIGINT NOT NULL, -- rising within the tenant
    rung         BIGINT NOT NULL, -- domain::rollup::Rung
    span         BIGINT NOT NULL, -- start of the stretch of time that it lies in
    from_time    BIGINT NOT NULL, -- start of its first bucket
    to_time      BIGINT NOT NULL, -- end of its last bucket
    bucket_count BIGINT NOT NULL, -- over all series
    byte_count   BIGINT NOT NULL, -- of the three parts
    figures      BYTEA  NOT NULL, -- the three parts of store::codec::encode_chunks
    latency      BYTEA  NOT NULL,
    ttft         BYTEA  NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX rollup_chunk_by_time ON rollup_chunk (tenant_id, rung, from_time, to_time);
-- Compressed by the program already.
ALTER TABLE rollup_chunk ALTER COLUMN figures SET STORAGE EXTERNAL;
ALTER TABLE rollup_chunk ALTER COLUMN latency SET STORAGE EXTERNAL;
ALTER TABLE rollup_chunk ALTER COLUMN ttft SET STORAGE EXTERNAL;

-- How far each tenant's flushes are in chunks, and the last id that a chunk was given.
CREATE TABLE rollup_head (
    tenant_id  TEXT   NOT NULL PRIMARY KEY,
    compacted  BIGINT NOT NULL,
    last_chunk BIGINT NOT NULL
);
