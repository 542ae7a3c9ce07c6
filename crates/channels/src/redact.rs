//! Taking secrets out of text that others wrote: services echo addresses and tokens in their errors.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use url::{Url, form_urlencoded};

use crate::settings::Secrets;

/// What stands where a secret was.
pub const REDACTED: &str = "[secret]";

/// Shorter parts of an address are words like `hooks` or `v1`, not credentials.
const SHORTEST_PART: usize = 8;

/// `text` without any of the secrets: neither whole nor as JSON, percent signs or base64 would write it, nor the parts of
/// an address that may be the credential.
pub fn redact(text: &str, secrets: &Secrets) -> String {
    let mut needles: Vec<String> = Vec::new();
    for secret in secrets.values() {
        needles_of(secret.expose_secret().trim(), &mut needles);
    }
    needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    needles.dedup();
    let mut text = text.to_owned();
    for needle in needles {
        if text.contains(&needle) {
            text = text.replace(&needle, REDACTED);
        }
    }
    text
}

fn needles_of(secret: &str, needles: &mut Vec<String>) {
    if secret.is_empty() {
        return;
    }
    let mut tell = |text: &str| {
        needles.push(text.to_owned());
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        for other in [text.replace('/', "\\/"), encoded, STANDARD.encode(text)] {
            if other != text {
                needles.push(other);
            }
        }
    };
    tell(secret);
    match Url::parse(secret) {
        Ok(url) if url.has_host() => {
            let whole = url.as_str();
            tell(whole);
            let after = &whole[url.origin().ascii_serialization().len().min(whole.len())..];
            if after.len() >= SHORTEST_PART {
                tell(after);
            }
            let query = url.query_pairs().map(|(_, value)| value.into_owned());
            let path = url.path_segments().into_iter().flatten().map(str::to_owned);
            for part in path.chain(query).filter(|part| part.len() >= SHORTEST_PART) {
                tell(&part);
            }
        }
        _ => {
            // Several secrets in one field, and what stands behind a prefix.
            for part in secret.split([' ', ',', ':']) {
                for part in [part, part.trim_start_matches("whsec_")] {
                    if part.len() >= SHORTEST_PART && part != secret {
                        tell(part);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let named = |(at, value): (usize, &&str)| (at.to_string(), SecretString::from(*value));
        values.iter().enumerate().map(named).collect()
    }

    #[test]
    fn no_part_that_could_be_used_is_left() {
        let url =
            "https://hooks.example.com:8443/services/T0000AAAA/B0000BBBB/tokentokentoken?sig=sigsigsigsig";
        let known = secrets(&[url, "whsec_AAAABBBBCCCC whsec_DDDDEEEEFFFF", "pw"]);
        for echoed in [
            url,
            "https:\\/\\/hooks.example.com:8443\\/services\\/T0000AAAA\\/B0000BBBB\\/tokentokentoken",
            "POST /services/T0000AAAA/B0000BBBB/tokentokentoken?sig=sigsigsigsig HTTP/1.1",
            "no webhook tokentokentoken",
            "sig sigsigsigsig",
            "AAAABBBBCCCC",
            "whsec_DDDDEEEEFFFF",
            "https%3A%2F%2Fhooks.example.com%3A8443%2Fservices%2FT0000AAAA%2FB0000BBBB%2Ftokentokentoken",
            &STANDARD.encode(url),
        ] {
            let told = redact(&format!("error: {echoed}!"), &known);
            assert!(told.contains(REDACTED), "{told}");
            for part in [
                "token",
                "sigsig",
                "AAAABBBB",
                "DDDD",
                "BBBB",
                &STANDARD.encode(url),
            ] {
                assert!(!told.contains(part), "{part} in {told}");
            }
        }
        assert_eq!(redact("a pw b", &known), "a [secret] b");
        assert_eq!(redact("channel_not_found", &known), "channel_not_found");
        assert_eq!(redact("x", &secrets(&[""])), "x");
    }
}
