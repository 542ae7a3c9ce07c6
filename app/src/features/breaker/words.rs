//! What the page says: the sentence on top, and the words of replays at other limits.

use protocol::view::{Breaker, BreakerFigures, Counts, LimitReplay, LimitReplays};
use protocol::{Level, State};

use crate::{
    components::{state_level, state_word},
    features::{
        bar::Sentence,
        fuses::{agreement, percent_limit, retry_words},
    },
    format::{grouped, span, span_short},
};

/// How asking for a breaker went that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Nobody has answered yet.
    UnderWay,
    /// It cannot be told.
    Failed,
    /// There is none.
    Nobody,
}

/// The sentence of the bar: what it is in and for how long, and what is next.
pub fn sentence(breaker: Option<&Breaker>, asked: Asked, now: i64) -> Sentence {
    let Some(breaker) = breaker else {
        let lead = match asked {
            Asked::UnderWay => "Asking for the breaker.",
            Asked::Failed => "No figures.",
            Asked::Nobody => "No such breaker.",
        };
        return Sentence {
            level: None,
            lead: lead.to_owned(),
            rest: String::new(),
        };
    };
    let state = agreement(breaker).unwrap_or_else(|| state_word(breaker.state).to_owned());
    let lead = match breaker.state {
        // A closed breaker may have been closed for months; that is no news.
        State::Closed => [&capital(&state), "."].concat(),
        State::Unknown => ["No word for ", &span(now - breaker.since), "."].concat(),
        _ => [&capital(&state), " for ", &span(now - breaker.since), "."].concat(),
    };
    let rest = match (breaker.state, breaker.retry_at) {
        (State::Open, Some(at)) if at > now => {
            ["Trial calls start in ", &span_short(at - now + 999), "."].concat()
        }
        (State::Open, Some(_)) => [&capital(&retry_words(breaker, now)), "."].concat(),
        (State::HalfOpen, _) => match (breaker.trials_done, breaker.trials_needed) {
            (Some(done), Some(needed)) => format!("{done} of {needed} trial calls ok."),
            _ => "Trial calls are let through.".to_owned(),
        },
        (State::Closed, _) if breaker.degraded => "Some of its backends are out.".to_owned(),
        _ => String::new(),
    };
    let level = match state_level(breaker.state) {
        Level::Ok if breaker.degraded => Level::Attention,
        level => level,
    };
    Sentence {
        level: Some(level),
        lead,
        rest,
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "41 min in all, longest 12 min".
pub fn time_open(figures: &BreakerFigures) -> String {
    match figures.opened {
        _ if figures.open_ms == 0 => "never open".to_owned(),
        0 | 1 => [&span_short(figures.open_ms), " in all"].concat(),
        _ => [
            &span_short(figures.open_ms),
            " in all, longest ",
            &span_short(figures.longest_ms),
        ]
        .concat(),
    }
}

/// All of it in one sentence, for those who cannot see the strips.
pub fn summary(figures: &BreakerFigures, range: &str) -> String {
    let again = match figures.reopened {
        0 => String::new(),
        count => [", opened again by failed trials ", &times(u64::from(count))].concat(),
    };
    let apart = match figures.disagreed_ms {
        0 => String::new(),
        ms => [" Instances disagreed for ", &span_short(ms), "."].concat(),
    };
    match figures.opened {
        0 if figures.open_ms == 0 => [range, ": it did not open.", &apart].concat(),
        opened => [
            range,
            ": opened ",
            &times(u64::from(opened)),
            ", ",
            &time_open(figures),
            &again,
            ".",
            &apart,
        ]
        .concat(),
    }
}

/// `7×`
pub fn times(count: u64) -> String {
    [&grouped(count), "×"].concat()
}

/// `1,910`, or `1,910–1,924` where it is not known exactly.
pub fn count_between(counts: Counts) -> String {
    match counts.min == counts.max {
        true => grouped(counts.min),
        false => [&grouped(counts.min), "–", &grouped(counts.max)].concat(),
    }
}

/// `41 min`, `38–41 min`, or `38 min–1 h`.
pub fn time_between(counts: Counts) -> String {
    let [min, max] = [counts.min, counts.max].map(|ms| span_short(i64::try_from(ms).unwrap_or(i64::MAX)));
    match (min.split_once(' '), max.split_once(' ')) {
        _ if min == max => min,
        (Some((number, unit)), Some((_, same))) if unit == same => [number, "–", &max].concat(),
        _ => [&min, "–", &max].concat(),
    }
}

/// What another limit would have changed, against the limit in force.
pub fn compared(at: &LimitReplay, current: Option<&LimitReplay>) -> String {
    let Some(current) = current else {
        return "The limit in force is not known, because the breaker reports none.".to_owned();
    };
    let limit = percent_limit(at.limit);
    if at.limit == current.limit {
        return [&limit, " is the limit in force. Move the slider to compare."].concat();
    }
    let failures = Difference::of(at.failures_let_through, current.failures_let_through);
    let good = Difference::of(at.good_turned_away, current.good_turned_away);
    let opened = if at.opened == current.opened {
        ["as often, ", &count_between(at.opened), "×"].concat()
    } else {
        [
            &count_between(at.opened),
            "× instead of ",
            &count_between(current.opened),
            "×",
        ]
        .concat()
    };
    [
        "At ",
        &limit,
        " it would have opened ",
        &opened,
        ", let ",
        &failures.words("failures"),
        " through and turned ",
        &good.words("good calls"),
        " away.",
    ]
    .concat()
}

/// How much more (or less) in each of the two worlds.
struct Difference {
    low: i128,
    high: i128,
}

impl Difference {
    fn of(at: Counts, current: Counts) -> Difference {
        let one = i128::from(at.min) - i128::from(current.min);
        let other = i128::from(at.max) - i128::from(current.max);
        Difference {
            low: one.min(other),
            high: one.max(other),
        }
    }

    /// "640 fewer failures", "212 to 230 more good calls", "as many failures".
    fn words(&self, what: &str) -> String {
        let number = |value: i128| grouped(u64::try_from(value.unsigned_abs()).unwrap_or(u64::MAX));
        let (low, high) = (self.low, self.high);
        let amount = match (low, high) {
            (0, 0) => return ["as many ", what].concat(),
            _ if low == high && low < 0 => [&number(low), " fewer "].concat(),
            _ if low == high => [&number(low), " more "].concat(),
            (..0, ..=0) => [&number(high), " to ", &number(low), " fewer "].concat(),
            (0.., _) => [&number(low), " to ", &number(high), " more "].concat(),
            _ => [&number(low), " fewer to ", &number(high), " more "].concat(),
        };
        [&amount, what].concat()
    }
}

/// What was replayed: how many calls, since when, and what is missing.
pub fn replayed(replays: &LimitReplays, since: Option<String>) -> String {
    let Some(since) = since else {
        return "no calls on record".to_owned();
    };
    let calls = if replays.calls == 1 { " call" } else { " calls" };
    let cut = if replays.cut { "the newest " } else { "" };
    [cut, &grouped(replays.calls), calls, " since ", &since].concat()
}

/// By which rules, and how far they can be believed.
pub fn rules(replays: &LimitReplays) -> String {
    let rules = &replays.rules;
    let told = |told: bool| if told { "" } else { " (assumed)" };
    let several = match replays.instances {
        0 | 1 => String::new(),
        count => format!(" Each of {count} instances has a window of its own; figures are added up."),
    };
    let limited = if rules.rate_limits_count {
        " Rate limits count as failures, as they did when it opened."
    } else {
        ""
    };
    format!(
        "A window of {} calls{}, open for {}{}, then {} trial calls{}: our core's rules stand in for those of the \
         library.{several}{limited}",
        grouped(u64::from(rules.window_calls)),
        told(rules.window_told),
        span(rules.open_for_ms),
        told(rules.open_for_told),
        rules.trials,
        told(rules.trials_told),
    )
}

/// Why figures are ranges; nothing when none is.
pub fn unknown(replays: &LimitReplays) -> String {
    match replays.unknown {
        0 => String::new(),
        1 => "1 call was refused in reality; how it would have ended is not known, so figures are ranges."
            .to_owned(),
        count => format!(
            "{} calls were refused in reality; how they would have ended is not known, so figures are ranges.",
            grouped(count)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::fuses::tests::breaker;

    fn exactly(value: u64) -> Counts {
        Counts {
            min: value,
            max: value,
        }
    }

    fn replay(limit: f64, opened: u64, failures: u64, good: u64) -> LimitReplay {
        LimitReplay {
            limit,
            opened: exactly(opened),
            open_ms: exactly(opened * 60_000),
            failures_let_through: exactly(failures),
            good_turned_away: exactly(good),
        }
    }

    #[test]
    fn the_bar_says_state_and_what_is_next() {
        let mut b = breaker(State::Open);
        let say = |b: &Breaker, now: i64| {
            let Sentence { lead, rest, .. } = sentence(Some(b), Asked::UnderWay, now);
            [lead, " ".into(), rest].concat()
        };
        b.retry_at = Some(1_264_000);
        assert_eq!(
            say(&b, 1_246_000),
            "Open for 4 min 06 s. Trial calls start in 18 s."
        );
        assert_eq!(say(&b, 1_264_000), "Open for 4 min 24 s. Retry is due.");
        (b.agree, b.counts) = (false, vec![(State::Open, 2), (State::Closed, 1)]);
        assert_eq!(
            say(&b, 1_246_000),
            "Open on 2 of 3 for 4 min 06 s. Trial calls start in 18 s."
        );
        assert_eq!(say(&breaker(State::Closed), 9_000_000), "Closed. ");
        assert_eq!(
            say(&breaker(State::Unknown), 1_180_000),
            "No word for 3 min 00 s. "
        );
        for (asked, lead) in [
            (Asked::UnderWay, "Asking for the breaker."),
            (Asked::Failed, "No figures."),
            (Asked::Nobody, "No such breaker."),
        ] {
            let said = sentence(None, asked, 0);
            assert_eq!((said.level, said.lead.as_str()), (None, lead));
        }
    }

    #[test]
    fn history_in_one_sentence() {
        let mut figures = BreakerFigures::default();
        assert_eq!(summary(&figures, "Last 7 days"), "Last 7 days: it did not open.");
        (figures.opened, figures.open_ms, figures.longest_ms) = (7, 41 * 60_000, 12 * 60_000);
        (figures.reopened, figures.disagreed_ms) = (2, 60_000);
        assert_eq!(
            summary(&figures, "Last 7 days"),
            "Last 7 days: opened 7×, 41 min in all, longest 12 min, opened again by failed trials 2×. \
             Instances disagreed for 1 min."
        );
    }

    #[test]
    fn another_limit_is_told_by_what_it_changes() {
        let current = replay(0.5, 7, 1_910, 86);
        let words = |at: &LimitReplay| compared(at, Some(&current));
        assert_eq!(
            words(&replay(0.35, 9, 1_270, 298)),
            "At 35% it would have opened 9× instead of 7×, let 640 fewer failures through and turned 212 more good \
             calls away."
        );
        assert_eq!(
            words(&replay(0.55, 7, 1_910, 86)),
            "At 55% it would have opened as often, 7×, let as many failures through and turned as many good calls away."
        );
        let mut vague = replay(0.35, 9, 1_270, 298);
        vague.failures_let_through.max = 1_290;
        vague.good_turned_away.max = 306;
        vague.opened.max = 11;
        assert_eq!(
            words(&vague),
            "At 35% it would have opened 9–11× instead of 7×, let 620 to 640 fewer failures through and turned 212 to \
             220 more good calls away."
        );
        vague.good_turned_away = Counts { min: 80, max: 90 };
        assert!(words(&vague).contains("turned 6 fewer to 4 more good calls away"));
        assert!(words(&current).starts_with("50% is the limit in force."));
        assert!(compared(&current, None).contains("not known"));
    }

    #[test]
    fn ranges_are_only_told_where_they_are_ranges() {
        assert_eq!(count_between(exactly(1_910)), "1,910");
        assert_eq!(count_between(Counts { min: 7, max: 9 }), "7–9");
        assert_eq!(time_between(exactly(2_460_000)), "41 min");
        let minutes = Counts {
            min: 2_280_000,
            max: 2_460_000,
        };
        assert_eq!(time_between(minutes), "38–41 min");
        let hours = Counts {
            min: 2_280_000,
            max: 3_600_000,
        };
        assert_eq!(time_between(hours), "38 min–1 h");
    }
}
