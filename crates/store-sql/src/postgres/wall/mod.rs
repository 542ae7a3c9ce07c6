//! The second wall between tenants: row-level security (ADR 0029).
//!
//! The first one is in the program: every port method takes a scope, and every statement says `tenant_id = $1`. Behind it,
//! whatever is done for a tenant runs as [`AppRole`], a role that owns nothing, with the tenant set; a policy on every
//! table with a `tenant_id` hides all other rows from it. What is done for the system (appends, flushes, retention,
//! sessions, backups) runs as the user that the program connects as, which owns the tables and sees everything.
//!
//! Policies are the migrations' (`wall_around`, migration 0010). Here is the rest, at every connect: that the role is
//! there and can be taken ([`role`]), that it may do exactly what requests do ([`rights`]), and that the wall stands
//! ([`check`]). Rights are mended; a wall with a hole is refused.
//!
//! Deliberately absent: protection from statements that a stranger wrote. Who can run any SQL as the program can set
//! another tenant. Statements are static text with parameters, so that nobody can.

mod check;
mod rights;
mod role;

use std::fmt;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use store::TenantId;

pub(super) use role::provide;

use super::connect::Database;
use super::snapshot::quoted;
use crate::OpenError;

/// The name of the role that requests run as: 1–63 of `a-z`, `0-9`, `_`, starting with a letter, and not with `pg_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRole(String);

impl AppRole {
    /// What it is called when nobody says otherwise.
    pub const USUAL: &'static str = "fuseboard_app";

    /// Checks a name.
    ///
    /// # Errors
    /// In words, what a name must be.
    pub fn parse(name: &str) -> Result<AppRole, &'static str> {
        let mut bytes = name.bytes();
        let good = name.len() <= 63
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        // Postgres keeps these for itself.
        let reserved = name.starts_with("pg_") || matches!(name, "none" | "public");
        match good && !reserved {
            true => Ok(AppRole(name.to_owned())),
            false => Err(
                "must be the name of a role: 1 to 63 of a-z, 0-9 and _, starting with a letter, and not with pg_",
            ),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AppRole {
    fn default() -> Self {
        AppRole(AppRole::USUAL.to_owned())
    }
}

/// As an identifier within a statement: a name may be a word of SQL.
impl fmt::Display for AppRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.0))
    }
}

/// What puts a transaction behind the wall.
#[derive(Debug, Clone)]
pub(super) struct Wall {
    role: AppRole,
    /// Where the tables are: for another role `"$user"` in the search path is another schema.
    schema: String,
}

impl Wall {
    /// The statements that follow `BEGIN`.
    pub(super) fn behind(&self, tenant: &TenantId) -> String {
        // A slug holds no quote.
        format!(
            "SET LOCAL ROLE {}; SET LOCAL row_security = on; SET LOCAL search_path = {}, pg_temp; \
             SET LOCAL fuseboard.tenant = '{tenant}'",
            self.role,
            quoted(&self.schema)
        )
    }
}

/// Something that is not as it should be and that the program may put right.
struct Mend {
    /// How.
    sql: String,
    /// What is wrong, if it stays so.
    fault: String,
}

/// Gives the role the rights of requests, neither more nor less, and makes sure that the wall stands. Two processes that
/// do so at once wait for each other.
pub(super) async fn raise(
    connection: &mut PgConnection,
    database: &Database,
    role: &AppRole,
) -> Result<Wall, OpenError> {
    let failed = || OpenError::database(database.name());
    let found = check::look(connection, role).await.map_err(failed())?;
    if !check::mends(&found, role).is_empty() {
        mend(connection, role).await.map_err(failed())?;
    }
    let found = check::look(connection, role).await.map_err(failed())?;
    let mut faults = check::faults(&found, role);
    faults.extend(check::mends(&found, role).into_iter().map(|mend| mend.fault));
    match faults.is_empty() {
        true => Ok(Wall {
            role: role.clone(),
            schema: found.schema,
        }),
        false => Err(OpenError::Wall {
            database: database.name().to_owned(),
            faults,
        }),
    }
}

async fn mend(connection: &mut PgConnection, role: &AppRole) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // Rather fail than make every request queue behind this one's locks.
    for sql in [
        "SET LOCAL lock_timeout = '10s'",
        "SELECT pg_advisory_xact_lock(hashtextextended('fuseboard wall', 0))",
    ] {
        sqlx::query(sql).execute(&mut *transaction).await?;
    }
    let found = check::look(&mut transaction, role).await?;
    for mend in check::mends(&found, role) {
        tracing::info!(sql = mend.sql, "the rights of requests are put right");
        sqlx::raw_sql(AssertSqlSafe(mend.sql))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles() {
        for good in ["fuseboard_app", "a", "user", &"a".repeat(63)] {
            assert_eq!(AppRole::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "1a",
            "_a",
            "a-b",
            "A",
            "a\"b",
            "none",
            "public",
            "pg_read_all_data",
            &"a".repeat(64),
        ] {
            assert!(AppRole::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(AppRole::default(), AppRole::parse(AppRole::USUAL).unwrap());
    }
}
