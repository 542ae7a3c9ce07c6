//! A quick way through bodies written plainly: a list of objects, bare or under `events`, as every JSON library writes
//! them. It finds names and values by their delimiters and asks no general parser for each of them, which is most of
//! what reading a large body costs.
//!
//! It is never the judge. Whatever it does not know as plain and right (a single object, an event that is no object, a
//! name with an escape, deep nesting, one event too many, any mistake in the JSON) ends it with `None`, and the body is
//! read again from the start by the parser, which alone words what is wrong. What it does take, it takes exactly as the
//! parser would: a property test compares the two.
//!
//! Deliberately absent: decoding. As with the parser, a value stays the text it was sent as.

use std::borrow::Cow;

use domain::Event;

use super::reader::{Reader, Refused};
use super::seeds::put;

/// Nesting inside a value that is still plain. The limit of the contract is higher; the parser keeps it.
const NESTING: usize = 8;

/// Reads all events of a body. After `None` the reader holds nothing of use.
pub(super) fn events<'a>(text: &'a str, reader: &mut Reader<'a>) -> Option<()> {
    let mut at = Cursor { text, at: 0 };
    at.space();
    let wrapped = at.eat(b'{');
    if wrapped {
        at.space();
        if at.name()? != "events" {
            return None;
        }
        at.colon()?;
    }
    at.expect(b'[')?;
    at.space();
    if !at.eat(b']') {
        loop {
            if reader.is_full() {
                return None;
            }
            let event = at.event(reader, if wrapped { 3 } else { 2 })?;
            reader.take(event);
            if !at.another(b']')? {
                break;
            }
        }
    }
    if wrapped {
        at.space();
        at.expect(b'}')?;
    }
    at.end()
}

/// Reads the one event of a line.
pub(super) fn line<'a>(text: &'a str, reader: &mut Reader<'a>) -> Option<Result<Event, Refused>> {
    let mut at = Cursor { text, at: 0 };
    at.space();
    if !at.fields(reader)? {
        return None;
    }
    at.end()?;
    Some(reader.build(1))
}

