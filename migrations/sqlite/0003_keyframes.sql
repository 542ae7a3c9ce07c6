-- Checkpoints that are kept, so that a moment can be shown again. A cache of the journal: dropped with it.
CREATE TABLE keyframe (
    tenant_id  TEXT    NOT NULL,
    at         INTEGER NOT NULL, -- everything it contains had arrived
    writer     INTEGER NOT NULL,
    applied    INTEGER NOT NULL, -- the journal's sequence that it contains
    byte_count INTEGER NOT NULL, -- of bytes
    bytes      BLOB NOT NULL, -- store::codec::encode_keyframe
    PRIMARY KEY (tenant_id, at)
);
