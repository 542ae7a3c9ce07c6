-- Second factors. The seed is a secret (kind account, owner its id, field what `seed` says); a recovery code is stored as
-- its SHA-256.
CREATE TABLE second_factor (
    account TEXT    NOT NULL PRIMARY KEY,
    seed    TEXT    NOT NULL,
    begun   INTEGER NOT NULL,
    enabled INTEGER,
    step    INTEGER NOT NULL -- the newest time step whose code was used
) WITHOUT ROWID;
CREATE TABLE recovery_code (
    account TEXT    NOT NULL,
    hash    BLOB    NOT NULL,
    used    INTEGER,
    PRIMARY KEY (account, hash)
) WITHOUT ROWID;
