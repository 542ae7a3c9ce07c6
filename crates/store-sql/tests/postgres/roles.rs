//! The role that requests run as, the user that the program connects as, and a wall that somebody has made a hole in.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use store::contract::Subject as _;
use store::contract::samples::{NOON, api_key, audit, audit_key, batch, flush};
use store::{Journal as _, Keys as _, LiveStore as _, SystemScope, TenantId, TenantScope};
use store_sql::{
    AppRole, OpenError, PgOptions, PgRestore, PgSnapshot, PgStore, SqliteOptions, SqliteStore, copy,
};

use crate::database::{Database, options};

static COUNT: AtomicU32 = AtomicU32::new(0);

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
fn system() -> SystemScope {
    SystemScope::assume()
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the auth layer")]
fn acme() -> TenantScope {
    TenantScope::assume(TenantId::parse("acme").unwrap())
}

/// A role of a test's own, gone with it. Made before its database, so that it goes after it.
struct OwnRole {
    name: String,
}

impl OwnRole {
    /// A name that no role has.
    fn free() -> OwnRole {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        OwnRole {
            name: format!("fb_test_role_{}_{number}", std::process::id()),
        }
    }

    fn options(&self) -> PgOptions {
        PgOptions {
            app_role: AppRole::parse(&self.name).unwrap(),
            ..options()
        }
    }
}

impl Drop for OwnRole {
    fn drop(&mut self) {
        let sql = format!("DROP ROLE IF EXISTS {}", self.name);
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the test runner says where the server is"
                )]
                let server = std::env::var("FUSEBOARD_TEST_POSTGRES").expect("it was set before");
                let mut connection = PgConnection::connect(&server).await.expect("a connection");
                connection.execute(AssertSqlSafe(sql)).await
            })
        });
        if !matches!(done.join(), Ok(Ok(_))) {
            eprintln!("the role {} is left over", self.name);
        }
    }
}

/// The message of a store that does not open.
async fn refusal(url: &str, options: PgOptions) -> String {
    match PgStore::connect(url, options).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error.to_string(),
    }
}

/// The user of an address.
fn user(url: &str) -> String {
    let options: PgConnectOptions = url.parse().unwrap();
    options.get_username().to_owned()
}

#[tokio::test]
async fn whoever_may_not_make_the_role_is_told_what_to_run() {
    let role = OwnRole::free();
    let database = Database::empty_plain().await;
    let message = refusal(database.url(), role.options()).await;
    let user = user(database.url());
    let (create, grant) = (
        format!("CREATE ROLE \"{}\" NOLOGIN", role.name),
        format!("GRANT \"{}\" TO \"{user}\"", role.name),
    );
    let end = format!("let an administrator run: {create}; {grant};");
    assert!(
        message.ends_with(&end) && message.lines().count() == 1,
        "{message}"
    );
    // Nothing was changed before that.
    assert_eq!(
        database
            .count("SELECT count(*) FROM pg_class WHERE relname LIKE '%sqlx%'")
            .await,
        0
    );

    // Half of it done, the other half is said.
    database.run_as_admin(create).await;
    let message = refusal(database.url(), role.options()).await;
    assert!(message.ends_with(&format!("run: {grant};")), "{message}");

    database.run_as_admin(grant).await;
    let store = PgStore::connect(database.url(), role.options()).await.unwrap();
    store
        .create(&acme(), api_key("acme", 1, "one"), audit("key.create", "one"))
        .await
        .unwrap();
    assert_eq!(store.list(&acme()).await.unwrap().len(), 1);

    // Taken away while the server runs, it is an error for tenants, not a way past the wall; and nothing gets stuck.
    database
        .run_as_admin(format!("REVOKE \"{}\" FROM \"{user}\"", role.name))
        .await;
    for _ in 0..10 {
        assert!(store.list(&acme()).await.is_err());
        assert_eq!(store.tenants(&system()).await.unwrap().len(), 0);
    }
    database
        .run_as_admin(format!("GRANT \"{}\" TO \"{user}\"", role.name))
        .await;
    assert_eq!(store.list(&acme()).await.unwrap().len(), 1);
    store.close().await;
}

