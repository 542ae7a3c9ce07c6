//! Reading formulas. Errors say what is wrong, at which character (from 1), and what was probably meant.

use domain::alert::RuleError;
use protocol::Filter;
use protocol::filter::echo;
use protocol::query::{CALL_DIMENSIONS, CALL_METRICS, LABEL, quantile};

use super::formula::{Node, Op};

/// The most characters, blanks aside.
pub(crate) const MAX_CHARACTERS: usize = 500;
/// The most parentheses and signs within each other.
const MAX_NESTING: usize = 20;
/// The most different questions.
const MAX_PARTS: usize = 12;
/// The most digits of a number: so many are kept exactly.
const MAX_DIGITS: usize = 15;

pub(super) fn wrong(must: impl Into<String>) -> RuleError {
    RuleError::new("formula", must)
}

/// The formula in a text.
pub(super) fn parse(text: &str) -> Result<Node, RuleError> {
    let count = text.chars().filter(|c| !c.is_whitespace()).count();
    if count > MAX_CHARACTERS {
        let why = format!("must have at most {MAX_CHARACTERS} characters without blanks, got {count}");
        return Err(wrong(why));
    }
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
        depth: 0,
    };
    if reader.peek().is_none() {
        return Err(wrong("must say something, such as `cost / answers`"));
    }
    let root = reader.sum()?;
    match reader.peek() {
        None => Ok(root),
        Some(')') => Err(wrong(format!(
            "`)` at character {} closes nothing",
            reader.at + 1
        ))),
        Some(_) => Err(wrong(format!(
            "`{}` at character {} follows without a sign; `+`, `-`, `*` or `/` goes between",
            reader.word(),
            reader.at + 1
        ))),
    }
}

/// Refuses formulas that ask for too much.
pub(super) fn not_too_many(parts: &[String]) -> Result<(), RuleError> {
    match parts {
        [] => Err(wrong("must name at least one metric, such as `answers`")),
        parts if parts.len() > MAX_PARTS => {
            let count = parts.len();
            let why = format!("must ask at most {MAX_PARTS} different questions, got {count}");
            Err(wrong(why))
        }
        _ => Ok(()),
    }
}

struct Reader {
    text: Vec<char>,
    /// The next character.
    at: usize,
    depth: usize,
}

