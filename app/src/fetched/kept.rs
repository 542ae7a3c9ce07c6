//! The newest answers of all pages, so that they are there at once when a page is opened again.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use leptos::prelude::*;

use super::{Asking, Fetched, Figures, Trouble};
use crate::lasting::Lasting;

/// What is kept of one page: a [`Fetched`] of its figures.
type Slot = (&'static str, Box<dyn Any + Send>);

/// A context for all pages. Which types there are, only the pages know.
#[derive(Clone)]
pub struct Kept {
    /// Signals in here outlive the page that asked first.
    owner: Owner,
    slots: Arc<Mutex<Vec<Slot>>>,
    /// The figures that the first page was painted with; it takes them.
    seed: Arc<Mutex<Option<Vec<u8>>>>,
    /// There is nobody to have figures of, by the first page's address.
    nobody: bool,
}

impl Kept {
    /// The state of the first paint.
    pub fn seeded(figures: Option<Vec<u8>>, nobody: bool) -> Kept {
        Kept {
            owner: Owner::current().unwrap_or_default(),
            slots: Arc::default(),
            seed: Arc::new(Mutex::new(figures)),
            nobody,
        }
    }

    /// What is kept of a page.
    pub fn of<T: Figures>(&self) -> Fetched<T> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = slots.iter().find(|(page, _)| *page == T::PAGE);
        if let Some(kept) = kept.and_then(|(_, slot)| slot.downcast_ref::<Fetched<T>>()) {
            return *kept;
        }
        let seed = self.seed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let figures: Option<T> = seed.and_then(|bytes| postcard::from_bytes(&bytes).ok());
        let trouble = (self.nobody && slots.is_empty()).then(Trouble::nobody);
        let fetched = self.owner.with(|| Fetched {
            figures: Lasting::new(figures),
            asking: Asking::new(trouble),
        });
        slots.push((T::PAGE, Box::new(fetched)));
        fetched
    }
}
