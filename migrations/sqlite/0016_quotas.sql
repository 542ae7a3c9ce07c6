-- What a tenant may use; NULL is what the settings say for all (store::Quota).
ALTER TABLE tenant ADD COLUMN quota_events INTEGER;
ALTER TABLE tenant ADD COLUMN quota_series INTEGER;
ALTER TABLE tenant ADD COLUMN quota_mib INTEGER;
