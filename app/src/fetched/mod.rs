//! Figures over a range: asked for over HTTP, unlike what is live, and kept while the page is open.
//!
//! The address says which range is wanted; [`Fetched`] holds the newest answer and what went wrong since. `asked` reads
//! ranges out of addresses, `due` decides when to ask; both are pure. `get` is one request and `follow` does the asking;
//! they exist in the browser only.
//!
//! Deliberately absent: JSON (answers are postcard of the same build), and what the figures look like.

mod asked;
#[cfg(any(feature = "hydrate", test))]
mod due;
#[cfg(feature = "hydrate")]
mod follow;
#[cfg(feature = "hydrate")]
mod get;

use leptos::prelude::*;
use protocol::view::Providers;

use crate::live::Live;
use crate::seed::Site;

pub use asked::Asked;

/// What went wrong with the newest request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// In words, a sentence.
    pub words: String,
    /// What can be done about it.
    pub cure: Cure,
}

/// What can be done about a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Ask again; it is done by itself too.
    Again,
    /// Ask for something else: the same question will be refused again.
    Other,
    /// Reload the page: the server is of another build.
    Reload,
}

/// The newest answer, as a context for all pages, so that it is there at once when its page is opened again.
#[derive(Clone, Copy)]
pub struct Fetched {
    /// The Providers page; `None` before the first answer.
    pub providers: RwSignal<Option<Providers>>,
    /// Why there is nothing newer.
    pub trouble: RwSignal<Option<Trouble>>,
    /// A request is under way.
    pub asking: RwSignal<bool>,
    /// Rises with each wish to ask at once.
    again: RwSignal<u32>,
    /// The range that the page wants now.
    #[cfg(feature = "hydrate")]
    wanted: StoredValue<Option<Asked>>,
}

impl Fetched {
    /// The state of the first paint.
    pub fn seeded(providers: Option<Providers>) -> Fetched {
        Fetched {
            providers: RwSignal::new(providers),
            trouble: RwSignal::new(None),
            asking: RwSignal::new(false),
            again: RwSignal::new(0),
            #[cfg(feature = "hydrate")]
            wanted: StoredValue::new(None),
        }
    }

    /// Asks again, now.
    pub fn retry(&self) {
        self.again.update(|again| *again += 1);
    }

    /// Follows what the address asks for until the current owner goes: asks when it changes, and every ten seconds
    /// while somebody looks at a range that ends now. Call it once per page. On the server it does nothing.
    pub fn follow(self, asked: Memo<Asked>, live: Live, site: &Site) {
        #[cfg(feature = "hydrate")]
        follow::follow(self, asked, live, site);
        #[cfg(not(feature = "hydrate"))]
        let _ = (asked, live, site);
    }
}
