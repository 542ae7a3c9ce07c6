//! What a key asks for, and which fuse comes next: the part that needs no browser.

use protocol::State;

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Help,
    NextTrouble,
    Next,
    Previous,
    Open,
    Range,
    Escape,
    /// Into a replay, and back.
    Replay,
    /// A replay plays, or stands.
    Play,
    /// The first key of two: `g`, then where to.
    Go,
    Board,
    Providers,
    Breakers,
    Explore,
    Connect,
    /// The field that filters the page.
    Filter,
}

/// What this key asks for, after `g` or not.
pub(super) fn wish(key: &str, after_g: bool) -> Option<Wish> {
    Some(match (key, after_g) {
        ("b", true) => Wish::Board,
        ("p", true) => Wish::Providers,
        ("r", true) => Wish::Breakers,
        ("c", true) => Wish::Connect,
        ("e", true) => Wish::Explore,
        ("/", _) => Wish::Filter,
        ("g", _) => Wish::Go,
        ("?", _) => Wish::Help,
        (".", _) => Wish::NextTrouble,
        ("j", _) => Wish::Next,
        // After `g` it leads to a page that is none of this program's: `public/watch.js` goes there.
        ("k", false) => Wish::Previous,
        ("Enter", _) => Wish::Open,
        ("t", _) => Wish::Range,
        ("Escape", _) => Wish::Escape,
        ("r", _) => Wish::Replay,
        (" ", _) => Wish::Play,
        _ => return None,
    })
}

/// The place after (or before) this one, of so many; from nowhere the first (or last). Goes round.
pub(super) fn step(count: usize, at: Option<usize>, back: bool) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match (at, back) {
        (None, false) => 0,
        (None, true) => last,
        (Some(at), false) => (at + 1) % count,
        (Some(at), true) => (at + last) % count,
    })
}

/// The fuse after (or before) the selected one; from nowhere the first (or last). Goes round.
pub(super) fn neighbour(keys: &[u64], selected: Option<u64>, back: bool) -> Option<u64> {
    let at = selected.and_then(|selected| keys.iter().position(|key| *key == selected));
    let index = step(keys.len(), at, back)?;
    keys.get(index).copied()
}

/// States that `.` stops at: what refuses calls, is about to decide, or cannot be told.
fn troubled(state: State) -> bool {
    matches!(
        state,
        State::Open | State::ForcedOpen | State::HalfOpen | State::Unknown
    )
}

/// The next fuse after the selected one that is in trouble; the selected one again when it is the only one.
pub(super) fn next_trouble(fuses: &[(u64, State)], selected: Option<u64>) -> Option<u64> {
    let from = selected.and_then(|selected| fuses.iter().position(|(key, _)| *key == selected));
    let start = from.map_or(0, |from| from + 1);
    let (before, after) = fuses.split_at(start.min(fuses.len()));
    after
        .iter()
        .chain(before)
        .find(|(_, state)| troubled(*state))
        .map(|(key, _)| *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j_and_k_go_round() {
        let keys = [7, 3, 9];
        assert_eq!(neighbour(&keys, None, false), Some(7));
        assert_eq!(neighbour(&keys, None, true), Some(9));
        assert_eq!(neighbour(&keys, Some(3), false), Some(9));
        assert_eq!(neighbour(&keys, Some(9), false), Some(7));
        assert_eq!(neighbour(&keys, Some(7), true), Some(9));
        assert_eq!(
            neighbour(&keys, Some(1), false),
            Some(7),
            "a selection that is gone starts over"
        );
        assert_eq!(neighbour(&[], Some(1), false), None);
    }

    #[test]
    fn the_dot_finds_trouble_and_goes_round() {
        use State::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open, Unknown};
        let fuses = [
            (1, Closed),
            (2, Open),
            (3, Disabled),
            (4, HalfOpen),
            (5, MetricsOnly),
            (6, Unknown),
            (7, ForcedOpen),
        ];
        let mut at = None;
        let stops: Vec<_> = (0..5)
            .map(|_| {
                at = next_trouble(&fuses, at);
                at
            })
            .collect();
        assert_eq!(stops, [Some(2), Some(4), Some(6), Some(7), Some(2)]);
        assert_eq!(next_trouble(&fuses[..2], Some(2)), Some(2), "the only one again");
        assert_eq!(next_trouble(&fuses[..1], None), None);
        assert_eq!(next_trouble(&[], None), None);
    }

    #[test]
    fn g_gives_letters_a_meaning() {
        assert_eq!(wish("b", true), Some(Wish::Board));
        assert_eq!(wish("c", true), Some(Wish::Connect));
        assert_eq!(wish("p", true), Some(Wish::Providers));
        assert_eq!(wish("e", true), Some(Wish::Explore));
        assert_eq!(wish("/", false), Some(Wish::Filter));
        assert_eq!(wish("r", true), Some(Wish::Breakers));
        assert_eq!(wish("b", false), None);
        assert_eq!(wish("p", false), None);
        assert_eq!(wish("g", true), Some(Wish::Go));
        assert_eq!(wish("j", true), Some(Wish::Next));
        assert_eq!(wish("k", false), Some(Wish::Previous));
        assert_eq!(wish("k", true), None);
        assert_eq!(wish("r", false), Some(Wish::Replay));
    }
}
