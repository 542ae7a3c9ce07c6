//! Small objects inside an event: labels, causes, `fallback_from`.

use std::borrow::Cow;
use std::fmt;

use domain::event::{FallbackFrom, Labels};
use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::RefusalCode;
use super::fault::{Fault, Problem, kind, quoted, shown};
use super::ignored::Ignored;
use super::{number, provider, text};

/// The most labels, and the most causes.
const MAX_ENTRIES: usize = 32;
/// The longest value of a label, in characters.
const LABEL_VALUE: usize = 1_024;
/// How many entries of `fallback_from` are looked at.
const MAX_FALLBACK_ENTRIES: usize = 16;

/// The first entries of an object, in the order sent, and how many there were.
struct Entries<'a> {
    first: Vec<(Cow<'a, str>, &'a str)>,
    total: usize,
}

/// Reads an object without going deeper; `shape` says in a reason what it should have been.
fn entries<'a>(raw: &'a str, keep: usize, shape: &str) -> Result<Entries<'a>, Fault> {
    if !raw.starts_with('{') {
        let got = match kind(raw) {
            "a string" => format!("the string {}", shown(raw)),
            other => other.to_owned(),
        };
        return Err(Fault::new(
            RefusalCode::WrongType,
            format!("must be an object like {shape}, got {got}"),
        ));
    }
    let mut json = serde_json::Deserializer::from_str(raw);
    let pairs = json
        .deserialize_map(PairsVisitor { keep })
        .map_err(|_| Fault::new(RefusalCode::WrongType, format!("must be an object like {shape}")))?;
    let first = pairs
        .first
        .into_iter()
        .map(|(key, value)| Ok((text::decode(key)?, value)))
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(Entries {
        first,
        total: pairs.total,
    })
}

struct Pairs<'a> {
    first: Vec<(&'a str, &'a str)>,
    total: usize,
}

struct PairsVisitor {
    keep: usize,
}

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Pairs {
            first: Vec::new(),
            total: 0,
        };
        while let Some((key, value)) = map.next_entry::<&'de RawValue, &'de RawValue>()? {
            if pairs.first.len() < self.keep {
                pairs.first.push((key.get(), value.get()));
            }
            pairs.total += 1;
        }
        Ok(pairs)
    }
}

fn too_many(what: &str, total: usize) -> Fault {
    Fault::new(
        RefusalCode::TooMany,
        format!(
            "must have at most {MAX_ENTRIES} {what}, got {}",
            number::grouped(total as u64)
        ),
    )
}

fn inner(field: &str, name: &str) -> String {
    format!("{field}.{}", shown(name))
}

/// A name in an object: not blank, not too long.
fn name_of_entry(field: &'static str, name: &str) -> Result<(), Problem> {
    if name.trim().is_empty() {
        return Err(Fault::new(RefusalCode::Missing, "has an entry with a blank name").at(field));
    }
    text::check(name, text::NAME).map_err(|fault| {
        Fault::new(
            fault.code,
            format!("has a name ({}) that {}", quoted(name), fault.reason),
        )
        .at(field)
    })
}

fn repeated(name: &str) -> Fault {
    Fault::new(
        RefusalCode::Repeated,
        format!("has the name {} twice", quoted(name)),
    )
}

/// Labels, sorted by name; values are kept as text.
pub(super) fn labels(field: &'static str, raw: &str) -> Result<Labels, Problem> {
    let entries = entries(raw, MAX_ENTRIES, "{\"region\":\"eu-west-1\"}").map_err(|fault| fault.at(field))?;
    if entries.total > MAX_ENTRIES {
        return Err(too_many("labels", entries.total).at(field));
    }
    let mut labels = Labels::with_capacity(entries.first.len());
    for (name, raw) in entries.first {
        name_of_entry(field, &name)?;
        // An absent value makes no label, but its name is still taken.
        let value = label_value(raw).map_err(|fault| fault.at(inner(field, &name)))?;
        labels.push((name.into_owned(), value));
    }
    labels.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(repeated(&pair[0].0).at(field));
    }
    labels.retain(|(_, value)| !value.is_empty());
    Ok(labels)
}

