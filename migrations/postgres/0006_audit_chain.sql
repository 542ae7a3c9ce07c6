-- The audit log becomes a chain: each entry's hash covers the one before it, and is sealed with a key that is not in
-- the database (crates/store/src/audit). Entries from before wait in audit_unsealed until the program has sealed them.
CREATE TABLE audit_unsealed (
    tenant_id TEXT   NOT NULL,
    n         BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    target    TEXT   NOT NULL,
    detail    TEXT   NOT NULL,
    PRIMARY KEY (tenant_id, n)
);
INSERT INTO audit_unsealed SELECT tenant_id, n, at, actor, action, target, detail FROM audit;
DROP TABLE audit;
CREATE TABLE audit (
    tenant_id TEXT NOT NULL,
    n         BIGINT NOT NULL, -- from 1 without gaps within the tenant
    at        BIGINT NOT NULL,
    actor     TEXT NOT NULL,
    address   TEXT NOT NULL,
    action    TEXT NOT NULL,
    target    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    hash      BYTEA NOT NULL,
    mac       BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, n)
);
CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END
$$;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();

-- API keys: limited in time and place, seen last, and replaced by another with an overlap.
ALTER TABLE api_key ADD COLUMN expires BIGINT;
ALTER TABLE api_key ADD COLUMN addresses TEXT NOT NULL DEFAULT ''; -- ranges, separated by blanks
ALTER TABLE api_key ADD COLUMN last_used BIGINT;
ALTER TABLE api_key ADD COLUMN replaced_by TEXT;
DROP INDEX api_key_name_in_use;
CREATE UNIQUE INDEX api_key_name_in_use ON api_key (tenant_id, name) WHERE revoked IS NULL AND replaced_by IS NULL;
