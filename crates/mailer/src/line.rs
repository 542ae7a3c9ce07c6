//! Lines that are sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

/// What `AUTH PLAIN` sends (RFC 4616).
pub(crate) fn plain(user: &str, password: &SecretString) -> String {
    STANDARD.encode(format!("\0{user}\0{}", password.expose_secret()))
}

/// What `AUTH LOGIN` sends, one after the other.
pub(crate) fn login(text: &str) -> String {
    STANDARD.encode(text)
}

/// An address as it stands in the envelope: nothing that ends its line or its brackets.
pub(crate) fn is_address(text: &str) -> bool {
    (3..=254).contains(&text.len())
        && text.contains('@')
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>'))
}

/// A mail as `DATA` takes it (RFC 5321 §4.5.2): every line ends in CR LF, and a dot at a line's start is doubled, so that
/// no line of the mail ends it. The end is appended.
pub(crate) fn data(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + raw.len() / 50 + 8);
    let text = raw.strip_suffix(b"\n").unwrap_or(raw);
    for line in text.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A bare CR is an end of a line to some servers.
        for part in line.split(|b| *b == b'\r') {
            if part.first() == Some(&b'.') {
                out.push(b'.');
            }
            out.extend_from_slice(part);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_ends_it() {
        for (raw, sent) in [
            (&b"a\r\nb\r\n"[..], &b"a\r\nb\r\n.\r\n"[..]),
            (b"a\nb", b"a\r\nb\r\n.\r\n"),
            (
                b"a\r\n.\r\nMAIL FROM:<x@y>\r\n",
                b"a\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n",
            ),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"..x", b"...x\r\n.\r\n"),
            (b"a\r\n\r\n", b"a\r\n\r\n.\r\n"),
            (b"", b"\r\n.\r\n"),
        ] {
            assert_eq!(data(raw), sent, "{raw:?}");
        }
    }

    #[test]
    fn addresses_stay_in_their_brackets() {
        assert!(is_address("a@b") && is_address("a+b@example.com"));
        for bad in [
            "",
            "a",
            "a@b>",
            "<a@b",
            "a@b\r\nRCPT TO:<c@d>",
            "a b@c",
            "ä@b",
            "a@b\0",
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
