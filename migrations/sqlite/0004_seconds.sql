-- All calls of each of the last seconds, for a start that need not read them back from the journal.
CREATE TABLE live_second (
    tenant_id TEXT   NOT NULL,
    at        INTEGER NOT NULL, -- start of the second
    bytes     BLOB NOT NULL, -- store::codec::encode_bucket
    PRIMARY KEY (tenant_id, at)
) WITHOUT ROWID;

-- From this version on idempotency.body is BLAKE3.
