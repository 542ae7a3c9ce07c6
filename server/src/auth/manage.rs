//! Making keys: what `fuseboard keys` and `--local-key` do.

use std::io;
use std::path::{Path, PathBuf};

use domain::Millis;
use store::{ApiKey, AuditEntry, Keys, NewApiKey, Scope, StoreError, TenantId, TenantScope};

use super::key;
use super::lookup::KeyLookup;
use crate::private_file;

/// The name of the key that a machine gives itself.
const LOCAL: &str = "local";

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The name cannot be used.
    #[error("{0}")]
    Name(String),
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written or read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no randomness to give.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
}

/// Makes and stores a key; returns its text, which is never shown again.
///
/// # Errors
/// See [`ManageError`]; a name that is in use is a `StoreError::Conflict`.
pub async fn create_key(
    keys: &dyn Keys,
    scope: &TenantScope,
    name: &str,
    scopes: &[Scope],
    actor: &str,
    now: Millis,
) -> Result<(String, ApiKey), ManageError> {
    check_name(name)?;
    let tenant: TenantId = scope.tenant().clone();
    let fresh = key::generate(&tenant).map_err(ManageError::Random)?;
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let named: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let audit = AuditEntry {
        at: now,
        actor: actor.into(),
        action: "key.create".into(),
        target: fresh.id.clone(),
        detail: format!("key {name} with {}", named.join(", ")),
    };
    let key = ApiKey {
        id: fresh.id,
        tenant,
        name: name.into(),
        prefix: fresh.prefix,
        scopes,
        created: now,
        revoked: None,
    };
    keys.create(
        scope,
        NewApiKey {
            key: key.clone(),
            hash: fresh.hash,
        },
        audit,
    )
    .await?;
    Ok((fresh.text, key))
}

fn check_name(name: &str) -> Result<(), ManageError> {
    let good = (1..=128).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(char::is_control);
    if good {
        return Ok(());
    }
    Err(ManageError::Name(
        "a key's name has 1 to 128 characters, none of them a control character, no space around it".into(),
    ))
}

/// The key `local`, whose text lies in `local.key` (mode 0600): used again when it still counts, else made anew.
///
/// # Errors
/// See [`ManageError`].
pub async fn ensure_local_key(
    keys: &dyn Keys,
    lookup: &KeyLookup,
    scope: &TenantScope,
    data_dir: &Path,
    now: Millis,
) -> Result<String, ManageError> {
    let path = data_dir.join("local.key");
    let failed = |source| ManageError::File {
        path: path.clone(),
        source,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let text = text.trim().to_owned();
            if lookup
                .find(&text)
                .await?
                .is_some_and(|key| key.scopes == Scope::ALL && key.tenant == *scope.tenant())
            {
                private_file::restrict(&path).map_err(failed)?;
                return Ok(text);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // A key of that name whose text is lost cannot be used by anybody any more.
    let audit = AuditEntry {
        at: now,
        actor: "system".into(),
        action: "key.revoke".into(),
        target: LOCAL.into(),
        detail: "the text of key local is lost; a new one replaces it".into(),
    };
    keys.revoke(scope, LOCAL, now, audit).await?;
    let (text, _) = create_key(keys, scope, LOCAL, &Scope::ALL, "system", now).await?;
    private_file::write(&path, format!("{text}\n").as_bytes()).map_err(failed)?;
    Ok(text)
}
