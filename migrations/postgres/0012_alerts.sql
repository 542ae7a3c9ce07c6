-- Alerts (crates/store/src/alerts.rs): rules, what fired, what happened to it for ever, silences, and what must be told.
CREATE TABLE alert_rule (
    tenant_id  TEXT    NOT NULL,
    id         BIGINT  NOT NULL, -- from 1, never given twice
    version    BIGINT  NOT NULL,
    origin     TEXT    NOT NULL, -- the key of the default it was made from, or empty
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL, -- JSON, as the API has it
    created    BIGINT  NOT NULL,
    created_by TEXT    NOT NULL,
    changed    BIGINT  NOT NULL,
    changed_by TEXT    NOT NULL,
    deleted    BIGINT,           -- a deleted rule stays, so that a default does not come back
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX alert_rule_name_in_use ON alert_rule (tenant_id, name) WHERE deleted IS NULL;
CREATE UNIQUE INDEX alert_rule_origin ON alert_rule (tenant_id, origin) WHERE origin <> '';
CREATE TABLE alert (
    tenant_id   TEXT    NOT NULL,
    id          BIGINT  NOT NULL, -- from 1, never given twice
    version     BIGINT  NOT NULL,
    fingerprint BIGINT  NOT NULL, -- of rule and group, 64 bits as a signed number
    rule        BIGINT  NOT NULL,
    fired       BIGINT  NOT NULL,
    resolved    BIGINT,
    incident    BIGINT,           -- the alert that began it
    bytes       BYTEA   NOT NULL, -- store::codec::encode_alert
    PRIMARY KEY (tenant_id, id)
);
-- A group has one open alert, whoever raises it.
CREATE UNIQUE INDEX alert_open ON alert (tenant_id, fingerprint) WHERE resolved IS NULL;
CREATE INDEX alert_by_time ON alert (tenant_id, fired, id);
CREATE INDEX alert_by_rule ON alert (tenant_id, rule, id);
CREATE INDEX alert_by_incident ON alert (tenant_id, incident) WHERE incident IS NOT NULL;
CREATE TABLE alert_event (
    tenant_id TEXT    NOT NULL,
    alert     BIGINT  NOT NULL,
    n         BIGINT  NOT NULL, -- from 1 without gaps within the alert
    at        BIGINT  NOT NULL,
    by_id     TEXT,             -- whoever did it; null for the system
    by_name   TEXT,
    kind      TEXT    NOT NULL, -- domain::alert::EventKind
    words     TEXT    NOT NULL,
    until     BIGINT,
    PRIMARY KEY (tenant_id, alert, n)
);
-- Written with the event it belongs to. Alert and event name what is told, for ever.
CREATE TABLE alert_outbox (
    tenant_id TEXT    NOT NULL,
    alert     BIGINT  NOT NULL,
    event     BIGINT  NOT NULL,
    notice    TEXT    NOT NULL, -- domain::alert::Notice
    created   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, alert, event)
);
CREATE TABLE alert_silence (
    tenant_id TEXT    NOT NULL,
    id        BIGINT  NOT NULL, -- from 1
    matchers  TEXT    NOT NULL, -- as amtool writes them
    starts    BIGINT  NOT NULL,
    ends      BIGINT  NOT NULL,
    by_id     TEXT    NOT NULL,
    by_name   TEXT    NOT NULL,
    words     TEXT    NOT NULL,
    created   BIGINT  NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX alert_silence_by_end ON alert_silence (tenant_id, ends);
SELECT wall_around('alert_rule');
SELECT wall_around('alert');
SELECT wall_around('alert_event');
SELECT wall_around('alert_outbox');
SELECT wall_around('alert_silence');
