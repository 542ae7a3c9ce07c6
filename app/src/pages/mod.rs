//! Pages: which widgets a route shows, and what its bar says.

mod board;
mod breaker;
mod breakers;
mod connect;
mod explore;
mod limits;
mod not_found;
pub mod off_board;
mod provider;
mod providers;

use leptos_router::NavigateOptions;

pub use board::BoardPage;
pub use breaker::BreakerPage;
pub use breakers::BreakersPage;
pub use connect::ConnectPage;
pub use explore::ExplorePage;
pub use limits::LimitsPage;
pub use not_found::NotFoundPage;
pub use provider::OneProviderPage;
pub use providers::ProvidersPage;

/// Another range is another address of the same page: nothing scrolls.
fn stay() -> NavigateOptions {
    NavigateOptions {
        resolve: false,
        scroll: false,
        ..NavigateOptions::default()
    }
}

/// A title that holds words from outside. `leptos_meta` writes titles into the page's HTML as they are, so the server
/// escapes them; the browser sets them as text.
fn title_text(words: String) -> String {
    if !cfg!(feature = "ssr") {
        return words;
    }
    words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
