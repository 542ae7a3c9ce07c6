//! The filter grammar, one for the query parameter `filter=` and for every search box.
//!
//! Terms are separated by space: `key:value` equals, `key:!value` does not, `key:~prefix` starts with, and a word
//! without a colon is text to find in any dimension, whatever its case. Only the first colon splits, so
//! `model:meta/llama-3:70b` is one model. A value with spaces goes into quotes, where `\"` and `\\` stand for `"` and
//! `\`; so does a value that begins with `!` or `~`, a text with a colon, and the empty value (`service:""`: none is
//! known). Equals and prefixes of the same key are alternatives; everything else must hold together.
//!
//! Deliberately absent: OR between keys, brackets, patterns, comparison of numbers, and which keys there are: callers
//! give them.

use std::fmt;

/// The most bytes a filter may have, as written.
pub const MAX_BYTES: usize = 1_024;
/// The most terms a filter may have.
pub const MAX_TERMS: usize = 32;
/// How many characters of what was sent an error repeats.
pub const ECHOED: usize = 64;

/// What a term demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Test {
    /// The dimension has this value.
    Is,
    /// The dimension has another value.
    Not,
    /// The dimension starts with this.
    Starts,
    /// Some dimension contains this text, whatever its case.
    Contains,
}

/// One term of a filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    key: String,
    test: Test,
    value: String,
    /// The text of [`Test::Contains`] without case, else empty.
    folded: String,
}

/// What to show: the terms in the order they were written, each once. The empty filter shows everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

