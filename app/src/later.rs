//! Code that the board does not begin with: functions that come in a chunk of their own, when somebody wants them.
//!
//! On the server, and in a program that is built in one piece, everything is there from the start.
//!
//! Deliberately absent: whole pages (`pages::off_board`), and what happens while a chunk cannot be had
//! (`frontend/js/chunks.js`).

use leptos::prelude::*;

/// A function that may have to be fetched first. Made by [`later!`].
#[cfg(feature = "split")]
pub struct Later<F: 'static> {
    come: std::sync::OnceLock<F>,
    fetch: fn() -> Coming<F>,
}

/// A function that is under way.
#[cfg(feature = "split")]
type Coming<F> = std::pin::Pin<Box<dyn Future<Output = F>>>;

/// A function that is here. Made by [`later!`].
#[cfg(not(feature = "split"))]
pub struct Later<F: 'static>(F);

#[cfg(feature = "split")]
impl<F: Copy + 'static> Later<F> {
    /// A function of a chunk.
    pub const fn in_chunk(fetch: fn() -> Coming<F>) -> Later<F> {
        Later {
            come: std::sync::OnceLock::new(),
            fetch,
        }
    }

    /// The function, if it is there.
    pub fn now(&self) -> Option<F> {
        self.come.get().copied()
    }

    /// The function. It has come when this ends, however long that takes.
    pub async fn fetch(&self) -> F {
        let function = (self.fetch)().await;
        *self.come.get_or_init(|| function)
    }
}

#[cfg(not(feature = "split"))]
impl<F: Copy + 'static> Later<F> {
    /// A function of the program.
    pub const fn here(function: F) -> Later<F> {
        Later(function)
    }

    /// The function.
    pub fn now(&self) -> Option<F> {
        Some(self.0)
    }

    /// The function, at once.
    pub async fn fetch(&self) -> F {
        self.0
    }
}

/// Declares a function as a [`Later`]: a name for it, a name for the function that fetches it, its type, itself.
macro_rules! later {
    ($(#[$about:meta])* $vis:vis static $name:ident, $fetch:ident: $kind:ty = $function:path;) => {
        #[cfg(feature = "split")]
        #[leptos::lazy]
        fn $fetch() -> $kind {
            $function
        }

        $(#[$about])*
        #[cfg(feature = "split")]
        $vis static $name: $crate::later::Later<$kind> = $crate::later::Later::in_chunk(|| Box::pin($fetch()));

        $(#[$about])*
        #[cfg(not(feature = "split"))]
        $vis static $name: $crate::later::Later<$kind> = $crate::later::Later::here($function);
    };
}
pub(crate) use later;

/// The function as it comes, fetched when `wanted`.
pub fn arriving<F: Copy + Send + Sync + 'static>(
    later: &'static Later<F>,
    wanted: impl Fn() -> bool + 'static,
) -> Signal<Option<F>> {
    let here = RwSignal::new(later.now());
    Effect::new(move |_| {
        if here.with(Option::is_none) && wanted() {
            bring(later, here);
        }
    });
    here.into()
}

/// The function once the page has come alive. The server never has it, so what it draws is in no page's first paint.
pub fn afterwards<F: Copy + Send + Sync + 'static>(later: &'static Later<F>) -> Signal<Option<F>> {
    let here = RwSignal::new(None);
    Effect::new(move |_| match later.now() {
        Some(function) => here.set(Some(function)),
        None => bring(later, here),
    });
    here.into()
}

fn bring<F: Copy + Send + Sync + 'static>(later: &'static Later<F>, here: RwSignal<Option<F>>) {
    leptos::task::spawn_local(async move {
        let function = later.fetch().await;
        // Whoever wanted it may be gone.
        let _ = here.try_set(Some(function));
    });
}
