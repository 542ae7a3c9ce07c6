//! The order of rows: as the server has it, the worst first, or by a column. It is decided when the page asks for it
//! and stays while figures are refreshed: rows must not jump away under a finger.

use std::cmp::Ordering;

use protocol::Level;
use protocol::view::{ProviderRow, Providers};

use super::words;
use crate::format::{latency_short, rate};

/// A column that rows can be sorted by.
pub(super) struct Column {
    /// In `data-column`.
    pub key: &'static str,
    /// On screen.
    pub title: &'static str,
    /// How it is computed, for `title`.
    pub about: &'static str,
    /// Low is bad; a first click shows what is bad.
    pub low_is_bad: bool,
    /// What it is sorted by; absent values come last.
    pub value: fn(&ProviderRow) -> Option<f64>,
    /// What it shows.
    pub text: fn(&ProviderRow) -> String,
}

/// The columns, in drawn order. The first two are words.
pub(super) const COLUMNS: [Column; 11] = [
    column(
        "name",
        "Provider",
        "By name",
        true,
        |_| None,
        |row| row.name.clone(),
    ),
    column(
        "said",
        "Our calls",
        "What our calls say about the last 5 minutes of the range",
        false,
        |row| Some(urgency(row.said.level)),
        |row| row.said.words.clone(),
    ),
    column(
        "rate",
        "Calls/s",
        "Attempts per second over the range",
        false,
        |row| row.rate,
        |row| row.rate.map_or(crate::format::NOTHING.to_owned(), rate),
    ),
    column(
        "success",
        "Success",
        "Attempt success: ok ÷ attempts that are not neutral, auth or quota",
        true,
        |row| row.success,
        words::success,
    ),
    column(
        "p50",
        "p50",
        "Half of the answers took no longer",
        false,
        |row| row.p50_ms,
        |row| latency_short(row.p50_ms),
    ),
    column(
        "p95",
        "p95",
        "95% of the answers took no longer",
        false,
        |row| row.p95_ms,
        |row| latency_short(row.p95_ms),
    ),
    column(
        "p99",
        "p99",
        "99% of the answers took no longer",
        false,
        |row| row.p99_ms,
        |row| latency_short(row.p99_ms),
    ),
    column(
        "ttft",
        "First token p95",
        "95% of the streams began no later",
        false,
        |row| row.ttft_p95_ms,
        |row| latency_short(row.ttft_p95_ms),
    ),
    column(
        "tokens",
        "Tokens/s",
        "Output tokens per second of a stream, after its first token",
        true,
        |row| row.tokens_per_second,
        |row| {
            row.tokens_per_second
                .map_or(crate::format::NOTHING.to_owned(), rate)
        },
    ),
    column(
        "cost",
        "Cost/1k",
        "Known costs per thousand answers, US dollars",
        false,
        |row| row.cost_per_1k,
        words::cost,
    ),
    column(
        "breakers",
        "Breakers",
        "Its breakers, and how many are open now",
        false,
        |row| (row.breakers > 0).then(|| f64::from(row.breakers_open)),
        words::breakers,
    ),
];

const fn column(
    key: &'static str,
    title: &'static str,
    about: &'static str,
    low_is_bad: bool,
    value: fn(&ProviderRow) -> Option<f64>,
    text: fn(&ProviderRow) -> String,
) -> Column {
    Column {
        key,
        title,
        about,
        low_is_bad,
        value,
        text,
    }
}

fn urgency(level: Level) -> f64 {
    match level {
        Level::Ok => 0.0,
        Level::Unknown => 1.0,
        Level::Attention => 2.0,
        Level::Act => 3.0,
    }
}

/// What the visitor has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Wish {
    /// By which of [`COLUMNS`], and whether from the lowest; `None` is the worst first.
    pub by: Option<(usize, bool)>,
    /// Rises with each click, so that the same wish sorts anew.
    pub turn: u32,
}

impl Wish {
    /// The wish after a click on a column's head: what is bad first, then the other way round.
    pub fn click(self, column: usize) -> Wish {
        let rising = match self.by {
            Some((before, rising)) if before == column => !rising,
            _ => COLUMNS[column].low_is_bad,
        };
        Wish {
            by: Some((column, rising)),
            turn: self.turn + 1,
        }
    }

