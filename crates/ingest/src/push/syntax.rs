//! What is wrong with a text that is not JSON, and what to write instead.

/// What is wrong, and where: line and column (in bytes) from 1.
pub(super) struct Syntax {
    pub(super) detail: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Puts the parser's verdict into words that help.
pub(super) fn explain(text: &str, error: &serde_json::Error) -> Syntax {
    let (line, column) = (error.line(), error.column());
    let at = offset(text, line, column);
    let full = error.to_string();
    let verdict = full.split(" at line ").next().unwrap_or(&full);
    let detail = match hint(text, at, verdict, error) {
        Some(hint) => hint.to_owned(),
        None => verdict.to_owned(),
    };
    Syntax { detail, line, column }
}

/// The byte that line and column point at.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (start + column.saturating_sub(1)).min(text.len().saturating_sub(1))
}

/// The usual mistakes, by the characters around the place.
fn hint(text: &str, at: usize, verdict: &str, error: &serde_json::Error) -> Option<&'static str> {
    if text.trim_start().starts_with('<') {
        return Some("it begins with \"<\", like HTML or XML");
    }
    if error.is_eof() {
        return Some("it ends too early: a bracket, a quote or a value is missing at the end");
    }
    if verdict.starts_with("control character") {
        return Some("a raw line break, tab or control character stands inside a string; escape it");
    }
    if verdict.starts_with("trailing characters") {
        return Some(
            "something follows the end; for one event per line send Content-Type: application/x-ndjson",
        );
    }
    let bytes = text.as_bytes();
    let here = bytes.get(at).copied()?;
    let before = text.get(..at).and_then(|head| head.trim_end().bytes().last());
    match (word(bytes, at), here) {
        ("NaN" | "Infinity" | "nan" | "inf" | "Inf", _) => {
            return Some("NaN and Infinity are not JSON; leave the field out");
        }
        ("None" | "True" | "False", _) => {
            return Some("it uses Python's None, True or False; write it with json.dumps");
        }
        ("undefined" | "nil" | "NULL" | "Null", _) => return Some("write null, or leave the field out"),
        ("TRUE" | "FALSE", _) => return Some("write true or false in lower case"),
        (_, b'\'') => return Some("names and strings need double quotes, not single ones"),
        (_, b'/' | b'#') => return Some("comments are not JSON"),
        (_, b']' | b'}') if before == Some(b',') => {
            return Some("there is a comma before the closing bracket");
        }
        (_, b'+' | b'.') => return Some("a number begins with a digit or a minus sign"),
        (name, _)
            if !name.is_empty() && matches!(before, Some(b'{' | b',')) && verdict.starts_with("key") =>
        {
            return Some("names need double quotes");
        }
        _ => {}
    }
    if verdict.starts_with("expected `,`") {
        return Some("a comma is missing between two values");
    }
    if verdict.starts_with("expected `:`") {
        return Some("a colon is missing after a name");
    }
    (verdict.starts_with("invalid number"))
        .then_some("a number is not written as JSON wants it (no leading zero, no bare point)")
}

/// The letters around a place.
fn word(bytes: &[u8], at: usize) -> &str {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic();
    let head = bytes
        .get(..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(16)
        .take_while(|byte| is_letter(byte))
        .count();
    let tail = bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take(16)
        .take_while(|byte| is_letter(byte))
        .count();
    if tail == 0 {
        return "";
    }
    bytes
        .get(at - head..at + tail)
        .and_then(|word| std::str::from_utf8(word).ok())
        .unwrap_or("")
}

/// What bytes that are not UTF-8 may be.
pub(super) fn binary(body: &[u8]) -> &'static str {
    match body {
        [0x1f, 0x8b, ..] => "it looks like gzip, so send Content-Encoding: gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it looks like zstd, so send Content-Encoding: zstd",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it looks like UTF-16, so encode it as UTF-8",
        _ => "encode it as UTF-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_mistakes() {
        for (text, expected) in [
            (
                "{'type':'call'}",
                "names and strings need double quotes, not single ones",
            ),
            (
                "{\"type\":'call'}",
                "names and strings need double quotes, not single ones",
            ),
            ("{\"a\":1,}", "there is a comma before the closing bracket"),
            ("[1,2, ]", "there is a comma before the closing bracket"),
            (
                "{\"a\":NaN}",
                "NaN and Infinity are not JSON; leave the field out",
            ),
            (
                "{\"a\":-Infinity}",
                "NaN and Infinity are not JSON; leave the field out",
            ),
            (
                "{\"a\":None}",
                "it uses Python's None, True or False; write it with json.dumps",
            ),
            (
                "{\"a\":True}",
                "it uses Python's None, True or False; write it with json.dumps",
            ),
            ("{\"a\":undefined}", "write null, or leave the field out"),
            ("{\"a\":nil}", "write null, or leave the field out"),
            ("{type:\"call\"}", "names need double quotes"),
            ("// hi\n{}", "comments are not JSON"),
            ("{\"a\":1 /* one */}", "comments are not JSON"),
            (
                "{\"a\":\"b\nc\"}",
                "a raw line break, tab or control character stands inside a string; escape it",
            ),
            (
                "{}\n{}",
                "something follows the end; for one event per line send Content-Type: application/x-ndjson",
            ),
            ("{\"a\":[1,2}", "a comma is missing between two values"),
            ("{\"a\":1 \"b\":2}", "a comma is missing between two values"),
            ("{\"a\" 1}", "a colon is missing after a name"),
            (
                "{\"a\":",
                "it ends too early: a bracket, a quote or a value is missing at the end",
            ),
            ("{\"a\":.5}", "a number begins with a digit or a minus sign"),
            ("{\"a\":+5}", "a number begins with a digit or a minus sign"),
            (
                "{\"a\":05}",
                "a number is not written as JSON wants it (no leading zero, no bare point)",
            ),
            ("<html>", "it begins with \"<\", like HTML or XML"),
            ("{\"a\":\"\\x\"}", "invalid escape"),
        ] {
            let error = serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap_err();
            let syntax = explain(text, &error);
            assert_eq!(syntax.detail, expected, "{text}: {error}");
            assert!(syntax.line >= 1);
        }
    }

    #[test]
    fn places() {
        let text = "{\n  \"a\": 1,\n  'b': 2\n}";
        let error = serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap_err();
        let syntax = explain(text, &error);
        assert_eq!((syntax.line, syntax.column), (3, 3));
        assert_eq!(offset("", 1, 1), 0);
        assert_eq!(offset("ab\ncd", 2, 2), 4);
        assert_eq!(offset("ab", 9, 9), 1);
    }

    #[test]
    fn binaries() {
        assert!(binary(&[0x1f, 0x8b, 8]).contains("gzip"));
        assert!(binary(&[0x28, 0xb5, 0x2f, 0xfd]).contains("zstd"));
        assert!(binary(&[0xff, 0xfe, b'{', 0]).contains("UTF-16"));
        assert_eq!(binary(&[0xff]), "encode it as UTF-8");
    }
}
