//! Row-level security by itself: what is tried here says nowhere whose rows it wants, and has every right on every table.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, Row as _, Transaction};
use store::contract::Subject as _;
use store::contract::samples::{NOON, batch};
use store::{Journal as _, SystemScope};
use store_sql::AppRole;

use crate::database::Database;

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
fn system() -> SystemScope {
    SystemScope::assume()
}

/// A column and how a value of it is made from a number.
struct Column {
    name: String,
    kind: String,
}

/// Every table with a tenant, and its columns.
async fn tables(connection: &mut PgConnection) -> Vec<(String, Vec<Column>)> {
    let rows = sqlx::query(
        "SELECT c.relname::text AS table, array_agg(a.attname::text ORDER BY a.attnum) AS names,
            array_agg(t.typname::text ORDER BY a.attnum) AS kinds
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
            AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = ''
         GROUP BY c.relname HAVING bool_or(a.attname = 'tenant_id') ORDER BY c.relname",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let table = |row: &sqlx::postgres::PgRow| {
        let names: Vec<String> = row.get("names");
        let kinds: Vec<String> = row.get("kinds");
        let columns = names.into_iter().zip(kinds);
        let columns = columns.map(|(name, kind)| Column { name, kind }).collect();
        (row.get("table"), columns)
    };
    rows.iter().map(table).collect()
}

/// A row of a tenant; the number makes it differ from all others.
fn insert(table: &str, columns: &[Column], tenant: &str, number: i64) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let values = columns
        .iter()
        .map(|column| match (column.name.as_str(), column.kind.as_str()) {
            ("tenant_id", _) => format!("'{tenant}'"),
            (name, "text") => format!("'{name} {number}'"),
            (_, "bytea") => format!("'\\x{number:064x}'"),
            (_, "bool") => "true".to_owned(),
            // Within the day of the one partition there is.
            ("received", _) => (NOON + number).to_string(),
            _ => number.to_string(),
        });
    let values: Vec<String> = values.collect();
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        names.join(", "),
        values.join(", ")
    )
}

/// A database in which each table with a tenant has one row of `acme`, one of `umbrella` and one of nobody; and the role of
/// requests may do everything with all of them.
async fn filled() -> (Database, Vec<(String, Vec<Column>)>) {
    let database = Database::create().await;
    let today = batch("acme", NOON, &["makes the partition"]);
    database.store().append(&system(), vec![today]).await.unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let tables = tables(&mut connection).await;
    // Without triggers: neither references nor the audit log's own guard stand in the way of a made-up row.
    connection
        .execute("SET session_replication_role = replica")
        .await
        .unwrap();
    for (table, columns) in &tables {
        connection
            .execute(AssertSqlSafe(format!("DELETE FROM {table}")))
            .await
            .unwrap();
        for (number, tenant) in [(1, "acme"), (2, "umbrella"), (3, "")] {
            let sql = insert(table, columns, tenant, number);
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    }
    let sql = format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}", AppRole::USUAL);
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    (database, tables)
}

/// A transaction as requests have them, but that triggers are off.
async fn request<'c>(connection: &'c mut PgConnection, tenant: Option<&str>) -> Transaction<'c, Postgres> {
    let mut transaction = connection.begin().await.unwrap();
    let mut sql = format!(
        "SET LOCAL session_replication_role = replica; SET LOCAL ROLE {}",
        AppRole::USUAL
    );
    if let Some(tenant) = tenant {
        sql += &format!("; SET LOCAL fuseboard.tenant = '{tenant}'");
    }
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction
}

/// Whether it was refused because of the row.
fn is_walled_off(done: Result<sqlx::postgres::PgQueryResult, sqlx::Error>) -> bool {
    let error = done.expect_err("it must be refused");
    let error = error.as_database_error().expect("by Postgres");
    error.code().as_deref() == Some("42501") && error.message().contains("row-level security policy")
}

#[tokio::test]
async fn a_statement_without_a_filter_meets_only_own_rows_in_every_table() {
    let (database, tables) = filled().await;
    assert!(tables.len() >= 19, "{} tables with a tenant", tables.len());
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (table, columns) in &tables {
        let run = async |connection: &mut PgConnection, sql: String| {
            let mut transaction = request(connection, Some("acme")).await;
            let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await;
            transaction.rollback().await.unwrap();
            done
        };
        let mut transaction = request(&mut connection, Some("acme")).await;
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT tenant_id FROM {table}")))
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
        transaction.rollback().await.unwrap();
        assert_eq!(found, ["acme"], "{table}");

        let touched = run(
            &mut connection,
            format!("UPDATE {table} SET tenant_id = tenant_id"),
        )
        .await;
        assert_eq!(touched.unwrap().rows_affected(), 1, "{table}");
        let given_away = run(
            &mut connection,
            format!("UPDATE {table} SET tenant_id = 'umbrella'"),
        )
        .await;
        assert!(is_walled_off(given_away), "{table}");
        let removed = run(&mut connection, format!("DELETE FROM {table}")).await;
        assert_eq!(removed.unwrap().rows_affected(), 1, "{table}");
        for foreign in ["umbrella", "another", ""] {
            let put = run(&mut connection, insert(table, columns, foreign, 9)).await;
            assert!(is_walled_off(put), "{table}");
        }
        // What refused them was whose row it was, and nothing else about it.
        let own = format!("DELETE FROM {table}; {}", insert(table, columns, "acme", 9));
        assert!(run(&mut connection, own).await.is_ok(), "{table}");
    }
    // Whatever was tried, the rows of the others are all there.
    for (table, _) in &tables {
        let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id <> 'acme'");
        let left: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 2, "{table}");
    }
}

