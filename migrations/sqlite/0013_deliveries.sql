-- Deliveries (crates/store/src/deliveries.rs): channels, what must be told through each, and every attempt.
CREATE TABLE channel (
    tenant_id  TEXT    NOT NULL,
    id         INTEGER NOT NULL, -- from 1, never given twice
    version    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL, -- JSON, as the API has it, without secrets
    enabled    INTEGER NOT NULL, -- 0 or 1
    trouble    TEXT,             -- why the system switched it off
    created    INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    changed    INTEGER NOT NULL,
    changed_by TEXT    NOT NULL,
    deleted    INTEGER,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX channel_name_in_use ON channel (tenant_id, name) WHERE deleted IS NULL;
CREATE TABLE delivery (
    tenant_id TEXT    NOT NULL,
    id        INTEGER NOT NULL, -- from 1, never given twice
    channel   INTEGER NOT NULL,
    subject   TEXT    NOT NULL, -- what it is about, once for each channel
    topic     TEXT    NOT NULL, -- what is told in order
    body      TEXT    NOT NULL, -- channels::Message as JSON: every attempt says the same
    state     TEXT    NOT NULL, -- store::DeliveryState
    attempts  INTEGER NOT NULL, -- attempts that were begun; the newest's number is the fence
    steps     INTEGER NOT NULL, -- failures that made the pause before the next attempt longer
    unsure    INTEGER NOT NULL, -- 1 when an attempt ended without anybody knowing how
    created   INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    lease     INTEGER NOT NULL, -- nobody else claims it before
    done      INTEGER,
    handle    TEXT,             -- what the receiver gave, for what comes later of the topic
    words     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX delivery_once ON delivery (tenant_id, subject, channel);
CREATE INDEX delivery_waiting ON delivery (tenant_id, channel, topic, id) WHERE state = 'waiting';
CREATE INDEX delivery_by_topic ON delivery (tenant_id, topic, id);
CREATE INDEX delivery_by_end ON delivery (done) WHERE done IS NOT NULL;
CREATE TABLE delivery_attempt (
    tenant_id TEXT    NOT NULL,
    delivery  INTEGER NOT NULL,
    n         INTEGER NOT NULL, -- from 1
    began     INTEGER NOT NULL,
    ended     INTEGER,          -- null while it runs, and for ever when nobody knows how it ended
    words     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, delivery, n)
) WITHOUT ROWID;
CREATE INDEX alert_outbox_by_age ON alert_outbox (created);
