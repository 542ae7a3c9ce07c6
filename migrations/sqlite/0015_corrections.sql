-- The record, corrected (crates/store/src/corrections.rs): what is hidden, forgotten or erased, by whom, until undone.
CREATE TABLE correction (
    tenant_id    TEXT    NOT NULL,
    id           INTEGER NOT NULL, -- from 1, never given twice
    version      INTEGER NOT NULL,
    kind         TEXT    NOT NULL, -- store::CorrectionKind
    state        TEXT    NOT NULL, -- store::CorrectionState
    body         TEXT    NOT NULL, -- JSON: what; of an erasure that has ended, nothing that was erased
    words        TEXT    NOT NULL, -- why
    made         INTEGER NOT NULL,
    made_by      TEXT    NOT NULL,
    made_by_name TEXT    NOT NULL,
    ended        INTEGER,          -- undone, or done
    ended_by     TEXT,
    outcome      TEXT    NOT NULL, -- JSON: what an erasure took, or empty
    -- Numbers up to these were given before an erasure took rows, and are given to nothing else.
    alerts_until     INTEGER NOT NULL DEFAULT 0,
    deliveries_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
-- One erasure of a tenant at a time.
CREATE UNIQUE INDEX correction_erasing ON correction (tenant_id) WHERE state IN ('running', 'cleaning');
