-- People. An account belongs to the installation; a member has a role in a tenant. What opens something (session, link)
-- is stored as its SHA-256 only, a password as an argon2id PHC string.
CREATE TABLE tenant (
    tenant_id TEXT   NOT NULL PRIMARY KEY,
    name      TEXT   NOT NULL,
    created   BIGINT NOT NULL
);
INSERT INTO tenant (tenant_id, name, created) VALUES ('default', 'Default', 0);
CREATE TABLE account (
    id             TEXT   NOT NULL PRIMARY KEY,
    email          TEXT   NOT NULL UNIQUE, -- lower case
    name           TEXT   NOT NULL,
    password       TEXT,
    platform_admin BIGINT NOT NULL,
    created        BIGINT NOT NULL,
    disabled       BIGINT,
    last_login     BIGINT
);
CREATE TABLE member (
    tenant_id TEXT   NOT NULL,
    account   TEXT   NOT NULL,
    role      TEXT   NOT NULL,
    since     BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, account)
);
CREATE INDEX member_by_account ON member (account);
CREATE TABLE session (
    hash      BYTEA  NOT NULL PRIMARY KEY,
    id        TEXT   NOT NULL UNIQUE,
    account   TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    seen      BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    address   TEXT   NOT NULL,
    agent     TEXT   NOT NULL
);
CREATE INDEX session_by_account ON session (account);
-- A link that can be used once. An invitation has an email and a role, a new password has an account.
CREATE TABLE link (
    tenant_id TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    hash      BYTEA  NOT NULL UNIQUE,
    email     TEXT,
    role      TEXT,
    account   TEXT,
    made_by   TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
