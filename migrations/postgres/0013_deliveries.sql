-- Deliveries (crates/store/src/deliveries.rs): channels, what must be told through each, and every attempt.
CREATE TABLE channel (
    tenant_id  TEXT    NOT NULL,
    id         BIGINT  NOT NULL, -- from 1, never given twice
    version    BIGINT  NOT NULL,
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL, -- JSON, as the API has it, without secrets
    enabled    BIGINT  NOT NULL, -- 0 or 1
    trouble    TEXT,             -- why the system switched it off
    created    BIGINT  NOT NULL,
    created_by TEXT    NOT NULL,
    changed    BIGINT  NOT NULL,
    changed_by TEXT    NOT NULL,
    deleted    BIGINT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX channel_name_in_use ON channel (tenant_id, name) WHERE deleted IS NULL;
CREATE TABLE delivery (
    tenant_id TEXT    NOT NULL,
    id        BIGINT  NOT NULL, -- from 1, never given twice
    channel   BIGINT  NOT NULL,
    subject   TEXT    NOT NULL, -- what it is about, once for each channel
    topic     TEXT    NOT NULL, -- what is told in order
    body      TEXT    NOT NULL, -- channels::Message as JSON: every attempt says the same
    state     TEXT    NOT NULL, -- store::DeliveryState
    attempts  BIGINT  NOT NULL, -- attempts that were begun; the newest's number is the fence
    steps     BIGINT  NOT NULL, -- failures that made the pause before the next attempt longer
    unsure    BIGINT  NOT NULL, -- 1 when an attempt ended without anybody knowing how
    created   BIGINT  NOT NULL,
    due       BIGINT  NOT NULL,
    lease     BIGINT  NOT NULL, -- nobody else claims it before
    done      BIGINT,
    handle    TEXT,             -- what the receiver gave, for what comes later of the topic
    words     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX delivery_once ON delivery (tenant_id, subject, channel);
CREATE INDEX delivery_waiting ON delivery (tenant_id, channel, topic, id) WHERE state = 'waiting';
CREATE INDEX delivery_by_topic ON delivery (tenant_id, topic, id);
CREATE INDEX delivery_by_end ON delivery (done) WHERE done IS NOT NULL;
CREATE TABLE delivery_attempt (
    tenant_id TEXT    NOT NULL,
    delivery  BIGINT  NOT NULL,
    n         BIGINT  NOT NULL, -- from 1
    began     BIGINT  NOT NULL,
    ended     BIGINT,          -- null while it runs, and for ever when nobody knows how it ended
    words     TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, delivery, n)
);
CREATE INDEX alert_outbox_by_age ON alert_outbox (created);
SELECT wall_around('channel');
SELECT wall_around('delivery');
SELECT wall_around('delivery_attempt');
