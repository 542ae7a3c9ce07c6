//! An alert in words: what it is called, and what was found.

use domain::Millis;
use domain::alert::{Condition, Labels, Quorum, Reading, Rule, Sent, Side};
use domain::breaker::State;
use protocol::query::{CALL_METRICS, Unit};

/// `Breaker open: claude-sonnet`.
pub(crate) fn title(rule: &Rule, group: &Labels) -> String {
    named(&rule.name, group)
}

/// The same, of what others have found: they name what it is about as Prometheus does.
pub(crate) fn title_of_sent(sent: &Sent) -> String {
    let name = sent.name();
    let ours = named(&name, &sent.labels);
    let own = |label: &&str| sent.labels.get(*label);
    match ["instance", "job"].iter().find_map(own) {
        Some(place) if ours == name => format!("{name}: {place}"),
        _ => ours,
    }
}

fn named(name: &str, group: &Labels) -> String {
    let of = |name: &str| group.get(name).map(String::as_str);
    let mut parts: Vec<&str> = Vec::new();
    match (of("breaker"), of("model"), of("provider")) {
        (Some(breaker), ..) => parts.push(breaker),
        (None, Some(model), Some(provider)) => parts.extend([model, "at", provider]),
        (None, Some(only), None) | (None, None, Some(only)) => parts.push(only),
        (None, None, None) => {}
    }
    if parts.is_empty() {
        let other = ["service", "deployment", "operation"];
        parts.extend(other.into_iter().find_map(of));
    }
    if let Some(environment) = of("environment").filter(|_| !parts.is_empty()) {
        parts.extend(["in", environment]);
    } else if let Some(environment) = of("environment") {
        parts.push(environment);
    }
    match parts.is_empty() {
        true => name.to_owned(),
        false => format!("{name}: {}", parts.join(" ")),
    }
}

/// What was found; `values` are those of the rule's figures.
pub(crate) fn summary(rule: &Rule, reading: &Reading, values: &[Option<f64>]) -> String {
    let Some(value) = reading.value else {
        return "nothing is known of it any more".into();
    };
    let first = values.first().copied().flatten();
    match &rule.condition {
        Condition::BreakerState(breaker) => {
            let words: Vec<String> = breaker.states.iter().map(|state| state_words(*state)).collect();
            let (count, all) = (value as u64, reading.samples);
            let of = match breaker.quorum {
                _ if all == 1 => "the only instance is".to_owned(),
                Quorum::All if count == all => format!("all {all} instances are"),
                _ => format!("{count} of {all} instances are"),
            };
            format!("{of} {}", words.join(" or "))
        }
        Condition::Threshold(threshold) => {
            let (unit, name) = metric_words(&threshold.query.metric);
            let limit = number(unit, threshold.bound.limit);
            let side = match threshold.bound.side {
                Side::Above => "above",
                Side::Below => "below",
            };
            let over = length(threshold.window);
            let found = format!("{name} is {} over {over}, {side} {limit}", number(unit, value));
            with_samples(found, rule, reading)
        }
        Condition::Absence(absence) => format!(
            "no calls for {}; {} in the hour before",
            length((value as Millis).max(absence.after)),
            reading.samples
        ),
        Condition::Change(change) => {
            let (unit, name) = metric_words(&change.query.metric);
            let now = first.map_or_else(String::new, |now| format!(" is {},", number(unit, now)));
            let way = if value >= 0.0 { "more" } else { "less" };
            let by = number(Unit::Fraction, value.abs());
            let found = format!("{name}{now} {by} {way} than before");
            with_samples(found, rule, reading)
        }
        Condition::BurnRate(burn) => {
            let shares = |pair: usize| {
                (
                    values.get(pair * 2).copied().flatten(),
                    burn_of(burn, values, pair),
                )
            };
            let worst = (0..burn.windows.len())
                .filter_map(|pair| Some((burn_of(burn, values, pair)?, pair)))
                .max_by(|a, b| (a.0 / burn.windows[a.1].factor).total_cmp(&(b.0 / burn.windows[b.1].factor)));
            match worst {
                Some((rate, pair)) => {
                    let answered = shares(pair).0.map_or(String::new(), |share| {
                        format!(
                            "; {} where {} is promised",
                            percent(share),
                            percent(burn.objective)
                        )
                    });
                    let over = length(burn.windows[pair].long);
                    format!("the error budget burns {rate:.1} times too fast over {over}{answered}")
                }
                None => "the error budget burns too fast".into(),
            }
        }
        Condition::Flapping(flapping) => {
            format!("opened {} times within {}", value as u64, length(flapping.within))
        }
    }
}

