//! Walks a body from event to event, keeps what is good and writes down what is not.

use domain::{Event, Millis};
use serde::de::DeserializeSeed;

use super::error::BodyError;
use super::fault::{Fault, Problem, kind};
use super::fields::Fields;
use super::ignored::Ignored;
use super::seeds::{ItemSeed, TopSeed};
use super::time::Arrival;
use super::{Limits, MAX_DEPTH, MAX_REFUSALS_LISTED, Parsed, Refusal, RefusalCode};
use super::{event, excerpt, plain, syntax};

/// An event that is not kept, with what the log of refusals should show of it.
pub(super) struct Refused {
    problem: Problem,
    excerpt: String,
}

/// The state of one reading.
pub(super) struct Reader<'a> {
    /// Scratch for the fields of one event.
    pub(super) fields: Fields<'a>,
    pub(super) ignored: Ignored,
    /// Some value was nested too deeply; in JSON that refuses the body.
    pub(super) too_deep: bool,
    /// Why the body is none of the three forms.
    pub(super) wrong_shape: Option<String>,
    arrival: Arrival,
    max_events: usize,
    events: Vec<Event>,
    refused: Vec<Refusal>,
    refused_count: usize,
    sent: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(body: &[u8], received: Millis, limits: &Limits) -> Reader<'a> {
        // A guess that saves growing: calls are about 220 bytes.
        let likely = (body.len() / 200).min(limits.max_events);
        Reader {
            fields: Fields::new(),
            ignored: Ignored::default(),
            too_deep: false,
            wrong_shape: None,
            arrival: Arrival::new(received, limits),
            max_events: limits.max_events,
            events: Vec::with_capacity(likely),
            refused: Vec::new(),
            refused_count: 0,
            sent: 0,
        }
    }

    /// Whether the next event would be one too many; the rest is only counted.
    pub(super) fn is_full(&self) -> bool {
        self.sent >= self.max_events
    }

    /// Counts an event that is one too many.
    pub(super) fn count_only(&mut self) {
        self.sent = self.sent.saturating_add(1);
    }

    /// Keeps an event or writes down its refusal.
    pub(super) fn take(&mut self, item: Result<Event, Refused>) {
        match item {
            Ok(event) => self.events.push(event),
            Err(refused) => {
                if self.refused.len() < MAX_REFUSALS_LISTED {
                    self.refused.push(Refusal {
                        index: small(self.sent),
                        code: refused.problem.code,
                        field: refused.problem.field.into_owned(),
                        reason: refused.problem.reason,
                        excerpt: refused.excerpt,
                    });
                }
                self.refused_count += 1;
            }
        }
        self.sent += 1;
    }

    /// Makes an event of the fields in `self.fields`, which stand at this level of the body.
    pub(super) fn build(&mut self, level: usize) -> Result<Event, Refused> {
        let built = if level + self.fields.depth > MAX_DEPTH {
            self.too_deep = true;
            Err(too_deep())
        } else {
            event::build(&mut self.fields, &self.arrival, &mut self.ignored)
        };
        built.map_err(|problem| {
            let listed = self.refused.len() < MAX_REFUSALS_LISTED;
            let excerpt = if listed {
                excerpt::of_fields(&self.fields)
            } else {
                String::new()
            };
            Refused { problem, excerpt }
        })
    }

    /// Refuses something that is no object; `raw` is its text, or as much of it as is worth seeing.
    pub(super) fn not_an_object(&mut self, raw: &str) -> Refused {
        // Fields of the event before must not explain this one.
        self.fields.clear();
        let hint = if raw.starts_with("\"{") {
            "; it is JSON inside a string, so encode it once only"
        } else {
            ""
        };
        let reason = format!("must be an object with a \"type\", got {}{hint}", kind(raw));
        let problem = Fault::new(RefusalCode::WrongType, reason).at("");
        Refused {
            problem,
            excerpt: excerpt::of_text(raw),
        }
    }

    pub(super) fn finish(self) -> Parsed {
        Parsed {
            events: self.events,
            refused: self.refused,
            refused_count: small(self.refused_count),
            ignored_fields: self.ignored.into_sorted(),
            sent: small(self.sent),
        }
    }

    fn check_count(&self) -> Result<(), BodyError> {
        if self.sent > self.max_events {
            return Err(BodyError::TooManyEvents {
                sent: self.sent,
                limit: self.max_events,
            });
        }
        Ok(())
    }
}

fn too_deep() -> Problem {
    Fault::new(
        RefusalCode::TooDeep,
        format!("is nested too deeply; the limit is {MAX_DEPTH} levels"),
    )
    .at("")
}

