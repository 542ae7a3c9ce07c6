//! SQL that both databases read the same way, and the rows it gives. The functions are stamped once per database,
//! because sqlx has no connection type that is both.

mod accounts;
mod alert_port;
mod alerts;
mod audit;
mod backwards;
mod channels;
mod corrections;
mod deliveries;
mod delivery_port;
mod document_port;
mod documents;
mod duty_port;
mod erasures;
mod identities;
mod keys;
mod ladders;
mod live;
mod named;
mod people;
mod ports;
mod quotas;
mod rewrite;
mod rollups;
mod rules;
mod second;
mod secrets;
mod sessions;
mod share_port;
mod shares;

pub(crate) use accounts::{account_functions, role_from};
pub(crate) use alert_port::alerts_port;
pub(crate) use alerts::{
    alert_functions, kind_from, matchers_from_text, matchers_to_text, notice_from, repeat_from, who_from,
};
pub(crate) use audit::audit_functions;
pub(crate) use backwards::{FIRST_STEP, GROWTH, Head, LARGEST_STEP};
pub(crate) use channels::channel_functions;
pub(crate) use corrections::{
    correction_functions, correction_kind_from, correction_state_from, corrections_port,
};
pub(crate) use deliveries::{delivery_functions, delivery_state_from};
pub(crate) use delivery_port::deliveries_port;
pub(crate) use document_port::documents_port;
pub(crate) use documents::document_functions;
pub(crate) use duty_port::duties_port;
pub(crate) use erasures::{erasure_functions, erasures_port};
pub(crate) use identities::{identities_port, identity_functions};
pub(crate) use keys::{key_functions, scopes_from_text, scopes_to_text, words_from_text};
pub(crate) use ladders::ladder_functions;
pub(crate) use live::{live_functions, rung_from, rung_number, state_from, text};
pub(crate) use named::named_functions;
pub(crate) use people::{added, logged, people_ports};
pub(crate) use ports::{audits_port, journal_port, keys_port, live_port, rollups_port};
pub(crate) use quotas::quota_functions;
pub(crate) use rewrite::rewrite;
pub(crate) use rollups::rollup_functions;
pub(crate) use rules::rule_functions;
pub(crate) use second::{second_functions, second_port};
pub(crate) use secrets::{chosen, nonce, secret_functions, secrets_port};
pub(crate) use sessions::session_functions;
pub(crate) use share_port::shares_port;
pub(crate) use shares::share_functions;

use store::{StoreError, TenantId};

/// How many chunks one transaction drops: a few megabytes, so that whoever waits for the writer waits for milliseconds.
pub(crate) const CHUNKS_AT_ONCE: usize = 8;

/// A tenant as stored.
pub(crate) fn tenant_from(text: &str) -> Result<TenantId, StoreError> {
    TenantId::parse(text).ok_or_else(|| StoreError::Corrupt(format!("{text:?} is no tenant")))
}

/// Sums of bytes as they were read, by slug.
pub(crate) fn by_tenant(sums: Vec<(String, i64)>) -> Result<Vec<(TenantId, u64)>, StoreError> {
    let sum = |(tenant, bytes): (String, i64)| Ok((tenant_from(&tenant)?, unsigned(bytes)?));
    let mut sums = sums
        .into_iter()
        .map(sum)
        .collect::<Result<Vec<_>, StoreError>>()?;
    // Databases differ in how they order text.
    sums.sort_unstable();
    Ok(sums)
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

#[cfg(test)]
mod tests {
    /// Port methods that act for a tenant and still run as the system, with the reason.
    const AS_SYSTEM: [(&str, &str); 2] = [
        (
            "offer",
            "a link for a new password is its account's, and an account is no tenant's",
        ),
        (
            "drop_data_key",
            "data keys are wrapped under master keys, which are no tenant's",
        ),
    ];

    /// On Postgres the wall is only in the way of what says for whom it is done. Nobody else would notice a port that forgot.
    #[test]
    fn what_is_done_for_a_tenant_is_done_behind_the_wall() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shared");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            // Methods of ports are those that take `&self`.
            for method in text.split("async fn ").skip(1) {
                let (head, body) = method.split_once('{').unwrap();
                let name = head.split(['(', '<']).next().unwrap();
                let of_tenant =
                    head.contains("&self") && (head.contains("TenantScope") || head.contains("&Holder"));
                if !of_tenant || AS_SYSTEM.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                seen += 1;
                for way in [".main.read()", ".main.begin()", ".main.flush("] {
                    assert!(!body.contains(way), "{}: {name} uses {way}", path.display());
                }
            }
        }
        assert!(seen >= 24, "{seen} methods");
    }
}
