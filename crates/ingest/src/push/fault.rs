//! Problems on their way to becoming a [`Refusal`](super::Refusal): first without, then with the field's name.

use std::borrow::Cow;

use super::RefusalCode;

/// How many characters of a sent value a reason repeats.
const ECHOED: usize = 40;

/// A value is wrong; which field it came from is not known here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: RefusalCode,
    pub(super) reason: String,
}

/// A field is wrong, or (with an empty field) the event as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: RefusalCode,
    pub(super) field: Cow<'static, str>,
    pub(super) reason: String,
}

impl Fault {
    pub(super) fn new(code: RefusalCode, reason: impl Into<String>) -> Fault {
        Fault {
            code,
            reason: reason.into(),
        }
    }

    pub(super) fn at(self, field: impl Into<Cow<'static, str>>) -> Problem {
        Problem {
            code: self.code,
            field: field.into(),
            reason: self.reason,
        }
    }
}

/// A sent text as a reason may repeat it: short, and without characters that could upset a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(ECHOED + 4);
    for (position, ch) in text.chars().enumerate() {
        if position == ECHOED {
            shown.push('…');
            break;
        }
        shown.push(if ch.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            ch
        });
    }
    shown
}

/// The same in double quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// What kind of JSON value a text is, with its article: `a string`, `an object`.
pub(super) fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "a string",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't') => "true",
        Some(b'f') => "false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_hostile_texts_are_tamed() {
        assert_eq!(quoted("short"), "\"short\"");
        assert_eq!(shown(&"é".repeat(40)).chars().count(), 40);
        assert_eq!(shown(&"é".repeat(41)), format!("{}…", "é".repeat(40)));
        assert_eq!(shown("a\u{1b}[31mb\u{9b}"), "a\u{fffd}[31mb\u{fffd}");
    }
}
