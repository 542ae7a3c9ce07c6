//! How an entry is sealed. The bytes that are hashed are fixed for ever; golden values in the tests hold them.
//!
//! `hash = SHA-256("fuseboard audit 1\0" ‖ hash before ‖ n ‖ at ‖ tenant ‖ actor ‖ address ‖ action ‖ target ‖ detail)`,
//! numbers as 8 bytes little endian, each text behind its length in bytes as 8 bytes little endian; the hash before the
//! first entry is 32 zeros. `mac = HMAC-SHA256(key, hash)`.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{AuditEntry, AuditHash, AuditHead, SealedEntry};
use crate::TenantId;

const DOMAIN: &[u8] = b"fuseboard audit 1\0";

/// Before the purpose of another key. Seals are over 32 bytes, and this alone has more.
const DERIVED: &[u8] = b"fuseboard key derived from that of the audit log\0";

/// The hash before the first entry.
pub(super) const GENESIS: AuditHash = [0; 32];

/// The key of the seals, kept outside of the database.
#[derive(Clone, PartialEq, Eq)]
pub struct AuditKey([u8; 32]);

impl AuditKey {
    /// 32 bytes that nobody can guess.
    pub fn new(bytes: [u8; 32]) -> AuditKey {
        AuditKey(bytes)
    }

    /// A key for something else on the same machine, of which this one cannot be learned.
    pub fn derived(&self, purpose: &str) -> [u8; 32] {
        let said = [DERIVED, purpose.as_bytes()].concat();
        self.hmac(&said).finalize().into_bytes().into()
    }

    pub(super) fn mac(&self, hash: &AuditHash) -> [u8; 32] {
        self.hmac(hash).finalize().into_bytes().into()
    }

    /// Whether a head was sealed with it.
    pub fn sealed(&self, head: &AuditHead) -> bool {
        self.made(&head.hash, &head.mac)
    }

    /// Compares in constant time.
    pub(super) fn made(&self, hash: &AuditHash, mac: &[u8; 32]) -> bool {
        self.hmac(hash).verify_slice(mac).is_ok()
    }

    fn hmac(&self, said: &[u8]) -> Hmac<Sha256> {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        hmac.update(said);
        hmac
    }
}

/// Says nothing.
impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(…)")
    }
}

/// Seals an entry behind `previous`, the number and the hash of the tenant's newest entry.
pub fn seal(
    key: &AuditKey,
    tenant: &TenantId,
    previous: Option<(u64, AuditHash)>,
    entry: AuditEntry,
) -> SealedEntry {
    let entry = entry.fitted();
    let (before, previous) = previous.unwrap_or((0, GENESIS));
    let n = before + 1;
    let hash = hash(tenant, &previous, n, &entry);
    let mac = key.mac(&hash);
    SealedEntry { n, entry, hash, mac }
}

pub(super) fn hash(tenant: &TenantId, previous: &AuditHash, n: u64, entry: &AuditEntry) -> AuditHash {
    let mut digest = Sha256::new();
    digest.update(DOMAIN);
    digest.update(previous);
    digest.update(n.to_le_bytes());
    digest.update(entry.at.to_le_bytes());
    let texts = [
        tenant.as_str(),
        &entry.actor,
        &entry.address,
        &entry.action,
        &entry.target,
        &entry.detail,
    ];
    for text in texts {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text.as_bytes());
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AuditEntry {
        AuditEntry {
            at: 1_790_000_000_000,
            actor: "cli:root".into(),
            address: "203.0.113.7".into(),
            action: "key.create".into(),
            target: "k3j9x0a2b4".into(),
            detail: "key checkout with ingest:write – ü".into(),
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_sealed_bytes_never_change() {
        let key = AuditKey::new([7; 32]);
        let tenant = TenantId::default_tenant();
        let first = seal(&key, &tenant, None, entry());
        let second = seal(&key, &tenant, Some((first.n, first.hash)), entry());
        assert_eq!((first.n, second.n), (1, 2));
        assert_eq!(
            hex(&first.hash),
            "b5f23607b7da4db1a459ee0f311550a5989d087f5e07ad4d099c8da027471ec3"
        );
        assert_eq!(
            hex(&first.mac),
            "ea95285a4db2e946e02f8f86391b0124bd98d23c9ef753fb5ec1c8bcd83f2d02"
        );
        assert_eq!(
            hex(&second.hash),
            "2af920cb29c68e7328a7483642bcae1b5740d1ce4a5d328a203717c7a7a6916f"
        );
    }

    #[test]
    fn texts_do_not_run_into_each_other() {
        let tenant = TenantId::default_tenant();
        let mut other = entry();
        other.actor.push_str(&other.address);
        other.address.clear();
        assert_ne!(
            hash(&tenant, &GENESIS, 1, &entry()),
            hash(&tenant, &GENESIS, 1, &other)
        );
    }

    #[test]
    fn what_a_database_would_change_is_changed_before() {
        let key = AuditKey::new([7; 32]);
        let mut long = entry();
        long.detail = "x\0".repeat(3_000);
        let sealed = seal(&key, &TenantId::default_tenant(), None, long);
        assert_eq!(sealed.entry.detail.chars().count(), super::super::LONG);
        assert!(!sealed.entry.detail.contains('\0'));
        assert_eq!(sealed.entry.clone().fitted(), sealed.entry);
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", AuditKey::new([1; 32])), "AuditKey(…)");
    }
}
