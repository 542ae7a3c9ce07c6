//! SQL that both databases read the same way, and the rows it gives. The functions are stamped once per database,
//! because sqlx has no connection type that is both.

mod accounts;
mod audit;
mod backwards;
mod keys;
mod live;
mod people;
mod ports;
mod rollups;
mod second;
mod secrets;
mod sessions;

pub(crate) use accounts::{account_functions, role_from};
pub(crate) use audit::audit_functions;
pub(crate) use backwards::{FIRST_STEP, GROWTH, Head, LARGEST_STEP};
pub(crate) use keys::{key_functions, scopes_from_text, scopes_to_text, words_from_text};
pub(crate) use live::{live_functions, rung_from, rung_number, state_from, text};
pub(crate) use people::{logged, people_ports};
pub(crate) use ports::{audits_port, journal_port, keys_port, live_port, rollups_port};
pub(crate) use rollups::rollup_functions;
pub(crate) use second::{second_functions, second_port};
pub(crate) use secrets::{chosen, nonce, secret_functions, secrets_port};
pub(crate) use sessions::session_functions;

use store::{StoreError, TenantId};

/// How many chunks one transaction drops: a few megabytes, so that whoever waits for the writer waits for milliseconds.
pub(crate) const CHUNKS_AT_ONCE: usize = 8;

/// A tenant as stored.
pub(crate) fn tenant_from(text: &str) -> Result<TenantId, StoreError> {
    TenantId::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no tenant")))
}

/// A number that is stored signed and is never negative.
pub(crate) fn unsigned<T: TryFrom<i64>>(value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Corrupt(format!("{value} is out of range")))
}

/// A number that must fit a signed column.
pub(crate) fn signed(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::Conflict(format!("{value} is too large to store")))
}

/// A limit or a bound: what does not fit is as good as the largest number.
pub(crate) fn clamped(value: impl TryInto<i64>) -> i64 {
    value.try_into().unwrap_or(i64::MAX)
}

/// 32 bytes of a digest.
pub(crate) fn digest(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Corrupt(format!("a digest has {} bytes", bytes.len())))
}
