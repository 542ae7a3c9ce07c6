//! Why one event was not kept, in words for the person who sent it.

use std::fmt;

/// One event that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which event, from 0; in NDJSON the number of the non-blank line.
    pub index: u32,
    /// The kind of problem, for programs.
    pub code: RefusalCode,
    /// The field, or empty when it is the event as a whole. Inner fields are written `labels.region`.
    pub field: String,
    /// What the limit is and what came instead; reads on from the field's name ("must be ≥ 0, got -1").
    pub reason: String,
    /// The first 256 characters of the event without its labels, the values of unknown fields, and `key`. For the
    /// log of refusals, not for the answer.
    pub excerpt: String,
}

/// The kind of problem. Names are part of the public contract: add, never rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    /// A required field is absent, `null` or blank.
    Missing,
    /// A string where a number belongs, a fraction where a whole number belongs, and the like.
    WrongType,
    /// A number outside its limits, or a pair of numbers that cannot both be true.
    OutOfRange,
    /// A word that is not in the list for this field.
    UnknownValue,
    /// An event type that does not exist or is reserved.
    UnknownType,
    /// A string with too many characters.
    TooLong,
    /// A control character, or half of a surrogate pair.
    BadCharacter,
    /// More labels or causes than allowed.
    TooMany,
    /// Not a time, a time without zone, in seconds, or outside the window.
    BadTime,
    /// Not an http or https address.
    BadUrl,
    /// The same name twice in one object.
    Repeated,
    /// A field that looks like a secret.
    Secret,
    /// A line of NDJSON that is not JSON.
    NotJson,
    /// A line of NDJSON that is nested too deeply.
    TooDeep,
}

impl RefusalCode {
    /// All of them.
    pub const ALL: [RefusalCode; 14] = [
        RefusalCode::Missing,
        RefusalCode::WrongType,
        RefusalCode::OutOfRange,
        RefusalCode::UnknownValue,
        RefusalCode::UnknownType,
        RefusalCode::TooLong,
        RefusalCode::BadCharacter,
        RefusalCode::TooMany,
        RefusalCode::BadTime,
        RefusalCode::BadUrl,
        RefusalCode::Repeated,
        RefusalCode::Secret,
        RefusalCode::NotJson,
        RefusalCode::TooDeep,
    ];

    /// The name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            RefusalCode::Missing => "missing",
            RefusalCode::WrongType => "wrong_type",
            RefusalCode::OutOfRange => "out_of_range",
            RefusalCode::UnknownValue => "unknown_value",
            RefusalCode::UnknownType => "unknown_type",
            RefusalCode::TooLong => "too_long",
            RefusalCode::BadCharacter => "bad_character",
            RefusalCode::TooMany => "too_many",
            RefusalCode::BadTime => "bad_time",
            RefusalCode::BadUrl => "bad_url",
            RefusalCode::Repeated => "repeated",
            RefusalCode::Secret => "secret",
            RefusalCode::NotJson => "not_json",
            RefusalCode::TooDeep => "too_deep",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