/// A scalar as text; `null` as nothing.
fn label_value(raw: &str) -> Result<String, Fault> {
    match kind(raw) {
        "a string" => text::line(raw, LABEL_VALUE).map(Cow::into_owned),
        "null" => Ok(String::new()),
        got @ ("an object" | "an array") => Err(Fault::new(
            RefusalCode::WrongType,
            format!("must be a string, a number or a boolean, got {got}"),
        )),
        _ => text::check(raw, LABEL_VALUE).map(|()| raw.to_owned()),
    }
}

/// What led to a transition, in the order sent.
pub(super) fn causes(field: &'static str, raw: &str) -> Result<Vec<(String, u32)>, Problem> {
    let entries = entries(raw, MAX_ENTRIES, "{\"timeout\":5}").map_err(|fault| fault.at(field))?;
    if entries.total > MAX_ENTRIES {
        return Err(too_many("causes", entries.total).at(field));
    }
    let mut causes: Vec<(String, u32)> = Vec::with_capacity(entries.first.len());
    for (name, raw) in entries.first {
        name_of_entry(field, &name)?;
        let count = number::whole_u32(raw, 0, u32::MAX).map_err(|fault| fault.at(inner(field, &name)))?;
        if causes.iter().any(|(other, _)| *other == name) {
            return Err(repeated(&name).at(field));
        }
        causes.push((name.into_owned(), count));
    }
    Ok(causes)
}

