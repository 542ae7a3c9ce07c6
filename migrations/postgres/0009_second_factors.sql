-- Second factors. The seed is a secret (kind account, owner its id, field what `seed` says); a recovery code is stored as
-- its SHA-256.
CREATE TABLE second_factor (
    account TEXT   NOT NULL PRIMARY KEY,
    seed    TEXT   NOT NULL,
    begun   BIGINT NOT NULL,
    enabled BIGINT,
    step    BIGINT NOT NULL -- the newest time step whose code was used
);
CREATE TABLE recovery_code (
    account TEXT   NOT NULL,
    hash    BYTEA  NOT NULL,
    used    BIGINT,
    PRIMARY KEY (account, hash)
);
