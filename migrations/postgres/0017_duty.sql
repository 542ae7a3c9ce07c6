-- People (crates/store/src/duties.rs): responders, schedules, escalation policies; where each alert stands on its ladder.
CREATE TABLE duty (
    tenant_id  TEXT    NOT NULL,
    kind       TEXT    NOT NULL, -- store::DutyKind
    id         BIGINT  NOT NULL, -- from 1 within the kind, never given twice
    version    BIGINT  NOT NULL,
    name       TEXT    NOT NULL,
    body       TEXT    NOT NULL, -- JSON, as the API has it
    created    BIGINT  NOT NULL,
    created_by TEXT    NOT NULL,
    changed    BIGINT  NOT NULL,
    changed_by TEXT    NOT NULL,
    deleted    BIGINT,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE UNIQUE INDEX duty_name_in_use ON duty (tenant_id, kind, name) WHERE deleted IS NULL;
-- Written with what happens to its alert. There is none while nobody is waited for.
CREATE TABLE alert_ladder (
    tenant_id TEXT    NOT NULL,
    alert     BIGINT  NOT NULL,
    event     BIGINT  NOT NULL, -- since which somebody is waited for
    began     BIGINT  NOT NULL,
    next      BIGINT  NOT NULL, -- the step that comes next, from 1; 0 when nobody has looked yet which ladder it is
    due       BIGINT,          -- null after the last step
    PRIMARY KEY (tenant_id, alert)
);
CREATE INDEX alert_ladder_due ON alert_ladder (due) WHERE due IS NOT NULL;
SELECT wall_around('duty');
SELECT wall_around('alert_ladder');
