//! The pages of breakers over the last seven days, of the board's breakers.

use protocol::view::{
    Breaker, BreakerFigures, BreakerPage, BreakerRow, Breakers, Change, Hour, InstanceRow, InstanceState,
    InstanceStrips, State, StripRow, Strips,
};

use super::NOW;

const DAY: i64 = 86_400_000;

/// The Breakers page: who is open first.
pub fn breakers(board: &[Breaker]) -> Breakers {
    let mut rows: Vec<BreakerRow> = board.iter().map(row).collect();
    rows.sort_by_key(|row| (row.breaker.state != State::Open, row.breaker.breaker.clone()));
    Breakers {
        asked_from: "now-7d".into(),
        asked_to: "now".into(),
        words: "Last 7 days".into(),
        from: NOW - 7 * DAY,
        to: NOW,
        as_of: NOW,
        read_from: NOW - 7 * DAY,
        rows,
    }
}

fn row(breaker: &Breaker) -> BreakerRow {
    let open = breaker.state == State::Open;
    let instance = |(nth, state): (usize, State)| InstanceState {
        instance: format!("api-{}", nth + 1),
        state,
    };
    let states = breaker
        .counts
        .iter()
        .flat_map(|(state, count)| std::iter::repeat_n(*state, *count as usize));
    BreakerRow {
        instances: states.enumerate().map(instance).collect(),
        figures: if open {
            figures()
        } else {
            BreakerFigures::default()
        },
        strip: [
            "c".repeat(40),
            if open { "ccccccoo" } else { "cccccccc" }.to_owned(),
        ]
        .concat(),
        breaker: breaker.clone(),
    }
}

fn figures() -> BreakerFigures {
    BreakerFigures {
        opened: 7,
        reopened: 2,
        open_ms: 41 * 60_000,
        longest_ms: 12 * 60_000,
        still_open: true,
        top_cause: "rate limited".into(),
        top_cause_count: 5,
        disagreed_ms: 90_000,
    }
}

/// The page of one breaker: open on two of three instances, as drawn.
pub fn breaker(board: &Breaker) -> BreakerPage {
    let state = |nth: i64| if nth < 2 { State::Open } else { State::Closed };
    let name = |nth: i64| format!("api-{}", 3 + 2 * nth);
    let day = |nth: i64| StripRow {
        // Midnight at UTC+2.
        from: NOW - NOW.rem_euclid(DAY) - 2 * 3_600_000 - (7 - nth) * DAY,
        cells: match nth {
            0 => [" ".repeat(87), "c".repeat(57)].concat(),
            7 => ["c".repeat(86), "o".to_owned(), " ".repeat(57)].concat(),
            3 => ["c".repeat(90), "ooh".to_owned(), "c".repeat(51)].concat(),
            _ => "c".repeat(144),
        },
    };
    let rows: Vec<StripRow> = (0..8).map(day).collect();
    let change =
        |id: u64, age: i64, nth: i64, from: State, to: State, cause: &str, held_ms: Option<i64>| Change {
            id,
            at: NOW - age,
            instance: name(nth),
            from: Some(from),
            to,
            cause: cause.into(),
            lasted_ms: Some(1_000),
            held_ms,
            inferred: false,
        };
    BreakerPage {
        asked_from: "now-7d".into(),
        asked_to: "now".into(),
        words: "Last 7 days".into(),
        from: NOW - 7 * DAY,
        to: NOW,
        as_of: NOW,
        read_from: NOW - 7 * DAY,
        breaker: board.clone(),
        instances: (0..3)
            .map(|nth| InstanceRow {
                instance: name(nth),
                state: state(nth),
                since: NOW - 246_000,
                failure_rate: Some(0.64),
                window_calls: Some(50),
                last_seen: NOW - 2_000,
                shared: false,
                strip: "c".repeat(30),
            })
            .collect(),
        not_permitted: Some(1_204),
        trip: None,
        figures: figures(),
        strips: Strips {
            cell_ms: 600_000,
            cells: 144,
            by_day: true,
            utc_offset_min: 120,
            worst: rows.clone(),
            each: (0..3)
                .map(|nth| InstanceStrips {
                    instance: name(nth),
                    opened: 7,
                    open_ms: 41 * 60_000,
                    rows: rows.clone(),
                })
                .collect(),
            left_out: 0,
        },
        hours: (0..3)
            .map(|nth| Hour {
                instance: name(nth),
                cells: ["c".repeat(55), if nth < 2 { "ooooo" } else { "ccccc" }.to_owned()].concat(),
            })
            .collect(),
        transitions: vec![
            change(
                9,
                246_000,
                0,
                State::Closed,
                State::Open,
                "24 × overloaded, 5 × timeout, of 50 calls",
                None,
            ),
            change(
                8,
                13_228_000,
                1,
                State::HalfOpen,
                State::Closed,
                "5 of 5 trial calls ok",
                Some(22_000),
            ),
            change(7, 13_258_000, 1, State::Open, State::HalfOpen, "", Some(30_000)),
            change(
                6,
                13_288_000,
                1,
                State::Closed,
                State::Open,
                "28 × timeout, of 50 calls",
                Some(30_000),
            ),
        ],
        more_transitions: 0,
    }
}
