-- Addresses under which strangers find a document (crates/store/src/shares.rs): links with a secret, pages for the public.
CREATE TABLE share_link (
    tenant_id TEXT    NOT NULL,
    kind      TEXT    NOT NULL, -- store::DocumentKind
    document  INTEGER NOT NULL,
    hash      BLOB    NOT NULL UNIQUE, -- SHA-256; one of the whole installation
    created   INTEGER NOT NULL,
    opened    INTEGER,
    PRIMARY KEY (tenant_id, kind, document)
) WITHOUT ROWID;
