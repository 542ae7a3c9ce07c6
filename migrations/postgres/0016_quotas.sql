-- What a tenant may use; NULL is what the settings say for all (store::Quota). Only the system writes them: requests may
-- read the row and change its name.
ALTER TABLE tenant ADD COLUMN quota_events BIGINT;
ALTER TABLE tenant ADD COLUMN quota_series BIGINT;
ALTER TABLE tenant ADD COLUMN quota_mib BIGINT;
