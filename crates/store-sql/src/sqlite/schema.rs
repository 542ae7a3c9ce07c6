//! The schema of `fuseboard.db`: which version it has, and how it gets to the next one.

use std::path::{Path, PathBuf};

use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use super::files;
use crate::{OpenError, migrations};

/// The newest migration that was applied; `None` in an empty database.
pub(super) async fn schema_version(connection: &mut SqliteConnection) -> Result<Option<i64>, sqlx::Error> {
    let known = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'")
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("SELECT max(version) AS version FROM _sqlx_migrations")
        .fetch_one(connection)
        .await?;
    row.try_get("version")
}

/// Applies what is missing. A database that holds something is copied first.
pub(super) async fn migrate(
    connection: &mut SqliteConnection,
    path: &Path,
    version: Option<i64>,
    migrations: &[sqlx::migrate::Migration],
) -> Result<(), OpenError> {
    if version.is_some() {
        copy(connection, path, migrations::newest(migrations)).await?;
    }
    let migrator = migrations::migrator(migrations);
    let database = path.display().to_string();
    migrator
        .run_direct(None, connection, false)
        .await
        .map_err(|source| OpenError::Migrate { database, source })
}

/// Writes `fuseboard-before-NNNN.db`: complete or not at all, so that a copy left by a crash is never taken for one.
async fn copy(connection: &mut SqliteConnection, path: &Path, version: i64) -> Result<PathBuf, OpenError> {
    let name = path.display().to_string();
    let target = path.with_file_name(format!("fuseboard-before-{version:04}.db"));
    let unfinished = target.with_extension("db.unfinished");
    match tokio::fs::remove_file(&unfinished).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(OpenError::Io {
                path: unfinished,
                source: error,
            });
        }
        _ => {}
    }
    sqlx::query("VACUUM INTO $1")
        .bind(unfinished.to_string_lossy())
        .execute(connection)
        .await
        .map_err(OpenError::database(&name))?;
    let sync = async || tokio::fs::File::open(&unfinished).await?.sync_all().await;
    sync().await.map_err(OpenError::io(&unfinished))?;
    tokio::fs::rename(&unfinished, &target)
        .await
        .map_err(OpenError::io(&target))?;
    if let Some(folder) = path.parent() {
        files::sync_folder(folder).await?;
    }
    tracing::info!(copy = %target.display(), "copied the database before changing its schema");
    Ok(target)
}

#[cfg(test)]
mod tests {
    use sqlx::migrate::{Migration, MigrationType};
    use sqlx::{Connection as _, SqlSafeStr as _};

    use super::super::SqliteOptions;
    use super::super::main_db::{FILE, MainDb};
    use super::*;

    #[tokio::test]
    async fn a_database_that_holds_something_is_copied_before_it_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::default();
        MainDb::open(folder.path(), &options, true)
            .await
            .unwrap()
            .close()
            .await;
        let copies = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.contains("before")).collect::<Vec<_>>()
        };
        assert_eq!(copies(), [""; 0], "an empty database needs no copy");
        let path = folder.path().join(FILE);
        let mut migrations = migrations::sqlite();
        let known = migrations::newest(&migrations);
        let later = known + 1;
        let copy_name = format!("fuseboard-before-{later:04}.db");
        // What an interrupted copy leaves is not in the way.
        std::fs::write(folder.path().join(format!("{copy_name}.unfinished")), "torn").unwrap();
        let sql = "CREATE TABLE later (tenant_id TEXT NOT NULL)".into_sql_str();
        migrations.push(Migration::new(
            later,
            "later".into(),
            MigrationType::Simple,
            sql,
            false,
        ));
        let write = files::writing_vacuumed(&path, &options);
        let mut connection = SqliteConnection::connect_with(&write).await.unwrap();
        migrate(&mut connection, &path, Some(known), &migrations)
            .await
            .unwrap();
        assert_eq!(schema_version(&mut connection).await.unwrap(), Some(later));
        assert_eq!(copies(), [copy_name.as_str()]);
        connection.close().await.unwrap();
        let copy = files::reading(&folder.path().join(&copy_name), &options);
        let mut copy = SqliteConnection::connect_with(&copy).await.unwrap();
        assert_eq!(schema_version(&mut copy).await.unwrap(), Some(known));
        // And this program does not open what a later one has changed.
        let Err(error) = MainDb::open(folder.path(), &options, true).await.map(drop) else {
            panic!("it was opened")
        };
        assert!(
            matches!(error, OpenError::Newer { found, known: mine, .. } if (found, mine) == (later, known)),
            "{error:?}"
        );
    }
}
