//! A folder that lives as long as a test.

use std::path::PathBuf;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use store::contract::Subject;
use store::contract::samples::{audit_key, batch};
use store::{Appended, Journal, Offset, SystemScope, TenantId, TenantScope};
use store_sql::{OpenError, SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// A folder with a store on it.
pub struct Sqlite {
    pub folder: TempDir,
    pub store: Option<SqliteStore>,
}

#[async_trait]
impl Subject for Sqlite {
    type Store = SqliteStore;

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().expect("it is open")
    }

    async fn reopen(&mut self) {
        drop(self.store.take());
        self.store = Some(self.open().await.expect("the folder can be opened"));
    }
}

/// As the program opens it, with a key of its own.
pub fn options() -> SqliteOptions {
    SqliteOptions {
        audit_key: Some(audit_key()),
        ..SqliteOptions::default()
    }
}

impl Sqlite {
    pub async fn open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open(self.folder.path(), options()).await
    }

    pub fn journal(&self, name: &str) -> PathBuf {
        self.folder.path().join("journal").join(name)
    }

    /// The names in the journal's folder, sorted.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path().join("journal")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub async fn append(&self, received: i64, id: &str) -> u64 {
        let appended = self
            .store()
            .append(&system(), vec![batch("acme", received, &[id])])
            .await
            .unwrap();
        match &appended[0] {
            Appended::Committed { offset, .. } => offset.seq,
            other => panic!("expected a commit, got {other:?}"),
        }
    }

    pub async fn sequences(&self) -> Vec<u64> {
        let all = self
            .store()
            .read_after(&system(), Offset { writer: 0, seq: 0 }, 10_000)
            .await
            .unwrap();
        all.iter().map(|batch| batch.offset.seq).collect()
    }

    /// Copies the folder as it is on disk at this moment, as a kill would leave it, and opens the copy.
    pub async fn killed(&self) -> Sqlite {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("journal")).unwrap();
        for name in self.files() {
            std::fs::copy(self.journal(&name), folder.path().join("journal").join(&name)).unwrap();
        }
        for entry in std::fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
            }
        }
        let mut killed = Sqlite { folder, store: None };
        killed.store = Some(killed.open().await.expect("what a kill leaves can be opened"));
        killed
    }

    pub async fn edit(&self, file: PathBuf, sql: &str) {
        self.try_edit(file, sql).await.unwrap();
    }

    pub async fn try_edit(&self, file: PathBuf, sql: &str) -> Result<(), sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
        connection.close().await?;
        done.map(drop)
    }
}

/// A store on a new folder.
pub async fn subject() -> Sqlite {
    let mut subject = Sqlite {
        folder: tempfile::tempdir().expect("a folder"),
        store: None,
    };
    subject.reopen().await;
    subject
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the supervisor")]
pub fn system() -> SystemScope {
    SystemScope::assume()
}

#[expect(clippy::disallowed_methods, reason = "the tests stand in for the auth layer")]
pub fn acme() -> TenantScope {
    TenantScope::assume(TenantId::parse("acme").unwrap())
}
