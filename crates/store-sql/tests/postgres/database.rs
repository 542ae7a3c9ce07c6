//! A database that lives as long as a test.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use store::contract::Subject;
use store::contract::samples::audit_key;
use store_sql::{AppRole, PgOptions, PgStore};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A user that owns databases and may do nothing else: what an administrator makes for a program.
const PLAIN: &str = "fuseboard_test_plain";

pub struct Database {
    server: String,
    name: String,
    url: String,
    store: Option<PgStore>,
}

impl Database {
    pub async fn create() -> Database {
        let mut database = Database::empty().await;
        database.reopen().await;
        database
    }

    /// As [`Database::create`], owned and used by a user without any right but to own it.
    pub async fn create_plain() -> Database {
        let mut database = Database::empty_plain().await;
        database.reopen().await;
        database
    }

    /// One without a schema, owned by the plain user.
    pub async fn empty_plain() -> Database {
        let mut database = Database::empty().await;
        let server = &database.server;
        // Somebody else may be making the same at this moment.
        let _ = try_run(server, format!("CREATE ROLE {PLAIN} LOGIN PASSWORD '{PLAIN}'")).await;
        let app = AppRole::USUAL;
        let _ = try_run(server, format!("CREATE ROLE {app} NOLOGIN")).await;
        for _ in 0..20 {
            if try_run(server, format!("GRANT {app} TO {PLAIN}")).await.is_ok() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        run(
            server,
            format!("ALTER DATABASE {} OWNER TO {PLAIN}", database.name),
        )
        .await;
        database.url = database.url_of(PLAIN);
        database
    }

    /// The address for a user whose password is its name.
    pub fn url_of(&self, user: &str) -> String {
        let options: PgConnectOptions = self.url.parse().expect("an address");
        let options = options.username(user).password(user);
        options.to_url_lossy().to_string()
    }

    /// One without a schema.
    pub async fn empty() -> Database {
        #[expect(
            clippy::disallowed_methods,
            reason = "the test runner says where the server is"
        )]
        let server = std::env::var("FUSEBOARD_TEST_POSTGRES").expect(
            "set FUSEBOARD_TEST_POSTGRES to a server that may be used, such as \
             postgres://root@127.0.0.1:5432/postgres; `cargo xtask test` starts one and sets it",
        );
        let name = format!(
            "fb_test_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        run(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        run(&server, format!("CREATE DATABASE {name}")).await;
        let (base, query) = server.split_once('?').unwrap_or((&server, ""));
        let (host, _) = base
            .rsplit_once('/')
            .expect("the address ends with a database's name");
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        let url = format!("{host}/{name}{query}");
        Database {
            server,
            name,
            url,
            store: None,
        }
    }

    /// Runs a statement as an administrator of the server.
    pub async fn run_as_admin(&self, sql: String) {
        run(&self.admin_url(), sql).await;
    }

    /// This database, for an administrator.
    pub fn admin_url(&self) -> String {
        let admin: PgConnectOptions = self.server.parse().expect("an address");
        admin.database(&self.name).to_url_lossy().to_string()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn store_ref(&self) -> &PgStore {
        self.store.as_ref().expect("it is open")
    }

    /// The store, to be closed by the test.
    pub fn take(&mut self) -> PgStore {
        self.store.take().expect("it is open")
    }

    pub async fn run(&self, sql: &'static str) {
        run(&self.url, sql.to_owned()).await;
    }

    pub async fn try_run(&self, sql: &'static str) -> Result<(), sqlx::Error> {
        try_run(&self.url, sql.to_owned()).await
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut connection = PgConnection::connect(&self.url).await.expect("a connection");
        sqlx::query_scalar(sql)
            .fetch_one(&mut connection)
            .await
            .expect("a number")
    }

    /// Ends every connection of the store, as a restart of Postgres would.
    pub async fn kill_connections(&self) {
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    }
}

async fn run(url: &str, sql: String) {
    try_run(url, sql).await.expect("the statement works");
}

async fn try_run(url: &str, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(sql)).await.map(drop)
}

/// As the tests open a store.
pub fn options() -> PgOptions {
    PgOptions {
        connections: 3,
        audit_key: Some(audit_key()),
        ..PgOptions::default()
    }
}

#[async_trait]
impl Subject for Database {
    type Store = PgStore;

    fn store(&self) -> &PgStore {
        self.store_ref()
    }

    async fn reopen(&mut self) {
        drop(self.store.take());
        self.store = Some(
            PgStore::connect(&self.url, options())
                .await
                .expect("the database can be opened"),
        );
    }
}

impl Drop for Database {
    /// Also after a failed test; on a thread of its own, because a test's runtime cannot wait here.
    fn drop(&mut self) {
        drop(self.store.take());
        let (server, name) = (self.server.clone(), self.name.clone());
        let done = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .expect("a runtime")
                .block_on(run(&server, format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        if done.join().is_err() {
            eprintln!("the database {} is left over", self.name);
        }
    }
}
