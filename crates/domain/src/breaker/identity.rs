//! Which breaker an event speaks of: (environment, service, breaker, deployment), absent parts empty.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::event::BreakerRef;

/// The identity of a breaker within a tenant. Provider, model and kind are attributes, not identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakerKey {
    /// `prod`, `staging`, or empty.
    pub environment: String,
    /// The service that holds it, or empty.
    pub service: String,
    /// Its name.
    pub breaker: String,
    /// The deployment it guards, or empty.
    pub deployment: String,
}

impl BreakerKey {
    /// The identity named by an event.
    pub fn of(subject: &BreakerRef) -> BreakerKey {
        BreakerKey {
            environment: subject.environment.clone().unwrap_or_default(),
            service: subject.service.clone().unwrap_or_default(),
            breaker: subject.breaker.clone(),
            deployment: subject.deployment.clone().unwrap_or_default(),
        }
    }

    /// Its id: the first 64 bits of SHA-256 over the length-prefixed UTF-8 parts, tenant first.
    ///
    /// Each part is preceded by its length in bytes as a big-endian `u32`, so that no two identities share an input.
    pub fn id(&self, tenant: &str) -> BreakerId {
        let mut hash = Sha256::new();
        for part in [
            tenant,
            &self.environment,
            &self.service,
            &self.breaker,
            &self.deployment,
        ] {
            hash.update((part.len() as u32).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut first = [0u8; 8];
        first.copy_from_slice(&digest[..8]);
        BreakerId(u64::from_be_bytes(first))
    }
}

/// The id of a breaker, used in paths and frames; shown as `b_` and 16 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakerId(pub u64);

impl BreakerId {
    /// Reads the shown form.
    pub fn parse(text: &str) -> Option<BreakerId> {
        let hex = text.strip_prefix("b_")?;
        if hex.len() != 16
            || !hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return None;
        }
        u64::from_str_radix(hex, 16).ok().map(BreakerId)
    }
}

impl fmt::Display for BreakerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b_{:016x}", self.0)
    }
}
