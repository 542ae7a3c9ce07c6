//! What a fuse says beside its lever: the failure rate against its limit, or what happens next.

use protocol::{State, view::Breaker};

use crate::{
    components::state_word,
    format::{NOTHING, percent, span_short},
};

/// The words of a fuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FuseWords {
    /// Large: a rate, or how many trial calls are done.
    pub head: String,
    /// Small, under it: the limit, or what is next.
    pub sub: String,
}

/// Its words change with the clock alone. Those of closed breakers do not, so a calm board has nothing to redraw.
pub fn ticks(breaker: &Breaker) -> bool {
    !matches!(
        breaker.state,
        State::Closed | State::Disabled | State::MetricsOnly
    )
}

/// What happens next to an open breaker: "retry in 18 s", or how long it has been open.
pub fn retry_words(breaker: &Breaker, now: i64) -> String {
    match breaker.retry_at {
        Some(at) if at > now => ["retry in ", &span_short(at - now + 999)].concat(),
        Some(_) => "retry is due".to_owned(),
        None => ["for ", &span_short(now - breaker.since)].concat(),
    }
}

/// "open on 2 of 3", where instances disagree; `None` where they agree.
pub fn agreement(breaker: &Breaker) -> Option<String> {
    if breaker.agree {
        return None;
    }
    let all: u32 = breaker.counts.iter().map(|(_, count)| count).sum();
    let shown = breaker
        .counts
        .iter()
        .find(|(state, _)| *state == breaker.state)
        .map_or(0, |(_, count)| *count);
    Some(format!("{} on {shown} of {all}", state_word(breaker.state)))
}

/// The words of this breaker at this time (server clock, epoch milliseconds).
pub fn fuse_words(breaker: &Breaker, now: i64) -> FuseWords {
    let rate = || percent(breaker.failure_rate);
    let lasted = || span_short(now - breaker.since);
    let (head, sub) = match breaker.state {
        State::Closed if breaker.degraded => (rate(), "some are out".to_owned()),
        State::Closed => (rate(), limit(breaker)),
        State::Open if breaker.failure_rate.is_none() && breaker.retry_at.is_some() => {
            (lasted(), retry_words(breaker, now))
        }
        State::Open => (rate(), retry_words(breaker, now)),
        State::HalfOpen => match (breaker.trials_done, breaker.trials_needed) {
            (Some(done), Some(needed)) => (format!("{done} / {needed}"), "trial calls ok".to_owned()),
            _ => (lasted(), "on trial".to_owned()),
        },
        State::ForcedOpen if breaker.reason.is_empty() => (NOTHING.to_owned(), ["for ", &lasted()].concat()),
        State::ForcedOpen => (NOTHING.to_owned(), breaker.reason.clone()),
        State::Disabled => (NOTHING.to_owned(), "never trips".to_owned()),
        State::MetricsOnly => (rate(), "never trips".to_owned()),
        State::Unknown => (NOTHING.to_owned(), ["no word for ", &lasted()].concat()),
    };
    FuseWords {
        head,
        sub: agreement(breaker).unwrap_or(sub),
    }
}

fn limit(breaker: &Breaker) -> String {
    match (breaker.failure_threshold, breaker.failure_rate) {
        (Some(limit), _) => ["of ", &percent_limit(limit)].concat(),
        (None, Some(_)) => "failing".to_owned(),
        (None, None) => "no rate told".to_owned(),
    }
}

/// Limits are round numbers: `50%`, `2.5%`; never `2.0%`.
pub fn percent_limit(limit: f64) -> String {
    percent(Some(limit)).replace(".0%", "%")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn breaker(state: State) -> Breaker {
        Breaker {
            key: 1,
            id: "b_0000000000000001".into(),
            breaker: "claude-sonnet".into(),
            environment: String::new(),
            service: String::new(),
            deployment: String::new(),
            provider: "anthropic".into(),
            model: String::new(),
            state,
            since: 1_000_000,
            counts: vec![(state, 3)],
            agree: true,
            dissent: Vec::new(),
            failure_rate: Some(0.62),
            failure_threshold: Some(0.5),
            calls: 50,
            retry_at: None,
            trials_done: None,
            trials_needed: None,
            reason: String::new(),
            shared: false,
            degraded: false,
            strip: "-".repeat(30),
        }
    }

    fn said(breaker: &Breaker, now: i64) -> (String, String) {
        let words = fuse_words(breaker, now);
        (words.head, words.sub)
    }

    fn pair(head: &str, sub: &str) -> (String, String) {
        (head.to_owned(), sub.to_owned())
    }

    #[test]
    fn closed_shows_the_rate_against_its_limit() {
        let mut b = breaker(State::Closed);
        b.failure_rate = Some(0.002);
        assert_eq!(said(&b, 0), pair("0.2%", "of 50%"));
        b.failure_threshold = Some(0.05);
        assert_eq!(said(&b, 0), pair("0.2%", "of 5%"));
        b.failure_threshold = None;
        assert_eq!(said(&b, 0), pair("0.2%", "failing"));
        b.failure_rate = None;
        assert_eq!(said(&b, 0), pair("—", "no rate told"));
    }

    #[test]
    fn open_counts_down_to_its_retry() {
        let mut b = breaker(State::Open);
        b.retry_at = Some(1_020_000);
        assert_eq!(said(&b, 1_002_000), pair("62%", "retry in 18 s"));
        assert_eq!(said(&b, 1_019_999), pair("62%", "retry in 1 s"), "never in 0 s");
        assert_eq!(said(&b, 1_020_000), pair("62%", "retry is due"));
        b.failure_rate = None;
        assert_eq!(said(&b, 1_002_000), pair("2 s", "retry in 18 s"));
        b.retry_at = None;
        assert_eq!(said(&b, 1_246_000), pair("—", "for 4 min"));
    }

    #[test]
    fn half_open_counts_trials_when_it_is_told() {
        let mut b = breaker(State::HalfOpen);
        assert_eq!(said(&b, 1_009_000), pair("9 s", "on trial"));
        (b.trials_done, b.trials_needed) = (Some(3), Some(5));
        assert_eq!(said(&b, 1_009_000), pair("3 / 5", "trial calls ok"));
    }

    #[test]
    fn forced_says_why_and_unknown_for_how_long() {
        let mut b = breaker(State::ForcedOpen);
        assert_eq!(said(&b, 1_720_000), pair("—", "for 12 min"));
        b.reason = "by ops-2".into();
        assert_eq!(said(&b, 1_720_000), pair("—", "by ops-2"));
        assert_eq!(
            said(&breaker(State::Unknown), 1_180_000),
            pair("—", "no word for 3 min")
        );
    }

    #[test]
    fn disagreement_is_said_before_anything_else() {
        let mut b = breaker(State::Open);
        (b.agree, b.counts) = (false, vec![(State::Open, 2), (State::Closed, 1)]);
        assert_eq!(said(&b, 1_002_000), pair("62%", "open on 2 of 3"));
        (b.state, b.counts) = (State::HalfOpen, vec![(State::HalfOpen, 2), (State::Closed, 1)]);
        assert_eq!(said(&b, 1_002_000).1, "half-open on 2 of 3");
    }

    #[test]
    fn a_calm_board_does_not_tick() {
        assert!(!ticks(&breaker(State::Closed)));
        assert!(ticks(&breaker(State::Open)));
    }
}
