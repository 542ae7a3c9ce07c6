-- Secrets, sealed (crates/store/src/secrets.rs). The master keys are in a file; here is only which of them count. Nothing
-- can be removed that something else needs: the references see to it, whoever runs beside whom.
CREATE TABLE master_key (
    id      TEXT   NOT NULL PRIMARY KEY, -- derived from the key
    n       BIGINT NOT NULL UNIQUE,      -- the highest wraps what is new
    created BIGINT NOT NULL
);
-- A tenant's keys; those of the installation, whose accounts are no tenant's, have an empty tenant_id.
CREATE TABLE data_key (
    tenant_id TEXT COLLATE "C" NOT NULL,
    n         BIGINT           NOT NULL, -- the highest seals what is new
    master    TEXT             NOT NULL REFERENCES master_key (id),
    nonce     BYTEA            NOT NULL,
    wrapped   BYTEA            NOT NULL,
    created   BIGINT           NOT NULL,
    PRIMARY KEY (tenant_id, n)
);
CREATE INDEX data_key_by_master ON data_key (master);
CREATE TABLE secret (
    tenant_id   TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    owner       TEXT COLLATE "C" NOT NULL,
    field       TEXT COLLATE "C" NOT NULL,
    data_key    BIGINT           NOT NULL,
    nonce       BYTEA            NOT NULL,
    sealed      BYTEA            NOT NULL,
    destination TEXT, -- the only place it may be sent to
    created     BIGINT           NOT NULL,
    changed     BIGINT           NOT NULL,
    PRIMARY KEY (tenant_id, kind, owner, field),
    FOREIGN KEY (tenant_id, data_key) REFERENCES data_key (tenant_id, n)
);
CREATE INDEX secret_by_data_key ON secret (tenant_id, data_key);
