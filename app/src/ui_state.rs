//! What is open or selected on the page right now, shared between the keyboard and the widgets.
//!
//! Deliberately absent: anything that belongs into the URL (the open breaker, the page) or that the server sends.

use leptos::prelude::*;

use crate::features::replay::Replay;
use crate::lasting::Lasting;

/// The page's own state, as a context. Provided inside the router, so that [`UiState::show`] can navigate.
#[derive(Clone, Copy)]
pub struct UiState {
    /// The help dialog is open.
    pub help_open: RwSignal<bool>,
    /// The range menu is open.
    pub range_open: Lasting<bool>,
    /// The detail panel of the board is open.
    pub panel_open: Lasting<bool>,
    /// What `j`, `k`, `.` and Enter go through on a page that lists breakers; `None` for the fuses of the board.
    pub listed: Lasting<Option<Listed>>,
    /// The breaker that `j`, `k` and `.` have moved to (its `key`). The fuse panel gives it the focus and never folds
    /// it, so Enter opens it by itself.
    pub selected: Lasting<Option<u64>>,
    /// Opens the detail panel of the breaker with this `b_…` id, or closes it with `None`, by way of the URL.
    pub show: Callback<Option<String>>,
    /// The controls of time, while the board is shown.
    pub replay: StoredValue<Option<Replay>>,
}

/// A list of breakers that keys go through.
#[derive(Clone, Copy)]
pub struct Listed {
    /// Their `key`s, in drawn order.
    pub keys: Signal<Vec<u64>>,
    /// Opens one.
    pub open: Callback<u64>,
}

impl UiState {
    /// Nothing open, nothing selected.
    pub fn new(show: Callback<Option<String>>) -> UiState {
        UiState {
            help_open: RwSignal::new(false),
            range_open: Lasting::new(false),
            panel_open: Lasting::new(false),
            listed: Lasting::new(None),
            selected: Lasting::new(None),
            show,
            replay: StoredValue::new(None),
        }
    }

    /// What `Esc` does: closes what is on top (help, range menu, detail panel, a replay, the selection). `false` when
    /// there was nothing.
    pub fn escape(&self) -> bool {
        if self.help_open.get_untracked() {
            self.help_open.set(false);
        } else if self.range_open.get_untracked() {
            self.range_open.set(false);
        } else if self.panel_open.get_untracked() {
            self.show.run(None);
        } else if self.replay.get_value().is_some_and(Replay::escape) {
            // It has ended, or its refusal is closed.
        } else if self.selected.get_untracked().is_some() {
            self.selected.set(None);
        } else {
            return false;
        }
        true
    }
}
