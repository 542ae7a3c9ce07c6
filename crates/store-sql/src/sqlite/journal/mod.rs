//! The journal on SQLite: `journal/YYYYMMDD.db`, one file per UTC day of arrival, written by one connection.
//!
//! - A transaction goes into one file: that of its latest arrival, but never into an older file than the newest one,
//!   even when the clock moves back. So sequences rise from file to file, whatever the clock does.
//! - Every file says in `file.first_seq` where it begins, and the newest file is never removed without a successor. So
//!   the sequence goes on after a restart even when no batch is left.
//! - The writer's view (head, recent ids) is taken out of its place while an append runs, and put back only when the
//!   outcome is known. An append that was cancelled, or whose commit failed, leaves the place empty, and the next
//!   append reads the view from the files again.
//!
//! Ids and idempotency keys are committed together with their batch: ids inside the batch, keys in a table beside it.

mod append;
mod backwards;
mod day_file;
mod erase;
mod lookup;
mod read;
mod retain;
mod stored;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use store::{Offset, StoreError, day};
use tokio::sync::Mutex;

use super::{SqliteOptions, WRITER, files};
use crate::OpenError;
use day_file::DayFile;
use writer::Writer;

pub(super) const FOLDER: &str = "journal";

pub(super) struct SqliteJournal {
    folder: PathBuf,
    options: SqliteOptions,
    /// By day. Retention removes from the front, the writer adds at the back.
    days: RwLock<BTreeMap<i64, Arc<DayFile>>>,
    /// Empty while an append runs, and after one whose outcome is not known.
    writer: Mutex<Option<Writer>>,
    /// No sequence up to this one is given again: live state contains it.
    floor: u64,
}

impl SqliteJournal {
    pub(super) async fn open(
        data_dir: &Path,
        options: &SqliteOptions,
        floor: u64,
    ) -> Result<SqliteJournal, OpenError> {
        let folder = data_dir.join(FOLDER);
        files::create_folder(&folder).await?;
        let found = list(&folder).await?;
        let newest = found.last().copied();
        let mut days = BTreeMap::new();
        for day in found {
            match DayFile::open(&folder, day, options).await? {
                Some(file) => {
                    days.insert(day, Arc::new(file));
                }
                // The process died while it made the file. Nothing was acknowledged from it.
                None if Some(day) == newest => day_file::remove(&folder, day)
                    .await
                    .map_err(OpenError::io(&folder))?,
                None => {
                    let text = format!("{}.db is not a journal file", day::name(day));
                    let database = folder.display().to_string();
                    return Err(OpenError::Stored {
                        database,
                        source: StoreError::Corrupt(text),
                    });
                }
            }
        }
        files::sync_folder(&folder).await?;
        let journal = SqliteJournal {
            folder: folder.clone(),
            options: options.clone(),
            days: RwLock::new(days),
            writer: Mutex::new(None),
            floor,
        };
        let writer = journal
            .load()
            .await
            .map_err(OpenError::stored(folder.display().to_string()))?;
        *journal.writer.lock().await = Some(writer);
        Ok(journal)
    }

    pub(super) async fn close(self) {
        let files = self.days.into_inner();
        // Readers first: only a connection that writes can clear a log away, and only as the last one.
        for file in files.values() {
            file.close_readers().await;
        }
        if let Some(writer) = self.writer.into_inner() {
            writer.close().await;
        }
        for file in files.values() {
            file.clear_log(&self.options).await;
        }
    }

    pub(super) async fn head(&self) -> Result<Offset, StoreError> {
        let mut place = self.writer.lock().await;
        if place.is_none() {
            *place = Some(self.load().await?);
        }
        Ok(Offset {
            writer: WRITER,
            seq: place.as_ref().map_or(0, |writer| writer.head),
        })
    }

    /// The files there are, oldest first.
    fn files(&self) -> Vec<Arc<DayFile>> {
        self.days.read().values().cloned().collect()
    }

    fn newest(&self) -> Option<Arc<DayFile>> {
        self.days
            .read()
            .last_key_value()
            .map(|(_, file)| Arc::clone(file))
    }
}

/// The days that have a file, oldest first. Logs whose database is gone (the process died while it removed a day) are
/// removed.
async fn list(folder: &Path) -> Result<Vec<i64>, OpenError> {
    let mut days = Vec::new();
    let mut strays = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await.map_err(OpenError::io(folder))?;
    while let Some(entry) = entries.next_entry().await.map_err(OpenError::io(folder))? {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if let Some(day) = name.strip_suffix(".db").and_then(day::parse) {
            days.push(day);
        }
        for suffix in [".db-wal", ".db-shm"] {
            if let Some(day) = name.strip_suffix(suffix).and_then(day::parse) {
                strays.push((day, entry.path()));
            }
        }
    }
    days.sort_unstable();
    for (day, path) in strays {
        if days.binary_search(&day).is_err() {
            tokio::fs::remove_file(&path)
                .await
                .map_err(OpenError::io(&path))?;
        }
    }
    Ok(days)
}
