-- People. An account belongs to the installation; a member has a role in a tenant. What opens something (session, link)
-- is stored as its SHA-256 only, a password as an argon2id PHC string.
CREATE TABLE tenant (
    tenant_id TEXT    NOT NULL PRIMARY KEY,
    name      TEXT    NOT NULL,
    created   INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO tenant (tenant_id, name, created) VALUES ('default', 'Default', 0);
CREATE TABLE account (
    id             TEXT    NOT NULL PRIMARY KEY,
    email          TEXT    NOT NULL UNIQUE, -- lower case
    name           TEXT    NOT NULL,
    password       TEXT,
    platform_admin INTEGER NOT NULL,
    created        INTEGER NOT NULL,
    disabled       INTEGER,
    last_login     INTEGER
) WITHOUT ROWID;
CREATE TABLE member (
    tenant_id TEXT    NOT NULL,
    account   TEXT    NOT NULL,
    role      TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, account)
) WITHOUT ROWID;
CREATE INDEX member_by_account ON member (account);
CREATE TABLE session (
    hash      BLOB    NOT NULL PRIMARY KEY,
    id        TEXT    NOT NULL UNIQUE,
    account   TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    confirmed INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    address   TEXT    NOT NULL,
    agent     TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_by_account ON session (account);
-- A link that can be used once. An invitation has an email and a role, a new password has an account.
CREATE TABLE link (
    tenant_id TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    hash      BLOB    NOT NULL UNIQUE,
    email     TEXT,
    role      TEXT,
    account   TEXT,
    made_by   TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITHOUT ROWID;
