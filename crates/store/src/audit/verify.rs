//! Whether a chain is as it was written.

use std::fmt;

use super::seal::{GENESIS, hash};
use super::{AuditHash, AuditHead, AuditKey, SealedEntry};
use crate::TenantId;

/// Walks a chain from its first entry and finds the first thing that is wrong.
pub struct Verifier<'a> {
    key: &'a AuditKey,
    tenant: &'a TenantId,
    anchors: Vec<&'a AuditHead>,
    reached: u64,
    hash: AuditHash,
}

/// What a whole chain was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Entries.
    pub entries: u64,
    /// How many of the heads that were written down elsewhere it contains.
    pub anchors: usize,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An entry is missing, or stands twice, or in another place.
    Number {
        /// The number that comes next.
        wanted: u64,
        /// The number that is there.
        found: u64,
    },
    /// The entry was changed, or one before it was exchanged.
    Changed(u64),
    /// The entry fits the chain, but was not sealed with this key.
    Seal(u64),
    /// A head that was written down was not sealed with this key: it proves nothing.
    ForeignHead(u64),
    /// A head that was written down has this number, and another entry is there now.
    OtherHead(u64),
    /// A head that was written down lies beyond the end of the chain.
    CutOff {
        /// The number of the newest entry there is.
        entries: u64,
        /// The number that was there once.
        head: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Number { wanted, found } => {
                write!(f, "entry {wanted} should come next, and entry {found} is there")
            }
            Fault::Changed(n) => write!(f, "entry {n} was changed, or does not follow the one before it"),
            Fault::Seal(n) => write!(f, "entry {n} was not sealed with this audit key"),
            Fault::ForeignHead(n) => write!(f, "the head at entry {n} was not sealed with this audit key"),
            Fault::OtherHead(n) => write!(f, "entry {n} is not the one that the head was taken of"),
            Fault::CutOff { entries, head } => {
                write!(
                    f,
                    "the log ends at entry {entries}, and it had {head} entries when the head was taken"
                )
            }
        }
    }
}

impl<'a> Verifier<'a> {
    /// For the chain of a tenant; heads of other tenants in `anchors` are left alone.
    pub fn new(key: &'a AuditKey, tenant: &'a TenantId, anchors: &'a [AuditHead]) -> Verifier<'a> {
        Verifier {
            key,
            tenant,
            anchors: anchors.iter().filter(|head| head.tenant == *tenant).collect(),
            reached: 0,
            hash: GENESIS,
        }
    }

    /// The number of the entry that was checked last.
    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// Checks the next entry.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&mut self, sealed: &SealedEntry) -> Result<(), Fault> {
        let wanted = self.reached + 1;
        if sealed.n != wanted {
            return Err(Fault::Number {
                wanted,
                found: sealed.n,
            });
        }
        if hash(self.tenant, &self.hash, sealed.n, &sealed.entry) != sealed.hash {
            return Err(Fault::Changed(sealed.n));
        }
        if !self.key.made(&sealed.hash, &sealed.mac) {
            return Err(Fault::Seal(sealed.n));
        }
        let other = |head: &&&AuditHead| head.n == sealed.n && head.hash != sealed.hash;
        if self.anchors.iter().find(other).is_some() {
            return Err(Fault::OtherHead(sealed.n));
        }
        self.reached = sealed.n;
        self.hash = sealed.hash;
        Ok(())
    }

    /// There are no more entries.
    ///
    /// # Errors
    /// A head that was written down is not in the chain.
    pub fn finish(self) -> Result<Verified, Fault> {
        for head in &self.anchors {
            if !self.key.sealed(head) {
                return Err(Fault::ForeignHead(head.n));
            }
            if head.n > self.reached {
                return Err(Fault::CutOff {
                    entries: self.reached,
                    head: head.n,
                });
            }
        }
        Ok(Verified {
            entries: self.reached,
            anchors: self.anchors.len(),
        })
    }
}
