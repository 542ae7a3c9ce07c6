//! Owners for rows that come and go all day.
//!
//! In reactive_graph 0.2 an owner remembers every child that was ever made under it until it is cleaned up itself: a
//! list that shows a new row every second grows by a few hundred bytes with each, on a page that stays open for weeks.
//! Here a row's owner is the child of a slot, and slots are used again: taking one for the next row cleans it up. There
//! are never more slots than rows were shown at once.

use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::*;

/// Slots under one owner.
#[derive(Clone)]
pub struct Slots {
    parent: Owner,
    free: Arc<Mutex<Vec<Owner>>>,
}

impl Slots {
    /// Under the current owner.
    pub fn new() -> Slots {
        Slots {
            parent: Owner::current().unwrap_or_default(),
            free: Arc::default(),
        }
    }

    /// An owner for a row; its slot is free again when the last clone of it is dropped.
    pub fn owner(&self) -> Owner {
        let slot = self.lock().pop();
        let slot = slot.unwrap_or_else(|| self.parent.child());
        slot.cleanup();
        let row = slot.child();
        let free = Arc::clone(&self.free);
        row.with(|| {
            on_cleanup(move || free.lock().unwrap_or_else(PoisonError::into_inner).push(slot));
        });
        row
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Owner>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_used_again_and_its_row_is_cleaned_up() {
        let page = Owner::new();
        let slots = page.with(Slots::new);
        let mut seen = None;
        for _ in 0..1_000 {
            let (first, second) = (slots.owner(), slots.owner());
            let signal = first.with(|| RwSignal::new(7));
            assert_eq!(signal.try_get_untracked(), Some(7));
            drop((first, second));
            assert_eq!(signal.try_get_untracked(), None, "the row's signals went with it");
            seen = Some(slots.lock().len());
        }
        assert_eq!(seen, Some(2), "two rows at once, two slots");
    }

    #[test]
    fn a_row_sees_the_contexts_of_its_page() {
        let page = Owner::new();
        let slots = page.with(|| {
            provide_context(42_u32);
            Slots::new()
        });
        assert_eq!(slots.owner().with(use_context::<u32>), Some(42));
    }
}
