//! Making keys, replacing and revoking them, and giving tenants quotas: what the settings pages, `fuseboard keys`,
//! `fuseboard tenants` and `--local-key` do.

use std::io;
use std::path::{Path, PathBuf};

use domain::Millis;
use ipnet::IpNet;
use store::{
    Accounts, ApiKey, AuditEntry, Keys, NewApiKey, Quota, Scope, StoreError, SystemScope, TenantId,
    TenantScope,
};

use super::key;
use super::lookup::KeyLookup;
use crate::private_file;

/// The name of the key that a machine gives itself.
const LOCAL: &str = "local";
/// What it may do: send and look, not administer.
const LOCAL_SCOPES: [Scope; 3] = [Scope::IngestWrite, Scope::MetricsRead, Scope::ApiRead];
/// What one may do that was made before `api:read` gave more than `metrics:read`. It stays: somebody may have pasted it.
const EARLIER_SCOPES: [Scope; 2] = [Scope::IngestWrite, Scope::MetricsRead];
/// Address ranges that a key may have.
const MOST_RANGES: usize = 32;

/// Why a key was not made.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The name cannot be used.
    #[error("{0}")]
    Name(String),
    /// Too many address ranges.
    #[error("a key has at most {MOST_RANGES} address ranges, got {0}")]
    Addresses(usize),
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

/// What a key is to be.
#[derive(Debug, Clone, Default)]
pub struct NewKey<'a> {
    /// What to call it.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// Until when it counts.
    pub expires: Option<Millis>,
    /// From which address ranges it counts; from everywhere when there is none.
    pub addresses: &'a [IpNet],
}

/// Who changes something, for the audit log.
#[derive(Debug, Clone, Default)]
pub struct By {
    /// `account:…`, `key:…`, `cli:…`, `system`.
    pub actor: String,
    /// An IP address; empty when there is none.
    pub address: String,
    /// When.
    pub at: Millis,
}

impl By {
    /// Somebody, or something, on this machine.
    pub fn here(actor: impl Into<String>, at: Millis) -> By {
        By {
            actor: actor.into(),
            address: String::new(),
            at,
        }
    }

    /// An entry of what they did.
    pub fn entry(&self, action: &str, target: &str, detail: impl Into<String>) -> AuditEntry {
        AuditEntry {
            at: self.at,
            actor: self.actor.clone(),
            address: self.address.clone(),
            action: action.into(),
            target: target.into(),
            detail: detail.into(),
        }
    }
}

/// Makes and stores a key; returns its text, which is never shown again.
///
/// # Errors
/// See [`ManageError`]; a name that is in use is a `StoreError::Conflict`.
pub async fn create_key(
    keys: &dyn Keys,
    scope: &TenantScope,
    wanted: NewKey<'_>,
    by: &By,
) -> Result<(String, ApiKey), ManageError> {
    check_name(wanted.name)?;
    if wanted.addresses.len() > MOST_RANGES {
        return Err(ManageError::Addresses(wanted.addresses.len()));
    }
    let mut scopes = wanted.scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let key = ApiKey {
        id: String::new(),
        tenant: scope.tenant().clone(),
        name: wanted.name.into(),
        prefix: String::new(),
        scopes,
        created: by.at,
        expires: wanted.expires,
        addresses: wanted.addresses.iter().map(ToString::to_string).collect(),
        last_used: None,
        replaced_by: None,
        revoked: None,
    };
    let (text, new) = fresh(key)?;
    let key = new.key.clone();
    let audit = by.entry("key.create", &key.id, described(&key));
    keys.create(scope, new, audit).await?;
    Ok((text, key))
}

