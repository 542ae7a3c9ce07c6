-- Checkpoints that are kept, so that a moment can be shown again. A cache of the journal: dropped with it.
CREATE TABLE keyframe (
    tenant_id  TEXT    NOT NULL,
    at         BIGINT NOT NULL, -- everything it contains had arrived
    writer     BIGINT NOT NULL,
    applied    BIGINT NOT NULL, -- the journal's sequence that it contains
    byte_count BIGINT NOT NULL, -- of bytes
    bytes      BYTEA NOT NULL, -- store::codec::encode_keyframe
    PRIMARY KEY (tenant_id, at)
);
ALTER TABLE keyframe ALTER COLUMN bytes SET STORAGE EXTERNAL;
