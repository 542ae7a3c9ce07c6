//! The JSON form of frames: one flat object with a `"t"` that names the frame, as `docs/PROTOCOL.md` describes.
//!
//! Written by hand, because serde's `tag` attribute would break the binary codec, which is not self-describing. Unknown
//! fields are ignored in both directions, so that fields can be added; an unknown `"t"` is an error that the reader of
//! a newer server may skip. Figures are written in the shortest form that names the same number; a reader may be off by
//! one unit in the 16th digit.
//!
//! What a server writes is written by serde. What a page needs when its server is of another build, reading server
//! frames ([`read`]) and writing its own, does without, because a page is downloaded.
//!
//! Deliberately absent: limits on the size of a frame (the socket's edge has them), what views there are (the server).

mod figure;
mod read;
mod shape;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::codec::{self, DecodeError, FrameError};
use crate::frame::{ClientFrame, MAX_SPEED, Moment, ServerFrame};
use crate::view::Range;

#[derive(Serialize)]
struct ViewOnly<'a> {
    view: &'a str,
}

#[derive(Serialize)]
struct ErrorFrame<'a> {
    code: &'a str,
    detail: &'a str,
}

/// One object with the tag in front.
fn tagged(tag: &str, fields: &impl Serialize) -> String {
    let plain = serde_json::to_string(fields).expect("wire types hold no maps and no fallible serializers");
    debug_assert!(
        plain.starts_with('{') && plain.len() > 2,
        "a frame has at least one field"
    );
    let mut text = String::with_capacity(plain.len() + tag.len() + 8);
    text.push_str("{\"t\":\"");
    text.push_str(tag);
    text.push_str("\",");
    text.push_str(&plain[1..]);
    text
}

/// A server frame as JSON text.
pub fn encode_server(frame: &ServerFrame) -> String {
    match frame {
        ServerFrame::Hello(hello) => tagged("hello", hello),
        ServerFrame::Snapshot(snapshot) => tagged("snapshot", snapshot),
        ServerFrame::Delta(delta) => tagged("delta", delta),
        ServerFrame::Resync { view } => tagged("resync", &ViewOnly { view }),
        ServerFrame::Bye(bye) => tagged("bye", bye),
        ServerFrame::Error { code, detail } => tagged("error", &ErrorFrame { code, detail }),
    }
}

/// A server frame from JSON text.
///
/// # Errors
///
/// [`DecodeError::UnknownFrame`] when `"t"` names no frame of this version (skip it), [`DecodeError::Malformed`] when
/// the text is not a frame at all.
pub fn decode_server(text: &str) -> Result<ServerFrame, DecodeError> {
    codec::decode_server(&read::to_binary(text)?)
}

/// A client frame as JSON text.
pub fn encode_client(frame: &ClientFrame) -> String {
    match frame {
        ClientFrame::Subscribe { view, range, replay } => {
            let moment = match replay {
                Some(Moment { at, speed }) => {
                    [",\"at\":", &at.to_string(), ",\"speed\":", &speed.to_string()].concat()
                }
                None => String::new(),
            };
            let range = ["\",\"range\":\"", range.as_str(), "\""].concat();
            [
                "{\"t\":\"subscribe\",\"view\":\"",
                &escaped(view),
                &range,
                &moment,
                "}",
            ]
            .concat()
        }
        ClientFrame::Unsubscribe { view } => {
            ["{\"t\":\"unsubscribe\",\"view\":\"", &escaped(view), "\"}"].concat()
        }
        ClientFrame::Pause { on: true } => "{\"t\":\"pause\",\"on\":true}".to_owned(),
        ClientFrame::Pause { on: false } => "{\"t\":\"pause\",\"on\":false}".to_owned(),
    }
}

/// A text as it stands between quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\0'..' ' => {
                let digit = |bits: u32| char::from_digit(bits & 15, 16).unwrap_or('0');
                let code = u32::from(letter);
                out.push_str("\\u00");
                out.extend([digit(code >> 4), digit(code)]);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// A client frame from JSON text. `range` may be left out (15 minutes), unknown fields are ignored.
///
/// # Errors
///
/// A [`FrameError`] with code `bad_frame` and a detail that names the field and what was expected; it is meant to be
/// sent back as it is.
pub fn decode_client(text: &str) -> Result<ClientFrame, FrameError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| FrameError::bad(format!("not JSON: {error}")))?;
    let Value::Object(object) = value else {
        return Err(FrameError::bad("a frame is a JSON object with a field \"t\""));
    };
    match string(&object, "t")?.as_str() {
        "subscribe" => Ok(ClientFrame::Subscribe {
            view: string(&object, "view")?,
            range: range(&object)?,
            replay: replay(&object)?,
        }),
        "unsubscribe" => Ok(ClientFrame::Unsubscribe {
            view: string(&object, "view")?,
        }),
        "pause" => match object.get("on") {
            Some(Value::Bool(on)) => Ok(ClientFrame::Pause { on: *on }),
            Some(other) => Err(FrameError::bad(format!(
                "on: must be true or false, got {}",
                brief(other)
            ))),
            None => Err(FrameError::bad("on: is missing")),
        },
        other => Err(FrameError::bad(format!(
            "t: must be subscribe, unsubscribe or pause, got {}",
            brief(&Value::from(other))
        ))),
    }
}

