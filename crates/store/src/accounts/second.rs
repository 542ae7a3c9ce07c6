//! Second factors: what an account shows besides its password. The seed itself is a secret and kept as one
//! ([`Secrets`](crate::Secrets)); here is whether it counts, which of its codes was used last, and the recovery codes.

use async_trait::async_trait;
use domain::Millis;

use super::Logged;
use crate::{StoreError, SystemScope};

/// SHA-256 of a recovery code, which has more than 112 bits of randomness, so no slow hash is needed.
pub type RecoveryHash = [u8; 32];

/// The second factor of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// Names the seed among the account's secrets.
    pub seed: String,
    /// When the account began with it.
    pub begun: Millis,
    /// Since when it is asked for; until a first code has shown that the account has it, it is not.
    pub enabled: Option<Millis>,
    /// The newest time step whose code was used. Its code and all before count no more.
    pub step: i64,
    /// Recovery codes that were not used yet.
    pub recovery_codes: u32,
}

/// The port for second factors.
#[async_trait]
pub trait SecondFactors: Send + Sync + 'static {
    /// An account's.
    async fn second_factor(
        &self,
        system: &SystemScope,
        account: &str,
    ) -> Result<Option<SecondFactor>, StoreError>;

    /// Begins with a seed, in place of one that was never enabled. False, and nothing is written, when one is enabled or
    /// there is no such account.
    async fn begin_second_factor(
        &self,
        system: &SystemScope,
        account: &str,
        seed: &str,
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// It is asked for from now on: a code of `seed`, of this step, was shown. False, and nothing is written, when the
    /// account did not begin with this seed, or it is enabled.
    async fn enable_second_factor(
        &self,
        system: &SystemScope,
        account: &str,
        (seed, step): (&str, i64),
        codes: &[RecoveryHash],
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// A code of this step of `seed` was shown: it and all before count no more. False, and nothing is written, when it
    /// counted no more already, or that seed is not enabled.
    async fn use_step(
        &self,
        system: &SystemScope,
        account: &str,
        seed: &str,
        step: i64,
    ) -> Result<bool, StoreError>;

    /// A recovery code was shown: it counts no more. False, and nothing is written, when the enabled second factor has no
    /// such code, or it was used.
    async fn use_recovery_code(
        &self,
        system: &SystemScope,
        account: &str,
        code: &RecoveryHash,
        at: Millis,
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// Puts these in place of all recovery codes. False, and nothing is written, when none is enabled.
    async fn replace_recovery_codes(
        &self,
        system: &SystemScope,
        account: &str,
        codes: &[RecoveryHash],
        audit: Logged,
    ) -> Result<bool, StoreError>;

    /// Removes it with its recovery codes; what it was. `None`, and nothing is written, when there is none.
    async fn remove_second_factor(
        &self,
        system: &SystemScope,
        account: &str,
        audit: Logged,
    ) -> Result<Option<SecondFactor>, StoreError>;
}
