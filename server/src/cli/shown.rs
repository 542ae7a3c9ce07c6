//! How commands print what the store keeps.

use crate::config;

/// RFC 3339, UTC, to the second.
pub fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms - ms.rem_euclid(1_000))
        .map(|time| time.to_string())
        .unwrap_or_default()
}

/// Lower case.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who acts, for the audit log.
pub fn actor() -> String {
    format!("cli:{}", config::user())
}
