-- Addresses under which strangers find a document (crates/store/src/shares.rs): links with a secret, pages for the public.
CREATE TABLE share_link (
    tenant_id TEXT   NOT NULL,
    kind      TEXT   NOT NULL, -- store::DocumentKind
    document  BIGINT NOT NULL,
    hash      BYTEA  NOT NULL UNIQUE, -- SHA-256; one of the whole installation
    created   BIGINT NOT NULL,
    opened    BIGINT,
    PRIMARY KEY (tenant_id, kind, document)
);
SELECT wall_around('share_link');
