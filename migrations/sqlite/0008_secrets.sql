-- Secrets, sealed (crates/store/src/secrets.rs). The master keys are in a file; here is only which of them count. Nothing
-- can be removed that something else needs: the references see to it, whoever runs beside whom.
CREATE TABLE master_key (
    id      TEXT    NOT NULL PRIMARY KEY, -- derived from the key
    n       INTEGER NOT NULL UNIQUE,      -- the highest wraps what is new
    created INTEGER NOT NULL
) WITHOUT ROWID;
-- A tenant's keys; those of the installation, whose accounts are no tenant's, have an empty tenant_id.
CREATE TABLE data_key (
    tenant_id TEXT    NOT NULL,
    n         INTEGER NOT NULL, -- the highest seals what is new
    master    TEXT    NOT NULL REFERENCES master_key (id),
    nonce     BLOB    NOT NULL,
    wrapped   BLOB    NOT NULL,
    created   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, n)
) WITHOUT ROWID;
CREATE INDEX data_key_by_master ON data_key (master);
CREATE TABLE secret (
    tenant_id   TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    data_key    INTEGER NOT NULL,
    nonce       BLOB    NOT NULL,
    sealed      BLOB    NOT NULL,
    destination TEXT, -- the only place it may be sent to
    created     INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, owner, field),
    FOREIGN KEY (tenant_id, data_key) REFERENCES data_key (tenant_id, n)
) WITHOUT ROWID;
CREATE INDEX secret_by_data_key ON secret (tenant_id, data_key);