/// Counts of events fit 32 bits because bodies do.
fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// Reads a body that is one JSON text.
pub(super) fn json(body: &[u8], received: Millis, limits: &Limits) -> Result<Parsed, BodyError> {
    let body = without_mark(body);
    let text = std::str::from_utf8(body).map_err(|error| BodyError::NotUtf8 {
        at: error.valid_up_to(),
        hint: syntax::binary(body),
    })?;
    if text.trim_ascii().is_empty() {
        return Err(BodyError::Empty);
    }
    let mut reader = Reader::new(body, received, limits);
    if plain::events(text, &mut reader).is_some() {
        return Ok(reader.finish());
    }
    drop(reader);
    parsed(text, received, limits)
}

/// Reads what is not plain, and says what is wrong with what is not JSON.
pub(super) fn parsed(text: &str, received: Millis, limits: &Limits) -> Result<Parsed, BodyError> {
    let mut reader = Reader::new(text.as_bytes(), received, limits);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = TopSeed { reader: &mut reader }
        .deserialize(&mut json)
        .and_then(|()| json.end());
    if let Err(error) = read {
        let syntax = syntax::explain(text, &error);
        return Err(BodyError::NotJson {
            detail: syntax.detail,
            line: syntax.line,
            column: syntax.column,
        });
    }
    reader.check_count()?;
    if reader.too_deep {
        return Err(BodyError::TooDeep { limit: MAX_DEPTH });
    }
    match reader.wrong_shape.take() {
        Some(detail) => Err(BodyError::WrongShape { detail }),
        None => Ok(reader.finish()),
    }
}

/// Reads a body of one JSON object per line.
pub(super) fn ndjson(body: &[u8], received: Millis, limits: &Limits) -> Result<Parsed, BodyError> {
    let body = without_mark(body);
    if matches!(
        body,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]
    ) {
        return Err(BodyError::NotUtf8 {
            at: 0,
            hint: syntax::binary(body),
        });
    }
    let mut reader = Reader::new(body, received, limits);
    for line in body
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
    {
        if reader.is_full() {
            reader.count_only();
            continue;
        }
        let item = one_line(&mut reader, line);
        reader.take(item);
    }
    reader.check_count()?;
    Ok(reader.finish())
}

fn one_line<'a>(reader: &mut Reader<'a>, line: &'a [u8]) -> Result<Event, Refused> {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => {
            let reason = format!("is not UTF-8 text (byte {} of the line)", error.valid_up_to());
            let excerpt = excerpt::of_text(&String::from_utf8_lossy(line));
            return Err(Refused {
                problem: Fault::new(RefusalCode::NotJson, reason).at(""),
                excerpt,
            });
        }
    };
    if let Some(item) = plain::line(text, reader) {
        return item.map_err(|refused| hint_for_lines(refused, &reader.fields));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let read = ItemSeed {
        reader: &mut *reader,
        level: 1,
    }
    .deserialize(&mut json)
    .and_then(|item| json.end().map(|()| item));
    let error = match read {
        Ok(item) => return item.map_err(|refused| hint_for_lines(refused, &reader.fields)),
        Err(error) => error,
    };
    // The hints for whole bodies would send the reader to the format this already is.
    let detail = if error.is_eof() {
        "it ends too early; in NDJSON every event is one line".to_owned()
    } else if error.to_string().starts_with("trailing characters") {
        "something follows the value; in NDJSON every event is one line".to_owned()
    } else {
        syntax::explain(text, &error).detail
    };
    let reason = format!("the line is not JSON: {detail} (column {})", error.column());
    Err(Refused {
        problem: Fault::new(RefusalCode::NotJson, reason).at(""),
        excerpt: excerpt::of_text(text),
    })
}

/// A whole JSON body sent as one line is a likely mistake.
fn hint_for_lines(mut refused: Refused, fields: &Fields<'_>) -> Refused {
    let problem = &mut refused.problem;
    if problem.code == RefusalCode::WrongType && problem.field.is_empty() {
        problem.reason.push_str("; in NDJSON every line is one event");
    } else if problem.code == RefusalCode::Missing && fields.has_unknown("events") {
        problem
            .reason
            .push_str("; in NDJSON every line is one event, without \"events\"");
    }
    refused
}

impl Refused {
    /// An event stood where a list may stand, so its author may have meant a list.
    pub(super) fn hint_for_single(mut self) -> Refused {
        if self.problem.code == RefusalCode::Missing && self.problem.field == "type" {
            self.problem
                .reason
                .push_str("; a list of events goes under \"events\"");
        }
        self
    }
}
