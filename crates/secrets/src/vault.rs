//! Putting secrets and opening them.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Millis;
use parking_lot::Mutex;
use secrecy::{ExposeSecret as _, SecretSlice};
use store::secrets::NONCE;
use store::{
    AuditEntry, DataKey, Holder, Logged, MasterKey, Place, SealedSecret, Secrets, StoreError, SystemScope,
    TenantId, Which,
};

use crate::keyring::{KeyFile, Keyring};
use crate::seal::{self, Key};
use crate::{Destination, LONGEST, VaultError};

/// How often something is begun again that a rotation beside us has overtaken.
const ATTEMPTS: u32 = 8;
/// Secrets read at a time.
const PAGE: usize = 500;

/// A secret, as it may be shown: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it belongs.
    pub place: Place,
    /// The only place it may be sent to.
    pub destination: Option<String>,
    /// The id of the master key above it.
    pub master: String,
    /// When it was given first.
    pub created: Millis,
    /// When it was given last.
    pub changed: Millis,
}

/// What [`Vault::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Secrets that were opened.
    pub opened: u64,
    /// What was wrong, in words, one for each secret or key that cannot be opened.
    pub faults: Vec<String>,
}

/// Which data key: whose, its number, and the nonce it was wrapped with.
type DataKeyName = (Holder, u32, [u8; NONCE]);

/// Keeps secrets. Master keys are read from their file when they are needed and not kept; the data keys that were opened
/// are.
pub struct Vault {
    pub(crate) store: Arc<dyn Secrets>,
    pub(crate) system: SystemScope,
    pub(crate) file: Arc<dyn KeyFile>,
    opened: Mutex<HashMap<DataKeyName, Arc<Key>>>,
}

impl Vault {
    /// On a store, with the file that has its master keys. Nothing is read or made before it is needed.
    pub fn new(store: Arc<dyn Secrets>, system: SystemScope, file: Arc<dyn KeyFile>) -> Vault {
        Vault {
            store,
            system,
            file,
            opened: Mutex::default(),
        }
    }

    /// Whether the file has every master key that the database needs. Nothing is made.
    ///
    /// # Errors
    /// [`VaultError::MissingKey`], or the file or the store cannot be read.
    pub async fn check(&self) -> Result<(), VaultError> {
        let needed = self.store.master_keys(&self.system).await?;
        if needed.is_empty() {
            return Ok(());
        }
        let ring = Keyring::load(self.file.as_ref())?;
        for master in &needed {
            ring.need(&master.id, self.file.as_ref())?;
        }
        Ok(())
    }

    /// Keeps a secret, in place of the one that was there. With a destination it is sent there and nowhere else.
    ///
    /// # Errors
    /// The master key is not there, the secret is too long, or the store failed: then what was there before is there
    /// still.
    pub async fn put(
        &self,
        holder: &Holder,
        place: &Place,
        secret: &[u8],
        destination: Option<&Destination>,
        at: Millis,
        audit: Logged,
    ) -> Result<(), VaultError> {
        if secret.len() > LONGEST {
            return Err(VaultError::TooLong(secret.len()));
        }
        let destination = destination.map(Destination::as_str);
        let mut attempt = 1;
        loop {
            let (n, key) = self.sealing_key(holder, at, &audit.entry.actor).await?;
            let purpose = seal::purpose_of_secret(holder, place, n, destination);
            let sealed = seal::seal(&key, &purpose, secret)?;
            let new = SealedSecret {
                place: place.clone(),
                data_key: n,
                nonce: sealed.nonce,
                sealed: sealed.bytes,
                destination: destination.map(str::to_owned),
                created: at,
                changed: at,
            };
            match self.store.put_secret(holder, new, audit.clone()).await {
                // A rotation has just retired the data key.
                Err(StoreError::Conflict(_)) if attempt < ATTEMPTS => attempt += 1,
                done => return Ok(done?),
            }
        }
    }

    /// Opens a secret. `destination` is where it is about to be sent, none when it is used here; it must be what the
    /// secret was given for.
    ///
    /// # Errors
    /// [`VaultError::OtherDestination`], [`VaultError::Unsound`], or the master key is not there, or the store failed.
    pub async fn open(
        &self,
        holder: &Holder,
        place: &Place,
        destination: Option<&Destination>,
    ) -> Result<Option<SecretSlice<u8>>, VaultError> {
        let mut attempt = 1;
        loop {
            let Some(stored) = self.store.secret(holder, place).await? else {
                return Ok(None);
            };
            let wanted = destination.map(Destination::as_str);
            if stored.destination.as_deref() != wanted {
                return Err(VaultError::OtherDestination {
                    place: place.clone(),
                    bound: stored.destination.unwrap_or_else(|| "use here alone".into()),
                });
            }
            let keys = self.store.data_keys_of(holder).await?;
            match keys.iter().find(|key| key.n == stored.data_key) {
                Some(key) => return self.unseal(key, &stored).map(Some),
                // A rotation has sealed it anew between the two reads.
                None if attempt < ATTEMPTS => attempt += 1,
                None => return Err(VaultError::Unsound(place.clone())),
            }
        }
    }

