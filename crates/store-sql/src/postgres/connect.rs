//! Connections to Postgres: what every one of them is told at its start.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection as _, Row as _};

use super::target::is_unfinished;
use super::wall::{self, AppRole, Wall};
use crate::{OpenError, migrations};

/// The oldest major version that is supported.
const OLDEST: i32 = 15;

/// Where the database is. Its name is safe to show: it holds no password.
#[derive(Clone)]
pub(super) struct Database {
    options: PgConnectOptions,
    name: String,
}

impl Database {
    pub(super) fn parse(url: &str) -> Result<Database, OpenError> {
        let options = PgConnectOptions::from_str(url).map_err(OpenError::database("the Postgres address"))?;
        let database = options.get_database().unwrap_or_else(|| options.get_username());
        let name = format!(
            "Postgres {}:{}/{database}",
            options.get_host(),
            options.get_port()
        );
        // A 2xx promises durability whatever the server's default is. A client that is gone is noticed within half a
        // minute, so that its locks do not outlive it for hours.
        let options = options.application_name("fuseboard").options([
            ("synchronous_commit", "on"),
            ("tcp_keepalives_idle", "15"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            ("idle_in_transaction_session_timeout", "60s"),
            // What is done for the system sees all rows, or fails: never some of them, unnoticed (ADR 0029).
            ("row_security", "off"),
        ]);
        Ok(Database { options, name })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// Checks that the server is one that can be used.
    pub(super) async fn check_server(&self) -> Result<(), OpenError> {
        let failed = || OpenError::database(&self.name);
        let mut connection = PgConnection::connect_with(&self.options)
            .await
            .map_err(failed())?;
        let row = sqlx::query(
            "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name,
                current_setting('fsync') AS fsync",
        )
        .fetch_one(&mut connection)
        .await
        .map_err(failed())?;
        if row.try_get::<i32, _>("number").map_err(failed())? / 10_000 < OLDEST {
            return Err(OpenError::PostgresTooOld(row.try_get("name").map_err(failed())?));
        }
        if row.try_get::<String, _>("fsync").map_err(failed())? != "on" {
            tracing::warn!("this Postgres runs with fsync off: a power cut loses acknowledged events");
        }
        connection.close().await.map_err(failed())
    }

    /// Makes sure that the role of requests is there.
    pub(super) async fn provide(&self, role: &AppRole) -> Result<(), OpenError> {
        let failed = || OpenError::database(&self.name);
        let mut connection = PgConnection::connect_with(&self.options)
            .await
            .map_err(failed())?;
        wall::provide(&mut connection, self, role).await?;
        connection.close().await.map_err(failed())
    }

    /// Checks the server, brings the schema up to date and makes sure that the wall between tenants stands.
    pub(super) async fn prepare(&self, role: &AppRole) -> Result<Wall, OpenError> {
        self.check_server().await?;
        let failed = || OpenError::database(&self.name);
        let mut connection = PgConnection::connect_with(&self.options)
            .await
            .map_err(failed())?;
        if is_unfinished(&mut connection).await.map_err(failed())? {
            return Err(OpenError::CopyUnfinished(self.name.clone()));
        }
        let migrations = migrations::postgres();
        let known = migrations::newest(&migrations);
        let found = schema_version(&mut connection).await.map_err(failed())?;
        if let Some(found) = found.filter(|found| *found > known) {
            return Err(OpenError::Newer {
                database: self.name.clone(),
                found,
                known,
            });
        }
        // First, so that an upgrade which an administrator has to help with changes nothing before.
        wall::provide(&mut connection, self, role).await?;
        // The migrator takes a lock of its own, so two processes that start at once do not meet.
        migrations::migrator(&migrations)
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|source| OpenError::Migrate {
                database: self.name.clone(),
                source,
            })?;
        let wall = wall::raise(&mut connection, self, role).await?;
        connection.close().await.map_err(failed())?;
        Ok(wall)
    }
}

/// The newest migration that was applied; `None` in an empty database.
pub(super) async fn schema_version(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    let known: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
        .fetch_one(connection)
        .await
}
