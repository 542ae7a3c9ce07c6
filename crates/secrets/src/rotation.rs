//! Every key anew, while others go on putting and opening.
//!
//! In this order, and each step lasts before the next begins:
//!
//! 1. A new master key is written into the file, beside the old ones.
//! 2. The database is told that it counts. From here on new data keys are wrapped with it and with no other.
//! 3. For each holder: a new data key; then the secrets are sealed anew with it, a few at a time, each only if it still is
//!    what was read; then the old data key is removed, which the database refuses while a secret needs it.
//! 4. The old master key is removed from the database, which it refuses while a data key needs it.
//!
//! Whoever is killed between two steps leaves a database whose every secret has its data key, whose every data key has
//! its master key, and a file with both master keys; [`rotate`] goes on from there. A vault beside it that seals with a
//! data key which was just removed is refused by the database, looks again, and finds the new one.
//!
//! The old master key stays in the file: backups from before need it. [`prune`] removes what the database does not need,
//! when somebody says that no such backup is kept.

use domain::Millis;
use secrecy::ExposeSecret as _;
use store::{DataKey, Holder, MasterKey, SealedSecret, StoreError};

use crate::keyring::{Keyring, Master, failed, lock};
use crate::seal;
use crate::vault::{logged, shown};
use crate::{Vault, VaultError};

/// How often it looks whether something came meanwhile that needs an old key. Whoever looks again uses the new one, so a
/// second look is rare and a third is chance.
const ROUNDS: u32 = 64;

/// A step that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The new master key is in the file.
    Written(String),
    /// It counts.
    Counts(String),
    /// A holder, in words, has a new data key.
    DataKey(String),
    /// So many secrets of a holder were sealed anew.
    Resealed(String, u64),
    /// An old data key of a holder is gone.
    DataKeyGone(String),
    /// The old master key counts no more.
    Retired(String),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rotated {
    /// The id of the key above everything now. `None`: there were no secrets, and nothing was done.
    pub master: Option<String>,
    /// The ids of those before it. They are in the file still.
    pub retired: Vec<String>,
    /// It went on with a rotation that was interrupted.
    pub resumed: bool,
    /// Data keys that were made.
    pub data_keys: u64,
    /// Secrets that were sealed anew.
    pub secrets: u64,
}

/// Puts new keys into the place of all there are, or finishes a rotation that was interrupted. `told` hears of every step
/// once it lasts. Secrets are sealed anew `at_once` in one transaction.
///
/// # Errors
/// [`VaultError::Busy`], a key is missing, a secret cannot be opened, or the file or the store failed. What was done
/// until then lasts, nothing is lost, and another call goes on.
pub async fn rotate(
    vault: &Vault,
    at: Millis,
    actor: &str,
    at_once: usize,
    mut told: impl FnMut(&Step) + Send,
) -> Result<Rotated, VaultError> {
    let _lock = lock(vault.file.as_ref())?;
    vault.check().await?;
    let mut rotated = Rotated::default();
    let masters = vault.store.master_keys(&vault.system).await?;
    let Some(last) = masters.last() else {
        return Ok(rotated);
    };
    let target = new_master(vault, &masters, &last.id, &mut rotated, &mut told)?;
    if target != last.id {
        let new = MasterKey {
            id: target.clone(),
            created: at,
        };
        let log = logged(at, actor, "secrets.rotate", &target);
        let after = Some(last.id.as_str());
        if !vault.store.add_master_key(&vault.system, new, after, log).await? {
            return Err(VaultError::Busy(vault.file.path().to_owned()));
        }
        told(&Step::Counts(target.clone()));
    }
    for _ in 0..ROUNDS {
        for (holder, keys) in by_holder(vault.store.data_keys(&vault.system).await?) {
            renew(
                vault,
                &holder,
                keys,
                (&target, at, at_once),
                &mut rotated,
                &mut told,
            )
            .await?;
        }
        if retire(vault, &target, (at, actor), &mut rotated, &mut told).await? {
            rotated.master = Some(target);
            return Ok(rotated);
        }
    }
    Err(StoreError::Conflict("others keep using the old keys".into()).into())
}

/// The master key that everything is to be under: one that an interrupted rotation made, or a new one.
fn new_master(
    vault: &Vault,
    masters: &[MasterKey],
    last: &str,
    rotated: &mut Rotated,
    told: &mut (impl FnMut(&Step) + Send),
) -> Result<String, VaultError> {
    let mut ring = Keyring::load(vault.file.as_ref())?;
    // New keys come last in the file. One that the database has not heard of was written, and no more.
    let unheard = ring.keys.last().filter(|newest| newest.id != last);
    if let Some(newest) = unheard.filter(|newest| masters.iter().all(|master| master.id != newest.id)) {
        rotated.resumed = true;
        return Ok(newest.id.clone());
    }
    if masters.len() > 1 {
        rotated.resumed = true;
        return Ok(last.to_owned());
    }
    let new = Master::random()?;
    let id = new.id.clone();
    ring.keys.push(new);
    let file = vault.file.as_ref();
    file.replace(&ring.text()).map_err(failed(file))?;
    told(&Step::Written(id.clone()));
    Ok(id)
}

