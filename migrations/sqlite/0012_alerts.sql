-- Alerts (crates/store/src/alerts.rs): rules, what fired, what happened to it for ever, silences, and what must be told.
CREATE TABLE alert_rule (
    tenant_id  TEXT    NOT NULL,
    id         INTEGER NOT NULL, -- from 1, never given twice
    version    INTEGER NOT NULL,
    origin     TEXT    NOT NULL, -- the key of the default it was made from, or empty
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL, -- JSON, as the API has it
    created    INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    changed    INTEGER NOT NULL,
    changed_by TEXT    NOT NULL,
    deleted    INTEGER,          -- a deleted rule stays, so that a default does not come back
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX alert_rule_name_in_use ON alert_rule (tenant_id, name) WHERE deleted IS NULL;
CREATE UNIQUE INDEX alert_rule_origin ON alert_rule (tenant_id, origin) WHERE origin <> '';
CREATE TABLE alert (
    tenant_id   TEXT    NOT NULL,
    id          INTEGER NOT NULL, -- from 1, never given twice
    version     INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL, -- of rule and group, 64 bits as a signed number
    rule        INTEGER NOT NULL,
    fired       INTEGER NOT NULL,
    resolved    INTEGER,
    incident    INTEGER,          -- the alert that began it
    bytes       BLOB    NOT NULL, -- store::codec::encode_alert
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
-- A group has one open alert, whoever raises it.
CREATE UNIQUE INDEX alert_open ON alert (tenant_id, fingerprint) WHERE resolved IS NULL;
CREATE INDEX alert_by_time ON alert (tenant_id, fired, id);
CREATE INDEX alert_by_rule ON alert (tenant_id, rule, id);
CREATE INDEX alert_by_incident ON alert (tenant_id, incident) WHERE incident IS NOT NULL;
CREATE TABLE alert_event (
    tenant_id TEXT    NOT NULL,
    alert     INTEGER NOT NULL,
    n         INTEGER NOT NULL, -- from 1 without gaps within the alert
    at        INTEGER NOT NULL,
    by_id     TEXT,             -- whoever did it; null for the system
    by_name   TEXT,
    kind      TEXT    NOT NULL, -- domain::alert::EventKind
    words     TEXT    NOT NULL,
    until     INTEGER,
    PRIMARY KEY (tenant_id, alert, n)
) WITHOUT ROWID;
-- Written with the event it belongs to. Alert and event name what is told, for ever.
CREATE TABLE alert_outbox (
    tenant_id TEXT    NOT NULL,
    alert     INTEGER NOT NULL,
    event     INTEGER NOT NULL,
    notice    TEXT    NOT NULL, -- domain::alert::Notice
    created   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, alert, event)
) WITHOUT ROWID;
CREATE TABLE alert_silence (
    tenant_id TEXT    NOT NULL,
    id        INTEGER NOT NULL, -- from 1
    matchers  TEXT    NOT NULL, -- as amtool writes them
    starts    INTEGER NOT NULL,
    ends      INTEGER NOT NULL,
    by_id     TEXT    NOT NULL,
    by_name   TEXT    NOT NULL,
    words     TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
CREATE INDEX alert_silence_by_end ON alert_silence (tenant_id, ends);
