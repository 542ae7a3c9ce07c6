-- From this version on series.dims may have labels (store::codec::encode_series, version 2), which an index on the bytes
-- would find too long: no entry of a B-tree may have more than 2,704 bytes.
ALTER TABLE series DROP CONSTRAINT series_tenant_id_dims_key;
CREATE UNIQUE INDEX series_dims ON series (tenant_id, sha256(dims));
