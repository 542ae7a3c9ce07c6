//! Strings: decoding, lengths, control characters, addresses.

use std::borrow::Cow;

use super::RefusalCode;
use super::fault::{Fault, kind, quoted};

/// The longest names (provider, model, service, …), ids included, in characters.
pub(super) const NAME: usize = 128;
/// The longest free texts (reason, error, title), in characters.
pub(super) const FREE: usize = 256;
/// The longest address, in characters.
pub(super) const URL: usize = 2_048;

/// The content of a JSON string.
pub(super) fn decode(raw: &str) -> Result<Cow<'_, str>, Fault> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Err(not_a_string(raw));
    };
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    // The text around it was valid JSON, so the one thing left to go wrong is a lone surrogate.
    serde_json::from_str::<String>(raw).map(Cow::Owned).map_err(|_| {
        Fault::new(
            RefusalCode::BadCharacter,
            "contains half of a surrogate pair (\\ud800–\\udfff by itself), which is not a character",
        )
    })
}

fn not_a_string(raw: &str) -> Fault {
    let reason = match kind(raw) {
        "a number" => format!(
            "must be a string, got the number {}; put it in quotes",
            super::fault::shown(raw)
        ),
        other => format!("must be a string, got {other}"),
    };
    Fault::new(RefusalCode::WrongType, reason)
}

/// A string of at most `limit` characters on one line. Empty is allowed here.
pub(super) fn line(raw: &str, limit: usize) -> Result<Cow<'_, str>, Fault> {
    let text = decode(raw)?;
    check(&text, limit)?;
    Ok(text)
}

/// Length and control characters of a decoded text.
pub(super) fn check(text: &str, limit: usize) -> Result<(), Fault> {
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(());
    }
    // A character has at least one byte, so the count is needed only for texts that are long in bytes.
    if text.len() > limit {
        let count = text.chars().count();
        if count > limit {
            return Err(too_long(limit, count));
        }
    }
    match text.chars().find(|ch| ch.is_control()) {
        None => Ok(()),
        Some(ch) => Err(control(ch)),
    }
}

fn too_long(limit: usize, count: usize) -> Fault {
    let (limit, count) = (
        super::number::grouped(limit as u64),
        super::number::grouped(count as u64),
    );
    Fault::new(
        RefusalCode::TooLong,
        format!("must be at most {limit} characters, got {count}"),
    )
}

fn control(ch: char) -> Fault {
    let name = match ch {
        '\n' | '\r' => " (a line break)",
        '\t' => " (a tab)",
        '\0' => " (NUL)",
        '\u{1b}' => " (escape, as in terminal colours)",
        _ => "",
    };
    Fault::new(
        RefusalCode::BadCharacter,
        format!(
            "contains the control character U+{:04X}{name}; remove it",
            u32::from(ch)
        ),
    )
}

/// An http or https address.
pub(super) fn url(raw: &str) -> Result<String, Fault> {
    let text = line(raw, URL)?;
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let head = text.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    });
    let Some(rest) = rest else {
        let got = quoted(&text);
        let hint = if text.contains("://") || text.contains(':') {
            ""
        } else {
            "; write the whole address"
        };
        return Err(bad_url(format!(
            "must begin with https:// or http://, got {got}{hint}"
        )));
    };
    if rest.is_empty() || rest.starts_with(['/', '?', '#', ':', '@']) {
        return Err(bad_url("has no host".to_owned()));
    }
    if let Some(ch) = rest
        .chars()
        .find(|ch| ch.is_whitespace() || matches!(ch, '"' | '<' | '>' | '\\' | '`'))
    {
        return Err(bad_url(format!(
            "contains {}; percent-encode it",
            quoted(&ch.to_string())
        )));
    }
    Ok(text.into_owned())
}

fn bad_url(reason: String) -> Fault {
    Fault::new(RefusalCode::BadUrl, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<impl std::fmt::Debug, Fault>) -> (RefusalCode, String) {
        let fault = result.unwrap_err();
        (fault.code, fault.reason)
    }

    #[test]
    fn decoding() {
        assert!(matches!(decode(r#""plain""#), Ok(Cow::Borrowed("plain"))));
        assert_eq!(decode(r#""a\u00e9\ud83d\ude00\/""#).unwrap(), "aé😀/");
        assert_eq!(refused(decode(r#""\ud800""#)).0, RefusalCode::BadCharacter);
        assert_eq!(refused(decode(r#""\udc00x""#)).0, RefusalCode::BadCharacter);
        assert_eq!(
            refused(decode("12")),
            (
                RefusalCode::WrongType,
                "must be a string, got the number 12; put it in quotes".to_owned()
            )
        );
        assert_eq!(refused(decode("{}")).1, "must be a string, got an object");
        assert_eq!(refused(decode("true")).1, "must be a string, got true");
    }

    #[test]
    fn lengths_count_characters() {
        for limit in [NAME, FREE, URL] {
            for ch in ["a", "é", "漢", "😀"] {
                assert!(check(&ch.repeat(limit - 1), limit).is_ok());
                assert!(check(&ch.repeat(limit), limit).is_ok());
                assert_eq!(
                    refused(check(&ch.repeat(limit + 1), limit)).0,
                    RefusalCode::TooLong
                );
            }
        }
        assert_eq!(
            refused(check(&"x".repeat(1_000_000), 128)).1,
            "must be at most 128 characters, got 1,000,000"
        );
    }

    #[test]
    fn control_characters() {
        for ch in [
            '\0', '\t', '\n', '\r', '\u{1b}', '\u{1f}', '\u{7f}', '\u{80}', '\u{85}', '\u{9f}',
        ] {
            assert_eq!(
                refused(check(&format!("a{ch}b"), 128)).0,
                RefusalCode::BadCharacter,
                "{ch:?}"
            );
        }
        for ch in [' ', '~', '\u{a0}', '\u{2028}'] {
            assert!(check(&format!("a{ch}b"), 128).is_ok(), "{ch:?}");
        }
        assert_eq!(
            refused(check("a\nb", 128)).1,
            "contains the control character U+000A (a line break); remove it"
        );
    }

    #[test]
    fn addresses() {
        for good in ["http://a", "https://a.b/c?d#e", "HTTPS://A", "http://[::1]:3000/"] {
            assert_eq!(url(&format!("\"{good}\"")).unwrap(), good);
        }
        for bad in [
            "",
            "a.b",
            "javascript:alert(1)",
            "ftp://a",
            "//a",
            "http://",
            "http:///a",
            "https://a b",
            "htt",
            "https://\u{e9}\u{20}",
            "data:text/html,x",
        ] {
            assert_eq!(
                refused(url(&format!("\"{bad}\""))).0,
                RefusalCode::BadUrl,
                "{bad}"
            );
        }
        let long = format!("\"https://{}\"", "a".repeat(URL - 8));
        assert!(url(&long).is_ok());
        let longer = format!("\"https://{}\"", "a".repeat(URL - 7));
        assert_eq!(refused(url(&longer)).0, RefusalCode::TooLong);
    }
}