impl Reader {
    /// The next character that is no blank; the reader stands on it.
    fn peek(&mut self) -> Option<char> {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// What stands here, for repeating it.
    fn word(&self) -> String {
        let rest = &self.text[self.at..];
        let is_word = |c: &char| c.is_alphanumeric() || ['_', '.'].contains(c);
        let length = rest.iter().take_while(|c| is_word(c)).count().max(1);
        echo(&rest.iter().take(length).collect::<String>())
    }

    fn sign(&mut self, tight: bool) -> Option<Op> {
        let op = Op::of(self.peek()?).filter(|op| op.is_tight() == tight)?;
        self.at += 1;
        Some(op)
    }

    fn sum(&mut self) -> Result<Node, RuleError> {
        let mut left = self.product()?;
        while let Some(op) = self.sign(false) {
            left = Node::Both(Box::new(left), op, Box::new(self.product()?));
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Node, RuleError> {
        let mut left = self.operand()?;
        while let Some(op) = self.sign(true) {
            left = Node::Both(Box::new(left), op, Box::new(self.operand()?));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Node, RuleError> {
        let Some(next) = self.peek() else {
            return Err(wrong("ends where a metric or a number is missing"));
        };
        let place = self.at + 1;
        match next {
            '(' => {
                self.at += 1;
                let inner = self.within(place, Reader::sum)?;
                match self.peek() {
                    Some(')') => self.at += 1,
                    Some(_) => {
                        let (word, here) = (self.word(), self.at + 1);
                        let why = format!(
                            "`{word}` at character {here} follows without a sign; `+`, `-`, `*` or `/` goes between"
                        );
                        return Err(wrong(why));
                    }
                    None => return Err(wrong(format!("`(` at character {place} is never closed"))),
                }
                Ok(inner)
            }
            '-' => {
                self.at += 1;
                let inner = self.within(place, Reader::operand)?;
                Ok(Node::Negative(Box::new(inner)))
            }
            c if c.is_ascii_digit() => self.number(place),
            c if c.is_alphabetic() || c == '_' => self.part(place),
            _ => Err(wrong(format!(
                "`{next}` at character {place} stands where a metric or a number must be"
            ))),
        }
    }

    fn within(
        &mut self,
        place: usize,
        read: fn(&mut Reader) -> Result<Node, RuleError>,
    ) -> Result<Node, RuleError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            let why = format!(
                "at most {MAX_NESTING} parentheses or signs within each other; character {place} is one more"
            );
            return Err(wrong(why));
        }
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn number(&mut self, place: usize) -> Result<Node, RuleError> {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .take_while(|c| c.is_alphanumeric() || ['.', '_'].contains(c))
            .count();
        let text: String = rest[..length].iter().collect();
        let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let shown = echo(&text);
        if !digits(whole) || !digits(part) {
            let why = format!("`{shown}` at character {place} is no number; write it as 1000 or 0.25");
            return Err(wrong(why));
        }
        if whole.len() + part.len() > MAX_DIGITS + 1 {
            let why = format!("`{shown}` at character {place} must have at most {MAX_DIGITS} digits");
            return Err(wrong(why));
        }
        let number = text
            .parse()
            .map_err(|_| wrong(format!("`{shown}` at character {place} is no number")))?;
        self.at += length;
        Ok(Node::Number(number))
    }

    fn part(&mut self, place: usize) -> Result<Node, RuleError> {
        let rest = &self.text[self.at..];
        let length = rest
            .iter()
            .take_while(|c| c.is_alphanumeric() || **c == '_')
            .count();
        let name: String = rest[..length].iter().collect();
        check_metric(&name, place)?;
        self.at += length;
        if self.peek() != Some('{') {
            return Ok(Node::Part(name));
        }
        let opened = self.at + 1;
        let Some(length) = closing(&self.text[opened..]) else {
            return Err(wrong(format!("`{{` at character {opened} is never closed")));
        };
        let written: String = self.text[opened..opened + length].iter().collect();
        let filter = Filter::parse(&written, &[CALL_DIMENSIONS, &[LABEL]].concat()).map_err(|error| {
            wrong(format!(
                "the filter at character {opened}: {}",
                without_field(&error.to_string())
            ))
        })?;
        self.at = opened + length + 1;
        if filter.is_empty() {
            return Ok(Node::Part(name));
        }
        let filter = filter.to_string();
        let again: Vec<char> = filter.chars().chain(['}']).collect();
        // Written anew a value may have lost the quotes that kept its brace apart.
        if closing(&again) != Some(again.len() - 1) {
            let why =
                format!("the filter at character {opened} has a brace in a value, which no formula can have");
            return Err(wrong(why));
        }
        Ok(Node::Part(format!("{name}{{{filter}}}")))
    }
}

/// Without the name of the field before it.
fn without_field(words: &str) -> &str {
    words.strip_prefix("filter: ").unwrap_or(words)
}

/// How far the brace is that closes; one within quotes does not.
fn closing(text: &[char]) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.iter().position(|c| {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            '}' => return !quoted,
            _ => {}
        }
        false
    })
}

fn check_metric(name: &str, place: usize) -> Result<(), RuleError> {
    if name == "outcomes" {
        let why = format!(
            "`outcomes` at character {place} is several figures; `attempts{{outcome:timeout}}` is one"
        );
        return Err(wrong(why));
    }
    if quantile(name).is_some() || CALL_METRICS.iter().any(|metric| metric.name == name) {
        return Ok(());
    }
    let names = CALL_METRICS.iter().map(|metric| metric.name);
    let nearest = names
        .filter(|known| *known != "outcomes")
        .map(|known| (distance(name, known), known))
        .min();
    let meant = match nearest {
        Some((far, known)) if far <= 1 + known.len() / 4 => format!("; did you mean `{known}`?"),
        _ => "; GET /api/v1/metrics lists those of calls".to_owned(),
    };
    let name = echo(name);
    Err(wrong(format!(
        "`{name}` at character {place} is no metric{meant}"
    )))
}

/// How many letters one must put in, take out or change to make one word of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (place, against) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *against);
            diagonal = row[place + 1];
            row[place + 1] = changed.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
