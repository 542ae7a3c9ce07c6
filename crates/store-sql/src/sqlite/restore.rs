//! Putting the files of a backup into a folder. They are gathered and examined in a folder of their own inside it, and
//! take their places by renaming, after what was there has been moved aside. Nothing is ever deleted.
//!
//! While that folder is there, no server opens the data: a restore that was interrupted is run again.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::main_db::FILE;
use super::schema::schema_version;
use super::snapshot::{days_in, open_copy};
use super::{files, journal};
use crate::OpenError;
use crate::error::store_error;

/// Where files of a restore wait. Its presence says that one was not finished.
const WAITING: &str = "restore.unfinished";

/// What SQLite puts beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A folder that is being restored into. Nobody else may use it meanwhile.
pub struct SqliteRestore {
    folder: PathBuf,
    _lock: File,
}

impl SqliteRestore {
    /// Takes the folder, creating it where it is missing.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when a server is running on it.
    pub async fn begin(data_dir: &Path) -> Result<SqliteRestore, OpenError> {
        files::create_folder(data_dir).await?;
        Ok(SqliteRestore {
            folder: data_dir.to_owned(),
            _lock: files::lock(data_dir)?,
        })
    }

    /// What is there already: the database, the journal, or a log of either.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn present(&self) -> Result<Vec<PathBuf>, OpenError> {
        let mut found = Vec::new();
        let main = self.folder.join(FILE);
        let beside = BESIDE.iter().map(|suffix| with_suffix(&main, suffix));
        for path in std::iter::once(main.clone()).chain(beside) {
            if exists(&path).await? {
                found.push(path);
            }
        }
        let journal = self.folder.join(journal::FOLDER);
        if exists(&journal).await? {
            let mut entries = tokio::fs::read_dir(&journal)
                .await
                .map_err(OpenError::io(&journal))?;
            if entries
                .next_entry()
                .await
                .map_err(OpenError::io(&journal))?
                .is_some()
            {
                found.push(journal);
            }
        }
        Ok(found)
    }

    /// An empty place for the files, on the same file system. What an interrupted restore left there is removed.
    ///
    /// # Errors
    /// It cannot be made.
    pub async fn prepare(&self) -> Result<(), OpenError> {
        self.abandon().await?;
        let waiting = self.waiting();
        files::create_folder(&waiting.join(journal::FOLDER)).await
    }

    /// Where `fuseboard.db` is to be written.
    pub fn main_file(&self) -> PathBuf {
        self.waiting().join(FILE)
    }

    /// Where a day of the journal is to be written, by its eight digits.
    pub fn day_file(&self, day: &str) -> PathBuf {
        self.waiting().join(journal::FOLDER).join(format!("{day}.db"))
    }

    /// Has SQLite examine every file that was written, and compares the schema's version.
    ///
    /// # Errors
    /// [`OpenError::Unsound`] with the file that is not what it should be.
    pub async fn examine(&self, schema: i64) -> Result<(), OpenError> {
        let main = self.main_file();
        let mut connection = open_copy(&main).await?;
        sound(&mut connection, &main).await?;
        let found = schema_version(&mut connection)
            .await
            .map_err(OpenError::database(main.display().to_string()))?;
        if found != Some(schema) {
            let why = format!("its schema has version {found:?}, not {schema}");
            return Err(OpenError::Unsound { path: main, why });
        }
        close(connection, &main).await?;
        for path in days_in(&self.waiting().join(journal::FOLDER))
            .await?
            .into_values()
        {
            let mut connection = open_copy(&path).await?;
            sound(&mut connection, &path).await?;
            close(connection, &path).await?;
        }
        Ok(())
    }

    /// Moves what is there aside, into a new folder of this name, and the restored files into their places. Says where
    /// the old ones are, when there were any.
    ///
    /// # Errors
    /// Those of the file system. Old and new files are then in one of the two places.
    pub async fn finish(self, aside: &str) -> Result<Option<PathBuf>, OpenError> {
        let waiting = self.waiting();
        let old = self.present().await?;
        let aside = self.folder.join(aside);
        if !old.is_empty() {
            tokio::fs::create_dir(&aside)
                .await
                .map_err(OpenError::io(&aside))?;
            for path in &old {
                let name = path.file_name().unwrap_or_default();
                rename(path, &aside.join(name)).await?;
            }
            files::sync_folder(&aside).await?;
        }
        let journal = self.folder.join(journal::FOLDER);
        if exists(&journal).await? {
            // It is empty, or it would have been moved.
            tokio::fs::remove_dir(&journal)
                .await
                .map_err(OpenError::io(&journal))?;
        }
        files::sync_folder(&waiting.join(journal::FOLDER)).await?;
        rename(&waiting.join(journal::FOLDER), &journal).await?;
        rename(&self.main_file(), &self.folder.join(FILE)).await?;
        files::sync_folder(&self.folder).await?;
        // From here on a server may start.
        tokio::fs::remove_dir(&waiting)
            .await
            .map_err(OpenError::io(&waiting))?;
        files::sync_folder(&self.folder).await?;
        Ok((!old.is_empty()).then_some(aside))
    }

    /// Removes what was gathered.
    ///
    /// # Errors
    /// Those of the file system.
    pub async fn abandon(&self) -> Result<(), OpenError> {
        let waiting = self.waiting();
        match tokio::fs::remove_dir_all(&waiting).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(OpenError::io(&waiting)(error)),
            _ => Ok(()),
        }
    }

    fn waiting(&self) -> PathBuf {
        self.folder.join(WAITING)
    }
}

/// Refuses a folder in which a restore was interrupted. When only the last step is missing, it is taken here.
pub(super) async fn settle(data_dir: &Path) -> Result<(), OpenError> {
    let waiting = data_dir.join(WAITING);
    match tokio::fs::remove_dir(&waiting).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(_) => Err(OpenError::RestoreUnfinished(waiting)),
        Ok(()) => Ok(()),
    }
}

async fn sound(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let told: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)")
        .fetch_all(connection)
        .await
        .map_err(OpenError::database(path.display().to_string()))?;
    if told == ["ok"] {
        return Ok(());
    }
    Err(OpenError::Unsound {
        path: path.to_owned(),
        why: told.join("; "),
    })
}

async fn close(connection: SqliteConnection, path: &Path) -> Result<(), OpenError> {
    connection
        .close()
        .await
        .map_err(store_error)
        .map_err(OpenError::stored(path.display().to_string()))
}

async fn rename(from: &Path, to: &Path) -> Result<(), OpenError> {
    tokio::fs::rename(from, to).await.map_err(OpenError::io(from))
}

async fn exists(path: &Path) -> Result<bool, OpenError> {
    tokio::fs::try_exists(path).await.map_err(OpenError::io(path))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}
