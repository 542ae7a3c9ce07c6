//! From the JSON form of a server frame to the binary one: a walk along [`super::shape`], so that the reader of the
//! binary form, which the page has anyway, is the only one that knows the types.
//!
//! Unknown fields are passed over, and fields may stand in any order. Deliberately absent: what the values mean; the
//! binary reader refuses what does not fit.

use std::borrow::Cow;

use super::figure::figure;
use super::shape::{FRAMES, Fields, Shape};
use crate::codec::DecodeError;

/// How deep values that nobody asked for may lie in each other.
const DEEPEST: usize = 128;

/// What is wrong with a text, and where.
struct Fault {
    expected: &'static str,
    at: usize,
}

impl From<Fault> for DecodeError {
    fn from(Fault { expected, at }: Fault) -> DecodeError {
        DecodeError::Malformed(["expected ", expected, " at byte ", &at.to_string()].concat())
    }
}

type Read<T> = Result<T, Fault>;

/// The frame in the binary form.
pub(super) fn to_binary(text: &str) -> Result<Vec<u8>, DecodeError> {
    let mut reader = Reader { text, at: 0 };
    let start = reader.clone();
    let mut tag = None;
    reader.object(|name, value| {
        if name == "t" {
            tag = Some(value.string()?);
            return Ok(());
        }
        value.pass()
    })?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.fault("nothing more").into());
    }
    let Some(tag) = tag else {
        return Err(start.fault("a field \"t\"").into());
    };
    let Some(place) = FRAMES.iter().position(|(name, _)| *name == tag) else {
        return Err(DecodeError::UnknownFrame(tag.into_owned()));
    };
    let mut out = Vec::with_capacity(text.len() / 2);
    push(&mut out, place as u64);
    start.clone().record(FRAMES[place].1, &mut out)?;
    Ok(out)
}

