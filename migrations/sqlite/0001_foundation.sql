-- fuseboard.db: everything but the journal, which has files of its own (see crates/store-sql/src/sqlite/journal).
-- Times are milliseconds since the Unix epoch. Every table and every key starts with the tenant.

-- The series dictionary: a partial names its series by a small number.
CREATE TABLE series (
    tenant_id TEXT    NOT NULL,
    id        INTEGER NOT NULL,
    dims      BLOB    NOT NULL, -- store::codec::encode_series
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, dims)
) WITHOUT ROWID;

-- Rows of the rungs. Never updated: a late event is one more row with another part, readers merge.
CREATE TABLE rollup_partial (
    tenant_id TEXT    NOT NULL,
    rung      INTEGER NOT NULL, -- domain::rollup::Rung
    bucket    INTEGER NOT NULL, -- start of the bucket
    series_id INTEGER NOT NULL,
    part      INTEGER NOT NULL, -- the sequence that the writing flush had applied
    bytes     BLOB    NOT NULL, -- store::codec::encode_bucket
    PRIMARY KEY (tenant_id, rung, bucket, series_id, part)
) WITHOUT ROWID;

-- What breakers did, kept for ever.
CREATE TABLE breaker_transition (
    tenant_id   TEXT    NOT NULL,
    id          INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    received    INTEGER NOT NULL,
    breaker     INTEGER NOT NULL, -- the 64 bits of the breaker's id, as a signed number
    environment TEXT    NOT NULL,
    service     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    deployment  TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    instance    TEXT    NOT NULL,
    from_state  INTEGER,          -- domain::breaker::State
    to_state    INTEGER NOT NULL,
    cause       TEXT    NOT NULL,
    lasted      INTEGER,
    inferred    BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX breaker_transition_by_time ON breaker_transition (tenant_id, at, id);
CREATE INDEX breaker_transition_by_breaker ON breaker_transition (tenant_id, breaker, at, id);

-- The newest live state of each tenant, and the journal sequence that it and the rows above contain.
CREATE TABLE checkpoint (
    tenant_id TEXT    NOT NULL PRIMARY KEY,
    writer    INTEGER NOT NULL,
    applied   INTEGER NOT NULL,
    bytes     BLOB    NOT NULL
);

-- API keys; the secret itself is not here, only its SHA-256.
CREATE TABLE api_key (
    tenant_id TEXT    NOT NULL,
    id        TEXT    NOT NULL UNIQUE,
    name      TEXT    NOT NULL,
    prefix    TEXT    NOT NULL,
    scopes    TEXT    NOT NULL, -- names, separated by blanks
    created   INTEGER NOT NULL,
    revoked   INTEGER,
    hash      BLOB    NOT NULL UNIQUE,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX api_key_name_in_use ON api_key (tenant_id, name) WHERE revoked IS NULL;

-- Who did what. Rows are only ever added.
CREATE TABLE audit (
    tenant_id TEXT    NOT NULL,
    n         INTEGER NOT NULL, -- rising within the tenant
    at        INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, n)
) WITHOUT ROWID;
