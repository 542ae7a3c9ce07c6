//! Which database: the one place that names the SQL adapters, but for `backup`, which copies what is beneath them.

use std::sync::Arc;

use engine::{Stores, Supervisor};
use store::audit::AuditKey;
use store::{Accounts, Audits, Identities, Keys, SecondFactors, Secrets, Sessions, SystemScope};
use store_sql::{OpenError, PgKeys, PgOptions, PgStore, SqliteKeys, SqliteOptions, SqliteStore};

use crate::audit::{self, AuditKeyError};
use crate::config::Config;

/// Why the stores cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
    /// The database, or the folder.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// What seals the audit log.
    #[error(transparent)]
    AuditKey(#[from] AuditKeyError),
}

/// Open stores, all roles.
pub struct OpenStores {
    /// By role.
    pub stores: Stores,
    /// Accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Secrets, sealed.
    pub secrets: Arc<dyn Secrets>,
    /// Second factors.
    pub seconds: Arc<dyn SecondFactors>,
    /// Who accounts are at a provider.
    pub identities: Arc<dyn Identities>,
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
        drop((
            self.stores,
            self.accounts,
            self.sessions,
            self.secrets,
            self.seconds,
            self.identities,
        ));
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
pub async fn open(config: &Config) -> Result<OpenStores, StoresError> {
    open_with(config, SqliteOptions::default()).await
}

/// Likewise, with other options for SQLite.
///
/// # Errors
/// As above.
pub async fn open_with(config: &Config, sqlite: SqliteOptions) -> Result<OpenStores, StoresError> {
    let found = audit::find_or_make(config)?;
    let opened = connect(config, Some(found.key.clone()), sqlite).await?;
    match found.check(opened.stores.audits.as_ref(), &opened.system()).await {
        Ok(()) => Ok(opened),
        Err(error) => {
            opened.close().await;
            Err(error.into())
        }
    }
}

/// As [`open`], whatever key the audit log was sealed with: for sealing it anew.
///
/// # Errors
/// As [`open`], but for another key.
pub async fn open_whatever_seals(config: &Config) -> Result<OpenStores, StoresError> {
    let found = audit::find_or_make(config)?;
    Ok(connect(config, Some(found.key), SqliteOptions::default()).await?)
}

/// As [`open`], for reading: without the key of the audit log, which data that was put elsewhere may not have yet.
///
/// # Errors
/// As [`open`], but for the key.
pub async fn open_to_read(config: &Config) -> Result<OpenStores, StoresError> {
    Ok(connect(config, None, SqliteOptions::default()).await?)
}

async fn connect(
    config: &Config,
    audit_key: Option<AuditKey>,
    sqlite: SqliteOptions,
) -> Result<OpenStores, OpenError> {
    let supervisor = Supervisor::new();
    match &config.database_url {
        None => {
            let options = SqliteOptions { audit_key, ..sqlite };
            let store = Arc::new(SqliteStore::open(&config.data_dir, options).await?);
            let stores = Stores::of(&store);
            Ok(OpenStores {
                stores,
                accounts: store.clone(),
                sessions: store.clone(),
                secrets: store.clone(),
                seconds: store.clone(),
                identities: store.clone(),
                backend: Backend::Sqlite(store),
                supervisor,
            })
        }
        Some(url) => {
            let store = Arc::new(PgStore::connect(url.expose(), postgres(config, audit_key)).await?);
            let stores = Stores::of(&store);
            Ok(OpenStores {
                stores,
                accounts: store.clone(),
                sessions: store.clone(),
                secrets: store.clone(),
                seconds: store.clone(),
                identities: store.clone(),
                backend: Backend::Postgres(store),
                supervisor,
            })
        }
    }
}

fn postgres(config: &Config, audit_key: Option<AuditKey>) -> PgOptions {
    PgOptions {
        audit_key,
        app_role: config.app_role.clone(),
        ..PgOptions::default()
    }
}

/// Accounts, keys and the audit log alone, which the command line may use while a server runs.
pub struct OpenKeys {
    /// API keys.
    pub keys: Arc<dyn Keys>,
    /// Accounts.
    pub accounts: Arc<dyn Accounts>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Secrets, sealed.
    pub secrets: Arc<dyn Secrets>,
    /// Second factors.
    pub seconds: Arc<dyn SecondFactors>,
    /// Who accounts are at a provider.
    pub identities: Arc<dyn Identities>,
    /// The audit log.
    pub audits: Arc<dyn Audits>,
    /// What seals it.
    pub audit_key: AuditKey,
    supervisor: Supervisor,
    backend: KeysBackend,
}

enum KeysBackend {
    Sqlite(Arc<SqliteKeys>),
    Postgres(Arc<PgKeys>),
}

impl OpenKeys {
    /// The right to act for the system.
    pub fn system(&self) -> SystemScope {
        self.supervisor.system()
    }

    /// Closes the file, or the connection.
    pub async fn close(self) {
        drop((
            self.keys,
            self.accounts,
            self.sessions,
            self.secrets,
            self.seconds,
            self.identities,
            self.audits,
        ));
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

/// Opens the keys and the audit log.
///
/// # Errors
/// The database is newer than this program, or it cannot be reached; the audit log was sealed with another key.
pub async fn open_keys(config: &Config) -> Result<OpenKeys, StoresError> {
    let found = audit::find_or_make(config)?;
    let audit_key = found.key.clone();
    let supervisor = Supervisor::new();
    let opened = match &config.database_url {
        None => {
            let options = SqliteOptions {
                audit_key: Some(audit_key.clone()),
                ..SqliteOptions::default()
            };
            let keys = Arc::new(SqliteKeys::open(&config.data_dir, options).await?);
            OpenKeys {
                keys: keys.clone(),
                accounts: keys.clone(),
                sessions: keys.clone(),
                secrets: keys.clone(),
                seconds: keys.clone(),
                identities: keys.clone(),
                audits: keys.clone(),
                audit_key,
                supervisor,
                backend: KeysBackend::Sqlite(keys),
            }
        }
        Some(url) => {
            let options = postgres(config, Some(audit_key.clone()));
            let keys = Arc::new(PgKeys::connect(url.expose(), options).await?);
            OpenKeys {
                keys: keys.clone(),
                accounts: keys.clone(),
                sessions: keys.clone(),
                secrets: keys.clone(),
                seconds: keys.clone(),
                identities: keys.clone(),
                audits: keys.clone(),
                audit_key,
                supervisor,
                backend: KeysBackend::Postgres(keys),
            }
        }
    };
    match found.check(opened.audits.as_ref(), &opened.system()).await {
        Ok(()) => Ok(opened),
        Err(error) => {
            opened.close().await;
            Err(error.into())
        }
    }
}