#[tokio::test]
async fn without_a_tenant_there_are_no_rows() {
    let (database, tables) = filled().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    // Never set in this session; set to nothing; and left behind, as an empty text, by the round before.
    for tenant in [None, Some(""), None] {
        for (table, columns) in &tables {
            let mut transaction = request(&mut connection, tenant).await;
            let sql = format!("SELECT count(*) FROM {table}");
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(&mut *transaction)
                .await
                .unwrap();
            assert_eq!(found, 0, "{table} with {tenant:?}");
            let sql = insert(table, columns, "", 9);
            let put = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await;
            assert!(is_walled_off(put), "{table} with {tenant:?}");
            transaction.rollback().await.unwrap();
        }
        let mut once = request(&mut connection, Some("acme")).await;
        once.execute("SELECT 1").await.unwrap();
        once.commit().await.unwrap();
    }
}

#[tokio::test]
async fn of_accounts_and_sessions_a_tenant_sees_its_members_and_no_secret_of_theirs() {
    let database = Database::create().await;
    database
        .run(
            "INSERT INTO account (id, email, name, password, platform_admin, created)
             VALUES ('a', 'a@x', 'A', 'hash', 0, 1), ('b', 'b@x', 'B', 'hash', 0, 1), ('c', 'c@x', 'C', 'hash', 1, 1);
             INSERT INTO member VALUES ('acme', 'a', 'owner', 1), ('umbrella', 'b', 'owner', 1);
             INSERT INTO session VALUES ('\\x01', 's', 'a', 1, 1, 1, 1, '', ''), ('\\x02', 't', 'b', 1, 1, 1, 1, '', '')",
        )
        .await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (sql, seen) in [
        ("SELECT id FROM account", "a"),
        ("SELECT account FROM session", "a"),
    ] {
        let mut transaction = request(&mut connection, Some("acme")).await;
        let found: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(found, [seen], "{sql}");
        transaction.rollback().await.unwrap();
    }
    let mut transaction = request(&mut connection, Some("acme")).await;
    let ended = transaction.execute("DELETE FROM session").await.unwrap();
    assert_eq!(ended.rows_affected(), 1);
    transaction.rollback().await.unwrap();
    for sql in [
        "SELECT password FROM account",
        "SELECT hash FROM session",
        "UPDATE account SET name = 'x'",
        "UPDATE account SET platform_admin = 1",
        "INSERT INTO session SELECT * FROM session",
        "SELECT * FROM second_factor",
        "SELECT * FROM recovery_code",
        "SELECT * FROM master_key",
        "SELECT * FROM journal_head",
        "UPDATE journal_head SET seq = 0",
        "SELECT * FROM recent_id",
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "TRUNCATE series",
        "SELECT * FROM _sqlx_migrations",
    ] {
        let mut transaction = request(&mut connection, Some("acme")).await;
        let error = transaction.execute(sql).await.expect_err(sql);
        let error = error.as_database_error().expect("by Postgres");
        assert_eq!(error.code().as_deref(), Some("42501"), "{sql}: {error}");
        assert!(error.message().contains("permission denied"), "{sql}: {error}");
        transaction.rollback().await.unwrap();
    }
}

#[tokio::test]
async fn partitions_cannot_be_read_past_the_journal() {
    let database = Database::create().await;
    for slug in ["acme", "umbrella"] {
        let batch = batch(slug, NOON, &["a"]);
        database.store().append(&system(), vec![batch]).await.unwrap();
    }
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let mut transaction = request(&mut connection, Some("acme")).await;
    let found: Vec<String> = sqlx::query_scalar("SELECT tenant_id FROM journal_batch")
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(found, ["acme"]);
    transaction.rollback().await.unwrap();
    for sql in [
        "SELECT * FROM journal_batch_20260301",
        "DELETE FROM journal_batch_20260301",
        "INSERT INTO journal_batch SELECT * FROM journal_batch",
    ] {
        let mut transaction = request(&mut connection, Some("acme")).await;
        let error = transaction.execute(sql).await.expect_err(sql).to_string();
        assert!(error.contains("permission denied"), "{sql}: {error}");
        transaction.rollback().await.unwrap();
    }
}
