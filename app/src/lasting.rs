//! Signals that outlive those who read them: what is live, what is kept, what the visitor chose.
//!
//! In reactive_graph 0.2 a signal notes every effect and memo that reads it and keeps the note when the reader is gone:
//! some hundred bytes each, for good, and each change of the signal goes through all of them. A signal of a page goes
//! with its page. One that stays would grow with every visit of a page by as many notes as the page has pieces, so it
//! is a [`Lasting`]: whoever reads it takes its note back when it runs again or goes.

use std::panic::Location;

use leptos::prelude::*;
use leptos::reactive::graph::{AnySource, Observer, Source, ToAnySource};
use leptos::reactive::traits::{DefinedAt, Dispose, IsDisposed, UntrackableGuard};

/// A signal that outlives its readers. Reads and writes like an [`RwSignal`].
#[derive(Debug)]
pub struct Lasting<T: 'static>(RwSignal<T>);

impl<T: Send + Sync + 'static> Lasting<T> {
    /// A signal of the current owner.
    pub fn new(value: T) -> Lasting<T> {
        Lasting(RwSignal::new(value))
    }
}

impl<T: 'static> Clone for Lasting<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: 'static> Copy for Lasting<T> {}

impl<T: 'static> PartialEq for Lasting<T> {
    /// The same signal, whatever it holds.
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: 'static> DefinedAt for Lasting<T> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        self.0.defined_at()
    }
}

impl<T: 'static> IsDisposed for Lasting<T> {
    fn is_disposed(&self) -> bool {
        self.0.is_disposed()
    }
}

impl<T: 'static> Dispose for Lasting<T> {
    fn dispose(self) {
        self.0.dispose();
    }
}

impl<T: Send + Sync + 'static> Track for Lasting<T> {
    #[track_caller]
    fn track(&self) {
        if !self.is_disposed() {
            follow(self.0.to_any_source());
        }
    }
}

/// Notes the reader that runs, until it runs again or goes: both clean up its owner.
#[track_caller]
fn follow(signal: AnySource) {
    signal.track();
    if let Some(reader) = Observer::get() {
        on_cleanup(move || signal.remove_subscriber(&reader));
    }
}

impl<T: Send + Sync + 'static> ReadUntracked for Lasting<T> {
    type Value = <RwSignal<T> as ReadUntracked>::Value;

    fn try_read_untracked(&self) -> Option<Self::Value> {
        self.0.try_read_untracked()
    }
}

impl<T: Send + Sync + 'static> Notify for Lasting<T> {
    fn notify(&self) {
        self.0.notify();
    }
}

impl<T: Send + Sync + 'static> Write for Lasting<T> {
    type Value = T;

    fn try_write(&self) -> Option<impl UntrackableGuard<Target = T>> {
        self.0.try_write()
    }

    fn try_write_untracked(&self) -> Option<impl std::ops::DerefMut<Target = T>> {
        self.0.try_write_untracked()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};

    use leptos::reactive::graph::{AnySubscriber, ReactiveNode, Subscriber, WithObserver};

    use super::*;

    struct Reader;

    impl ReactiveNode for Reader {
        fn mark_dirty(&self) {}
        fn mark_check(&self) {}
        fn mark_subscribers_check(&self) {}
        fn update_if_necessary(&self) -> bool {
            false
        }
    }

    impl Subscriber for Reader {
        fn add_source(&self, _: AnySource) {}
        fn clear_sources(&self, _: &AnySubscriber) {}
    }

    /// How many notes of a reader are left when it has gone.
    fn left(read: impl Fn()) -> usize {
        let reader = Arc::new(Reader);
        let weak: Weak<dyn Subscriber + Send + Sync> = Arc::<Reader>::downgrade(&reader);
        let observer = AnySubscriber(Arc::as_ptr(&reader) as usize, weak);
        let visit = Owner::new();
        visit.with(|| observer.with_observer(&read));
        assert!(Arc::weak_count(&reader) > 1, "it is noted");
        drop(visit);
        drop(observer);
        Arc::weak_count(&reader)
    }

    #[test]
    fn a_reader_that_goes_takes_its_note_back() {
        let page = Owner::new();
        page.with(|| {
            let (lasting, plain) = (Lasting::new(1), RwSignal::new(1));
            assert_eq!(left(|| _ = lasting.get()), 0);
            assert_eq!(left(|| lasting.track()), 0);
            // What this type is for. Where this fails, reactive_graph does it by itself and the type can go.
            assert_ne!(left(|| _ = plain.get()), 0);
        });
    }

    #[test]
    fn a_reader_that_runs_again_is_noted_again() {
        let page = Owner::new();
        page.with(|| {
            let lasting = Lasting::new(1);
            let doubled = Memo::new(move |_| lasting.get() * 2);
            for value in 2..5 {
                lasting.set(value);
                assert_eq!(doubled.get_untracked(), value * 2);
            }
        });
    }
}
