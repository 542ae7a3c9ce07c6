//! A database of its own on the test server.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

/// How many this process has made.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// A fresh database.
pub struct OwnDatabase {
    name: String,
    admin: PgConnectOptions,
    /// Where the server under test connects.
    pub url: String,
}

/// Makes one, when `FUSEBOARD_TEST_POSTGRES` names a server.
pub async fn create() -> Option<OwnDatabase> {
    let admin = std::env::var_os("FUSEBOARD_TEST_POSTGRES")?
        .into_string()
        .unwrap();
    let admin: PgConnectOptions = admin.parse().expect("FUSEBOARD_TEST_POSTGRES is a URL");
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("fuseboard_own_{}_{count}", std::process::id());
    execute(&admin, format!("create database {name}")).await;
    let url = admin.clone().database(&name).to_url_lossy().to_string();
    Some(OwnDatabase { name, admin, url })
}

impl OwnDatabase {
    /// Removes it. A failed test leaves it there, to be looked at.
    pub async fn drop(self) {
        execute(&self.admin, format!("drop database {} with (force)", self.name)).await;
    }
}

async fn execute(admin: &PgConnectOptions, sql: String) {
    let mut connection: PgConnection = admin.connect().await.expect("the test server answers");
    // The name is ours: letters, an underscore, a process id.
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}