    /// Back to the worst first.
    pub fn worst_first(self) -> Wish {
        Wish {
            by: None,
            turn: self.turn + 1,
        }
    }
}

/// Rows in their order, and why they have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Arranged {
    /// Of providers.
    pub names: Vec<String>,
    wish: Wish,
    range: (String, String),
}

/// Keeps the order that there was, with who is new at the end; sorts when something else is asked for.
pub(super) fn arrange(before: Option<&Arranged>, figures: &Providers, wish: Wish) -> Arranged {
    let range = (figures.asked_from.clone(), figures.asked_to.clone());
    let names = match before {
        Some(before) if before.wish == wish && before.range == range => {
            let has = |name: &String| figures.rows.iter().any(|row| row.name == *name);
            let mut names: Vec<String> = before.names.iter().filter(|name| has(name)).cloned().collect();
            for row in &figures.rows {
                if !names.contains(&row.name) {
                    names.push(row.name.clone());
                }
            }
            names
        }
        _ => sorted(figures, wish),
    };
    Arranged { names, wish, range }
}

fn sorted(figures: &Providers, wish: Wish) -> Vec<String> {
    let mut rows: Vec<&ProviderRow> = figures.rows.iter().collect();
    if let Some((column, rising)) = wish.by {
        rows.sort_by(|one, other| compare(one, other, column, rising));
    }
    rows.into_iter().map(|row| row.name.clone()).collect()
}

fn compare(one: &ProviderRow, other: &ProviderRow, column: usize, rising: bool) -> Ordering {
    let value = COLUMNS[column].value;
    let by_value = match (value(one), value(other)) {
        (Some(one), Some(other)) if rising => one.total_cmp(&other),
        (Some(one), Some(other)) => other.total_cmp(&one),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    let by_name = one.name.cmp(&other.name);
    // The first column has no value: its name decides, both ways.
    by_value.then(if column == 0 && !rising {
        by_name.reverse()
    } else {
        by_name
    })
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::row;
    use super::*;

    fn figures(rows: &[(&str, Option<f64>)]) -> Providers {
        let rows = rows.iter().map(|(name, success)| {
            let mut row = row(name, Level::Ok, "ok");
            row.success = *success;
            row
        });
        Providers {
            rows: rows.collect(),
            ..Providers::default()
        }
    }

    fn index(key: &str) -> usize {
        COLUMNS
            .iter()
            .position(|column| column.key == key)
            .expect("a column")
    }

    #[test]
    fn clicks_sort_what_is_bad_first_and_then_the_other_way_round() {
        let figures = figures(&[("c", Some(0.5)), ("a", None), ("b", Some(0.9)), ("d", Some(0.5))]);
        let once = Wish::default().click(index("success"));
        assert_eq!(arrange(None, &figures, once).names, ["c", "d", "b", "a"]);
        let twice = once.click(index("success"));
        assert_eq!(arrange(None, &figures, twice).names, ["b", "c", "d", "a"]);
        assert_eq!(
            arrange(None, &figures, twice.worst_first()).names,
            ["c", "a", "b", "d"]
        );
        let name = twice.click(0);
        assert_eq!(arrange(None, &figures, name).names, ["a", "b", "c", "d"]);
        assert_eq!(arrange(None, &figures, name.click(0)).names, ["d", "c", "b", "a"]);
    }

    #[test]
    fn rows_stay_where_they_are_while_figures_change() {
        let first = arrange(
            None,
            &figures(&[("b", Some(0.5)), ("a", Some(0.9))]),
            Wish::default(),
        );
        let mut later = figures(&[("new", Some(0.1)), ("a", Some(0.2)), ("b", Some(0.9))]);
        let second = arrange(Some(&first), &later, Wish::default());
        assert_eq!(second.names, ["b", "a", "new"]);
        let asked = arrange(Some(&second), &later, Wish::default().worst_first());
        assert_eq!(asked.names, ["new", "a", "b"]);
        later.asked_from = "now-1h".into();
        assert_eq!(
            arrange(Some(&second), &later, Wish::default()).names,
            ["new", "a", "b"],
            "another range"
        );
        later.rows.remove(1);
        assert_eq!(arrange(Some(&asked), &later, asked.wish).names, ["new", "b"]);
    }
}
