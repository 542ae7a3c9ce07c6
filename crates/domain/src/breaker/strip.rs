//! The strip under a breaker: 30 cells of 30 s, the worst state of any live instance in each.
//!
//! Cells start at multiples of 30 s since the epoch, so that a strip moves by whole cells; the last one is the current,
//! still open one.

use std::collections::VecDeque;

use super::State;
use crate::Millis;

/// Cells in a strip.
pub const CELLS: usize = 30;
/// The width of a cell, milliseconds.
pub const CELL: Millis = 30_000;

/// What a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(missing_docs, reason = "the names are those of the states")]
pub enum Cell {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    MetricsOnly,
    /// No live instance.
    #[default]
    None,
}

/// A strip, oldest cell first.
pub type Strip = [Cell; CELLS];

impl Cell {
    /// The cell of a state; silence has none.
    pub const fn of(state: State) -> Cell {
        match state {
            State::Closed => Cell::Closed,
            State::Open => Cell::Open,
            State::HalfOpen => Cell::HalfOpen,
            State::ForcedOpen => Cell::ForcedOpen,
            State::Disabled => Cell::Disabled,
            State::MetricsOnly => Cell::MetricsOnly,
            State::Unknown => Cell::None,
        }
    }

    /// Its letter on the wire.
    pub const fn as_char(self) -> char {
        match self {
            Cell::Closed => 'c',
            Cell::Open => 'o',
            Cell::HalfOpen => 'h',
            Cell::ForcedOpen => 'f',
            Cell::Disabled => 'd',
            Cell::MetricsOnly => 'm',
            Cell::None => '-',
        }
    }

    const fn state(self) -> Option<State> {
        match self {
            Cell::Closed => Some(State::Closed),
            Cell::Open => Some(State::Open),
            Cell::HalfOpen => Some(State::HalfOpen),
            Cell::ForcedOpen => Some(State::ForcedOpen),
            Cell::Disabled => Some(State::Disabled),
            Cell::MetricsOnly => Some(State::MetricsOnly),
            Cell::None => None,
        }
    }

    /// Shows a state too, if it is worse than what is shown.
    pub(super) fn darken(&mut self, state: State) {
        *self = Cell::of(self.state().map_or(state, |held| held.worse(state)));
    }
}

/// A strip as letters.
pub fn strip_text(strip: &Strip) -> String {
    strip.iter().map(|cell| cell.as_char()).collect()
}

/// The start of the oldest cell at `now`.
pub fn first_cell(now: Millis) -> Millis {
    let current = now.saturating_sub(now.rem_euclid(CELL));
    current.saturating_sub((CELLS as Millis - 1) * CELL)
}

/// Draws one instance's history over what is there. A state that lasted no time still shows in its cell.
pub(super) fn paint(cells: &mut Strip, now: Millis, history: &VecDeque<(Millis, State)>) {
    let first = first_cell(now);
    let ends = history.iter().skip(1).map(|(next, _)| *next).chain([Millis::MAX]);
    for ((start, state), end) in history.iter().zip(ends) {
        let last = end.saturating_sub(1).max(*start).min(now);
        if *state == State::Unknown || *start > now || last < first {
            continue;
        }
        let from = (start.max(&first) - first) / CELL;
        let to = (last - first) / CELL;
        for cell in cells.iter_mut().take(to as usize + 1).skip(from as usize) {
            cell.darken(*state);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{CELL, CELLS, Cell, first_cell, paint, strip_text};
    use crate::breaker::State;

    const NOW: i64 = 1_000_000 * CELL + 12_345;

    fn strip(histories: &[&[(i64, State)]]) -> String {
        let mut cells = [Cell::None; CELLS];
        for history in histories {
            paint(&mut cells, NOW, &VecDeque::from(history.to_vec()));
        }
        strip_text(&cells)
    }

    fn cell(number: i64) -> i64 {
        first_cell(NOW) + number * CELL
    }

    #[test]
    fn a_cell_shows_the_worst_that_was_in_it() {
        let first = [
            (cell(10) + 1, State::Closed),
            (cell(20) + 5, State::Open),
            (cell(21), State::HalfOpen),
        ];
        assert_eq!(
            strip(&[&first]),
            format!("{}{}o{}", "-".repeat(10), "c".repeat(10), "h".repeat(9))
        );
        let second = [
            (cell(0) - 99 * CELL, State::Closed),
            (cell(21) - 1, State::ForcedOpen),
            (cell(22), State::Closed),
        ];
        assert_eq!(
            strip(&[&second, &first]),
            format!("{}of{}", "c".repeat(20), "h".repeat(8))
        );
    }

    #[test]
    fn silence_is_hatched_and_moments_show() {
        let history = [
            (cell(2), State::Closed),
            (cell(4), State::Unknown),
            (cell(6), State::Open),
            (cell(6), State::MetricsOnly),
            (cell(8), State::Disabled),
            (NOW + 1, State::Open),
        ];
        assert_eq!(strip(&[&history]), format!("--cc--om{}", "d".repeat(22)));
    }

    #[test]
    fn the_edges_of_time_do_not_panic() {
        let history = VecDeque::from([(i64::MIN, State::Closed), (i64::MAX, State::Open)]);
        for now in [i64::MIN, -1, 0, i64::MAX] {
            paint(&mut [Cell::None; CELLS], now, &history);
        }
    }
}
