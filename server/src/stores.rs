//! Which database: the one place that names the SQL adapters.

use std::sync::Arc;

use engine::{Stores, Supervisor};
use store::{Keys, SystemScope};
use store_sql::{OpenError, PgKeys, PgOptions, PgStore, SqliteKeys, SqliteOptions, SqliteStore};

use crate::config::Config;

/// Open stores, all roles.
pub struct OpenStores {
    /// By role.
    pub stores: Stores,
    backend: Backend,
    supervisor: Supervisor,
}

enum Backend {
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PgStore>),
}

impl OpenStores {
    /// The right to act for the system, for commands that read everything.
    pub fn system(&self) -> SystemScope {
        self.supervisor.system()
    }

    /// Closes the files, or the connections. Whoever still holds a store keeps it open; nothing is lost by that.
    pub async fn close(self) {
        drop(self.stores);
        match self.backend {
            Backend::Sqlite(store) => {
                if let Some(store) = Arc::into_inner(store) {
                    store.close().await;
                }
            }
            Backend::Postgres(store) => {
                if let Some(store) = Arc::into_inner(store) {
                    store.close().await;
                }
            }
        }
    }
}

/// Opens the configured database as its one writer.
///
/// # Errors
/// Another process has it, it is newer than this program, or it cannot be reached.
pub async fn open(config: &Config) -> Result<OpenStores, OpenError> {
    open_with(config, SqliteOptions::default()).await
}

/// Likewise, with other options for SQLite.
///
/// # Errors
/// As above.
pub async fn open_with(config: &Config, sqlite: SqliteOptions) -> Result<OpenStores, OpenError> {
    let supervisor = Supervisor::new();
    match &config.database_url {
        None => {
            let store = Arc::new(SqliteStore::open(&config.data_dir, sqlite).await?);
            let stores = Stores {
                journal: store.clone(),
                live: store.clone(),
                rollups: store.clone(),
                keys: store.clone(),
            };
            Ok(OpenStores {
                stores,
                backend: Backend::Sqlite(store),
                supervisor,
            })
        }
        Some(url) => {
            let store = Arc::new(PgStore::connect(url.expose(), PgOptions::default()).await?);
            let stores = Stores {
                journal: store.clone(),
                live: store.clone(),
                rollups: store.clone(),
                keys: store.clone(),
            };
            Ok(OpenStores {
                stores,
                backend: Backend::Postgres(store),
                supervisor,
            })
        }
    }
}

/// The keys alone, which the command line may change while a server runs.
pub struct OpenKeys {
    /// The port.
    pub keys: Arc<dyn Keys>,
    backend: KeysBackend,
}

enum KeysBackend {
    Sqlite(Arc<SqliteKeys>),
    Postgres(Arc<PgKeys>),
}

impl OpenKeys {
    /// Closes the file, or the connection.
    pub async fn close(self) {
        drop(self.keys);
        match self.backend {
            KeysBackend::Sqlite(keys) => {
                if let Some(keys) = Arc::into_inner(keys) {
                    keys.close().await;
                }
            }
            KeysBackend::Postgres(keys) => {
                if let Some(keys) = Arc::into_inner(keys) {
                    keys.close().await;
                }
            }
        }
    }
}

/// Opens the keys.
///
/// # Errors
/// The database is newer than this program, or it cannot be reached.
pub async fn open_keys(config: &Config) -> Result<OpenKeys, OpenError> {
    match &config.database_url {
        None => {
            let keys = Arc::new(SqliteKeys::open(&config.data_dir, SqliteOptions::default()).await?);
            Ok(OpenKeys {
                keys: keys.clone(),
                backend: KeysBackend::Sqlite(keys),
            })
        }
        Some(url) => {
            let keys = Arc::new(PgKeys::connect(url.expose(), PgOptions::default()).await?);
            Ok(OpenKeys {
                keys: keys.clone(),
                backend: KeysBackend::Postgres(keys),
            })
        }
    }
}
