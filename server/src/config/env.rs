//! The one place where the environment enters.

use std::ffi::OsString;

/// Variables that matter to us, with what they hold; the rest of the environment is not looked at.
pub fn environment() -> Vec<(String, OsString)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| {
            name.starts_with(PREFIX) || ALIASES.iter().any(|(alias, _)| alias == name) || name == FILE
        })
        .collect()
}

/// Whether coloured text is unwanted: the visitor's terminal says so by setting `NO_COLOR` to anything.
pub fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// Who runs this program, for the audit log.
pub fn user() -> String {
    let name = std::env::var_os("USER")
        .and_then(|value| value.into_string().ok())
        .unwrap_or_default();
    let plain = !name.is_empty() && name.len() <= 64 && name.bytes().all(|b| b.is_ascii_graphic());
    if plain { name } else { "unknown".into() }
}

/// Settings start with this.
pub const PREFIX: &str = "FUSEBOARD__";
/// Names the configuration file.
pub const FILE: &str = "FUSEBOARD_CONFIG";
/// Names that others use for a setting of ours; our own name wins.
pub const ALIASES: [(&str, &str); 2] = [("DATABASE_URL", "database.url"), ("RUST_LOG", "log.level")];
