//! Why a breaker is in its state, in words, from what the sender reported.
//!
//! Counted causes win over the sender's own sentence: they are facts in one form for every library, and the sentence
//! usually says the same less well. It stays in the journal. With neither, an opening is told by its figures.

use super::State;
use crate::Outcome;
use crate::event::{BreakerFigures, Transition};

/// The longest cause, in characters.
const LONGEST: usize = 256;
/// Kinds of failure named; the rest is added up.
const NAMED: usize = 4;

pub(super) const SILENT: &str = "silent";
pub(super) const HEARD_AGAIN: &str = "heard from again";
pub(super) const FIRST_REPORT: &str = "first report";
pub(super) const NOT_REPORTED: &str = "not reported, told by what followed";

/// "24 × overloaded, 5 × timeout, of 50 calls", else the reason given, else the figures; may be empty.
pub(super) fn of_transition(transition: &Transition) -> String {
    let counted = of_causes(&transition.causes, transition.figures.window_calls);
    let given = transition
        .reason
        .as_deref()
        .map(str::trim)
        .filter(|reason| !reason.is_empty());
    let text = match (counted, given) {
        (Some(counted), _) => counted,
        (None, Some(given)) => given.to_owned(),
        (None, None) => of_figures(transition.to, &transition.figures),
    };
    shortened(text)
}

/// What the figures alone say of an opening: "31 of 50 calls failed", "62% failing"; empty for other states.
pub(super) fn of_figures(state: State, figures: &BreakerFigures) -> String {
    match (
        state,
        figures.window_failures,
        figures.window_calls,
        figures.failure_rate,
    ) {
        (State::Open, Some(failures @ 1..), Some(calls @ 1..), _) => {
            format!("{failures} of {calls} calls failed")
        }
        (State::Open, _, _, Some(rate)) if rate > 0.0 => format!("{:.0}% failing", rate * 100.0),
        _ => String::new(),
    }
}

/// The kind of failure that a cause in words puts first, which is the most frequent one; without counts, the sentence.
/// `None` for words of ours that name no cause.
pub(super) fn leading(cause: &str) -> Option<&str> {
    let ours = [SILENT, HEARD_AGAIN, FIRST_REPORT, NOT_REPORTED];
    if cause.is_empty() || ours.contains(&cause) || is_of_figures(cause) {
        return None;
    }
    match cause.split_once(" × ") {
        Some((count, kinds)) if count.parse::<u32>().is_ok() => kinds.split(", ").next(),
        _ => Some(cause),
    }
}

/// As [`of_figures`] says it.
fn is_of_figures(cause: &str) -> bool {
    let number = |text: &str| text.parse::<u32>().is_ok();
    let share = cause
        .strip_suffix(" calls failed")
        .and_then(|of| of.split_once(" of "));
    share.is_some_and(|(failures, calls)| number(failures) && number(calls))
        || cause.strip_suffix("% failing").is_some_and(number)
}

fn of_causes(causes: &[(String, u32)], window_calls: Option<u32>) -> Option<String> {
    let mut causes: Vec<(&str, u32)> = causes.iter().map(|(name, count)| (word(name), *count)).collect();
    causes.retain(|(_, count)| *count > 0);
    causes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let rest = causes.split_off(causes.len().min(NAMED));
    if !rest.is_empty() {
        causes.push((
            "other",
            rest.iter()
                .fold(0, |sum: u32, (_, count)| sum.saturating_add(*count)),
        ));
    }
    let mut parts: Vec<String> = causes
        .iter()
        .map(|(name, count)| format!("{count} × {name}"))
        .collect();
    if parts.is_empty() {
        return None;
    }
    match window_calls {
        Some(1) => parts.push("of 1 call".into()),
        Some(calls @ 2..) => parts.push(format!("of {calls} calls")),
        _ => {}
    }
    Some(parts.join(", "))
}

/// Outcomes as said on screen; other names as sent.
fn word(name: &str) -> &str {
    match Outcome::parse(name) {
        Some(Outcome::RateLimited) => "rate limited",
        Some(Outcome::ServerError) => "server error",
        Some(Outcome::BadRequest) => "bad request",
        Some(Outcome::ContentFiltered) => "content filtered",
        _ => name,
    }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::{leading, of_transition};
    use crate::breaker::State;
    use crate::event::{BreakerFigures, BreakerRef, Transition};

    fn transition(causes: &[(&str, u32)], reason: Option<&str>, figures: BreakerFigures) -> Transition {
        Transition {
            subject: BreakerRef::default(),
            from: None,
            to: State::Open,
            seq: None,
            reason: reason.map(Into::into),
            causes: causes
                .iter()
                .map(|(name, count)| ((*name).into(), *count))
                .collect(),
            figures,
            labels: Vec::new(),
        }
    }

    fn of(calls: u32) -> BreakerFigures {
        BreakerFigures {
            window_calls: Some(calls),
            ..BreakerFigures::default()
        }
    }

    #[test]
    fn in_words() {
        let rate = BreakerFigures {
            failure_rate: Some(0.62),
            ..BreakerFigures::default()
        };
        let share = BreakerFigures {
            window_failures: Some(31),
            ..of(50)
        };
        let many = [
            ("timeout", 1),
            ("a", 9),
            ("b", 8),
            ("network", 7),
            ("rate_limited", 6),
            ("c", 0),
            ("d", 2),
        ];
        for (expected, first, transition) in [
            (
                "24 × overloaded, 5 × timeout, of 50 calls",
                Some("overloaded"),
                transition(&[("timeout", 5), ("overloaded", 24)], None, of(50)),
            ),
            (
                "1 × server error, of 1 call",
                Some("server error"),
                transition(&[("server_error", 1)], Some("tripped"), of(1)),
            ),
            (
                "9 × a, 8 × b, 7 × network, 6 × rate limited, 3 × other",
                Some("a"),
                transition(&many, None, of(0)),
            ),
            (
                "deploy",
                Some("deploy"),
                transition(&[("timeout", 0)], Some(" deploy "), of(50)),
            ),
            ("62% failing", None, transition(&[], Some(" "), rate)),
            ("31 of 50 calls failed", None, transition(&[], None, share)),
            ("", None, transition(&[], None, of(50))),
        ] {
            let cause = of_transition(&transition);
            assert_eq!(cause, expected);
            assert_eq!(leading(&cause), first);
        }
    }

    #[test]
    fn words_that_name_no_cause() {
        for ours in [
            super::SILENT,
            super::HEARD_AGAIN,
            super::FIRST_REPORT,
            super::NOT_REPORTED,
        ] {
            assert_eq!(leading(ours), None);
        }
        for theirs in ["3% failing?", "all calls failed", "twice × timeout"] {
            assert_eq!(leading(theirs), Some(theirs));
        }
    }

    #[test]
    fn never_longer_than_the_contract_says() {
        let name = "ä".repeat(128);
        let names = [(name.as_str(), 1), ("b", 2), (&name[..200], 3)];
        let cause = of_transition(&transition(&names, None, of(50)));
        assert_eq!(cause.chars().count(), 256);
        assert!(cause.ends_with('…'));
    }
}
