//! Browsers in which somebody has signed in before, told by a cookie: when strangers try passwords, they have places of
//! their own in the queue, and their wrong tries are counted apart from those of the address they share.
//!
//! The cookie names an account's address and nothing else, by a seal that only we can make (OWASP calls it a device
//! cookie). It opens nothing: whoever steals one may try five passwords before waiting, as anybody may. So it needs no
//! end, and nothing of it is stored. The text is eleven random characters and half of an HMAC-SHA256 over them and the
//! account's address, in hexadecimal: 43 letters and digits, as our other cookies.

use axum::http::{HeaderMap, HeaderValue};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::key::{BASE62, random_text};
use super::session::CookieKind;

/// In the cookie's name.
const STEM: &str = "fb_known";
/// 65 bits: browsers are told apart by them, nothing more.
const RANDOM: usize = 11;
/// Bytes of the seal that are in the cookie: 128 bits.
const SEAL: usize = 16;
/// Half a year since the last time somebody signed in there.
const SECONDS: i64 = 180 * 86_400;

/// A browser of an account, as we tell them apart.
pub type Device = u64;

/// Makes the cookies, and knows them again.
pub struct Devices {
    key: [u8; 32],
}

impl Devices {
    /// With this key. Browsers are strangers to another one.
    pub fn new(key: [u8; 32]) -> Devices {
        Devices { key }
    }

    /// The text of a cookie for a browser in which somebody signed in with this address; `None` when the system has no
    /// randomness to give.
    pub fn text(&self, email: &str) -> Option<String> {
        let random = random_text(BASE62, RANDOM).ok()?;
        let seal = self.seal(&random, email)?.finalize().into_bytes();
        let seal: String = seal.iter().take(SEAL).map(|byte| format!("{byte:02x}")).collect();
        Some([random, seal].concat())
    }

    /// Which browser of the account with this address it is; `None` for one that is none of its.
    pub fn known(&self, email: &str, text: &str) -> Option<Device> {
        let (random, seal) = text.split_at_checked(RANDOM)?;
        let seal = from_hex(seal)?;
        self.seal(random, email)?.verify_truncated_left(&seal).ok()?;
        // What is sealed is what tells them apart; a part of the seal is as good a number as any.
        let number = seal.first_chunk::<8>()?;
        Some(Device::from_le_bytes(*number))
    }

    fn seal(&self, random: &str, email: &str) -> Option<Hmac<Sha256>> {
        // A key of any length will do.
        let mut seal = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        seal.update(random.as_bytes());
        seal.update(email.as_bytes());
        Some(seal)
    }
}

fn from_hex(text: &str) -> Option<[u8; SEAL]> {
    let mut bytes = [0; SEAL];
    let pairs = text.as_bytes().chunks_exact(2);
    if text.len() != 2 * SEAL {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// The header that gives it to a browser.
pub fn set(kind: CookieKind, text: &str) -> HeaderValue {
    kind.header_of(STEM, text, SECONDS)
}

/// What it holds, if there is exactly one and it can be one of ours.
pub fn read(kind: CookieKind, headers: &HeaderMap) -> Option<&str> {
    kind.text_of(STEM, headers)
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    #[test]
    fn a_browser_is_known_to_its_account_and_our_key_alone() {
        let devices = Devices::new([7; 32]);
        let (one, two) = (devices.text("ada@b").unwrap(), devices.text("ada@b").unwrap());
        let known = devices.known("ada@b", &one).unwrap();
        assert_eq!(devices.known("ada@b", &one), Some(known));
        assert_ne!(devices.known("ada@b", &two), Some(known), "another browser");
        assert_eq!(devices.known("bob@b", &one), None);
        assert_eq!(Devices::new([8; 32]).known("ada@b", &one), None);
        for at in 0..one.len() {
            let other = if one.as_bytes()[at] == b'0' { "1" } else { "0" };
            let mut forged = one.clone();
            forged.replace_range(at..=at, other);
            assert_eq!(devices.known("ada@b", &forged), None, "{forged}");
        }
        for text in ["", "x", &one[..42], &format!("{one}0"), &"é".repeat(22)] {
            assert_eq!(devices.known("ada@b", text), None, "{text}");
        }
    }

    #[test]
    fn the_cookie_is_read_as_it_was_set() {
        let text = Devices::new([7; 32]).text("ada@b").unwrap();
        for kind in [CookieKind::Secure, CookieKind::Plain(3000)] {
            let set = set(kind, &text);
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(pair).unwrap())]);
            assert_eq!(read(kind, &headers), Some(text.as_str()));
        }
    }
}
