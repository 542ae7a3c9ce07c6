//! From the replica into the signals: the one place that writes what the server says.

use leptos::prelude::*;
use protocol::diff::{BoardChanges, RowChanges};
use protocol::view::{Board, Breaker, Provider};
use protocol::{Changes, Replica, VIEW_BOARD, VIEW_BREAKER, VIEW_CONNECT};

use super::rows::{Rows, update};
use super::store::Live;

impl Live {
    /// Shows what a frame changed. New rows get signals of the current owner.
    pub fn apply(&self, replica: &Replica, changes: &Changes) {
        if let Some(now) = replica.now() {
            update(self.frame_now, &now);
        }
        match changes {
            Changes::Reset { view } | Changes::Replaced { view } => self.replace(replica, view),
            Changes::Board { changes, .. } => {
                if let Some(board) = replica.board() {
                    self.patch(board, changes);
                }
            }
            // A view that was taken back stays on screen, older and older, until its snapshot comes.
            Changes::Beat { .. } | Changes::Dropped { .. } | Changes::Hello => {}
            Changes::Bye(_) | Changes::Refused { .. } => {}
        }
    }

    fn replace(&self, replica: &Replica, view: &str) {
        if view == VIEW_BOARD {
            if let Some(board) = replica.board() {
                self.show(board);
            }
        } else if view == VIEW_CONNECT {
            if let Some(connect) = replica.connect() {
                update(self.connect, connect);
            }
        } else if let Some(id) = view.strip_prefix(VIEW_BREAKER)
            && self.detail_of.with_untracked(|open| open.as_deref() == Some(id))
            && let Some(detail) = replica.breaker(id)
        {
            update(self.detail, &Some(detail.cloned()));
        }
    }

    /// A whole board.
    fn show(&self, board: &Board) {
        update(self.board.verdict, &board.verdict);
        self.kpis(board);
        show_rows(self.board.providers, &board.providers);
        show_rows(self.board.breakers, &board.breakers);
        update(self.board.feed, &board.feed);
        update(self.board.points, &board.points);
        update(self.board.last_event, &board.last_event);
        update(self.board.simulated, &board.simulated);
    }

    /// What a delta changed.
    fn patch(&self, board: &Board, changes: &BoardChanges) {
        if changes.verdict {
            update(self.board.verdict, &board.verdict);
        }
        if !changes.kpis.is_empty() {
            self.kpis(board);
        }
        patch_rows(self.board.providers, &board.providers, &changes.providers);
        patch_rows(self.board.breakers, &board.breakers, &changes.breakers);
        if changes.feed {
            update(self.board.feed, &board.feed);
        }
        if changes.points.is_some() {
            update(self.board.points, &board.points);
        }
        if changes.last_event {
            update(self.board.last_event, &board.last_event);
        }
        if changes.simulated {
            update(self.board.simulated, &board.simulated);
        }
    }

    fn kpis(&self, board: &Board) {
        self.board.kpis.with_value(|signals| {
            for kpi in &board.kpis {
                if let Some(signal) = signals
                    .iter()
                    .find(|held| held.with_untracked(|held| held.id == kpi.id))
                {
                    update(*signal, kpi);
                }
            }
        });
    }
}

/// A row with an id.
trait Row: Clone + PartialEq + Send + Sync + 'static {
    fn row(&self) -> u64;
}

impl Row for Provider {
    fn row(&self) -> u64 {
        self.id
    }
}

impl Row for Breaker {
    fn row(&self) -> u64 {
        self.key
    }
}

fn show_rows<T: Row>(rows: Rows<T>, items: &[T]) {
    for item in items {
        rows.set(item.row(), item);
    }
    rows.arrange(items.iter().map(Row::row).collect());
}

fn patch_rows<T: Row>(rows: Rows<T>, items: &[T], changes: &RowChanges) {
    if changes.changed.is_empty() && !changes.reordered() {
        return;
    }
    for item in items {
        let id = item.row();
        if changes.changed.contains(&id) || changes.added.contains(&id) {
            rows.set(id, item);
        }
    }
    if changes.reordered() {
        rows.arrange(items.iter().map(Row::row).collect());
    }
}