#[tokio::test]
async fn who_may_make_roles_needs_no_help() {
    let role = OwnRole::free();
    let maker = OwnRole::free();
    let database = Database::empty().await;
    let sql = format!("CREATE ROLE {0} LOGIN CREATEROLE PASSWORD '{0}'", maker.name);
    database.run_as_admin(sql).await;
    let sql = format!("GRANT ALL ON SCHEMA public TO {}", maker.name);
    database.run_as_admin(sql).await;
    let url = database.url_of(&maker.name);
    // All at once, as the processes of a restart may be.
    let opened = futures::future::join_all((0..4).map(|_| {
        let options = role.options();
        let url = url.clone();
        async move { store_sql::PgKeys::connect(&url, options).await }
    }))
    .await;
    for keys in opened {
        let keys = keys.unwrap();
        assert_eq!(keys.list(&acme()).await.unwrap().len(), 0);
        keys.close().await;
    }
    drop(database);
    drop((role, maker));
}

#[tokio::test]
async fn a_role_that_no_wall_holds_is_refused() {
    let role = OwnRole::free();
    let database = Database::create_plain().await;
    let user = user(database.url());
    for (attributes, words) in [
        ("SUPERUSER", "NOSUPERUSER"),
        ("NOSUPERUSER BYPASSRLS", "NOBYPASSRLS"),
    ] {
        let sql = format!(
            "DROP ROLE IF EXISTS {0}; CREATE ROLE {0} {attributes}; GRANT {0} TO {user}",
            role.name
        );
        database.run_as_admin(sql).await;
        let message = refusal(database.url(), role.options()).await;
        assert!(message.contains(words), "{message}");
    }
    let sql = format!("DROP ROLE {0}; CREATE ROLE {0}; GRANT {user} TO {0}", role.name);
    database.run_as_admin(sql).await;
    let message = refusal(database.url(), role.options()).await;
    assert!(message.contains(&format!("REVOKE \"{user}\"")), "{message}");

    let itself = PgOptions {
        app_role: AppRole::parse(&user).unwrap(),
        ..options()
    };
    let message = refusal(database.url(), itself).await;
    assert!(message.contains("is this user itself"), "{message}");
}

#[tokio::test]
async fn a_hole_in_the_wall_is_told_by_table() {
    let mut database = Database::create().await;
    database.take().close().await;
    let app = AppRole::USUAL;
    let holes = [
        (
            format!("CREATE TABLE newcomer (tenant_id TEXT NOT NULL, x BIGINT); GRANT SELECT ON newcomer TO {app}"),
            "DROP TABLE newcomer".to_owned(),
            "row-level security is off on newcomer",
        ),
        (
            format!(
                "CREATE TABLE newcomer (tenant_id TEXT NOT NULL); GRANT SELECT ON newcomer TO {app};
                 ALTER TABLE newcomer ENABLE ROW LEVEL SECURITY"
            ),
            "DROP TABLE newcomer".to_owned(),
            "newcomer has no policy",
        ),
        (
            "ALTER TABLE series DISABLE ROW LEVEL SECURITY".to_owned(),
            "ALTER TABLE series ENABLE ROW LEVEL SECURITY".to_owned(),
            "row-level security is off on series",
        ),
        (
            "DROP POLICY tenant ON secret".to_owned(),
            "SELECT wall_around('secret')".to_owned(),
            "secret has no policy",
        ),
        (
            "CREATE POLICY open ON audit USING (true)".to_owned(),
            "DROP POLICY open ON audit".to_owned(),
            "audit has policies that do not belong there",
        ),
        (
            "ALTER POLICY tenant ON member USING (tenant_id <> '')".to_owned(),
            "DROP POLICY tenant ON member; SELECT wall_around('member')".to_owned(),
            "the policy tenant of member is not the one",
        ),
        (
            "DROP POLICY tenant ON account".to_owned(),
            "CREATE POLICY tenant ON account USING (EXISTS (SELECT FROM member WHERE member.account = account.id))"
                .to_owned(),
            "account has no policy",
        ),
        (
            "GRANT SELECT ON session TO PUBLIC".to_owned(),
            "REVOKE SELECT ON session FROM PUBLIC".to_owned(),
            "other rights on session",
        ),
        (
            format!("ALTER TABLE series OWNER TO {app}"),
            "ALTER TABLE series OWNER TO CURRENT_USER".to_owned(),
            "has the rights of the owner of series",
        ),
    ];
    for (hole, repair, words) in holes {
        database.run_as_admin(hole.clone()).await;
        let message = refusal(database.url(), options()).await;
        assert!(message.contains(words), "{hole}: {message}");
        assert!(
            message.contains("the wall between tenants does not stand in Postgres "),
            "{message}"
        );
        database.run_as_admin(repair).await;
        let store = PgStore::connect(database.url(), options()).await;
        store
            .unwrap_or_else(|error| panic!("after {hole}: {error}"))
            .close()
            .await;
    }
    // A table that is somebody else's, and that requests have no right on, is left alone.
    database.run("CREATE TABLE theirs (tenant_id TEXT)").await;
    PgStore::connect(database.url(), options())
        .await
        .unwrap()
        .close()
        .await;
    assert_eq!(
        database
            .count("SELECT count(*) FROM pg_class WHERE relname = 'theirs' AND NOT relrowsecurity")
            .await,
        1
    );
}

