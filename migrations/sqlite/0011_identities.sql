-- Who an account is at an OpenID Connect provider: what its ID tokens say as `iss` and `sub`, never an email address.
CREATE TABLE identity (
    issuer  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    account TEXT    NOT NULL,
    shown   TEXT    NOT NULL, -- what the provider called them when it was linked
    linked  INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) WITHOUT ROWID;
CREATE UNIQUE INDEX identity_by_account ON identity (account, issuer);
-- What the provider was called through which somebody signed in; empty for a password.
ALTER TABLE session ADD COLUMN via TEXT NOT NULL DEFAULT '';
