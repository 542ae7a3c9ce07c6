//! What the cells of a row say.

use protocol::view::{Breaker, BreakerRow};

use crate::{
    components::state_word,
    features::{
        breaker::times,
        fuses::{agreement, percent_limit},
    },
    format::{NOTHING, percent, span_short},
};

/// "open", or "open on 2 of 3".
pub(super) fn state(breaker: &Breaker) -> String {
    agreement(breaker).unwrap_or_else(|| state_word(breaker.state).to_owned())
}

/// How many live instances there are.
pub(super) fn instances(breaker: &Breaker) -> String {
    match breaker.counts.iter().map(|(_, count)| count).sum::<u32>() {
        0 => NOTHING.to_owned(),
        count => count.to_string(),
    }
}

/// "62% of 50%": the rate, and where it trips.
pub(super) fn rate(breaker: &Breaker) -> String {
    let rate = percent(breaker.failure_rate);
    match (breaker.failure_rate, breaker.failure_threshold) {
        (Some(_), Some(limit)) => [&rate, " of ", &percent_limit(limit)].concat(),
        _ => rate,
    }
}

pub(super) fn opened(row: &BreakerRow) -> String {
    match row.figures.opened {
        0 => NOTHING.to_owned(),
        count => times(u64::from(count)),
    }
}

pub(super) fn open_for(row: &BreakerRow) -> String {
    time(row.figures.open_ms)
}

pub(super) fn longest(row: &BreakerRow) -> String {
    time(row.figures.longest_ms)
}

fn time(ms: i64) -> String {
    match ms {
        0 => NOTHING.to_owned(),
        ms => span_short(ms),
    }
}

pub(super) fn cause(row: &BreakerRow) -> String {
    match row.figures.top_cause.as_str() {
        "" => NOTHING.to_owned(),
        cause => cause.to_owned(),
    }
}

/// The strip in words.
pub(super) fn strip(row: &BreakerRow) -> String {
    let cells = row.strip.chars().filter(|cell| *cell != ' ').count();
    let of = |letters: &str| row.strip.chars().filter(|cell| letters.contains(*cell)).count();
    let mut parts = Vec::new();
    for (letters, word) in [
        ("o", "open"),
        ("f", "forced open"),
        ("h", "half-open"),
        ("-", "without data"),
    ] {
        let count = of(letters);
        if count > 0 {
            parts.push(format!("{word} in {count}"));
        }
    }
    match parts.is_empty() {
        true => format!("closed in all of {cells} parts"),
        false => [&parts.join(", "), " of ", &cells.to_string(), " parts"].concat(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use protocol::State;
    use protocol::view::BreakerFigures;

    use super::*;
    use crate::features::fuses::tests::breaker;

    pub(in super::super) fn row(state: State) -> BreakerRow {
        BreakerRow {
            breaker: breaker(state),
            instances: Vec::new(),
            figures: BreakerFigures::default(),
            strip: "c".repeat(48),
        }
    }

    #[test]
    fn nothing_is_a_dash_and_never_a_zero() {
        let mut row = row(State::Closed);
        assert_eq!(
            [opened(&row), open_for(&row), longest(&row), cause(&row)],
            ["—", "—", "—", "—"]
        );
        row.figures = BreakerFigures {
            opened: 7,
            open_ms: 2_460_000,
            longest_ms: 720_000,
            top_cause: "rate limited".into(),
            ..BreakerFigures::default()
        };
        assert_eq!(
            [opened(&row), open_for(&row), longest(&row), cause(&row)],
            ["7×", "41 min", "12 min", "rate limited"]
        );
    }

    #[test]
    fn rates_stand_beside_their_limit() {
        let mut row = row(State::Closed);
        assert_eq!(rate(&row.breaker), "62% of 50%");
        row.breaker.failure_threshold = None;
        assert_eq!(rate(&row.breaker), "62%");
        row.breaker.failure_rate = None;
        assert_eq!(rate(&row.breaker), "—");
    }

    #[test]
    fn strips_are_said_by_what_is_not_closed() {
        let mut row = row(State::Open);
        assert_eq!(strip(&row), "closed in all of 48 parts");
        row.strip = ["c".repeat(40), "oohf--".into(), "  ".into()].concat();
        assert_eq!(
            strip(&row),
            "open in 2, forced open in 1, half-open in 1, without data in 2 of 46 parts"
        );
    }
}
