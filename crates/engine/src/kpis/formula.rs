//! The little language of figures: numbers, `+ - * /`, parentheses and metrics of calls, each with a filter of its own if it
//! needs one: `cost{provider:openai} / answers`.
//!
//! A part that is unknown, and a division by nothing, make the whole unknown: never zero. Deliberately absent: functions,
//! comparisons, names of other figures, and units (whoever writes a figure says what it is).

use domain::alert::RuleError;

use super::parse::parse;

/// A formula that makes sense.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Formula {
    pub(super) root: Node,
}

/// A piece of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Number(f64),
    /// A metric with its filter, as [`Formula::metrics`] names it.
    Part(String),
    Negative(Box<Node>),
    Both(Box<Node>, Op, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Plus,
    Minus,
    Times,
    By,
}

impl Op {
    pub fn of(sign: char) -> Option<Op> {
        Some(match sign {
            '+' => Op::Plus,
            '-' => Op::Minus,
            '*' => Op::Times,
            '/' => Op::By,
            _ => return None,
        })
    }

    fn sign(self) -> char {
        match self {
            Op::Plus => '+',
            Op::Minus => '-',
            Op::Times => '*',
            Op::By => '/',
        }
    }

    /// Binds before `+` and `-`.
    pub fn is_tight(self) -> bool {
        matches!(self, Op::Times | Op::By)
    }
}

impl Formula {
    /// Reads what somebody wrote.
    ///
    /// # Errors
    /// What is wrong with it, and where; the field is `formula`.
    pub(crate) fn parse(text: &str) -> Result<Formula, RuleError> {
        let formula = Formula { root: parse(text)? };
        super::parse::not_too_many(&formula.metrics())?;
        Ok(formula)
    }

    /// The different questions that it asks, in the order of their first use; see [`split`].
    pub(crate) fn metrics(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.root.collect(&mut found);
        found
    }

    /// What it gives when its parts are as `of` says. Unknown when a part is, something is divided by nothing, or the
    /// result is beyond all numbers.
    pub(crate) fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        self.root.value(of).filter(|value| value.is_finite())
    }

    /// As it would be written: read again it is the same formula.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        self.root.write(&mut text);
        text
    }
}

/// The metric of a part, and its filter: `cost{provider:openai}` is `cost` and `provider:openai`; the filter may be empty.
pub(crate) fn split(part: &str) -> (&str, &str) {
    match part.split_once('{') {
        Some((metric, filter)) => (metric, filter.strip_suffix('}').unwrap_or(filter)),
        None => (part, ""),
    }
}

impl Node {
    fn collect(&self, found: &mut Vec<String>) {
        match self {
            Node::Number(_) => {}
            Node::Part(part) if found.contains(part) => {}
            Node::Part(part) => found.push(part.clone()),
            Node::Negative(inner) => inner.collect(found),
            Node::Both(left, _, right) => {
                left.collect(found);
                right.collect(found);
            }
        }
    }

    fn value(&self, of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
        Some(match self {
            Node::Number(number) => *number,
            Node::Part(part) => of(part)?,
            Node::Negative(inner) => -inner.value(of)?,
            Node::Both(left, op, right) => {
                let (left, right) = (left.value(of)?, right.value(of)?);
                match op {
                    Op::Plus => left + right,
                    Op::Minus => left - right,
                    Op::Times => left * right,
                    Op::By if right == 0.0 => return None,
                    Op::By => left / right,
                }
            }
        })
    }

    fn write(&self, text: &mut String) {
        match self {
            Node::Number(number) => text.push_str(&number.to_string()),
            Node::Part(part) => text.push_str(part),
            Node::Negative(inner) => {
                text.push('-');
                inner.write_in(text, matches!(**inner, Node::Both(..)));
            }
            Node::Both(left, op, right) => {
                let loose = |node: &Node| matches!(node, Node::Both(_, inner, _) if !inner.is_tight());
                left.write_in(text, op.is_tight() && loose(left));
                text.extend([' ', op.sign(), ' ']);
                // Signs of the same kind are read from the left.
                let same = matches!(**right, Node::Both(_, inner, _) if inner.is_tight() == op.is_tight());
                right.write_in(text, same || (op.is_tight() && loose(right)));
            }
        }
    }

    fn write_in(&self, text: &mut String, parentheses: bool) {
        if parentheses {
            text.push('(');
        }
        self.write(text);
        if parentheses {
            text.push(')');
        }
    }
}

#[cfg(test)]
mod tests;
