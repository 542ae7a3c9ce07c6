//! A piece of a page whose type is forgotten, so that the pieces around it stay small to compile and to download.
//!
//! leptos has `AnyView` for this. In the browser that keeps, for every type it erases, code to hydrate it step by step
//! (for routes that are loaded later) and code to update it in place. Nothing here needs either: a piece is hydrated in
//! one go, its signals update it from within, and where another piece takes its place it is replaced. Leaving that code
//! out makes the WASM a third smaller; the server keeps `AnyView`, so the HTML is the same.

use std::ops::Deref;

use leptos::prelude::*;
use leptos::tachys::reactive_graph::OwnedView;
use leptos::tachys::view::keyed::keyed;

use crate::slots::Slots;

/// An erased piece.
#[cfg(not(feature = "hydrate"))]
pub type Part = AnyView;

#[cfg(feature = "hydrate")]
pub use browser::Part;

/// Looks into a signal without a copy of its value, as `With::with` does; that one brings its locking code along for
/// every closure, this one for every type of signal.
pub trait See: Read {
    /// Reads, and follows from then on.
    fn see<R>(&self, look: impl FnOnce(&<Self::Value as Deref>::Target) -> R) -> R
    where
        Self::Value: Deref,
    {
        look(&self.read())
    }
}

impl<S: Read> See for S {}

/// Forgets the type of a view.
pub trait IntoPart {
    /// Erased.
    fn part(self) -> Part;
}

/// A value that follows its signals: text between tags, or the value of an attribute. One type per kind of value instead
/// of one per closure: a closure given to `view!` as it is costs about a kilobyte of WASM.
pub fn dynamic<T: Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    fn boxed<T: Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
        Signal::derive(value)
    }
    boxed(Box::new(value))
}

/// A piece that comes, goes and changes with its signals.
pub fn when<P: IntoPart>(piece: impl Fn() -> Option<P> + Send + Sync + 'static) -> Part {
    fn boxed(piece: Box<dyn Fn() -> Option<Part> + Send + Sync>) -> Part {
        (move || piece()).part()
    }
    boxed(Box::new(move || piece().map(IntoPart::part)))
}

/// One entry of a [`list`].
pub struct Item {
    key: String,
    draw: Box<dyn FnOnce() -> Part + Send>,
}

impl Item {
    /// An entry that is drawn when its key is new, and left alone while its key stays.
    pub fn new(key: String, draw: impl FnOnce() -> Part + Send + 'static) -> Item {
        Item {
            key,
            draw: Box::new(draw),
        }
    }
}

/// Entries that come, go and move by key. One list for all of them instead of a `For` per type of row, and with owners
/// that do not pile up ([`Slots`]).
pub fn list(items: impl Fn() -> Vec<Item> + Send + Sync + 'static) -> Part {
    fn boxed(items: Box<dyn Fn() -> Vec<Item> + Send + Sync>) -> Part {
        let slots = Slots::new();
        let row = move |_: usize, item: Item| {
            let owner = slots.owner();
            // What a row reads while it is drawn is no reason to look at the whole list again.
            let view = owner.with(|| untrack(item.draw));
            (drop::<usize> as fn(usize), OwnedView::new_with_owner(view, owner))
        };
        (move || keyed(items(), |item: &Item| item.key.clone(), row.clone())).part()
    }
    boxed(Box::new(items))
}

#[cfg(not(feature = "hydrate"))]
impl<T: IntoView + 'static> IntoPart for T {
    fn part(self) -> Part {
        self.into_any()
    }
}

#[cfg(feature = "hydrate")]
impl<T: IntoView + 'static> IntoPart for T {
    fn part(self) -> Part {
        const { assert!(T::EXISTS, "a part has at least one node") };
        Part::new(self)
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::{
        attr::{Attribute, any_attribute::AnyAttribute},
        prelude::*,
        tachys::{
            hydration::Cursor,
            renderer::types::{Element, Node},
            view::{Mountable, Position, PositionState, Render, add_attr::AddAnyAttr},
        },
    };

    /// An erased piece.
    pub struct Part(Box<dyn Erased>);

    impl Part {
        pub(super) fn new<T: IntoView + 'static>(view: T) -> Part {
            Part(Box::new(view))
        }
    }

    trait Erased: Send {
        fn build(self: Box<Self>) -> Placed;
        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Placed;
    }

    impl<T: IntoView + 'static> Erased for T {
        fn build(self: Box<Self>) -> Placed {
            Placed(Box::new(Render::build(*self)))
        }

        fn hydrate(self: Box<Self>, cursor: &Cursor, position: &PositionState) -> Placed {
            Placed(Box::new(RenderHtml::hydrate::<true>(*self, cursor, position)))
        }
    }

    /// A piece on the page.
    pub struct Placed(Box<dyn Mountable>);

    impl Mountable for Placed {
        fn unmount(&mut self) {
            self.0.unmount();
        }

        fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
            self.0.mount(parent, marker);
        }

        fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
            self.0.insert_before_this(child)
        }

        fn elements(&self) -> Vec<Element> {
            self.0.elements()
        }
    }

    impl Render for Part {
        type State = Placed;

        fn build(self) -> Placed {
            self.0.build()
        }

        fn rebuild(self, state: &mut Placed) {
            let mut new = self.0.build();
            state.insert_before_this(&mut new);
            state.unmount();
            *state = new;
        }
    }

    impl AddAnyAttr for Part {
        type Output<SomeNewAttr: Attribute> = Part;

        /// Attributes are written where the element is; nothing is spread over a part.
        fn add_any_attr<NewAttr: Attribute>(self, _: NewAttr) -> Part {
            self
        }
    }

    impl RenderHtml for Part {
        type AsyncOutput = Part;
        type Owned = Part;

        const MIN_LENGTH: usize = 0;

        fn dry_resolve(&mut self) {}

        async fn resolve(self) -> Part {
            self
        }

        /// The browser writes no HTML.
        fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

        fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Placed {
            self.0.hydrate(cursor, position)
        }

        fn into_owned(self) -> Part {
            self
        }
    }
}
