//! Sealing and opening bytes, with keys that cannot be printed.

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice};
use store::secrets::NONCE;
use store::{Holder, Place};
use zeroize::Zeroize as _;

use crate::VaultError;

/// 256 bits. Has no `Display` and a masked `Debug`; its bytes are overwritten when it is dropped.
pub(crate) type Key = SecretBox<[u8; 32]>;

/// A new one.
pub(crate) fn random_key() -> Result<Key, VaultError> {
    let mut failed = None;
    let key = SecretBox::init_with_mut(|bytes: &mut [u8; 32]| failed = getrandom::fill(bytes).err());
    match failed {
        None => Ok(key),
        Some(error) => Err(VaultError::Random(error)),
    }
}

/// Bytes that only this key and this purpose open.
pub(crate) struct Sealed {
    pub nonce: [u8; NONCE],
    pub bytes: Vec<u8>,
}

/// Seals. Nonces are random: with 192 bits no two are ever the same.
pub(crate) fn seal(key: &Key, purpose: &[u8], plain: &[u8]) -> Result<Sealed, VaultError> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(VaultError::Random)?;
    let payload = Payload {
        msg: plain,
        aad: purpose,
    };
    let bytes = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        // The cipher has this error for messages of 256 GiB.
        .map_err(|_| VaultError::TooLong(plain.len()))?;
    Ok(Sealed { nonce, bytes })
}

/// What was sealed; `None` when it was not with this key and for this purpose.
pub(crate) fn open(key: &Key, purpose: &[u8], nonce: &[u8; NONCE], sealed: &[u8]) -> Option<SecretSlice<u8>> {
    let payload = Payload {
        msg: sealed,
        aad: purpose,
    };
    let plain = cipher(key).decrypt(&XNonce::from(*nonce), payload).ok()?;
    Some(SecretSlice::from(plain))
}

/// A wrapped key; `None` when it was not wrapped with this one, for this purpose.
pub(crate) fn open_key(key: &Key, purpose: &[u8], nonce: &[u8; NONCE], wrapped: &[u8]) -> Option<Key> {
    let plain = open(key, purpose, nonce, wrapped)?;
    let bytes: &[u8; 32] = plain.expose_secret().try_into().ok()?;
    Some(key_of(*bytes))
}

/// A key of these bytes, which are overwritten.
pub(crate) fn key_of(mut bytes: [u8; 32]) -> Key {
    let key = SecretBox::new(Box::new(bytes));
    bytes.zeroize();
    key
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose_secret().into())
}

/// What a data key was wrapped for.
pub(crate) fn purpose_of_key(holder: &Holder, n: u32, master: &str) -> Vec<u8> {
    purpose(
        b"fuseboard data key 1",
        &[holder.as_str(), &n.to_string(), master],
    )
}

/// What a secret was sealed for.
pub(crate) fn purpose_of_secret(
    holder: &Holder,
    place: &Place,
    data_key: u32,
    destination: Option<&str>,
) -> Vec<u8> {
    purpose(
        b"fuseboard secret 1",
        &[
            holder.as_str(),
            &place.kind,
            &place.owner,
            &place.field,
            &data_key.to_string(),
            // No destination has no colon in it, so nothing and an empty one are told apart by this alone.
            destination.unwrap_or("never sent"),
        ],
    )
}

/// Each part with its length before it, so that no two lists have the same bytes.
fn purpose(what: &[u8], parts: &[&str]) -> Vec<u8> {
    let mut bytes = what.to_vec();
    for part in parts {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A.3.1 of draft-irtf-cfrg-xchacha: the cipher is the one we say it is.
    #[test]
    fn the_cipher_is_the_one_of_the_draft() {
        let hex = |text: &str| -> Vec<u8> {
            let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
            let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
            digits.chunks(2).map(byte).collect()
        };
        let key = key_of(std::array::from_fn(|n| 0x80 + n as u8));
        let nonce: [u8; NONCE] = std::array::from_fn(|n| 0x40 + n as u8);
        let aad = hex("50515253c0c1c2c3c4c5c6c7");
        let sealed = hex(
            "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6\
             708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637\
             da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
        );
        let opened = open(&key, &aad, &nonce, &sealed).expect("the vector opens");
        let text =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
                     sunscreen would be it.";
        assert_eq!(opened.expose_secret(), text);
    }

    #[test]
    fn nothing_opens_with_another_key_or_for_another_purpose() {
        let (key, other) = (random_key().unwrap(), random_key().unwrap());
        let sealed = seal(&key, b"a", b"the secret").unwrap();
        let opened = open(&key, b"a", &sealed.nonce, &sealed.bytes).unwrap();
        assert_eq!(opened.expose_secret(), b"the secret");
        assert!(open(&other, b"a", &sealed.nonce, &sealed.bytes).is_none());
        assert!(open(&key, b"b", &sealed.nonce, &sealed.bytes).is_none());
        assert!(open(&key, b"a", &[0; NONCE], &sealed.bytes).is_none());
        for place in 0..sealed.bytes.len() {
            let mut changed = sealed.bytes.clone();
            changed[place] ^= 1;
            assert!(
                open(&key, b"a", &sealed.nonce, &changed).is_none(),
                "byte {place}"
            );
        }
        let again = seal(&key, b"a", b"the secret").unwrap();
        assert!(again.nonce != sealed.nonce && again.bytes != sealed.bytes);
    }

    #[test]
    fn purposes_differ_in_every_part() {
        let place = |kind: &str, owner: &str, field: &str| Place {
            kind: kind.into(),
            owner: owner.into(),
            field: field.into(),
        };
        let tenant = |slug| {
            let system = test_system();
            Holder::named(&system, slug).unwrap()
        };
        let of = |slug, kind, owner, field, n, to| {
            purpose_of_secret(&tenant(slug), &place(kind, owner, field), n, to)
        };
        let all = [
            of("a", "k", "o", "f", 1, None),
            of("", "k", "o", "f", 1, None),
            of("b", "k", "o", "f", 1, None),
            of("a", "ko", "", "f", 1, None),
            of("a", "k", "of", "", 1, None),
            of("a", "k", "o", "g", 1, None),
            of("a", "k", "o", "f", 11, None),
            of("a", "k", "o", "f", 1, Some("https://a:443")),
            of("a", "k", "o", "f", 1, Some("https://b:443")),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| other != one), "{i}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = key_of([0xab; 32]);
        let shown = format!("{key:?}");
        assert!(
            !shown.contains("171") && !shown.to_lowercase().contains("ab,"),
            "{shown}"
        );
    }

    #[expect(clippy::disallowed_methods, reason = "a test stands in for the supervisor")]
    fn test_system() -> store::SystemScope {
        store::SystemScope::assume()
    }
}