    /// Removes the secret of a field; false when there was none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remove(&self, holder: &Holder, place: &Place, audit: Logged) -> Result<bool, VaultError> {
        let which = Which::Field(&place.field);
        let dropped = self
            .store
            .drop_secrets(holder, &place.kind, &place.owner, which, audit)
            .await?;
        Ok(!dropped.is_empty())
    }

    /// Removes all secrets of something that is removed; the fields that had one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remove_all(
        &self,
        holder: &Holder,
        kind: &str,
        owner: &str,
        audit: Logged,
    ) -> Result<Vec<String>, VaultError> {
        let dropped = self.store.drop_secrets(holder, kind, owner, Which::All, audit);
        Ok(dropped.await?)
    }

    /// Something is sent elsewhere from now on: what was given for another destination is dropped, so that whoever may
    /// change an address does not learn what was given for the old one. The fields that have to be given anew.
    ///
    /// # Errors
    /// The store failed.
    pub async fn moved(
        &self,
        holder: &Holder,
        kind: &str,
        owner: &str,
        destination: &Destination,
        audit: Logged,
    ) -> Result<Vec<String>, VaultError> {
        let which = Which::NotFor(destination.as_str());
        Ok(self.store.drop_secrets(holder, kind, owner, which, audit).await?)
    }

    /// All secrets of a holder, by place, without the secrets.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, holder: &Holder) -> Result<Vec<Listed>, VaultError> {
        let keys = self.store.data_keys_of(holder).await?;
        let mut listed: Vec<Listed> = Vec::new();
        loop {
            let after = listed.last().map(|last| &last.place);
            let page = self.store.secrets(holder, after, PAGE).await?;
            if page.is_empty() {
                return Ok(listed);
            }
            listed.extend(page.into_iter().map(|secret| {
                let key = keys.iter().find(|key| key.n == secret.data_key);
                Listed {
                    place: secret.place,
                    destination: secret.destination,
                    master: key.map(|key| key.master.clone()).unwrap_or_default(),
                    created: secret.created,
                    changed: secret.changed,
                }
            }));
        }
    }

    /// Who has secrets, or had some.
    ///
    /// # Errors
    /// The store failed.
    pub async fn holders(&self) -> Result<Vec<Holder>, VaultError> {
        let keys = self.store.data_keys(&self.system).await?;
        let mut holders: Vec<Holder> = keys.into_iter().map(|key| key.holder).collect();
        holders.dedup();
        Ok(holders)
    }

    /// Opens every secret there is, and every data key.
    ///
    /// # Errors
    /// A master key is missing, or the store failed. What cannot be opened otherwise is in the answer.
    pub async fn verify(&self) -> Result<Verified, VaultError> {
        self.check().await?;
        let mut verified = Verified::default();
        for key in self.store.data_keys(&self.system).await? {
            if let Err(fault) = self.data_key(&key) {
                verified.faults.push(fault.to_string());
            }
        }
        for holder in self.holders().await? {
            for listed in self.list(&holder).await? {
                match self.open_wherever(&holder, &listed.place).await {
                    Ok(()) => verified.opened += 1,
                    Err(error @ VaultError::Store(_)) => return Err(error),
                    Err(fault) => verified.faults.push(fault.to_string()),
                }
            }
        }
        Ok(verified)
    }

    async fn open_wherever(&self, holder: &Holder, place: &Place) -> Result<(), VaultError> {
        for _ in 0..ATTEMPTS {
            // One that was removed since it was listed is no fault.
            let Some(stored) = self.store.secret(holder, place).await? else {
                return Ok(());
            };
            let keys = self.store.data_keys_of(holder).await?;
            if let Some(key) = keys.iter().find(|key| key.n == stored.data_key) {
                return self.unseal(key, &stored).map(drop);
            }
        }
        Err(VaultError::Unsound(place.clone()))
    }

    /// The master keys that the database needs and the file does not have.
    ///
    /// # Errors
    /// The file or the store cannot be read.
    pub async fn missing(&self) -> Result<Vec<MasterKey>, VaultError> {
        let needed = self.store.master_keys(&self.system).await?;
        let ring = Keyring::load(self.file.as_ref())?;
        let missing = needed
            .into_iter()
            .filter(|master| ring.find(&master.id).is_none());
        Ok(missing.collect())
    }

    /// Removes what only the missing master keys open: they are lost for good. How many secrets went.
    ///
    /// # Errors
    /// The file or the store failed.
    pub async fn forget(&self, audit: Logged) -> Result<u64, VaultError> {
        let missing: Vec<String> = self.missing().await?.into_iter().map(|key| key.id).collect();
        if missing.is_empty() {
            return Ok(0);
        }
        Ok(self.store.forget(&self.system, &missing, audit).await?)
    }

    pub(crate) fn unseal(&self, key: &DataKey, stored: &SealedSecret) -> Result<SecretSlice<u8>, VaultError> {
        let opened = self.data_key(key)?;
        let destination = stored.destination.as_deref();
        let purpose = seal::purpose_of_secret(&key.holder, &stored.place, key.n, destination);
        seal::open(&opened, &purpose, &stored.nonce, &stored.sealed)
            .ok_or_else(|| VaultError::Unsound(stored.place.clone()))
    }

    /// A data key, opened.
    pub(crate) fn data_key(&self, stored: &DataKey) -> Result<Arc<Key>, VaultError> {
        // The nonce too: after secrets were forgotten, numbers begin anew.
        let name = (stored.holder.clone(), stored.n, stored.nonce);
        if let Some(key) = self.opened.lock().get(&name) {
            return Ok(Arc::clone(key));
        }
        let ring = Keyring::load(self.file.as_ref())?;
        let master = ring.need(&stored.master, self.file.as_ref())?;
        let purpose = seal::purpose_of_key(&stored.holder, stored.n, &stored.master);
        let key = seal::open_key(master, &purpose, &stored.nonce, &stored.wrapped);
        let key = Arc::new(key.ok_or_else(|| VaultError::UnsoundKey {
            holder: shown(&stored.holder),
            n: stored.n,
        })?);
        self.opened.lock().insert(name, Arc::clone(&key));
        Ok(key)
    }

    /// The key that seals what is new: the newest there is, or the first, made now.
    async fn sealing_key(
        &self,
        holder: &Holder,
        at: Millis,
        actor: &str,
    ) -> Result<(u32, Arc<Key>), VaultError> {
        let mut attempt = 1;
        loop {
            let keys = self.store.data_keys_of(holder).await?;
            if let Some(newest) = keys.last() {
                return Ok((newest.n, self.data_key(newest)?));
            }
            let master = self.wrapping_master(at, actor).await?;
            match self.add_data_key(holder, 1, &master, at).await {
                Err(VaultError::Store(StoreError::Conflict(_))) if attempt < ATTEMPTS => attempt += 1,
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
    }

    /// Makes a data key and stores it, wrapped.
    pub(crate) async fn add_data_key(
        &self,
        holder: &Holder,
        n: u32,
        master: &str,
        at: Millis,
    ) -> Result<(), VaultError> {
        let ring = Keyring::load(self.file.as_ref())?;
        let wrapping = ring.need(master, self.file.as_ref())?;
        let key = seal::random_key()?;
        let purpose = seal::purpose_of_key(holder, n, master);
        let sealed = seal::seal(wrapping, &purpose, key.expose_secret())?;
        let new = DataKey {
            holder: holder.clone(),
            n,
            master: master.to_owned(),
            nonce: sealed.nonce,
            wrapped: sealed.bytes,
            created: at,
        };
        Ok(self.store.add_data_key(new).await?)
    }

    /// The id of the master key that wraps what is new; the first one is made now. A key is in its file before the
    /// database knows of it.
    async fn wrapping_master(&self, at: Millis, actor: &str) -> Result<String, VaultError> {
        loop {
            if let Some(last) = self.store.master_keys(&self.system).await?.pop() {
                return Ok(last.id);
            }
            let ring = Keyring::load_or_make(self.file.as_ref())?;
            let Some(newest) = ring.keys.last() else {
                return Err(StoreError::Conflict("the file has no master key".into()).into());
            };
            let new = MasterKey {
                id: newest.id.clone(),
                created: at,
            };
            let log = logged(at, actor, "secrets.begin", &newest.id);
            // Where it is refused somebody else was faster, and the next look finds theirs.
            self.store.add_master_key(&self.system, new, None, log).await?;
        }
    }
}

/// What is done with keys is in the log of the tenant that every installation has.
pub(crate) fn logged(at: Millis, actor: &str, action: &str, target: &str) -> Logged {
    Logged {
        tenant: TenantId::default_tenant(),
        entry: AuditEntry {
            at,
            actor: actor.to_owned(),
            action: action.to_owned(),
            target: target.to_owned(),
            ..AuditEntry::default()
        },
    }
}

/// A holder in words.
pub(crate) fn shown(holder: &Holder) -> String {
    match holder.as_str() {
        "" => "the installation".into(),
        slug => format!("tenant {slug}"),
    }
}
