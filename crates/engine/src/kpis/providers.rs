//! The table of providers: what each did, and what it ate of the budget.
//!
//! **Ate of the budget**: a call is lost for whoever asked when it ends neither ok nor neutral, also when a breaker refused it
//! on behalf of its provider. Which of the attempts of a request was the one that left it unanswered nobody reports, so what
//! was spent is shared out by lost calls, those that a retry or a stand-in made good among them. Nothing unanswered, nothing
//! eaten.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use domain::Outcome;
use protocol::query::QuerySeries;
use protocol::view::KpiProvider;

use super::ask::{Part, count, provider};
use super::breakers::Opened;
use super::figures::{self, Sheets};
use crate::pages::provider_id;

/// How the share of the budget is found, for the page.
pub(super) const ATE: &str = "Ate of budget: a provider's share of the calls that ended neither ok nor neutral, those that a \
                              breaker refused for it and those that a retry or a stand-in made good among them.";

/// What is asked of the whole period.
pub(super) fn parts() -> Vec<Part> {
    ["answers", "attempt_success", "ttft_p95", "cost", "outcomes"]
        .map(by_provider)
        .to_vec()
}

/// What is asked of its days.
pub(super) fn day_parts() -> Vec<Part> {
    vec![by_provider("answers")]
}

fn by_provider(metric: &str) -> Part {
    Part {
        by_provider: true,
        ..Part::of(metric)
    }
}

/// The rows, the busiest first.
pub(super) fn rows(sheets: &Sheets<'_>, opened: &Opened) -> Vec<KpiProvider> {
    let whole = sheets.whole;
    let answers = whole.by_provider("answers");
    let (success, ttft, cost) = (
        whole.by_provider("attempt_success"),
        whole.by_provider("ttft_p95"),
        whole.by_provider("cost"),
    );
    let lost = lost(whole.series(&by_provider("outcomes")));
    let all_lost: f64 = lost.values().sum();
    let spent = figures::unanswered(whole) > 0;
    let called: BTreeSet<&str> = whole
        .series(&by_provider("outcomes"))
        .iter()
        .map(provider)
        .collect();
    let names = called
        .into_iter()
        .chain(opened.providers())
        .filter(|name| !name.is_empty());
    let names: BTreeSet<&str> = names.collect();
    let mut rows: Vec<KpiProvider> = names
        .into_iter()
        .map(|name| {
            let breakers = opened.of(name);
            let ate = lost.get(name).copied().unwrap_or_default() / all_lost;
            KpiProvider {
                name: name.to_owned(),
                id: provider_id(name),
                answers: count(answers.get(name).copied()),
                success: success.get(name).copied(),
                ttft_p95: ttft.get(name).copied(),
                cost: cost.get(name).copied(),
                opened: breakers.map_or(0, |breakers| breakers.opened),
                open_ms: breakers.map_or(0, |breakers| breakers.open_ms),
                ate: (spent && all_lost > 0.0).then_some(ate),
                days: days(sheets, name),
            }
        })
        .collect();
    rows.sort_by_key(|row| Reverse(row.answers));
    rows
}

/// Calls of each provider that count against *answered*.
fn lost(series: &[QuerySeries]) -> BTreeMap<&str, f64> {
    let mut lost: BTreeMap<&str, f64> = BTreeMap::new();
    for line in series {
        let outcome = line.group.get("outcome").and_then(|name| Outcome::parse(name));
        let value = line.points.first().and_then(|(_, value)| *value);
        let counts = outcome.is_some_and(|outcome| outcome != Outcome::Ok && !outcome.is_neutral());
        if let Some(value) = value.filter(|_| counts) {
            *lost.entry(provider(line)).or_default() += value;
        }
    }
    lost
}

fn days(sheets: &Sheets<'_>, name: &str) -> Vec<Option<f64>> {
    let lines = sheets.days.series(&by_provider("answers"));
    let line = lines.iter().find(|line| provider(line) == name);
    let points = line.map_or(&[][..], |line| line.points.as_slice());
    let value = |day: usize| points.get(day).and_then(|(_, value)| *value);
    (0..sheets.day_count).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neutral_calls_and_answers_are_not_lost() {
        let line = |provider: &str, outcome: &str, calls: f64| QuerySeries {
            group: [("provider", provider), ("outcome", outcome)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            points: vec![(0, Some(calls))],
        };
        let lines = [
            line("a", "ok", 90.0),
            line("a", "timeout", 3.0),
            line("a", "rejected", 4.0),
            line("a", "cancelled", 9.0),
            line("b", "auth", 1.0),
        ];
        let expected = BTreeMap::from([("a", 7.0), ("b", 1.0)]);
        assert_eq!(lost(&lines), expected);
    }
}
