//! The role that requests run as: made when it is missing, and taken once to see that it can be.
//!
//! Roles belong to a server, not to a database: two installations on one server share a role unless each has a name of
//! its own (`database.app_role`).

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use super::super::connect::Database;
use super::super::snapshot::quoted;
use super::AppRole;
use crate::OpenError;

/// How often something is tried that others on the server were doing at the same moment, and how long apart.
const ATTEMPTS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(50);

const UNTAKEN: &str = "cannot be taken by this user";

/// Makes sure that the role is there, that it is weak enough to be walled in, and that this user can take it.
///
/// # Errors
/// [`OpenError::AppRole`] says, in one line, what an administrator has to run.
pub(in crate::postgres) async fn provide(
    connection: &mut PgConnection,
    database: &Database,
    role: &AppRole,
) -> Result<(), OpenError> {
    let failed = || OpenError::database(database.name());
    let refused = |why: &str, remedy: String| OpenError::AppRole {
        database: database.name().to_owned(),
        role: role.as_str().to_owned(),
        why: why.to_owned(),
        remedy,
    };
    let told = |sql: &str| format!("let an administrator run: {sql};");
    let user: String = sqlx::query_scalar("SELECT session_user::text")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed())?;
    let grant = format!("GRANT {role} TO {}", quoted(&user));
    let create = format!("CREATE ROLE {role} NOLOGIN");
    if !is_there(connection, role).await.map_err(failed())? {
        match run(connection, &create).await {
            Ok(()) => tracing::info!(role = role.as_str(), "the role of requests was made"),
            Err(error) if is_refused(&error) => {
                let why = "is not there, and this user may not make it";
                return Err(refused(why, told(&format!("{create}; {grant}"))));
            }
            Err(error) => return Err(failed()(error)),
        }
    }
    if let Some(why) = too_strong(connection, role).await.map_err(failed())? {
        let remedy = match why {
            Strong::Attributes => told(&format!("ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEROLE")),
            Strong::Member => told(&format!("REVOKE {} FROM {role}", quoted(&user))),
            Strong::Same => "set database.app_role to another name".to_owned(),
        };
        return Err(refused(why.words(), remedy));
    }
    if can_be_taken(connection, role).await.map_err(failed())? {
        return warn_of_others(connection, role, &user).await.map_err(failed());
    }
    match run(connection, &grant).await {
        Ok(()) => {}
        Err(error) if is_refused(&error) => {
            return Err(refused(UNTAKEN, told(&grant)));
        }
        Err(error) => return Err(failed()(error)),
    }
    if !can_be_taken(connection, role).await.map_err(failed())? {
        return Err(refused(UNTAKEN, told(&grant)));
    }
    warn_of_others(connection, role, &user).await.map_err(failed())
}

async fn is_there(connection: &mut PgConnection, role: &AppRole) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
        .bind(role.as_str())
        .fetch_one(connection)
        .await
}

/// Why no wall would hold the role.
#[derive(Debug, Clone, Copy)]
enum Strong {
    Attributes,
    Member,
    Same,
}

impl Strong {
    fn words(self) -> &'static str {
        match self {
            Strong::Attributes => "is a superuser, or may pass by row-level security or make roles",
            Strong::Member => "may do what this user may",
            Strong::Same => "is this user itself, who owns the tables",
        }
    }
}

async fn too_strong(connection: &mut PgConnection, role: &AppRole) -> Result<Option<Strong>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole AS strong, rolname = session_user AS same,
            pg_has_role(oid, session_user, 'MEMBER') AS member
         FROM pg_roles WHERE rolname = $1",
    )
    .bind(role.as_str())
    .fetch_one(connection)
    .await?;
    // A superuser is a member of everything: the attributes say more.
    let order = [
        ("same", Strong::Same),
        ("strong", Strong::Attributes),
        ("member", Strong::Member),
    ];
    for (column, why) in order {
        if row.try_get(column)? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Tried, because what it takes differs between versions of Postgres.
async fn can_be_taken(connection: &mut PgConnection, role: &AppRole) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let taken = sqlx::raw_sql(AssertSqlSafe(format!("SET LOCAL ROLE {role}")))
        .execute(&mut *transaction)
        .await;
    transaction.rollback().await?;
    match taken {
        Ok(_) => Ok(true),
        Err(error) if is_refused(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whoever else may take the role could read this database through it, where they may connect to it.
async fn warn_of_others(
    connection: &mut PgConnection,
    role: &AppRole,
    user: &str,
) -> Result<(), sqlx::Error> {
    let others: Vec<String> = sqlx::query_scalar(
        "SELECT m.rolname::text FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member
         WHERE a.roleid = (SELECT oid FROM pg_roles WHERE rolname = $1) AND m.rolname <> $2 AND NOT m.rolsuper
         ORDER BY 1",
    )
    .bind(role.as_str())
    .bind(user)
    .fetch_all(connection)
    .await?;
    if !others.is_empty() {
        tracing::warn!(
            role = role.as_str(),
            others = others.join(", "),
            "others may act as the role of requests; if they are not of this installation, give it a role of its own \
             (database.app_role)"
        );
    }
    Ok(())
}

/// Runs a statement about roles. Those are the whole server's: others may be saying the same at this moment, and Postgres
/// then refuses the later one in one of three ways.
async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    let mut attempt = 1;
    loop {
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut *connection)
            .await;
        let Err(error) = done else { return Ok(()) };
        match code(&error).as_deref() {
            // It exists: somebody was faster.
            Some("42710" | "23505") => return Ok(()),
            // A row was changed by two at once.
            Some("XX000") if attempt < ATTEMPTS => attempt += 1,
            _ => return Err(error),
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

/// The user may not do this.
fn is_refused(error: &sqlx::Error) -> bool {
    matches!(code(error).as_deref(), Some("42501" | "0LP01"))
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(|code| code.into_owned())
}
