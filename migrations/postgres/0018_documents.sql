-- What was made for people is for every kind of document (crates/store/src/documents.rs).
ALTER TABLE duty RENAME TO document;
DROP INDEX duty_name_in_use;
CREATE UNIQUE INDEX document_name_in_use ON document (tenant_id, kind, name) WHERE deleted IS NULL;
