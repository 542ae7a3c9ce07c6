//! Rows by id, each a signal of its own, so that one changed breaker redraws one fuse.

use std::collections::{HashMap, VecDeque};

use leptos::prelude::*;

use crate::lasting::Lasting;

/// How many rows that are gone keep their signal. A widget may still read it until its effect has run; after so many
/// others have left, nobody does.
const RETIRED_MAX: usize = 256;

/// Rows by id, with their order; each row is a signal of its own.
#[derive(Debug)]
pub struct Rows<T: Send + Sync + 'static> {
    /// Ids in drawn order.
    pub order: Lasting<Vec<u64>>,
    rows: StoredValue<Signals<T>>,
}

#[derive(Debug)]
struct Signals<T: Send + Sync + 'static> {
    shown: HashMap<u64, Lasting<T>>,
    retired: VecDeque<(u64, Lasting<T>)>,
}

impl<T: Send + Sync + 'static> Clone for Rows<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Rows<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> Rows<T> {
    /// The rows given, in the order given.
    pub fn new(items: impl IntoIterator<Item = (u64, T)>) -> Self {
        let mut order = Vec::new();
        let mut shown = HashMap::new();
        for (id, item) in items {
            order.push(id);
            shown.insert(id, Lasting::new(item));
        }
        let signals = Signals {
            shown,
            retired: VecDeque::new(),
        };
        Rows {
            order: Lasting::new(order),
            rows: StoredValue::new(signals),
        }
    }

    /// The row's signal.
    pub fn get(&self, id: u64) -> Option<Lasting<T>> {
        self.rows.with_value(|rows| rows.shown.get(&id).copied())
    }

    /// Sets one row; its signal speaks only when the value differs. A new row gets a signal of the current owner.
    pub(super) fn set(&self, id: u64, item: &T) {
        match self.get(id) {
            Some(signal) => update(signal, item),
            None => self.rows.update_value(|rows| {
                let back = rows.retired.iter().position(|(retired, _)| *retired == id);
                let signal = match back.and_then(|index| rows.retired.remove(index)) {
                    Some((_, signal)) => {
                        update(signal, item);
                        signal
                    }
                    None => Lasting::new(item.clone()),
                };
                rows.shown.insert(id, signal);
            }),
        }
    }

    /// Takes exactly these ids, in this order; rows of other ids leave. Set new rows first.
    pub(super) fn arrange(&self, order: Vec<u64>) {
        self.rows.update_value(|rows| {
            let gone: Vec<u64> = rows
                .shown
                .keys()
                .filter(|id| !order.contains(id))
                .copied()
                .collect();
            for id in gone {
                if let Some(signal) = rows.shown.remove(&id) {
                    rows.retired.push_back((id, signal));
                }
            }
            while rows.retired.len() > RETIRED_MAX {
                if let Some((_, signal)) = rows.retired.pop_front() {
                    signal.dispose();
                }
            }
        });
        update(self.order, &order);
    }
}

/// Sets a signal when the value differs.
pub(super) fn update<T: Clone + PartialEq + Send + Sync + 'static>(signal: Lasting<T>, value: &T) {
    if signal.with_untracked(|held| held != value) {
        signal.set(value.clone());
    }
}
