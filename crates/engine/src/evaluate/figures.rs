//! What a rule about calls needs to know at one moment, and what it makes of it.
//!
//! A rule's value follows from *figures*: a metric over a window that ended so long ago. Live evaluation asks for each as
//! one point over its window; a backtest slides the windows over stored buckets. Both then come here.

use std::collections::BTreeMap;

use domain::Millis;
use domain::alert::{Condition, Labels, Reading, Rule};
use protocol::query::{CALL_METRICS, quantile};

/// A metric over a window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Figure {
    pub metric: String,
    /// How long the window is.
    pub window: Millis,
    /// How long before the moment it ended.
    pub lag: Millis,
}

/// The figures of a rule, and the groups they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needs {
    pub group_by: Vec<String>,
    pub filter: String,
    pub figures: Vec<Figure>,
}

/// Whether a group is there: what an absence is found with.
const PRESENCE: &str = "attempts";
/// One bucket.
pub(crate) const STEP: Millis = 10_000;
const HOUR: Millis = 3_600_000;

/// What a rule about calls needs; `None` for rules about breakers.
pub(crate) fn needs(rule: &Rule) -> Option<Needs> {
    let figure = |metric: &str, window, lag| Figure {
        metric: metric.to_owned(),
        window,
        lag,
    };
    let (group_by, filter, figures) = match &rule.condition {
        Condition::BreakerState(_) | Condition::Flapping(_) => return None,
        Condition::Threshold(threshold) => {
            let query = &threshold.query;
            let mut figures = vec![figure(&query.metric, threshold.window, 0)];
            if rule.min_samples > 0 {
                figures.push(figure(samples_of(&query.metric), threshold.window, 0));
            }
            (&query.group_by, &query.filter, figures)
        }
        Condition::Absence(absence) => (
            &absence.group_by,
            &absence.filter,
            vec![figure(PRESENCE, STEP, 0), figure(PRESENCE, HOUR, 0)],
        ),
        Condition::Change(change) => {
            let (query, lag) = (&change.query, change.lag);
            let samples = samples_of(&query.metric);
            let figures = vec![
                figure(&query.metric, change.window, 0),
                figure(&query.metric, change.baseline, lag),
                figure(samples, change.window, 0),
                figure(samples, change.baseline, lag),
            ];
            (&query.group_by, &query.filter, figures)
        }
        Condition::BurnRate(burn) => {
            let metric = &burn.query.metric;
            let pairs = burn.windows.iter();
            let mut figures: Vec<Figure> = pairs
                .flat_map(|pair| [figure(metric, pair.long, 0), figure(metric, pair.short, 0)])
                .collect();
            let shortest = burn.windows.iter().map(|pair| pair.long).min().unwrap_or(HOUR);
            figures.push(figure(samples_of(metric), shortest, 0));
            (&burn.query.group_by, &burn.query.filter, figures)
        }
    };
    Some(Needs {
        group_by: group_by.clone(),
        filter: filter.clone(),
        figures,
    })
}

/// The metric that counts what a metric is made of. While a breaker is open requests do not become attempts, and
/// *answered* is about requests.
fn samples_of(metric: &str) -> &'static str {
    match metric {
        "answered" | "requests" | "rejected" | "outcomes" => "requests",
        _ => "attempts",
    }
}

/// What is remembered of a group between two moments: when it was there last, and how much it sent in the hour before.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Seen {
    pub last: Option<Millis>,
    pub samples: u64,
}

/// What the figures of a group mean at a moment; `values` are in the order of [`needs`].
pub(crate) fn reading(rule: &Rule, at: Millis, values: &[Option<f64>], seen: &mut Seen) -> Reading {
    let value = |nth: usize| values.get(nth).copied().flatten();
    let count = |nth: usize| value(nth).map_or(0, |count| count.max(0.0) as u64);
    let (found, samples, since) = match &rule.condition {
        Condition::BreakerState(_) | Condition::Flapping(_) => (None, 0, None),
        Condition::Threshold(_) => (value(0), count(1), None),
        Condition::Absence(absence) => {
            if count(0) > 0 {
                *seen = Seen {
                    last: Some(at),
                    samples: count(1),
                };
            }
            let since = seen.last.map(|last| last + absence.after);
            (seen.last.map(|last| (at - last) as f64), seen.samples, since)
        }
        Condition::Change(change) => {
            let whole = change.baseline as f64 / change.window as f64;
            let before = match adds_up(&change.query.metric) {
                true => value(1).map(|sum| sum / whole),
                false => value(1),
            };
            let samples = count(2).min((count(3) as f64 / whole.max(1.0)) as u64);
            (change.value(value(0), before), samples, None)
        }
        Condition::BurnRate(burn) => {
            let shares: Vec<(Option<f64>, Option<f64>)> = (0..burn.windows.len())
                .map(|pair| (value(pair * 2), value(pair * 2 + 1)))
                .collect();
            (burn.value(&shares), count(burn.windows.len() * 2), None)
        }
    };
    Reading {
        at,
        value: found,
        samples,
        since,
    }
}

/// Values over a longer window are larger.
fn adds_up(metric: &str) -> bool {
    quantile(metric).is_none()
        && CALL_METRICS
            .iter()
            .any(|known| known.name == metric && known.adds_up())
}

/// The labels of a group as an answer names it; a dimension without a value is left out.
pub(crate) fn labels_of(group: &BTreeMap<String, String>) -> Labels {
    let given = group.iter().filter(|(_, value)| !value.is_empty());
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The labels of an alert: the rule's own, the group's, the rule's name and severity.
pub(crate) fn labels_with(rule: &Rule, group: &Labels) -> Labels {
    let mut labels = rule.labels.clone();
    labels.extend(group.clone());
    labels.insert(domain::alert::RULE_LABEL.into(), rule.name.clone());
    labels.insert(
        domain::alert::SEVERITY_LABEL.into(),
        rule.severity.as_str().into(),
    );
    labels
}