/// Data keys come by holder and number.
fn by_holder(keys: Vec<DataKey>) -> Vec<(Holder, Vec<DataKey>)> {
    let mut holders: Vec<(Holder, Vec<DataKey>)> = Vec::new();
    for key in keys {
        match holders.last_mut() {
            Some((holder, keys)) if *holder == key.holder => keys.push(key),
            _ => holders.push((key.holder.clone(), vec![key])),
        }
    }
    holders
}

/// A new data key for a holder, unless the newest is new; all secrets under it; and the old ones gone, but for those
/// that something needs which came meanwhile.
async fn renew(
    vault: &Vault,
    holder: &Holder,
    mut keys: Vec<DataKey>,
    (target, at, at_once): (&str, Millis, usize),
    rotated: &mut Rotated,
    told: &mut (impl FnMut(&Step) + Send),
) -> Result<(), VaultError> {
    if keys.last().is_none_or(|newest| newest.master != target) {
        let n = keys.last().map_or(0, |newest| newest.n) + 1;
        vault.add_data_key(holder, n, target, at).await?;
        told(&Step::DataKey(shown(holder)));
        rotated.data_keys += 1;
        keys = vault.store.data_keys_of(holder).await?;
    }
    let Some((newest, old)) = keys.split_last() else {
        return Ok(());
    };
    loop {
        let left = vault
            .store
            .sealed_otherwise(holder, newest.n, at_once.max(1))
            .await?;
        if left.is_empty() {
            break;
        }
        let anew: Vec<_> = left
            .into_iter()
            .map(|stored| reseal(vault, &keys, newest, stored))
            .collect::<Result<_, _>>()?;
        let count = vault.store.reseal(holder, anew).await?;
        told(&Step::Resealed(shown(holder), count));
        rotated.secrets += count;
    }
    for key in old {
        if vault.store.drop_data_key(holder, key.n).await? {
            told(&Step::DataKeyGone(shown(holder)));
        }
    }
    Ok(())
}

fn reseal(
    vault: &Vault,
    keys: &[DataKey],
    newest: &DataKey,
    stored: SealedSecret,
) -> Result<([u8; store::secrets::NONCE], SealedSecret), VaultError> {
    let key = keys.iter().find(|key| key.n == stored.data_key);
    let key = key.ok_or_else(|| VaultError::Unsound(stored.place.clone()))?;
    let plain = vault.unseal(key, &stored)?;
    let destination = stored.destination.as_deref();
    let purpose = seal::purpose_of_secret(&newest.holder, &stored.place, newest.n, destination);
    let sealed = seal::seal(&*vault.data_key(newest)?, &purpose, plain.expose_secret())?;
    let before = stored.nonce;
    let new = SealedSecret {
        data_key: newest.n,
        nonce: sealed.nonce,
        sealed: sealed.bytes,
        ..stored
    };
    Ok((before, new))
}

/// Whether every master key but the target is gone from the database.
async fn retire(
    vault: &Vault,
    target: &str,
    (at, actor): (Millis, &str),
    rotated: &mut Rotated,
    told: &mut (impl FnMut(&Step) + Send),
) -> Result<bool, VaultError> {
    let mut alone = true;
    for master in vault.store.master_keys(&vault.system).await? {
        if master.id == target {
            continue;
        }
        let log = logged(at, actor, "secrets.retire", &master.id);
        if vault
            .store
            .drop_master_key(&vault.system, &master.id, log)
            .await?
        {
            told(&Step::Retired(master.id.clone()));
            rotated.retired.push(master.id);
        } else {
            alone = false;
        }
    }
    Ok(alone)
}

/// Removes the master keys from the file that the database does not need; the ids of those. Backups from when it needed
/// them lose their secrets.
///
/// # Errors
/// [`VaultError::Busy`], a needed key is missing, or the file or the store failed.
pub async fn prune(vault: &Vault) -> Result<Vec<String>, VaultError> {
    let file = vault.file.as_ref();
    let _lock = lock(file)?;
    vault.check().await?;
    let needed = vault.store.master_keys(&vault.system).await?;
    let mut ring = Keyring::load(file)?;
    // Without a word from the database nothing can be called unneeded.
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let mut pruned = Vec::new();
    ring.keys.retain(|master| {
        let keep = needed.iter().any(|needed| needed.id == master.id);
        if !keep {
            pruned.push(master.id.clone());
        }
        keep
    });
    if !pruned.is_empty() {
        file.replace(&ring.text()).map_err(failed(file))?;
    }
    Ok(pruned)
}
