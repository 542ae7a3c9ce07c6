//! A vault over the store in memory: what it keeps, what it refuses, and that a rotation loses nothing wherever it is
//! interrupted.

#![expect(clippy::unwrap_used, reason = "a test fails where it stands")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests stand in for the auth layer and the supervisor"
)]

mod file;
mod keeping;
mod rotating;

use std::sync::Arc;

use secrets::{Destination, ExposeSecret as _, Vault, VaultError};
use store::memory::MemoryStore;
use store::{AuditEntry, Holder, Logged, Place, SystemScope, TenantId, TenantScope};

use file::MemoryFile;

/// A store, a file, and a vault on both.
struct Bench {
    store: MemoryStore,
    file: Arc<MemoryFile>,
    vault: Vault,
}

impl Bench {
    fn new() -> Bench {
        let (store, file) = (MemoryStore::new(), Arc::new(MemoryFile::new()));
        let vault = vault(&store, &file);
        Bench { store, file, vault }
    }

    /// As another process sees it: nothing is remembered.
    fn elsewhere(&self) -> Vault {
        vault(&self.store, &self.file)
    }
}

fn vault(store: &MemoryStore, file: &Arc<MemoryFile>) -> Vault {
    Vault::new(Arc::new(store.clone()), SystemScope::assume(), file.clone())
}

fn holder(slug: &str) -> Holder {
    Holder::tenant(&TenantScope::assume(TenantId::parse(slug).unwrap()))
}

fn installation() -> Holder {
    Holder::installation(&SystemScope::assume())
}

fn place(owner: &str) -> Place {
    Place {
        kind: "channel".into(),
        owner: owner.into(),
        field: "token".into(),
    }
}

fn to(url: &str) -> Destination {
    Destination::of(&url::Url::parse(url).unwrap()).unwrap()
}

fn logged(action: &str) -> Logged {
    Logged {
        tenant: TenantId::default_tenant(),
        entry: AuditEntry {
            action: action.into(),
            ..AuditEntry::default()
        },
    }
}

/// In the log of whose secrets they are.
fn logged_by(holder: &Holder, action: &str) -> Logged {
    let tenant = holder.of_tenant().cloned();
    Logged {
        tenant: tenant.unwrap_or_else(TenantId::default_tenant),
        ..logged(action)
    }
}

async fn put(vault: &Vault, holder: &Holder, owner: &str, secret: &str) {
    let done = vault
        .put(
            holder,
            &place(owner),
            secret.as_bytes(),
            None,
            1,
            logged_by(holder, "secret.put"),
        )
        .await;
    done.unwrap();
}

/// The secret, as text.
async fn open(vault: &Vault, holder: &Holder, owner: &str) -> Result<Option<String>, VaultError> {
    let opened = vault.open(holder, &place(owner), None).await?;
    Ok(opened.map(|secret| String::from_utf8(secret.expose_secret().to_vec()).unwrap()))
}