#[tokio::test]
async fn rights_are_put_right_at_a_start() {
    let mut database = Database::create().await;
    let today = batch("acme", NOON, &["a"]);
    database.store().append(&system(), vec![today]).await.unwrap();
    database.take().close().await;
    let app = AppRole::USUAL;
    let sql = format!(
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO {app}; REVOKE SELECT ON series FROM {app};
         GRANT SELECT (password) ON account TO {app}; REVOKE USAGE ON SCHEMA public FROM PUBLIC, {app}"
    );
    database.run_as_admin(sql).await;
    PgStore::connect(database.url(), options())
        .await
        .unwrap()
        .close()
        .await;
    for (right, has) in [
        ("has_table_privilege('fuseboard_app', 'series', 'SELECT')", 1),
        ("has_table_privilege('fuseboard_app', 'series', 'DELETE')", 0),
        (
            "has_table_privilege('fuseboard_app', 'journal_batch', 'SELECT')",
            1,
        ),
        (
            "has_table_privilege('fuseboard_app', 'journal_batch_20260301', 'SELECT')",
            0,
        ),
        (
            "has_table_privilege('fuseboard_app', 'second_factor', 'SELECT')",
            0,
        ),
        (
            "has_column_privilege('fuseboard_app', 'account', 'password', 'SELECT')",
            0,
        ),
        (
            "has_column_privilege('fuseboard_app', 'account', 'name', 'SELECT')",
            1,
        ),
        ("has_schema_privilege('fuseboard_app', 'public', 'USAGE')", 1),
        (
            "has_table_privilege('fuseboard_app', '_sqlx_migrations', 'SELECT')",
            0,
        ),
    ] {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let sql = format!("SELECT ({right})::int::bigint");
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(found, has, "{right}");
    }
}

/// Tables with a tenant, and how many of them are forced on their owner.
const FORCED: &str =
    "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relrowsecurity AND c.relforcerowsecurity";

#[tokio::test]
async fn it_is_forced_on_an_owner_whom_no_policy_stops_and_on_no_other() {
    let mut strong = Database::create().await;
    assert!(strong.count(FORCED).await >= 19);
    let mut plain = Database::create_plain().await;
    assert_eq!(plain.count(FORCED).await, 0);

    // A database that changes hands goes on working, and sees all that it has.
    strong
        .store()
        .flush(&system(), flush("acme", 0, 1))
        .await
        .unwrap();
    strong.take().close().await;
    plain.take().close().await;
    let user = user(plain.url());
    strong
        .run_as_admin(format!(
            "DO $$ DECLARE t regclass; BEGIN
                 FOR t IN SELECT oid FROM pg_class
                          WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
                     EXECUTE format('ALTER TABLE %s OWNER TO {user}', t);
                 END LOOP;
             END $$; ALTER SCHEMA public OWNER TO {user}"
        ))
        .await;
    let store = PgStore::connect(&strong.url_of(&user), options()).await.unwrap();
    assert_eq!(store.tenants(&system()).await.unwrap().len(), 1);
    store.flush(&system(), flush("acme", 1, 2)).await.unwrap();
    store.close().await;
    assert_eq!(strong.count(FORCED).await, 0);
}

