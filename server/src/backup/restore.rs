//! From an archive into a database.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use archive::{Archive, Manifest, PartName};
use store_sql::{OpenError, PgCounter, PgRestore, PgTable, SqliteRestore};

use super::{BackupError, kind, stamp};
use crate::config::Config;
use crate::private_file;

/// How much is read at a time.
const PIECE: usize = 1 << 18;

/// What was put back.
#[derive(Debug)]
pub struct Restored {
    /// What the backup said about itself.
    pub manifest: Manifest,
    /// Where the data that was there before is now.
    pub aside: Option<PathBuf>,
}

/// Puts a backup into the configured database. The whole archive is read and checked before anything is touched. With
/// `force` the data of a folder is moved aside; a database of Postgres has to be empty.
///
/// # Errors
/// See [`BackupError`]. The target is as it was, unless files could not be renamed.
pub async fn restore(config: &Config, from: &Path, force: bool, now: i64) -> Result<Restored, BackupError> {
    let mut archive = Archive::open(from)?;
    let (backup, target) = (archive.manifest().database, kind(config));
    if backup != target {
        return Err(BackupError::OtherKind { backup, target });
    }
    let (found, known) = (archive.manifest().schema, store_sql::newest_schema());
    if found > known {
        return Err(BackupError::NewerSchema { found, known });
    }
    archive.check()?;
    let aside = match &config.database_url {
        None => sqlite(&config.data_dir, &mut archive, force, now).await?,
        Some(url) => {
            // What the first start will need is asked for before everything is put there.
            store_sql::provide_app_role(url.expose(), &config.app_role).await?;
            postgres(url.expose(), &mut archive).await?;
            None
        }
    };
    Ok(Restored {
        manifest: archive.manifest().clone(),
        aside,
    })
}

async fn sqlite(
    data_dir: &Path,
    archive: &mut Archive,
    force: bool,
    now: i64,
) -> Result<Option<PathBuf>, BackupError> {
    private_file::folder(data_dir).map_err(BackupError::file("create", data_dir))?;
    let target = SqliteRestore::begin(data_dir).await?;
    if !force && let Some(path) = target.present().await?.into_iter().next() {
        return Err(BackupError::NotEmpty(path));
    }
    target.prepare().await?;
    let schema = archive.manifest().schema;
    let filled = async {
        for index in 0..archive.manifest().parts.len() {
            unpack(archive, index, &target).await?;
        }
        target.examine(schema).await?;
        Ok(())
    };
    if let Err(error) = filled.await {
        target.abandon().await?;
        return Err(error);
    }
    Ok(target.finish(&format!("before-restore-{}", stamp(now))).await?)
}

async fn unpack(archive: &mut Archive, index: usize, target: &SqliteRestore) -> Result<(), BackupError> {
    let mut part = archive.part(index)?;
    let path = match part.name() {
        Some(PartName::MainFile) => target.main_file(),
        Some(PartName::DayFile(day)) => target.day_file(&day),
        // The outline was checked: a backup of SQLite has no tables.
        Some(PartName::Table(_)) | None => return Ok(()),
    };
    let failed = || BackupError::file("write", &path);
    let mut options = std::fs::File::options();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(&path).map_err(failed())?;
    let mut buffer = vec![0; PIECE];
    loop {
        let read = part.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        file.write_all(&buffer[..read]).map_err(failed())?;
        tokio::task::yield_now().await;
    }
    file.sync_all().map_err(failed())
}

async fn postgres(url: &str, archive: &mut Archive) -> Result<(), BackupError> {
    let mut target = PgRestore::begin(url).await?;
    let manifest = archive.manifest();
    let tables: Vec<PgTable> = manifest
        .parts
        .iter()
        .filter_map(|part| match PartName::parse(&part.name)? {
            PartName::Table(name) => Some(PgTable {
                name,
                columns: part.columns.clone(),
            }),
            PartName::MainFile | PartName::DayFile(_) => None,
        })
        .collect();
    let counters: Vec<PgCounter> = manifest
        .sequences
        .iter()
        .map(|sequence| PgCounter {
            table: sequence.table.clone(),
            column: sequence.column.clone(),
            last: sequence.last,
        })
        .collect();
    target.make_schema(manifest.schema, &tables).await?;
    for (index, table) in tables.iter().enumerate() {
        let mut part = archive.part(index)?;
        let wanted = part.part().tables.get(&table.name).copied().unwrap_or(0);
        let mut failed = None;
        let filled = target.fill(table, |buffer| {
            part.read(buffer).map_err(|error| {
                failed = Some(error);
                std::io::Error::other("the archive cannot be read")
            })
        });
        let found = match (filled.await, failed) {
            (_, Some(error)) => return Err(error.into()),
            (rows, None) => rows?,
        };
        if found != wanted {
            return Err(BackupError::Rows {
                part: table.name.clone(),
                wanted,
                found,
            });
        }
    }
    if counters
        .iter()
        .any(|counter| tables.iter().all(|table| table.name != counter.table))
    {
        return Err(BackupError::Open(OpenError::Unsound {
            path: archive.path().to_owned(),
            why: "it has a counter of a table that it does not have".into(),
        }));
    }
    target.set_counters(&counters).await?;
    Ok(target.finish().await?)
}
