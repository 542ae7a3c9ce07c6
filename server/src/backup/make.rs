//! From the database into an archive.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use archive::{Contents, DatabaseKind, JournalRange, Manifest, PartName, Sequence, Writer};
use store_sql::{CopiedFile, OpenError, PgSnapshot, SqliteOptions, SqliteSnapshot, TransferError};

use super::{BackupError, stamp};
use crate::config::Config;

const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// How much is read at a time.
const PIECE: usize = 1 << 18;

/// What a backup of this time is called.
pub fn file_name(now: i64) -> String {
    format!("fuseboard-{}.fbbackup", stamp(now))
}

/// Writes a backup of the configured database to this file.
///
/// # Errors
/// See [`BackupError`]. Nothing is left then.
pub async fn make(config: &Config, to: &Path, replace: bool, now: i64) -> Result<Manifest, BackupError> {
    // SQLite is given a path within it.
    let to = std::path::absolute(to).map_err(BackupError::file("write", to))?;
    match &config.database_url {
        None => sqlite(&config.data_dir, &to, replace, now).await,
        Some(url) => postgres(url.expose(), &to, replace, now).await,
    }
}

async fn sqlite(data_dir: &Path, to: &Path, replace: bool, now: i64) -> Result<Manifest, BackupError> {
    let mut snapshot = SqliteSnapshot::open(data_dir, SqliteOptions::default()).await?;
    let manifest = Manifest::new(PROGRAM, DatabaseKind::Sqlite, snapshot.schema(), now);
    let mut writer = Writer::create(to, replace, manifest)?;
    let copy = writer.scratch().join("copy.db");

    let main = snapshot.copy_main(&copy).await?;
    writer.manifest().tenants = main.tenants.iter().map(ToString::to_string).collect();
    pack(&mut writer, PartName::MainFile, &copy, main).await?;

    let mut journal = JournalRange {
        writer: snapshot.writer(),
        ..JournalRange::default()
    };
    for day in snapshot.days() {
        let Some(copied) = snapshot.copy_day(&day, &copy).await? else {
            continue;
        };
        if let Some((first, last)) = copied.batches {
            journal.first.get_or_insert(first);
            journal.last = Some(last);
        }
        let name = PartName::day(&day).ok_or_else(|| unfit(&day))?;
        pack(&mut writer, name, &copy, copied).await?;
    }
    writer.manifest().journal = journal;
    Ok(writer.finish()?)
}

/// Packs a copy, and removes it.
async fn pack(
    writer: &mut Writer,
    name: PartName,
    copy: &PathBuf,
    copied: CopiedFile,
) -> Result<(), BackupError> {
    let mut file = std::fs::File::open(copy).map_err(BackupError::file("read", copy))?;
    writer.begin(name)?;
    let mut buffer = vec![0; PIECE];
    loop {
        let read = file.read(&mut buffer).map_err(BackupError::file("read", copy))?;
        if read == 0 {
            break;
        }
        writer.write(&buffer[..read])?;
        // A signal is heard here.
        tokio::task::yield_now().await;
    }
    writer.end(Contents {
        tables: copied.tables,
        columns: Vec::new(),
    })?;
    std::fs::remove_file(copy).map_err(BackupError::file("remove", copy))
}

async fn postgres(url: &str, to: &Path, replace: bool, now: i64) -> Result<Manifest, BackupError> {
    let mut snapshot = PgSnapshot::open(url).await?;
    let mut manifest = Manifest::new(PROGRAM, DatabaseKind::Postgres, snapshot.schema(), now);
    manifest.tenants = snapshot.tenants().iter().map(ToString::to_string).collect();
    manifest.journal = JournalRange {
        writer: snapshot.writer(),
        first: snapshot.batches().map(|(first, _)| first),
        last: snapshot.batches().map(|(_, last)| last),
    };
    manifest.sequences = snapshot
        .counters()
        .iter()
        .map(|counter| Sequence {
            table: counter.table.clone(),
            column: counter.column.clone(),
            last: counter.last,
        })
        .collect();
    let mut writer = Writer::create(to, replace, manifest)?;
    for table in snapshot.tables().to_vec() {
        let name = PartName::table(&table.name).ok_or_else(|| unfit(&table.name))?;
        writer.begin(name)?;
        // The transfer knows errors of files only; the one of the archive says more.
        let mut failed = None;
        let copied = snapshot.copy(&table, |piece| {
            writer.write(piece).map_err(|error| {
                failed = Some(error);
                std::io::Error::other("the archive cannot be written")
            })
        });
        let rows = match (copied.await, failed) {
            (_, Some(error)) => return Err(error.into()),
            (rows, None) => rows?,
        };
        writer.end(Contents {
            tables: [(table.name, rows)].into(),
            columns: table.columns,
        })?;
    }
    snapshot.close().await;
    Ok(writer.finish()?)
}

/// Ours all have names that fit; a table of somebody else's schema could not get here.
fn unfit(name: &str) -> TransferError {
    TransferError::Open(OpenError::Unsound {
        path: name.into(),
        why: "a backup has no place for this name".into(),
    })
}