#[tokio::test]
async fn backup_restore_and_copy_need_no_more_than_to_own_the_database() {
    let mut database = Database::create_plain().await;
    let store = database.store();
    store
        .append(&system(), vec![batch("acme", NOON, &["a"])])
        .await
        .unwrap();
    store.flush(&system(), flush("acme", 0, 1)).await.unwrap();
    let new = api_key("acme", 1, "one");
    store
        .create(&acme(), new, audit("key.create", "one"))
        .await
        .unwrap();

    // While the server runs.
    let mut snapshot = PgSnapshot::open(database.url()).await.unwrap();
    let mut rows = Vec::new();
    for table in snapshot.tables().to_vec() {
        let mut bytes = VecDeque::new();
        let count = snapshot
            .copy(&table, |piece| {
                bytes.extend(piece);
                Ok(())
            })
            .await
            .unwrap();
        rows.push((table, bytes, count));
    }
    let (schema, counters) = (snapshot.schema(), snapshot.counters().to_vec());
    snapshot.close().await;
    database.take().close().await;

    let mut target = Database::empty_plain().await;
    let mut restore = PgRestore::begin(target.url()).await.unwrap();
    let tables: Vec<_> = rows.iter().map(|(table, ..)| table.clone()).collect();
    restore.make_schema(schema, &tables).await.unwrap();
    for (table, mut bytes, count) in rows {
        let filled = restore
            .fill(&table, |buffer| std::io::Read::read(&mut bytes, buffer))
            .await
            .unwrap();
        assert_eq!(filled, count, "{}", table.name);
    }
    restore.set_counters(&counters).await.unwrap();
    restore.finish().await.unwrap();
    target.reopen().await;
    assert_eq!(target.store().list(&acme()).await.unwrap().len(), 1);
    assert_eq!(target.store().tenants(&system()).await.unwrap().len(), 1);

    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteOptions {
        audit_key: Some(audit_key()),
        ..SqliteOptions::default()
    };
    let source = SqliteStore::open(folder.path(), sqlite).await.unwrap();
    source
        .append(&system(), vec![batch("acme", NOON, &["a", "b"])])
        .await
        .unwrap();
    let new = api_key("acme", 1, "one");
    source
        .create(&acme(), new, audit("key.create", "one"))
        .await
        .unwrap();
    source.close().await;
    let mut target = Database::empty_plain().await;
    let copied = copy(folder.path(), target.url(), |_, _| {}).await.unwrap();
    assert_eq!(copied.tables["api_key"], 1);
    target.reopen().await;
    assert_eq!(target.store().list(&acme()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn tables_in_the_schema_of_the_user_are_found_by_requests_too() {
    let mut database = Database::empty_plain().await;
    let user = user(database.url());
    database
        .run_as_admin(format!("CREATE SCHEMA {user} AUTHORIZATION {user}"))
        .await;
    database.reopen().await;
    let store = database.store();
    let new = api_key("acme", 1, "one");
    store
        .create(&acme(), new, audit("key.create", "one"))
        .await
        .unwrap();
    assert_eq!(store.list(&acme()).await.unwrap().len(), 1);
    assert_eq!(
        database
            .count("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            .await,
        0
    );
}

#[tokio::test]
async fn a_user_who_sees_only_some_rows_makes_no_backup() {
    let reader = OwnRole::free();
    let database = Database::create_plain().await;
    let sql = format!(
        "CREATE ROLE {0} LOGIN PASSWORD '{0}'; GRANT pg_read_all_data TO {0}",
        reader.name
    );
    database.run_as_admin(sql).await;
    let opened = PgSnapshot::open(&database.url_of(&reader.name)).await;
    let refused = match opened {
        Err(error) => error,
        Ok(_) => panic!("it saw everything, or did not notice that it did not"),
    };
    assert!(matches!(refused, OpenError::Database { .. }), "{refused:?}");
    let cause = std::error::Error::source(&refused).map(ToString::to_string);
    assert!(
        cause.is_some_and(|cause| cause.contains("row-level security policy")),
        "{refused:?}"
    );
    drop(database);
    drop(reader);
}
