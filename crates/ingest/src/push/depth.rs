//! How deeply a JSON value is nested, told from its text without recursion.

/// Levels of objects and arrays in a **valid** JSON text: 0 for `1`, 1 for `[]`, 2 for `{"a":[]}`.
pub(super) fn of(raw: &str) -> usize {
    if !matches!(raw.as_bytes().first(), Some(b'{' | b'[')) {
        return 0;
    }
    let (mut level, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in raw.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b'}' | b']' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn levels() {
        for (text, levels) in [
            ("1", 0),
            ("\"[[[\"", 0),
            ("[]", 1),
            ("{\"a\":[]}", 2),
            ("[[],[[]],[]]", 3),
            (r#"{"[\"[\\":"]}"}"#, 1),
            (r#"{"a\\":{"b":1}}"#, 2),
        ] {
            assert_eq!(of(text), levels, "{text}");
        }
        assert_eq!(
            of(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))),
            100_000
        );
    }
}
