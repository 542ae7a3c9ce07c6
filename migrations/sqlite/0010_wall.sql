-- Nothing here: on Postgres this is where row-level security begins (ADR 0029). SQLite has neither roles nor policies; a
-- file belongs to one process, and each statement says whose rows it wants.
SELECT 1;