/// What a fallback stands in for.
pub(super) fn fallback_from(
    field: &'static str,
    raw: &str,
    ignored: &mut Ignored,
) -> Result<FallbackFrom, Problem> {
    let shape = "{\"provider\":\"openai\",\"model\":\"gpt-4o\"}";
    let entries = entries(raw, MAX_FALLBACK_ENTRIES, shape).map_err(|fault| fault.at(field))?;
    let (mut provider, mut model) = (None, None);
    for (name, raw) in &entries.first {
        let slot = match name.as_ref() {
            "provider" => &mut provider,
            "model" => &mut model,
            other => {
                ignored.insert(&inner(field, other));
                continue;
            }
        };
        if slot.replace(*raw).is_some() {
            return Err(repeated(name).at(field));
        }
    }
    let not_null = |raw: &&str| *raw != "null";
    let provider = provider.filter(not_null).ok_or_else(|| {
        Fault::new(RefusalCode::Missing, "is required in fallback_from").at(inner(field, "provider"))
    })?;
    let provider = provider::required(provider).map_err(|fault| fault.at(inner(field, "provider")))?;
    let model = match model.filter(not_null) {
        None => None,
        Some(raw) => {
            let model = text::line(raw, text::NAME).map_err(|fault| fault.at(inner(field, "model")))?;
            (!model.is_empty()).then(|| model.into_owned())
        }
    };
    Ok(FallbackFrom { provider, model })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(count: usize) -> String {
        let entries: Vec<String> = (0..count).map(|i| format!("\"n{i}\":{i}")).collect();
        format!("{{{}}}", entries.join(","))
    }

    #[test]
    fn labels_are_sorted_scalars() {
        let read = labels(
            "labels",
            r#"{"z":"text","a":1.50,"m":true,"n":null,"k\u0061":"","__proto__":"x"}"#,
        )
        .unwrap();
        let expected = [("__proto__", "x"), ("a", "1.50"), ("m", "true"), ("z", "text")];
        assert!(
            read.iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .eq(expected)
        );
        assert!(labels("labels", "{}").unwrap().is_empty());
    }

    #[test]
    fn label_limits() {
        for (count, good) in [(31, true), (32, true), (33, false), (100_000, false)] {
            let result = labels("labels", &object(count));
            assert_eq!(result.is_ok(), good, "{count}");
            if let Err(problem) = result {
                assert_eq!(problem.code, RefusalCode::TooMany);
                assert!(problem.reason.starts_with("must have at most 32 labels, got "));
            }
        }
        for (length, good) in [
            (1, true),
            (127, true),
            (128, true),
            (129, false),
            (1_000_000, false),
        ] {
            let result = labels("labels", &format!("{{\"{}\":1}}", "é".repeat(length)));
            assert_eq!(result.is_ok(), good, "{length}");
        }
        for (length, good) in [(0, true), (1_023, true), (1_024, true), (1_025, false)] {
            let result = labels("labels", &format!("{{\"a\":\"{}\"}}", "é".repeat(length)));
            assert_eq!(result.is_ok(), good, "{length}");
        }
        assert!(labels("labels", &format!("{{\"a\":{}}}", "1".repeat(1_025))).is_err());
    }

    #[test]
    fn label_problems() {
        for (raw, code, field) in [
            (r#"["a"]"#, RefusalCode::WrongType, "labels"),
            (r#""a=b""#, RefusalCode::WrongType, "labels"),
            (r#"{"a":{"b":1}}"#, RefusalCode::WrongType, "labels.a"),
            (r#"{"a":[1]}"#, RefusalCode::WrongType, "labels.a"),
            (r#"{"a":"x\ny"}"#, RefusalCode::BadCharacter, "labels.a"),
            (r#"{"a":1,"\u0061":2}"#, RefusalCode::Repeated, "labels"),
            (r#"{"a":null,"a":2}"#, RefusalCode::Repeated, "labels"),
            (r#"{"":1}"#, RefusalCode::Missing, "labels"),
            (r#"{"a\u0000":1}"#, RefusalCode::BadCharacter, "labels"),
            (r#"{"\ud800":1}"#, RefusalCode::BadCharacter, "labels"),
        ] {
            let problem = labels("labels", raw).unwrap_err();
            assert_eq!(
                (problem.code, problem.field.as_ref()),
                (code, field),
                "{raw}: {}",
                problem.reason
            );
        }
        assert_eq!(
            labels("labels", r#""a=b""#).unwrap_err().reason,
            "must be an object like {\"region\":\"eu-west-1\"}, got the string \"a=b\""
        );
    }

    #[test]
    fn causes_keep_their_order() {
        let read = causes("causes", r#"{"timeout":5,"overloaded":24.0}"#).unwrap();
        assert_eq!(read, [("timeout".to_owned(), 5), ("overloaded".to_owned(), 24)]);
        assert!(causes("causes", &object(32)).is_ok());
        assert_eq!(
            causes("causes", &object(33)).unwrap_err().code,
            RefusalCode::TooMany
        );
        for (raw, code, field) in [
            (r#"{"a":-1}"#, RefusalCode::OutOfRange, "causes.a"),
            (r#"{"a":4294967296}"#, RefusalCode::OutOfRange, "causes.a"),
            (r#"{"a":"5"}"#, RefusalCode::WrongType, "causes.a"),
            (r#"{"a":null}"#, RefusalCode::WrongType, "causes.a"),
            (r#"{"a":1,"a":1}"#, RefusalCode::Repeated, "causes"),
            (r#"["timeout"]"#, RefusalCode::WrongType, "causes"),
        ] {
            let problem = causes("causes", raw).unwrap_err();
            assert_eq!((problem.code, problem.field.as_ref()), (code, field), "{raw}");
        }
    }

    #[test]
    fn fallbacks() {
        let mut ignored = Ignored::default();
        let read = fallback_from(
            "fallback_from",
            r#"{"model":" m ","provider":" OpenAI ","x":1}"#,
            &mut ignored,
        );
        assert_eq!(
            read,
            Ok(FallbackFrom {
                provider: "openai".to_owned(),
                model: Some(" m ".to_owned())
            })
        );
        assert_eq!(ignored.into_sorted(), ["fallback_from.x"]);
        for (raw, code, field) in [
            (r#""openai/gpt-4o""#, RefusalCode::WrongType, "fallback_from"),
            (r#"{}"#, RefusalCode::Missing, "fallback_from.provider"),
            (
                r#"{"provider":null}"#,
                RefusalCode::Missing,
                "fallback_from.provider",
            ),
            (
                r#"{"provider":" "}"#,
                RefusalCode::Missing,
                "fallback_from.provider",
            ),
            (
                r#"{"provider":1}"#,
                RefusalCode::WrongType,
                "fallback_from.provider",
            ),
            (
                r#"{"provider":"a","provider":"b"}"#,
                RefusalCode::Repeated,
                "fallback_from",
            ),
            (
                r#"{"provider":"a","model":"b\u0007"}"#,
                RefusalCode::BadCharacter,
                "fallback_from.model",
            ),
        ] {
            let problem = fallback_from("fallback_from", raw, &mut Ignored::default()).unwrap_err();
            assert_eq!((problem.code, problem.field.as_ref()), (code, field), "{raw}");
        }
        assert_eq!(
            fallback_from(
                "fallback_from",
                r#"{"provider":"a","model":null}"#,
                &mut Ignored::default()
            )
            .unwrap()
            .model,
            None
        );
    }
}