/// A place in a text.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// Passes white space.
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn colon(&mut self) -> Option<()> {
        self.space();
        self.expect(b':')?;
        self.space();
        Some(())
    }

    /// After an item: true at a comma, false at the list's end.
    fn another(&mut self, end: u8) -> Option<bool> {
        self.space();
        if self.eat(b',') {
            self.space();
            return Some(true);
        }
        self.expect(end).map(|()| false)
    }

    fn end(&mut self) -> Option<()> {
        self.space();
        (self.at == self.text.len()).then_some(())
    }

    fn event(&mut self, reader: &mut Reader<'a>, level: usize) -> Option<Result<Event, Refused>> {
        self.fields(reader)?.then(|| reader.build(level))
    }

    /// Reads an object into the reader's fields. False when something else stands here.
    fn fields(&mut self, reader: &mut Reader<'a>) -> Option<bool> {
        if !self.eat(b'{') {
            return Some(false);
        }
        reader.fields.clear();
        self.space();
        if self.eat(b'}') {
            return Some(true);
        }
        loop {
            let name = self.name()?;
            self.colon()?;
            let start = self.at;
            self.value(NESTING)?;
            let value = self.text.get(start..self.at)?;
            put(
                &mut reader.fields,
                &mut reader.ignored,
                Cow::Borrowed(name),
                value,
            );
            if !self.another(b'}')? {
                return Some(true);
            }
        }
    }

    /// A name without escapes.
    fn name(&mut self) -> Option<&'a str> {
        self.expect(b'"')?;
        let start = self.at;
        self.text_part();
        let name = self.text.get(start..self.at)?;
        self.expect(b'"')?;
        Some(name)
    }

    /// Passes any value with at most so many levels.
    fn value(&mut self, levels: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            b'{' => self.object(levels.checked_sub(1)?),
            b'[' => self.array(levels.checked_sub(1)?),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let found = self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes());
        self.at += word.len();
        found.then_some(())
    }

    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.text_part();
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Passes what means only itself within a string: up to a quote, a backslash, a control character or the end. Eight
    /// bytes are looked at together, as <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord> does it.
    fn text_part(&mut self) {
        const ONES: u64 = u64::MAX / 0xff;
        const HIGHS: u64 = ONES << 7;
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGHS;
        let bytes = self.text.as_bytes();
        while let Some(eight) = bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            let word = u64::from_le_bytes(*eight);
            let (quote, backslash) = (word ^ (ONES * u64::from(b'"')), word ^ (ONES * u64::from(b'\\')));
            // A borrow spoils only bytes after a hit, and the first hit is what counts.
            let hits = below(quote, 1) | below(backslash, 1) | below(word, 0x20);
            if hits != 0 {
                self.at += (hits.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += eight.len();
        }
        while let Some(b' '..=b'!' | b'#'..=b'[' | b']'..=0xff) = self.peek() {
            self.at += 1;
        }
    }

    /// What follows a backslash. As in the parser, which character four digits name is not looked at here.
    fn escape(&mut self) -> Option<()> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => {
                let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => None,
        }
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn object(&mut self, levels: usize) -> Option<()> {
        self.expect(b'{')?;
        self.space();
        if self.eat(b'}') {
            return Some(());
        }
        loop {
            self.string()?;
            self.colon()?;
            self.value(levels)?;
            if !self.another(b'}')? {
                return Some(());
            }
        }
    }

    fn array(&mut self, levels: usize) -> Option<()> {
        self.expect(b'[')?;
        self.space();
        if self.eat(b']') {
            return Some(());
        }
        loop {
            self.value(levels)?;
            if !self.another(b']')? {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::push::{Limits, Parsed, reader};

    const NOW: i64 = 1_763_640_000_000;

    /// What the quick way makes of a body.
    fn quickly(text: &str, limits: &Limits) -> Option<Parsed> {
        let mut reader = Reader::new(text.as_bytes(), NOW, limits);
        events(text, &mut reader)?;
        Some(reader.finish())
    }

    /// What the parser makes of it.
    fn carefully(text: &str, limits: &Limits) -> Option<Parsed> {
        reader::parsed(text, NOW, limits).ok()
    }

    #[track_caller]
    fn agree(text: &str) -> bool {
        let limits = Limits::default();
        let quick = quickly(text, &limits);
        if let Some(quick) = &quick {
            assert_eq!(Some(quick), carefully(text, &limits).as_ref(), "{text}");
        }
        quick.is_some()
    }

    #[test]
    fn what_libraries_write_is_plain() {
        for text in [
            "[]",
            " [ ] ",
            r#"{"events":[]}"#,
            r#"[{}]"#,
            r#"[{"type":"call","provider":"openai","model":"m","outcome":"ok","duration_ms":12.5e0}]"#,
            "{\n  \"events\": [\n    {\"type\": \"call\", \"labels\": {\"a\": [1, {\"b\": null}]}}\n  ]\n}\n",
            r#"[{"type":"call","error":"a \"quote\" and \u00e9\n","x":-0.1E+9},{"type":"call","x":true}]"#,
        ] {
            assert!(agree(text), "{text}");
        }
    }

    #[test]
    fn the_rest_is_the_parsers() {
        for text in [
            "",
            "[",
            "[{}",
            "[{},]",
            "[{}]x",
            "{}",
            r#"{"type":"call"}"#,
            r#"{"events":[],"events":[]}"#,
            r#"{"type":"call","events":[]}"#,
            r#"{"events":{}}"#,
            "[1]",
            "[[{}]]",
            r#"[{"a":01}]"#,
            r#"[{"a":1.}]"#,
            r#"[{"a":.5}]"#,
            r#"[{"a":1e}]"#,
            r#"[{"a":+1}]"#,
            r#"[{"a":-}]"#,
            r#"[{"a":nul}]"#,
            r#"[{"a":"\x"}]"#,
            r#"[{"a":"\u12g4"}]"#,
            "[{\"a\":\"\n\"}]",
            r#"[{"\u0061":1}]"#,
            r#"[{"a" 1}]"#,
            r#"[{"a":1 "b":2}]"#,
            r#"[{"a":[[[[[[[[[1]]]]]]]]]}]"#,
        ] {
            assert!(!agree(text), "{text}");
        }
        let limits = Limits {
            max_events: 1,
            ..Limits::default()
        };
        assert!(quickly("[{}]", &limits).is_some());
        assert!(quickly("[{},{}]", &limits).is_none());
    }

    /// Values near those of an event, and any others.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (0.0..1e9).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            prop_oneof![Just("call"), Just("ok"), Just("openai"), Just("breaker")].prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec((name(), inner), 0..4).prop_map(|pairs| pairs.into_iter().collect()),
            ]
        })
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => prop_oneof![
                Just("type"), Just("provider"), Just("model"), Just("outcome"), Just("duration_ms"), Just("labels"),
                Just("time"), Just("error"), Just("weight"),
            ].prop_map(str::to_owned),
            1 => any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn both_ways_agree_on_json(values in vec(vec((name(), value()), 0..8), 0..6), pretty: bool, wrapped: bool) {
            let events: Vec<Value> = values.into_iter().map(|pairs| pairs.into_iter().collect()).collect();
            let body = if wrapped { json!({ "events": events }) } else { Value::from(events) };
            agree(&if pretty { format!("{body:#}") } else { body.to_string() });
        }

        #[test]
        fn both_ways_agree_on_damaged_json(
            values in vec(vec((name(), value()), 1..5), 1..3), at: prop::sample::Index, with in "[\\[\\]{}\",:\\\\ \nu0-9a.eE+-]{0,2}",
        ) {
            let events: Vec<Value> = values.into_iter().map(|pairs| pairs.into_iter().collect()).collect();
            let mut text = Value::from(events).to_string();
            let place = text.char_indices().map(|(index, _)| index).nth(at.index(text.chars().count())).unwrap_or(0);
            let after = text[place..].chars().next().map_or(place, |ch| place + ch.len_utf8());
            text.replace_range(place..after, &with);
            agree(&text);
        }

        #[test]
        fn both_ways_agree_on_characters_of_json(text in "\\[[\\[\\]{}\",:\\\\ \nu0-9a-f.eE+-]{0,60}\\]") {
            agree(&text);
        }
    }
}