/// Why a text is not a filter. Positions are bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Too many bytes.
    #[error("filter: at most {} bytes, got {got}", MAX_BYTES)]
    TooLong {
        /// How many bytes there were.
        got: usize,
    },
    /// Too many terms.
    #[error("filter: at most {} terms, `{term}` at byte {at} is one more", MAX_TERMS)]
    TooMany {
        /// The first term too many.
        term: String,
        /// Where it begins.
        at: usize,
    },
    /// The part before the colon is not a key.
    #[error("filter: `{term}` at byte {at}: unknown key `{key}`, known are {}; a text with a colon needs quotes", listed(.known))]
    UnknownKey {
        /// The whole term.
        term: String,
        /// Where it begins.
        at: usize,
        /// Its key.
        key: String,
        /// The keys that the caller knows.
        known: Vec<String>,
    },
    /// Not a term.
    #[error("filter: `{term}` at byte {at}: {reason}")]
    Malformed {
        /// The term.
        term: String,
        /// Where it begins.
        at: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Term {
    fn new(key: &str, test: Test, value: String) -> Term {
        let mut folded = String::new();
        if test == Test::Contains {
            fold(&value, &mut folded);
        }
        Term {
            key: key.to_owned(),
            test,
            value,
            folded,
        }
    }

    /// The dimension it looks at; `None` for text, which looks at all of them.
    pub fn key(&self) -> Option<&str> {
        (self.test != Test::Contains).then_some(self.key.as_str())
    }

    /// What it demands.
    pub fn test(&self) -> Test {
        self.test
    }

    /// The value, prefix or text as it was meant, without quotes.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Of two alternatives of a key, the one that the other contains; `None` where no value is both.
    fn narrower<'t>(&'t self, other: &'t Term) -> Option<&'t Term> {
        match (self.test, other.test) {
            (Test::Is, Test::Is) => (self.value == other.value).then_some(self),
            (_, Test::Starts) if self.value.starts_with(&other.value) => Some(self),
            (Test::Starts, _) if other.value.starts_with(&self.value) => Some(other),
            _ => None,
        }
    }

    /// One of the alternatives for this key.
    fn offers(&self, key: &str) -> bool {
        matches!(self.test, Test::Is | Test::Starts) && self.key == key
    }
}

impl Filter {
    /// Reads a filter. A known key that ends in a dot, such as `label.`, stands for all keys that begin with it.
    ///
    /// # Errors
    ///
    /// [`FilterError`], for the first term that is wrong.
    pub fn parse(text: &str, known_keys: &[&str]) -> Result<Filter, FilterError> {
        if text.len() > MAX_BYTES {
            return Err(FilterError::TooLong { got: text.len() });
        }
        let mut filter = Filter::default();
        let mut rest = text.trim_start();
        for count in 0.. {
            if rest.is_empty() {
                break;
            }
            let at = text.len() - rest.len();
            if count == MAX_TERMS {
                return Err(FilterError::TooMany {
                    term: written(rest),
                    at,
                });
            }
            let (term, after) = read(rest, at, known_keys)?;
            filter.add(term);
            rest = after.trim_start();
        }
        Ok(filter)
    }

    /// It shows everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms, for who turns them into a query or into chips.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether something with these dimensions is shown. `get` gives a dimension by its key; an absent one counts as
    /// empty. `values` gives all dimensions, and is only asked for text.
    pub fn matches<'a, V>(&self, get: impl Fn(&str) -> Option<&'a str>, values: impl Fn() -> V) -> bool
    where
        V: IntoIterator<Item = &'a str>,
    {
        let mut folded = String::new();
        self.terms.iter().enumerate().all(|(i, term)| match term.test {
            Test::Contains => values().into_iter().any(|value| {
                fold(value, &mut folded);
                folded.contains(&term.folded)
            }),
            Test::Not => get(&term.key).unwrap_or_default() != term.value,
            // The first alternative of a key answers for all of them.
            Test::Is | Test::Starts if self.terms[..i].iter().any(|t| t.offers(&term.key)) => true,
            Test::Is | Test::Starts => {
                let value = get(&term.key).unwrap_or_default();
                let mut offers = self.terms[i..].iter().filter(|t| t.offers(&term.key));
                offers.any(|t| match t.test {
                    Test::Starts => value.starts_with(&t.value),
                    _ => value == t.value,
                })
            }
        })
    }

    /// With `key:value` as one more alternative; a `key:!value` that contradicts it goes.
    ///
    /// # Errors
    ///
    /// [`FilterError`] when a limit would be passed, or when no filter can name the key: it is empty, or has a colon,
    /// a quote or a space. Whether the key is known is not asked.
    pub fn with(&self, key: &str, value: &str) -> Result<Filter, FilterError> {
        let mut filter = self.clone();
        filter
            .terms
            .retain(|t| t.test != Test::Not || t.key != key || t.value != value);
        let term = Term::new(key, Test::Is, value.to_owned());
        // Where it would stand, behind a space.
        let at = filter.to_string().len() + usize::from(!filter.is_empty());
        let shown = echo(&term.to_string());
        if key.is_empty() || key.contains(ends_key) {
            return Err(FilterError::Malformed {
                term: shown,
                at,
                reason: "a key has at least one character, and no colon, quote or space",
            });
        }
        filter.add(term);
        if filter.terms.len() > MAX_TERMS {
            return Err(FilterError::TooMany { term: shown, at });
        }
        match filter.to_string().len() {
            got if got > MAX_BYTES => Err(FilterError::TooLong { got }),
            _ => Ok(filter),
        }
    }

    /// With other values in the place of those that a dimension must or must not have; `to` gives the value that stands for
    /// one, or `None` where it stays. Prefixes and text stay.
    pub fn revalued<'a>(&'a self, to: impl Fn(&'a str, &'a str) -> Option<&'a str>) -> Filter {
        let mut filter = Filter::default();
        for term in &self.terms {
            let value = match term.test {
                Test::Is | Test::Not => to(&term.key, &term.value),
                Test::Starts | Test::Contains => None,
            };
            filter.add(match value {
                Some(value) => Term::new(&term.key, term.test, value.to_owned()),
                None => term.clone(),
            });
        }
        filter
    }

    /// What both show. Where both choose among the values of a key, what is left of the alternatives; where none is, nothing.
    #[must_use]
    pub fn and(&self, other: &Filter) -> Filter {
        let mut keys: Vec<&str> = Vec::new();
        for term in &self.terms {
            let chosen = matches!(term.test, Test::Is | Test::Starts)
                && other.terms.iter().any(|their| their.offers(&term.key));
            if chosen && !keys.contains(&term.key.as_str()) {
                keys.push(&term.key);
            }
        }
        let mut both = Filter::default();
        for term in self.terms.iter().chain(&other.terms) {
            if !keys.iter().any(|key| term.offers(key)) {
                both.add(term.clone());
            }
        }
        for key in keys {
            let mut any = false;
            for one in self.terms.iter().filter(|term| term.offers(key)) {
                for two in other.terms.iter().filter(|term| term.offers(key)) {
                    if let Some(term) = one.narrower(two) {
                        any = true;
                        both.add(term.clone());
                    }
                }
            }
            if !any {
                // Nothing is both.
                both.add(Term::new(key, Test::Is, String::new()));
                both.add(Term::new(key, Test::Not, String::new()));
            }
        }
        both
    }

    /// Without any term of this key; text stays.
    pub fn without(&self, key: &str) -> Filter {
        let terms = self.terms.iter().filter(|t| t.key() != Some(key));
        Filter {
            terms: terms.cloned().collect(),
        }
    }

    fn add(&mut self, term: Term) {
        if !self.terms.contains(&term) {
            self.terms.push(term);
        }
    }
}

