-- From this version on series.dims may have labels (store::codec::encode_series, version 2). Nothing changes in the schema;
-- the number tells an older program that it could not read what is here.
SELECT 1;