/// The slower of the two rates of a pair.
fn burn_of(burn: &domain::alert::BurnRate, values: &[Option<f64>], pair: usize) -> Option<f64> {
    let share = |nth: usize| values.get(nth).copied().flatten();
    let (long, short) = (share(pair * 2)?, share(pair * 2 + 1)?);
    Some(burn.burn(long).min(burn.burn(short)))
}

fn with_samples(found: String, rule: &Rule, reading: &Reading) -> String {
    match (rule.min_samples, reading.samples) {
        (0, _) => found,
        (_, 1) => format!("{found} (1 call)"),
        (_, samples) => format!("{found} ({samples} calls)"),
    }
}

fn metric_words(metric: &str) -> (Unit, String) {
    let known = CALL_METRICS.iter().find(|known| known.name == metric);
    let unit = protocol::query::info(metric).map_or(Unit::Count, |info| info.unit);
    (
        unit,
        known.map_or_else(|| metric.to_owned(), |known| known.title.to_lowercase()),
    )
}

fn state_words(state: State) -> String {
    state
        .as_str()
        .replace('_', "-")
        .replace("forced-open", "forced open")
}

/// A figure, short enough for a line.
fn number(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Fraction => percent(value),
        Unit::Milliseconds if value >= 1_000.0 => format!("{} s", short(value / 1_000.0)),
        Unit::Milliseconds => format!("{} ms", short(value)),
        Unit::Usd => format!("${value:.2}"),
        Unit::TokensPerSecond => format!("{}/s", short(value)),
        Unit::Count | Unit::Tokens => short(value),
    }
}

fn percent(share: f64) -> String {
    format!("{}%", short(share * 100.0))
}

/// Three digits that count, at most two behind the point.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        big if big >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A length of time: `15 min`.
pub(crate) fn length(ms: Millis) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use domain::alert::defaults;

    use super::*;

    fn rule(key: &str) -> Rule {
        let found = defaults().into_iter().find(|(known, _)| *known == key);
        found.unwrap().1
    }

    fn group(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
    }

    fn found(value: f64, samples: u64) -> Reading {
        Reading {
            at: 0,
            value: Some(value),
            samples,
            since: None,
        }
    }

    #[test]
    fn titles_name_what_it_is_about() {
        for (key, labels, expected) in [
            (
                "breaker_open",
                &[("breaker", "claude-sonnet"), ("provider", "anthropic")][..],
                "Breaker open: claude-sonnet",
            ),
            (
                "slower_than_usual",
                &[
                    ("provider", "openai"),
                    ("model", "gpt-5"),
                    ("environment", "prod"),
                ],
                "Slower than usual: gpt-5 at openai in prod",
            ),
            (
                "attempts_failing",
                &[("provider", "openai")],
                "Attempts failing: openai",
            ),
            (
                "budget_burning",
                &[("environment", "prod")],
                "Error budget burning: prod",
            ),
            ("budget_burning", &[], "Error budget burning"),
            ("service_silent", &[("service", "chat")], "Service silent: chat"),
        ] {
            assert_eq!(title(&rule(key), &group(labels)), expected);
        }
    }

    #[test]
    fn summaries_say_what_was_found_and_the_limit() {
        for (key, reading, values, expected) in [
            ("breaker_open", found(2.0, 3), vec![], "2 of 3 instances are open"),
            ("breaker_open", found(1.0, 1), vec![], "the only instance is open"),
            (
                "attempts_failing",
                found(0.38, 412),
                vec![Some(0.38), Some(412.0)],
                "attempt success is 38% over 5 min, below 90% (412 calls)",
            ),
            (
                "slower_than_usual",
                found(1.4, 150),
                vec![Some(2_412.0), Some(1_005.0)],
                "latency p95 is 2.41 s, 140% more than before (150 calls)",
            ),
            (
                "budget_burning",
                found(1.2, 900),
                vec![Some(0.913), Some(0.90), Some(0.99), Some(0.99), Some(900.0)],
                "the error budget burns 17.4 times too fast over 60 min; 91.3% where 99.5% is promised",
            ),
            (
                "access_refused",
                found(7.0, 0),
                vec![Some(7.0)],
                "outcomes is 7 over 5 min, above 4",
            ),
            (
                "service_silent",
                found(900_000.0, 640),
                vec![],
                "no calls for 15 min; 640 in the hour before",
            ),
            (
                "breaker_flapping",
                found(5.0, 0),
                vec![],
                "opened 5 times within 15 min",
            ),
        ] {
            assert_eq!(summary(&rule(key), &reading, &values), expected, "{key}");
        }
    }
}
