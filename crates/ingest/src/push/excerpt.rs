//! A few characters of a refused event for the log of refusals.
//!
//! Labels are left out, and so are the values of unknown fields and of `key`: senders that pass on whole requests put
//! prompts and secrets there.

use super::field::Field;
use super::fields::Fields;

/// The longest excerpt, in characters.
pub(super) const LENGTH: usize = 256;

/// What is worth seeing of an event whose fields are known.
pub(super) fn of_fields(fields: &Fields<'_>) -> String {
    let mut text = String::with_capacity(LENGTH);
    for (field, raw) in fields.given() {
        let raw = match field {
            Field::Labels => continue,
            Field::Key => "\"…\"",
            _ => raw,
        };
        push(&mut text, field.name(), raw);
        if text.len() > 8 * LENGTH {
            break;
        }
    }
    for name in fields.unknown() {
        push(&mut text, name, "…");
    }
    text.push('}');
    if text.len() == 1 {
        text.insert(0, '{');
    }
    cut(&text)
}

fn push(text: &mut String, name: &str, raw: &str) {
    text.push(if text.is_empty() { '{' } else { ',' });
    text.push('"');
    text.extend(name.chars().take(LENGTH));
    text.push_str("\":");
    text.extend(raw.chars().take(LENGTH));
}

/// The beginning of a text that is no event, up to its labels.
pub(super) fn of_text(text: &str) -> String {
    let end = text.find("\"labels\"").unwrap_or(text.len());
    cut(text.get(..end).unwrap_or(text))
}

fn cut(text: &str) -> String {
    text.chars()
        .take(LENGTH)
        .map(|ch| if ch.is_control() { ' ' } else { ch })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn secrets_and_labels_stay_out() {
        let mut fields = Fields::new();
        for (name, raw) in [
            ("labels", "{\"customer\":\"acme\"}"),
            ("key", "\"sk-secret\""),
            ("messages", "[{\"content\":\"prompt\"}]"),
            ("type", "\"call\""),
            ("causes", "{\n\"a\":1}"),
        ] {
            fields.put(Cow::Borrowed(name), raw);
        }
        assert_eq!(
            of_fields(&fields),
            "{\"type\":\"call\",\"causes\":{ \"a\":1},\"key\":\"…\",\"messages\":…}"
        );
        assert_eq!(of_fields(&Fields::new()), "{}");
        assert_eq!(
            of_text("{\"type\":\"call\",\"labels\":{\"customer\":\"acme\""),
            "{\"type\":\"call\","
        );
    }

    #[test]
    fn bounded() {
        let long = format!("\"{}\"", "é".repeat(100_000));
        let mut fields = Fields::new();
        fields.put(Cow::Borrowed("error"), &long);
        fields.put(Cow::Owned("n".repeat(100_000)), "1");
        assert_eq!(of_fields(&fields).chars().count(), LENGTH);
        assert_eq!(of_text(&long).chars().count(), LENGTH);
    }
}
