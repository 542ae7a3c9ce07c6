//! Names that others must be able to keep: bounded, plain, and never the same for two things.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// `text` itself when it is at most `most` characters of `A-Za-z0-9._-:`, else a start of it and a hash of all.
pub(crate) fn key(text: &str, most: usize) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    let is_plain = text.chars().all(plain) && text.chars().any(|c| c.is_ascii_alphanumeric());
    if is_plain && text.len() <= most {
        return text.to_owned();
    }
    let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(text.as_bytes())[..18]);
    let room = most.saturating_sub(hash.len() + 1);
    let start: String = text.chars().filter(|c| plain(*c)).take(room).collect();
    format!("{start}.{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_others_stay_apart() {
        assert_eq!(key("default.alert.12", 255), "default.alert.12");
        let long = "x".repeat(300);
        let longer = "x".repeat(301);
        assert_eq!(key(&long, 255).len(), 255);
        assert_ne!(key(&long, 255), key(&longer, 255));
        for odd in ["", ".", "..", "a b", "a\r\nb", "ä", "a/b"] {
            let made = key(odd, 64);
            assert!(made.len() <= 64 && made.len() > 20, "{made}");
            assert!(made.chars().all(|c| c.is_ascii_graphic() && c != '/'), "{made}");
        }
        assert_ne!(key("a b", 64), key("ab", 64));
    }
}
