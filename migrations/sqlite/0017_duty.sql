-- People (crates/store/src/duties.rs): responders, schedules, escalation policies; where each alert stands on its ladder.
CREATE TABLE duty (
    tenant_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- store::DutyKind
    id         INTEGER NOT NULL, -- from 1 within the kind, never given twice
    version    INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL, -- JSON, as the API has it
    created    INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    changed    INTEGER NOT NULL,
    changed_by TEXT    NOT NULL,
    deleted    INTEGER,
    PRIMARY KEY (tenant_id, kind, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX duty_name_in_use ON duty (tenant_id, kind, name) WHERE deleted IS NULL;
-- Written with what happens to its alert. There is none while nobody is waited for.
CREATE TABLE alert_ladder (
    tenant_id TEXT    NOT NULL,
    alert     INTEGER NOT NULL,
    event     INTEGER NOT NULL, -- since which somebody is waited for
    began     INTEGER NOT NULL,
    next      INTEGER NOT NULL, -- the step that comes next, from 1; 0 when nobody has looked yet which ladder it is
    due       INTEGER,          -- null after the last step
    PRIMARY KEY (tenant_id, alert)
) WITHOUT ROWID;
CREATE INDEX alert_ladder_due ON alert_ladder (due) WHERE due IS NOT NULL;