/// A number of the binary form: seven bits to a byte, the lowest first.
fn push(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// A place in a text.
#[derive(Clone)]
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn fault(&self, expected: &'static str) -> Fault {
        Fault {
            expected,
            at: self.at,
        }
    }

    /// The next byte that is no space; zero at the end.
    fn space(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !byte.is_ascii_whitespace() {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Read<()> {
        if self.space() != byte {
            return Err(self.fault(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Passes this byte, if it is the next one.
    fn passes(&mut self, byte: u8) -> bool {
        let here = self.space() == byte;
        self.at += usize::from(here);
        here
    }

    /// A number or a word.
    fn word(&mut self) -> &'a str {
        self.space();
        let rest = &self.text[self.at..];
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.')))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.expect(b'"', "a string")?;
        let mut whole = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.find(['"', '\\']) else {
                return Err(self.fault("the end of a string"));
            };
            self.at += end + 1;
            whole += &rest[..end];
            if rest.as_bytes()[end] == b'"' {
                return Ok(whole);
            }
            whole.to_mut().push(self.escaped()?);
        }
    }

    /// What follows a backslash.
    fn escaped(&mut self) -> Read<char> {
        let letter = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        Ok(match letter {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(letter @ (b'"' | b'\\' | b'/')) => char::from(letter),
            Some(b'u') => {
                let mut code = self.hex()?;
                if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    if let low @ 0xdc00..0xe000 = self.hex()? {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    }
                }
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 1;
                return Err(self.fault("an escape"));
            }
        })
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4);
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return Err(self.fault("four hexadecimal digits"));
        };
        self.at += 4;
        Ok(code)
    }

    /// Calls `field` with the name of each field, and the reader at its value, which it has to pass.
    fn object(&mut self, mut field: impl FnMut(&str, &mut Self) -> Read<()>) -> Read<()> {
        self.expect(b'{', "an object")?;
        if self.passes(b'}') {
            return Ok(());
        }
        loop {
            let name = self.string()?;
            self.expect(b':', "a colon")?;
            field(&name, self)?;
            if self.passes(b'}') {
                return Ok(());
            }
            self.expect(b',', "a comma")?;
        }
    }

    /// Calls `item` at each value of a list, which it has to pass.
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.expect(b'[', "a list")?;
        if self.passes(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.passes(b']') {
                return Ok(());
            }
            self.expect(b',', "a comma")?;
        }
    }

    /// Passes a value.
    fn pass(&mut self) -> Read<()> {
        let mut open = 0;
        loop {
            match self.space() {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' if open < DEEPEST => {
                    self.at += 1;
                    open += 1;
                }
                b'}' | b']' if open > 0 => {
                    self.at += 1;
                    open -= 1;
                }
                b',' | b':' if open > 0 => self.at += 1,
                _ => {
                    if self.word().is_empty() {
                        return Err(self.fault("a value"));
                    }
                }
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Writes the fields of an object in our order.
    fn record(&mut self, fields: Fields, out: &mut Vec<u8>) -> Read<()> {
        let mut places = vec![None; fields.len()];
        self.object(|name, value| {
            if let Some(field) = fields.iter().position(|(field, _)| *field == name) {
                places[field] = Some(value.at);
            }
            value.pass()
        })?;
        for ((name, shape), place) in fields.iter().zip(places) {
            match (place, shape) {
                (Some(at), _) => {
                    let mut value = Reader { text: self.text, at };
                    value.value(shape, out)?;
                }
                (None, Shape::Maybe(_)) => out.push(0),
                (None, _) => return Err(self.fault(name)),
            }
        }
        Ok(())
    }

    fn value(&mut self, shape: &Shape, out: &mut Vec<u8>) -> Read<()> {
        match shape {
            Shape::Flag => match self.word() {
                "true" => out.push(1),
                "false" => out.push(0),
                _ => return Err(self.fault("true or false")),
            },
            Shape::Text => push_text(out, &self.string()?),
            Shape::Count => match self.word().parse() {
                Ok(count) => push(out, count),
                Err(_) => return Err(self.fault("a count")),
            },
            Shape::Whole => match self.word().parse::<i64>() {
                // The sign goes into the lowest bit.
                Ok(whole) => push(out, (whole << 1 ^ whole >> 63) as u64),
                Err(_) => return Err(self.fault("a whole number")),
            },
            Shape::Single => {
                let single = self.figure()? as f32;
                out.extend_from_slice(&single.to_le_bytes());
            }
            Shape::Double => out.extend_from_slice(&self.figure()?.to_le_bytes()),
            Shape::Maybe(inner) => {
                if self.space() == b'n' && self.word() == "null" {
                    out.push(0);
                } else {
                    out.push(1);
                    self.value(inner, out)?;
                }
            }
            Shape::List(inner) => {
                let (mut count, mut items) = (0, Vec::new());
                self.list(|item| {
                    count += 1;
                    item.value(inner, &mut items)
                })?;
                push(out, count);
                out.append(&mut items);
            }
            Shape::Array(inner, length) => {
                let mut count = 0;
                self.list(|item| {
                    count += 1;
                    item.value(inner, out)
                })?;
                if count != *length {
                    return Err(self.fault("another number of values"));
                }
            }
            Shape::Pair(first, second) => {
                self.expect(b'[', "a pair")?;
                self.value(first, out)?;
                self.expect(b',', "a comma")?;
                self.value(second, out)?;
                self.expect(b']', "the end of a pair")?;
            }
            Shape::Name(names) => {
                let name = self.string()?;
                match names.iter().position(|known| *known == name) {
                    Some(place) => push(out, place as u64),
                    None => return Err(self.fault("a known name")),
                }
            }
            Shape::Choice(choices) => self.choice(choices, out)?,
            Shape::Record(fields) => self.record(fields, out)?,
        }
        Ok(())
    }

    fn choice(&mut self, choices: &'static [(&str, Option<Shape>)], out: &mut Vec<u8>) -> Read<()> {
        let find = |name: &str| choices.iter().position(|(known, _)| *known == name);
        if self.space() == b'"' {
            let name = self.string()?;
            return match find(&name).filter(|place| choices[*place].1.is_none()) {
                Some(place) => {
                    push(out, place as u64);
                    Ok(())
                }
                None => Err(self.fault("a known name")),
            };
        }
        let mut count = 0;
        self.object(|name, value| {
            count += 1;
            let place = find(name).filter(|_| count == 1);
            let Some((place, Some(shape))) = place.map(|place| (place, &choices[place].1)) else {
                return Err(value.fault("one known name"));
            };
            push(out, place as u64);
            value.value(shape, out)
        })?;
        if count == 0 {
            return Err(self.fault("a known name"));
        }
        Ok(())
    }

    fn figure(&mut self) -> Read<f64> {
        let word = self.word();
        figure(word).ok_or_else(|| self.fault("a figure"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn malformed(text: &str) -> String {
        match to_binary(text) {
            Err(DecodeError::Malformed(reason)) => reason,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_fault_says_what_was_expected_and_where() {
        assert_eq!(malformed(""), "expected an object at byte 0");
        assert_eq!(malformed("{}"), "expected a field \"t\" at byte 0");
        assert_eq!(malformed(r#"{"t":1}"#), "expected a string at byte 5");
        assert_eq!(malformed(r#"{"t":"resync"}"#), "expected view at byte 14");
        assert_eq!(
            malformed(r#"{"t":"resync","view":"a"} x"#),
            "expected nothing more at byte 26"
        );
        assert_eq!(
            malformed(r#"{"t":"resync","view":"a\q"}"#),
            "expected an escape at byte 24"
        );
        assert_eq!(
            malformed(r#"{"t":"bye","code":-1,"reason":"","retry_after_ms":0}"#),
            "expected a count at byte 20"
        );
        assert_eq!(
            malformed(r#"{"t":"resync","view":"a","x":[1,]"#),
            "expected a comma at byte 33"
        );
    }

    #[test]
    fn escapes_are_read_and_order_does_not_matter() {
        let plain = to_binary(r#"{"t":"error","code":"é\"\n🐴","detail":"d"}"#).unwrap();
        let escaped = to_binary(
            r#" { "detail" : "d" , "code":"\u00e9\"\n\ud83d\udc34" , "x":{"y":[null,{}]}, "t":"error"}"#,
        );
        assert_eq!(escaped, Ok(plain));
        assert_eq!(
            to_binary(r#"{"t":"resync","view":"\ud800"}"#),
            to_binary(r#"{"t":"resync","view":"�"}"#)
        );
    }

    #[test]
    fn what_lies_too_deep_is_refused() {
        let deep = format!(r#"{{"t":"resync","view":"a","x":{}}}"#, "[".repeat(200_000));
        assert!(malformed(&deep).starts_with("expected a value"));
    }
}
