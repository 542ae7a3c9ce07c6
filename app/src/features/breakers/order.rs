//! The order of rows: as the server had it when the page asked, the worst first. It stays while figures are refreshed:
//! rows must not jump away under a finger.

use std::collections::BTreeSet;

use protocol::view::{BreakerRow, Breakers};

/// Rows in their order, and why they have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Arranged {
    /// Of breakers.
    pub keys: Vec<u64>,
    turn: u32,
    range: (String, String),
}

/// Keeps the order that there was, with who is new at the end; takes the server's when something else is asked for.
pub(super) fn arrange(before: Option<&Arranged>, figures: &Breakers, turn: u32) -> Arranged {
    let range = (figures.asked_from.clone(), figures.asked_to.clone());
    let told = || figures.rows.iter().map(|row| row.breaker.key);
    let keys = match before {
        Some(before) if before.turn == turn && before.range == range && !before.keys.is_empty() => {
            let now: BTreeSet<u64> = told().collect();
            let then: BTreeSet<u64> = before.keys.iter().copied().collect();
            let kept = before.keys.iter().copied().filter(|key| now.contains(key));
            kept.chain(told().filter(|key| !then.contains(key))).collect()
        }
        _ => told().collect(),
    };
    Arranged { keys, turn, range }
}

/// They stand as the server has them now.
pub(super) fn is_worst_first(arranged: &Arranged, figures: &Breakers) -> bool {
    figures
        .rows
        .iter()
        .map(|row| row.breaker.key)
        .eq(arranged.keys.iter().copied())
}

/// The row of a breaker.
pub(super) fn row(figures: &Breakers, key: u64) -> Option<&BreakerRow> {
    figures.rows.iter().find(|row| row.breaker.key == key)
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::row;
    use super::*;
    use protocol::State;

    fn figures(keys: &[u64]) -> Breakers {
        let rows = keys.iter().map(|key| {
            let mut row = row(State::Closed);
            row.breaker.key = *key;
            row
        });
        Breakers {
            rows: rows.collect(),
            ..Breakers::default()
        }
    }

    #[test]
    fn rows_stay_where_they_are_until_it_is_asked_for() {
        let first = arrange(None, &figures(&[3, 1]), 0);
        assert_eq!(first.keys, [3, 1]);
        let later = figures(&[7, 1, 3]);
        let second = arrange(Some(&first), &later, 0);
        assert_eq!(second.keys, [3, 1, 7]);
        assert!(!is_worst_first(&second, &later));
        let asked = arrange(Some(&second), &later, 1);
        assert_eq!(asked.keys, [7, 1, 3]);
        assert!(is_worst_first(&asked, &later));
        let mut week = later.clone();
        week.asked_from = "now-7d".into();
        assert_eq!(arrange(Some(&second), &week, 0).keys, [7, 1, 3], "another range");
        week.rows.remove(0);
        assert_eq!(arrange(Some(&asked), &week, 1).keys, [1, 3]);
    }
}
