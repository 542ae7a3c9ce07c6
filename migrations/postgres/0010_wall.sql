-- The second wall between tenants (ADR 0029, crates/store-sql/src/postgres/wall). Who does not own the tables sees the rows
-- of the tenant that is set in the transaction, and without one no row. The role that requests run as, and its rights, are
-- the program's: a migration cannot know what the role is called.

-- Walls a table in: every migration that makes a table with a tenant_id calls it, or the program does not start.
CREATE FUNCTION wall_around(walled regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', walled);
    -- Once a transaction has set it, a setting stays behind as an empty text. An empty tenant_id is the installation's.
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (tenant_id = nullif(current_setting(''fuseboard.tenant'', true), ''''))',
        walled
    );
END
$$;

SELECT wall_around('series');
SELECT wall_around('rollup_partial');
SELECT wall_around('rollup_chunk');
SELECT wall_around('rollup_head');
SELECT wall_around('breaker_transition');
SELECT wall_around('checkpoint');
SELECT wall_around('keyframe');
SELECT wall_around('live_second');
SELECT wall_around('api_key');
SELECT wall_around('audit');
SELECT wall_around('audit_unsealed');
SELECT wall_around('journal_batch');
SELECT wall_around('recent_id');
SELECT wall_around('idempotency');
SELECT wall_around('tenant');
SELECT wall_around('member');
SELECT wall_around('link');
SELECT wall_around('data_key');
SELECT wall_around('secret');

-- Accounts and sessions belong to the installation. Of them a tenant sees those of its members.
ALTER TABLE account ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account USING (EXISTS (SELECT FROM member WHERE member.account = account.id));
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON session USING (EXISTS (SELECT FROM member WHERE member.account = session.account));