/// As [`Filter::parse`] reads it; never longer than what was parsed.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = &self.value;
        let bare = match self.test {
            Test::Contains => !value.contains(ends_key),
            _ => !value.is_empty() && !value.starts_with(['!', '~']) && !value.contains(ends_bare),
        };
        match self.test {
            Test::Is => write!(f, "{}:", self.key)?,
            Test::Not => write!(f, "{}:!", self.key)?,
            Test::Starts => write!(f, "{}:~", self.key)?,
            Test::Contains => {}
        }
        if bare {
            return f.write_str(value);
        }
        write!(f, "\"{}\"", value.replace('\\', r"\\").replace('"', r#"\""#))
    }
}

/// A character that a value has only in quotes.
fn ends_bare(c: char) -> bool {
    c == '"' || c.is_whitespace()
}

/// A character that no key has, and a text only in quotes.
fn ends_key(c: char) -> bool {
    c == ':' || ends_bare(c)
}

/// One term at the beginning of `rest`, and what follows it.
fn read<'t>(rest: &'t str, at: usize, known: &[&str]) -> Result<(Term, &'t str), FilterError> {
    let malformed = |reason| FilterError::Malformed {
        term: written(rest),
        at,
        reason,
    };
    let split = rest.split_once(':').filter(|(key, _)| !key.contains(ends_key));
    let Some((key, given)) = split else {
        let (text, after) = value(rest).map_err(malformed)?;
        if text.is_empty() {
            return Err(malformed("an empty text is in everything"));
        }
        return Ok((Term::new("", Test::Contains, text), after));
    };
    if !is_known(key, known) {
        return Err(FilterError::UnknownKey {
            term: written(rest),
            at,
            key: echo(key),
            known: known.iter().map(|&key| key.to_owned()).collect(),
        });
    }
    let (test, given) = match given.as_bytes().first() {
        Some(b'!') => (Test::Not, &given[1..]),
        Some(b'~') => (Test::Starts, &given[1..]),
        _ => (Test::Is, given),
    };
    if given.starts_with(['!', '~']) {
        return Err(malformed("a value that begins with ! or ~ needs quotes"));
    }
    let (value, after) = value(given).map_err(malformed)?;
    if value.is_empty() {
        if test == Test::Starts {
            return Err(malformed("everything starts with an empty prefix"));
        }
        if !given.starts_with('"') {
            return Err(malformed("there is no value; \"\" is the empty one"));
        }
    }
    Ok((Term::new(key, test, value), after))
}

/// A value at the beginning of a text, bare or in quotes, and what follows it.
fn value(text: &str) -> Result<(String, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (bare, after) = text.split_at(text.find(ends_bare).unwrap_or(text.len()));
        if after.starts_with('"') {
            return Err("quotes go around the whole value");
        }
        return Ok((bare.to_owned(), after));
    };
    let mut value = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' if chars.as_str().starts_with(|c: char| !c.is_whitespace()) => {
                return Err("quotes go around the whole value");
            }
            '"' => return Ok((value, chars.as_str())),
            '\\' => match chars.next() {
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                _ => return Err("in quotes, a backslash stands only before \" and \\"),
            },
            _ => value.push(c),
        }
    }
    Err("the quotes are not closed")
}

fn is_known(key: &str, known: &[&str]) -> bool {
    known.iter().any(|known| match known.ends_with('.') {
        true => key.len() > known.len() && key.starts_with(known),
        false => key == *known,
    })
}

/// Lower case, character by character: a text and what contains it must fold alike wherever it stands.
fn fold(text: &str, folded: &mut String) {
    folded.clear();
    folded.extend(text.chars().flat_map(char::to_lowercase));
}

/// The term that a text begins with, to its next space outside of quotes.
fn written(rest: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let end = rest.find(|c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        !quoted && c.is_whitespace()
    });
    echo(&rest[..end.unwrap_or(rest.len())])
}

/// The beginning of a text that somebody sent, for repeating it to them in an error.
pub fn echo(text: &str) -> String {
    match text.char_indices().nth(ECHOED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn listed(known: &[String]) -> String {
    let named = known.iter().map(|key| match key.ends_with('.') {
        true => format!("{key}<name>"),
        false => key.clone(),
    });
    named.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
