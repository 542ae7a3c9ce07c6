//! Pages off the board. Their code comes in chunks when one of them is opened, so that the board does not wait for what
//! it never shows (ADR 0011).
//!
//! With the feature `split` each is a lazy route; without it (on the server, and in a program that is built in one
//! piece) the pages are called as they are. A page that is opened by its address is hydrated in one go, as every other:
//! [`preload`] brings its chunk first.
//!
//! Every chunk may share code with every other, and what two share is a chunk again: a chunk for each page would be a
//! hundred files. So Explore, which has much of its own, is one, and the other pages are one together.
//!
//! Deliberately absent: what happens while a chunk cannot be had (`frontend/js/chunks.js`).

use leptos_router::ChooseView;
#[cfg(feature = "split")]
use leptos_router::{Lazy, LazyRoute, lazy_route};

use crate::browser;
use crate::features::desk::{CONNECT, DRAWER};

/// Explore, by itself.
#[cfg(feature = "split")]
struct ExploreRoute;

#[cfg(feature = "split")]
#[lazy_route]
impl LazyRoute for ExploreRoute {
    fn data() -> Self {
        ExploreRoute
    }

    fn view(this: Self) -> leptos::prelude::AnyView {
        use leptos::prelude::IntoAny;
        let ExploreRoute = this;
        super::ExplorePage().into_any()
    }
}

/// What shows Explore.
pub fn explore() -> impl ChooseView {
    #[cfg(feature = "split")]
    return Lazy::<ExploreRoute>::new();
    #[cfg(not(feature = "split"))]
    super::ExplorePage
}

macro_rules! together {
    ($($key:literal $name:ident $route:ident $page:ident;)*) => {
        /// The pages of one chunk.
        #[cfg(feature = "split")]
        #[derive(Clone, Copy)]
        enum Page {
            $($route,)*
        }

        #[cfg(feature = "split")]
        fn draw(page: Page) -> leptos::prelude::AnyView {
            use leptos::prelude::IntoAny;
            match page {
                $(Page::$route => super::$page().into_any(),)*
            }
        }

        #[cfg(feature = "split")]
        crate::later::later! {
            /// Draws a page.
            static PAGES, fetch_pages: fn(Page) -> leptos::prelude::AnyView = draw;
        }

        $(
            #[cfg(feature = "split")]
            struct $route;

            #[cfg(feature = "split")]
            impl LazyRoute for $route {
                fn data() -> Self {
                    $route
                }

                async fn view(this: Self) -> leptos::prelude::AnyView {
                    let $route = this;
                    PAGES.fetch().await(Page::$route)
                }

                async fn preload() {
                    PAGES.fetch().await;
                }
            }

            #[doc = concat!("What shows the page `", $key, "` (as in its `data-page`).")]
            pub fn $name() -> impl ChooseView {
                #[cfg(feature = "split")]
                return Lazy::<$route>::new();
                #[cfg(not(feature = "split"))]
                super::$page
            }
        )*

        /// Fetches what the painted page needs to come alive. It has come when this ends, however long that takes.
        pub async fn preload() {
            match browser::painted_page().as_str() {
                "explore" => {
                    #[cfg(feature = "split")]
                    <ExploreRoute as LazyRoute>::preload().await;
                }
                $($key)|* => {
                    #[cfg(feature = "split")]
                    PAGES.fetch().await;
                }
                // What a board may show from the start though most boards do not.
                _ => {
                    if browser::is_painted("main[data-waiting]") {
                        CONNECT.fetch().await;
                    }
                    if browser::is_painted("main .drawer") {
                        DRAWER.fetch().await;
                    }
                }
            }
        }
    };
}

together! {
    "providers" providers Providers ProvidersPage;
    "provider" provider Provider OneProviderPage;
    "breakers" breakers Breakers BreakersPage;
    "breaker" breaker Breaker BreakerPage;
    "limits" limits Limits LimitsPage;
    "connect" connect Connect ConnectPage;
}

/// Fetches what a click on the board wants at once.
pub async fn prepare() {
    DRAWER.fetch().await;
}