fn string(object: &Map<String, Value>, name: &str) -> Result<String, FrameError> {
    match object.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Err(FrameError::bad(format!(
            "{name}: must be a string, got {}",
            brief(other)
        ))),
        None => Err(FrameError::bad(format!("{name}: is missing"))),
    }
}

fn range(object: &Map<String, Value>) -> Result<Range, FrameError> {
    match object.get("range") {
        None | Some(Value::Null) => Ok(Range::default()),
        Some(Value::String(name)) if Range::parse(name).is_some() => {
            Ok(Range::parse(name).unwrap_or_default())
        }
        Some(other) => Err(FrameError::bad(format!(
            "range: must be 5m, 15m or 1h, got {}",
            brief(other)
        ))),
    }
}

/// The moment of a subscription; a speed alone has none.
fn replay(object: &Map<String, Value>) -> Result<Option<Moment>, FrameError> {
    let given = |name| object.get(name).filter(|value| !value.is_null());
    let speed = match given("speed") {
        None => 0,
        Some(value) => value
            .as_u64()
            .and_then(|speed| u8::try_from(speed).ok())
            .filter(|speed| *speed <= MAX_SPEED)
            .ok_or_else(|| {
                let got = brief(value);
                FrameError::bad(format!(
                    "speed: must be a whole number from 0 to {MAX_SPEED}, got {got}"
                ))
            })?,
    };
    match given("at") {
        Some(value) => {
            let at = value.as_i64().ok_or_else(|| {
                let got = brief(value);
                FrameError::bad(format!("at: must be epoch milliseconds, got {got}"))
            })?;
            Ok(Some(Moment { at, speed }))
        }
        None if given("speed").is_some() => {
            Err(FrameError::bad("speed: without at there is nothing to play"))
        }
        None => Ok(None),
    }
}

/// A value as JSON, short enough to be sent back.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let error = decode_client(text).unwrap_err();
        assert_eq!(error.code, "bad_frame");
        error.detail
    }

    #[test]
    fn range_defaults_to_15_minutes_and_unknown_fields_are_ignored() {
        let frame = decode_client(r#"{"view":"board","t":"subscribe","colour":"blue"}"#).unwrap();
        assert_eq!(
            frame,
            ClientFrame::Subscribe {
                view: "board".into(),
                range: Range::M15,
                replay: None,
            }
        );
    }

    #[test]
    fn a_moment_is_read_and_its_faults_are_named() {
        let subscribe = |fields: &str| format!(r#"{{"t":"subscribe","view":"board",{fields}}}"#);
        let moment = |fields: &str| match decode_client(&subscribe(fields)) {
            Ok(ClientFrame::Subscribe { replay, .. }) => replay,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            moment(r#""at":1795185128000"#),
            Some(Moment {
                at: 1_795_185_128_000,
                speed: 0
            })
        );
        assert_eq!(
            moment(r#""at":-1,"speed":60"#),
            Some(Moment { at: -1, speed: 60 })
        );
        assert_eq!(moment(r#""at":null,"speed":null"#), None);
        for (fields, detail) in [
            (r#""at":"noon""#, "at: must be epoch milliseconds, got \"noon\""),
            (r#""at":1.5"#, "at: must be epoch milliseconds, got 1.5"),
            (
                r#""at":1,"speed":61"#,
                "speed: must be a whole number from 0 to 60, got 61",
            ),
            (
                r#""at":1,"speed":-1"#,
                "speed: must be a whole number from 0 to 60, got -1",
            ),
            (r#""speed":5"#, "speed: without at there is nothing to play"),
        ] {
            assert_eq!(refused(&subscribe(fields)), detail);
        }
    }

    #[test]
    fn refusals_name_the_field() {
        assert!(refused("{").starts_with("not JSON: "));
        assert_eq!(refused("[]"), "a frame is a JSON object with a field \"t\"");
        assert_eq!(refused("{}"), "t: is missing");
        assert_eq!(refused(r#"{"t":1}"#), "t: must be a string, got 1");
        assert_eq!(
            refused(r#"{"t":"hi"}"#),
            "t: must be subscribe, unsubscribe or pause, got \"hi\""
        );
        assert_eq!(refused(r#"{"t":"subscribe"}"#), "view: is missing");
        assert_eq!(
            refused(r#"{"t":"subscribe","view":"board","range":"2h"}"#),
            "range: must be 5m, 15m or 1h, got \"2h\""
        );
        assert_eq!(
            refused(r#"{"t":"pause","on":"yes"}"#),
            "on: must be true or false, got \"yes\""
        );
        assert_eq!(refused(r#"{"t":"pause"}"#), "on: is missing");
    }

    #[test]
    fn what_is_sent_back_stays_short() {
        let long = format!(r#"{{"t":"{}"}}"#, "é".repeat(10_000));
        assert!(refused(&long).chars().count() < 120);
    }

    #[test]
    fn unknown_server_frames_can_be_told_from_broken_ones() {
        assert_eq!(
            decode_server(r#"{"t":"news","x":1}"#),
            Err(DecodeError::UnknownFrame("news".to_owned()))
        );
        assert!(matches!(
            decode_server(r#"{"t":"bye"}"#),
            Err(DecodeError::Malformed(_))
        ));
        assert!(matches!(
            decode_server("nonsense"),
            Err(DecodeError::Malformed(_))
        ));
    }
}
