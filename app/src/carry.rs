//! How the seed travels inside the page: postcard in base64. The browser decodes postcard anyway, so this spares it a
//! second decoder for every type of the board (JSON's was a tenth of the WASM), and the page is shorter.

use crate::seed::Seed;

/// The alphabet of RFC 4648, section 4. Padding is left out: the length says how many bytes the last group has.
#[cfg(any(feature = "ssr", test))]
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The seed as text.
#[cfg(feature = "ssr")]
pub fn pack(seed: &Seed) -> String {
    to_text(&postcard::to_allocvec(seed).expect("a seed has only types that postcard can write"))
}

/// The browser only reads it; without this, it would carry the code to write all of it.
#[cfg(not(feature = "ssr"))]
pub fn pack(_: &Seed) -> String {
    String::new()
}

/// The seed of such a text; `None` when a page of another build has written it.
pub fn unpack(text: &str) -> Option<Seed> {
    postcard::from_bytes(&to_bytes(text)?).ok()
}

#[cfg(any(feature = "ssr", test))]
fn to_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    text
}

fn to_bytes(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for letter in group {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        bits <<= 6 * (4 - group.len());
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_come_back() {
        for length in 0..70_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(97)).collect();
            assert_eq!(to_bytes(&to_text(&bytes)), Some(bytes));
        }
    }

    #[test]
    fn it_is_the_base64_that_everybody_knows() {
        assert_eq!(to_text(b"Many hands"), "TWFueSBoYW5kcw");
        assert_eq!(to_text(&[0xfb, 0xff]), "+/8");
        assert_eq!(to_bytes("no spaces"), None);
    }

    #[test]
    fn what_is_no_seed_is_refused() {
        assert_eq!(unpack("AAAA"), None);
    }
}
