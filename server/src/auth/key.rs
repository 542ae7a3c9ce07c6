//! The text of an API key: `fb_<tenant>_<id>_<secret>_<checksum>`.
//!
//! The id (10 of `a-z0-9`) is public and names the key in lists; the secret is 43 base-62 characters, 256 bits, so one
//! SHA-256 is enough to store it; the checksum (CRC-32 of all before it, 8 hexadecimal digits) lets a mistyped key be
//! refused without asking the database, and lets secret scanners recognise one.

use sha2::{Digest, Sha256};
use store::{KeyHash, TenantId};

pub(super) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const ID_LENGTH: usize = 10;
const SECRET_LENGTH: usize = 43;
/// Longer texts are refused before any work: 63 of the slug and the fixed parts.
const LONGEST: usize = 3 + 63 + 1 + ID_LENGTH + 1 + SECRET_LENGTH + 1 + 8;

/// A new key. Its text is shown once and never kept.
pub struct FreshKey {
    /// The whole text.
    pub text: String,
    /// The public id.
    pub id: String,
    /// How it begins, up to and with the id.
    pub prefix: String,
    /// What is stored.
    pub hash: KeyHash,
}

/// Makes a key.
///
/// # Errors
/// The system has no randomness to give.
pub fn generate(tenant: &TenantId) -> Result<FreshKey, getrandom::Error> {
    let id = random_text(BASE36, ID_LENGTH)?;
    let secret = random_text(BASE62, SECRET_LENGTH)?;
    let prefix = format!("fb_{tenant}_{id}");
    let body = format!("{prefix}_{secret}");
    let text = format!("{body}_{:08x}", crc32fast::hash(body.as_bytes()));
    let hash = hash(&text);
    Ok(FreshKey {
        text,
        id,
        prefix,
        hash,
    })
}

/// SHA-256 of the whole text.
pub fn hash(text: &str) -> KeyHash {
    sha256(text)
}

/// A public id: ten characters that name something in lists and logs.
pub(super) fn fresh_id() -> Result<String, getrandom::Error> {
    random_text(BASE36, ID_LENGTH)
}

pub(super) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Whether the text can be a key at all: its form and its checksum.
pub fn well_formed(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let mut parts = text.split('_');
    let (Some("fb"), Some(tenant), Some(id), Some(secret), Some(checksum), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return false;
    };
    let (Some((body, _)), Ok(expected)) = (text.rsplit_once('_'), u32::from_str_radix(checksum, 16)) else {
        return false;
    };
    TenantId::parse(tenant).is_some()
        && id.len() == ID_LENGTH
        && id.bytes().all(|b| BASE36.contains(&b))
        && secret.len() == SECRET_LENGTH
        && secret.bytes().all(|b| b.is_ascii_alphanumeric())
        && checksum.len() == 8
        && checksum
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && crc32fast::hash(body.as_bytes()) == expected
}

/// Characters drawn uniformly: bytes beyond the largest multiple of the alphabet are thrown away, not folded.
pub(super) fn random_text(alphabet: &[u8], length: usize) -> Result<String, getrandom::Error> {
    let limit = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        for byte in bytes {
            let byte = usize::from(byte);
            if byte < limit && text.len() < length {
                text.push(char::from(alphabet[byte % alphabet.len()]));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_keys_are_well_formed_and_differ() {
        let tenant = TenantId::default_tenant();
        let one = generate(&tenant).unwrap();
        let two = generate(&tenant).unwrap();
        assert!(well_formed(&one.text), "{}", one.text);
        assert!(one.text.starts_with(&one.prefix));
        assert_ne!(one.text, two.text);
        assert_eq!(one.hash, hash(&one.text));
        assert_eq!(one.text.split('_').nth(3).unwrap().len(), 43);
    }

    #[test]
    fn any_single_changed_character_is_refused() {
        let text = generate(&TenantId::default_tenant()).unwrap().text;
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert!(
                !well_formed(std::str::from_utf8(&bytes).unwrap()),
                "position {at}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let long = "x".repeat(10_000);
        for text in [
            "",
            "fb",
            "fb____",
            "fb_default_0_0_0",
            "Bearer x",
            "fb_default_é_é_00000000",
            &long,
        ] {
            assert!(!well_formed(text), "{text}");
        }
    }

    #[test]
    fn characters_are_drawn_from_the_whole_alphabet() {
        let text = random_text(BASE62, 62 * 40).unwrap();
        for character in BASE62 {
            assert!(
                text.bytes().any(|b| b == *character),
                "{}",
                char::from(*character)
            );
        }
    }
}
