//! Pages: which widgets a route shows, and what its bar says.

mod board;
mod connect;
mod not_found;
mod providers;

pub use board::BoardPage;
pub use connect::ConnectPage;
pub use not_found::NotFoundPage;
pub use providers::ProvidersPage;

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
