-- Times are milliseconds since the Unix epoch. Every table and every key starts with the tenant, but for the two that
-- belong to the journal's writer as a whole.

-- The series dictionary: a partial names its series by a small number.
CREATE TABLE series (
    tenant_id TEXT   NOT NULL,
    id        BIGINT NOT NULL,
    dims      BYTEA  NOT NULL, -- store::codec::encode_series
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, dims)
);

-- Rows of the rungs. Never updated: a late event is one more row with another part, readers merge.
CREATE TABLE rollup_partial (
    tenant_id TEXT   NOT NULL,
    rung      BIGINT NOT NULL, -- domain::rollup::Rung
    bucket    BIGINT NOT NULL, -- start of the bucket
    series_id BIGINT NOT NULL,
    part      BIGINT NOT NULL, -- the sequence that the writing flush had applied
    bytes     BYTEA  NOT NULL, -- store::codec::encode_bucket
    PRIMARY KEY (tenant_id, rung, bucket, series_id, part)
);

-- What breakers did, kept for ever.
CREATE TABLE breaker_transition (
    tenant_id   TEXT    NOT NULL,
    id          BIGINT  NOT NULL,
    at          BIGINT  NOT NULL,
    received    BIGINT  NOT NULL,
    breaker     BIGINT  NOT NULL, -- the 64 bits of the breaker's id, as a signed number
    environment TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    deployment  TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    instance    TEXT    NOT NULL,
    from_state  BIGINT,           -- domain::breaker::State
    to_state    BIGINT  NOT NULL,
    cause       TEXT    NOT NULL,
    lasted      BIGINT,
    inferred    BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX breaker_transition_by_time ON breaker_transition (tenant_id, at, id);
CREATE INDEX breaker_transition_by_breaker ON breaker_transition (tenant_id, breaker, at, id);

-- The newest live state of each tenant, and the journal sequence that it and the rows above contain.
CREATE TABLE checkpoint (
    tenant_id TEXT   NOT NULL PRIMARY KEY,
    writer    BIGINT NOT NULL,
    applied   BIGINT NOT NULL,
    bytes     BYTEA  NOT NULL
);
-- Rewritten every few seconds, and large: no attempt to compress what the engine has compressed already.
ALTER TABLE checkpoint ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- API keys; the secret itself is not here, only its SHA-256.
CREATE TABLE api_key (
    tenant_id TEXT   NOT NULL,
    id        TEXT   NOT NULL UNIQUE,
    name      TEXT   NOT NULL,
    prefix    TEXT   NOT NULL,
    scopes    TEXT   NOT NULL, -- names, separated by blanks
    created   BIGINT NOT NULL,
    revoked   BIGINT,
    hash      BYTEA  NOT NULL UNIQUE,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX api_key_name_in_use ON api_key (tenant_id, name) WHERE revoked IS NULL;

-- Who did what. Rows are only ever added.
CREATE TABLE audit (
    tenant_id TEXT   NOT NULL,
    n         BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY, -- rising
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    target    TEXT   NOT NULL,
    detail    TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, n)
);

-- The journal: one compressed row per accepted batch, partitioned by the UTC day of arrival. Partitions are made by the
-- writer (crates/store-sql/src/postgres/partitions.rs).
CREATE TABLE journal_batch (
    tenant_id TEXT   NOT NULL,
    writer    BIGINT NOT NULL,
    seq       BIGINT NOT NULL, -- gapless per writer
    session   BIGINT NOT NULL, -- who wrote it: tells, after a lost connection, whether a commit was one's own
    key_id    TEXT   NOT NULL,
    received  BIGINT NOT NULL,
    min_time  BIGINT NOT NULL, -- of its events; the arrival when there is none
    max_time  BIGINT NOT NULL,
    events    BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    zone      BIGINT NOT NULL, -- store::codec::ZoneMap
    bytes     BYTEA  NOT NULL, -- store::codec::encode_batch
    PRIMARY KEY (tenant_id, writer, seq, received)
) PARTITION BY RANGE (received);
ALTER TABLE journal_batch ALTER COLUMN bytes SET STORAGE EXTERNAL;
CREATE INDEX journal_batch_in_order ON journal_batch (writer, seq);
CREATE INDEX journal_batch_by_arrival ON journal_batch (received);

-- The last sequence of each writer. It outlives the batches, and moving it is what makes an append exclusive.
CREATE TABLE journal_head (
    writer BIGINT NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL
);
INSERT INTO journal_head (writer, seq) VALUES (1, 0);

-- Ids of events that arrived lately, as 16 bytes of their SHA-256.
CREATE TABLE recent_id (
    tenant_id TEXT   NOT NULL,
    id        BYTEA  NOT NULL,
    received  BIGINT NOT NULL,
    n         BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY, -- rising: which ids are the newest
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX recent_id_by_age ON recent_id (tenant_id, n);
-- Rows come and go all day; freed space must be found again quickly.
ALTER TABLE recent_id SET (autovacuum_vacuum_scale_factor = 0.05);

-- What was answered for an idempotency key.
CREATE TABLE idempotency (
    tenant_id  TEXT   NOT NULL,
    key_id     TEXT   NOT NULL,
    idem_key   TEXT   NOT NULL,
    body       BYTEA  NOT NULL, -- SHA-256
    accepted   BIGINT NOT NULL,
    duplicates BIGINT NOT NULL,
    refused    BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_id, idem_key)
);
CREATE INDEX idempotency_by_age ON idempotency (received);
