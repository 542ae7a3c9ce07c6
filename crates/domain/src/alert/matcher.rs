//! Matchers of labels, as Prometheus and amtool write them: `provider="openai"`, `model=~"gpt-.*"`.
//!
//! A pattern must match the whole value. It is compiled under a size limit and runs in time linear in the value, so
//! nobody's pattern can make the evaluator slow. A label that is not there counts as empty.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::{Labels, NAME_LABEL, RULE_LABEL};

/// The longest value or pattern, in characters.
const MAX_VALUE: usize = 1_024;
/// The longest pattern, in characters.
const MAX_PATTERN: usize = 256;
/// What a compiled pattern may take, bytes.
const MAX_COMPILED: usize = 64 << 10;

/// How a label is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `=`
    Is,
    /// `!=`
    Not,
    /// `=~`
    Like,
    /// `!~`
    Unlike,
}

impl Op {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Op::Is => "=",
            Op::Not => "!=",
            Op::Like => "=~",
            Op::Unlike => "!~",
        }
    }

    /// What is written so.
    pub fn parse(text: &str) -> Option<Op> {
        [Op::Is, Op::Not, Op::Like, Op::Unlike]
            .into_iter()
            .find(|op| op.as_str() == text)
    }
}

/// One demand on one label.
#[derive(Debug, Clone)]
pub struct Matcher {
    label: String,
    op: Op,
    value: String,
    pattern: Option<Regex>,
}

/// Why a text is no matcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("matchers: {0}")]
pub struct MatcherError(pub String);

impl Matcher {
    /// A matcher; patterns are compiled here.
    ///
    /// # Errors
    /// The label's name, the value's length, or the pattern is not as it must be.
    pub fn new(label: &str, op: Op, value: &str) -> Result<Matcher, MatcherError> {
        if !is_label(label) {
            return Err(MatcherError(format!(
                "`{}` is no label; 1 to 128 of a-z, A-Z, 0-9, _ and ., not starting with a digit",
                cut(label)
            )));
        }
        let length = value.chars().count();
        let pattern = match op {
            Op::Is | Op::Not if length > MAX_VALUE => {
                return Err(MatcherError(format!(
                    "a value has at most {MAX_VALUE} characters, got {length}"
                )));
            }
            Op::Is | Op::Not => None,
            Op::Like | Op::Unlike if length > MAX_PATTERN => {
                return Err(MatcherError(format!(
                    "a pattern has at most {MAX_PATTERN} characters, got {length}"
                )));
            }
            Op::Like | Op::Unlike => Some(compile(value)?),
        };
        Ok(Matcher {
            label: label.to_owned(),
            op,
            value: value.to_owned(),
            pattern,
        })
    }

    /// The label's name.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// How it is compared.
    pub fn op(&self) -> Op {
        self.op
    }

    /// The value or the pattern.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Whether labels meet the demand.
    ///
    /// What others call `alertname` is the label `rule` of our own alerts: either finds them.
    pub fn matches(&self, labels: &Labels) -> bool {
        let own = || labels.get(RULE_LABEL).filter(|_| self.label == NAME_LABEL);
        let value = labels.get(&self.label).or_else(own);
        self.allows(value.map_or("", String::as_str))
    }

    /// It also allows a label that is not there: alone it would hide more than anybody means.
    pub fn allows_nothing(&self) -> bool {
        self.allows("")
    }

    fn allows(&self, value: &str) -> bool {
        let like = || {
            self.pattern
                .as_ref()
                .is_some_and(|pattern| pattern.is_match(value))
        };
        match self.op {
            Op::Is => value == self.value,
            Op::Not => value != self.value,
            Op::Like => like(),
            Op::Unlike => !like(),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Matcher) -> bool {
        (&self.label, self.op, &self.value) == (&other.label, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}\"", self.label, self.op.as_str())?;
        for c in self.value.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

fn compile(pattern: &str) -> Result<Regex, MatcherError> {
    let build = |text: &str| {
        RegexBuilder::new(text)
            .size_limit(MAX_COMPILED)
            .dfa_size_limit(MAX_COMPILED)
            .nest_limit(32)
            .build()
    };
    // Alone first: `a)|(b` is no pattern, though it would be one between brackets.
    build(pattern)
        .and_then(|_| build(&format!("^(?s:{pattern})$")))
        .map_err(|error| {
            let told = error.to_string();
            let last = told.lines().last().unwrap_or_default().trim();
            MatcherError(format!("the pattern `{}` cannot be used: {last}", cut(pattern)))
        })
}

/// The name of a label.
pub(super) fn is_label(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 128
        && bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// Reads matchers that are separated by commas, with or without braces around them. A value may be without quotes when
/// it has neither blanks nor commas.
///
/// # Errors
/// Says where reading stopped and why.
pub fn matchers(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let inner = text.trim();
    let inner = match inner.strip_prefix('{') {
        Some(rest) => rest
            .strip_suffix('}')
            .ok_or_else(|| MatcherError("`{` has no `}`".into()))?,
        None => inner,
    };
    let mut found = Vec::new();
    let mut rest = inner.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(['=', '!'])
            .ok_or_else(|| MatcherError(format!("`{}` has none of = != =~ !~", cut(rest))))?;
        let label = rest[..end].trim();
        let after = &rest[end..];
        let op = [Op::Like, Op::Unlike, Op::Not, Op::Is]
            .into_iter()
            .find(|op| after.starts_with(op.as_str()))
            .ok_or_else(|| MatcherError(format!("`{}` has none of = != =~ !~", cut(rest))))?;
        let (value, after) = value(after[op.as_str().len()..].trim_start())?;
        found.push(Matcher::new(label, op, &value)?);
        rest = match after.trim_start() {
            "" => "",
            after => after
                .strip_prefix(',')
                .ok_or_else(|| MatcherError(format!("a comma is missing before `{}`", cut(after))))?
                .trim_start(),
        };
    }
    Ok(found)
}

/// A value and what follows it.
fn value(text: &str) -> Result<(String, &str), MatcherError> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                // As a pattern has them: `gpt\.4`.
                Some((_, c)) => value.extend(['\\', c]),
                None => break,
            },
            c => value.push(c),
        }
    }
    Err(MatcherError(format!("`{}` has no end quote", cut(text))))
}

/// So much of what was sent is repeated in an error.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