/// Makes a key that takes the place of one in use, with the same name, scopes and limits; the old one counts until
/// `until` at the latest. Returns the new text, the new key and the old one; `None` when there is no such key.
///
/// # Errors
/// See [`ManageError`]; a key that was replaced or revoked meanwhile is a `StoreError::Conflict`.
pub async fn rotate_key(
    keys: &dyn Keys,
    scope: &TenantScope,
    id_or_name: &str,
    until: Millis,
    by: &By,
) -> Result<Option<(String, ApiKey, ApiKey)>, ManageError> {
    let all = keys.list(scope).await?;
    let in_use = |key: &&ApiKey| key.revoked.is_none() && key.replaced_by.is_none();
    let by_id = all.iter().find(|key| key.id == id_or_name);
    let named = || all.iter().filter(in_use).find(|key| key.name == id_or_name);
    let Some(old) = by_id.or_else(named) else {
        return Ok(None);
    };
    let (text, new) = fresh(ApiKey {
        created: by.at,
        last_used: None,
        replaced_by: None,
        ..old.clone()
    })?;
    let key = new.key.clone();
    let detail = format!("{}; takes the place of {}", described(&key), old.id);
    let audit = by.entry("key.rotate", &key.id, detail);
    let old = keys.rotate(scope, &old.id, until, new, audit).await?;
    Ok(old.map(|old| (text, key, old)))
}

/// The same key with an id and a text of its own.
fn fresh(key: ApiKey) -> Result<(String, NewApiKey), ManageError> {
    let fresh = key::generate(&key.tenant).map_err(ManageError::Random)?;
    let key = ApiKey {
        id: fresh.id,
        prefix: fresh.prefix,
        ..key
    };
    let new = NewApiKey {
        key,
        hash: fresh.hash,
    };
    Ok((fresh.text, new))
}

/// Revokes a key, named by id or by the name of a key in use. `None` when there is none.
///
/// # Errors
/// The store cannot be asked.
pub async fn revoke_key(
    keys: &dyn Keys,
    scope: &TenantScope,
    id_or_name: &str,
    by: &By,
) -> Result<Option<ApiKey>, StoreError> {
    let all = keys.list(scope).await?;
    let named = all.iter().find(|key| key.id == id_or_name);
    let detail = named.map_or_else(String::new, |key| format!("key {}", key.name));
    let audit = by.entry("key.revoke", id_or_name, detail);
    keys.revoke(scope, id_or_name, by.at, audit).await
}

/// Gives a tenant a quota. Returns the one that was; `None` when there is no such tenant.
///
/// # Errors
/// The store cannot be asked.
pub async fn give_quota(
    accounts: &dyn Accounts,
    system: &SystemScope,
    tenant: &TenantId,
    quota: Quota,
    by: &By,
) -> Result<Option<Quota>, StoreError> {
    let entry = by.entry("tenant.quota", tenant.as_str(), quota.words());
    accounts.set_quota(system, tenant, quota, entry).await
}

/// In words, for the audit log.
fn described(key: &ApiKey) -> String {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let mut words = format!("key {} with {}", key.name, scopes.join(", "));
    if let Some(expires) = key.expires {
        words.push_str(&format!(", until {expires}"));
    }
    if !key.addresses.is_empty() {
        words.push_str(&format!(", from {}", key.addresses.join(", ")));
    }
    words
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
            if lookup.find(&text).await?.is_some_and(|known| {
                let scopes = known.key.scopes.as_slice();
                let is_ours = scopes == LOCAL_SCOPES || scopes == EARLIER_SCOPES;
                is_ours && known.key.tenant == *scope.tenant()
            }) {
                private_file::restrict(&path).map_err(failed)?;
                return Ok(text);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    // A key of that name whose text is lost cannot be used by anybody any more.
    let by = By::here("system", now);
    let audit = by.entry(
        "key.revoke",
        LOCAL,
        "the text of key local is lost; a new one replaces it",
    );
    keys.revoke(scope, LOCAL, now, audit).await?;
    let wanted = NewKey {
        name: LOCAL,
        scopes: &LOCAL_SCOPES,
        ..NewKey::default()
    };
    let (text, _) = create_key(keys, scope, wanted, &by).await?;
    private_file::write(&path, format!("{text}\n").as_bytes()).map_err(failed)?;
    Ok(text)
}
