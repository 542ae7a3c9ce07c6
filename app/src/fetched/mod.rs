//! Figures over a range: asked for over HTTP, unlike what is live, and kept while the page is open.
//!
//! The address of a page says what is wanted; [`Fetched`] holds the newest answer, [`Asking`] what went wrong since.
//! `due` decides when to ask; it is pure. `get` is one request and `follow` does the asking; they exist in the browser
//! only. What an answer is and how it is asked for is each page's own ([`Figures`]); everything else is written once,
//! over bytes, so that a further page costs little.
//!
//! Deliberately absent: JSON (answers are postcard of the same build), and what the figures look like.

mod about;
mod day;
#[cfg(any(feature = "hydrate", test))]
mod due;
#[cfg(feature = "hydrate")]
mod follow;
#[cfg(feature = "hydrate")]
mod get;
mod kept;
mod pages;
#[cfg(feature = "hydrate")]
mod send;

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use crate::lasting::Lasting;
use crate::live::Live;
use crate::part::dynamic;
use crate::seed::Site;

pub use about::{AskedAbout, breaker_path};
pub use day::Day;
pub use kept::Kept;
pub use pages::{Asked, AskedProvider};
#[cfg(feature = "hydrate")]
pub use send::make_key;

/// A range whose end is this close to the moment of its answer ends now.
const NOW_MS: i64 = 10_000;

/// An answer to what a page asks.
pub trait Figures: DeserializeOwned + Send + Sync + 'static {
    /// What the address of the page asks for. What is wrong with it is for the server to say.
    type Asked: Clone + PartialEq + Send + Sync + 'static;
    /// The page's name; one answer is kept of each.
    const PAGE: &'static str;

    /// Where to ask, without the base and the build; empty when nothing is wanted.
    fn address(asked: &Self::Asked) -> String;
    /// These figures are the answer to it.
    fn answers(&self, asked: &Self::Asked) -> bool;
    /// The range in words.
    fn words(&self) -> &str;
    /// The first moment after the range; the moment of the answer where the figures are of now.
    fn until(&self) -> i64 {
        self.as_of()
    }
    /// Everything that was durable at this moment is contained.
    fn as_of(&self) -> i64;

    /// These figures change with time: by default while the range ends now.
    fn moves(&self) -> bool {
        self.until() >= self.as_of() - NOW_MS
    }
}

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
    /// Ask for somebody else: there is nobody of this id.
    Nobody,
    /// Reload the page: the server is of another build.
    Reload,
}

impl Trouble {
    /// The server says so; the page has words of its own for it.
    fn nobody() -> Trouble {
        Trouble {
            words: String::new(),
            cure: Cure::Nobody,
        }
    }
}

/// How asking goes.
#[derive(Clone, Copy)]
pub struct Asking {
    /// Why there is nothing newer.
    pub trouble: Lasting<Option<Trouble>>,
    /// A request is under way.
    pub busy: Lasting<bool>,
    /// Rises with each wish to ask at once.
    again: Lasting<u32>,
    /// What is shown is known to be out of date.
    #[cfg(feature = "hydrate")]
    hurry: StoredValue<bool>,
    /// Where the page asks now.
    #[cfg(feature = "hydrate")]
    wanted: StoredValue<Option<String>>,
}

impl Asking {
    fn new(trouble: Option<Trouble>) -> Asking {
        Asking {
            trouble: Lasting::new(trouble),
            busy: Lasting::new(false),
            again: Lasting::new(0),
            #[cfg(feature = "hydrate")]
            hurry: StoredValue::new(false),
            #[cfg(feature = "hydrate")]
            wanted: StoredValue::new(None),
        }
    }

    /// There is nobody to have figures of.
    pub fn nobody(&self) -> Memo<bool> {
        let trouble = self.trouble;
        Memo::new(move |_| {
            trouble.with(|trouble| {
                trouble
                    .as_ref()
                    .is_some_and(|trouble| trouble.cure == Cure::Nobody)
            })
        })
    }

    /// Asks again, now.
    pub fn retry(&self) {
        self.again.update(|again| *again += 1);
    }

    /// Asks again soon: something has changed. Many changes in a row are one question.
    pub fn hurry(&self) {
        #[cfg(feature = "hydrate")]
        self.hurry.set_value(true);
    }
}

/// The newest answer of a page; see [`Kept::of`].
pub struct Fetched<T: 'static> {
    /// `None` before the first answer.
    pub figures: Lasting<Option<T>>,
    /// How asking for newer ones goes.
    pub asking: Asking,
}

impl<T: 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for Fetched<T> {}

impl<T: Figures> Fetched<T> {
    /// Follows what the address asks for until the current owner goes: asks when it changes, and every ten seconds
    /// while somebody looks at a range that ends now. Call it once per page. On the server it does nothing.
    pub fn follow(self, asked: Memo<T::Asked>, live: Live, site: &Site) {
        #[cfg(feature = "hydrate")]
        follow::follow(self, asked, live, site);
        #[cfg(not(feature = "hydrate"))]
        let _ = (asked, live, site);
    }

    /// The words that the server has for the range that is asked for, once it has answered.
    pub fn words(self, asked: Memo<T::Asked>) -> Signal<Option<String>> {
        dynamic(move || {
            self.see(|figures| {
                let same = asked.with(|asked| figures.answers(asked));
                same.then(|| figures.words().to_owned())
            })
        })
    }

    /// Looks at the figures, if there are any.
    pub fn see<R: Default>(self, look: impl FnOnce(&T) -> R) -> R {
        self.figures.read().as_ref().map(look).unwrap_or_default()
    }
}
